"""Errors in problem files, in one form for all entry points."""

import re
from typing import Final

from api.core.errors import FieldError, InvalidInput
from api.services.problems.publishing import PublishFailure
from grader.errors import ProblemError

DEFAULT_FILE_NAME: Final = "problem.yaml"
"""Name of a file that was sent without one."""
ERROR_MESSAGE: Final = re.compile(
    r"(?:[^\s:]+\.yaml(?::(\d+))?: )?(?:([a-z]+(?:\.\w+)*): )?(.*)", re.DOTALL | re.ASCII
)


def to_field_errors(error: ProblemError) -> tuple[FieldError, ...]:
    """Return the errors of the loader, *error* and its others, with fields and lines."""
    return tuple(
        FieldError(one.field, one.message, DEFAULT_FILE_NAME, one.line)
        for one in (error, *error.others)
    )


def parse_message(message: str) -> FieldError:
    """Parse a message of the checker, which may begin with file, line and field.

    >>> parse_message("toy.yaml:9: parts.side: no solver size")
    FieldError(field='parts.side', message='no solver size', file='problem.yaml', line=9)
    """
    match = ERROR_MESSAGE.fullmatch(message)
    if match is None:
        return FieldError("", message, DEFAULT_FILE_NAME)
    return FieldError(
        match[2] or "", match[3], DEFAULT_FILE_NAME, int(match[1]) if match[1] else None
    )


def to_invalid_input(outcome: PublishFailure) -> InvalidInput:
    """Return the service error for a file that failed to publish."""
    errors = tuple(map(parse_message, outcome.errors))
    first = ": ".join(filter(None, (errors[0].field, errors[0].message)))
    return InvalidInput(f"{outcome.id} has errors: {first}", code="invalid_problem", errors=errors)
