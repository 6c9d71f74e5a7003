"""How many submissions a second are judged again: the engine's work of a regrade, no database.

The chunks are those that a dry run hands to its workers: students in order, each with five
submissions of two parts, of which the second follows from the first. *Alike*: 750 different
submissions, as in a class that shares 50 lists of numbers; each is judged once and remembered.
*As handed in*: one in twenty is like no other, as in the file of `batch_file.py`. *Unlike*: a
twentieth as many, no two the same: all are judged, here and by two processes.

Run with ``.venv/bin/python benchmarks/regrading_engine.py [SUBMISSIONS]``; by default 100,000.
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from regrading_class import CHANGED, published

from api.core.ids import new_id
from api.services.regrades.execution.grading_jobs import (
    JobGrader,
    RegradeJob,
    SubmissionToGrade,
    create_process_pool,
    grade_job,
    make_parallel_grader,
)
from api.services.regrades.planning import STUDENTS_IN_CHUNK

EACH = 5
WORKERS = 2


class Class:
    """The submissions of a class, in chunks."""

    def __init__(self) -> None:
        """Publish the version by which all is judged."""
        self._version = new_id()
        made = published(CHANGED)
        self._variants: dict[int, dict[str, Any]] = {
            at: dict(one["data"]) if "data" in one else dict(one)
            for at, one in enumerate(one for one in made.variants if one["seed"] is not None)
        }

    def jobs(self, submissions: int, answer: Callable[[int], int]) -> Iterator[RegradeJob]:
        """Yield the chunks of so many submissions; *answer* says what is typed in each."""
        students = submissions // EACH
        for first in range(0, students, STUDENTS_IN_CHUNK):
            own = range(first, min(first + STUDENTS_IN_CHUNK, students))
            handed = [one for at in own for one in self._of_student(at, answer)]
            places = {one.variant_key for one in handed}
            yield RegradeJob(
                {self._version: ("cells-of-a-kernel", CHANGED)},
                {place: self._variants[place[1]] for place in places},
                None,
                tuple(handed),
            )

    def _of_student(self, at: int, answer: Callable[[int], int]) -> Iterator[SubmissionToGrade]:
        student: UUID = new_id()
        for turn in range(EACH):
            cells = answer(at * EACH + turn)
            typed = {"cells": str(cells), "doubled": str(2 * cells)}
            place = self._version, at % len(self._variants)
            yield SubmissionToGrade(new_id(), student, place, 0, typed)


def show(what: str, jobs: list[RegradeJob], judge: JobGrader) -> None:
    """Print how fast the jobs are judged."""
    began, busy = time.perf_counter(), time.process_time()
    judged = sum(len(judge(job)) for job in jobs)
    took, busy = time.perf_counter() - began, time.process_time() - busy
    if judged != sum(len(job.submissions) for job in jobs):
        raise SystemExit("not every submission was judged")
    rate = f"{judged / took:9,.0f} submissions/s"
    print(f"{what:24} {took:6.2f} s {rate} ({judged / busy:9,.0f} for a second of this process)")


def main(arguments: list[str]) -> None:
    """Run with what the command line says."""
    count = int(arguments[0]) if arguments else 100_000
    here = Class()
    alike = list(here.jobs(count, lambda at: 9 + at // 250 % 3))
    mixed = list(here.jobs(count, lambda at: 9 + at // 250 % 3 if at % 20 else 10_000 + at))
    unlike = list(here.jobs(count // 20, lambda at: 10_000 + at))
    show("alike, here", alike, grade_job)
    show("as handed in, here", mixed, grade_job)
    show("unlike, here", unlike, grade_job)
    pool = create_process_pool(WORKERS)
    list(pool.map(grade_job, alike[:WORKERS]))  # so that they have started
    show(
        f"unlike, {WORKERS} processes", unlike, make_parallel_grader(lambda: pool, workers=WORKERS)
    )
    pool.shutdown()


if __name__ == "__main__":
    main(sys.argv[1:])
