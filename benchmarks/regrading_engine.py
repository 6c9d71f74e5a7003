"""Measure the grading of a regrade without a database, in submissions a second.

The chunks are those that a dry run sends to its workers: students in order, each with five
submissions of two parts, of which the second follows from the first. *Alike*: 750 different
submissions, as in a class that shares 50 variants; each is graded once and cached. *As submitted*:
one in twenty differs from all others, as in the file of `batch_file.py`. *Unlike*: a twentieth as
many, all different; all are graded, in this process and by two processes.

Run with ``.venv/bin/python benchmarks/regrading_engine.py [SUBMISSIONS]``; by default 100,000.
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from regrading_class import CHANGED_SOURCE, publish_source

from api.core.ids import new_id, new_id_text
from api.services.regrades.execution.grading_jobs import (
    JobGrader,
    RegradeJob,
    SubmissionToGrade,
    create_process_pool,
    grade_job,
    make_parallel_grader,
)
from api.services.regrades.planning import STUDENTS_IN_CHUNK

SUBMISSIONS_PER_STUDENT = 5
WORKERS = 2


class EngineClass:
    """The submissions of a class, in chunks."""

    def __init__(self) -> None:
        """Publish the version that grades all submissions."""
        self._version = new_id()
        published = publish_source(CHANGED_SOURCE)
        self._variants: dict[int, dict[str, Any]] = {
            index: dict(variant["data"]) if "data" in variant else dict(variant)
            for index, variant in enumerate(
                variant for variant in published.variants if variant["seed"] is not None
            )
        }

    def build_jobs(self, submissions: int, answer: Callable[[int], int]) -> Iterator[RegradeJob]:
        """Yield the chunks of *submissions*; *answer* returns the answer of each by its number."""
        students = submissions // SUBMISSIONS_PER_STUDENT
        for first_number in range(0, students, STUDENTS_IN_CHUNK):
            numbers = range(first_number, min(first_number + STUDENTS_IN_CHUNK, students))
            submissions_to_grade = [
                submission
                for number in numbers
                for submission in self._generate_submissions(number, answer)
            ]
            variant_keys = {submission.variant_key for submission in submissions_to_grade}
            yield RegradeJob(
                {self._version: ("cells-of-a-kernel", CHANGED_SOURCE)},
                {variant_key: self._variants[variant_key[1]] for variant_key in variant_keys},
                None,
                tuple(submissions_to_grade),
            )

    def _generate_submissions(
        self, number: int, answer: Callable[[int], int]
    ) -> Iterator[SubmissionToGrade]:
        student: UUID = new_id()
        for turn in range(SUBMISSIONS_PER_STUDENT):
            cells = answer(number * SUBMISSIONS_PER_STUDENT + turn)
            answers = {"cells": str(cells), "doubled": str(2 * cells)}
            variant_key = self._version, number % len(self._variants)
            yield SubmissionToGrade(new_id_text(), student, variant_key, 0, answers)


def print_rate(label: str, build_jobs: list[RegradeJob], grade_jobs: JobGrader) -> None:
    """Grade the jobs, and print the rate."""
    start, cpu_seconds = time.perf_counter(), time.process_time()
    graded = sum(len(grade_jobs(job)) for job in build_jobs)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_seconds
    if graded != sum(len(job.submissions) for job in build_jobs):
        raise SystemExit("not every submission was graded")
    rate = f"{graded / seconds:9,.0f} submissions/s"
    print(
        f"{label:28} {seconds:6.2f} s {rate} "
        f"({graded / cpu_seconds:9,.0f} per CPU second of this process)"
    )


def main(arguments: list[str]) -> None:
    """Run with the arguments of the command line."""
    count = int(arguments[0]) if arguments else 100_000
    engine_class = EngineClass()
    alike = list(engine_class.build_jobs(count, lambda number: 9 + number // 250 % 3))
    mixed = list(
        engine_class.build_jobs(
            count, lambda number: 9 + number // 250 % 3 if number % 20 else 10_000 + number
        )
    )
    count_differing_scores = list(
        engine_class.build_jobs(count // 20, lambda number: 10_000 + number)
    )
    print_rate("alike, this process", alike, grade_job)
    print_rate("as submitted, this process", mixed, grade_job)
    print_rate("unlike, this process", count_differing_scores, grade_job)
    pool = create_process_pool(WORKERS)
    list(pool.map(grade_job, alike[:WORKERS]))  # starts the processes
    print_rate(
        f"unlike, {WORKERS} processes",
        count_differing_scores,
        make_parallel_grader(lambda: pool, workers=WORKERS),
    )
    pool.shutdown()


if __name__ == "__main__":
    main(sys.argv[1:])
