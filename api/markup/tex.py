"""TeX in problem texts as MathML Core, by math-core (ADR 13).

math-core is native code. Therefore potentially expensive input is refused first
(`api.markup.tex_bounds`), and the rest is converted by a child process that can be killed
(`api.markup.tex_converter`).
"""

import re
from dataclasses import replace
from typing import Final

from api.core.cache import Cache
from api.markup.tex_bounds import MAX_LENGTH, TexError, check_bounds
from api.markup.tex_converter import Conversion, TexConverter, TexCostError, TexUnavailableError

__all__ = [
    "CONVERTER",
    "STYLES",
    "TexCostError",
    "TexError",
    "TexUnavailableError",
    "apart",
    "convert_tex",
    "tex_markup",
]

KEPT: Final = 8_192
CONVERTED: Final = Cache[tuple[str, bool], Conversion](KEPT)
"""Formulas with their markup, or with what is wrong with them."""
CONVERTER: Final = TexConverter()
OPENING: Final = re.compile(r"(?<!\\)\{|\\left\b|\\begin\b")
CLOSING: Final = re.compile(r"(?<!\\)\}|\\right\b|\\end\b")
APART: Final = re.compile(r"\\qquad(?![A-Za-z])")
PLACE: Final = re.compile(r"^(\d+): ")
STYLE: Final = re.compile(r' style="([^"]*)"')
LINKED: Final = re.compile(r'<[^<>]* (?:id|href)="')
r"""What `\label` and `\eqref` become. An id of a formula could be an id that the page uses."""

STYLES: Final = {
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
"""The classes that stand for the styles of the converter, which a strict policy forbids."""


def tex_markup(source: str, *, display: bool = False) -> str:
    """Return a formula as a `math` element without styles; raise `TexError` if invalid.

    >>> tex_markup("S=1")
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
    return CONVERTED.get((source, display), lambda: _converted(source, display=display))


def _converted(source: str, *, display: bool) -> Conversion:
    conversion = Conversion()
    try:
        check_bounds(source)
        conversion = CONVERTER.convert(source, display=display)
        error = conversion.error
        if error is None:
            return replace(conversion, markup=_admitted(conversion.markup))
    except TexUnavailableError:
        raise
    except TexError as refused:
        error = refused
    return replace(conversion, markup="", error=type(error)(PLACE.sub(_counted, str(error))))


def _admitted(markup: str) -> str:
    """Return the converter's markup in the form that pages may contain."""
    if LINKED.search(markup):
        raise TexError("A formula cannot have a label, nor refer to one.")
    # Browsers render the box of `menclose` differently; all render a row with a class.
    boxed = markup.replace('<menclose notation="box">', '<mrow class="mx-boxed">')
    return STYLE.sub(_as_classes, boxed.replace("</menclose>", "</mrow>"))


def apart(source: str) -> list[str]:
    r"""Split a display at `\qquad` into the formulas that stand side by side.

    >>> apart(r"X = 1, \qquad K = \text{a \qquad b}")
    ['X = 1,', 'K = \\text{a \\qquad b}']
    """
    if len(source) > MAX_LENGTH:
        return [source.strip()]  # `check_bounds` refuses it
    found: list[str] = []
    for piece in APART.split(source):
        if found and len(OPENING.findall(found[-1])) > len(CLOSING.findall(found[-1])):
            found[-1] += rf"\qquad{piece}"
        else:
            found.append(piece)
    return [piece.strip() for piece in found if piece.strip()]


def _counted(place: re.Match[str]) -> str:
    """Return a position counted from 1; math-core counts from 0."""
    return f"at character {int(place[1]) + 1}: "


def _as_classes(found: re.Match[str]) -> str:
    styles = re.sub(r"\s+", "", found[1]).strip(";").split(";")
    unknown = [one for one in styles if one not in STYLES]
    if unknown:
        raise TexError(f"The converter has used a style that is not known: {unknown[0]}")
    return f' class="{" ".join(STYLES[one] for one in styles if STYLES[one])}"'
