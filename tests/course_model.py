"""Minimal model of a course with one student and one problem, as a reference.

The service must agree with it. The module imports nothing from the code under test.
Times are in hours since the start. An answer up to one day late earns nine tenths.
"""

from dataclasses import dataclass, field
from fractions import Fraction

DAY = 24
DUE = 48
BY_ATTEMPT = (Fraction(1), Fraction(3, 4), Fraction(1, 2))
POINTS = {"cells": 2, "doubled": 2}
LATE = Fraction(9, 10)


@dataclass
class AcceptedAnswer:
    """Accepted answer, with the student's last value of `cells` before it."""

    part: str
    value: int | None
    hour: float
    attempt: int | None
    number: int
    cells: int | None
    late: Fraction


@dataclass
class Model:
    """The rules and the answers so far."""

    hour: float = 0
    key: int = 9
    limit: int | None = 3
    days: int = 0
    revoked: bool = False
    given: list[AcceptedAnswer] = field(default_factory=list)
    submissions: int = 0

    def late(self, hour: float) -> Fraction | None:
        """Return the credit factor at an hour, or None once submissions are closed."""
        due = DUE + DAY * self.days
        if hour <= due:
            return Fraction(1)
        return LATE if hour <= due + DAY else None

    def of(self, part: str) -> list[AcceptedAnswer]:
        return [one for one in self.given if one.part == part]

    def used(self, part: str) -> int:
        return sum(one.attempt is not None for one in self.of(part))

    def submit(self, answers: dict[str, int | None]) -> str:
        """Submit answers, None for an unreadable one; return the expected outcome."""
        if self.revoked:
            return "unauthenticated"
        late = self.late(self.hour)
        if late is None:
            return "deadline_passed"
        new = [part for part, value in answers.items() if self._is_new(part, value)]
        if any(self.limit is not None and self.used(part) >= self.limit for part in new):
            return "attempts_exhausted"
        for part in POINTS:
            if part in answers:
                self._take(part, answers[part], late, counts=part in new)
        self.submissions += 1
        return "stored"

    def _is_new(self, part: str, value: int | None) -> bool:
        return value is not None and all(
            one.value != value or one.attempt is None for one in self.of(part)
        )

    def _take(self, part: str, value: int | None, late: Fraction, *, counts: bool) -> None:
        same = [one for one in self.of(part) if one.value == value and one.attempt is not None]
        attempt = self.used(part) + 1 if counts else None
        number = attempt or (same[0].number if same else self.used(part) + 1)
        cells = [one.value for one in self.of("cells") if one.value is not None]
        last = cells[-1] if cells else None
        self.given.append(AcceptedAnswer(part, value, self.hour, attempt, number, last, late))

    def _right(self, one: AcceptedAnswer) -> bool:
        if one.value is None:
            return False
        if one.part == "cells":
            return one.value == self.key
        return one.value in {2 * self.key, 2 * (self.key if one.cells is None else one.cells)}

    def credit(self, part: str) -> Fraction:
        """Return the best credit that a part has earned."""
        found = [Fraction(0)]
        for one in self.of(part):
            if self._right(one):
                late = max(one.late, self.late(one.hour) or Fraction(0))
                found.append(BY_ATTEMPT[min(one.number, 3) - 1] * late)
        return max(found)

    @property
    def score(self) -> Fraction:
        """The points of the problem."""
        return sum((POINTS[part] * self.credit(part) for part in POINTS), Fraction(0))
