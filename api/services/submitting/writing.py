"""Judged submissions admitted, numbered and written, many in one transaction.

Whatever is decided here is decided from what the transaction sees under its locks: whether the
author may still submit, the attempts and the deadline, whether a request came before, and whether
an earlier part was answered in between, in which case the submission is judged again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from api.errors import Invalid, ServiceError
from api.services.standings import Cause, Key, refresh_each
from api.services.submitting.admission import Situation, Taken, take
from api.services.submitting.entries import Accepted, Entry
from api.services.submitting.replies import reply
from api.services.submitting.rows import insert
from api.services.upserts import insert_missing
from api.services.variants import Variants
from api.tables import Assignment, AssignmentProblem, Standing, Submission

__all__ = ["find_replay", "write"]


Outcome: TypeAlias = Accepted | ServiceError


def write(
    session: Session, entries: Sequence[Entry], *, variants: Variants, now: datetime
) -> list[Outcome]:
    """Return what becomes of each of *entries*, all of it written in this transaction.

    One that is refused takes nothing from the others.
    """
    outcomes: dict[int, Outcome] = {}
    _lock(session, entries)
    for turn in _turns(entries):
        outcomes |= _write_turn(session, turn, variants=variants, now=now)
    return [outcomes[at] for at in range(len(entries))]


def _turns(entries: Sequence[Entry]) -> Iterator[dict[int, Entry]]:
    """Yield the entries by place, in turns in which no standing and no key comes twice."""
    waiting = dict(enumerate(entries))
    while waiting:
        turn: dict[int, Entry] = {}
        seen: set[object] = set()
        for at, entry in waiting.items():
            marks = {entry.standing, (entry.author_id, entry.key or at)}
            if not seen & marks:
                turn[at] = entry
            seen |= marks
        yield turn
        waiting = {at: entry for at, entry in waiting.items() if at not in turn}


def _lock(session: Session, entries: Sequence[Entry]) -> None:
    """Hold the standings of all entries, in sorted order, so that no two writers wait crosswise.

    Their assignments are held in common before, so that no rule changes meanwhile.
    """
    session.execute(
        select(Assignment.id)
        .where(Assignment.id.in_({entry.assignment_id for entry in entries}))
        .order_by(Assignment.id)
        .with_for_update(read=True)
    )
    keys = sorted({entry.standing for entry in entries})
    rows = [{"problem_id": one.problem_id, "student_id": one.student_id} for one in keys]
    insert_missing(session, Standing, rows)
    session.execute(
        select(Standing.problem_id)
        .where(tuple_(Standing.problem_id, Standing.student_id).in_(keys))
        .order_by(Standing.problem_id, Standing.student_id)
        .with_for_update()
    )


def _write_turn(
    session: Session, turn: Mapping[int, Entry], *, variants: Variants, now: datetime
) -> dict[int, Outcome]:
    """Return what becomes of entries of which no two concern the same standing, by place."""
    before = _came_before(session, [(one.author_id, one.key) for one in turn.values()])
    here = Situation.of(session, list(turn.values()), now=now)
    outcomes: dict[int, Outcome] = {}
    taken: dict[int, Taken] = {}
    for at, entry in turn.items():
        try:
            found = before.get((entry.author_id, entry.key))
            if found is None:
                taken[at] = take(session, entry, here, variants=variants)
            else:
                outcomes[at] = _replay(found, entry.print)
        except ServiceError as error:
            outcomes[at] = error
    return outcomes | _store(session, taken, now=now)


def _store(session: Session, taken: Mapping[int, Taken], *, now: datetime) -> dict[int, Outcome]:
    """Write what was taken, with the standings and grades that follow; return what is told."""
    if not taken:
        return {}
    rows = insert(session, list(taken.values()), now=now)
    causes = {
        one.entry.standing: Cause("submission", one.id, one.entry.author_id, now)
        for one in taken.values()
    }
    refresh_each(session, _with_late_days(session, taken.values(), now=now) | causes)
    standings = {
        Key(row.problem_id, row.student_id): row
        for row in session.scalars(
            select(Standing)
            .where(tuple_(Standing.problem_id, Standing.student_id).in_(list(causes)))
            .execution_options(populate_existing=True)
        )
    }
    for one in taken.values():
        row = rows[one.id]
        row.reply = reply(
            row,
            one.entry,
            one.assignment,
            standings[one.entry.standing],
            admission=one.admission,
            rules=one.rules,
            late_days=one.late_days,
            receipt=one.receipt,
        )
    return {at: Accepted(one.id, rows[one.id].reply) for at, one in taken.items()}


def _with_late_days(session: Session, taken: Iterable[Taken], *, now: datetime) -> dict[Key, Cause]:
    """Return the other standings, held, of students who spent late days: those hold there too."""
    found: dict[Key, Cause] = {}
    for one in taken:
        if not one.late_days:
            continue
        entry = one.entry
        rows = session.execute(
            select(Standing.problem_id, Standing.student_id)
            .join(AssignmentProblem, AssignmentProblem.id == Standing.problem_id)
            .where(
                AssignmentProblem.assignment_id == entry.assignment_id,
                Standing.student_id == entry.student_id,
            )
            .order_by(Standing.problem_id)
            .with_for_update(of=Standing)
        )
        cause = Cause("submission", one.id, entry.author_id, now)
        found |= {Key(*row): cause for row in rows}
    return found


def find_replay(
    session: Session, author_id: UUID, key: str | None, fingerprint: str
) -> Accepted | None:
    """Return the submission that the same request made before, None where there is none.

    Raises `Invalid` where the key came with another request.
    """
    found = _came_before(session, [(author_id, key)]).get((author_id, key))
    return None if found is None else _replay(found, fingerprint)


def _came_before(
    session: Session, keys: Sequence[tuple[UUID, str | None]]
) -> dict[tuple[UUID, str | None], Submission]:
    """Return the submissions that were made with one of *keys*, each of an author."""
    given = [one for one in keys if one[1] is not None]
    if not given:
        return {}
    rows = session.scalars(
        select(Submission).where(tuple_(Submission.author_id, Submission.key).in_(given))
    )
    return {(row.author_id, row.key): row for row in rows}


def _replay(found: Submission, fingerprint: str) -> Accepted:
    if found.fingerprint != fingerprint:
        raise Invalid(
            "This Idempotency-Key came before with other answers; take a new key.",
            code="idempotency_key_reused",
        )
    return Accepted(found.id, found.reply, replayed=True)
