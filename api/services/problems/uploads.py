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

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, FieldError
from api.db.models import Course, ProblemVersion
from api.http.problem_details import WrongField
from api.schemas.courses.problems import ProblemChecked
from api.services.audit import recorder
from api.services.problems.problem_errors import (
    DEFAULT_FILE_NAME,
    parse_message,
    to_field_errors,
    to_invalid_input,
)
from api.services.problems.publishing import (
    ProblemSource,
    PublishedProblem,
    PublishFailure,
    PublishOutcome,
)
from api.services.problems.publishing_pool import Publisher
from api.services.problems.search import find_newest_unretired
from api.services.problems.versions import load_variants, store_version
from grader import ENGINE
from grader.definitions.problem import Problem
from grader.errors import ProblemError
from problems.files.loader import load_problem

SEEDS_TO_CHECK: Final = 60


@dataclass(frozen=True, slots=True)
class PreparedUpload:
    """File that can become a version: the source to solve, and the version that it follows."""

    source: ProblemSource
    follows: UUID | None
    status: str
    note: str


def check_problem(text: bytes, *, publish: Publisher, seeds: int) -> ProblemChecked:
    """Check a problem's file as `grader check` does; stores nothing.

    Finds as many variants as publishing up to *seeds* does, or stops at `SEEDS_TO_CHECK`.
    """
    try:
        problem, content = _parse_problem(text)
    except ProblemError as error:
        return ProblemChecked(
            ok=False, problem=None, errors=_serialize_faults(to_field_errors(error))
        )
    outcome = publish(ProblemSource(problem.id, content), seeds=min(SEEDS_TO_CHECK, seeds))
    if isinstance(outcome, PublishFailure):
        errors = _serialize_faults(map(parse_message, outcome.errors))
        return ProblemChecked(ok=False, problem=problem.id, errors=errors)
    report: dict[str, Any] = dict(outcome.report)
    return ProblemChecked(
        ok=True,
        problem=problem.id,
        warnings=_serialize_faults(map(parse_message, report["warnings"])),
        variants=sum(variant["seed"] is not None for variant in outcome.variants),
        report=report,
    )


def _serialize_faults(faults: Iterable[FieldError]) -> tuple[WrongField, ...]:
    return tuple(WrongField(**asdict(fault)) for fault in faults)


def _parse_problem(text: bytes) -> tuple[Problem, str]:
    try:
        content = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProblemError(
            "the file is not UTF-8; save it as UTF-8", file=DEFAULT_FILE_NAME
        ) from error
    return load_problem(content, file=DEFAULT_FILE_NAME), content


def prepare_upload(
    session: Session, member: CourseMembership, text: bytes, *, status: str, note: str
) -> PreparedUpload:
    """Return the upload to solve.

    Raises `ProblemError` for a file with errors, and `Conflict` if the newest version is the same.
    A version with the same draw block keeps the variants of the previous one.
    """
    problem, content = _parse_problem(text)  # the response to a `ProblemError` has its lines
    before = find_newest_unretired(session, member, problem.id)
    if before is not None and _is_same_problem(before, problem, content):
        raise Conflict(f"Version {before.number} of {problem.id} is the same. Nothing was stored.")
    keeps_variants = before is not None and before.draw_hash == problem.draw_hash
    source = ProblemSource(
        problem.id,
        content,
        stored_variants=load_variants(session, before.id) if before and keeps_variants else (),
    )
    return PreparedUpload(source, before.id if before else None, status, note)


def _is_same_problem(before: ProblemVersion, problem: Problem, text: str) -> bool:
    hashes = (before.draw_hash, before.marking_hash, before.engine)
    return before.source == text or hashes == (problem.draw_hash, problem.marking_hash, ENGINE)


def store_upload(
    session: Session,
    member: CourseMembership,
    upload: PreparedUpload,
    outcome: PublishOutcome,
    *,
    now: datetime,
) -> ProblemVersion:
    """Store an upload as a new version and return it.

    Raises `Invalid` if publishing failed, and `Conflict` if another version was stored meanwhile.
    """
    if isinstance(outcome, PublishFailure):
        raise to_invalid_input(outcome)
    session.execute(select(Course.id).where(Course.id == member.course.id).with_for_update())
    before = find_newest_unretired(session, member, outcome.id)
    if (before.id if before else None) != upload.follows:
        raise Conflict(
            f"Another version of {outcome.id} was stored at the same time. Check it first."
        )
    version = _store_uploaded_version(session, member, upload, outcome, now=now)
    recorder.record_action(
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


def _store_uploaded_version(
    session: Session,
    member: CourseMembership,
    upload: PreparedUpload,
    outcome: PublishedProblem,
    *,
    now: datetime,
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
