"""Creation of the demo course: a class works through past weeks, stored by the service's writer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import from_micros, to_micros
from api.core.errors import Conflict
from api.db.engine import Database
from api.db.models import (
    Assignment,
    AssignmentProblem,
    AuditEntry,
    Course,
    Draw,
    ProblemVersion,
    User,
)
from api.db.models import Variant as VariantRow
from api.db.upserts import insert_missing
from api.demo.course_fixture import MADE, Scenery, Student, build
from api.demo.coursework.grading import mark_some
from api.demo.coursework.regrade_requests import ask_again
from api.demo.coursework.simulated_submissions import KEY, HandedIn, Seat, Sitting, sit
from api.demo.coursework.submission_times import moments, opening
from api.demo.plan import OPEN, SLUG, Planned
from api.services.assignments.rules import rules_for
from api.services.engine.assigned_variant import drawn
from api.services.engine.variants import Variants
from api.services.submissions.drawn import Drawn
from api.services.submissions.entries import Entry, fingerprint
from api.services.submissions.writer.writing import write
from grader.policy import Rules
from grader.variants.draw import Stream

__all__ = ["find_demo", "make_demo"]

AT_ONCE: Final = 100
"""How many submissions are written at once."""
SEATS: Final = 50
"""How many students one job has."""


@dataclass(frozen=True, slots=True)
class _Table:
    """Problem of an assignment with the data shared by all who work on it."""

    assignment: Assignment
    row: AssignmentProblem
    version: ProblemVersion
    rules: dict[UUID, Rules]


def find_demo(session: Session) -> Course | None:
    """Return the demo course; None if it does not exist yet."""
    made = select(AuditEntry.course_id).where(AuditEntry.action == MADE)
    return session.scalar(select(Course).where(Course.id.in_(made)).limit(1))


def make_demo(
    db: Database,
    plan: Sequence[Planned],
    executor: Executor,
    *,
    students: int,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _at, _of: None,
) -> UUID:
    """Create the demo course if it does not exist, in one transaction; return its id.

    The problems of *plan* must be published. Raises `Conflict` if the database is in use.
    """
    with db.transaction() as session:
        found = find_demo(session)
        if found is not None:
            return found.id
        _check_unused(session)
        scenery = build(session, plan, students=students, now=now)
        entries = sorted(_entries(session, scenery, executor, now=now), key=_received)
        _open(session, scenery, entries)
        _write(session, entries, progress=progress)
        mark_some(session, scenery)
        ask_again(session, scenery)
        return scenery.course.id


def _check_unused(session: Session) -> None:
    if session.scalar(select(Course.id).limit(1)) or session.scalar(select(User.id).limit(1)):
        raise Conflict(
            f"The course {SLUG!r} is made in an empty database only, and this one is in use. "
            "Set GRADER_DATABASE to another, or leave GRADER_DEMO out."
        )


def _received(entry: Entry) -> datetime:
    return entry.received_at


def _open(session: Session, scenery: Scenery, entries: Sequence[Entry]) -> None:
    """Record for every student and problem that it was opened a while before the first answer."""
    releases = {one.id: one.release_at for one, _ in scenery.posed}
    firsts = {entry.standing: entry for entry in reversed(entries)}
    insert_missing(
        session, Draw, [_draw(one, releases[one.assignment_id]) for one in firsts.values()]
    )


def _draw(first: Entry, release: datetime | None) -> dict[str, object]:
    at = to_micros(first.received_at)
    opened = from_micros(opening(at, Stream(KEY, f"opened|{first.problem}|{at}")))
    return {
        "problem_id": first.problem_id,
        "student_id": first.student_id,
        "number": first.drawn.number,
        "version_id": first.drawn.version_id,
        "position": first.drawn.position,
        "opened_at": opened if release is None else max(release, opened),
    }


def _write(
    session: Session, entries: Sequence[Entry], *, progress: Callable[[int, int], None]
) -> None:
    variants = Variants()
    for start in range(0, len(entries), AT_ONCE):
        some = entries[start : start + AT_ONCE]
        write(session, some, variants=variants, now=some[-1].received_at)
        session.expunge_all()
        progress(start + len(some), len(entries))


def _entries(
    session: Session, scenery: Scenery, executor: Executor, *, now: datetime
) -> Iterator[Entry]:
    """Yield all submissions of the class until *now*, those of a student to a problem in order."""
    tables = list(_tables(session, scenery, now=now))
    jobs = [job for table in tables for job in _jobs(session, scenery, table)]
    outcomes = executor.map(sit, [sitting for _, sitting in jobs])
    for (table, _), handed_in in zip(jobs, outcomes, strict=True):
        yield from _of_table(scenery, table, handed_in, now=now)


def _tables(session: Session, scenery: Scenery, *, now: datetime) -> Iterator[_Table]:
    ids = [one.user.id for one in scenery.students]
    for assignment, posed in scenery.posed:
        if assignment.release_at is None or assignment.release_at > now:
            continue
        rules = rules_for(session, assignment, scenery.course, ids)
        for row, version in posed:
            yield _Table(assignment, row, version, rules)


def _jobs(session: Session, scenery: Scenery, table: _Table) -> Iterator[tuple[_Table, Sitting]]:
    data = {
        row.position: row.data
        for row in session.scalars(
            select(VariantRow).where(VariantRow.version_id == table.version.id)
        )
    }
    seats = [
        Seat(number, one.classmate, _drawn(scenery, table, one).position)
        for number, one in enumerate(scenery.students)
        if number or table.assignment.slug != OPEN  # the reader works there as the first student
    ]
    for start in range(0, len(seats), SEATS):
        some = tuple(seats[start : start + SEATS])
        needed = {position: data[position] for position in {seat.position for seat in some}}
        yield table, Sitting(table.version.problem, table.version.source, needed, some)


def _drawn(scenery: Scenery, table: _Table, student: Student) -> Drawn:
    posed = scenery.posed_to(student, table.assignment, (table.row, table.version))
    return drawn(posed, 0, student=student.user.id)


def _of_table(
    scenery: Scenery, table: _Table, handed_in: Iterable[HandedIn], *, now: datetime
) -> Iterator[Entry]:
    for number, work in groupby(handed_in, key=lambda one: one.number):
        yield from _of_student(scenery, table, number, list(work), now=now)


def _of_student(
    scenery: Scenery, table: _Table, number: int, work: Sequence[HandedIn], *, now: datetime
) -> Iterator[Entry]:
    """Yield a student's submissions to a problem, at times that the timeline allows."""
    student = scenery.students[number]
    times = moments(
        table.rules[student.user.id].timelines[-1],
        student.classmate,
        Stream(KEY, f"when|{table.row.slug}|{number}"),
        count=len(work),
    )
    at_hand = _drawn(scenery, table, student)
    for seen, (one, at) in enumerate(zip(work, times, strict=False)):
        if at > to_micros(now):
            return
        yield _entry(scenery, table, student, one, drawn=at_hand, at=at, seen=seen)


def _entry(
    scenery: Scenery,
    table: _Table,
    student: Student,
    one: HandedIn,
    *,
    drawn: Drawn,
    at: int,
    seen: int,
) -> Entry:
    return Entry(
        author_id=student.user.id,
        student_id=student.user.id,
        course_id=scenery.course.id,
        assignment_id=table.assignment.id,
        problem_id=table.row.id,
        problem=table.row.slug,
        token_id=None,
        drawn=drawn,
        received_at=from_micros(at),
        answers=one.answers,
        key=None,
        judged=one.judged,
        seen=seen,
        numbers=None,
        print=fingerprint(table.row.id, student.user.id, one.answers),
    )
