"""Error responses by kind of route, to pass as ``responses=``."""

from typing import Any, Final

from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
)
from api.http.problem_details import error_responses

Responses = dict[int | str, dict[str, Any]]

READ_ERRORS: Final[Responses] = error_responses(Unauthenticated, Forbidden, NotFound)
"""For routes that name a resource that is not visible to everyone."""
INPUT_ERRORS: Final[Responses] = READ_ERRORS | error_responses(InvalidInput)
"""`READ_ERRORS`, and those of routes with a body or a query."""
CHANGE_ERRORS: Final[Responses] = INPUT_ERRORS | error_responses(Conflict)
"""`INPUT_ERRORS`, and those of actions that may conflict with the resource's state."""
EDIT_ERRORS: Final[Responses] = CHANGE_ERRORS | error_responses(
    PreconditionFailed, PreconditionRequired
)
"""`CHANGE_ERRORS`, and those of edits that must name the version they change."""
