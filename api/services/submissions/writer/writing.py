"""The writer's transaction: admits, numbers and stores many graded submissions.

All decisions rest on rows that the transaction reads under its locks: whether the author may still
submit, the attempts and the deadline, whether the idempotency key was used before, and whether an
earlier part was answered meanwhile, in which case the submission is graded again. Cached data is
validated against the database and used only if nothing has changed.
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
    """Outcome of a submission graded by stale cached data: the caller prepares it again."""


Outcome: TypeAlias = Accepted | ServiceError | Outdated


def write(
    session: Session,
    entries: Sequence[Entry],
    *,
    variants: Variants,
    now: datetime,
    memory: Memory | None = None,
) -> tuple[list[Outcome], Recollection]:
    """Write *entries* in this transaction and return the outcome of each, with the cache updates.

    A refused entry does not affect the others. Call `keep` on the updates after the commit.
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
    """Record the use of tokens and sessions that only the cache has authenticated.

    Requests from the cache skip the database, so no other code records their use.
    """
    secrets = {
        one.known.secret
        for one in entries
        if one.recalled
        and one.known
        and recalled.is_use_due(one.known.secret, now=now)
        and recalled.holds(one, now=now)
    }
    due = sorted(secrets, key=lambda one: one.id)  # a fixed order, to avoid deadlocks
    for table, column, some in (  # sessions first, as the code that ends them
        (LoginSession, "seen_at", [one for one in due if one.begun_at is not None]),
        (Token, "last_used_at", [one for one in due if one.begun_at is None]),
    ):
        rewrite(session, table, [{"id": one.id, column: now} for one in some])
    recalled.see(due, now)


def _turns(entries: Sequence[Entry]) -> Iterator[dict[int, Entry]]:
    """Yield *entries* by index, in batches without a repeated standing or idempotency key.

    Two entries of one standing depend on each other: the attempts and the sequence number of the
    second follow from the first. Two entries with one key are a request and its repetition.
    """
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
    """Writer of one batch in a transaction; no two of its entries concern the same standing."""

    session: Session
    recalled: Recollection
    variants: Variants
    now: datetime

    def write(self, turn: Mapping[int, Entry]) -> dict[int, Outcome]:
        """Write the batch and return the outcomes by index.

        Validation comes before replay: revoked users do not get a replayed reply.
        """
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
        """Return the earlier outcomes of entries whose idempotency key is stored already."""
        asked = {at: (one.ids.author, one.key) for at, one in turn.items() if one.key is not None}
        outcomes: dict[int, Outcome] = {}
        for at, found in _came_before(self.session, asked).items():
            try:
                outcomes[at] = found.replay(self.session, turn[at].print)
            except ServiceError as error:
                outcomes[at] = error
        return outcomes

    def _sure(self, turn: Mapping[int, Entry]) -> dict[int, tuple[Entry, Ground]]:
        """Return the entries with an unchanged draw, with their data; their rules must be valid."""
        seats = self.recalled.seats(self.session, turn.values())
        return {
            at: (entry, _ground(entry.known, seat))
            for at, entry in turn.items()
            if entry.known is not None and _has(seat := seats[entry.ids.standing], entry.drawn)
        }

    def _anew(
        self, turn: Mapping[int, Entry]
    ) -> tuple[dict[int, tuple[Entry, Ground]], dict[int, Outcome]]:
        """Read all data for entries without valid cached data; return it, and the refusals."""
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
        """Return the admitted submissions, and the errors of the others."""
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
        """Store admitted submissions with their standings and grades; return the outcomes."""
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
    """Lock and return all standings in the assignment of students who spent late days.

    Late days move the due time of every problem of the assignment, so all of them are recomputed.
    """
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
    """A stored submission with the same author and idempotency key."""

    id: UUID
    fingerprint: str

    def replay(self, session: Session, fingerprint: str) -> Accepted:
        """Return the stored reply; raise `Invalid` if the key came with another request."""
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
    """Return the stored submission of the same request, None if there is none.

    It saves grading a repeated request. The writer checks the key again in its transaction, since a
    concurrent request may store it in between. Raises `Invalid` if the key came with another
    request.
    """
    asked = {} if key is None else {0: (author_id.hex, key)}
    found = _came_before(session, asked).get(0)
    return None if found is None else found.replay(session, fingerprint)


def _came_before(session: Session, asked: Mapping[int, Pair]) -> dict[int, _Before]:
    """Return the stored submissions by index, for pairs of author and idempotency key."""
    if not asked:
        return {}
    places, pairs = zip(*asked.items(), strict=True)
    rows = find_places(session, BEFORE, pairs)
    return {places[at]: _Before(one, fingerprint) for at, one, fingerprint in rows}
