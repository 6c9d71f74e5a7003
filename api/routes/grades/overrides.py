"""Points that a person gives in place of those that were worked out."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import Response

from api.dependencies import HereDep
from api.http.etags import IfMatch, IfMatchNow, etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageWindow
from api.routes.shared.error_responses import EDITS, SENDS
from api.schemas.grades.overrides import OverrideDone, OverrideIn, OverridePage
from api.services.gradebook import overrides

__all__ = ["router"]

router = ApiRouter(tags=["grades"])
PATH = "/assignments/{assignment}/overrides"


@router.get(PATH, responses=SENDS)
def get_overrides(
    assignment: UUID,
    here: HereDep,
    window: PageWindow,
    *,
    student: UUID | None = None,
    state: Literal["active", "withdrawn", "all"] = "active",
) -> OverridePage:
    """List the points that were set by hand in an assignment, the newest first."""
    after = window.after("created_at", datetime)
    with here.reading() as session:
        member, found = here.assignment(session, assignment, right="see_gradebook")
        member.need_names(found)
        rows = overrides.overrides(
            session, found, student=student, state=state, after=after, limit=window.limit + 1
        )
    page = window.page(
        rows,
        end=lambda row: Cursor("created_at", row[0].created_at, row[0].id),
        show=overrides.listed,
    )
    return OverridePage(items=page.items, next=page.next)


@router.post(PATH, status_code=201, responses=EDITS)
def post_override(
    assignment: UUID, body: OverrideIn, here: HereDep, expected: IfMatchNow, response: Response
) -> OverrideDone:
    """Set a student's points by hand; the student sees them with the reason and the author.

    `If-Match` is the version of the student's grade, `"v0"` where there is none yet.
    """
    with here.transaction() as session:
        member, found = here.assignment(session, assignment, right="override_grades")
        expected.check(overrides.held_version(session, found, body.student))
        done = overrides.put(session, member, found, body, now=here.now)
    response.headers["ETag"] = etag(done.grade.version)
    return done


@router.delete(f"{PATH}/{{override}}", responses=EDITS)
def delete_override(
    assignment: UUID, override: UUID, here: HereDep, expected: IfMatch, response: Response
) -> OverrideDone:
    """Withdraw points that were set by hand: what was worked out counts again."""
    with here.transaction() as session:
        member, found = here.assignment(session, assignment, right="override_grades")
        row = overrides.override_of(session, found, override)
        expected.check(overrides.held_version(session, found, row.student_id))
        done = overrides.withdraw(session, member, found, row, now=here.now)
    response.headers["ETag"] = etag(done.grade.version)
    return done
