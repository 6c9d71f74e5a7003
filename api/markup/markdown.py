"""Markdown with TeX in problem files, rendered as HTML."""

import re
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin

from api.markup.tex import TexCostError, TexUnavailableError, apart, convert_tex
from api.markup.tex_converter import Conversion

__all__ = ["dressed", "formula_faults", "formulas", "inline", "prose"]

KEPT: Final = 2_048


class _Text(threading.local):
    """Remaining cost budget for the formulas of the text that a thread renders, in CPU seconds."""

    seconds_left = 0.0


TEXT: Final = _Text()
MAX_TEXT_SECONDS: Final = 1.0
"""Processor time for all formulas of one text; each formula of the bank takes below 0.001 s."""
TEXT_TOO_COSTLY: Final = (
    f"the formulas up to ${{source}}$ take more than {MAX_TEXT_SECONDS:g} s of processor time to "
    "convert; write them shorter, or leave some out"
)
ALIGNED: Final = re.compile(r' style="text-align:(left|right|center)"')
SCROLLED: Final = 'tabindex="0" role="group" aria-label'


def _formula(source: str, options: dict[str, Any]) -> str:
    """Render a formula as `math`; side-by-side formulas of a display may wrap on a phone."""
    display = bool(options.get("display_mode"))
    pieces = apart(source) if display else [source.strip()]
    markup = ""
    for piece in pieces:
        if TEXT.seconds_left <= 0:
            return _source(source)
        conversion = convert_tex(piece, display=display)
        TEXT.seconds_left -= _cost(conversion)
        if conversion.error is not None:
            return _source(source)
        markup += conversion.markup
    return markup


def _cost(conversion: Conversion) -> float:
    """Return the part of the budget that a formula uses: all of it if the child process died."""
    if isinstance(conversion.error, TexCostError):
        return MAX_TEXT_SECONDS
    return conversion.cpu_seconds


def _source(source: str, _options: object = None) -> str:
    """Render a formula as its TeX source."""
    return f"<code>{escape(source)}</code>"


@lru_cache(maxsize=2)
def _markdown(*, converts: bool = True) -> MarkdownIt:
    """Return the Markdown parser, without raw HTML, images and links."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.disable(["image", "html_inline", "html_block", "autolink", "link", "reference"])
    renderer = _formula if converts else _source
    return reader.use(dollarmath_plugin, allow_space=True, double_inline=True, renderer=renderer)


def prose(text: str) -> Markup:
    """Render paragraphs of Markdown with formulas as HTML; an invalid formula stays as TeX.

    >>> print(prose("A stride of $2$ *skips*."))
    <p>A stride of <span class="math inline"><math><mn>2</mn></math></span> <em>skips</em>.</p>
    <BLANKLINE>
    """
    try:
        return _prose(text)
    except TexUnavailableError:  # not cached: the next call tries again
        return dressed(_markdown(converts=False).render(text), table="given")


@lru_cache(maxsize=KEPT)
def _prose(text: str) -> Markup:
    TEXT.seconds_left = MAX_TEXT_SECONDS
    return dressed(_markdown().render(text), table="given")


def dressed(html: str, *, table: str) -> Markup:
    """Prepare rendered Markdown for a page: no inline styles, and wide tables and code scroll.

    Tables get the class *table*. The parser must escape all HTML except its own.
    """
    found = ALIGNED.sub(r' class="to-\1"', html)
    begins = f'<div class="scroll" {SCROLLED}="Table"><table class="{table}">'
    found = found.replace("<table>", begins).replace("</table>", "</table></div>")
    return Markup(found.replace("<pre>", f'<pre {SCROLLED}="Code">'))  # noqa: S704  # see above


def inline(text: str) -> Markup:
    """Render one line of Markdown with formulas as HTML, without a paragraph around it."""
    try:
        return _inline(text)
    except TexUnavailableError:
        return Markup(_markdown(converts=False).renderInline(text))  # noqa: S704  # as above


@lru_cache(maxsize=KEPT)
def _inline(text: str) -> Markup:
    TEXT.seconds_left = MAX_TEXT_SECONDS
    return Markup(_markdown().renderInline(text))  # noqa: S704  # as above


def formulas(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the TeX of each formula of a text, and whether it is a display formula.

    >>> [*formulas("A stride of $S=2$.")]
    [('S=2', False)]
    """
    for token in _walked(_markdown().parse(text)):
        if token.type.startswith("math"):
            yield token.content.strip(), token.type not in {"math_inline", "math_single"}


def _walked(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walked(token.children or ())


def formula_faults(text: str) -> Iterator[str]:
    """Yield why formulas of *text* cannot be rendered.

    Raises `TexUnavailableError` if the converter does not answer, which is no fault of the text.
    """
    seconds_left = MAX_TEXT_SECONDS
    for source, display in formulas(text):
        conversion = convert_tex(source, display=display)
        if conversion.error is not None:
            yield f"the formula ${source}$ cannot be shown: {conversion.error}"
        seconds_left -= _cost(conversion)
        if seconds_left <= 0:
            if not isinstance(conversion.error, TexCostError):
                yield TEXT_TOO_COSTLY.format(source=source)
            return
