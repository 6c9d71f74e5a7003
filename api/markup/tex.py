"""TeX in problem texts as MathML Core, by math-core (ADR 13).

math-core is native code. Therefore potentially expensive input is refused first
(`api.markup.tex_bounds`), and the rest is converted by a child process that can be killed
(`api.markup.tex_converter`).
"""

import re
from dataclasses import replace
from typing import Final

from api.core.cache import LruCache
from api.markup.tex_bounds import MAX_LENGTH, TexError, check_conversion_cost
from api.markup.tex_converter import Conversion, TexConverter, TexCostError, TexUnavailableError

__all__ = [
    "CONVERTER",
    "STYLE_CLASSES",
    "TexCostError",
    "TexError",
    "TexUnavailableError",
    "convert_tex",
    "split_display_formula",
    "tex_to_mathml",
]

MAX_CACHED_FORMULAS: Final = 8_192
CONVERSION_CACHE: Final = LruCache[tuple[str, bool], Conversion](MAX_CACHED_FORMULAS)
"""Cache of formulas with their markup, or with their errors."""
CONVERTER: Final = TexConverter()
OPENING: Final = re.compile(r"(?<!\\)\{|\\left\b|\\begin\b")
CLOSING: Final = re.compile(r"(?<!\\)\}|\\right\b|\\end\b")
DISPLAY_SEPARATOR: Final = re.compile(r"\\qquad(?![A-Za-z])")
POSITION_PREFIX: Final = re.compile(r"^(\d+): ")
STYLE_ATTRIBUTE: Final = re.compile(r' style="([^"]*)"')
LINK_ATTRIBUTE: Final = re.compile(r'<[^<>]* (?:id|href)="')
r"""Markup of `\label` and `\eqref`, which is refused.

The id of a formula could be an id that the page uses.
"""

STYLE_CLASSES: Final = {
    "text-align:left": "mx-left",
    "text-align:right": "mx-right",
    "justify-items:start": "",
    "justify-items:end": "",
    "padding-left:0": "mx-before-0",
    "padding-left:1em": "mx-before-1",
    "padding-right:0": "mx-after-0",
    "border-left:0.05emsolidcurrentcolor": "mx-rule-left",
    "border-right:0.05emsolidcurrentcolor": "mx-rule-right",
    "border-top:0.05emsolidcurrentcolor": "mx-rule-top",
    "border-bottom:0.05emsolidcurrentcolor": "mx-rule-bottom",
}
"""Classes that replace the converter's inline styles, which a strict policy forbids."""


def tex_to_mathml(source: str, *, display: bool = False) -> str:
    """Return a formula as a `math` element without styles; raise `TexError` if invalid.

    >>> tex_to_mathml("S=1")
    '<math><mi>S</mi><mo>=</mo><mn>1</mn></math>'
    """
    conversion = convert_tex(source, display=display)
    if conversion.error is not None:
        raise type(conversion.error)(str(conversion.error))
    return conversion.markup


def convert_tex(source: str, *, display: bool) -> Conversion:
    """Return the `math` element of a formula or its error, cached.

    Raises `TexUnavailableError`, which is not cached.
    """
    return CONVERSION_CACHE.get_or_create(
        (source, display), lambda: _convert_uncached(source, display=display)
    )


def _convert_uncached(source: str, *, display: bool) -> Conversion:
    conversion = Conversion()
    try:
        check_conversion_cost(source)
        conversion = CONVERTER.convert(source, display=display)
        error = conversion.error
        if error is None:
            return replace(conversion, markup=_sanitize_markup(conversion.markup))
    except TexUnavailableError:
        raise
    except TexError as refused:
        error = refused
    return replace(
        conversion,
        markup="",
        error=type(error)(POSITION_PREFIX.sub(_format_position_from_one, str(error))),
    )


def _sanitize_markup(markup: str) -> str:
    """Return the converter's markup in the form that pages may contain."""
    if LINK_ATTRIBUTE.search(markup):
        raise TexError("A formula cannot have a label or refer to one.")
    # Browsers render the box of `menclose` differently; all render a row with a class.
    boxed = markup.replace('<menclose notation="box">', '<mrow class="mx-boxed">')
    return STYLE_ATTRIBUTE.sub(_replace_style_with_classes, boxed.replace("</menclose>", "</mrow>"))


def split_display_formula(source: str) -> list[str]:
    r"""Split a display at `\qquad` into the formulas that stand side by side.

    >>> split_display_formula(r"X = 1, \qquad K = \text{a \qquad b}")
    ['X = 1,', 'K = \\text{a \\qquad b}']
    """
    if len(source) > MAX_LENGTH:
        return [source.strip()]  # `check_conversion_cost` refuses it
    formulas: list[str] = []
    for piece in DISPLAY_SEPARATOR.split(source):
        if formulas and len(OPENING.findall(formulas[-1])) > len(CLOSING.findall(formulas[-1])):
            formulas[-1] += rf"\qquad{piece}"
        else:
            formulas.append(piece)
    return [piece.strip() for piece in formulas if piece.strip()]


def _format_position_from_one(match: re.Match[str]) -> str:
    """Return a position counted from 1; math-core counts from 0."""
    return f"at character {int(match[1]) + 1}: "


def _replace_style_with_classes(match: re.Match[str]) -> str:
    styles = re.sub(r"\s+", "", match[1]).strip(";").split(";")
    unknown = [style for style in styles if style not in STYLE_CLASSES]
    if unknown:
        raise TexError(f"The converter used an unknown style: {unknown[0]}")
    return f' class="{" ".join(STYLE_CLASSES[style] for style in styles if STYLE_CLASSES[style])}"'
