"""Overrides: points set by hand with a reason and an author, in force until withdrawn."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, update
from sqlalchemy.orm import Session, aliased

from api.auth.authorization import Member
from api.core.errors import Conflict, Invalid, NotFound
from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, Grade, Override, User
from api.http.fields import told
from api.http.pagination import Cursor, keyset
from api.schemas.grades.overrides import GradeNow, OverrideDone, OverrideIn, OverrideOut
from api.services.audit import recorder
from api.services.audit.change_context import hold
from api.services.gradebook.students import Student, student_of
from api.services.grades import Cause, grade_of, refresh_all
from api.services.grades.assignment import WholeAssignment, load_assignment
from grader.policy import shown

__all__ = ["held_version", "listed", "override_of", "overrides", "put", "set_aside", "withdraw"]


@dataclass(frozen=True, slots=True)
class _Target:
    """Assignment, problem or part that an override is for, and its maximum."""

    problem_id: UUID | None
    part: str | None
    maximum: Fraction


def held_version(session: Session, assignment: Assignment, student: UUID) -> int:
    """Lock a grade until the transaction ends, and return its version; 0 if there is none yet."""
    hold(session, assignment)
    grade = _grade(session, assignment, student)
    return grade.version if grade else 0


def put(
    session: Session, member: Member, assignment: Assignment, given: OverrideIn, *, now: datetime
) -> OverrideDone:
    """Set an override in place of the active one."""
    student = _student(session, member, given.student)
    target = _target(session, assignment, given)
    _check_points(given, target.maximum)
    before = _grade(session, assignment, student.id)
    score = before.score if before else None
    row = Override(
        id=new_id(),
        assignment_id=assignment.id,
        problem_id=target.problem_id,
        part=target.part,
        student_id=student.id,
        points=given.points,
        reason=given.reason,
        author_id=member.caller.id,
        created_at=now,
    )
    set_aside(session, [row], now=now)
    session.add(row)
    _settle(session, member, row, now=now)
    change = ({"score": _text(score)}, {"points": _text(given.points), **_where(given)})
    recorder.record(
        session,
        member,
        "override.set",
        now=now,
        target=("user", student.id),
        change=change,
        reason=given.reason,
    )
    return _done(session, assignment, row, score)


def _student(session: Session, member: Member, user_id: UUID) -> Student:
    try:
        return student_of(session, member.course.id, user_id)
    except NotFound as error:
        raise Invalid.of("student", "is no student of this course") from error


def withdraw(
    session: Session, member: Member, assignment: Assignment, row: Override, *, now: datetime
) -> OverrideDone:
    """Withdraw an override, so that the computed points count again."""
    session.refresh(row)
    if row.withdrawn_at is not None:
        raise Conflict("This override was withdrawn before.")
    before = _grade(session, assignment, row.student_id)
    score = before.score if before else None
    row.withdrawn_at, row.withdrawn_by = now, member.caller.id
    _settle(session, member, row, now=now)
    recorder.record(
        session,
        member,
        "override.withdrawn",
        now=now,
        target=("user", row.student_id),
        change=({"points": _text(row.points), "score": _text(score)}, {}),
        reason=row.reason,
    )
    return _done(session, assignment, row, score)


def override_of(session: Session, assignment: Assignment, override: UUID) -> Override:
    """Return an override of an assignment, withdrawn or not; raise `NotFound` if there is none."""
    row = session.get(Override, override)
    if row is None or row.assignment_id != assignment.id:
        raise NotFound("There is no such override in this assignment.")
    return row


def set_aside(session: Session, rows: Sequence[Override], *, now: datetime) -> None:
    """Withdraw the active overrides that *rows* replace, one statement per part.

    All *rows* belong to one assignment.
    """
    students: defaultdict[tuple[UUID | None, str | None], list[Override]] = defaultdict(list)
    for row in rows:
        students[row.problem_id, row.part].append(row)
    for (problem_id, part), those in students.items():
        session.execute(
            update(Override)
            .where(
                Override.assignment_id == those[0].assignment_id,
                Override.problem_id.is_not_distinct_from(problem_id),
                Override.part.is_not_distinct_from(part),
                Override.student_id.in_([one.student_id for one in those]),
                Override.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=now, withdrawn_by=those[0].author_id)
        )


def _settle(session: Session, member: Member, row: Override, *, now: datetime) -> None:
    cause = Cause("override", row.id, member.caller.id, now)
    refresh_all(session, row.assignment_id, [row.student_id], cause=cause)


def _target(session: Session, assignment: Assignment, given: OverrideIn) -> _Target:
    here = load_assignment(session, assignment.id, [given.student])
    _check_not_excused(here, given.student, None)
    if given.problem is None:
        if given.part is not None:
            raise Invalid.of("part", "needs the problem that it is of")
        return _Target(None, None, grade_of(session, assignment.id, given.student).possible)
    posed = next((one for one in here.problems if one.row.slug == given.problem), None)
    if posed is None:
        raise Invalid.of("problem", "is no problem of this assignment")
    _check_not_excused(here, given.student, posed.row)
    if given.part is None:
        return _Target(posed.row.id, None, posed.points)
    part = next((one for one in posed.version.parts if one["id"] == given.part), None)
    if part is None:
        raise Invalid.of("part", "is no part of this problem")
    if posed.row.voided.get(given.part) == "out":
        raise Conflict("This part is left out of the score and the maximum; points change nothing.")
    return _Target(posed.row.id, given.part, Fraction(part["points"]))


def _check_not_excused(
    here: WholeAssignment, student: UUID, problem: AssignmentProblem | None
) -> None:
    if (student, problem.id if problem else None) in here.excused:
        about = "problem" if problem else "assignment"
        raise Conflict(f"The student is excused from this {about}. Withdraw the excuse first.")


def _check_points(given: OverrideIn, maximum: Fraction) -> None:
    if given.points > maximum and not given.over_maximum:
        more = "unless more than the maximum is meant"
        raise Invalid.of("points", f"must be at most {shown(maximum)}, {more}")


def _where(given: OverrideIn) -> dict[str, Any]:
    return {"problem": given.problem, "part": given.part}


def _text(points: Fraction | None) -> object:
    return None if points is None else told(points)


def _grade(session: Session, assignment: Assignment, student: UUID) -> Grade | None:
    key = {"assignment_id": assignment.id, "student_id": student}
    return session.get(Grade, key, populate_existing=True)


def _done(
    session: Session, assignment: Assignment, row: Override, before: Fraction | None
) -> OverrideDone:
    session.flush()
    key = {"assignment_id": assignment.id, "student_id": row.student_id}
    grade = session.get_one(Grade, key, populate_existing=True)
    found = session.execute(_joined().where(Override.id == row.id)).one()
    return OverrideDone(
        override=listed(found),
        before=before,
        grade=GradeNow(
            score=grade.score,
            possible=grade.possible,
            waiting=grade.waiting,
            version=grade.version,
        ),
    )


def _joined() -> Select[Override, str, str, str]:
    author = aliased(User)
    return (
        select(Override, User.name, author.name, AssignmentProblem.slug)
        .join(User, User.id == Override.student_id)
        .join(author, author.id == Override.author_id)
        .outerjoin(AssignmentProblem, AssignmentProblem.id == Override.problem_id)
    )


def overrides(
    session: Session,
    assignment: Assignment,
    *,
    student: UUID | None,
    state: str,
    after: Cursor | None,
    limit: int,
) -> Sequence[Row[Override, str, str, str]]:
    """Return at most *limit* overrides of an assignment, newest first.

    *state* is ``active``, ``withdrawn`` or ``all``.
    """
    found = _joined().where(Override.assignment_id == assignment.id)
    if student is not None:
        found = found.where(Override.student_id == student)
    if state != "all":
        ended = Override.withdrawn_at
        found = found.where(ended.is_(None) if state == "active" else ended.is_not(None))
    page = keyset(found, Override.created_at, Override.id, after=after, order="descending")
    return session.execute(page.limit(limit)).all()


def listed(row: Row[Override, str, str, str]) -> OverrideOut:
    """Return an override as staff see it."""
    one, student, author, slug = row
    return OverrideOut(
        id=one.id,
        student=one.student_id,
        student_name=student,
        problem=slug,
        part=one.part,
        points=one.points,
        reason=one.reason,
        author=author,
        at=one.created_at,
        withdrawn_at=one.withdrawn_at,
    )
