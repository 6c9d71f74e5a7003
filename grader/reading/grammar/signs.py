"""Ambiguous sequences of signs: ``:-``, ``-=``, ``+-`` and ``^1/2``."""

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.errors import quoted
from grader.reading.grammar.tokens import OPENERS, Token

__all__ = [
    "LABEL_DASH",
    "label_dash",
    "refuse_assignment",
    "refuse_bare_root",
    "refuse_label_dash",
    "refuse_loose_logarithm",
    "refuse_margin",
    "refuse_tower",
]

LABEL_DASH: Final = re.compile(r"(?<![\"']):-(?=[\s0-9.$(\[])")
"""A dash glued to the colon behind a label, ``Ans:- 5``; behind a quote it is JSON's minus."""
CHANGES: Final = frozenset({"+", "-", "/", "//"})
"""Signs that make an assignment of ``=``."""
STARS: Final = frozenset({"*", "**"})
"""Signs that do so behind a blank, else they may be Markdown's or those of the best, ``w*=5``."""
MARGIN: Final = ("number", "symbol", "symbol", "number")
ROOT: Final = re.compile(r"\s*(-?1/[2-9])(?![0-9.])")
DIGITS: Final = 2
LOGARITHMS: Final = frozenset({"ln", "log2", "log10"})
FACTORS: Final = frozenset({"*", "×", "·", "/", "//"})


def label_dash(position: int) -> AnswerError:
    """Return the error for ``Ans:- 5`` with the dash at *position*."""
    return AnswerError(
        "The dash in ':-' can be read as a minus sign.",
        expected="no dash, or a blank between the colon and a minus sign",
        position=position,
    )


def refuse_label_dash(tokens: Sequence[Token], at: int, text: str) -> None:
    """Raise `AnswerError` for ``Ans:- 5`` with the colon at *at*."""
    if LABEL_DASH.match(text, tokens[at].start):
        raise label_dash(tokens[at].start + 1)


def refuse_assignment(tokens: Sequence[Token], at: int, text: str) -> None:
    """Raise `AnswerError` for ``w -= 0.1``, which states no value, with the equals sign at *at*."""
    before, sign = tokens[max(0, at - 1)], tokens[at]
    if sign.text != "=" or before.end != sign.start:
        return
    starred = before.text in STARS and text[before.start - 1 : before.start].isspace()
    if starred or before.text in CHANGES:
        raise AnswerError(
            f"{quoted(text, before.start, sign.end)} changes a value that is not given.",
            expected="the value that comes out",
            position=before.start,
        )


def refuse_margin(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for ``5 +- 0.1``: a value with its error, or a subtraction."""
    if tuple(token.kind for token in tokens) != MARGIN:
        return
    value, plus, minus, margin = tokens
    if plus.text + minus.text == "+-" and plus.end == minus.start:
        raise AnswerError(
            f"{quoted(text, value.start, margin.end)} can be read as a value with its error or as "
            "a subtraction.",
            expected="the value alone",
            position=plus.start,
        )


def refuse_bare_root(text: str, power: Token) -> None:
    """Raise `AnswerError` for ``2^1/2``: half of 2^1, or a square root; *power* is the ``^``."""
    if root := ROOT.match(text, power.end):
        raise AnswerError(
            f"{quoted(text, power.start, root.end())} can be read in two ways.",
            expected=f"^({root[1]}), or the number itself",
            position=power.start,
        )


def refuse_loose_logarithm(text: str, tokens: Sequence[Token], name: int, behind: int) -> None:
    """Raise `AnswerError` for ``ln 1/4`` and ``log2 8N``, where the argument has no clear end.

    *name* is the index of the logarithm, *behind* the index after the first number. ``ln 8/ln 2``,
    where a function follows, is unambiguous.
    """
    rest = [token for token in tokens[behind : behind + 4] if token.text not in OPENERS]
    if tokens[name].text not in LOGARITHMS or not rest or rest[0].kind == "number":
        return
    factor = rest
    if rest[0].text in FACTORS:
        factor = [token for token in rest[1:] if token.text not in {"-", "+"}]
    if factor and (factor[0].kind in {"number", "name"} or factor[0].text == "frac"):
        raise AnswerError(
            f"{quoted(text, tokens[name].start, factor[0].end)} can be read in two ways.",
            expected="brackets around what the logarithm is taken of",
            position=tokens[name].start,
        )


def refuse_tower(text: str, tokens: Sequence[Token], at: int) -> None:
    """Raise `AnswerError` for ``C^24^L`` in a formula, where ``24`` may be two numbers.

    *at* is the index of the first power sign.
    """
    exponent, power = (*tokens[at + 1 : at + 3], None, None)[:2]
    if exponent is None or power is None or power.text != "**":
        return
    digits = text[exponent.start : exponent.end]
    if digits.isdigit() and len(digits) >= DIGITS and text[power.start : power.end] == "^":
        raise AnswerError(
            f"{quoted(text, tokens[at].start, power.end)} can be read in two ways.",
            expected="a multiplication sign between the power and the next number, or brackets",
            position=tokens[at].start,
        )
