"""Pages of the documentation: the Markdown files of `docs/`, rendered as HTML."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.anchors import anchors_plugin

from api.markup.docs_files import list_pages, read_page_source, resolve_link
from api.markup.markdown import prepare_html_for_page

LINK_TOKENS: Final = ("link_open", "link_close")
CONTENTS_MARKER: Final = "\n- ["
"""Beginning of a page's own table of contents, before its first section."""


@dataclass(frozen=True, slots=True)
class PageSection:
    """Section of a page: the *id* of its heading, and the heading."""

    id: str
    heading: Markup


@dataclass(frozen=True, slots=True)
class DocsPage:
    """Page with its *title*; *sections* is empty if the text begins with its own list of them."""

    title: str
    sections: tuple[PageSection, ...]
    text: Markup


@dataclass(frozen=True, slots=True)
class SectionText:
    """Words below one heading of a page; the *id* of the text before all headings is ""."""

    id: str
    heading: str
    text: str


def read_page_title(page_name: str) -> str:
    """Return the title of a page: its first line."""
    return read_page_source(page_name).partition("\n")[0].removeprefix("# ").replace("`", "")


def render_page(name: str) -> DocsPage:
    """Return the rendered page *name*, one of `list_pages()`."""
    parser = _markdown_parser()
    source = read_page_source(name)
    file = list_pages()[name]
    env: dict[str, Any] = {}
    _, title, _, *tokens = parser.parse(source, env)
    for token in tokens:
        token.children = [*_rewrite_links(token.children or (), file=file)]
    has_contents = CONTENTS_MARKER in source.partition("\n## ")[0]
    sections = () if has_contents or not name else tuple(_find_sections(tokens))
    html = parser.renderer.render(tokens, parser.options, env)
    html = html.replace("<th></th>", "<td></td>")  # an empty cell is no heading
    return DocsPage(title.content, sections, prepare_html_for_page(html, table_class="table"))


def split_page(name: str) -> Iterator[SectionText]:
    """Yield the text of each section of a page, without markup, for the search."""
    section_id, heading, words = "", "", list[str]()
    for token in _markdown_parser().parse(read_page_source(name))[3:]:
        if token.type == "heading_open":
            yield SectionText(section_id, heading, " ".join(words))
            section_id, heading, words = str(token.attrs.get("id", "")), "", []
        elif token.type == "inline":
            text = "".join(child.content or " " for child in token.children or ())
            heading, words = (heading, [*words, text]) if heading or not section_id else (text, [])
        elif token.type == "fence":
            words.append(token.content)
    yield SectionText(section_id, heading, " ".join(words))


@cache
def _markdown_parser() -> MarkdownIt:
    """Return the Markdown parser of pages, which gives headings the same ids as GitHub."""
    parser = MarkdownIt("commonmark").enable("table").use(anchors_plugin, max_level=4)
    parser.add_render_rule("html_block", _escape_raw_html)
    parser.add_render_rule("html_inline", _escape_raw_html)
    return parser


def _escape_raw_html(_self: object, tokens: Sequence[Token], index: int, *_: object) -> str:
    """Render raw HTML as escaped text; comments, which are for the tests, are dropped."""
    content = tokens[index].content
    return "" if content.startswith("<!--") else str(escape(content))


def _rewrite_links(tokens: Iterable[Token], *, file: str) -> Iterator[Token]:
    """Yield *tokens* with the addresses of pages and pictures; any other link becomes text."""
    address = ""
    for token in tokens:
        if token.type == "link_open":
            address = resolve_link(str(token.attrs["href"]), source=file)
            token.attrs["href"] = address
            if address.startswith("https:"):
                token.attrs["rel"] = "external noreferrer"
        if token.type == "image":
            token.attrs["src"] = resolve_link(str(token.attrs["src"]), source=file)
            token.attrs["loading"] = "lazy"
            if not str(token.attrs["src"]).startswith("https:"):  # the policy of pages refuses them
                yield token
        elif address or token.type not in LINK_TOKENS:
            yield token


def _find_sections(tokens: Sequence[Token]) -> Iterator[PageSection]:
    """Yield the sections of a page: its headings of the second level."""
    parser = _markdown_parser()
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            heading = parser.renderer.render([tokens[index + 1]], parser.options, {})
            yield PageSection(str(token.attrs["id"]), Markup(heading))  # noqa: S704  # copied from our text
