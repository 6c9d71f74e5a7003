"""Evaluation of tokens as one number, after what has two meanings is refused."""

from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.reading.decimal_places import unit_in_last_place
from grader.reading.grammar.ambiguous_signs import (
    refuse_double_sign,
    refuse_error_margin,
    refuse_leading_zero,
    refuse_square_size,
)
from grader.reading.grammar.constants import CONSTANTS
from grader.reading.grammar.errors import refuse_range
from grader.reading.grammar.evaluation import evaluate_tokens
from grader.reading.grammar.parser import MAX_EXPRESSION_LENGTH
from grader.reading.grammar.powers_of_ten import refuse_ambiguous_power_of_ten
from grader.reading.grammar.tokens import Token, tokenize
from grader.reading.result import StyledText
from grader.reading.wording.repeated_values import refuse_repeated_value, refuse_repeating_decimal
from grader.values import Number

EMPTY_CELL: Final = "A cell is empty."


def read_arithmetic_cell(text: str, start: int, end: int) -> Number:
    """Return the number in the cell ``text[start:end]``: arithmetic, but no words and no chain."""
    if end - start > MAX_EXPRESSION_LENGTH:
        raise AnswerError("A cell is too long.", expected="a number", position=start)
    tokens = tokenize(text, start, end, names=CONSTANTS)
    if not tokens:
        raise AnswerError(EMPTY_CELL, expected="a number", position=start)
    refuse_double_sign(tokens, text)
    refuse_square_size(tokens, text)
    refuse_repeated_value(tokens, text)
    refuse_repeating_decimal(tokens, text)
    refuse_ambiguous_power_of_ten(tokens, text, grouping=True)
    return evaluate_tokens(tokens, text)


def evaluate_with_step(
    tokens: Sequence[Token], text: str, typed: str
) -> tuple[Number, Number | None]:
    """Return the number that *tokens* spell, and one unit of its last place or None."""
    if len(tokens) > 1:
        refuse_double_sign(tokens, text)
        refuse_range(tokens, text, typed)
        refuse_error_margin(tokens, text)
        refuse_repeating_decimal(tokens, text)
    refuse_ambiguous_power_of_ten(tokens, text, grouping=isinstance(typed, StyledText))
    value = evaluate_tokens(tokens, text)
    refuse_leading_zero(tokens)
    return value, unit_in_last_place(tokens)
