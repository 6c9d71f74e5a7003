"""Publication of the problem bank: stores the problems that changed since the last run."""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.db.engine import Database
from api.db.models import ProblemVersion
from api.services.problems.publishing import Failed, Published, Source, publish_all
from api.services.problems.versions import BANK, kept_variants, newest, store_version
from grader import ENGINE
from grader.errors import ProblemError
from problems.catalogue import Catalogue
from problems.loader import load_problem

__all__ = ["AT_ONCE", "BankReport", "Progress", "changed", "publish_bank"]

BY_THE_SERVICE: Final = "from the bank"
LOCK: Final = 4_242_000_003
"""The advisory lock under which versions of the bank are stored into a PostgreSQL database."""
AT_ONCE: Final = 16
"""How many problems are read, with the variants that they keep, before the next ones are."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Is told the problem that is done, which one it is, and how many there are."""


@dataclass(frozen=True, slots=True)
class BankReport:
    """Result of a run: problems published, unchanged and failed."""

    published: tuple[str, ...]
    unchanged: int
    failed: tuple[Failed, ...]


@dataclass(frozen=True, slots=True)
class _Stored:
    """Newest version of a problem of the bank, with the fields that its file is compared with."""

    id: UUID
    source: str
    draw_hash: str
    marking_hash: str
    engine: str


@dataclass(slots=True)
class _Run:
    """Progress of a run."""

    total: int
    published: list[str] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    done: int = 0


def publish_bank(
    db: Database,
    catalogue: Catalogue,
    executor: Executor,
    *,
    seeds: int,
    now: datetime,
    only: Collection[str] | None = None,
    progress: Progress = lambda _name, _at, _of: None,
) -> BankReport:
    """Publish the problems of *catalogue* (*only* those named) that changed or are new.

    Each problem is stored as soon as it is solved. So an interrupted run continues where it
    stopped, and two concurrent runs store nothing twice. A version with the same draw block keeps
    the numbers of the previous one. Unchanged problems cost nothing.
    """
    names = [name for name in catalogue.ids if only is None or name in only]
    with db.reading() as session:
        waiting = changed(session, catalogue, names)
    run = _Run(len(waiting))
    for start in range(0, len(waiting), AT_ONCE):
        some = waiting[start : start + AT_ONCE]
        with db.reading() as session:  # another run may have stored some of them meanwhile
            still = changed(session, catalogue, some)
            sources = list(_sources(session, catalogue, still))
        run.done += len(some) - len(still)
        outcomes = publish_all([one for one, _ in sources], seeds=seeds, executor=executor)
        for (source, based_on), outcome in zip(sources, outcomes, strict=True):
            _keep(db, run, outcome, source, based_on=based_on, now=now)
            run.done += 1
            progress(source.id, run.done, run.total)
    return BankReport(tuple(run.published), len(names) - len(waiting), tuple(run.failed))


def changed(session: Session, catalogue: Catalogue, names: Sequence[str]) -> list[str]:
    """Return those of *names* whose file or engine differs from their newest version.

    Changes to comments or blanks alone do not count.
    """
    stored = _newest(session)
    return [name for name in names if not _is_as_stored(catalogue, name, stored.get(name))]


def _is_as_stored(catalogue: Catalogue, name: str, stored: _Stored | None) -> bool:
    if stored is None or stored.engine != ENGINE:
        return False
    text = _text(catalogue, name)
    if text == stored.source:
        return True
    try:
        problem = load_problem(text, file=f"{name}.yaml")
    except ProblemError:
        return False  # publishing reports the error
    return (problem.draw_hash, problem.marking_hash) == (stored.draw_hash, stored.marking_hash)


def _text(catalogue: Catalogue, name: str) -> str:
    """Return the file of a problem; invalid UTF-8 becomes characters that no problem may have."""
    return catalogue.path(name).read_text(encoding="utf-8", errors="surrogateescape")


def _newest(session: Session) -> dict[str, _Stored]:
    """Return the newest published version of each problem of the bank, by its id."""
    published = (ProblemVersion.space == BANK, ProblemVersion.status == "published")
    last = (
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
            last,
            (last.c.problem == ProblemVersion.problem) & (last.c.number == ProblemVersion.number),
        )
        .where(*published)
    )
    return {row[0]: _Stored(*row[1:]) for row in rows}


def _sources(
    session: Session, catalogue: Catalogue, names: Sequence[str]
) -> Iterator[tuple[Source, UUID | None]]:
    """Yield the sources to publish, each with the id of the version that it follows."""
    for name in names:
        stored = newest(session, name)
        kept = kept_variants(session, stored.id) if stored else ()
        yield Source(name, _text(catalogue, name), kept=kept), stored.id if stored else None


def _keep(
    db: Database,
    run: _Run,
    outcome: Published | Failed,
    source: Source,
    *,
    based_on: UUID | None,
    now: datetime,
) -> None:
    """Store a published problem, unless another run stored one first."""
    if isinstance(outcome, Failed):
        run.failed.append(outcome)
        return
    with db.transaction() as session:
        _wait_for_others(session)
        before = newest(session, outcome.id)
        if (before.id if before else None) != based_on:
            return
        store_version(
            session,
            outcome,
            source.text,
            now=now,
            note=BY_THE_SERVICE,
            based_on=based_on if outcome.rekeyed else None,
        )
    run.published.append(outcome.id)


def _wait_for_others(session: Session) -> None:
    """Lock, so that one transaction at a time compares and stores the newest version."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))
