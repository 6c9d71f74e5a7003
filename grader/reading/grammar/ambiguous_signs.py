"""Ambiguous sequences of signs: ``:-``, ``-=``, ``+-`` and ``^1/2``."""

from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import quote_span, truncate_line
from grader.reading.grammar.tokens import OPENERS, Token

DASH_IS_AMBIGUOUS: Final = "can be read as a minus sign"
"""Text of every error about a dash that may be a minus sign."""
LABEL_DASH: Final = lazy_regex(r"(?<![\"']):-(?=[\s0-9.$(\[])")
"""A dash attached to the colon after a label: ``Ans:- 5``.

After a quote it is the minus sign of JSON.
"""
ASSIGNMENT_OPERATORS: Final = frozenset({"+", "-", "/", "//"})
"""Signs that turn ``=`` into an augmented assignment."""
STARS: Final = frozenset({"*", "**"})
"""Stars before ``=`` that make it an augmented assignment if a space precedes them.

Otherwise they may be Markdown's, or mark the best value, ``w*=5``.
"""
MARGIN_KINDS: Final = ("number", "symbol", "symbol", "number")
ROOT: Final = lazy_regex(r"\s*(-?1/[2-9])(?![0-9.])")
LEADING_ZERO: Final = lazy_regex(r"0[0-9]")
SIZE_AXES: Final = 3
MIN_TOWER_DIGITS: Final = 2
LOGARITHMS: Final = frozenset({"ln", "log2", "log10"})
FACTORS: Final = frozenset({"*", "×", "·", "/", "//"})


def label_dash_error(position: int) -> AnswerError:
    """Return the error for ``Ans:- 5`` with the dash at *position*."""
    return AnswerError(
        f"The dash in ':-' {DASH_IS_AMBIGUOUS}.",
        expected="no dash, or a space between the colon and a minus sign",
        position=position,
    )


def refuse_label_dash(tokens: Sequence[Token], index: int, text: str) -> None:
    """Raise `AnswerError` for ``Ans:- 5`` with the colon at *index*."""
    if LABEL_DASH.match(text, tokens[index].start):
        raise label_dash_error(tokens[index].start + 1)


def refuse_augmented_assignment(tokens: Sequence[Token], index: int, text: str) -> None:
    """Raise `AnswerError` for ``w -= 0.1`` with the equals sign at *index*: it states no value."""
    before, sign = tokens[max(0, index - 1)], tokens[index]
    if sign.text != "=" or before.end != sign.start:
        return
    starred = before.text in STARS and text[before.start - 1 : before.start].isspace()
    if starred or before.text in ASSIGNMENT_OPERATORS:
        raise AnswerError(
            f"{quote_span(text, before.start, sign.end)} changes a value that is not given.",
            expected="the result",
            position=before.start,
        )


def refuse_error_margin(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for ``5 +- 0.1``: a value with its error, or a subtraction."""
    if tuple(token.kind for token in tokens) != MARGIN_KINDS:
        return
    value, plus, minus, margin = tokens
    if plus.text + minus.text == "+-" and plus.end == minus.start:
        raise AnswerError(
            f"{quote_span(text, value.start, margin.end)} can be read as a value with its error or "
            "as a subtraction.",
            expected="the value alone",
            position=plus.start,
        )


def refuse_ambiguous_root(text: str, power: Token) -> None:
    """Raise `AnswerError` for ``2^1/2``: half of 2^1, or a square root; *power* is the ``^``."""
    if root := ROOT.match(text, power.end):
        raise AnswerError(
            f"{quote_span(text, power.start, root.end())} can be read in two ways.",
            expected=f"^({root[1]}), or the number itself",
            position=power.start,
        )


def refuse_ambiguous_logarithm(text: str, tokens: Sequence[Token], name: int, end: int) -> None:
    """Raise `AnswerError` for ``ln 1/4`` and ``log2 8N``, where the argument has no clear end.

    *name* is the index of the logarithm, *end* the index after the first number. ``ln 8/ln 2``,
    where a function follows, is unambiguous.
    """
    rest = [token for token in tokens[end : end + 4] if token.text not in OPENERS]
    if tokens[name].text not in LOGARITHMS or not rest or rest[0].kind == "number":
        return
    factor = rest
    if rest[0].text in FACTORS:
        factor = [token for token in rest[1:] if token.text not in {"-", "+"}]
    if factor and (factor[0].kind in {"number", "name"} or factor[0].text == "frac"):
        raise AnswerError(
            f"{quote_span(text, tokens[name].start, factor[0].end)} can be read in two ways.",
            expected="brackets around the argument of the logarithm",
            position=tokens[name].start,
        )


def refuse_ambiguous_power_tower(text: str, tokens: Sequence[Token], index: int) -> None:
    """Raise `AnswerError` for ``C^24^L`` in a formula, where ``24`` may be two numbers.

    *index* is the index of the first power sign.
    """
    exponent, power = (*tokens[index + 1 : index + 3], None, None)[:2]
    if exponent is None or power is None or power.text != "**":
        return
    digits = text[exponent.start : exponent.end]
    if (
        digits.isdigit()
        and len(digits) >= MIN_TOWER_DIGITS
        and text[power.start : power.end] == "^"
    ):
        raise AnswerError(
            f"{quote_span(text, tokens[index].start, power.end)} can be read in two ways.",
            expected="a multiplication sign between the power and the next number, or brackets",
            position=tokens[index].start,
        )


def refuse_double_sign(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for ``--0.5`` and ``+-0.5``: a typing error or a double negation."""
    if all(token.text in {"+", "-"} for token in tokens[:2]):
        quote = quote_span(text, tokens[0].start, tokens[-1].end)
        raise AnswerError(
            f"{quote} begins with two signs.",
            expected="one sign, or none",
            position=tokens[0].start,
        )


def refuse_leading_zero(tokens: Sequence[Token]) -> None:
    """Raise `AnswerError` for ``03640``, which may be the end of a number or two numbers."""
    for token in tokens:
        if token.kind == "number" and LEADING_ZERO.match(token.text):
            raise AnswerError(
                f"'{truncate_line(token.text)}' begins with a zero.",
                expected="a number without zeros before it",
                position=token.start,
            )


def refuse_size(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for ``56 x 56 x 4`` where one number is asked: a size or a product.

    A sign ``×`` is a product, ``2 × 3 × 2``, unless two of three factors look like a square.
    """
    crosses = [token for token in tokens[1::2] if token.text == "×"]
    factors = [token.value for token in tokens[::2] if token.kind == "number"]
    if not crosses or not len(tokens) == 2 * len(crosses) + 1 == 2 * len(factors) - 1:
        return
    spelled = {text[cross.start : cross.end].lower() for cross in crosses}
    square = len(factors) == SIZE_AXES and len(set(factors)) == SIZE_AXES - 1
    letter_square = "x" in spelled and len(set(factors)) == 1
    if "by" in spelled or letter_square or (len(crosses) > 1 and ("x" in spelled or square)):
        quote = quote_span(text, tokens[0].start, tokens[-1].end)
        raise AnswerError(
            f"{quote} can be read as a size or as a product.",
            expected="one number, or * between the factors",
            position=tokens[0].start,
        )


def refuse_square_size(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for the cell ``3×3``: the size of a square, its side, or a product."""
    match [(token.kind, token.text, token.value) for token in tokens]:
        case [("number", _, left), ("symbol", "×", _), ("number", _, right)] if left == right:
            quote = quote_span(text, tokens[0].start, tokens[-1].end)
            raise AnswerError(
                f"{quote} can be read as a size or as a product.",
                expected="one number in each cell",
                position=tokens[0].start,
            )
