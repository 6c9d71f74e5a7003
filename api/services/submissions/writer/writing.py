"""Judged submissions admitted, numbered and written, many in one transaction.

Whatever is decided here is decided from what the transaction sees under its locks: whether the
author may still submit, the attempts and the deadline, whether a request came before, and whether
an earlier part was answered in between, in which case the submission is judged again. What is
remembered of a student is held against the database, and used only where nothing has changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import Invalid, ServiceError
from api.core.json_text import written
from api.db.models import AssignmentProblem, LoginSession, Standing, Submission, Token
from api.db.upserts import rewrite
from api.services.engine.variants import Variants
from api.services.grades import Cause, Key, refresh_each
from api.services.submissions.admission import GradeAgain, Ground, Situation, Taken, take
from api.services.submissions.cache.loading import stamps_of
from api.services.submissions.cache.memory import Known, Memory, Seat
from api.services.submissions.cache.transaction import Recollection
from api.services.submissions.drawn import Drawn
from api.services.submissions.entries import Accepted, Entry
from api.services.submissions.writer.grades import stand_at_once
from api.services.submissions.writer.locks import KEYS_OF, hold
from api.services.submissions.writer.lookup_statements import Pair, by_places, find_places

__all__ = ["Outcome", "Outdated", "find_replay", "write"]

SENT: Final = Submission.__table__.c
BEFORE: Final = by_places([SENT.author_id, SENT.key], SENT.id, SENT.fingerprint)


@dataclass(frozen=True, slots=True)
class Outdated:
    """What a submission was judged by has changed since it was remembered: it is asked anew."""


Outcome: TypeAlias = Accepted | ServiceError | Outdated


def write(
    session: Session,
    entries: Sequence[Entry],
    *,
    variants: Variants,
    now: datetime,
    memory: Memory | None = None,
) -> tuple[list[Outcome], Recollection]:
    """Return what becomes of each of *entries*, all of it written in this transaction.

    One that is refused takes nothing from the others. The second value is what is to be remembered
    once the transaction is committed.
    """
    outcomes: dict[int, Outcome] = {}
    tags = hold(session, entries)
    scopes = {scope for one in entries if one.known for scope in one.known.stamps}
    stamps = stamps_of(session, scopes) if scopes else {}
    recalled = Recollection(memory or Memory(), stamps, tags)
    _note_use(session, entries, recalled, now=now)
    for turn in _turns(entries):
        writing = _Turn(session, recalled, variants, now)
        outcomes |= writing.write(turn)
    return [outcomes[at] for at in range(len(entries))], recalled


def _note_use(
    session: Session, entries: Sequence[Entry], recalled: Recollection, *, now: datetime
) -> None:
    """Note that tokens and sessions are in use which nobody asked the database about."""
    secrets = {
        one.known.secret
        for one in entries
        if one.recalled
        and one.known
        and recalled.is_use_due(one.known.secret, now=now)
        and recalled.holds(one, now=now)
    }
    due = sorted(secrets, key=lambda one: one.id)  # in one order in every process
    for table, column, some in (  # as whoever ends them: sessions first
        (LoginSession, "seen_at", [one for one in due if one.begun_at is not None]),
        (Token, "last_used_at", [one for one in due if one.begun_at is None]),
    ):
        rewrite(session, table, [{"id": one.id, column: now} for one in some])
    recalled.see(due, now)


def _turns(entries: Sequence[Entry]) -> Iterator[dict[int, Entry]]:
    """Yield the entries by place, in turns in which no standing and no key comes twice."""
    waiting = dict(enumerate(entries))
    while waiting:
        turn: dict[int, Entry] = {}
        seen: set[object] = set()
        for at, entry in waiting.items():
            standing, key = entry.ids.standing, entry.key or at
            if standing not in seen and key not in seen:
                turn[at] = entry
            seen |= {standing, key}
        yield turn
        waiting = {at: entry for at, entry in waiting.items() if at not in turn}


@dataclass(frozen=True, slots=True)
class _Turn:
    """Entries of which no two concern the same standing, by place, in a transaction."""

    session: Session
    recalled: Recollection
    variants: Variants
    now: datetime

    def write(self, turn: Mapping[int, Entry]) -> dict[int, Outcome]:
        """Return what becomes of each; who may be nobody any more is not even told of before."""
        held = {at for at, one in turn.items() if self.recalled.holds(one, now=self.now)}
        outdated: dict[int, Outcome] = {
            at: Outdated() for at, one in turn.items() if one.recalled and at not in held
        }
        replayed = self._replayed({at: turn[at] for at in turn if at not in outdated})
        left = {at: turn[at] for at in turn if at not in outdated and at not in replayed}
        sure = self._sure({at: one for at, one in left.items() if at in held})
        unsure = {at: one for at, one in left.items() if at not in sure}
        outdated |= {at: Outdated() for at, one in unsure.items() if one.recalled}
        others, refused = self._anew({at: unsure[at] for at in unsure if at not in outdated})
        taken, not_taken = self._taken(sure | others)
        return outdated | replayed | refused | not_taken | self._store(taken)

    def _replayed(self, turn: Mapping[int, Entry]) -> dict[int, Outcome]:
        """Return what was said before to those that came before."""
        asked = {at: (one.ids.author, one.key) for at, one in turn.items() if one.key is not None}
        outcomes: dict[int, Outcome] = {}
        for at, found in _came_before(self.session, asked).items():
            try:
                outcomes[at] = found.replay(self.session, turn[at].print)
            except ServiceError as error:
                outcomes[at] = error
        return outcomes

    def _sure(self, turn: Mapping[int, Entry]) -> dict[int, tuple[Entry, Ground]]:
        """Return those of a *turn*, whose rules hold, that have their numbers still, with that."""
        seats = self.recalled.seats(self.session, turn.values())
        return {
            at: (entry, _ground(entry.known, seat))
            for at, entry in turn.items()
            if entry.known is not None and _has(seat := seats[entry.ids.standing], entry.drawn)
        }

    def _anew(
        self, turn: Mapping[int, Entry]
    ) -> tuple[dict[int, tuple[Entry, Ground]], dict[int, Outcome]]:
        """Return what entries are decided by for which everything is read now, and who is out."""
        grounds: dict[int, tuple[Entry, Ground]] = {}
        refused: dict[int, Outcome] = {}
        if not turn:
            return grounds, refused
        here = Situation.of(self.session, list(turn.values()), now=self.now)
        for at, entry in turn.items():
            try:
                grounds[at] = entry, here.ground(entry)
            except ServiceError as error:
                refused[at] = error
        return grounds, refused

    def _taken(
        self, grounds: Mapping[int, tuple[Entry, Ground]]
    ) -> tuple[dict[int, Taken], dict[int, Outcome]]:
        """Return what is admitted, and what is said to the others."""
        taken: dict[int, Taken] = {}
        refused: dict[int, Outcome] = {}
        for at, (entry, ground) in grounds.items():
            try:
                taken[at] = take(
                    self.session,
                    entry,
                    ground,
                    variants=self.variants,
                    judging=self.recalled.memory.judging,
                )
            except GradeAgain:
                refused[at] = Outdated()
            except ServiceError as error:
                refused[at] = error
        return taken, refused

    def _store(self, taken: Mapping[int, Taken]) -> dict[int, Outcome]:
        """Write what was taken, with the standings and grades that follow; return what is told."""
        told = stand_at_once(self.session, taken, self.recalled, now=self.now)
        spent = _with_late_days(self.session, taken.values(), now=self.now)
        refresh_each(self.session, spent)
        self.recalled.forget((key.problem_id.hex, key.student_id.hex) for key in spent)
        self.recalled.change(key.student_id.hex for key in spent)
        return dict(told)


def _has(seat: Seat, drawn: Drawn) -> bool:
    return seat.drawn is drawn or seat.drawn == drawn


def _ground(known: Known, seat: Seat) -> Ground:
    return Ground(known.here, known.problem, seat, seat.drawn.version_id, known.stamps)


def _with_late_days(session: Session, taken: Iterable[Taken], *, now: datetime) -> dict[Key, Cause]:
    """Return all standings, held, of students who spent late days: those hold there too."""
    found: dict[Key, Cause] = {}
    for one in taken:
        if not one.late_days:
            continue
        entry = one.entry
        rows = session.execute(
            select(*KEYS_OF)
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


@dataclass(frozen=True, slots=True)
class _Before:
    """A submission that came before under the same key."""

    id: UUID
    fingerprint: str

    def replay(self, session: Session, fingerprint: str) -> Accepted:
        """Return what was told then; `Invalid` where the key came with another request."""
        if self.fingerprint != fingerprint:
            raise Invalid(
                "This Idempotency-Key came before with other answers; take a new key.",
                code="idempotency_key_reused",
            )
        told = session.execute(select(SENT.reply).where(SENT.id == self.id)).scalar_one()
        return Accepted(self.id, written(told), replayed=True)


def find_replay(
    session: Session, author_id: UUID, key: str | None, fingerprint: str
) -> Accepted | None:
    """Return the submission that the same request made before, None where there is none.

    Raises `Invalid` where the key came with another request.
    """
    asked = {} if key is None else {0: (author_id.hex, key)}
    found = _came_before(session, asked).get(0)
    return None if found is None else found.replay(session, fingerprint)


def _came_before(session: Session, asked: Mapping[int, Pair]) -> dict[int, _Before]:
    """Return the submissions that came before by place: those *asked* are of an author and key."""
    if not asked:
        return {}
    places, pairs = zip(*asked.items(), strict=True)
    rows = find_places(session, BEFORE, pairs)
    return {places[at]: _Before(one, fingerprint) for at, one, fingerprint in rows}
