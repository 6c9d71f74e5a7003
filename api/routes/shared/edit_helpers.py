"""Helpers shared by all routes that change a course."""

from typing import Annotated, TypeAlias

from fastapi import Query, Response
from sqlalchemy.orm import Session

from api.db.models import Assignment, AssignmentProblem, Course
from api.http.etags import IfMatchVersions, format_etag
from api.services.audit.change_context import ChangeContext, lock_and_refresh

DryRun: TypeAlias = Annotated[bool, Query(description="only return the effect; nothing is stored")]
Confirm: TypeAlias = Annotated[
    bool, Query(description="delete it although students have submitted work")
]


def lock_row(
    session: Session,
    row: Assignment | AssignmentProblem | Course,
    expected: IfMatchVersions | None = None,
) -> None:
    """Lock *row*; raise `PreconditionFailed` if its version is not the *expected* one."""
    lock_and_refresh(session, row)
    if expected is not None:
        expected.check(row.version)


def set_dry_run_status(response: Response, act: ChangeContext) -> None:
    """Set the status to 200 instead of 201 for a dry run, which creates nothing."""
    if act.dry_run:
        response.status_code = 200


def set_etag(response: Response, act: ChangeContext, version: int) -> None:
    """Set the ETag of *version* on the response, except for a dry run."""
    if not act.dry_run:
        response.headers["ETag"] = format_etag(version)
