"""The submission cache in one transaction: validated by its rows, updated after its commit."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from api.auth.sessions import is_touch_due
from api.services.grades import Key
from api.services.submissions.cache.memory import Memory, Seat, Secret, Sheet, Stamps, holds
from api.services.submissions.cache.states import seats_of
from api.services.submissions.drawn import Drawn
from api.services.submissions.entries import Entry
from api.services.submissions.writer.locks import Tags
from api.services.submissions.writer.lookup_statements import Pair

__all__ = ["Recollection"]


@dataclass(frozen=True, slots=True)
class Recollection:
    """View of the cache in one transaction, validated by its *stamps* and *tags*.

    The transaction sees its own writes at once. The process's *memory* gets them only after the
    commit (`keep`), so that a rollback leaves no trace in it.
    """

    memory: Memory
    stamps: Stamps
    tags: Tags
    _seats: dict[Pair, Seat | None] = field(default_factory=dict)
    _sheets: dict[Pair, Sheet] = field(default_factory=dict)
    _seen: dict[bytes, datetime] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)

    def seats(self, session: Session, entries: Iterable[Entry]) -> dict[Pair, Seat]:
        """Return the states of the students of *entries*, whose rules must be valid.

        States that are missing or stale in the cache are read from the database.
        """
        found: dict[Pair, Seat] = {}
        missing: dict[Key, Drawn] = {}
        for one in entries:
            seat = self._seat(one.ids.standing)
            if seat is None:
                missing[one.standing] = one.drawn
            else:
                found[one.ids.standing] = seat
        if missing:
            read = seats_of(session, missing, stamps=self.stamps)
            found |= {(key.problem_id.hex, key.student_id.hex): one for key, one in read.items()}
        return found

    def holds(self, entry: Entry, *, now: datetime) -> bool:
        """Tell whether the cached identity and rules of an entry are still valid."""
        known = entry.known
        if known is None or entry.ids.student in self._changed:
            return False
        if not known.holds_by(self.stamps):
            return False
        return known.secret.expires_at is None or known.secret.expires_at > now

    def _seat(self, key: Pair) -> Seat | None:
        if key in self._seats:
            return self._seats[key]
        seat = self.memory.seat(key)
        if seat is None or not holds(seat.stamps, self.stamps):
            return None
        return seat if seat.tag == self.tags[key] else None

    def sit(self, key: Pair, seat: Seat | None) -> None:
        """Set a student's state; None makes the next access read it."""
        self._seats[key] = seat

    def forget(self, keys: Iterable[Pair]) -> None:
        """Invalidate states, so that the next access reads them."""
        self._seats.update(dict.fromkeys(keys))

    def change(self, students: Iterable[str]) -> None:
        """Invalidate the rules of students for the rest of this transaction, which changed them."""
        self._changed.update(students)

    def sheet(self, place: Pair, version: int, stamps: Stamps) -> Sheet | None:
        """Return a student's cached grade in an assignment, None if it is missing or stale."""
        found = self._sheets.get(place) or self.memory.sheet(place)
        if found is None or found.version != version or found.stamps != stamps:
            return None
        return found

    def enter(self, place: Pair, sheet: Sheet) -> None:
        """Set a student's grade in an assignment."""
        self._sheets[place] = sheet

    def is_use_due(self, secret: Secret, *, now: datetime) -> bool:
        """Tell whether it is time to record another use of a credential."""
        seen = self.memory.seen(secret)
        return seen is None or is_touch_due(seen, now=now)

    def see(self, secrets: Iterable[Secret], at: datetime) -> None:
        """Set the last recorded use of credentials."""
        self._seen.update((one.digest, at) for one in secrets)

    def keep(self) -> None:
        """Write all updates to the process's cache; call it after the commit."""
        for digest, at in self._seen.items():
            self.memory.see(digest, at)
        self.memory.settle(self._seats, self._sheets)
