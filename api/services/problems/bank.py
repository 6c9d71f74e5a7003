"""Publication of the problem bank: stores the problems that changed since the last run."""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.db.dialects import is_sqlite
from api.db.engine import Database
from api.db.models import ProblemVersion
from api.services.problems.publishing import (
    ProblemSource,
    PublishedProblem,
    PublishFailure,
    publish_problems,
)
from api.services.problems.versions import BANK, load_newest_version, load_variants, store_version
from grader import ENGINE
from grader.errors import ProblemError
from problems.catalog import ProblemCatalog
from problems.files.loader import load_problem

BANK_NOTE: Final = "from the bank"
ADVISORY_LOCK_ID: Final = 4_242_000_003
"""PostgreSQL advisory lock under which versions of the bank are stored."""
BATCH_SIZE: Final = 16
"""Number of problems that are loaded at a time, with the variants that they keep."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Callback with the finished problem, its number and the total."""


@dataclass(frozen=True, slots=True)
class BankReport:
    """Result of a run: problems published, unchanged and failed."""

    published: tuple[str, ...]
    unchanged: int
    failed: tuple[PublishFailure, ...]


@dataclass(frozen=True, slots=True)
class _StoredVersion:
    """Newest version of a problem of the bank, with the fields that its file is compared with."""

    id: UUID
    source: str
    draw_hash: str
    marking_hash: str
    engine: str


@dataclass(slots=True)
class _PublishRun:
    """Progress of a run."""

    total: int
    published: list[str] = field(default_factory=list)
    failed: list[PublishFailure] = field(default_factory=list)
    done: int = 0


def publish_bank(
    db: Database,
    catalogue: ProblemCatalog,
    executor: Executor,
    *,
    seeds: int,
    now: datetime,
    only: Collection[str] | None = None,
    progress: Progress = lambda _name, _index, _total: None,
) -> BankReport:
    """Publish the problems of *catalogue* (*only* those named) that changed or are new.

    Each problem is stored as soon as it is solved. So an interrupted run continues where it
    stopped, and two concurrent runs store nothing twice. A version with the same draw block keeps
    the numbers of the previous one. Unchanged problems cost nothing.
    """
    names = [name for name in catalogue.ids if only is None or name in only]
    with db.reading() as session:
        waiting = find_changed_problems(session, catalogue, names)
    run = _PublishRun(len(waiting))
    for start in range(0, len(waiting), BATCH_SIZE):
        batch = waiting[start : start + BATCH_SIZE]
        with db.reading() as session:  # another run may have stored some of them
            still_waiting = find_changed_problems(session, catalogue, batch)
            sources = list(_load_sources(session, catalogue, still_waiting))
        run.done += len(batch) - len(still_waiting)
        outcomes = publish_problems([one for one, _ in sources], seeds=seeds, executor=executor)
        for (source, based_on), outcome in zip(sources, outcomes, strict=True):
            _store_outcome(db, run, outcome, source, based_on=based_on, now=now)
            run.done += 1
            progress(source.id, run.done, run.total)
    return BankReport(tuple(run.published), len(names) - len(waiting), tuple(run.failed))


def find_changed_problems(
    session: Session, catalogue: ProblemCatalog, names: Sequence[str]
) -> list[str]:
    """Return those of *names* whose file or engine differs from their newest version.

    Changes to comments or blanks alone do not count.
    """
    stored = _load_newest_versions(session)
    return [name for name in names if not _is_unchanged(catalogue, name, stored.get(name))]


def _is_unchanged(catalogue: ProblemCatalog, name: str, stored: _StoredVersion | None) -> bool:
    if stored is None or stored.engine != ENGINE:
        return False
    text = _read_problem_source(catalogue, name)
    if text == stored.source:
        return True
    try:
        problem = load_problem(text, file=f"{name}.yaml")
    except ProblemError:
        return False  # publishing reports the error
    return (problem.draw_hash, problem.marking_hash) == (stored.draw_hash, stored.marking_hash)


def _read_problem_source(catalogue: ProblemCatalog, name: str) -> str:
    """Return the file of a problem; invalid UTF-8 becomes characters that no problem may have."""
    return catalogue.path(name).read_text(encoding="utf-8", errors="surrogateescape")


def _load_newest_versions(session: Session) -> dict[str, _StoredVersion]:
    """Return the newest published version of each problem of the bank, by its id."""
    published = (ProblemVersion.space == BANK, ProblemVersion.status == "published")
    newest = (
        select(ProblemVersion.problem, func.max(ProblemVersion.number).label("number"))
        .where(*published)
        .group_by(ProblemVersion.problem)
        .subquery()
    )
    rows = session.execute(
        select(
            ProblemVersion.problem,
            ProblemVersion.id,
            ProblemVersion.source,
            ProblemVersion.draw_hash,
            ProblemVersion.marking_hash,
            ProblemVersion.engine,
        )
        .join(
            newest,
            (newest.c.problem == ProblemVersion.problem)
            & (newest.c.number == ProblemVersion.number),
        )
        .where(*published)
    )
    return {row[0]: _StoredVersion(*row[1:]) for row in rows}


def _load_sources(
    session: Session, catalogue: ProblemCatalog, names: Sequence[str]
) -> Iterator[tuple[ProblemSource, UUID | None]]:
    """Yield the sources to publish, each with the id of the version that it follows."""
    for name in names:
        stored = load_newest_version(session, name)
        variants = load_variants(session, stored.id) if stored else ()
        yield (
            ProblemSource(name, _read_problem_source(catalogue, name), stored_variants=variants),
            stored.id if stored else None,
        )


def _store_outcome(
    db: Database,
    run: _PublishRun,
    outcome: PublishedProblem | PublishFailure,
    source: ProblemSource,
    *,
    based_on: UUID | None,
    now: datetime,
) -> None:
    """Store a published problem, unless another run stored one first."""
    if isinstance(outcome, PublishFailure):
        run.failed.append(outcome)
        return
    with db.transaction() as session:
        _lock_version_storage(session)
        before = load_newest_version(session, outcome.id)
        if (before.id if before else None) != based_on:
            return
        store_version(
            session,
            outcome,
            source.text,
            now=now,
            note=BANK_NOTE,
            based_on=based_on if outcome.rekeyed else None,
        )
    run.published.append(outcome.id)


def _lock_version_storage(session: Session) -> None:
    """Take the lock under which one transaction at a time compares and stores a newest version."""
    if not is_sqlite(session):
        session.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK_ID)))
