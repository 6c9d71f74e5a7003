"""Publication: the seeds of a problem version that tell every known mistake from the key."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias

from grader.book import Book
from grader.definitions.problem import Problem
from grader.diagnosis.mistakes import Known, hidden_mistakes
from grader.display.text import show
from grader.errors import DrawError, ProblemError
from grader.values import Opaque, Tensor, Value, nested
from grader.variants.variant import Variant, draw, solve_keys, solve_numbers
from problems.lint import let_pass

__all__ = ["MAX_SEEDS", "Clock", "Publication", "SeedReport", "plain", "publish", "untimed"]

Clock: TypeAlias = Callable[[], float]
MAX_SEEDS: Final = 500
MAX_WALK: Final = 4000
DRAWS_FOR_INERT: Final = 200
DRAWS_FOR_COINCIDENCE: Final = 50
MAX_REPEATS: Final = 200
REPEATS: Final = "the numbers repeat"
NO_DRAW: Final = "no draw satisfies `require`"
MIN_FAILED_SEEDS: Final = 3
"""As many seeds without a draw are skipped, whatever their share is."""


@dataclass(frozen=True, slots=True)
class SeedReport:
    """Which seeds of a problem are published, and why others were refused.

    *inert* lists, by part, the mistakes that no draw shows; they are dropped there. *together*
    lists pairs of mistakes that give the same value in every variant looked at: of these the
    commoner is named. *walked* is the number of seeds that were looked at; a problem without draws
    has none.
    """

    problem: str
    seeds: tuple[int, ...] = ()
    walked: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    inert: Mapping[str, frozenset[str]] = field(default_factory=dict)
    together: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Publication:
    """The variants that students may get, and the report of how they were chosen.

    *slowest_seconds* is what the slowest of them took to solve, by the clock of the caller.
    """

    report: SeedReport
    variants: tuple[Variant, ...] = ()
    slowest_seconds: float = 0.0


def untimed() -> float:
    """Return 0.0: the clock where nobody asks how long variants take."""
    return 0.0


def publish(
    problem: Problem, book: Book, *, limit: int = MAX_SEEDS, clock: Clock = untimed
) -> Publication:
    """Return up to *limit* variants of the seeds 0, 1, 2, ... that discriminate.

    A seed is refused if no draw of it satisfies `require`, if a key cannot be computed, if a live
    mistake gives the key or what the tolerance accepts, or if its numbers repeat an earlier seed's
    or, unless there are no others, the original's. Raises `ProblemError` where none is left, and
    where most seeds have no draw.
    """
    if not problem.is_drawn:
        return Publication(SeedReport(problem.id))
    walk = _Walk(problem, book, clock)
    variants, report = walk.run(limit)
    if not variants and problem.has_original:
        walk.admit_original()
        variants, report = walk.run(limit)
    if not variants:
        counted = sorted(report.refused.items(), key=lambda one: -one[1])[:3]
        reasons = "; ".join(f"{reason} ({count})" for reason, count in counted)
        raise ProblemError(f"no seed discriminates: {reasons}; widen params or `ignore` a mistake")
    return Publication(report, tuple(variants), walk.slowest_seconds)


class _Walk:
    """The seeds of one problem: each drawn once, and solved once if its numbers are new."""

    def __init__(self, problem: Problem, book: Book, clock: Clock) -> None:
        self._problem = problem
        self._book = book
        self._clock = clock
        self._drawn: dict[int, Mapping[str, Value]] = {}
        self._failed: set[int] = set()
        self._solved: dict[object, Variant] = {}
        self._first: dict[object, int | None] = {}
        self.slowest_seconds = 0.0
        if problem.has_original:
            self._first[_numbers(draw(problem, None, book))] = None

    def admit_original(self) -> None:
        """Let seeds repeat the numbers of the original."""
        self._first.clear()

    def run(self, limit: int) -> tuple[list[Variant], SeedReport]:
        """Return up to *limit* variants that discriminate, and the report of the walk."""
        inert = self.inert(limit)
        variants: list[Variant] = []
        refused: Counter[str] = Counter()
        repeats = seed = 0
        for seed in range(MAX_WALK):
            reason = self.refuse(seed, inert)
            if reason:
                refused[reason] += 1
            else:
                variants.append(self.variant(seed))
            repeats = repeats + 1 if reason == REPEATS else 0
            if len(variants) == limit or repeats == MAX_REPEATS:
                break
        seeds = tuple(one.seed for one in variants if one.seed is not None)
        together = _coincidences(variants[:DRAWS_FOR_COINCIDENCE])
        report = SeedReport(self._problem.id, seeds, seed + 1, dict(refused), inert, together)
        return variants, report

    def has_draw(self, seed: int) -> bool:
        """Draw the numbers of *seed*; tell whether a draw satisfies `require`.

        Raises `DrawError` where most of the seeds so far have none.
        """
        if seed in self._drawn or seed in self._failed:
            return seed in self._drawn
        try:
            self._drawn[seed] = draw(self._problem, seed, self._book)
        except DrawError:
            self._failed.add(seed)
            if len(self._failed) > max(MIN_FAILED_SEEDS, len(self._drawn)):
                raise
        return seed in self._drawn

    def names(self, seed: int) -> Mapping[str, Value]:
        """Return the numbers of *seed*, which has a draw."""
        return self._drawn[seed]

    def variant(self, seed: int) -> Variant:
        """Return the variant of *seed*; seeds with the same numbers share the work."""
        names = self.names(seed)
        numbers = _numbers(names)
        if numbers not in self._solved:
            began = self._clock()
            self._solved[numbers] = solve_numbers(self._problem, seed, names, self._book)
            self.slowest_seconds = max(self.slowest_seconds, self._clock() - began)
        return self._solved[numbers]

    def hidden(self, seed: int) -> Mapping[str, frozenset[str]]:
        """Return, by part, the mistakes that the numbers of *seed* hide."""
        found = self.variant(seed).mistakes
        return {part: known.hidden for part, known in found.items()}

    def inert(self, full: int) -> dict[str, frozenset[str]]:
        """Return, by part, the mistakes that 200 draws hide, as far as its key can be computed.

        Draws beyond the first *full* ones, which are solved anyway, are asked for no more than the
        mistakes that none has shown yet.
        """
        common: dict[str, frozenset[str]] = {}
        looked_at: set[object] = set()
        for seed in filter(self.has_draw, range(DRAWS_FOR_INERT)):
            numbers = _numbers(self.names(seed))
            if numbers in looked_at:
                continue
            looked_at.add(numbers)
            whole = seed < full or len(common) < len(self._problem.parts)
            hides = self._hidden(seed) if whole else self._still_hidden(seed, common)
            for part, ids in hides.items():
                common[part] = common.get(part, ids) & ids
            if len(common) == len(self._problem.parts) and not any(common.values()):
                break
        return {part: ids for part, ids in common.items() if ids}

    def _hidden(self, seed: int) -> Mapping[str, frozenset[str]]:
        """Return, by part with a key, the mistakes that the numbers of *seed* hide."""
        failed = self.variant(seed).failures
        return {part: ids for part, ids in self.hidden(seed).items() if part not in failed}

    def _still_hidden(
        self, seed: int, among: Mapping[str, frozenset[str]]
    ) -> Mapping[str, frozenset[str]]:
        """Return, by part with a key, which of the mistakes *among* those *seed* hides."""
        names = self.names(seed)
        keys, failed = solve_keys(self._problem, names, self._book)
        hidden = hidden_mistakes(self._problem, names, keys, self._book, among=among)
        return {part: ids for part, ids in hidden.items() if part not in failed}

    def refuse(self, seed: int, inert: Mapping[str, frozenset[str]]) -> str:
        """Return why *seed* is not published, or nothing."""
        if not self.has_draw(seed):
            return NO_DRAW
        if self._first.setdefault(_numbers(self.names(seed)), seed) != seed:
            return REPEATS
        for part, reason in self.variant(seed).failures.items():
            return f"{part}: {reason}"
        for part, ids in self.hidden(seed).items():
            for mistake in sorted(ids - inert.get(part, frozenset())):
                return f"{part}: {mistake} gives the key"
        for tolerant, one in let_pass(self.variant(seed), self._book):
            return f"{tolerant.id}: the tolerance takes {one.ids[0]} for right"
        return ""


def _coincidences(variants: list[Variant]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return, by part, the pairs of mistakes that no variant tells apart."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for part in variants[0].mistakes if variants else ():
        common: set[tuple[str, str]] | None = None
        for variant in variants:
            same = _same_values(variant.mistakes[part])
            common = same if common is None else common & same
        if common:
            found[part] = tuple(sorted(common))
    return found


def _same_values(known: Known) -> set[tuple[str, str]]:
    """Return the pairs of mistakes with a value in common."""
    return {
        (one.ids[0], two.ids[0])
        for one in known.candidates
        for two in known.candidates
        if one.ids < two.ids and one.value == two.value
    }


def _numbers(names: Mapping[str, Value]) -> object:
    return tuple(str(value) if isinstance(value, Opaque) else value for value in names.values())


def plain(value: Value | None) -> object:
    """Return a value as JSON data: fractions as ``"1/3"``, tensors as nested lists."""
    match value:
        case None | bool() | int() | str():
            return value
        case Fraction():
            return str(value)
        case Tensor():
            return nested(value.shape, [plain(cell) for cell in value.cells])  # type: ignore[misc]
        case tuple():
            return [plain(item) for item in value]
        case _:
            return show(value)
