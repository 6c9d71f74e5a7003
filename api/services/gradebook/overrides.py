"""Overrides: points set by hand with a reason and an author, in force until withdrawn."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import Row, Select, select, update
from sqlalchemy.orm import Session, aliased

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, InvalidInput, NotFound
from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, Grade, Override, User
from api.http.field_types import serialize_fraction
from api.http.pagination import Cursor, apply_keyset
from api.schemas.grades.overrides import GradeNow, OverrideDone, OverrideIn, OverrideOut
from api.services.audit import recorder
from api.services.audit.change_context import lock_and_refresh
from api.services.gradebook.students import GradebookStudent, load_student
from api.services.grades import GradeCause, load_and_compute_student_grade, recompute_student_grades
from api.services.grades.assignment import GradingContext, load_grading_context
from grader.policy import format_rounded_number


@dataclass(frozen=True, slots=True)
class _OverrideTarget:
    """Assignment, problem or part that an override is for, and its maximum."""

    problem_id: UUID | None
    part: str | None
    maximum: Fraction


def lock_grade_version(session: Session, assignment: Assignment, student: UUID) -> int:
    """Lock a grade until the transaction ends, and return its version; 0 if there is none yet."""
    lock_and_refresh(session, assignment)
    grade = _load_grade(session, assignment, student)
    return grade.version if grade else 0


def set_override(
    session: Session,
    member: CourseMembership,
    assignment: Assignment,
    payload: OverrideIn,
    *,
    now: datetime,
) -> OverrideDone:
    """Set an override in place of the active one."""
    student = _require_student(session, member, payload.student)
    target = _resolve_target(session, assignment, payload)
    _check_points_within_maximum(payload, target.maximum)
    before = _load_grade(session, assignment, student.id)
    score = before.score if before else None
    row = Override(
        id=new_id(),
        assignment_id=assignment.id,
        problem_id=target.problem_id,
        part=target.part,
        student_id=student.id,
        points=payload.points,
        reason=payload.reason,
        author_id=member.caller.id,
        created_at=now,
    )
    withdraw_replaced_overrides(session, [row], now=now)
    session.add(row)
    _recompute_grade(session, member, row, now=now)
    change = (
        {"score": _serialize_points(score)},
        payload.model_dump(include={"problem", "part"})
        | {"points": _serialize_points(payload.points)},
    )
    recorder.record_action(
        session,
        member,
        "override.set",
        now=now,
        target=("user", student.id),
        change=change,
        reason=payload.reason,
    )
    return _build_override_response(session, assignment, row, score)


def _require_student(session: Session, member: CourseMembership, user_id: UUID) -> GradebookStudent:
    try:
        return load_student(session, member.course.id, user_id)
    except NotFound as error:
        raise InvalidInput.for_field("student", "is not a student of this course") from error


def withdraw_override(
    session: Session,
    member: CourseMembership,
    assignment: Assignment,
    row: Override,
    *,
    now: datetime,
) -> OverrideDone:
    """Withdraw an override, so that the computed points count again."""
    session.refresh(row)
    if row.withdrawn_at is not None:
        raise Conflict("This override was already withdrawn.")
    before = _load_grade(session, assignment, row.student_id)
    score = before.score if before else None
    row.withdrawn_at, row.withdrawn_by = now, member.caller.id
    _recompute_grade(session, member, row, now=now)
    recorder.record_action(
        session,
        member,
        "override.withdrawn",
        now=now,
        target=("user", row.student_id),
        change=({"points": _serialize_points(row.points), "score": _serialize_points(score)}, {}),
        reason=row.reason,
    )
    return _build_override_response(session, assignment, row, score)


def load_override(session: Session, assignment: Assignment, override: UUID) -> Override:
    """Return an override of an assignment, withdrawn or not; raise `NotFound` if there is none."""
    row = session.get(Override, override)
    if row is None or row.assignment_id != assignment.id:
        raise NotFound("There is no such override in this assignment.")
    return row


def withdraw_replaced_overrides(
    session: Session, rows: Sequence[Override], *, now: datetime
) -> None:
    """Withdraw the active overrides that *rows* replace, one statement per part.

    All *rows* belong to one assignment.
    """
    by_target: defaultdict[tuple[UUID | None, str | None], list[Override]] = defaultdict(list)
    for row in rows:
        by_target[row.problem_id, row.part].append(row)
    for (problem_id, part), replacements in by_target.items():
        session.execute(
            update(Override)
            .where(
                Override.assignment_id == replacements[0].assignment_id,
                Override.problem_id.is_not_distinct_from(problem_id),
                Override.part.is_not_distinct_from(part),
                Override.student_id.in_([replacement.student_id for replacement in replacements]),
                Override.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=now, withdrawn_by=replacements[0].author_id)
        )


def _recompute_grade(
    session: Session, member: CourseMembership, row: Override, *, now: datetime
) -> None:
    cause = GradeCause("override", row.id, member.caller.id, now)
    recompute_student_grades(session, row.assignment_id, [row.student_id], cause=cause)


def _resolve_target(
    session: Session, assignment: Assignment, payload: OverrideIn
) -> _OverrideTarget:
    context = load_grading_context(session, assignment.id, [payload.student])
    _check_not_excused(context, payload.student, None)
    if payload.problem is None:
        if payload.part is not None:
            raise InvalidInput.for_field("part", "requires its problem")
        return _OverrideTarget(
            None,
            None,
            load_and_compute_student_grade(session, assignment.id, payload.student).possible,
        )
    problem = next(
        (problem for problem in context.problems if problem.row.slug == payload.problem), None
    )
    if problem is None:
        raise InvalidInput.for_field("problem", "is not a problem of this assignment")
    _check_not_excused(context, payload.student, problem.row)
    if payload.part is None:
        return _OverrideTarget(problem.row.id, None, problem.points)
    part = next((one for one in problem.version.parts if one["id"] == payload.part), None)
    if part is None:
        raise InvalidInput.for_field("part", "is not a part of this problem")
    if problem.row.voided.get(payload.part) == "out":
        raise Conflict(
            "This part is excluded from the score and the maximum, so points have no effect."
        )
    return _OverrideTarget(problem.row.id, payload.part, Fraction(part["points"]))


def _check_not_excused(
    context: GradingContext, student: UUID, problem: AssignmentProblem | None
) -> None:
    if (student, problem.id if problem else None) in context.excused:
        about = "problem" if problem else "assignment"
        raise Conflict(f"The student is excused from this {about}. Withdraw the excuse first.")


def _check_points_within_maximum(payload: OverrideIn, maximum: Fraction) -> None:
    if payload.points > maximum and not payload.over_maximum:
        more = "unless you allow more than the maximum"
        raise InvalidInput.for_field(
            "points", f"must be at most {format_rounded_number(maximum)}, {more}"
        )


def _serialize_points(points: Fraction | None) -> object:
    return None if points is None else serialize_fraction(points)


def _load_grade(session: Session, assignment: Assignment, student: UUID) -> Grade | None:
    key = {"assignment_id": assignment.id, "student_id": student}
    return session.get(Grade, key, populate_existing=True)


def _build_override_response(
    session: Session, assignment: Assignment, row: Override, before: Fraction | None
) -> OverrideDone:
    session.flush()
    key = {"assignment_id": assignment.id, "student_id": row.student_id}
    grade = session.get_one(Grade, key, populate_existing=True)
    joined_row = session.execute(_override_query().where(Override.id == row.id)).one()
    return OverrideDone(
        override=serialize_override(joined_row),
        before=before,
        grade=GradeNow(
            score=grade.score,
            possible=grade.possible,
            waiting=grade.waiting,
            version=grade.version,
        ),
    )


def _override_query() -> Select[Override, str, str, str]:
    author = aliased(User)
    return (
        select(Override, User.name, author.name, AssignmentProblem.slug)
        .join(User, User.id == Override.student_id)
        .join(author, author.id == Override.author_id)
        .outerjoin(AssignmentProblem, AssignmentProblem.id == Override.problem_id)
    )


def list_overrides(
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
    statement = _override_query().where(Override.assignment_id == assignment.id)
    if student is not None:
        statement = statement.where(Override.student_id == student)
    if state != "all":
        withdrawn_at = Override.withdrawn_at
        statement = statement.where(
            withdrawn_at.is_(None) if state == "active" else withdrawn_at.is_not(None)
        )
    page = apply_keyset(
        statement, Override.created_at, Override.id, after=after, order="descending"
    )
    return session.execute(page.limit(limit)).all()


def serialize_override(row: Row[Override, str, str, str]) -> OverrideOut:
    """Return an override as staff see it."""
    override, student, author, slug = row
    return OverrideOut(
        id=override.id,
        student=override.student_id,
        student_name=student,
        problem=slug,
        part=override.part,
        points=override.points,
        reason=override.reason,
        author=author,
        at=override.created_at,
        withdrawn_at=override.withdrawn_at,
    )
