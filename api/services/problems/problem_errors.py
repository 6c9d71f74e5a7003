"""Errors in problem files, in one form for all entry points."""

import re
from typing import Final

from api.core.errors import FieldError, Invalid
from api.services.problems.publishing import Failed
from grader.errors import ProblemError

__all__ = ["FILE", "fault", "faults_of", "refused"]

FILE: Final = "problem.yaml"
"""What a file is called that came without a name."""
SAID: Final = re.compile(
    r"(?:[^\s:]+\.yaml(?::(\d+))?: )?(?:([a-z]+(?:\.\w+)*): )?(.*)", re.DOTALL | re.ASCII
)


def faults_of(error: ProblemError) -> tuple[FieldError, ...]:
    """Return the errors of the loader, *error* and its others, with fields and lines."""
    return tuple(
        FieldError(one.field, one.message, FILE, one.line) for one in (error, *error.others)
    )


def fault(said: str) -> FieldError:
    """Parse a message of the checker, which may begin with file, line and field.

    >>> fault("toy.yaml:9: parts.side.key: there is no solver size")
    FieldError(field='parts.side.key', said='there is no solver size', file='problem.yaml', line=9)
    """
    found = SAID.fullmatch(said)
    if found is None:
        return FieldError("", said, FILE)
    return FieldError(found[2] or "", found[3], FILE, int(found[1]) if found[1] else None)


def refused(outcome: Failed) -> Invalid:
    """Return the service error for a file that failed to publish."""
    errors = tuple(map(fault, outcome.errors))
    first = ": ".join(filter(None, (errors[0].field, errors[0].said)))
    return Invalid(f"{outcome.id} has errors: {first}", code="invalid_problem", errors=errors)
