"""Assignments of a student in all courses, with a constant number of queries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.principal import Principal
from api.core.clock import to_micros
from api.db.models import Assignment, Course, Draw, Excuse, ProblemProgress
from api.schemas.student.assignments import MyAssignment, MyProblem
from api.schemas.student.submissions import ProblemScore
from api.services.assignments.release import Visibility, compute_results_visibility
from api.services.assignments.rules import load_student_rules
from api.services.enrolment.student_courses import (
    load_rules_across_courses,
    load_student_enrolments,
)
from api.services.gradebook.cells import (
    BlankCells,
    GradeCell,
    build_cell,
    format_stored_id,
    load_stored_grades,
)
from api.services.gradebook.gradebook_data import (
    grade_without_submissions,
    is_earning_period_over,
    load_assigned_problems,
)
from api.services.grades.assignment import VersionedProblem
from api.services.student.problem import serialize_progress_score
from api.services.student.times import serialize_times
from grader.grading.result import FREE_STATUSES
from grader.policy import SubmissionRules
from grader.policy.drops import sum_fractions

NEEDS_REVIEW: Final = "needs_review"

AssignmentState: TypeAlias = Literal["open", "late", "closed"]


def _expanding_param(name: str) -> BindParameter[Any]:
    return bindparam(name, expanding=True)


PUBLISHED_QUERY: Final = select(Assignment).where(
    Assignment.course_id.in_(_expanding_param("courses")),
    Assignment.published_at.is_not(None),
    Assignment.deleted_at.is_(None),
)
PROGRESS_QUERY: Final = select(ProblemProgress).where(
    ProblemProgress.problem_id.in_(_expanding_param("problems")),
    ProblemProgress.student_id.in_(_expanding_param("students")),
)
OPENED_PROBLEMS_QUERY: Final = select(Draw.problem_id).where(
    Draw.problem_id.in_(_expanding_param("problems")),
    Draw.student_id.in_(_expanding_param("students")),
)
EXCUSED_ASSIGNMENTS_QUERY: Final = select(Excuse.assignment_id).where(
    Excuse.assignment_id.in_(_expanding_param("assignments")),
    Excuse.student_id.in_(_expanding_param("students")),
    Excuse.problem_id.is_(None),
    Excuse.withdrawn_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class _AssignmentWork:
    """A student's work, by assignment and by problem."""

    problems: Mapping[UUID, Sequence[VersionedProblem]]
    progress: Mapping[UUID, ProblemProgress]
    opened: Collection[UUID]
    grades: Mapping[UUID, Any]
    excused: Collection[UUID]


def list_my_assignments(
    session: Session,
    caller: Principal,
    *,
    course: UUID | None,
    state: AssignmentState | None,
    now: datetime,
) -> list[MyAssignment]:
    """Return the assignments released to the calling student: open ones first, next due first."""
    by_course = {
        one.course.id: one for one in load_student_enrolments(session, caller, course=course)
    }
    if not by_course:
        return []
    published = session.scalars(PUBLISHED_QUERY, {"courses": list(by_course)}).all()
    rules = load_rules_across_courses(session, published, by_course)
    released = [one for one in published if rules[one.id].is_released(to_micros(now))]
    work = _load_work(session, released, {one.student_id for one in by_course.values()})
    assignments = [
        _serialize_assignment(one, by_course[one.course_id].course, rules[one.id], work, now)
        for one in released
    ]
    matching = (assignment for assignment in assignments if state in {None, assignment.times.state})
    return sorted(matching, key=lambda item: (due_sort_key(item), item.id))


def load_my_assignment(
    session: Session, member: CourseMembership, assignment: Assignment, *, now: datetime
) -> MyAssignment:
    """Return an assignment as a student of the course sees it, released or not."""
    if not member.caller.view_as:
        member.require("see_own_work")
    rules = load_student_rules(session, member, [assignment])[assignment.id]
    work = _load_work(session, [assignment], [member.student_id])
    return _serialize_assignment(assignment, member.course, rules, work, now)


