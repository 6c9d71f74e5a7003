"""Grades of one student with every step, for staff and for the student."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.clock import from_micros, to_micros
from api.core.errors import NotFound
from api.db.models import Assignment, Override, ProblemProgress
from api.schemas.grades.grades import (
    GradeHidden,
    GradeLine,
    GradeShown,
    GradeStep,
    LateDaysOut,
    LateDaysSpent,
    MyGrades,
    OverrideShown,
    ProblemGrade,
    StaffGrade,
    StudentGrades,
)
from api.services.assignments.anonymity import is_blind_in_course
from api.services.assignments.release import Visibility, compute_results_visibility
from api.services.enrolment.display_names import load_display_names
from api.services.gradebook.cells import GradeCell, load_cells
from api.services.gradebook.gradebook_data import GradebookData, load_gradebook, parse_categories
from api.services.gradebook.students import GradebookStudent, load_student
from api.services.gradebook.totals import to_assignment_line
from api.services.grades import deserialize_part_progress
from api.services.grades.assignment import (
    StoredProgress,
    VersionedProblem,
    build_problem_line,
    compute_student_grade,
)
from api.services.problems.versions import part_titles
from grader.policy import (
    BreakdownStep,
    ComputedGrade,
    ScoreBreakdown,
    compute_course_grade,
    compute_problem_grade,
)

TOTAL_LABEL: Final = "Total"
NOT_A_STUDENT_MESSAGE: Final = (
    "You are not a student of this course. Staff read the grades of a student under students/{id}."
)


@dataclass(frozen=True, slots=True)
class _StudentRecord:
    """Data of one student: *progress* in problems, and *author_names* by id."""

    book: GradebookData
    student: GradebookStudent
    cells: Mapping[UUID, GradeCell]
    progress: StoredProgress
    author_names: Mapping[UUID, str]


def load_student_grades(
    session: Session, member: CourseMembership, user_id: UUID, *, now: datetime
) -> StudentGrades:
    """Return all grades of a student, released or not, except withheld assignments."""
    student = load_student(session, member.course.id, user_id)
    record = _load_student_record(session, member, student, now=now)
    graded = _grade_course(record, record.book.assignments)
    totals = _serialize_totals(record, graded)
    assignments = tuple(
        _serialize_for_staff(record, assignment, now) for assignment in record.book.assignments
    )
    if record.book.withheld:
        totals |= {"percent": None, "explain": ()}
    if is_blind_in_course(session, member.role, member.course.id):
        totals |= {"late_days": None}
        hidden = {"not_released_until": None}
        assignments = tuple(assignment.model_copy(update=hidden) for assignment in assignments)
    return StudentGrades(
        course=member.course.id,
        user=student.id,
        name=student.name,
        counts=student.counts,
        **totals,
        withheld=tuple(one.id for one in record.book.withheld),
        assignments=assignments,
    )


def load_my_grades(session: Session, member: CourseMembership, *, now: datetime) -> MyGrades:
    """Return the released grades of the calling student, and when the others are released."""
    if member.is_staff:
        raise NotFound(NOT_A_STUDENT_MESSAGE)
    student = load_student(session, member.course.id, member.student_id)
    record = _load_student_record(session, member, student, now=now)
    book = record.book
    visible = [
        assignment
        for assignment in book.assignments
        if book.rules_for(assignment, student).is_released(to_micros(now))
    ]
    grades = [_serialize_for_student(record, one, now) for one in visible]
    released = [one for one, shown in zip(visible, grades, strict=True) if shown.results_shown]
    return MyGrades(
        course=member.course.id,
        course_title=member.course.title,
        **_serialize_totals(record, _grade_course(record, released)),
        assignments=tuple(grades),
    )


def _load_student_record(
    session: Session, member: CourseMembership, student: GradebookStudent, *, now: datetime
) -> _StudentRecord:
    book = load_gradebook(session, member.course, [student], reader=member)
    cells = load_cells(session, book, now=now)[student.id]
    ids = [assignment.id for assignment in book.assignments]
    problem_ids = [one.row.id for those in book.problems.values() for one in those]
    rows = session.execute(
        select(ProblemProgress.student_id, ProblemProgress.problem_id, ProblemProgress.parts).where(
            ProblemProgress.problem_id.in_(problem_ids), ProblemProgress.student_id == student.id
        )
    )
    return _StudentRecord(
        book,
        student,
        dict(zip(ids, cells, strict=True)),
        {(owner, problem): parts for owner, problem, parts in rows},
        load_display_names(session, (override.author_id for override in book.overrides)),
    )


def _grade_course(record: _StudentRecord, assignments: Sequence[Assignment]) -> ComputedGrade:
    lines = [to_assignment_line(one, record.cells[one.id]) for one in assignments]
    return compute_course_grade(lines, parse_categories(record.book.course))


def _serialize_totals(record: _StudentRecord, graded: ComputedGrade) -> dict[str, Any]:
    return {
        "percent": graded.score if graded.possible else None,
        "waiting": graded.waiting,
        "waiting_points": graded.pending.possible,
        "explain": tuple(
            _serialize_breakdown(breakdown, "", {}) for breakdown in graded.breakdowns
        ),
        "late_days": _serialize_late_days(record),
    }


def _serialize_late_days(record: _StudentRecord) -> LateDaysOut:
    spent = [
        LateDaysSpent(assignment=assignment, days=days)
        for (assignment, _), days in record.book.late_days.items()
    ]
    budget = record.book.course.late_day_budget
    left = max(0, budget - record.book.late_days_spent.get(record.student.id, 0))
    return LateDaysOut(budget=budget, left=left, spent=tuple(spent))


def _serialize_assignment(assignment: Assignment) -> dict[str, Any]:
    return {
        "assignment": assignment.id,
        "slug": assignment.slug,
        "title": assignment.title,
        "category": assignment.category,
        "extra": assignment.extra,
    }


def _serialize_for_student(
    record: _StudentRecord, assignment: Assignment, now: datetime
) -> GradeShown | GradeHidden:
    visibility = compute_results_visibility(
        assignment, record.book.rules_for(assignment, record.student), now=now
    )
    if not visibility.now:
        return GradeHidden(**_serialize_assignment(assignment), not_released_until=visibility.since)
    return GradeShown(**_serialize_assignment(assignment), **_serialize_grade(record, assignment))


def _serialize_for_staff(
    record: _StudentRecord, assignment: Assignment, now: datetime
) -> StaffGrade:
    rules = record.book.rules_for(assignment, record.student)
    visibility = compute_results_visibility(assignment, rules, now=now)
    if visibility.now and rules.release is not None and not rules.is_released(to_micros(now)):
        visibility = Visibility(now=False, since=from_micros(rules.release))
    return StaffGrade(
        **_serialize_assignment(assignment),
        **_serialize_grade(record, assignment),
        student_sees=visibility.now,
        not_released_until=None if visibility.now else visibility.since,
        version=record.cells[assignment.id].version,
    )


def _serialize_grade(record: _StudentRecord, assignment: Assignment) -> dict[str, Any]:
    """Return the fields of a `GradeShown` other than those of the assignment."""
    cell = record.cells[assignment.id]
    context = record.book.grading_context(assignment)
    graded = compute_student_grade(context, record.student.id, record.progress)
    overrides = [given for given in record.book.overrides if given.assignment_id == assignment.id]
    slugs = {assigned.row.id: assigned.row.slug for assigned in context.problems}
    titles = {assigned.row.slug: assigned.version.title for assigned in context.problems}
    explanations = {
        _breakdown_label(given, slugs): f"by {record.author_names[given.author_id]}: {given.reason}"
        for given in overrides
    }
    return {
        "score": cell.score,
        "possible": cell.possible,
        "waiting": cell.waiting,
        "waiting_points": cell.pending.possible,
        "late": cell.late,
        "excused": cell.excused,
        "missing": cell.missing,
        "due": cell.is_due,
        "problems": tuple(
            _serialize_problem(record, assignment, assigned) for assigned in context.problems
        ),
        "overrides": tuple(
            serialize_override_for_student(given, slugs, record.author_names) for given in overrides
        ),
        "explain": tuple(
            _serialize_breakdown(each, explanations.get(each.about, ""), titles)
            for each in graded.breakdowns
        ),
    }


def _serialize_problem(
    record: _StudentRecord, assignment: Assignment, problem: VersionedProblem
) -> ProblemGrade:
    stored_parts = record.progress.get((record.student.id, problem.row.id), {})
    parts = {part: deserialize_part_progress(told) for part, told in stored_parts.items()}
    context = record.book.grading_context(assignment)
    line = build_problem_line(context, problem, record.student.id, parts)
    graded = compute_problem_grade(line)
    return ProblemGrade(
        problem=problem.row.slug,
        title=problem.version.title,
        points=problem.points,
        score=graded.score,
        possible=graded.possible,
        waiting=graded.waiting,
        extra=line.extra,
        excused=line.excused,
        part_titles=part_titles(problem.version.parts),
    )


def _breakdown_label(override: Override, slugs: Mapping[UUID, str]) -> str:
    """Return the label of the score breakdown to which an override belongs."""
    if override.problem_id is None:
        return TOTAL_LABEL
    slug = slugs.get(override.problem_id, "")
    return slug if override.part is None else f"{slug}, {override.part}"


def serialize_override_for_student(
    override: Override, slugs: Mapping[UUID, str], authors: Mapping[UUID, str]
) -> OverrideShown:
    """Return an override as the student sees it."""
    return OverrideShown(
        id=override.id,
        problem=None if override.problem_id is None else slugs.get(override.problem_id, ""),
        part=override.part,
        points=override.points,
        reason=override.reason,
        author=authors[override.author_id],
        at=override.created_at,
    )


def _serialize_breakdown(
    breakdown: ScoreBreakdown, explanation: str, titles: Mapping[str, str]
) -> GradeLine:
    """Return a score breakdown as data and text; *explanation* explains an override."""
    if explanation and any(step.label == "override" for step in breakdown.steps):
        author = BreakdownStep("author", Fraction(0), explanation, "text")
        breakdown = replace(breakdown, steps=(*breakdown.steps, author))
    return GradeLine(
        about=breakdown.about,
        problem=breakdown.problem or None,
        part=breakdown.part or None,
        title=titles.get(breakdown.problem),
        words=str(breakdown),
        steps=tuple(
            GradeStep(label=step.label, value=step.value, why=step.why, sign=step.sign, of=step.of)
            for step in breakdown.steps
        ),
    )
