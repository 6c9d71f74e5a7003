"""History of a grade: submissions, gradings, overrides, excuses, and each change of the grade."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
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
from api.services.assignments.release import results_shown
from api.services.assignments.rules import rules_for
from api.services.enrolment.display_names import names_of
from api.services.gradebook.sentences import sentence
from api.services.gradebook.students import student_of

__all__ = ["my_history", "student_history"]

Place = tuple[datetime, UUID]
"""Where an event stands: its time, and its id."""


def student_history(
    session: Session,
    member: Member,
    assignment: Assignment,
    user_id: UUID,
    *,
    after: Cursor | None,
    limit: int,
) -> tuple[list[tuple[Place, StaffGradeEvent]], int]:
    """Return a page of a student's events, each with its cursor position, and the grade's version.

    Raises `Forbidden` if the member may not see names in the assignment.
    """
    member.need_names(assignment)
    student = student_of(session, member.course.id, user_id)
    key = {"assignment_id": assignment.id, "student_id": student.id}
    grade = session.get(Grade, key)
    events = _events(session, assignment, student.id)
    return _page(events, after=after, limit=limit), grade.version if grade else 0


def my_history(
    session: Session,
    member: Member,
    assignment: Assignment,
    *,
    after: Cursor | None,
    limit: int,
    now: datetime,
) -> list[tuple[Place, GradeEvent]]:
    """Return a page of the calling student's events.

    Raises `NotReleased` until results are visible.
    """
    if member.is_staff:
        raise NotFound("There is no such assignment.")
    student = member.student_id
    held = rules_for(session, assignment, member.course, [student])[student]
    if not held.released(to_micros(now)):
        raise NotFound("There is no such assignment.")
    results = results_shown(assignment, held, now=now)
    if not results.now:
        raise NotReleased("The results are not released yet.", until=results.since)
    page = _page(_events(session, assignment, student), after=after, limit=limit)
    return [(place, _for_student(event)) for place, event in page]


def _for_student(event: StaffGradeEvent) -> GradeEvent:
    """Return an event without what only staff see: who graded, and the reason of an excuse."""
    told = {name: getattr(event, name) for name in GradeEvent.model_fields}
    if event.kind not in {"override", "override_withdrawn"}:
        told |= {"author": None, "reason": None}
    return GradeEvent(**told)


def _page(
    events: Sequence[StaffGradeEvent], *, after: Cursor | None, limit: int
) -> list[tuple[Place, StaffGradeEvent]]:
    ordered = sorted((((one.at, one.id), one) for one in events), key=lambda one: one[0])
    if after is not None:
        ordered = [one for one in ordered if one[0] > (after.value, after.id)]
    return ordered[:limit]


def _events(session: Session, assignment: Assignment, student: UUID) -> list[StaffGradeEvent]:
    """Return all events of a grade, with a fixed number of queries."""
    slugs = _slugs(session, assignment)
    found = [
        *_submissions(session, slugs, student),
        *_gradings(session, slugs, student),
        *_overrides(session, assignment, slugs, student),
        *_excuses(session, assignment, slugs, student),
        *_changes(session, assignment, student),
    ]
    names = names_of(session, (told["author_id"] for told in found))
    return [_in_words(told, author=names.get(told["author_id"])) for told in found]


def _in_words(told: Mapping[str, Any], *, author: str | None) -> StaffGradeEvent:
    event = StaffGradeEvent(**told, said="", author=author)
    return event.model_copy(update={"said": sentence(event)})


def _slugs(session: Session, assignment: Assignment) -> dict[UUID, str]:
    rows = session.execute(
        select(AssignmentProblem.id, AssignmentProblem.slug).where(
            AssignmentProblem.assignment_id == assignment.id
        )
    )
    return {row[0]: row[1] for row in rows}


def _submissions(
    session: Session, slugs: Mapping[UUID, str], student: UUID
) -> Iterator[dict[str, Any]]:
    rows = session.scalars(
        select(Submission).where(Submission.problem_id.in_(slugs), Submission.student_id == student)
    )
    for one in rows:
        yield {
            "id": one.id,
            "at": one.received_at,
            "kind": "submission",
            "problem": slugs[one.problem_id],
            "sequence": one.sequence,
            "parts": tuple(one.answers),
            "submission": one.id,
            "author_id": one.author_id,
        }


def _gradings(
    session: Session, slugs: Mapping[UUID, str], student: UUID
) -> Iterator[dict[str, Any]]:
    rows = session.execute(
        select(Grading, Answer.problem_id, Answer.part, Answer.submission_id)
        .join(Answer, Answer.id == Grading.answer_id)
        .where(Answer.problem_id.in_(slugs), Answer.student_id == student)
    )
    for one, problem, part, submission in rows:
        yield {
            "id": one.id,
            "at": one.created_at,
            "kind": "grading",
            "problem": slugs[problem],
            "part": part,
            "submission": submission,
            "status": one.status,
            "credit": one.credit,
            "cause": one.kind,
            "cause_id": one.regrade_id,
            "reason": one.reason or None,
            "author_id": one.author_id,
            "mistakes": one.mistakes or None,
            "engine": one.engine,
            "version": one.version_id,
        }


def _overrides(
    session: Session, assignment: Assignment, slugs: Mapping[UUID, str], student: UUID
) -> Iterator[dict[str, Any]]:
    rows = session.scalars(
        select(Override).where(
            Override.assignment_id == assignment.id, Override.student_id == student
        )
    )
    for one in rows:
        told = {
            "kind": "override",
            "problem": slugs.get(one.problem_id) if one.problem_id else None,
            "part": one.part,
            "points": one.points,
            "reason": one.reason,
        }
        yield told | {"id": one.id, "at": one.created_at, "author_id": one.author_id}
        if one.withdrawn_at is not None:
            told |= {"kind": "override_withdrawn"}
            yield told | _ended(one.id, one.withdrawn_at, one.withdrawn_by)


def _excuses(
    session: Session, assignment: Assignment, slugs: Mapping[UUID, str], student: UUID
) -> Iterator[dict[str, Any]]:
    rows = session.scalars(
        select(Excuse).where(Excuse.assignment_id == assignment.id, Excuse.student_id == student)
    )
    for one in rows:
        told = {
            "kind": "excuse",
            "problem": slugs.get(one.problem_id) if one.problem_id else None,
            "reason": one.reason or None,
        }
        yield told | {"id": one.id, "at": one.created_at, "author_id": one.created_by}
        if one.withdrawn_at is not None:
            told |= {"kind": "excuse_withdrawn"}
            yield told | _ended(one.id, one.withdrawn_at, None)


def _ended(row: UUID, at: datetime, author: UUID | None) -> dict[str, Any]:
    """Return id, time and author of a withdrawal; the id differs from the row's own."""
    return {"id": UUID(int=row.int ^ 1), "at": at, "author_id": author}


def _changes(session: Session, assignment: Assignment, student: UUID) -> Iterator[dict[str, Any]]:
    rows = session.scalars(
        select(GradeChange).where(
            GradeChange.assignment_id == assignment.id, GradeChange.student_id == student
        )
    )
    for one in rows:
        yield {
            "id": one.id,
            "at": one.at,
            "kind": "grade",
            "before": one.before,
            "after": one.after,
            "cause": one.cause,
            "cause_id": one.cause_id,
            "author_id": one.author_id,
        }
