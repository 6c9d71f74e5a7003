"""Exact evaluation of tokens, and the limits on values."""

from collections.abc import Sequence
from typing import Final

from grader.display.text import show_exactly
from grader.errors import AnswerError, SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate
from grader.reading.grammar.constants import EULER, VALUES, with_exponentials
from grader.reading.grammar.parser import MAX_LENGTH, parse
from grader.reading.grammar.tokens import Token
from grader.values import Number, is_number

__all__ = ["EXACT_SCOPE", "LARGEST", "bounded", "computed"]

LARGEST: Final = 10**309
"""The bound of every number, a little beyond the doubles."""
MANY_BITS: Final = 1_300
MOST_DIGITS: Final = 10**400
"""The bound of numerators and denominators."""
LONGEST_SHOWN: Final = MAX_LENGTH - len("(-)%")
"""What is shown has to be readable again."""
EXACT_SCOPE: Final = Scope(VALUES, FUNCTIONS)


def computed(tokens: Sequence[Token], text: str) -> Number:
    """Return the exact value of *tokens*, found in *text*, or raise `AnswerError`."""
    first = tokens[0] if len(tokens) == 1 else None
    if first is not None and first.place is not None and first.end - first.start <= MAX_LENGTH:
        return bounded(first.value)  # a number alone
    tree = parse(tokens, text)
    if any(token.text == EULER for token in tokens):
        tree = with_exponentials(tree)
    try:
        value = evaluate(tree, EXACT_SCOPE)
    except SolverError as error:
        raise AnswerError(
            f"This cannot be computed: {error}.", expected="a number", position=tokens[0].start
        ) from error
    if not is_number(value):
        raise AnswerError("This is not one number.", expected="a number")
    return bounded(value)


def bounded(value: Number) -> Number:
    """Return *value*, or raise `AnswerError` if it is too large or has too many digits."""
    if not -LARGEST < value < LARGEST:
        raise AnswerError("The number is too large.", expected="a number below 10^309")
    bits = value.numerator.bit_length() + value.denominator.bit_length()
    if bits > MANY_BITS and (
        max(abs(value.numerator), value.denominator) > MOST_DIGITS
        or len(show_exactly(value)) > LONGEST_SHOWN
    ):
        raise AnswerError("The number has too many digits.", expected="at most 400 digits")
    return value
