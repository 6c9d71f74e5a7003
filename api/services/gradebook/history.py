"""History of a grade: submissions, gradings, overrides, excuses, and each change of the grade."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.clock import to_micros
from api.core.errors import NotFound, NotReleased
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Excuse,
    Grade,
    GradeChange,
    Grading,
    Override,
    Submission,
)
from api.http.pagination import Cursor
from api.schemas.grades.history import GradeEvent, StaffGradeEvent
from api.services.assignments.release import compute_results_visibility
from api.services.assignments.rules import load_rules
from api.services.enrolment.display_names import load_display_names
from api.services.gradebook.event_text import describe_event
from api.services.gradebook.students import load_student

EventKey = tuple[datetime, UUID]
"""Sort key of an event: its time and id."""


def load_student_grade_history(
    session: Session,
    member: CourseMembership,
    assignment: Assignment,
    user_id: UUID,
    *,
    after: Cursor | None,
    limit: int,
) -> tuple[list[tuple[EventKey, StaffGradeEvent]], int]:
    """Return a page of a student's events, each with its cursor position, and the grade's version.

    Raises `Forbidden` if the member may not see names in the assignment.
    """
    member.require_visible_names(assignment)
    student = load_student(session, member.course.id, user_id)
    key = {"assignment_id": assignment.id, "student_id": student.id}
    grade = session.get(Grade, key)
    events = _load_events(session, assignment, student.id)
    return _paginate_events(events, after=after, limit=limit), grade.version if grade else 0


def load_my_grade_history(
    session: Session,
    member: CourseMembership,
    assignment: Assignment,
    *,
    after: Cursor | None,
    limit: int,
    now: datetime,
) -> list[tuple[EventKey, GradeEvent]]:
    """Return a page of the calling student's events.

    Raises `NotReleased` until results are visible.
    """
    if member.is_staff:
        raise NotFound("There is no such assignment.")
    student = member.student_id
    rules = load_rules(session, assignment, member.course, [student])[student]
    if not rules.is_released(to_micros(now)):
        raise NotFound("There is no such assignment.")
    results = compute_results_visibility(assignment, rules, now=now)
    if not results.now:
        raise NotReleased("The results are not released yet.", until=results.since)
    page = _paginate_events(_load_events(session, assignment, student), after=after, limit=limit)
    return [(place, _redact_for_student(event)) for place, event in page]


def _redact_for_student(event: StaffGradeEvent) -> GradeEvent:
    """Return an event without what only staff see: who graded, and the reason of an excuse."""
    fields = {name: getattr(event, name) for name in GradeEvent.model_fields}
    if event.kind not in {"override", "override_withdrawn"}:
        fields |= {"author": None, "reason": None}
    return GradeEvent(**fields)


def _paginate_events(
    events: Sequence[StaffGradeEvent], *, after: Cursor | None, limit: int
) -> list[tuple[EventKey, StaffGradeEvent]]:
    ordered = sorted((((event.at, event.id), event) for event in events), key=lambda item: item[0])
    if after is not None:
        ordered = [one for one in ordered if one[0] > (after.value, after.id)]
    return ordered[:limit]


def _load_events(session: Session, assignment: Assignment, student: UUID) -> list[StaffGradeEvent]:
    """Return all events of a grade, with a fixed number of queries."""
    slugs = _load_slugs(session, assignment)
    rows = [
        *_load_submission_events(session, slugs, student),
        *_load_grading_events(session, slugs, student),
        *_load_override_events(session, assignment, slugs, student),
        *_load_excuse_events(session, assignment, slugs, student),
        *_load_change_events(session, assignment, student),
    ]
    names = load_display_names(session, (told["author_id"] for told in rows))
    return [_build_event(told, author=names.get(told["author_id"])) for told in rows]


def _build_event(fields: Mapping[str, Any], *, author: str | None) -> StaffGradeEvent:
    event = StaffGradeEvent(**fields, text="", author=author)
    return event.model_copy(update={"text": describe_event(event)})


def _load_slugs(session: Session, assignment: Assignment) -> dict[UUID, str]:
    rows = session.execute(
        select(AssignmentProblem.id, AssignmentProblem.slug).where(
            AssignmentProblem.assignment_id == assignment.id
        )
    )
    return {row[0]: row[1] for row in rows}


def _load_submission_events(
    session: Session, slugs: Mapping[UUID, str], student: UUID
) -> Iterator[dict[str, Any]]:
    rows = session.scalars(
        select(Submission).where(Submission.problem_id.in_(slugs), Submission.student_id == student)
    )
    for submission in rows:
        yield {
            "id": submission.id,
            "at": submission.received_at,
            "kind": "submission",
            "problem": slugs[submission.problem_id],
            "sequence": submission.sequence,
            "parts": tuple(submission.answers),
            "submission": submission.id,
            "author_id": submission.author_id,
        }


def _load_grading_events(
    session: Session, slugs: Mapping[UUID, str], student: UUID
) -> Iterator[dict[str, Any]]:
    rows = session.execute(
        select(Grading, Answer.problem_id, Answer.part, Answer.submission_id)
        .join(Answer, Answer.id == Grading.answer_id)
        .where(Answer.problem_id.in_(slugs), Answer.student_id == student)
    )
    for grading, problem, part, submission in rows:
        yield {
            "id": grading.id,
            "at": grading.created_at,
            "kind": "grading",
            "problem": slugs[problem],
            "part": part,
            "submission": submission,
            "status": grading.status,
            "credit": grading.credit,
            "cause": grading.kind,
            "cause_id": grading.regrade_id,
            "reason": grading.reason or None,
            "author_id": grading.author_id,
            "mistakes": grading.mistakes or None,
            "engine": grading.engine,
            "version": grading.version_id,
        }


def _load_override_events(
    session: Session, assignment: Assignment, slugs: Mapping[UUID, str], student: UUID
) -> Iterator[dict[str, Any]]:
    rows = session.scalars(
        select(Override).where(
            Override.assignment_id == assignment.id, Override.student_id == student
        )
    )
    for override in rows:
        fields = {
            "kind": "override",
            "problem": slugs.get(override.problem_id) if override.problem_id else None,
            "part": override.part,
            "points": override.points,
            "reason": override.reason,
        }
        yield fields | {
            "id": override.id,
            "at": override.created_at,
            "author_id": override.author_id,
        }
        if override.withdrawn_at is not None:
            fields |= {"kind": "override_withdrawn"}
            yield fields | _withdrawal_fields(
                override.id, override.withdrawn_at, override.withdrawn_by
            )


def _load_excuse_events(
    session: Session, assignment: Assignment, slugs: Mapping[UUID, str], student: UUID
) -> Iterator[dict[str, Any]]:
    rows = session.scalars(
        select(Excuse).where(Excuse.assignment_id == assignment.id, Excuse.student_id == student)
    )
    for excuse in rows:
        fields = {
            "kind": "excuse",
            "problem": slugs.get(excuse.problem_id) if excuse.problem_id else None,
            "reason": excuse.reason or None,
        }
        yield fields | {"id": excuse.id, "at": excuse.created_at, "author_id": excuse.created_by}
        if excuse.withdrawn_at is not None:
            fields |= {"kind": "excuse_withdrawn"}
            yield fields | _withdrawal_fields(excuse.id, excuse.withdrawn_at, None)


def _withdrawal_fields(row_id: UUID, withdrawn_at: datetime, author: UUID | None) -> dict[str, Any]:
    """Return id, time and author of a withdrawal; the id differs from the row's own."""
    return {"id": UUID(int=row_id.int ^ 1), "at": withdrawn_at, "author_id": author}


def _load_change_events(
    session: Session, assignment: Assignment, student: UUID
) -> Iterator[dict[str, Any]]:
    rows = session.scalars(
        select(GradeChange).where(
            GradeChange.assignment_id == assignment.id, GradeChange.student_id == student
        )
    )
    for change in rows:
        yield {
            "id": change.id,
            "at": change.at,
            "kind": "grade",
            "before": change.before,
            "after": change.after,
            "cause": change.cause,
            "cause_id": change.cause_id,
            "author_id": change.author_id,
        }
