"""Index of the known wrong answers to a part, by value.

Equal values are found by hash; numbers that are equal up to float noise, and roundings, by
bisection in the sorted numbers; tensors by bisection on their first cells. The kind of the part
confirms each match, and decides alone if it has no look-up.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

from grader.definitions.problem import AnyPart
from grader.diagnosis.mistakes import AUTHOR_RANK, KnownMistakes, MistakeCandidate
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.grading.rounding import FLOAT_FIGURES, has_significant_figures
from grader.kinds import AnswerKind
from grader.reading import Reading
from grader.values import Number, Tensor, is_number

# Numbers within twice the float noise of each other: wider than `equals_up_to_noise` allows.
FLOAT_NOISE_RATIO: Final = 500_000_000
REACH_FACTOR: Final = 1 + 1e-6
EXACT_FLOAT_LIMIT: Final = 10**FLOAT_FIGURES
MIN_REACH: Final = 1e-300
"""Minimum distance for the search around a rounded float.

`REACH_FACTOR` is the factor by which the search is widened.
"""

MIN_DISTINCTIVE_FIGURES: Final = 6
"""Figures from which on the rounding of a value is evidence of a pair of mistakes."""
MIN_DISTINCTIVE_CELLS: Final = 4
"""Number of rounded cells of an array that are such evidence together."""

ArrayShape: TypeAlias = tuple[int, ...]
Positions: TypeAlias = tuple[int, ...]
"""Indices of candidates."""
SortedNumbers: TypeAlias = tuple[list[float], list[int]]
"""Sorted numbers, and the indices of their candidates."""
SINGLE_POSITIONS: Final[Mapping[int, Positions]] = {at: (at,) for at in range(256)}
"""Indices of values with one candidate, which all indexes share: most values have one."""


class MistakeIndex:
    """Index of the known wrong answers to one part, by value."""

    def __init__(
        self,
        known: KnownMistakes,
        kind: AnswerKind[Any, Any],
        part: AnyPart,
        scope: Scope,
        *,
        preferred: frozenset[str] = frozenset(),
    ) -> None:
        self._candidates = known.candidates
        self._preferred = preferred
        self._kind, self._part, self._scope = kind, part, scope
        self._identities = [
            kind.lookup_key(candidate.value, part) for candidate in known.candidates
        ]
        self._equal: dict[Hashable, Positions] = {}
        others: list[int] = []
        for position, identity in enumerate(self._identities):
            if identity is None:
                others.append(position)
            elif not isinstance(identity, Tensor):
                single = SINGLE_POSITIONS.get(position, (position,))
                earlier = self._equal.get(identity)
                self._equal[identity] = single if earlier is None else earlier + single
        self._others: Positions = tuple(others)

    @cached_property
    def _sorted_numbers(self) -> dict[ArrayShape, SortedNumbers]:
        """The sorted numbers of each form, and the indices of their candidates."""
        numbers_by_shape: dict[ArrayShape, list[tuple[float, int]]] = {}
        for position, identity in enumerate(self._identities):
            if (sort_key := _number_sort_key(identity)) is not None:
                numbers_by_shape.setdefault(sort_key[0], []).append((sort_key[1], position))
        return {form: _sort_numbers(numbers) for form, numbers in numbers_by_shape.items()}

    def find_likeliest(
        self, reading: Reading[Any], *, is_key_rounded: Callable[[], bool]
    ) -> tuple[MistakeCandidate, ...]:
        """Return the candidates of the highest rank that match this answer.

        A *preferred* mistake comes before others, but after the author's own. An exact match comes
        first. If there is none and not *is_key_rounded* (the answer is the key
        rounded), a candidate that rounds to the answer matches.
        """
        candidates = self.find_equal(reading)
        if not candidates and (candidates := self.find_roundings(reading)) and is_key_rounded():
            return ()
        return select_highest_ranked(candidates, self._preferred)

    def find_equal(self, reading: Reading[Any]) -> list[MistakeCandidate]:
        """Return the candidates that equal the answer, the likeliest first."""
        if not self._candidates:
            return []
        identity = self._kind.lookup_key(reading.value, self._part)
        if identity is None:
            positions = self._filter_matching(range(len(self._candidates)), reading)
        else:
            positions = [] if isinstance(identity, Tensor) else [*self._equal.get(identity, ())]
            if self._others:
                positions += self._filter_matching(self._others, reading)
            if reading.step is None and (sort_key := _number_sort_key(identity)) is not None:
                positions += self._filter_matching(self._find_positions_near(*sort_key), reading)
        return [self._candidates[at] for at in sorted(set(positions))]

    def find_roundings(self, reading: Reading[Any]) -> list[MistakeCandidate]:
        """Return the candidates that round to the answer without being equal, the likeliest first.

        An integer that was typed in full matches only equal candidates.
        """
        if not self._candidates or (_is_exact_as_float(reading.value) and reading.step == 1):
            return []
        is_like = self._kind.rounding_matcher(reading)
        if is_like is None:
            return []
        positions: Iterable[int] = range(len(self._candidates))
        number = self._kind.lookup_key(reading.value, self._part)
        if is_number(number) and reading.step is not None:
            positions = sorted(
                self._find_positions_near((), _to_float(number), _to_float(reading.step))
            )
        candidates = (self._candidates[at] for at in positions)
        return [candidate for candidate in candidates if is_like(candidate.value)]

    def has_distinctive_figures(self, reading: Reading[Any]) -> bool:
        """Return whether an answer has figures enough to tell one pair of mistakes from others."""
        number = self._kind.lookup_key(reading.value, self._part)
        if is_number(number) and reading.step:
            return has_significant_figures(number, reading.step, MIN_DISTINCTIVE_FIGURES)
        return isinstance(number, Tensor) and len(number.cells) >= MIN_DISTINCTIVE_CELLS

    def _find_positions_near(
        self, shape: ArrayShape, number: float, reach: float = 0.0
    ) -> Sequence[int]:
        """Return the indices of the candidates within *reach* of *number*, or within float noise.

        It may return too many, but never too few, despite the rounding of floats.
        """
        if shape not in self._sorted_numbers:
            return ()
        numbers, positions = self._sorted_numbers[shape]
        reach = max(reach, abs(number) / FLOAT_NOISE_RATIO) * REACH_FACTOR + MIN_REACH
        if not math.isfinite(number) or not math.isfinite(reach):
            return positions
        low, high = bisect_left(numbers, number - reach), bisect_right(numbers, number + reach)
        return positions[low:high]

    def _filter_matching(self, positions: Iterable[int], reading: Reading[Any]) -> list[int]:
        """Return those of *positions* whose value the kind recognizes in the answer."""
        return [at for at in positions if self._matches(reading, self._candidates[at])]

    def _matches(self, reading: Reading[Any], candidate: MistakeCandidate) -> bool:
        try:
            return self._kind.matches_mistake(reading, candidate.value, self._part, self._scope)
        except SolverError:
            return False


def _is_exact_as_float(value: Any) -> bool:
    """Return whether the value is an integer of no more digits than a float holds exactly."""
    return type(value) is int and abs(value) < EXACT_FLOAT_LIMIT


def select_highest_ranked(
    candidates: Sequence[MistakeCandidate], preferred: frozenset[str] = frozenset()
) -> tuple[MistakeCandidate, ...]:
    """Return the candidates of the highest rank; *preferred* ones come after the author's."""
    if len(candidates) <= 1:
        return tuple(candidates)
    best = max(candidate.rank for candidate in candidates)
    if best < AUTHOR_RANK:
        apt = [candidate for candidate in candidates if preferred.issuperset(candidate.ids)]
        if apt:
            candidates, best = apt, max(candidate.rank for candidate in apt)
    return tuple(candidate for candidate in candidates if candidate.rank == best)


def _number_sort_key(identity: Hashable | None) -> tuple[ArrayShape, float] | None:
    """Return the form of a number or tensor and the number that sorts it; None for other values."""
    if isinstance(identity, Tensor):
        return (identity.shape, _to_float(identity.cells[0])) if identity.cells else None
    return ((), _to_float(identity)) if is_number(identity) else None


def _to_float(number: Number) -> float:
    """Return the nearest float; it compares ten times faster than an exact fraction."""
    try:
        return number.numerator / number.denominator
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _sort_numbers(numbers: list[tuple[float, int]]) -> SortedNumbers:
    """Return the sorted numbers, and the indices of their candidates."""
    ordered = sorted(numbers)
    return [number for number, _ in ordered], [at for _, at in ordered]
