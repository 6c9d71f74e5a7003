"""TeX of a problem's texts as MathML Core, by math-core (ADR 13).

Only texts of problem files come here, never what a student typed: the converter is native code, and
deep nesting would end the process. What it could not bear is refused before.
"""

import re
from functools import lru_cache
from typing import Final

from math_core import LatexError, LatexToMathML

__all__ = ["STYLES", "TexError", "apart", "tex_markup"]

MAX_LENGTH: Final = 4_000
MAX_DEPTH: Final = 20
KEPT: Final = 8_192
# What makes the next group one level deeper without a brace.
STACKING: Final = re.compile(r"(?:\\[dt]?frac|\\sqrt|\^|_)(?=\s*(?:\\[dt]?frac|\\sqrt|\^|_))")
OPENING: Final = re.compile(r"(?<!\\)\{|\\left\b|\\begin\b")
CLOSING: Final = re.compile(r"(?<!\\)\}|\\right\b|\\end\b")
APART: Final = re.compile(r"\\qquad(?![A-Za-z])")
PLACE: Final = re.compile(r"^(\d+): ")
STYLE: Final = re.compile(r' style="([^"]*)"')

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


class TexError(ValueError):
    """A formula cannot be converted; the text says why and where."""


@lru_cache(maxsize=1)
def _converter() -> LatexToMathML:
    return LatexToMathML(annotation=False, fancy_error=False)


@lru_cache(maxsize=KEPT)
def tex_markup(source: str, *, display: bool = False) -> str:
    """Return a formula as a `math` element without styles; `TexError` where it is not one.

    >>> tex_markup("S=1")
    '<math><mi>S</mi><mo>=</mo><mn>1</mn></math>'
    """
    _check_size(source)
    try:
        found = _converter().convert_with_local_state(source, displaystyle=display)
    except LatexError as error:
        raise TexError(PLACE.sub(_counted, str(error))) from None
    # Browsers differ in how they draw the box of `menclose`; a row with a class is drawn by all.
    boxed = found.replace('<menclose notation="box">', '<mrow class="mx-boxed">')
    return STYLE.sub(_as_classes, boxed.replace("</menclose>", "</mrow>"))


def apart(source: str) -> list[str]:
    r"""Return the formulas that stand side by side in one display, with `\qquad` between them.

    >>> apart(r"X = 1, \qquad K = \text{a \qquad b}")
    ['X = 1,', 'K = \\text{a \\qquad b}']
    """
    found: list[str] = []
    for piece in APART.split(source):
        if found and len(OPENING.findall(found[-1])) > len(CLOSING.findall(found[-1])):
            found[-1] += rf"\qquad{piece}"
        else:
            found.append(piece)
    return [piece.strip() for piece in found if piece.strip()]


def _counted(place: re.Match[str]) -> str:
    """Return a place as people count characters."""
    return f"at character {int(place[1]) + 1}: "


def _check_size(source: str) -> None:
    if len(source) > MAX_LENGTH:
        raise TexError(f"A formula has more than {MAX_LENGTH:,} characters.")
    depth = deepest = len(STACKING.findall(source))
    for sign in re.finditer(f"({OPENING.pattern})|({CLOSING.pattern})", source):
        depth += 1 if sign[1] else -1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise TexError(f"A formula is nested deeper than {MAX_DEPTH}.")


def _as_classes(found: re.Match[str]) -> str:
    styles = re.sub(r"\s+", "", found[1]).strip(";").split(";")
    unknown = [one for one in styles if one not in STYLES]
    if unknown:
        raise TexError(f"The converter has used a style that is not known: {unknown[0]}")
    return f' class="{" ".join(STYLES[one] for one in styles if STYLES[one])}"'
