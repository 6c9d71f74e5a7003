"""Grades of one student with every step, for staff and for the student."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.clock import from_micros, to_micros
from api.core.errors import NotFound
from api.db.models import Assignment, Override, Standing
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
from api.services.assignments.release import Shown, results_shown
from api.services.enrolment.display_names import names_of
from api.services.gradebook.book import Book, categories_of, load_book
from api.services.gradebook.cells import Cell, cells_of, line_of
from api.services.gradebook.students import Student, student_of
from api.services.grades import read_part
from api.services.grades.assignment import PosedProblem, graded_of, problem_line
from api.services.problems.versions import titles_of_parts
from grader.policy import Graded, Reckoning, Step, course_grade, problem_grade

__all__ = ["my_grades", "override_shown", "student_grades"]

TOTAL: Final = "Total"
NOT_A_STUDENT: Final = (
    "You are not a student of this course. Staff read the grades of a student under students/{id}."
)


@dataclass(frozen=True, slots=True)
class _Record:
    """Data of one student: *parts* holds the progress in problems, *authors* names by id."""

    book: Book
    student: Student
    cells: Mapping[UUID, Cell]
    parts: Mapping[tuple[UUID, UUID], Mapping[str, Any]]
    authors: Mapping[UUID, str]


def student_grades(
    session: Session, member: Member, user_id: UUID, *, now: datetime
) -> StudentGrades:
    """Return all grades of a student, released or not, except withheld assignments."""
    student = student_of(session, member.course.id, user_id)
    record = _record(session, member, student, now=now)
    graded = _course(record, record.book.assignments)
    totals = _totals(record, graded)
    assignments = tuple(_for_staff(record, one, now) for one in record.book.assignments)
    if record.book.withheld:
        totals |= {"percent": None, "explain": ()}
    if is_blind_in_course(session, member.role, member.course.id):
        totals |= {"late_days": None}
        hidden = {"not_released_until": None}
        assignments = tuple(one.model_copy(update=hidden) for one in assignments)
    return StudentGrades(
        course=member.course.id,
        user=student.id,
        name=student.name,
        counts=student.counts,
        **totals,
        withheld=tuple(one.id for one in record.book.withheld),
        assignments=assignments,
    )


def my_grades(session: Session, member: Member, *, now: datetime) -> MyGrades:
    """Return the released grades of the calling student, and when the others are released."""
    if member.is_staff:
        raise NotFound(NOT_A_STUDENT)
    student = student_of(session, member.course.id, member.student_id)
    record = _record(session, member, student, now=now)
    book = record.book
    visible = [one for one in book.assignments if book.rules(one, student).released(to_micros(now))]
    told = [_for_student(record, one, now) for one in visible]
    seen = [one for one, shown in zip(visible, told, strict=True) if shown.results_shown]
    return MyGrades(
        course=member.course.id,
        course_title=member.course.title,
        **_totals(record, _course(record, seen)),
        assignments=tuple(told),
    )


def _record(session: Session, member: Member, student: Student, *, now: datetime) -> _Record:
    book = load_book(session, member.course, [student], reader=member)
    cells = cells_of(session, book, now=now)[student.id]
    ids = [one.id for one in book.assignments]
    posed = [one.row.id for those in book.problems.values() for one in those]
    rows = session.execute(
        select(Standing.problem_id, Standing.student_id, Standing.parts).where(
            Standing.problem_id.in_(posed), Standing.student_id == student.id
        )
    )
    return _Record(
        book,
        student,
        dict(zip(ids, cells, strict=True)),
        {(problem, owner): parts for problem, owner, parts in rows},
        names_of(session, (one.author_id for one in book.overrides)),
    )


def _course(record: _Record, assignments: Sequence[Assignment]) -> Graded:
    lines = [line_of(one, record.cells[one.id]) for one in assignments]
    return course_grade(lines, categories_of(record.book.course))


def _totals(record: _Record, graded: Graded) -> dict[str, Any]:
    return {
        "percent": graded.score if graded.possible else None,
        "waiting": graded.waiting,
        "waiting_points": graded.pending.possible,
        "explain": tuple(_line(one, "", {}) for one in graded.reckonings),
        "late_days": _late_days(record),
    }


def _late_days(record: _Record) -> LateDaysOut:
    spent = [
        LateDaysSpent(assignment=assignment, days=days)
        for (assignment, _), days in record.book.late_days.items()
    ]
    budget = record.book.course.late_day_budget
    left = max(0, budget - record.book.spent.get(record.student.id, 0))
    return LateDaysOut(budget=budget, left=left, spent=tuple(spent))


def _named(one: Assignment) -> dict[str, Any]:
    return {
        "assignment": one.id,
        "slug": one.slug,
        "title": one.title,
        "category": one.category,
        "extra": one.extra,
    }


def _for_student(record: _Record, one: Assignment, now: datetime) -> GradeShown | GradeHidden:
    shown = results_shown(one, record.book.rules(one, record.student), now=now)
    if not shown.now:
        return GradeHidden(**_named(one), not_released_until=shown.since)
    return GradeShown(**_named(one), **_grade(record, one))


def _for_staff(record: _Record, one: Assignment, now: datetime) -> StaffGrade:
    rules = record.book.rules(one, record.student)
    shown = results_shown(one, rules, now=now)
    if shown.now and rules.release is not None and not rules.released(to_micros(now)):
        shown = Shown(now=False, since=from_micros(rules.release))
    return StaffGrade(
        **_named(one),
        **_grade(record, one),
        student_sees=shown.now,
        not_released_until=None if shown.now else shown.since,
        version=record.cells[one.id].version,
    )


def _grade(record: _Record, one: Assignment) -> dict[str, Any]:
    """Return the fields of a `GradeShown` other than those of the assignment."""
    cell = record.cells[one.id]
    here = record.book.whole(one)
    graded = graded_of(here, record.student.id, record.parts)
    overrides = [given for given in record.book.overrides if given.assignment_id == one.id]
    slugs = {posed.row.id: posed.row.slug for posed in here.problems}
    titles = {posed.row.slug: posed.version.title for posed in here.problems}
    said = {_about(given, slugs): _by(given, record.authors) for given in overrides}
    return {
        "score": cell.score,
        "possible": cell.possible,
        "waiting": cell.waiting,
        "waiting_points": cell.pending.possible,
        "late": cell.late,
        "excused": cell.excused,
        "missing": cell.missing,
        "problems": tuple(_problem(record, one, posed) for posed in here.problems),
        "overrides": tuple(override_shown(given, slugs, record.authors) for given in overrides),
        "explain": tuple(
            _line(each, said.get(each.about, ""), titles) for each in graded.reckonings
        ),
    }


def _problem(record: _Record, assignment: Assignment, posed: PosedProblem) -> ProblemGrade:
    kept = record.parts.get((posed.row.id, record.student.id), {})
    parts = {part: read_part(told) for part, told in kept.items()}
    line = problem_line(record.book.whole(assignment), posed, record.student.id, parts)
    graded = problem_grade(line)
    return ProblemGrade(
        problem=posed.row.slug,
        title=posed.version.title,
        points=posed.points,
        score=graded.score,
        possible=graded.possible,
        waiting=graded.waiting,
        extra=line.extra,
        excused=line.excused,
        part_titles=titles_of_parts(posed.version.parts),
    )


def _about(given: Override, slugs: Mapping[UUID, str]) -> str:
    """Return the label of the score breakdown to which an override belongs."""
    if given.problem_id is None:
        return TOTAL
    slug = slugs.get(given.problem_id, "")
    return slug if given.part is None else f"{slug}, {given.part}"


def _by(given: Override, authors: Mapping[UUID, str]) -> str:
    return f"by {authors[given.author_id]}: {given.reason}"


def override_shown(
    given: Override, slugs: Mapping[UUID, str], authors: Mapping[UUID, str]
) -> OverrideShown:
    """Return an override as the student sees it."""
    return OverrideShown(
        id=given.id,
        problem=None if given.problem_id is None else slugs.get(given.problem_id, ""),
        part=given.part,
        points=given.points,
        reason=given.reason,
        author=authors[given.author_id],
        at=given.created_at,
    )


def _line(reckoning: Reckoning, said: str, titles: Mapping[str, str]) -> GradeLine:
    """Return a score breakdown as data and text; *said* explains an override."""
    if said and any(step.label == "override" for step in reckoning.steps):
        author = Step("author", Fraction(0), said, "said")
        reckoning = replace(reckoning, steps=(*reckoning.steps, author))
    return GradeLine(
        about=reckoning.about,
        problem=reckoning.problem or None,
        part=reckoning.part or None,
        title=titles.get(reckoning.problem),
        words=str(reckoning),
        steps=tuple(
            GradeStep(label=one.label, value=one.value, why=one.why, sign=one.sign, of=one.of)
            for one in reckoning.steps
        ),
    )
