"""How calls of a kind may be refused: what their routes pass as ``responses=``."""

from typing import Any, Final

from api.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Precondition,
    PreconditionRequired,
    Unauthenticated,
)
from api.http.problem_details import responses

__all__ = ["CHANGES", "EDITS", "SEES", "SENDS"]

Responses = dict[int | str, dict[str, Any]]

SEES: Final[Responses] = responses(Unauthenticated, Forbidden, NotFound)
"""Of a call that names something which not everybody sees."""
SENDS: Final[Responses] = SEES | responses(Invalid)
"""Of one that takes a body or a query, too."""
CHANGES: Final[Responses] = SENDS | responses(Conflict)
"""Of one whose act the state of the thing may not allow, too."""
EDITS: Final[Responses] = CHANGES | responses(Precondition, PreconditionRequired)
"""Of one that must say which version it changes, too."""
