"""Side of a square, typed as ``29 × 29``, ``29²`` or ``29 × 29 = 841``, also as a formula."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.expressions.tree import BinaryOperation, Node, NumberLiteral
from grader.lazy_regex import lazy_regex
from grader.reading.formulas import read_formula, read_formula_shape
from grader.reading.grammar.characters import clean_text
from grader.reading.grammar.equation_chains import extract_last_link
from grader.reading.grammar.evaluation import evaluate_tokens
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, tokenize
from grader.reading.numbers import MAX_TEXT, WORD_KINDS
from grader.reading.result import RawAnswer, Reading
from grader.reading.wording.surrounding_words import strip_surrounding_words
from grader.values import Number

SIGN: Final = lazy_regex(r"[x×X*·^²]|\*\*|times|by|cdot")
TWO_SIDES: Final = lazy_regex(
    r"[^0-9=]*(?P<one>[0-9]{1,6})\s*[x×]\s*(?P<other>[0-9]{1,6})(?:[^0-9=]*)"
)
FACTOR_SIGNS: Final = frozenset({"×", "*", "·"})
SQUARED: Final = 2


def read_square_side(typed: str) -> Reading[Number] | None:
    """Return the side n of a square typed as n×n, n² or n×n = n²; None for any other text.

    >>> read_square_side("13 + 4·4 = 29 × 29 pixels").value
    29
    """
    if not SIGN.search(typed):
        return None
    unequal = TWO_SIDES.fullmatch(typed)
    if unequal and unequal["one"] != unequal["other"]:
        raise AnswerError(
            "The two sides of a square are equal.",
            expected="one number, the side of the square",
            position=unequal.start("one"),
        )
    text = clean_text(typed, limit=MAX_TEXT)
    link = extract_last_link(tokenize(text, grouping=False), text)
    value = strip_surrounding_words(link.tokens, text, word_kinds=WORD_KINDS)
    side, notes = _find_side(value.tokens, text), (*link.notes, *value.notes)
    if side is None and len(value.tokens) == 1:
        side = _find_side_before(link.unrounded, value.tokens[0].value, text)
        notes = value.notes
    if side is None or side != int(side):
        return None
    side_text = to_text(side)
    return Reading(side, side_text, (*notes, f"{side_text}×{side_text} stands for {side_text}."), 1)


def read_square_side_formula(typed: RawAnswer, variables: Collection[str]) -> Reading[Node]:
    """Return the formula in *typed*; of n×n, n·n and n² the side n.

    Raises `AnswerError` as `read_formula` does.

    >>> read_square_side_formula("(2*i - 1) x (2*i - 1)", ["i"]).text
    '2·i - 1'
    """
    reading = read_formula(typed, variables)
    side = _find_side_of_formula(reading.value)
    if side is None and isinstance(typed, str):
        side = _find_equal_axis(typed, variables)
    if side is None:
        return reading
    square = to_text(BinaryOperation("*", side, side))
    notes = (*reading.notes, f"{square} stands for {to_text(side)}.")
    return replace(reading, value=side, text=to_text(side), notes=notes)


def _find_side_of_formula(formula: Node) -> Node | None:
    """Return the factor of which *formula* is the product with itself, or the square."""
    match formula:
        case BinaryOperation("*", left, right) if left == right:
            return left
        case BinaryOperation("**", base, NumberLiteral(2)):
            return base
        case _:
            return None


def _find_equal_axis(typed: str, variables: Collection[str]) -> Node | None:
    """Return the formula of both axes if *typed* names two equal ones, such as ``2i by 2i``."""
    try:
        axes = read_formula_shape(typed, variables).value
    except AnswerError:
        return None
    return axes[0] if len(axes) == SQUARED and axes[0] == axes[1] else None


def _find_side_before(links: Sequence[Sequence[Token]], area: Number, text: str) -> Number | None:
    """Return the side of the square in one of *links* whose area is *area*."""
    for link in links:
        try:
            value = strip_surrounding_words(link, text, word_kinds=WORD_KINDS)
        except AnswerError:
            continue
        side = _find_side(value.tokens, text)
        if side is not None and side * side == area:
            return side
    return None


def _find_side(tokens: Sequence[Token], text: str) -> Number | None:
    """Return the value of both factors if *tokens* are a product of two equal ones."""
    try:
        match [token.text for token in tokens]:
            case [_, _] if tokens[1].kind == "power" and tokens[1].value == SQUARED:
                return evaluate_tokens(tokens[:1], text)
            case [_, "**", "2"]:
                return evaluate_tokens(tokens[:1], text)
        depth, cuts = 0, []
        for index, token in enumerate(tokens):
            depth += (token.text in OPENERS) - (token.text in CLOSERS)
            if not depth and token.kind == "symbol" and token.text not in CLOSERS:
                cuts.append(index)
        if len(cuts) != 1 or tokens[cuts[0]].text not in FACTOR_SIGNS:
            return None
        left, right = tokens[: cuts[0]], tokens[cuts[0] + 1 :]
        side = evaluate_tokens(left, text) if left and right else None
        return side if side is not None and side == evaluate_tokens(right, text) else None
    except AnswerError:
        return None
