"""Measure the memory of the caches of a process, now and at their limits.

``python benchmarks/memory.py [CHECKOUT...] [--students N] [--seeds N]``: a class of 500 students
submits to six problems several times; then the caches are emptied one after the other. Then 8
variants of each problem of the bank are loaded, and each part is answered right and wrong. Before
that, one more variant of each problem is loaded, to exclude the data that all variants share. Each
CHECKOUT is measured in a separate process. It is a folder of this repository, such as a git
worktree; the default is this one. The table shows the memory that Python allocated (tracemalloc),
which is less than the process uses.
"""

import argparse
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Mapping
from gc import collect
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
from grader.definitions.problem import Problem
from grader.grading import context
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
    random = SeededRandom(RandomStream(b"kept", "answers"))
    first_texts = dict(reversed(published))
    _load_and_grade_first(first_texts, problems, random)
    get_indexes = getattr(context, "get_mutation_indexes", None)
    if get_indexes is not None:  # earlier commits keep them with the contexts
        get_indexes.cache_clear()
    tracemalloc.start(1)
    before = measure_traced_kib()
    variants = [
        load_variant(json.loads(text), problems[name], REGISTRY)
        for name, text in published
        if text is not first_texts[name]
    ]
    print_cache("a variant", measure_traced_kib() - before, len(variants), VARIANT_CACHE_SIZE)
    before = measure_traced_kib()
    right_count = sum(1 for _ in _grade_answers(variants, random, wrong=False))
    max_contexts = context.CACHED_VARIANTS * right_count // len(variants)
    print_cache("a context", measure_traced_kib() - before, right_count, max_contexts)
    before = measure_traced_kib()
    wrong_results = list(_grade_answers(variants, random, wrong=True))
    count, kib = len(wrong_results), measure_traced_kib() - before
    if get_indexes is not None:
        indexes, before = get_indexes.cache_info(), measure_traced_kib()
        get_indexes.cache_clear()
        kib_of_indexes = before - measure_traced_kib()
        print_cache("wrong answers by mutation", kib_of_indexes, indexes.currsize, indexes.maxsize)
        kib -= kib_of_indexes
    print_cache("a verdict on a wrong answer", kib, count, RESULT_CACHE_SIZE)


def _load_and_grade_first(
    texts: Mapping[str, str], problems: Mapping[str, Problem], random: SeededRandom
) -> None:
    """Load and grade a variant of each problem, to cache what all its variants share."""
    variants = [
        load_variant(json.loads(text), problems[name], REGISTRY) for name, text in texts.items()
    ]
    for wrong in (False, True):
        for _ in _grade_answers(variants, random, wrong=wrong):
            pass


def _generate_published(name: str, seeds: int) -> Iterator[tuple[str, str]]:
    published = publish_problem_source(
        ProblemSource(name, ProblemCatalog().path(name).read_text(encoding="utf-8")),
        seeds=seeds + 1,
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


def main() -> None:
    """Measure students and the bank in each checkout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="*", type=Path, default=[Path(__file__).parents[1]])
    parser.add_argument("--students", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--measure", choices=["students", "bank"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure == "students":
        measure_students(options.students)
    elif options.measure == "bank":
        measure_bank(options.seeds)
    else:
        for checkout in options.checkouts:
            print(checkout.resolve().name, flush=True)
            for measured in ("students", "bank"):
                subprocess.run(  # noqa: S603
                    [sys.executable, __file__, *sys.argv[1:], "--measure", measured],
                    env=os.environ | {"PYTHONPATH": str(checkout.resolve())},
                    check=True,
                )


if __name__ == "__main__":
    main()
