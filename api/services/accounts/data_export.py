"""Export of all personal data of an account as JSON, for its owner, in pieces.

The export reveals nothing early: a submission comes with the reply of the time, and a grade or a
comment only once results are shown to the student.

Submissions and drafts may be large. One transaction reads their ids and everything short; they
follow in small batches. So memory is bounded, and a slow reader holds no transaction. Submissions
never change; a draft is read in its current state when its turn comes.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.core.json_text import written
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    AuditEntry,
    Base,
    Comment,
    Course,
    Draft,
    Enrolment,
    Extension,
    Grade,
    Override,
    RegradeRequest,
    Submission,
    User,
)
from api.http.fields import told
from api.schemas.accounts.account import MeExport
from api.services.accounts.profile import courses_of
from api.services.accounts.sessions import sessions_of
from api.services.accounts.tokens import tokens_of
from api.services.assignments.release import results_shown
from api.services.assignments.rules import rules_for

__all__ = ["export"]

Data: TypeAlias = dict[str, Any]
BATCH_SIZE: Final = 10
"""How many submissions or drafts are in memory at a time: each may have some hundred KiB."""
PROFILE: Final = ("id", "name", "family_name", "email", "student_number", "login", "created_at")


class Reading(Protocol):
    """Factory of read-only database sessions."""

    def __call__(self) -> AbstractContextManager[Session]:
        """Return a read-only session, to be used in a ``with``."""


def export(reading: Reading, user: User, *, now: datetime) -> Iterator[str]:
    """Return all data about *user* as pieces of one JSON object, a `MeExport`.

    The first transaction has ended when it returns.
    """
    with reading() as session:
        short = _short(session, user, now=now)
        submissions = session.scalars(
            select(Submission.id)
            .where(Submission.student_id == user.id)
            .order_by(Submission.received_at, Submission.id)
        ).all()
        drafts = session.scalars(select(Draft.problem_id).where(Draft.student_id == user.id)).all()
    large = {
        "submissions": _in_batches(reading, _submissions, submissions),
        "drafts": _in_batches(reading, partial(_drafts, student=user.id), drafts),
    }
    return _pieces(short, large)


def _short(session: Session, user: User, *, now: datetime) -> MeExport:
    """Return the export without submissions and drafts."""
    shown = _shown(session, user.id, now=now)
    return MeExport(
        exported_at=now,
        profile=_row(user, PROFILE),
        courses=tuple(one.model_dump(mode="json") for one in courses_of(session, user.id)),
        submissions=(),
        drafts=(),
        grades=_grades(session, user.id, shown),
        comments=_comments(session, user.id, shown),
        regrade_requests=_requests(session, user.id),
        extensions=_extensions(session, user.id),
        tokens=tuple(
            _row(one, ("name", "prefix", "scopes", "created_at", "expires_at", "last_used_at"))
            for one in tokens_of(session, user.id)
        ),
        sessions=tuple(
            _row(one, ("created_at", "seen_at")) for one in sessions_of(session, user.id, now=now)
        ),
        acts=_acts(session, user.id),
    )


def _pieces(short: MeExport, large: Mapping[str, Iterator[Data]]) -> Iterator[str]:
    """Yield *short* as JSON; its fields that are in *large* are streamed item by item."""
    begin = "{"
    for name, value in short.model_dump(mode="json").items():
        yield f"{begin}{written(name)}:"
        begin = ","
        if name in large:
            yield "["
            for number, item in enumerate(large[name]):
                yield f"{',' if number else ''}{written(item)}"
            yield "]"
        else:
            yield written(value)
    yield "}"


def _in_batches(
    reading: Reading, read: Callable[[Session, Sequence[UUID]], Iterable[Data]], ids: Sequence[UUID]
) -> Iterator[Data]:
    """Yield the items of *ids* in order; each batch is read in its own session."""
    for start in range(0, len(ids), BATCH_SIZE):
        batch = ids[start : start + BATCH_SIZE]
        with reading() as session:
            items = list(read(session, batch))
        yield from items


def _row(row: Base, names: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _shown(session: Session, student: UUID, *, now: datetime) -> set[UUID]:
    """Return the assignments whose results the student sees now."""
    found = session.execute(
        select(Assignment, Course)
        .join(Course, Course.id == Assignment.course_id)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .where(Enrolment.user_id == student, Assignment.published_at.is_not(None))
    )
    seen = set()
    for assignment, course in found:
        rules = rules_for(session, assignment, course, [student])[student]
        if rules.released(to_micros(now)) and results_shown(assignment, rules, now=now).now:
            seen.add(assignment.id)
    return seen


def _submissions(session: Session, ids: Sequence[UUID]) -> list[Data]:
    rows = session.scalars(
        select(Submission)
        .where(Submission.id.in_(ids))
        .order_by(Submission.received_at, Submission.id)
    )
    names = ("id", "problem_id", "sequence", "received_at", "answers")
    return [_row(one, names) | {"told": one.reply} for one in rows]


def _drafts(session: Session, problems: Sequence[UUID], *, student: UUID) -> list[Data]:
    rows = session.scalars(
        select(Draft).where(Draft.student_id == student, Draft.problem_id.in_(problems))
    )
    return [_row(one, ("problem_id", "answers", "saved_at")) for one in rows]


def _grades(session: Session, student: UUID, shown: Collection[UUID]) -> tuple[dict[str, Any], ...]:
    rows = session.scalars(
        select(Grade).where(Grade.student_id == student).order_by(Grade.assignment_id)
    )
    overrides = session.scalars(
        select(Override)
        .where(Override.student_id == student, Override.withdrawn_at.is_(None))
        .order_by(Override.created_at, Override.id)
    ).all()
    return tuple(
        _row(one, ("assignment_id", "updated_at"))
        | {
            "score": None if one.score is None else told(one.score),
            "possible": told(one.possible),
            "overrides": [
                _row(other, ("part", "reason", "created_at")) | {"points": told(other.points)}
                for other in overrides
                if other.assignment_id == one.assignment_id
            ],
        }
        for one in rows
        if one.assignment_id in shown
    )


def _comments(
    session: Session, user_id: UUID, shown: Collection[UUID]
) -> tuple[dict[str, Any], ...]:
    """Return the comments that the user wrote, and those that staff published on their answers."""
    rows = session.execute(
        select(Comment, AssignmentProblem.assignment_id)
        .join(Answer, Answer.id == Comment.answer_id)
        .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
        .where(
            Comment.deleted_at.is_(None),
            or_(
                Comment.author_id == user_id,
                (Answer.student_id == user_id) & Comment.public,
            ),
        )
        .order_by(Comment.created_at, Comment.id)
    )
    return tuple(
        _row(one, ("answer_id", "text", "created_at")) | {"mine": one.author_id == user_id}
        for one, assignment in rows
        if one.author_id == user_id or assignment in shown
    )


def _requests(session: Session, student: UUID) -> tuple[dict[str, Any], ...]:
    rows = session.scalars(
        select(RegradeRequest)
        .where(RegradeRequest.student_id == student)
        .order_by(RegradeRequest.created_at, RegradeRequest.id)
    )
    names = ("answer_id", "text", "status", "reply", "created_at", "replied_at")
    return tuple(_row(one, names) for one in rows)


def _extensions(session: Session, student: UUID) -> tuple[dict[str, Any], ...]:
    rows = session.scalars(
        select(Extension)
        .where(Extension.student_id == student, Extension.withdrawn_at.is_(None))
        .order_by(Extension.created_at, Extension.id)
    )
    return tuple(
        _row(one, ("course_id", "assignment_id", "spec", "reason", "created_at")) for one in rows
    )


def _acts(session: Session, user_id: UUID) -> tuple[dict[str, Any], ...]:
    """Return the user's actions in the audit log, without the people that they concern."""
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.actor_id == user_id)
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    return tuple(_row(one, ("at", "action", "target")) for one in rows)
