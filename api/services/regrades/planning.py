"""Planning of a regrade: its version, its students, and its chunks."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from api.auth.authorization import Posed
from api.core.errors import Conflict, FieldError, Invalid
from api.core.ids import new_id
from api.db.models import (
    Answer,
    AssignmentProblem,
    Draw,
    ProblemVersion,
    Regrade,
    RegradeChunk,
    RegradeStudent,
)
from api.services.audit import recorder
from api.services.courses.active_students import students_who_count
from api.services.engine.variant_identity import numbers_in
from api.services.regrades.runs import check_free, handed_in, lock_problem, most_chunk
from grader.kinds import KINDS

__all__ = ["RegradeOptions", "Scope", "add_chunks", "plan"]

Scope: TypeAlias = Literal["all", "some", "unopened"]
STUDENTS_IN_CHUNK: Final = 200
SUBMISSIONS_IN_CHUNK: Final = 1_000


@dataclass(frozen=True, slots=True)
class RegradeOptions:
    """Students and options of a regrade.

    *students* limits it to these (None: all). *statuses* limits it to students with an answer of
    such a status, in *part* if given. *unopened*: only students who have not seen the problem yet.
    """

    students: Collection[UUID] | None = None
    statuses: Collection[str] = ()
    part: str | None = None
    unopened: bool = False
    never_lower: bool = False
    reason: str = ""


def plan(
    session: Session,
    posed: Posed,
    version: ProblemVersion,
    options: RegradeOptions,
    *,
    now: datetime,
    made: bool = False,
) -> Regrade:
    """Store a regrade of a problem to a *version*, ready for its dry run; return it.

    *made*: the version is a draft made for this regrade. Raises `Conflict` if another regrade is
    active, or the version has other numbers.
    """
    problem = lock_problem(session, posed.problem.id)
    pinned = session.get_one(ProblemVersion, problem.version_id)
    check_free(session, problem.id)
    _check_parts(pinned, version)
    scope = _scope(session, problem, pinned, version, options)
    run = Regrade(
        id=new_id(),
        problem_id=problem.id,
        from_version=pinned.id,
        to_version=version.id,
        made=made,
        scope=scope,
        never_lower=options.never_lower,
        reason=options.reason,
        status="judging",
        began_at=now,
        stepped_at=now,
        created_by=posed.member.caller.id,
        created_at=now,
    )
    session.add(run)
    session.flush()
    if scope != "unopened":
        found = handed_in(session, problem.id, students=_students(session, problem, options))
        if scope == "some" and not found:
            raise Invalid("None of these students has handed in anything to this problem.")
        run.total = add_chunks(session, run, found, course=posed.member.course.id)
    told = {"version": str(version.id), "scope": scope, "never_lower": options.never_lower}
    recorder.record(
        session,
        posed.member,
        "regrade.created",
        now=now,
        target=("regrade", run.id),
        change=({"version": str(pinned.id)}, told),
        reason=options.reason,
    )
    return run


def _check_parts(pinned: ProblemVersion, version: ProblemVersion) -> None:
    """Raise `Invalid` if existing answers do not fit the *version*."""
    if version.problem != pinned.problem:
        raise _unfit(f"is a version of {version.problem}, not of {pinned.problem}")
    kinds = {part["id"]: part["kind"] for part in version.parts}
    for part in pinned.parts:
        kind = kinds.get(part["id"])
        if kind is None:
            raise _unfit(f"lacks the part {part['id']}; void a part that is not to count")
        if KINDS[kind].by_person != KINDS[part["kind"]].by_person:
            raise _unfit(f"changes who marks the part {part['id']}; give the new part another id")


def _unfit(said: str) -> Invalid:
    return Invalid(f"The version {said}.", errors=(FieldError("version", said),))


def _scope(
    session: Session,
    problem: AssignmentProblem,
    pinned: ProblemVersion,
    version: ProblemVersion,
    options: RegradeOptions,
) -> Scope:
    """Return the scope of the regrade.

    Raises `Conflict` if the version has other numbers and a student has opened the problem.
    """
    if options.unopened:
        return "unopened"
    if numbers_in(session, version.id) != numbers_in(session, pinned.id):
        opened = session.scalar(select(Draw.student_id).where(Draw.problem_id == problem.id))
        if opened is not None:
            raise Conflict(
                "The version draws other numbers than those which students have answered with. "
                'Leave the draw block as it is, or ask with "unopened": true: those who have not '
                "opened the problem get the version, the others keep theirs.",
                code="other_numbers",
            )
        return "unopened"
    return "all" if options.students is None and not options.statuses else "some"


def _students(
    session: Session, problem: AssignmentProblem, options: RegradeOptions
) -> Collection[UUID] | None:
    if not options.statuses:
        return options.students
    asked = select(Answer.student_id).where(
        Answer.problem_id == problem.id, Answer.status.in_(options.statuses)
    )
    if options.part is not None:
        asked = asked.where(Answer.part == options.part)
    found = set(session.scalars(asked.distinct()))
    return found if options.students is None else found & set(options.students)


def add_chunks(session: Session, run: Regrade, found: Mapping[UUID, int], *, course: UUID) -> int:
    """Add chunks of students to a regrade; return their total number of submissions.

    *found* has the number of submissions of each student.
    """
    counted = set(session.scalars(students_who_count(course)))
    total = 0
    chunks = _chunks(found.items())
    for number, chunk in enumerate(chunks, most_chunk(session, run) + 1):
        count = sum(found[student] for student in chunk)
        session.add(RegradeChunk(regrade_id=run.id, number=number, submissions=count))
        students = [
            {
                "regrade_id": run.id,
                "student_id": student,
                "chunk": number,
                "counted": student in counted,
            }
            for student in chunk
        ]
        session.flush()
        session.execute(insert(RegradeStudent), students)
        total += count
    return total


def _chunks(found: Iterable[tuple[UUID, int]]) -> Iterator[list[UUID]]:
    """Split students into chunks small enough for a short transaction."""
    piece: list[UUID] = []
    submissions = 0
    for student, count in found:
        full = len(piece) == STUDENTS_IN_CHUNK or submissions + count > SUBMISSIONS_IN_CHUNK
        if piece and full:
            yield piece
            piece, submissions = [], 0
        piece.append(student)
        submissions += count
    if piece:
        yield piece
