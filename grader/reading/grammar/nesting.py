"""Errors of brackets and endings: something missing, or nested too deeply."""

from collections.abc import Sequence

from grader.errors import AnswerError
from grader.reading.grammar.tokens import Token

__all__ = ["ended", "no_argument", "not_closed", "too_deep"]


def ended(tokens: Sequence[Token], expected: str) -> AnswerError:
    """Return the error for *tokens* that end too early."""
    end = tokens[-1].end if tokens else 0
    return AnswerError("Something is missing at the end.", expected=expected, position=end)


def no_argument(position: int) -> AnswerError:
    r"""Return the error for ``\frac`` without a possible argument after it."""
    return AnswerError(r"\frac needs braces.", expected=r"\frac{1}{2}", position=position)


def not_closed(closer: str, position: int) -> AnswerError:
    """Return the error for a bracket that is never closed."""
    return AnswerError(f"A bracket is not closed: {closer} is missing.", position=position)


def too_deep(depth: int, position: int) -> AnswerError:
    """Return the error for nesting deeper than *depth*."""
    return AnswerError(
        f"This is nested deeper than {depth} brackets or signs.",
        expected="something simpler",
        position=position,
    )
