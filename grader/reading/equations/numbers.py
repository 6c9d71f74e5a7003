"""Equations whose two sides are numbers and differ, ``512/8 = 62``: one side or the other is meant.

A side may be rounded, cut to a whole number, in percent, or in another unit; a chain may go on with
a result, ``5*3 = 15 + 2``. A side with anything that cannot be computed is not compared.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from grader.errors import AnswerError
from grader.expressions.tree import Name, Node, NumberLiteral
from grader.lazy_regex import lazy_regex
from grader.reading.decimal_places import unit_in_last_place
from grader.reading.grammar.characters import clean_text, join_digits
from grader.reading.grammar.constants import CONSTANTS
from grader.reading.grammar.equation_chains import APPROXIMATE_SIGNS
from grader.reading.grammar.errors import quote_span
from grader.reading.grammar.evaluation import evaluate_tokens
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, ends_with_operand, tokenize
from grader.reading.units.magnitudes import apply_scale_words
from grader.reading.wording.adjacent_names import THEREFORE_WORDS
from grader.reading.wording.surrounding_words import strip_surrounding_words
from grader.values import Number, absolute_value

MAX_CHARACTERS: Final = 2_000
"""Length of a text above which equations are not looked for."""
MAX_EQUATIONS: Final = 30
MIN_NAMES: Final = 4
"""Number of names in a formula whose numbers are only a step on the way to the value."""
MAX_SIDE_TOKENS: Final = 60
ENDS: Final = frozenset({"=", ";", ":", "⇒"})
"""Signs at which a side ends."""
WORD_KINDS: Final = frozenset({"word", "text"})
JOINING: Final = frozenset({"+", "-", "*", "/", "×", "·"})
COMPUTING: Final = frozenset(
    {"+", "-", "*", "**", "/", "//", "×", "·", "frac", "mod", "sqrt", "⌊", "⌈"}
)
ROUNDING_TOLERANCE: Final = Fraction(1, 200)
"""Relative difference that decimals in a computation may cause."""
FLOAT_TOLERANCE: Final = Fraction(1, 10**9)
"""Relative error of logarithms and roots, which are computed in floating point."""
FACTORS: Final = tuple(
    Fraction(factor)
    for size in (10**3, 10**6, 10**9, 2**10, 2**20, 2**30, 8)
    for factor in (size, Fraction(1, size))
)
"""Quotients of two sides with different units."""
POINT_GROUPED: Final = lazy_regex(r"(?<![0-9.])[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?![0-9])")
LAST_PLACE: Final = Fraction(3, 5)
"""Part of a unit of the last place by which a rounded number may differ."""
PERCENT: Final = (Fraction(100), Fraction(1, 100))


class _Side(NamedTuple):
    """One side: its value, one unit of its last place if it is a number alone, and its words."""

    value: Number
    step: Number | None
    alone: bool
    decimals: bool
    worded: bool
    first: Number


def refuse_false_equations(typed: str) -> None:
    """Raise `AnswerError` if the two sides of an equation in *typed* are numbers that differ.

    >>> refuse_false_equations("512/8 = 64"); refuse_false_equations("2/3 = 0.67")
    >>> refuse_false_equations("512/8 = 62")
    Traceback (most recent call last):
    grader.errors.AnswerError: The two sides of '512/8 = 62' are not equal. Expected an equation \
