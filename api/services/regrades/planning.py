"""Planning of a regrade: its version, its students, and its chunks."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem
from api.core.errors import Conflict, FieldError, InvalidInput
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
from api.services.courses.active_students import select_active_students
from api.services.engine.variant_identity import load_identities
from api.services.regrades.runs import (
    check_no_active_regrade,
    count_submissions_by_student,
    find_highest_chunk_number,
    lock_assignment_and_load_problem,
)
from grader.kinds import KINDS

RegradeScope: TypeAlias = Literal["all", "some", "unopened"]
STUDENTS_IN_CHUNK: Final = 400
SUBMISSIONS_IN_CHUNK: Final = 2_000


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


def create_regrade(
    session: Session,
    assigned: AssignedProblem,
    version: ProblemVersion,
    options: RegradeOptions,
    *,
    now: datetime,
    made_for_regrade: bool = False,
) -> Regrade:
    """Store a regrade of a problem to a *version*, ready for its dry run; return it.

    *made_for_regrade*: the version is a draft made for this regrade. Raises `Conflict` if another
    regrade is active, or the version has other numbers.
    """
    problem = lock_assignment_and_load_problem(session, assigned.problem.id)
    pinned = session.get_one(ProblemVersion, problem.version_id)
    check_no_active_regrade(session, problem.id)
    _check_parts_compatible(pinned, version)
    scope = _resolve_scope(session, problem, pinned, version, options)
    run = Regrade(
        id=new_id(),
        problem_id=problem.id,
        from_version=pinned.id,
        to_version=version.id,
        made=made_for_regrade,
        scope=scope,
        never_lower=options.never_lower,
        reason=options.reason,
        status="judging",
        began_at=now,
        stepped_at=now,
        created_by=assigned.member.caller.id,
        created_at=now,
    )
    session.add(run)
    session.flush()
    if scope != "unopened":
        submission_counts = count_submissions_by_student(
            session, problem.id, students=_load_chosen_students(session, problem, options)
        )
        if scope == "some" and not submission_counts:
            raise InvalidInput("None of these students has submitted work to this problem.")
        run.total = add_chunks(session, run, submission_counts, course=assigned.member.course.id)
    _record_creation(session, assigned, run, now=now)
    return run


def _record_creation(
    session: Session, assigned: AssignedProblem, run: Regrade, *, now: datetime
) -> None:
    """Record the new regrade in the audit log."""
    new_state = {
        "version": str(run.to_version),
        "scope": run.scope,
        "never_lower": run.never_lower,
    }
    recorder.record_action(
        session,
        assigned.member,
        "regrade.created",
        now=now,
        target=("regrade", run.id),
        change=({"version": str(run.from_version)}, new_state),
        reason=run.reason,
    )


def _check_parts_compatible(pinned: ProblemVersion, version: ProblemVersion) -> None:
    """Raise `InvalidInput` if existing answers do not fit the *version*."""
    if version.problem != pinned.problem:
        raise _version_error(f"is a version of {version.problem}, not of {pinned.problem}")
    kinds = {part["id"]: part["kind"] for part in version.parts}
    for part in pinned.parts:
        kind = kinds.get(part["id"])
        if kind is None:
            raise _version_error(
                f"lacks the part {part['id']}; void the part if it should not count"
            )
        if KINDS[kind].by_person != KINDS[part["kind"]].by_person:
            raise _version_error(
                f"changes who grades the part {part['id']}; give the new part another id"
            )


def _version_error(reason: str) -> InvalidInput:
    return InvalidInput(f"The version {reason}.", errors=(FieldError("version", reason),))


def _resolve_scope(
    session: Session,
    problem: AssignmentProblem,
    pinned: ProblemVersion,
    version: ProblemVersion,
    options: RegradeOptions,
) -> RegradeScope:
    """Return the scope of the regrade.

    Raises `Conflict` if the version has other numbers and a student has opened the problem.
    """
    if options.unopened:
        return "unopened"
    if load_identities(session, version.id) != load_identities(session, pinned.id):
        opened = session.scalar(select(Draw.student_id).where(Draw.problem_id == problem.id))
        if opened is not None:
            raise Conflict(
                "The version draws other numbers than those that students have answered. "
                'Leave the draw block as it is, or send "unopened": true: only students who have '
                "not opened the problem get the version.",
                code="other_numbers",
            )
        return "unopened"
    return "all" if options.students is None and not options.statuses else "some"


def _load_chosen_students(
    session: Session, problem: AssignmentProblem, options: RegradeOptions
) -> Collection[UUID] | None:
    if not options.statuses:
        return options.students
    query = select(Answer.student_id).where(
        Answer.problem_id == problem.id, Answer.status.in_(options.statuses)
    )
    if options.part is not None:
        query = query.where(Answer.part == options.part)
    students = set(session.scalars(query.distinct()))
    return students if options.students is None else students & set(options.students)


def add_chunks(
    session: Session, run: Regrade, submission_counts: Mapping[UUID, int], *, course: UUID
) -> int:
    """Add chunks of students to a regrade; return their total number of submissions.

    *submission_counts* has the number of submissions of each student.
    """
    counted = set(session.scalars(select_active_students(course)))
    total = 0
    chunks = _split_into_chunks(submission_counts.items())
    for number, chunk in enumerate(chunks, find_highest_chunk_number(session, run) + 1):
        count = sum(submission_counts[student] for student in chunk)
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


def _split_into_chunks(submission_counts: Iterable[tuple[UUID, int]]) -> Iterator[list[UUID]]:
    """Split students into chunks small enough for a short transaction."""
    piece: list[UUID] = []
    submissions = 0
    for student, count in submission_counts:
        full = len(piece) == STUDENTS_IN_CHUNK or submissions + count > SUBMISSIONS_IN_CHUNK
        if piece and full:
            yield piece
            piece, submissions = [], 0
        piece.append(student)
        submissions += count
    if piece:
        yield piece
