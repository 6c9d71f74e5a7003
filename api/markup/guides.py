"""Guides of `docs/` for users of the service, rendered as HTML pages from the same source."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.anchors import anchors_plugin

from api.markup.markdown import dressed

__all__ = ["GUIDES", "HELP", "Guide", "Section", "guide", "title_of"]

HELP: Final = "/docs"
"""The address below which the guides are."""
GUIDES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "answers": "What may be typed, how it is read, what is refused, and how it is judged.",
        "write-a-problem": "A problem of your own in five minutes, and the whole language.",
        "solvers": "What the key of a problem can compute, with formulas and arguments.",
        "mistakes": "The causes of wrong answers that are named, and what students are told.",
        "gradebook": "What the numbers mean, points by hand, files for other systems.",
        "rights": "Who may see and do what in a course, and what a token may do.",
        "api": "Everything that the pages do, for programs, shown with curl.",
    }
)
"""The guides that are served, by the names of their files, with what each is for."""
ELSEWHERE: Final = {"errors.md": f"{HELP}/errors"}
"""Where a file of `docs/` is shown that is no guide."""
LINK: Final = ("link_open", "link_close")
OWN_LIST: Final = "\n- ["
"""How a guide begins a list of what is in it, before its first section."""


@dataclass(frozen=True, slots=True)
class Section:
    """Section of a guide: the *id* of its heading, and the heading."""

    id: str
    heading: Markup


@dataclass(frozen=True, slots=True)
class Guide:
    """Guide with its *title*; *sections* is empty if the text begins with its own list of them."""

    title: str
    sections: tuple[Section, ...]
    text: Markup


def _source(name: str) -> str:
    """Return the Markdown of a guide: the packaged file, or in a checkout the one in `docs/`."""
    shipped = files("api") / "web" / "guides"
    folder = shipped if shipped.is_dir() else Path(__file__).parents[2] / "docs"
    return (folder / f"{name}.md").read_text(encoding="utf-8")


def title_of(name: str) -> str:
    """Return the title of a guide: its first line."""
    return _source(name).partition("\n")[0].removeprefix("# ")


def guide(name: str) -> Guide:
    """Return the rendered guide *name*, one of `GUIDES`."""
    reader = _reader()
    source = _source(name)
    env: dict[str, Any] = {}
    _, title, _, *tokens = reader.parse(source, env)
    for one in tokens:
        one.children = [*_led(one.children or ())]
    sections = () if OWN_LIST in source.partition("\n## ")[0] else tuple(_sections(tokens))
    html = reader.renderer.render(tokens, reader.options, env)
    return Guide(title.content, sections, dressed(html, table="table"))


@cache
def _reader() -> MarkdownIt:
    """Return the Markdown parser of guides, which gives headings the same ids as GitHub."""
    reader = MarkdownIt("commonmark").enable("table").use(anchors_plugin, max_level=4)
    reader.add_render_rule("html_block", _html)
    reader.add_render_rule("html_inline", _html)
    return reader


def _html(_self: object, tokens: Sequence[Token], at: int, *_: object) -> str:
    """Render raw HTML as escaped text; comments, which are for the tests, are dropped."""
    found = tokens[at].content
    return "" if found.startswith("<!--") else str(escape(found))


def _led(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield *tokens* without images, with links to pages; any other link becomes text."""
    address = ""
    for one in tokens:
        if one.type == "link_open":
            address = _address(str(one.attrs["href"]))
            one.attrs["href"] = address
        if one.type != "image" and (address or one.type not in LINK):
            yield one


def _address(target: str) -> str:
    """Return the page of the service that a link of a guide leads to, "" if it is not served.

    >>> _address("answers.md#limits"), _address("#limits"), _address("operate.md")
    ('/docs/answers#limits', '#limits', '')
    """
    file, mark, anchor = target.partition("#")
    pages = ELSEWHERE | {f"{name}.md": f"{HELP}/{name}" for name in GUIDES}
    return pages[file] + mark + anchor if file in pages else target * (not file)


def _sections(tokens: Sequence[Token]) -> Iterator[Section]:
    """Yield the sections of a guide: its headings of the second level."""
    reader = _reader()
    for at, one in enumerate(tokens):
        if one.type == "heading_open" and one.tag == "h2":
            heading = reader.renderer.render([tokens[at + 1]], reader.options, {})
            yield Section(str(one.attrs["id"]), Markup(heading))  # noqa: S704  # as it is in the text