that holds, or the value alone.
    """
    if len(typed) > MAX_CHARACTERS or not any(sign in typed for sign in ("=", "≈", "approx")):
        return
    if "=" not in typed.lstrip()[1:] and "≈" not in typed and "approx" not in typed:
        return  # "= 12" has one side
    try:
        text = join_digits(clean_text(typed, limit=MAX_CHARACTERS))
        tokens = tokenize(text, names=CONSTANTS)
    except AnswerError:
        return  # the reader has a better message
    for left, sign, right in _find_equations(tokens, text):
        left_side, right_side = (
            _read_side(left, text, first=True),
            _read_side(right, text, first=False),
        )
        approximate = text[sign.start : sign.end] in APPROXIMATE_SIGNS
        if (
            left_side is None
            or right_side is None
            or _may_be_same_value(left_side, right_side, approximate=approximate)
            or _groups_by_points(left_side, text[right[0].start : right[-1].end])
        ):
            continue
        raise false_equation_error(text, left[0].start, right[-1].end)


def false_equation_error(text: str, start: int, end: int) -> AnswerError:
    """Return the error for the equation ``text[start:end]``, which does not hold."""
    return AnswerError(
        f"The two sides of {quote_span(text, start, end)} are not equal.",
        expected="an equation that holds, or the value alone",
        position=start,
    )


def _find_equations(
    tokens: Sequence[Token], text: str
) -> Iterator[tuple[Sequence[Token], Token, Sequence[Token]]]:
    """Yield the tokens of both sides of each equation, and its sign."""
    signs = [index for index, token in enumerate(tokens) if token.text == "="]
    for index in signs[:MAX_EQUATIONS]:
        start, end = _find_start(tokens, index, text), _find_end(tokens, index, text)
        left, right = tokens[start:index], tokens[index + 1 : end]
        ends = [token.text for place in (start - 1, end) for token in tokens[max(place, 0) :][:1]]
        between_lists = start > 0 and ends == [",", ","]
        if left and right and not between_lists and not _follows_formula(tokens, start):
            yield left, tokens[index], right


def _groups_by_points(left: _Side, right: str) -> bool:
    """Return whether *right* has points between the thousands of the left side: 10^5 = 100.000.

    The reader refuses it and names both readings.
    """
    grouped = POINT_GROUPED.fullmatch(right)
    return grouped is not None and left.value == int(right.replace(".", ""))


def _follows_formula(tokens: Sequence[Token], start: int) -> bool:
    """Return whether a formula with names stands before the sign at ``start - 1``.

    The numbers that replace its names are a step on the way, in which a slip changes nothing.
    """
    if not start or tokens[start - 1].text != "=":
        return False
    before = tokens[max(0, start - MAX_SIDE_TOKENS) : start - 1]
    names = {token.text for token in before if token.kind in {"word", "name", "unknown"}}
    return len(names) >= MIN_NAMES and any(token.text in COMPUTING for token in before)


def _find_start(tokens: Sequence[Token], sign: int, text: str) -> int:
    """Return where the left side of the equation with its sign at index *sign* begins."""
    depth = 0
    for index in range(sign - 1, max(-1, sign - MAX_SIDE_TOKENS), -1):
        token = tokens[index]
        depth += (token.text in CLOSERS) - (token.text in OPENERS)
        if depth < 0 or (not depth and _ends_equation_side(tokens, index, text)):
            return index + 1
    return max(0, sign - MAX_SIDE_TOKENS + 1)


def _find_end(tokens: Sequence[Token], sign: int, text: str) -> int:
    """Return where the right side of the equation with its sign at index *sign* ends."""
    depth = 0
    stop = min(len(tokens), sign + MAX_SIDE_TOKENS)
    for index in range(sign + 1, stop):
        token = tokens[index]
        if not depth and _opens_remark(tokens, index):
            return index
        depth += (token.text in OPENERS) - (token.text in CLOSERS)
        if depth < 0 or (not depth and _ends_equation_side(tokens, index, text)):
            return index
    return stop


def _opens_remark(tokens: Sequence[Token], index: int) -> bool:
    """Return whether a bracket opens at *index*, apart from the value or unit before it."""
    before, token = tokens[index - 1], tokens[index]
    ends = before.kind in WORD_KINDS or ends_with_operand((before,))
    return token.text in OPENERS and before.end < token.start and ends


def _ends_equation_side(tokens: Sequence[Token], index: int, text: str) -> bool:
    """Return whether a side of an equation ends at the token at *index*."""
    token = tokens[index]
    if token.text in ENDS:
        return True
    behind = text[token.end : token.end + 1]
    if token.text in {",", "."} and (not behind or behind.isspace()):
        return True
    return token.kind == "word" and token.text.lower() in THEREFORE_WORDS


def _read_side(tokens: Sequence[Token], text: str, *, first: bool) -> _Side | None:
    """Return a side; None if it cannot be computed, or may be the name of the other side.

    Before the *first* sign a number beside words may belong to a name: ``layer 3 = 64``.
    """
    if "\n" in text[tokens[0].start : tokens[-1].end]:
        return None
    try:
        scaled = apply_scale_words(tokens)[0]
        value = strip_surrounding_words(_drop_nouns(scaled), text, word_kinds=WORD_KINDS).tokens
        if not value or not any(token.kind == "number" for token in value):
            return None
        computed = any(token.text in COMPUTING or token.kind == "function" for token in value)
        worded = any(token.kind in WORD_KINDS for token in tokens)
        if first and worded and not computed:
            return None
        if not computed and len(value) > 1 and not ends_with_operand(value[-1:]):
            return None
        number = evaluate_tokens(value, text)
    except AnswerError:
        return None
    numbers = [token for token in value if token.kind == "number"]
    return _Side(
        number,
        unit_in_last_place(value),
        not computed,
        any(token.value.denominator != 1 for token in numbers),
        worded or "%" in text[tokens[0].start : tokens[-1].end],
        numbers[0].value,
    )


def _drop_nouns(tokens: Sequence[Token]) -> list[Token]:
    """Return *tokens* without words between a number and an operator: ``512 weights + 68``."""
    return [
        token
        for index, token in enumerate(tokens)
        if not (
            token.kind in WORD_KINDS
            and index
            and tokens[index - 1].kind == "number"
            and tokens[index + 1 : index + 2]
            and tokens[index + 1].text in JOINING
        )
    ]


def _may_be_same_value(left: _Side, right: _Side, *, approximate: bool) -> bool:
    """Return whether two sides may stand for one value."""
    if not right.alone and right.first == left.value:
        return True  # a chain that goes on with a result: 5*3 = 15 + 2
    if right.alone and right.value.denominator == 1 and left.value.denominator != 1:
        return absolute_value(left.value - right.value) < 1  # cut to a whole number
    if (
        right.alone
        and 0 <= absolute_value(left.value) - absolute_value(right.value) < (right.step or 0) < 1
    ):
        return True  # cut to some decimals
    left_tolerance, right_tolerance = (
        _compute_side_tolerance(side, approximate=approximate) for side in (left, right)
    )
    factors: tuple[Fraction, ...] = (Fraction(1), *PERCENT)
    if left.worded or right.worded:
        factors = (*factors, *FACTORS)
    return any(
        absolute_value(left.value * factor - right.value)
        <= left_tolerance * factor + right_tolerance
        for factor in factors
    )


def _compute_side_tolerance(side: _Side, *, approximate: bool) -> Number:
    """Return by how much a side may differ from what it stands for."""
    if not side.alone:
        inexact = side.value.denominator != 1
        share = ROUNDING_TOLERANCE if side.decimals else FLOAT_TOLERANCE if inexact else 0
        return absolute_value(side.value) * share
    if side.value.denominator == 1 and (side.step or 0) <= 1:
        digits = str(side.value)
        zeros = len(digits) - len(digits.rstrip("0"))
        return 10**zeros if approximate and zeros and side.value else 0
    return Fraction(side.step or 0) * LAST_PLACE


def refuse_false_formula_equations(
    typed: str, read: Callable[[str], Node], differ: Callable[[Node, Node], bool]
) -> None:
    """Raise `AnswerError` if *typed* has an equation of two formulas that are not equal.

    *read* returns a formula or raises `AnswerError`, and *differ* compares two formulas. A side
    that is a name or a number alone is a label.
    """
    sides = [side.strip(" $.,;\n") for side in typed.split("=")]
    if not 1 < len(sides) <= MAX_EQUATIONS or len(typed) > MAX_CHARACTERS:
        return
    previous: Node | None = None
    for index, side in enumerate(sides):
        try:
            tree = read(side) if side else None
        except AnswerError:
            tree = None
        if tree is not None and previous is not None and differ(previous, tree):
            start = typed.index(sides[index - 1])
            raise false_equation_error(typed, start, typed.rindex(side) + len(side))
        previous = None if isinstance(tree, (Name, NumberLiteral)) else tree
