"""Simulate the hit rates of the caches of a process at several sizes.

``python benchmarks/hit_rates.py [STUDENTS...]``: students with individual variants work on ten
problems in a random order, in the hours before a deadline. All begin within one hour; they submit
about three times to a problem, 90 seconds apart. Their answers are of 57,673 different ones, as in
a batch of a million, where an answer is as frequent as its rank says (Zipf's law).
"""

import random
import sys
from bisect import bisect
from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import accumulate
from typing import Final, NamedTuple

from api.core.cache import LruCache

DEFAULT_STUDENTS: Final = (2_000, 10_000, 30_000)
PROBLEMS, SEEDS, PARTS, DIFFERENT_ANSWERS = 10, 500, 3, 57_673
BEGIN_SECONDS, SECONDS_BETWEEN_SUBMISSIONS, MEAN_RETRIES = 3_600, 90, 2.0


class SimulatedSubmission(NamedTuple):
    """Submission of a student to a part, with the seed of the variant."""

    seconds: float
    student: int
    problem: int
    seed: int
    part: int
    answer: int


CACHES: Final[Mapping[str, tuple[Callable[[SimulatedSubmission], Hashable], tuple[int, ...]]]] = {
    "states, submitters": (lambda one: (one.student, one.problem), (32_768, 16_384, 8_192)),
    "variants": (lambda one: (one.problem, one.seed), (4_096, 2_048)),
    "contexts": (lambda one: (one.problem, one.seed, one.part), (16_145, 8_072)),
    "mutations": (lambda one: (one.problem, one.seed, one.part), (2_048, 1_024)),
    "verdicts, a shared variant": (lambda one: one.answer, (8_192, 4_096, 2_048, 1_024)),
}
"""The key of each cache, and the sizes to compare."""


def generate_submissions(students: int) -> Iterator[SimulatedSubmission]:
    """Yield the submissions of each student."""
    chance = random.Random(1)  # noqa: S311  (the same submissions each time)
    weights = [*accumulate(1 / rank for rank in range(1, DIFFERENT_ANSWERS + 1))]
    for student in range(students):
        seconds = chance.random() * BEGIN_SECONDS
        for problem in chance.sample(range(PROBLEMS), PROBLEMS):
            seed = chance.randrange(SEEDS)
            for _ in range(1 + int(chance.expovariate(1 / MEAN_RETRIES))):
                answer = bisect(weights, chance.random() * weights[-1])
                part = chance.randrange(PARTS)
                yield SimulatedSubmission(seconds, student, problem, seed, part, answer)
                seconds += chance.expovariate(1 / SECONDS_BETWEEN_SUBMISSIONS)


def main(arguments: list[str]) -> None:
    """Print the hit rate of each cache at each size."""
    for students in map(int, arguments or DEFAULT_STUDENTS):
        submissions = sorted(generate_submissions(students))
        print(f"{students:,} students, {len(submissions):,} submissions")
        for name, (key, sizes) in CACHES.items():
            rates = []
            for size in sizes:
                cache: LruCache[Hashable, bool] = LruCache(size)
                hits = 0
                for submission in submissions:
                    hits += cache.find(key(submission)) is not None
                    cache.put(key(submission), value=True)
                rates.append(f"{size:,}: {hits / len(submissions):.1%}")
            print(f"  {name:28} {', '.join(rates)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
