"""Measure how often feedback names a mistake for a wrong answer, rightly and by coincidence.

Run with `make bench`, or `PYTHONPATH=tests .venv/bin/python benchmarks/naming.py [SEEDS]`. It takes
the original and SEEDS (3) seeds of every problem of the bank. A value that a wrong version of a
solver computes must get the name of that mistake. Values that no mistake computes (near the key,
doubled, two digits swapped, as large as the key, one cell changed) should get no name; those that
equal the result of a mistake by coincidence are counted. The last lines summarize the collected
wrong values of the tests.
"""

import random
import sys
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from grader.display.text import to_text
from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.kinds import KINDS
from grader.reading import RawAnswer
from grader.values import Number, Tensor, Value, is_number, simplify_number
from grader.variants.variant import Variant, get_mistake_pairs, solve_variant
from problems.catalog import ProblemCatalog
from problems.registry import REGISTRY
from tests.bank.blind_wrong_values import (
    COLLECTIONS,
    count_named_without_authors,
    count_outcomes,
)
from tests.bank.wrong_values import VALUES, figures

MAX_DISTANCE = 20
RANDOM_VALUES = 20
TWO_DIGITS, ROUNDED_ABOVE = 10, 1000
MAX_DIGITS = 6


def generate_variants(seeds: int) -> Iterator[Variant]:
    """Yield the original and the first seeds of every problem with autograded parts."""
    catalog = ProblemCatalog()
    for name in catalog.ids:
        problem = catalog.get(name)
        if problem.has_autograded_parts:
            for seed in (None, *(range(seeds) if problem.has_drawn_params else ())):
                yield solve_variant(problem, seed, REGISTRY)


def generate_wrong_answers(key: Value, rng: random.Random) -> Iterator[tuple[str, RawAnswer]]:
    """Yield wrong answers that no mistake computed, each after the name of its method."""
    if isinstance(key, Tensor):
        for _ in range(RANDOM_VALUES):
            cells = list(key.cells)
            cells[rng.randrange(len(cells))] += rng.choice((-2, -1, 1, 2))
            yield "a cell", to_text(Tensor(key.shape, tuple(cells)))
            rng.shuffle(cells)
            yield "cells shuffled", to_text(Tensor(key.shape, tuple(cells)))
    elif isinstance(key, tuple):
        axes = [axis for axis in key if isinstance(axis, int)]
        for index, axis in enumerate(axes):
            for step in (-2, -1, 1, 2):
                yield "an axis", to_text((*axes[:index], axis + step, *axes[index + 1 :]))
    elif is_number(key):
        yield from generate_wrong_numbers(key, rng)


def generate_wrong_numbers(key: Number, rng: random.Random) -> Iterator[tuple[str, RawAnswer]]:
    """Yield wrong numbers near *key*, derived from it, and of its size."""
    for step in range(1, MAX_DISTANCE + 1):
        yield "±1 to ±20", to_text(key + step)
        yield "±1 to ±20", to_text(key - step)
    yield "double, half", to_text(2 * key)
    yield "double, half", to_text(simplify_number(Fraction(key) / 2))
    if not isinstance(key, int) or key < TWO_DIGITS:
        return
    digits = str(key)
    for index in range(len(digits) - 1):
        swapped = digits[:index] + digits[index + 1] + digits[index] + digits[index + 2 :]
        if swapped != digits:
            yield "digits swapped", swapped
    for _ in range(RANDOM_VALUES):
        value = rng.randrange(key // 2, 2 * key)
        yield f"as large, {min(len(digits), MAX_DIGITS)} digits", str(value)
        if value > ROUNDED_ABOVE:
            yield "as large, rounded", f"{value:.2e}"


def grade_answer(variant: Variant, part: str, answer: RawAnswer) -> PartResult:
    """Return the result of an answer to one part."""
    results = grade(variant, {part: answer}, registry=REGISTRY)
    return next(result for result in results if result.part == part)


def count_answers(variant: Variant, table: "NamingTable", rng: random.Random) -> None:
    """Add answers to all parts of *variant* to the table."""
    for part in variant.problem.parts:
        key = variant.keys.get(part.id)
        for origin, answer in generate_wrong_answers(key, rng) if key is not None else ():
            table.add(f"{part.kind}: {origin}", grade_answer(variant, part.id, answer))
        mistakes = variant.mistakes[part.id].candidates
        for mistake in (*mistakes, *get_mistake_pairs(variant, part.id, REGISTRY).candidates):
            result = grade_answer(
                variant, part.id, KINDS[part.kind].format_key(mistake.value, part)
            )
            origin = "by two mistakes" if len(mistake.ids) > 1 else "by a mistake"
            table.add(f"{part.kind}: {origin}", result, ids=mistake.ids)


class NamingTable:
    """Counts of wrong answers and of those that were named, by kind and method."""

    def __init__(self) -> None:
        self.answer_counts: Counter[str] = Counter()
        self.named_counts: Counter[str] = Counter()
        self.paired_counts: Counter[str] = Counter()

    def add(self, group: str, result: PartResult, *, ids: tuple[str, ...] | None = None) -> None:
        """Count a wrong answer; one that the mistakes *ids* gave is named if all of them are."""
        if result.status in {"wrong", "partial", "mistake"}:
            is_named = bool(result.mistakes) if ids is None else set(ids) <= set(result.mistakes)
            self.answer_counts[group] += 1
            self.named_counts[group] += is_named
            self.paired_counts[group] += is_named and result.rule == "mistake_pair"

    def format_lines(self) -> Iterator[str]:
        """Yield a row for each kind and method."""
        yield f"{'kind: wrong answers':<36} {'answers':>8} {'named':>8} {'by two':>8}"
        for group in sorted(self.answer_counts):
            count, named, paired = (
                self.answer_counts[group],
                self.named_counts[group],
                self.paired_counts[group],
            )
            yield f"{group:<36} {count:>8} {named / count:>8.1%} {paired / count:>8.1%}"


def main() -> None:
    """Print the table."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    table = NamingTable()
    rng = random.Random(0)  # noqa: S311 - the same answers in every run
    for variant in generate_variants(seeds):
        count_answers(variant, table, rng)
    print("\n".join(table.format_lines()))
    print(f"\n{len(VALUES)} collected wrong values")
    for label, share in figures().items():
        print(f"{label:<36} {share:>8.1%}")
    for collection, values in COLLECTIONS.items():
        print(f"\n{len(values)} blind wrong values, {collection} collection")
        for (nameable, outcome), number in sorted(count_outcomes(collection).items()):
            print(f"{'with a cause' if nameable else 'without a cause'}: {outcome:<20} {number:>8}")
    named, nameable = count_named_without_authors()
    print(f"\nwithout the mistakes of the problems' authors, {named} of {nameable} are named")


if __name__ == "__main__":
    main()
