"""What all routes that change a course share."""

from typing import Annotated, TypeAlias

from fastapi import Query, Response
from sqlalchemy.orm import Session

from api.db.models import Assignment, AssignmentProblem, Course
from api.http.etags import Expected, etag
from api.services.audit.change_context import Act, hold

__all__ = ["Confirm", "DryRun", "tag", "taken", "tell_made"]

DryRun: TypeAlias = Annotated[
    bool, Query(description="only say what would come of it; nothing is kept")
]
Confirm: TypeAlias = Annotated[
    bool, Query(description="do it although students have handed in to it")
]


def taken(
    session: Session, row: Assignment | AssignmentProblem | Course, expected: Expected | None = None
) -> None:
    """Hold *row* until the end, and raise `Precondition` where it is not as the caller read it."""
    hold(session, row)
    if expected is not None:
        expected.check(row.version)


def tell_made(response: Response, act: Act) -> None:
    """Answer 200 in place of 201 where it was only tried: nothing was made."""
    if act.dry_run:
        response.status_code = 200


def tag(response: Response, act: Act, version: int) -> None:
    """Put the ETag of a *version* into the response, unless it was only tried."""
    if not act.dry_run:
        response.headers["ETag"] = etag(version)
