"""How much memory a process holds for what it remembers, and how much that can become.

``python benchmarks/memory.py [STUDENTS] [SEEDS]``: a class of STUDENTS (500) hands in to six
problems and hands in again; then what is remembered of them is let go, one kind after the other.
Then SEEDS (8) variants of each problem of the bank are read and answered, each part rightly and
wrongly. Each in a process of its own, in what Python asked for (tracemalloc); what the process has
is more.
"""

import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from gc import collect
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from intake_class import ASKED
from intake_parts import Intake

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

AT_ONCE = 64
AGAIN = 3
"""How often each student hands in again."""
KIB = 1024
REMEMBERED: Final[Mapping[str, tuple[str, int]]] = {
    "_seats": ("where a student is at a problem", MAX_CACHED_STATES),
    "_known": ("who hands in to a problem, and the rules", MAX_CACHED_SUBMITTERS),
    "_sheets": ("a student's grade in an assignment", MAX_CACHED_GRADES),
    "_seen": ("when a secret was used", MAX_CACHED_SUBMITTERS),
}
"""What a memory has of students, and how many of each at most."""


def held() -> float:
    """Return the memory that Python holds, in KiB, without what is garbage."""
    collect()
    return tracemalloc.get_traced_memory()[0] / KIB


def resident() -> float:
    """Return the memory that this process has, in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(status.partition("VmRSS:")[2].split()[0]) / KIB


def show(what: str, grown: float, count: int, most: int) -> None:
    """Print how much is held for each of so many things, and for the *most* that are kept."""
    each = grown / count
    print(f"{what:42} {count:7,} of {each:5.2f} KB  at most {most:7,}: {each * most / KIB:4.0f} MB")


def of_students(students: int) -> None:
    """Measure what is remembered of students who hand in."""
    print(f"a process that did nothing yet has {resident():.0f} MB")
    tracemalloc.start(1)
    with TemporaryDirectory() as folder:
        intake = Intake(f"sqlite:///{Path(folder)}/kept.db", students=students)
        seats = students * sum(len(problems) for problems in ASKED.values())
        before = held()
        for _ in range(AGAIN):
            _hand_in(intake, students)
        each = (held() - before) / AGAIN / seats
        print(f"each further submission {each:.2f} KB, verdicts and readings included")
        for one in fields(intake.memory):
            if one.name in REMEMBERED:
                kept, before = len(getattr(intake.memory, one.name)), held()
                setattr(intake.memory, one.name, LruCache(1))
                what, most = REMEMBERED[one.name]
                show(what, before - held(), kept, most)
        intake.close()


def _hand_in(intake: Intake, students: int) -> None:
    """Let each student hand in to each problem."""
    for load, problems in ASKED.items():
        for start in range(0, students * len(problems), AT_ONCE):
            some = intake.take(load, min(AT_ONCE, students * len(problems) - start))
            intake.write([intake.recalled(one) for one in some])


def of_the_bank(seeds: int) -> None:
    """Measure variants of all problems, the contexts in which answers are judged, and verdicts."""
    every = [one for name in ProblemCatalog().ids for one in _published(name, seeds)]
    problems = {
        name: load_problem(ProblemCatalog().path(name).read_text(encoding="utf-8"), file=name)
        for name in ProblemCatalog().ids
    }
    tracemalloc.start(1)
    before = held()
    variants = [load_variant(json.loads(text), problems[name], REGISTRY) for name, text in every]
    show("a variant", held() - before, len(variants), VARIANT_CACHE_SIZE)
    dice = SeededRandom(RandomStream(b"kept", "answers"))
    before = held()
    right = list(_judged(variants, dice, wrong=False))
    most = CACHED_VARIANTS * len(right) // len(variants)
    show("a context, with a verdict", held() - before, len(right), most)
    before = held()
    wrong = list(_judged(variants, dice, wrong=True))
    show("a verdict on a wrong answer", held() - before, len(wrong), RESULT_CACHE_SIZE)


def _published(name: str, seeds: int) -> Iterator[tuple[str, str]]:
    made = publish_problem_source(
        ProblemSource(name, ProblemCatalog().path(name).read_text(encoding="utf-8")), seeds=seeds
    )
    if not isinstance(made, PublishedProblem):
        raise SystemExit(str(made))
    for one in made.variants:
        yield name, json.dumps(one)


def _judged(
    variants: list[Variant], dice: SeededRandom, *, wrong: bool
) -> Iterator[dict[str, AnswerResult]]:
    """Yield the verdict on an answer to each part of each variant."""
    for variant in variants:
        for part in variant.problem.parts:
            if part.id in variant.keys:
                value: Any = variant.keys[part.id]
                told = next(iter(generate_guesses(value, dice)), value) if wrong else value
                typed = dice.pick([text for _, text in render_notations(told, part)])
                yield grade_answers(variant, {part.id: typed}, carried_values={}, number_style=None)


def apart(measure: Callable[[int], None], count: int) -> None:
    """Measure in a process of its own."""
    process = get_context("spawn").Process(target=measure, args=(count,))
    process.start()
    process.join()


def main(students: str = "500", seeds: str = "8") -> None:
    """Measure both."""
    apart(of_students, int(students))
    apart(of_the_bank, int(seeds))


if __name__ == "__main__":
    main(*sys.argv[1:])