def due_sort_key(assignment: MyAssignment) -> str:
    """Return the sort key of an assignment: open work by its due time, closed work last.

    Late work is sorted by its close, closed work from the latest back.
    """
    end = assignment.times.due if assignment.times.state == "open" else assignment.times.closes
    late_days_end = assignment.times.late_days_until
    if (
        assignment.times.state == "late"
        and end is not None
        and late_days_end is not None
        and end.at < late_days_end.at
    ):
        end = late_days_end
    end_micros = None if end is None else to_micros(end.at)
    if assignment.times.state == "closed":
        return f"2 {10**17 - (end_micros or 0):018}"
    return "1" if end_micros is None else f"0 {end_micros:018}"


def _load_work(
    session: Session, assignments: Sequence[Assignment], students: Collection[UUID]
) -> _AssignmentWork:
    ids = [assignment.id for assignment in assignments]
    problems = load_assigned_problems(session, ids)
    params = {
        "assignments": ids,
        "problems": [one.row.id for those in problems.values() for one in those],
        "students": list(students),
    }
    grades = load_stored_grades(session, ids, students)
    return _AssignmentWork(
        problems,
        {row.problem_id: row for row in session.scalars(PROGRESS_QUERY, params)},
        frozenset(session.scalars(OPENED_PROBLEMS_QUERY, params)),
        {
            one: next(iter(grades.get(format_stored_id(session, one), {}).values()), None)
            for one in ids
        },
        frozenset(session.scalars(EXCUSED_ASSIGNMENTS_QUERY, params)),
    )


def _serialize_assignment(
    assignment: Assignment,
    course: Course,
    rules: SubmissionRules,
    work: _AssignmentWork,
    now: datetime,
) -> MyAssignment:
    results = compute_results_visibility(assignment, rules, now=now)
    problems = work.problems.get(assignment.id, ())

    def choose_blank_cell() -> GradeCell:
        blanks = BlankCells.from_grade(
            grade_without_submissions(assignment, course, tuple(problems)), problems
        )
        return blanks.missing if is_earning_period_over(rules, now=now) else blanks.open

    cell = build_cell(work.grades[assignment.id], choose_blank_cell)
    return MyAssignment(
        id=assignment.id,
        course=course.id,
        course_title=course.title,
        slug=assignment.slug,
        title=assignment.title,
        times=serialize_times(rules, course.zone, now=now),
        attempts=rules.attempts,
        excused=assignment.id in work.excused,
        results_shown=results.now,
        results_from=None if results.now else results.since,
        points=sum_fractions(each.points for each in problems if not each.row.extra),
        grade=_serialize_cell_score(cell)
        if results.now and assignment.id not in work.excused
        else None,
        problems=tuple(_serialize_problem(each, work, results) for each in problems),
    )


def _serialize_cell_score(cell: GradeCell) -> ProblemScore | None:
    if cell.score is None:
        return None
    return ProblemScore(score=cell.score, possible=cell.possible, waiting=cell.waiting)


def _serialize_problem(
    problem: VersionedProblem, work: _AssignmentWork, results: Visibility
) -> MyProblem:
    progress = work.progress.get(problem.row.id)
    answered = _count_answered(progress, results)
    parts = len(problem.version.parts)
    opened = progress is not None or problem.row.id in work.opened
    unanswered_state: Literal["new", "opened", "started"] = "opened" if opened else "new"
    return MyProblem(
        problem=problem.row.slug,
        title=problem.version.title,
        points=problem.points,
        extra=problem.row.extra,
        state="answered" if answered >= parts else "started" if answered else unanswered_state,
        parts=parts,
        answered=answered,
        standing=serialize_progress_score(progress) if results.now else None,
    )


def _count_answered(progress: ProblemProgress | None, results: Visibility) -> int:
    """Return the number of parts with a readable answer."""
    parts = progress.parts.values() if progress else ()
    return sum(_is_answered(told, results) for told in parts)


def _is_answered(part: Mapping[str, Any], results: Visibility) -> bool:
    """Return whether a part has a readable answer, as far as its student knows.

    While results are hidden, a known mistake in another form counts as unreadable and costs no
    attempt.
    """
    if part["counts"] is None or part["status"] in FREE_STATUSES:
        return False
    is_for_person = part["manual"] or part["status"] == NEEDS_REVIEW
    return results.now or is_for_person or part["attempts"] > 0
