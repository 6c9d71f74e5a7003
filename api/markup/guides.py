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

from api.markup.markdown import restyle_html

GUIDES_PATH: Final = "/docs"
"""Path prefix of the guides."""
GUIDES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "answers": "What may be typed, how it is read, what is refused, and how it is judged.",
        "write-a-problem": "A problem of your own in five minutes, and the whole language.",
        "solvers": "What the key of a problem can compute, with formulas and arguments.",
        "mistakes": "The causes of wrong answers that are named, and what students are told.",
        "gradebook": "What the numbers mean, points by hand, files for other systems.",
        "reports": "Handing in a whole document: what is read, and how answers are found.",
        "rights": "Who may see and do what in a course, and what a token may do.",
        "api": "Everything that the pages do, for programs, shown with curl.",
    }
)
"""Purposes of the published guides, by file name."""
OTHER_PAGES: Final = {"errors.md": f"{GUIDES_PATH}/errors"}
"""Paths of the pages for files of `docs/` that are not guides."""
LINK_TOKENS: Final = ("link_open", "link_close")
CONTENTS_MARKER: Final = "\n- ["
"""Beginning of a guide's own table of contents, before its first section."""


@dataclass(frozen=True, slots=True)
class GuideSection:
    """Section of a guide: the *id* of its heading, and the heading."""

    id: str
    heading: Markup


@dataclass(frozen=True, slots=True)
class Guide:
    """Guide with its *title*; *sections* is empty if the text begins with its own list of them."""

    title: str
    sections: tuple[GuideSection, ...]
    text: Markup


def _read_source(name: str) -> str:
    """Return the Markdown of a guide: the packaged file, or in a checkout the one in `docs/`."""
    shipped = files("api") / "web" / "guides"
    folder = shipped if shipped.is_dir() else Path(__file__).parents[2] / "docs"
    return (folder / f"{name}.md").read_text(encoding="utf-8")


def read_title(name: str) -> str:
    """Return the title of a guide: its first line."""
    return _read_source(name).partition("\n")[0].removeprefix("# ")


def render_guide(name: str) -> Guide:
    """Return the rendered guide *name*, one of `GUIDES`."""
    parser = _markdown_parser()
    source = _read_source(name)
    env: dict[str, Any] = {}
    _, title, _, *tokens = parser.parse(source, env)
    for token in tokens:
        token.children = [*_rewrite_links_and_drop_images(token.children or ())]
    sections = (
        () if CONTENTS_MARKER in source.partition("\n## ")[0] else tuple(_find_sections(tokens))
    )
    html = parser.renderer.render(tokens, parser.options, env)
    return Guide(title.content, sections, restyle_html(html, table_class="table"))


@cache
def _markdown_parser() -> MarkdownIt:
    """Return the Markdown parser of guides, which gives headings the same ids as GitHub."""
    parser = MarkdownIt("commonmark").enable("table").use(anchors_plugin, max_level=4)
    parser.add_render_rule("html_block", _escape_raw_html)
    parser.add_render_rule("html_inline", _escape_raw_html)
    return parser


def _escape_raw_html(_self: object, tokens: Sequence[Token], index: int, *_: object) -> str:
    """Render raw HTML as escaped text; comments, which are for the tests, are dropped."""
    content = tokens[index].content
    return "" if content.startswith("<!--") else str(escape(content))


def _rewrite_links_and_drop_images(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield *tokens* without images, with links to pages; any other link becomes text."""
    address = ""
    for token in tokens:
        if token.type == "link_open":
            address = _resolve_link(str(token.attrs["href"]))
            token.attrs["href"] = address
        if token.type != "image" and (address or token.type not in LINK_TOKENS):
            yield token


def _resolve_link(target: str) -> str:
    """Return the page of the service that a link of a guide leads to, "" if it is not served.

    >>> _resolve_link("answers.md#limits"), _resolve_link("#limits"), _resolve_link("operate.md")
    ('/docs/answers#limits', '#limits', '')
    """
    file, mark, anchor = target.partition("#")
    pages = OTHER_PAGES | {f"{name}.md": f"{GUIDES_PATH}/{name}" for name in GUIDES}
    return pages[file] + mark + anchor if file in pages else target * (not file)


def _find_sections(tokens: Sequence[Token]) -> Iterator[GuideSection]:
    """Yield the sections of a guide: its headings of the second level."""
    parser = _markdown_parser()
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            heading = parser.renderer.render([tokens[index + 1]], parser.options, {})
            yield GuideSection(str(token.attrs["id"]), Markup(heading))  # noqa: S704  # copied from our text
