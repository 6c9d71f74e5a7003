"""Uploads of a course's own problems: checked, then stored as new versions with their variants.

Drawing and solving take seconds, so they happen between two transactions; the second one checks
that nobody stored another version in between.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import Conflict, FieldError
from api.db.models import Course, ProblemVersion
from api.http.problem_details import WrongField
from api.schemas.courses.problems import ProblemChecked
from api.services.audit import recorder
from api.services.problems.problem_errors import FILE, fault, faults_of, refused
from api.services.problems.publishing import Failed, Outcome, Published, Source
from api.services.problems.publishing_pool import Publish
from api.services.problems.search import newest_of_any
from api.services.problems.versions import kept_variants, store_version
from grader import ENGINE
from grader.definitions.problem import Problem
from grader.errors import ProblemError
from problems.loader import load_problem

__all__ = ["Upload", "begin", "check", "settle"]

SEEDS_TO_CHECK: Final = 60


@dataclass(frozen=True, slots=True)
class Upload:
    """File that can become a version: the source to solve, and the version that it follows."""

    source: Source
    follows: UUID | None
    status: str
    note: str


def check(text: bytes, *, publish: Publish) -> ProblemChecked:
    """Check a problem's file as `grader check` does; stores nothing."""
    try:
        problem, told = _loaded(text)
    except ProblemError as error:
        return ProblemChecked(ok=False, problem=None, errors=_shown(faults_of(error)))
    outcome = publish(Source(problem.id, told), seeds=SEEDS_TO_CHECK)
    if isinstance(outcome, Failed):
        found = _shown(map(fault, outcome.errors))
        return ProblemChecked(ok=False, problem=problem.id, errors=found)
    report: dict[str, Any] = dict(outcome.report)
    return ProblemChecked(
        ok=True,
        problem=problem.id,
        warnings=_shown(map(fault, report["warnings"])),
        variants=sum(one["seed"] is not None for one in outcome.variants),
        report=report,
    )


def _shown(faults: Iterable[FieldError]) -> tuple[WrongField, ...]:
    return tuple(WrongField(**asdict(one)) for one in faults)


def _loaded(text: bytes) -> tuple[Problem, str]:
    try:
        told = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProblemError("the file is not UTF-8; save it as UTF-8", file=FILE) from error
    return load_problem(told, file=FILE), told


def begin(session: Session, member: Member, text: bytes, *, status: str, note: str) -> Upload:
    """Return the upload to solve.

    Raises `ProblemError` for a file with errors, and `Conflict` if the newest version is the same.
    A version with the same draw block keeps the variants of the previous one.
    """
    problem, told = _loaded(text)  # the response to a `ProblemError` has its lines
    before = newest_of_any(session, member, problem.id)
    if before is not None and _is_same(before, problem, told):
        raise Conflict(f"Version {before.number} of {problem.id} is the same. Nothing was stored.")
    kept = before is not None and before.draw_hash == problem.draw_hash
    source = Source(
        problem.id, told, kept=kept_variants(session, before.id) if before and kept else ()
    )
    return Upload(source, before.id if before else None, status, note)


def _is_same(before: ProblemVersion, problem: Problem, text: str) -> bool:
    hashes = (before.draw_hash, before.marking_hash, before.engine)
    return before.source == text or hashes == (problem.draw_hash, problem.marking_hash, ENGINE)


def settle(
    session: Session, member: Member, upload: Upload, outcome: Outcome, *, now: datetime
) -> ProblemVersion:
    """Store an upload as a new version and return it.

    Raises `Invalid` if publishing failed, and `Conflict` if another version was stored meanwhile.
    """
    if isinstance(outcome, Failed):
        raise refused(outcome)
    session.execute(select(Course.id).where(Course.id == member.course.id).with_for_update())
    before = newest_of_any(session, member, outcome.id)
    if (before.id if before else None) != upload.follows:
        raise Conflict(f"Somebody stored another version of {outcome.id} just now. Look at that.")
    version = _stored(session, member, upload, outcome, now=now)
    recorder.record(
        session,
        member,
        "version.created",
        now=now,
        target=("version", version.id),
        change=(
            {},
            {"problem": version.problem, "number": version.number, "status": version.status},
        ),
        reason=upload.note,
    )
    return version


def _stored(
    session: Session, member: Member, upload: Upload, outcome: Published, *, now: datetime
) -> ProblemVersion:
    version = store_version(
        session,
        outcome,
        upload.source.text,
        now=now,
        space=str(member.course.id),
        created_by=member.caller.id,
        note=upload.note,
        based_on=upload.follows if outcome.rekeyed else None,
    )
    version.status = upload.status
    return version
