"""Measure the memory of the caches of a process, now and at their limits.

``python benchmarks/memory.py [STUDENTS] [SEEDS]``: a class of STUDENTS (500) submits to six
problems several times; then the caches are emptied one after the other. Then SEEDS (8) variants of
each problem of the bank are loaded, and each part is answered right and wrong. Both run in their
own process. The table shows the memory that Python allocated (tracemalloc), which is less than the
process uses.
"""

import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from gc import collect
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from intake_class import PROBLEMS_BY_LOAD
from intake_parts import SubmissionPath

from api.core.cache import LruCache
from api.demo.coursework.guesses import generate_guesses
from api.demo.coursework.notations import render_notations
from api.demo.seeded_random import SeededRandom
from api.services.engine.variants import VARIANT_CACHE_SIZE
from api.services.problems.publishing import ProblemSource, PublishedProblem, publish_problem_source
from api.services.submissions.cache.submission_cache import (
    MAX_CACHED_GRADES,
    MAX_CACHED_STATES,
    MAX_CACHED_SUBMITTERS,
)
from api.services.submissions.grading import RESULT_CACHE_SIZE, AnswerResult, grade_answers
from grader.grading.context import CACHED_VARIANTS
from grader.variants.random_stream import RandomStream
from grader.variants.variant import Variant
from problems.catalog import ProblemCatalog
from problems.files.loader import load_problem
from problems.registry import REGISTRY
from problems.variant_serialization import load_variant

BATCH_SIZE = 64
REPEATED_SUBMISSIONS = 3
"""Further submissions of each student to each problem."""
KIBIBYTE = 1024
CACHES: Final[Mapping[str, tuple[str, int]]] = {
    "_states": ("state of a student in a problem", MAX_CACHED_STATES),
    "_submitters": ("submitter to a problem, with their rules", MAX_CACHED_SUBMITTERS),
    "_grades": ("grade of a student in an assignment", MAX_CACHED_GRADES),
    "_last_uses": ("time of the last use of a secret", MAX_CACHED_SUBMITTERS),
}
"""Label and size limit of each cache of students, by its field in `SubmissionCache`."""


def measure_traced_kib() -> float:
    """Return the memory allocated by Python in KiB, after a garbage collection."""
    collect()
    return tracemalloc.get_traced_memory()[0] / KIBIBYTE


def measure_resident_mib() -> float:
    """Return the resident memory of this process in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(status.partition("VmRSS:")[2].split()[0]) / KIBIBYTE


def print_cache(label: str, kib: float, count: int, max_count: int) -> None:
    """Print the memory of each of *count* entries, and of *max_count* entries."""
    kib_each = kib / count
    print(
        f"{label:42} {count:7,} of {kib_each:5.2f} KB  "
        f"at most {max_count:7,}: {kib_each * max_count / KIBIBYTE:4.0f} MB"
    )


def measure_students(students: int) -> None:
    """Measure the caches of students who submit."""
    print(f"a process at its start has {measure_resident_mib():.0f} MB")
    tracemalloc.start(1)
    with TemporaryDirectory() as folder:
        path = SubmissionPath(f"sqlite:///{Path(folder)}/kept.db", students=students)
        state_count = students * sum(len(problems) for problems in PROBLEMS_BY_LOAD.values())
        before = measure_traced_kib()
        for _ in range(REPEATED_SUBMISSIONS):
            _submit_answers(path, students)
        kib_each = (measure_traced_kib() - before) / REPEATED_SUBMISSIONS / state_count
        print(f"each further submission {kib_each:.2f} KB, including verdicts and readings")
        for name, (label, max_count) in CACHES.items():
            count, before = len(getattr(path.cache, name)), measure_traced_kib()
            setattr(path.cache, name, LruCache(1))
            print_cache(label, before - measure_traced_kib(), count, max_count)
        path.close()


def _submit_answers(path: SubmissionPath, students: int) -> None:
    """Let each student submit to each problem."""
    for load, problems in PROBLEMS_BY_LOAD.items():
        for start in range(0, students * len(problems), BATCH_SIZE):
            answers = path.take_answers(load, min(BATCH_SIZE, students * len(problems) - start))
            path.write_batch([path.grade_from_cache(answer) for answer in answers])


def measure_bank(seeds: int) -> None:
    """Measure variants of all problems, grading contexts, and verdicts."""
    published = [pair for name in ProblemCatalog().ids for pair in _generate_published(name, seeds)]
    problems = {
        name: load_problem(ProblemCatalog().path(name).read_text(encoding="utf-8"), file=name)
        for name in ProblemCatalog().ids
    }
    tracemalloc.start(1)
    before = measure_traced_kib()
    variants = [
        load_variant(json.loads(text), problems[name], REGISTRY) for name, text in published
    ]
    print_cache("a variant", measure_traced_kib() - before, len(variants), VARIANT_CACHE_SIZE)
    random = SeededRandom(RandomStream(b"kept", "answers"))
    before = measure_traced_kib()
    right_results = list(_grade_answers(variants, random, wrong=False))
    max_contexts = CACHED_VARIANTS * len(right_results) // len(variants)
    print_cache(
        "a context, with a verdict", measure_traced_kib() - before, len(right_results), max_contexts
    )
    before = measure_traced_kib()
    wrong_results = list(_grade_answers(variants, random, wrong=True))
    print_cache(
        "a verdict on a wrong answer",
        measure_traced_kib() - before,
        len(wrong_results),
        RESULT_CACHE_SIZE,
    )


def _generate_published(name: str, seeds: int) -> Iterator[tuple[str, str]]:
    published = publish_problem_source(
        ProblemSource(name, ProblemCatalog().path(name).read_text(encoding="utf-8")), seeds=seeds
    )
    if not isinstance(published, PublishedProblem):
        raise SystemExit(str(published))
    for variant in published.variants:
        yield name, json.dumps(variant)


def _grade_answers(
    variants: list[Variant], random: SeededRandom, *, wrong: bool
) -> Iterator[dict[str, AnswerResult]]:
    """Yield the result of an answer to each part of each variant."""
    for variant in variants:
        for part in variant.problem.parts:
            if part.id in variant.keys:
                value: Any = variant.keys[part.id]
                shown_value = next(iter(generate_guesses(value, random)), value) if wrong else value
                answer = random.pick([text for _, text in render_notations(shown_value, part)])
                yield grade_answers(
                    variant, {part.id: answer}, carried_values={}, number_style=None
                )


def run_in_process(measure: Callable[[int], None], count: int) -> None:
    """Run *measure* in its own process."""
    process = get_context("spawn").Process(target=measure, args=(count,))
    process.start()
    process.join()


def main(students: str = "500", seeds: str = "8") -> None:
    """Measure students and the bank."""
    run_in_process(measure_students, int(students))
    run_in_process(measure_bank, int(seeds))


if __name__ == "__main__":
    main(*sys.argv[1:])
