"""What is remembered, held against one transaction, and what the transaction makes of it."""

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
    """A process's *memory* in a transaction that found these *stamps*, and *tags* of standings.

    What the transaction writes is seen here at once, and by others once it is kept: after the
    commit.
    """

    memory: Memory
    stamps: Stamps
    tags: Tags
    _seats: dict[Pair, Seat | None] = field(default_factory=dict)
    _sheets: dict[Pair, Sheet] = field(default_factory=dict)
    _seen: dict[bytes, datetime] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)

    def seats(self, session: Session, entries: Iterable[Entry]) -> dict[Pair, Seat]:
        """Return where the students of *entries* are, whose rules hold.

        What is not remembered of them, or has changed, is read.
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
        """Tell whether all that is known of who sent an entry is so still."""
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
        """Take note of where a student is now; None: it is to be read."""
        self._seats[key] = seat

    def forget(self, keys: Iterable[Pair]) -> None:
        """Take note that students are somewhere else, to be read when it is asked for."""
        self._seats.update(dict.fromkeys(keys))

    def change(self, students: Iterable[str]) -> None:
        """Take note that this transaction changed the rules for students."""
        self._changed.update(students)

    def sheet(self, place: Pair, version: int, stamps: Stamps) -> Sheet | None:
        """Return a student's grade in an assignment where it is remembered in this *version*."""
        found = self._sheets.get(place) or self.memory.sheet(place)
        if found is None or found.version != version or found.stamps != stamps:
            return None
        return found

    def enter(self, place: Pair, sheet: Sheet) -> None:
        """Take note of a student's grade in an assignment."""
        self._sheets[place] = sheet

    def is_use_due(self, secret: Secret, *, now: datetime) -> bool:
        """Tell whether it is time to note that a secret is in use."""
        seen = self.memory.seen(secret)
        return seen is None or is_touch_due(seen, now=now)

    def see(self, secrets: Iterable[Secret], at: datetime) -> None:
        """Take note of when secrets were in use."""
        self._seen.update((one.digest, at) for one in secrets)

    def keep(self) -> None:
        """Remember what was noted: the transaction is committed."""
        for digest, at in self._seen.items():
            self.memory.see(digest, at)
        self.memory.settle(self._seats, self._sheets)
