"""Assignments of a student in all courses, with a constant number of queries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import Caller, Member
from api.core.clock import to_micros
from api.db.models import Assignment, Course, Draw, Excuse, Standing
from api.schemas.student.assignments import MyAssignment, MyProblem
from api.schemas.student.submissions import ProblemScore
from api.services.assignments.release import Shown, results_shown
from api.services.assignments.rules import rules_of
from api.services.enrolment.student_courses import enrolled, rules_in_all
from api.services.gradebook.book import blank_grade, is_over, posed_problems
from api.services.gradebook.cells import Blanks, Cell, cell_of, id_text, kept_grades
from api.services.grades.assignment import PosedProblem
from api.services.student.problem import score_of
from api.services.student.times import times
from grader.grading.result import FREE
from grader.policy import Rules
from grader.policy.drops import added

__all__ = ["State", "my_assignment", "my_assignments", "rank"]

NEEDS_REVIEW: Final = "needs_review"

State: TypeAlias = Literal["open", "late", "closed"]


def _among(name: str) -> BindParameter[Any]:
    return bindparam(name, expanding=True)


PUBLISHED: Final = select(Assignment).where(
    Assignment.course_id.in_(_among("courses")),
    Assignment.published_at.is_not(None),
    Assignment.deleted_at.is_(None),
)
STANDINGS: Final = select(Standing).where(
    Standing.problem_id.in_(_among("problems")), Standing.student_id.in_(_among("students"))
)
OPENED: Final = select(Draw.problem_id).where(
    Draw.problem_id.in_(_among("problems")), Draw.student_id.in_(_among("students"))
)
EXCUSED: Final = select(Excuse.assignment_id).where(
    Excuse.assignment_id.in_(_among("assignments")),
    Excuse.student_id.in_(_among("students")),
    Excuse.problem_id.is_(None),
    Excuse.withdrawn_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class _Work:
    """A student's work, by assignment and by problem."""

    problems: Mapping[UUID, Sequence[PosedProblem]]
    standings: Mapping[UUID, Standing]
    opened: Collection[UUID]
    grades: Mapping[UUID, Any]
    excused: Collection[UUID]


def my_assignments(
    session: Session,
    caller: Caller,
    *,
    course: UUID | None,
    state: State | None,
    now: datetime,
) -> list[MyAssignment]:
    """Return the assignments released to the calling student: open ones first, next due first."""
    by_course = {one.course.id: one for one in enrolled(session, caller, course=course)}
    if not by_course:
        return []
    published = session.scalars(PUBLISHED, {"courses": list(by_course)}).all()
    rules = rules_in_all(session, published, by_course)
    released = [one for one in published if rules[one.id].released(to_micros(now))]
    work = _work(session, released, {one.student_id for one in by_course.values()})
    told = [
        _told(one, by_course[one.course_id].course, rules[one.id], work, now) for one in released
    ]
    wanted = (one for one in told if state in {None, one.times.state})
    return sorted(wanted, key=lambda one: (rank(one), one.id))


def my_assignment(
    session: Session, member: Member, assignment: Assignment, *, now: datetime
) -> MyAssignment:
    """Return an assignment as a student of the course sees it, released or not."""
    if not member.caller.view_as:
        member.need("see_own_work")
    held = rules_of(session, member, [assignment])[assignment.id]
    work = _work(session, [assignment], [member.student_id])
    return _told(assignment, member.course, held, work, now)


def rank(one: MyAssignment) -> str:
    """Return the sort key of an assignment: open work by its due time, closed work last.

    Late work is sorted by its close, closed work from the latest back.
    """
    end = one.times.due if one.times.state == "open" else one.times.closes
    more = one.times.late_days_until
    if one.times.state == "late" and end is not None and more is not None and end.at < more.at:
        end = more
    at = None if end is None else to_micros(end.at)
    if one.times.state == "closed":
        return f"2 {10**17 - (at or 0):018}"
    return "1" if at is None else f"0 {at:018}"


def _work(session: Session, assignments: Sequence[Assignment], students: Collection[UUID]) -> _Work:
    ids = [one.id for one in assignments]
    problems = posed_problems(session, ids)
    told = {
        "assignments": ids,
        "problems": [one.row.id for those in problems.values() for one in those],
        "students": list(students),
    }
    grades = kept_grades(session, ids, students)
    return _Work(
        problems,
        {row.problem_id: row for row in session.scalars(STANDINGS, told)},
        frozenset(session.scalars(OPENED, told)),
        {one: next(iter(grades.get(id_text(session, one), {}).values()), None) for one in ids},
        frozenset(session.scalars(EXCUSED, told)),
    )


def _told(
    one: Assignment, course: Course, rules: Rules, work: _Work, now: datetime
) -> MyAssignment:
    results = results_shown(one, rules, now=now)
    problems = work.problems.get(one.id, ())

    def blank() -> Cell:
        blanks = Blanks.of(blank_grade(one, course, tuple(problems)), problems)
        return blanks.missing if is_over(rules, now=now) else blanks.open

    cell = cell_of(work.grades[one.id], blank)
    return MyAssignment(
        id=one.id,
        course=course.id,
        course_title=course.title,
        slug=one.slug,
        title=one.title,
        times=times(rules, course.zone, now=now),
        attempts=rules.attempts,
        excused=one.id in work.excused,
        results_shown=results.now,
        results_from=None if results.now else results.since,
        points=added(each.points for each in problems if not each.row.extra),
        grade=_grade(cell) if results.now and one.id not in work.excused else None,
        problems=tuple(_problem(each, work, results) for each in problems),
    )


def _grade(cell: Cell) -> ProblemScore | None:
    if cell.score is None:
        return None
    return ProblemScore(score=cell.score, possible=cell.possible, waiting=cell.waiting)


def _problem(one: PosedProblem, work: _Work, results: Shown) -> MyProblem:
    standing = work.standings.get(one.row.id)
    answered = _answered(standing, results)
    parts = len(one.version.parts)
    opened = standing is not None or one.row.id in work.opened
    started: Literal["new", "opened", "started"] = "opened" if opened else "new"
    return MyProblem(
        problem=one.row.slug,
        title=one.version.title,
        points=one.points,
        extra=one.row.extra,
        state="answered" if answered >= parts else "started" if answered else started,
        parts=parts,
        answered=answered,
        standing=score_of(standing) if results.now else None,
    )


def _answered(standing: Standing | None, results: Shown) -> int:
    """Return the number of parts with a readable answer."""
    parts = standing.parts.values() if standing else ()
    return sum(_is_answered(told, results) for told in parts)


def _is_answered(part: Mapping[str, Any], results: Shown) -> bool:
    """Return whether a part has a readable answer, as far as its student knows.

    While results are hidden, a known mistake in another form counts as unreadable and costs no
    attempt.
    """
    if part["counts"] is None or part["status"] in FREE:
        return False
    is_for_person = part["manual"] or part["status"] == NEEDS_REVIEW
    return results.now or is_for_person or part["attempts"] > 0
