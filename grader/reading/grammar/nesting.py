"""Errors of brackets and endings: something missing, or nested too deeply."""

from collections.abc import Sequence

from grader.errors import AnswerError
from grader.reading.grammar.tokens import Token

__all__ = [
    "missing_argument_error",
    "nesting_too_deep_error",
    "unclosed_bracket_error",
    "unexpected_end_error",
]


def unexpected_end_error(tokens: Sequence[Token], expected: str) -> AnswerError:
    """Return the error for *tokens* that end too early."""
    end = tokens[-1].end if tokens else 0
    return AnswerError("Something is missing at the end.", expected=expected, position=end)


def missing_argument_error(position: int) -> AnswerError:
    r"""Return the error for ``\frac`` without a possible argument after it."""
    return AnswerError(r"\frac needs braces.", expected=r"\frac{1}{2}", position=position)


def unclosed_bracket_error(closer: str, position: int) -> AnswerError:
    """Return the error for a bracket that is never closed."""
    return AnswerError(f"A bracket is not closed: {closer} is missing.", position=position)


def nesting_too_deep_error(depth: int, position: int) -> AnswerError:
    """Return the error for nesting deeper than *depth*."""
    return AnswerError(
        f"This is nested deeper than {depth} brackets or signs.",
        expected="something simpler",
        position=position,
    )
