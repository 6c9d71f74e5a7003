"""Markdown with TeX in problem files, rendered as HTML."""

import re
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin

from api.markup.tex import TexCostError, TexUnavailableError, convert_tex, split_display_formula
from api.markup.tex_converter import Conversion

MAX_CACHED_TEXTS: Final = 2_048


class _RenderBudget(threading.local):
    """Remaining cost budget for the formulas of the text that a thread renders, in CPU seconds."""

    seconds_left = 0.0


BUDGET: Final = _RenderBudget()
MAX_TEXT_SECONDS: Final = 1.0
"""Processor time for all formulas of a text.

Each formula of the bank takes less than 0.001 s.
"""
TEXT_TOO_COSTLY: Final = (
    f"the formulas up to ${{source}}$ take more than {MAX_TEXT_SECONDS:g} s of "
    "processor time to convert; shorten or remove some"
)
ALIGN_STYLE: Final = re.compile(r' style="text-align:(left|right|center)"')
SCROLL_ATTRIBUTES: Final = 'tabindex="0" role="group" aria-label'


def _render_formula(source: str, options: dict[str, Any]) -> str:
    """Render a formula as `math`; side-by-side formulas of a display may wrap on a phone."""
    display = bool(options.get("display_mode"))
    pieces = split_display_formula(source) if display else [source.strip()]
    markup = ""
    for piece in pieces:
        if BUDGET.seconds_left <= 0:
            return _render_as_tex_source(source)
        conversion = convert_tex(piece, display=display)
        BUDGET.seconds_left -= _compute_budget_share(conversion)
        if conversion.error is not None:
            return _render_as_tex_source(source)
        markup += conversion.markup
    return markup


def _compute_budget_share(conversion: Conversion) -> float:
    """Return the part of the budget that a formula uses: all of it if the child process died."""
    if isinstance(conversion.error, TexCostError):
        return MAX_TEXT_SECONDS
    return conversion.cpu_seconds


def _render_as_tex_source(source: str, _options: object = None) -> str:
    """Render a formula as its TeX source."""
    return f"<code>{escape(source)}</code>"


@lru_cache(maxsize=2)
def _markdown_parser(*, converts: bool = True) -> MarkdownIt:
    """Return the Markdown parser of problem files."""
    return make_markdown_parser(converts_formulas=converts)


def make_markdown_parser(*, converts_formulas: bool = True) -> MarkdownIt:
    """Return a Markdown parser with formulas, without raw HTML, images and links."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.disable(["image", "html_inline", "html_block", "autolink", "link", "reference"])
    renderer = _render_formula if converts_formulas else _render_as_tex_source
    # A label would become an id, which could be one that the page uses.
    return parser.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_space=True,
        double_inline=True,
        renderer=renderer,
    )


def render_markdown(text: str) -> Markup:
    """Render paragraphs of Markdown with formulas as HTML; an invalid formula stays as TeX.

    >>> print(render_markdown("A stride of $2$ *skips*."))
    <p>A stride of <span class="math inline"><math><mn>2</mn></math></span> <em>skips</em>.</p>
    <BLANKLINE>
    """
    try:
        return _render_markdown_cached(text)
    except TexUnavailableError:  # not cached: the next call tries again
        return prepare_html_for_page(
            _markdown_parser(converts=False).render(text), table_class="given"
        )


@lru_cache(maxsize=MAX_CACHED_TEXTS)
def _render_markdown_cached(text: str) -> Markup:
    return render_with_parser(_markdown_parser(), text, {})


def render_with_parser(parser: MarkdownIt, text: str, environment: dict[str, Any]) -> Markup:
    """Render *text* with a parser of `make_markdown_parser`, within the budget of one text.

    The rules of the parser read *environment*. Raises `TexUnavailableError`.
    """
    BUDGET.seconds_left = MAX_TEXT_SECONDS
    return prepare_html_for_page(parser.render(text, environment), table_class="given")


def prepare_html_for_page(html: str, *, table_class: str) -> Markup:
    """Prepare rendered Markdown for a page: no inline styles, and wide tables and code scroll.

    Tables get the class *table_class*. The parser must escape all HTML except its own.
    """
    markup = ALIGN_STYLE.sub(r' class="to-\1"', html)
    opening = f'<div class="scroll" {SCROLL_ATTRIBUTES}="Table"><table class="{table_class}">'
    markup = markup.replace("<table>", opening).replace("</table>", "</table></div>")
    return Markup(markup.replace("<pre>", f'<pre {SCROLL_ATTRIBUTES}="Code">'))  # noqa: S704  # see above


def render_inline(text: str) -> Markup:
    """Render one line of Markdown with formulas as HTML, without a paragraph around it."""
    try:
        return _render_inline_cached(text)
    except TexUnavailableError:
        return Markup(_markdown_parser(converts=False).renderInline(text))  # noqa: S704  # as above


@lru_cache(maxsize=MAX_CACHED_TEXTS)
def _render_inline_cached(text: str) -> Markup:
    BUDGET.seconds_left = MAX_TEXT_SECONDS
    return Markup(_markdown_parser().renderInline(text))  # noqa: S704  # as above


class Formula(NamedTuple):
    """TeX of a formula, and whether it is a display formula."""

    source: str
    is_display: bool


def find_formulas(text: str) -> Iterator[Formula]:
    """Yield the formulas of a text.

    >>> [*find_formulas("A stride of $S=2$.")]
    [Formula(source='S=2', is_display=False)]
    """
    for token in _walk_tokens(_markdown_parser().parse(text)):
        if token.type.startswith("math"):
            is_display = token.type not in {"math_inline", "math_single"}
            yield Formula(token.content.strip(), is_display)


def _walk_tokens(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walk_tokens(token.children or ())


def find_formula_errors(text: str) -> Iterator[str]:
    """Yield why formulas of *text* cannot be rendered.

    Raises `TexUnavailableError` if the converter does not answer, which is no fault of the text.
    """
    seconds_left = MAX_TEXT_SECONDS
    for source, display in find_formulas(text):
        conversion = convert_tex(source, display=display)
        if conversion.error is not None:
            yield f"the formula ${source}$ cannot be shown: {conversion.error}"
        seconds_left -= _compute_budget_share(conversion)
        if seconds_left <= 0:
            if not isinstance(conversion.error, TexCostError):
                yield TEXT_TOO_COSTLY.format(source=source)
            return
