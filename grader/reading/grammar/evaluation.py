"""Exact evaluation of tokens, and the limits on values."""

from collections.abc import Sequence
from typing import Final

from grader.display.text import to_exact_text
from grader.errors import AnswerError, SolverError
from grader.expressions.arithmetic import CONSTANTS, FUNCTIONS
from grader.expressions.cancellation import drop_cancellation_noise
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.vectorized_eval import INEXACT_FUNCTIONS
from grader.reading.grammar.constants import EULER, replace_euler_powers
from grader.reading.grammar.parser import MAX_EXPRESSION_LENGTH, parse
from grader.reading.grammar.tokens import Token
from grader.values import Number, is_number

TOO_MANY_DIGITS: Final = "The number has too many digits."
TOO_LARGE: Final = "The number is too large."
MAX_MAGNITUDE: Final = 10**309
"""Bound of every number, slightly above the largest double."""
MANY_BITS: Final = 1_300
MAX_FRACTION_TERM: Final = 10**400
"""Bound of numerators and denominators."""
MAX_SHOWN_CHARACTERS: Final = MAX_EXPRESSION_LENGTH - len("(-)%")
"""Maximum length of a number as text, so that it can be read again."""
EXACT_SCOPE: Final = Scope(CONSTANTS, FUNCTIONS)


def evaluate_tokens(tokens: Sequence[Token], text: str) -> Number:
    """Return the exact value of *tokens*, found in *text*, or raise `AnswerError`."""
    first = tokens[0] if len(tokens) == 1 else None
    if (
        first is not None
        and first.last_place is not None
        and first.end - first.start <= MAX_EXPRESSION_LENGTH
    ):
        return require_within_bounds(first.value)  # a number alone
    tree = parse(tokens, text)
    if any(token.text == EULER for token in tokens):
        tree = replace_euler_powers(tree)
    try:
        value = evaluate(tree, EXACT_SCOPE)
    except SolverError as error:
        raise AnswerError(
            f"This cannot be computed: {error}.", expected="a number", position=tokens[0].start
        ) from error
    if not is_number(value):
        raise AnswerError("This is not a single number.", expected="a number")
    if may_be_inexact(tokens):
        value = drop_cancellation_noise(tree, value, EXACT_SCOPE)
    return require_within_bounds(value)


def may_be_inexact(tokens: Sequence[Token]) -> bool:
    """Return whether *tokens* compute with a root, a constant, a power or a logarithm."""
    return any(
        token.kind == "name" or token.text in INEXACT_FUNCTIONS or token.text == "**"
        for token in tokens
    )


def require_within_bounds(value: Number) -> Number:
    """Return *value*, or raise `AnswerError` if it is too large or has too many digits."""
    if not -MAX_MAGNITUDE < value < MAX_MAGNITUDE:
        raise AnswerError(TOO_LARGE, expected="a number below 10^309")
    bits = value.numerator.bit_length() + value.denominator.bit_length()
    if bits > MANY_BITS and (
        max(abs(value.numerator), value.denominator) > MAX_FRACTION_TERM
        or len(to_exact_text(value)) > MAX_SHOWN_CHARACTERS
    ):
        raise AnswerError(TOO_MANY_DIGITS, expected="at most 400 digits")
    return value
