"""Publication: selects the seeds that tell every known mistake from the key."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias

from grader.definitions.problem import Problem
from grader.diagnosis.mistakes import KnownMistakes, find_hidden_mistakes, is_rare
from grader.display.text import to_text
from grader.errors import DrawError, ProblemError
from grader.limits import PUBLISHED_SEEDS
from grader.registry import Registry
from grader.values import OpaqueValue, Tensor, Value, to_nested
from grader.variants.variant import Variant, draw_values, solve_keys, solve_variant_from_values
from problems.checks.lint import find_tolerated_mistakes
from problems.checks.refused_draws import explain_refusals

Clock: TypeAlias = Callable[[], float]
MAX_WALKED_SEEDS: Final = 4000
DRAWS_FOR_INERT: Final = 40  # of 175 problems, no mistake needs more than six to change the key
DRAWS_FOR_COINCIDENCE: Final = 50
MAX_CONSECUTIVE_REPEATS: Final = 200
REPEATED_NUMBERS: Final = "the numbers repeat"
NO_DRAW: Final = "no draw satisfies `require`"
MIN_VARIANTS: Final = 30  # below it, an author is warned that students share numbers
MIN_TRIED_SEEDS: Final = 20
"""Least number of seeds of which most must have no draw for a problem to be refused."""


@dataclass(frozen=True, slots=True)
class SeedReport:
    """Report on a problem's seeds: which are published, and why others were refused.

    *inert* lists, by part, the mistakes that give the key in every draw; they are
    dropped there. *together* lists pairs of mistakes that give the same value in every
    examined variant; of these, the more common one is named. *walked* is the number of
    seeds examined, 0 for a problem without draws. *explanations* says for reasons which numbers
    the refused draws have in common, or gives an example. *muted* counts, by part and mistake, the
    published seeds whose key the mistake gives; there are some only if no other seed is left.
    """

    problem: str
    seeds: tuple[int, ...] = ()
    walked: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    inert: Mapping[str, frozenset[str]] = field(default_factory=dict)
    together: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    explanations: Mapping[str, str] = field(default_factory=dict)
    muted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Publication:
    """The variants that students may get, and the report on their selection.

    *slowest_seconds* is the longest time to solve a variant, by the caller's clock.
    """

    report: SeedReport
    variants: tuple[Variant, ...] = ()
    slowest_seconds: float = 0.0


def zero_clock() -> float:
    """Return 0.0, for callers that do not time variants."""
    return 0.0


def publish_problem(
    problem: Problem, registry: Registry, *, limit: int = PUBLISHED_SEEDS, clock: Clock = zero_clock
) -> Publication:
    """Return up to *limit* variants that discriminate, from the seeds 0, 1, 2, ...

    A seed is refused if no draw satisfies `require`, if a key cannot be computed, if a
    live mistake gives the key or a value within the tolerance, or if its numbers repeat
    those of an earlier seed. Numbers of the original are refused too, unless there are
    no others. If no seed is left because mistakes exclude each other, those in which one gives the
    key are published, and it is not named there. Raises `ProblemError` if no seed is left then
    either, or if most seeds, of at least 20, have no draw.
    """
    if not problem.has_drawn_params:
        return Publication(SeedReport(problem.id))
    selection = _SeedSelector(problem, registry, clock)
    variants, report = selection.select(limit)
    if not variants and problem.has_original:
        selection.allow_original_numbers()
        variants, report = selection.select(limit)
    if not variants:
        selection.allow_key_coincidences()
        variants, report = selection.select(limit)
    if not variants:
        most_common = sorted(report.refused.items(), key=lambda item: -item[1])[:3]
        reasons = "; ".join(
            ", ".join(filter(None, (f"{reason} ({count})", report.explanations.get(reason))))
            for reason, count in most_common
        )
        raise ProblemError(f"no seed discriminates: {reasons}; widen params or `ignore` a mistake")
    return Publication(report, tuple(variants), selection.slowest_seconds)


class _SeedSelector:
    """The seeds of one problem, each drawn once and solved once if its numbers are new."""

    def __init__(self, problem: Problem, registry: Registry, clock: Clock) -> None:
        self._problem, self._registry, self._clock = problem, registry, clock
        self._draws: dict[int, Mapping[str, Value]] = {}
        self._failed_seeds: set[int] = set()
        self._variants: dict[object, Variant] = {}
        self._first_seeds: dict[object, int | None] = {}
        self.slowest_seconds = 0.0
        self._mutes_coincidences = False
        if problem.has_original:
            self._first_seeds[_numbers_key(draw_values(problem, None, registry))] = None

    def allow_original_numbers(self) -> None:
        """Allow seeds to repeat the numbers of the original."""
        self._first_seeds.clear()

    def allow_key_coincidences(self) -> None:
        """Allow seeds in which a mistake gives the key; it is not named there."""
        self._mutes_coincidences = True

    def select(self, limit: int) -> tuple[list[Variant], SeedReport]:
        """Return up to *limit* variants that discriminate, and the report."""
        inert = self.find_inert_mistakes(limit)
        variants: list[Variant] = []
        refused: Counter[str] = Counter()
        refused_draws: dict[str, list[Mapping[str, Value]]] = {}
        repeats = seed = 0
        for seed in range(MAX_WALKED_SEEDS):
            reason = self.find_refusal_reason(seed, inert)
            if reason:
                refused[reason] += 1
                if reason not in {NO_DRAW, REPEATED_NUMBERS}:
                    refused_draws.setdefault(reason, []).append(self.drawn_values(seed))
            else:
                variants.append(self.solve_variant(seed))
            repeats = repeats + 1 if reason == REPEATED_NUMBERS else 0
            if len(variants) == limit or repeats == MAX_CONSECUTIVE_REPEATS:
                break
        seeds = tuple(variant.seed for variant in variants if variant.seed is not None)
        together = _find_coinciding_mistakes(variants[:DRAWS_FOR_COINCIDENCE])
        explanations = explain_refusals(
            refused_draws, [variant.names for variant in variants], self._problem.drawn_param_names
        )
        muted = self._count_mutes_by_mistake(variants, inert) if self._mutes_coincidences else {}
        report = SeedReport(
            self._problem.id, seeds, seed + 1, dict(refused), inert, together, explanations, muted
        )
        return variants, report

    def _count_mutes_by_mistake(
        self, variants: list[Variant], inert: Mapping[str, frozenset[str]]
    ) -> dict[str, Mapping[str, int]]:
        """Return, by part and mistake, in how many *variants* the mistake gives the key."""
        counts: dict[str, Counter[str]] = {}
        for variant in variants:
            for part, known in variant.mistakes.items():
                counts.setdefault(part, Counter()).update(
                    known.hidden - inert.get(part, frozenset())
                )
        return {part: dict(counter) for part, counter in counts.items() if counter}

    def try_draw_numbers(self, seed: int) -> bool:
        """Draw the numbers of *seed*; return whether a draw satisfies `require`.

        Raises `DrawError` if most of the seeds so far have none, once that holds for at
        least `MIN_TRIED_SEEDS` seeds, whether or not the rest of these have a draw.
        """
        if seed in self._draws or seed in self._failed_seeds:
            return seed in self._draws
        try:
            self._draws[seed] = draw_values(self._problem, seed, self._registry)
        except DrawError:
            self._failed_seeds.add(seed)
            if len(self._failed_seeds) > max(MIN_TRIED_SEEDS // 2, len(self._draws)):
                raise
        return seed in self._draws

    def drawn_values(self, seed: int) -> Mapping[str, Value]:
        """Return the numbers of *seed*, which must have a draw."""
        return self._draws[seed]

    def solve_variant(self, seed: int) -> Variant:
        """Return the variant of *seed*; seeds with the same numbers are solved once."""
        names = self.drawn_values(seed)
        numbers = _numbers_key(names)
        if numbers not in self._variants:
            started = self._clock()
            self._variants[numbers] = solve_variant_from_values(
                self._problem, seed, names, self._registry
            )
            self.slowest_seconds = max(self.slowest_seconds, self._clock() - started)
        return self._variants[numbers]

    def find_mistakes_giving_key(self, seed: int) -> Mapping[str, frozenset[str]]:
        """Return, by part, the mistakes that give the key with the numbers of *seed*."""
        mistakes = self.solve_variant(seed).mistakes
        return {part: known.hidden for part, known in mistakes.items()}

    def find_inert_mistakes(self, full_draws: int) -> dict[str, frozenset[str]]:
        """Return, by part, the mistakes that give the key in each of 40 draws.

        A draw whose key cannot be computed does not count for its part. The first
        *full_draws* draws are solved anyway and check all mistakes. Later draws check
        only the mistakes that have given the key so far.
        """
        common: dict[str, frozenset[str]] = {}
        examined: set[object] = set()
        for seed in filter(self.try_draw_numbers, range(DRAWS_FOR_INERT)):
            numbers = _numbers_key(self.drawn_values(seed))
            if numbers in examined:
                continue
            examined.add(numbers)
            needs_all = seed < full_draws or len(common) < len(self._problem.parts)
            among = None if needs_all else common
            hidden = self._find_hidden_in_solved_parts(seed, among)
            for part, ids in hidden.items():
                common[part] = common.get(part, ids) & ids
            if len(common) == len(self._problem.parts) and not any(common.values()):
                break
        return {part: ids for part, ids in common.items() if ids}

    def _find_hidden_in_solved_parts(
        self, seed: int, among: Mapping[str, frozenset[str]] | None
    ) -> Mapping[str, frozenset[str]]:
        """Return the mistakes of *among*, or of all, that *seed* hides, by part with a key."""
        if among is None:
            failed = self.solve_variant(seed).failures
            hidden = self.find_mistakes_giving_key(seed)
        else:
            names = self.drawn_values(seed)
            keys, failed = solve_keys(self._problem, names, self._registry)
            hidden = find_hidden_mistakes(self._problem, names, keys, self._registry, among=among)
        return {part: ids for part, ids in hidden.items() if part not in failed}

    def find_refusal_reason(self, seed: int, inert: Mapping[str, frozenset[str]]) -> str:
        """Return why *seed* is not published, or "" if it is."""
        if not self.try_draw_numbers(seed):
            return NO_DRAW
        if self._first_seeds.setdefault(_numbers_key(self.drawn_values(seed)), seed) != seed:
            return REPEATED_NUMBERS
        for part, reason in self.solve_variant(seed).failures.items():
            return f"{part}: {reason}"
        hidden = {} if self._mutes_coincidences else self.find_mistakes_giving_key(seed)
        for part, ids in hidden.items():
            for mistake in sorted(ids - inert.get(part, frozenset())):
                return f"{part}: {mistake} gives the key"
        for tolerant_part, candidate in find_tolerated_mistakes(
            self.solve_variant(seed), self._registry
        ):
            return f"{tolerant_part.id}: the tolerance takes {candidate.ids[0]} for right"
        return ""


def _find_coinciding_mistakes(variants: list[Variant]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return, by part, the pairs of mistakes that have equal values in every variant."""
    coincidences: dict[str, tuple[tuple[str, str], ...]] = {}
    for part in variants[0].mistakes if variants else ():
        common: set[tuple[str, str]] | None = None
        for variant in variants:
            same = _find_equal_pairs(variant.mistakes[part])
            common = same if common is None else common & same
        if common:
            coincidences[part] = tuple(sorted(common))
    return coincidences


def _find_equal_pairs(known: KnownMistakes) -> set[tuple[str, str]]:
    """Return the pairs of mistakes with equal values, without rare ones."""
    common = [candidate for candidate in known.candidates if not is_rare(candidate)]
    return {
        (candidate.ids[0], two.ids[0])
        for candidate in common
        for two in common
        if candidate.ids < two.ids and candidate.value == two.value
    }


def _numbers_key(numbers: Mapping[str, Value]) -> object:
    return tuple(
        str(value) if isinstance(value, OpaqueValue) else value for value in numbers.values()
    )


def to_json_data(value: Value | None) -> object:
    """Return a value as JSON data: fractions as ``"1/3"``, tensors as nested lists."""
    match value:
        case None | bool() | int() | str():
            return value
        case Fraction():
            return str(value)
        case Tensor():
            return to_nested(value.shape, [to_json_data(cell) for cell in value.cells])  # type: ignore[misc]
        case tuple():
            return [to_json_data(item) for item in value]
        case _:
            return to_text(value)
