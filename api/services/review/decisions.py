"""Regrade requests as staff see them, and decisions on them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Row, case, select, type_coerce
from sqlalchemy.orm import Session

from api.auth.authorization import Caller, Member, Posed
from api.core.clock import to_micros
from api.core.errors import Conflict, NotFound
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Enrolment,
    ProblemVersion,
    RegradeRequest,
)
from api.http.etags import Expected
from api.http.pagination import Cursor, keyset
from api.schemas.grading.regrade_requests import DecisionIn, RequestStatus, RequestView
from api.services.audit.recorder import record
from api.services.courses.active_students import PRESENT
from api.services.engine.variants import Variants
from api.services.enrolment.display_names import names_of
from api.services.problems.versions import titles_of_parts
from api.services.review.locations import Found, reach_answer, who
from api.services.review.marks.marking import mark
from api.services.review.serializers import staff

__all__ = ["decide", "request_cursor", "requests_to"]

_Columns: TypeAlias = tuple[RegradeRequest, Answer, AssignmentProblem, ProblemVersion]

NO_REQUEST = "There is no such request."
AFTERWARDS: Final = 2**61
"""More than any time in microseconds: what was decided comes after all that is open."""


def requests_to(
    session: Session,
    member: Member,
    assignment: Assignment,
    *,
    status: RequestStatus | None,
    after: Cursor | None,
    limit: int,
) -> list[RequestView]:
    """Return a page of the requests of an assignment: open ones first, then oldest first."""
    students = select(Enrolment.user_id).where(
        Enrolment.course_id == assignment.course_id, *PRESENT
    )
    rows = (
        select(RegradeRequest, Answer, AssignmentProblem, ProblemVersion)
        .join(Answer, Answer.id == RegradeRequest.answer_id)
        .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
        .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
        .where(
            AssignmentProblem.assignment_id == assignment.id,
            AssignmentProblem.removed_at.is_(None),
            RegradeRequest.student_id.in_(students),
        )
    )
    if status is not None:
        rows = rows.where(RegradeRequest.status == status)
    page = keyset(rows, _order(), RegradeRequest.id, after=after).limit(limit)
    return _views(session, member, assignment, session.execute(page).all())


def _order() -> ColumnElement[int]:
    later = case((RegradeRequest.status == "open", 0), else_=AFTERWARDS)
    return type_coerce(RegradeRequest.created_at, BigInteger) + type_coerce(later, BigInteger)


def request_cursor(row: RequestView) -> Cursor:
    """Return the pagination cursor of a page that ends with this request."""
    later = 0 if row.status == "open" else AFTERWARDS
    return Cursor("requests", to_micros(row.created_at) + later, row.id)


def _views(
    session: Session, member: Member, assignment: Assignment, found: Sequence[Row[*_Columns]]
) -> list[RequestView]:
    people = {row[0].student_id for row in found} | {row[0].replied_by for row in found}
    names = names_of(session, people)
    return [
        _view(row, answer, Posed(member, assignment, problem, version), names)
        for row, answer, problem, version in found
    ]


def _view(row: RegradeRequest, answer: Answer, posed: Posed, names: dict[UUID, str]) -> RequestView:
    return RequestView(
        id=row.id,
        assignment=posed.assignment.id,
        problem=posed.problem.slug,
        part=answer.part,
        part_title=titles_of_parts(posed.version.parts).get(answer.part, ""),
        answer=answer.id,
        student=who(posed, row.student_id, names.get(row.student_id, "")),
        text=row.text,
        status=row.status,  # type: ignore[arg-type]  # only three values are stored
        reply=row.reply,
        created_at=row.created_at,
        replied_at=row.replied_at,
        replied_by=staff(row.replied_by, names),
        credit=answer.credit,
    )


def decide(
    session: Session,
    caller: Caller,
    request: UUID,
    given: DecisionIn,
    *,
    variants: Variants,
    now: datetime,
) -> RequestView:
    """Answer a request, and grade the answer again if the decision contains a mark.

    Raises `Conflict` if it was answered already.
    """
    row = session.get(RegradeRequest, request, with_for_update=True)
    if row is None:
        raise NotFound(NO_REQUEST)
    found = _reach(session, caller, row)
    if row.status != "open":
        raise Conflict("This request was answered already.")
    if given.mark is not None:
        found.member.need("mark")
        mark(session, found, given.mark, variants=variants, expected=Expected(None), now=now)
    row.status, row.reply = given.decision, given.reply
    row.replied_by, row.replied_at = caller.id, now
    row.version += 1
    record(
        session,
        found.member,
        "request.answered",
        now=now,
        target=("regrade_request", row.id),
        change=({"status": "open"}, {"status": row.status}),
        reason=given.reply,
    )
    names = names_of(session, {row.student_id, caller.id})
    return _view(row, found.answer, found.asked.posed, names)


def _reach(session: Session, caller: Caller, row: RegradeRequest) -> Found:
    """Return the answer that a request concerns.

    Raises `NotFound` if the caller may not see it.
    """
    try:
        found = reach_answer(session, caller, row.answer_id)
    except NotFound as error:
        raise NotFound(NO_REQUEST) from error
    if not found.member.is_staff and found.answer.student_id != found.member.student_id:
        raise NotFound(NO_REQUEST)
    found.member.need("answer_requests")
    return found
