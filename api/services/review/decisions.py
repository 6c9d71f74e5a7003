"""Regrade requests as staff see them, and decisions on them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Row, case, select, type_coerce
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem, CourseMembership
from api.auth.principal import Principal
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
from api.http.etags import IfMatchVersions
from api.http.pagination import Cursor, apply_keyset
from api.schemas.grading.regrade_requests import DecisionIn, RequestStatus, RequestView
from api.services.audit.recorder import record_action
from api.services.courses.active_students import ACTIVE_PEOPLE
from api.services.engine.variants import VariantCache
from api.services.enrolment.display_names import load_display_names
from api.services.problems.versions import part_titles
from api.services.review.identity_masks import NO_MASK, IdentityMask, load_identity_masks
from api.services.review.marks.marking import mark_answer
from api.services.review.review_subjects import (
    AnswerContext,
    load_answer_unchecked,
    load_student_masks,
    serialize_student,
)
from api.services.review.serializers import serialize_staff

_RequestColumns: TypeAlias = tuple[RegradeRequest, Answer, AssignmentProblem, ProblemVersion]

REQUEST_NOT_FOUND_MESSAGE = "There is no such request."
DECIDED_OFFSET_MICROS: Final = 2**61
"""Offset greater than any time in microseconds: decided requests sort after open ones."""


def list_regrade_requests(
    session: Session,
    member: CourseMembership,
    assignment: Assignment,
    *,
    status: RequestStatus | None,
    after: Cursor | None,
    limit: int,
) -> list[RequestView]:
    """Return a page of the requests of an assignment: open ones first, then oldest first."""
    students = select(Enrolment.user_id).where(
        Enrolment.course_id == assignment.course_id, *ACTIVE_PEOPLE
    )
    query = (
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
        query = query.where(RegradeRequest.status == status)
    page = apply_keyset(
        query, _build_regrade_request_order(), RegradeRequest.id, after=after
    ).limit(limit)
    return _serialize_requests(session, member, assignment, session.execute(page).all())


def load_requests_about_answer(session: Session, context: AnswerContext) -> list[RequestView]:
    """Return the regrade requests about an answer, oldest first."""
    query = (
        select(RegradeRequest)
        .where(RegradeRequest.answer_id == context.answer.id)
        .order_by(RegradeRequest.created_at, RegradeRequest.id)
    )
    rows = session.scalars(query).all()
    people = {row.student_id for row in rows} | {row.replied_by for row in rows}
    names = load_display_names(session, people)
    problem = context.part.assigned_problem
    masks = load_student_masks(session, context.part, {row.student_id for row in rows})
    return [_serialize_request(row, context.answer, problem, names, masks) for row in rows]


def _build_regrade_request_order() -> ColumnElement[int]:
    later = case((RegradeRequest.status == "open", 0), else_=DECIDED_OFFSET_MICROS)
    return type_coerce(RegradeRequest.created_at, BigInteger) + type_coerce(later, BigInteger)


def build_regrade_request_cursor(row: RequestView) -> Cursor:
    """Return the pagination cursor of a page that ends with this request."""
    later = 0 if row.status == "open" else DECIDED_OFFSET_MICROS
    return Cursor("requests", to_micros(row.created_at) + later, row.id)


def _serialize_requests(
    session: Session,
    member: CourseMembership,
    assignment: Assignment,
    rows: Sequence[Row[*_RequestColumns]],
) -> list[RequestView]:
    people = {row[0].student_id for row in rows} | {row[0].replied_by for row in rows}
    names = load_display_names(session, people)
    masks: Mapping[UUID, IdentityMask] = {}
    if member.cannot_see_names_in(assignment):
        masks = load_identity_masks(session, {row[0].student_id for row in rows})
    return [
        _serialize_request(
            row, answer, AssignedProblem(member, assignment, problem, version), names, masks
        )
        for row, answer, problem, version in rows
    ]


def _serialize_request(
    row: RegradeRequest,
    answer: Answer,
    assigned_problem: AssignedProblem,
    names: dict[UUID, str],
    masks: Mapping[UUID, IdentityMask],
) -> RequestView:
    mask = masks.get(row.student_id, NO_MASK)
    return RequestView(
        id=row.id,
        assignment=assigned_problem.assignment.id,
        problem=assigned_problem.problem.slug,
        part=answer.part,
        part_title=part_titles(assigned_problem.version.parts).get(answer.part, ""),
        answer=answer.id,
        student=serialize_student(assigned_problem, row.student_id, names.get(row.student_id, "")),
        text=mask.apply(row.text),
        status=row.status,  # type: ignore[arg-type]  # only three values are stored
        reply=mask.apply(row.reply),
        created_at=row.created_at,
        replied_at=row.replied_at,
        replied_by=serialize_staff(row.replied_by, names),
        credit=answer.credit,
    )


def decide_regrade_request(
    session: Session,
    caller: Principal,
    request: UUID,
    decision: DecisionIn,
    *,
    variants: VariantCache,
    now: datetime,
) -> RequestView:
    """Answer a request, and grade the answer again if the decision contains a mark.

    Raises `Conflict` if it was answered already.
    """
    row = session.get(RegradeRequest, request, with_for_update=True)
    if row is None:
        raise NotFound(REQUEST_NOT_FOUND_MESSAGE)
    context = _load_answer_of_request(session, caller, row)
    if row.status != "open":
        raise Conflict("This request is already answered.")
    if decision.mark is not None:
        context.member.require("mark")
        mark_answer(
            session,
            context,
            decision.mark,
            variants=variants,
            expected=IfMatchVersions(None),
            now=now,
        )
    row.status, row.reply = decision.decision, decision.reply
    row.replied_by, row.replied_at = caller.id, now
    row.version += 1
    record_action(
        session,
        context.member,
        "request.answered",
        now=now,
        target=("regrade_request", row.id),
        change=({"status": "open"}, {"status": row.status}),
        reason=decision.reply,
    )
    names = load_display_names(session, {row.student_id, caller.id})
    problem = context.part.assigned_problem
    masks = load_student_masks(session, context.part, [row.student_id])
    return _serialize_request(row, context.answer, problem, names, masks)


def _load_answer_of_request(
    session: Session, caller: Principal, row: RegradeRequest
) -> AnswerContext:
    """Return the answer that a request concerns.

    Raises `NotFound` if the caller may not see it.
    """
    try:
        context = load_answer_unchecked(session, caller, row.answer_id)
    except NotFound as error:
        raise NotFound(REQUEST_NOT_FOUND_MESSAGE) from error
    if not context.member.is_staff and context.answer.student_id != context.member.student_id:
        raise NotFound(REQUEST_NOT_FOUND_MESSAGE)
    context.member.require("answer_requests")
    return context
