"""A regrade planned: by which version, for whom, cut into chunks."""

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
    """For whom a regrade is, and how.

    *students* are those alone (None: all); *statuses* narrows them to those with an answer of such
    a status, in *part* if that is given. *unopened*: only who has not seen the problem yet.
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
    """Write a regrade of a problem to a *version*, ready to be judged; return it.

    *made*: the version is a draft that was made for it. Raises `Conflict` where another one is
    under way, or the version has other numbers.
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
    """Raise `Invalid` where the answers that there are do not fit the *version*."""
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
    """Return for whom the regrade is; `Conflict` where the version has other numbers for them."""
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
    """Add chunks of students, with their numbers of submissions; return how many these are."""
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
    """Yield students in pieces that one transaction writes without keeping others waiting."""
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
