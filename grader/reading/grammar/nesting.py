"""The errors of brackets and ends: what is missing there, or too deep."""

from collections.abc import Sequence

from grader.errors import AnswerError
from grader.reading.grammar.tokens import Token

__all__ = ["ended", "no_argument", "not_closed", "too_deep"]


def ended(tokens: Sequence[Token], expected: str) -> AnswerError:
    """Return the refusal of *tokens* behind which something has to follow."""
    end = tokens[-1].end if tokens else 0
    return AnswerError("Something is missing at the end.", expected=expected, position=end)


def no_argument(position: int) -> AnswerError:
    r"""Return the refusal of ``\frac`` with nothing behind it that could be its argument."""
    return AnswerError(r"\frac needs braces.", expected=r"\frac{1}{2}", position=position)


def not_closed(closer: str, position: int) -> AnswerError:
    """Return the refusal of a bracket that ends nowhere."""
    return AnswerError(f"A bracket is not closed: {closer} is missing.", position=position)


def too_deep(depth: int, position: int) -> AnswerError:
    """Return the refusal of what is nested deeper than *depth*."""
    return AnswerError(
        f"This is nested deeper than {depth} brackets or signs.",
        expected="something simpler",
        position=position,
    )
