"""How often a wrong answer is named: rightly, where a mistake gave it, and wrongly, where none did.

Run with `make bench`, or `PYTHONPATH=tests .venv/bin/python benchmarks/naming.py [SEEDS]`. Of every
problem of the bank the original and so many seeds are looked at. Values that a twin gives must be
named by that mistake. Values that nobody computed (near the key, doubled, two digits exchanged, as
large as the key, one cell changed) should not be named; those that a mistake gives all the same are
named by it, and counted. Last come the figures of the wrong values that are collected in the tests.
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

NEAR = 20
THROWS = 20
TWO_DIGITS, THREE_DIGITS = 10, 1000
MANY = 6


def variants(seeds: int) -> Iterator[Variant]:
    """Yield the original and the first seeds of every problem that a machine judges."""
    catalogue = ProblemCatalog()
    for name in catalogue.ids:
        problem = catalogue.get(name)
        if problem.has_autograded_parts:
            for seed in (None, *(range(seeds) if problem.has_drawn_params else ())):
                yield solve_variant(problem, seed, REGISTRY)


def uncomputed(key: Value, chance: random.Random) -> Iterator[tuple[str, RawAnswer]]:
    """Yield wrong answers that no mistake was run for, each with how it was made."""
    if isinstance(key, Tensor):
        for _ in range(THROWS):
            cells = list(key.cells)
            cells[chance.randrange(len(cells))] += chance.choice((-2, -1, 1, 2))
            yield "a cell", to_text(Tensor(key.shape, tuple(cells)))
            chance.shuffle(cells)
            yield "cells shuffled", to_text(Tensor(key.shape, tuple(cells)))
    elif isinstance(key, tuple):
        axes = [axis for axis in key if isinstance(axis, int)]
        for at, axis in enumerate(axes):
            for step in (-2, -1, 1, 2):
                yield "an axis", to_text((*axes[:at], axis + step, *axes[at + 1 :]))
    elif is_number(key):
        yield from numbers(key, chance)


def numbers(key: Number, chance: random.Random) -> Iterator[tuple[str, RawAnswer]]:
    """Yield wrong numbers near *key*, made of it, and as large."""
    for step in range(1, NEAR + 1):
        yield "±1 to ±20", to_text(key + step)
        yield "±1 to ±20", to_text(key - step)
    yield "double, half", to_text(2 * key)
    yield "double, half", to_text(simplify_number(Fraction(key) / 2))
    if not isinstance(key, int) or key < TWO_DIGITS:
        return
    digits = str(key)
    for at in range(len(digits) - 1):
        swapped = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
        if swapped != digits:
            yield "digits swapped", swapped
    for _ in range(THROWS):
        thrown = chance.randrange(key // 2, 2 * key)
        yield f"as large, {min(len(digits), MANY)} digits", str(thrown)
        if thrown > THREE_DIGITS:
            yield "as large, rounded", f"{thrown:.2e}"


def judged(variant: Variant, part: str, typed: RawAnswer) -> PartResult:
    """Return the result of *typed* as the answer to one part."""
    results = grade(variant, {part: typed}, registry=REGISTRY)
    return next(one for one in results if one.part == part)


def count(variant: Variant, table: "Table", chance: random.Random) -> None:
    """Add the answers to the parts of *variant* to the table."""
    for part in variant.problem.parts:
        key = variant.keys.get(part.id)
        for how, typed in uncomputed(key, chance) if key is not None else ():
            table.add(f"{part.kind}: {how}", judged(variant, part.id, typed))
        known = variant.mistakes[part.id].candidates
        for one in (*known, *get_mistake_pairs(variant, part.id, REGISTRY).candidates):
            result = judged(variant, part.id, KINDS[part.kind].format_key(one.value, part))
            how = "by two mistakes" if len(one.ids) > 1 else "by a mistake"
            table.add(f"{part.kind}: {how}", result, ids=one.ids)


class Table:
    """How many wrong answers were named, by kind and by how they were made."""

    def __init__(self) -> None:
        self.every: Counter[str] = Counter()
        self.named: Counter[str] = Counter()
        self.paired: Counter[str] = Counter()

    def add(self, where: str, result: PartResult, *, ids: tuple[str, ...] | None = None) -> None:
        """Count a wrong answer; of one that the mistakes *ids* gave, whether they are named."""
        if result.status in {"wrong", "partial", "mistake"}:
            right = bool(result.mistakes) if ids is None else set(ids) <= set(result.mistakes)
            self.every[where] += 1
            self.named[where] += right
            self.paired[where] += right and result.rule == "mistake_pair"

    def lines(self) -> Iterator[str]:
        """Yield a line for each kind and each way in which answers were made."""
        yield f"{'kind: wrong answers':<36} {'answers':>8} {'named':>8} {'by two':>8}"
        for where in sorted(self.every):
            every, named, paired = self.every[where], self.named[where], self.paired[where]
            yield f"{where:<36} {every:>8} {named / every:>8.1%} {paired / every:>8.1%}"


def main() -> None:
    """Print the table."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    table = Table()
    chance = random.Random(0)  # noqa: S311 - the same answers in every run
    for variant in variants(seeds):
        count(variant, table, chance)
    print("\n".join(table.lines()))
    print(f"\n{len(VALUES)} collected wrong values")
    for what, share in figures().items():
        print(f"{what:<36} {share:>8.1%}")
    for collection, values in COLLECTIONS.items():
        print(f"\n{len(values)} blind wrong values, {collection} collection")
        for (nameable, outcome), number in sorted(count_outcomes(collection).items()):
            print(f"{'with a cause' if nameable else 'without a cause'}: {outcome:<20} {number:>8}")
    named, nameable = count_named_without_authors()
    print(f"\nwithout the mistakes of the problems' authors {named} of {nameable} are named")


if __name__ == "__main__":
    main()
