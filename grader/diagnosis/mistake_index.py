"""Index of the known wrong answers to a part, by value.

Equal values are found by hash; numbers that are equal up to float noise, and roundings, by
bisection in the sorted numbers; tensors by bisection on their first cells. The kind of the part
confirms each match, and decides alone if it has no look-up.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

from grader.definitions.problem import AnyPart
from grader.diagnosis.mistakes import Candidate, Known
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.grading.tolerance import FLOAT_FIGURES
from grader.kinds import Kind
from grader.reading import Reading
from grader.values import Number, Tensor, is_number

__all__ = ["Index", "highest"]

# Numbers within twice the float noise of each other: slightly wider than `recognised` allows.
NOISE: Final = 500_000_000
MORE: Final = 1 + 1e-6
SURE: Final = 10**FLOAT_FIGURES
LEAST: Final = 1e-300
"""Factor and minimum by which the search around a rounded float is widened."""

Form: TypeAlias = tuple[int, ...]


class Index:
    """Index of the known wrong answers to one part, by value."""

    def __init__(self, known: Known, kind: Kind[Any, Any], part: AnyPart, scope: Scope) -> None:
        self._candidates = known.candidates
        self._kind, self._part, self._scope = kind, part, scope
        self._identities = [kind.identity(one.value, part) for one in known.candidates]
        self._equal: dict[Hashable, list[int]] = {}
        self._others: list[int] = []
        for at, identity in enumerate(self._identities):
            if identity is None:
                self._others.append(at)
            elif not isinstance(identity, Tensor):
                self._equal.setdefault(identity, []).append(at)

    @cached_property
    def _lines(self) -> dict[Form, tuple[list[float], list[int]]]:
        """The sorted numbers of each form, and the indices of their candidates."""
        forms: dict[Form, list[tuple[float, int]]] = {}
        for at, identity in enumerate(self._identities):
            if (place := _place(identity)) is not None:
                forms.setdefault(place[0], []).append((place[1], at))
        return {form: _line(numbers) for form, numbers in forms.items()}

    def likeliest(
        self, reading: Reading[Any], *, rounded: Callable[[], bool]
    ) -> tuple[Candidate, ...]:
        """Return the candidates of the highest rank that match this answer.

        An exact match comes first. If there is none and the answer is not the key *rounded*, a
        candidate that rounds to the answer matches.
        """
        found = self.equal(reading)
        if not found and (found := self.resembling(reading)) and rounded():
            return ()
        return highest(found)

    def equal(self, reading: Reading[Any]) -> list[Candidate]:
        """Return the candidates that equal the answer, the likeliest first."""
        if not self._candidates:
            return []
        identity = self._kind.identity(reading.value, self._part)
        if identity is None:
            found = self._recognised(range(len(self._candidates)), reading)
        else:
            found = [] if isinstance(identity, Tensor) else self._equal.get(identity, [])
            if self._others:
                found = found + self._recognised(self._others, reading)
            if reading.step is None and (place := _place(identity)) is not None:
                found = found + self._recognised(self._near(*place), reading)
        return [self._candidates[at] for at in sorted(set(found))]

    def resembling(self, reading: Reading[Any]) -> list[Candidate]:
        """Return the candidates that round to the answer without being equal, the likeliest first.

        An integer that was typed in full matches only equal candidates.
        """
        if not self._candidates or (_is_short(reading.value) and reading.step == 1):
            return []
        is_like = self._kind.likeness(reading)
        if is_like is None:
            return []
        places: Iterable[int] = range(len(self._candidates))
        number = self._kind.identity(reading.value, self._part)
        if is_number(number) and reading.step is not None:
            places = sorted(self._near((), _rounded(number), _rounded(reading.step)))
        found = (self._candidates[at] for at in places)
        return [one for one in found if is_like(one.value)]

    def _near(self, form: Form, number: float, reach: float = 0.0) -> list[int]:
        """Return the indices of the candidates within *reach* of *number*, or within float noise.

        It may return too many, but never too few, despite the rounding of floats.
        """
        if form not in self._lines:
            return []
        numbers, places = self._lines[form]
        reach = max(reach, abs(number) / NOISE) * MORE + LEAST
        if not math.isfinite(number) or not math.isfinite(reach):
            return places
        low, high = bisect_left(numbers, number - reach), bisect_right(numbers, number + reach)
        return places[low:high]

    def _recognised(self, places: Iterable[int], reading: Reading[Any]) -> list[int]:
        """Return those of *places* whose value the kind recognizes in the answer."""
        return [at for at in places if self._is(reading, self._candidates[at])]

    def _is(self, reading: Reading[Any], one: Candidate) -> bool:
        try:
            return self._kind.recognise(reading, one.value, self._part, self._scope)
        except SolverError:
            return False


def _is_short(value: Any) -> bool:
    """Return whether the value is an integer of no more digits than a float holds exactly."""
    return type(value) is int and abs(value) < SURE


def highest(found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates of the highest rank."""
    if len(found) <= 1:
        return tuple(found)
    best = max(one.rank for one in found)
    return tuple(one for one in found if one.rank == best)


def _place(identity: Hashable | None) -> tuple[Form, float] | None:
    """Return the form of a number or tensor and the number that sorts it; None for other values."""
    if isinstance(identity, Tensor):
        return (identity.shape, _rounded(identity.cells[0])) if identity.cells else None
    return ((), _rounded(identity)) if is_number(identity) else None


def _rounded(number: Number) -> float:
    """Return the nearest float; it compares ten times faster than an exact fraction."""
    try:
        return number.numerator / number.denominator
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _line(numbers: list[tuple[float, int]]) -> tuple[list[float], list[int]]:
    """Return the sorted numbers, and the indices of their candidates."""
    ordered = sorted(numbers)
    return [number for number, _ in ordered], [at for _, at in ordered]
