"""Measure the CPU time of each step of a submission: authentication, grading and writing.

``python benchmarks/intake_parts.py [DATABASE]``: the database must be empty (by default a new
SQLite file). Everything runs in one thread of one process, without a network. The table shows CPU
microseconds for each submission, as the lower quartile of the rounds; the loads of `intake.py` take
turns. *Authentication and rules* looks up the submitter and the rules in the cache, *read and
graded* reads and grades an answer that is not cached, *written* is the share of one submission in a
batch, from locking to updating the cache after the commit. `intake.py` has FastAPI alone.
"""

import gc
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import TypeVar
from uuid import uuid4

from intake_class import PROBLEMS_BY_LOAD, Answer, IntakeClass

from api.auth.authentication import authenticate_token
from api.auth.authorization import load_assigned_problem
from api.auth.secrets import parse_secret
from api.core.clock import system_clock
from api.db.engine import Database
from api.db.migrations import upgrade
from api.services.engine.variants import VariantCache
from api.services.submissions.cache.submission_cache import SubmissionCache
from api.services.submissions.pending_submissions import PendingSubmission
from api.services.submissions.preparation import (
    PreparedSubmission,
    SubmissionRequest,
    prepare_from_cache,
    prepare_submission,
)
from api.services.submissions.writer.write_transaction import write_submissions

T = TypeVar("T")
STUDENTS = 200
SEEDS = 50
BATCHES = (1, 8, 32, 64)
ROUNDS = 12
SUBMISSIONS_PER_ROUND = 64
"""Submissions that each round grades, whatever the sizes of its batches."""


class SubmissionPath:
    """Path of a submission without a server or threads, over an empty database."""

    def __init__(self, url: str, *, students: int = STUDENTS) -> None:
        """Create the class, and let each student submit to every problem once."""
        self._db = Database(url)
        upgrade(self._db)
        self._course = IntakeClass(self._db, students=students, seeds=SEEDS)
        self._variants, self.cache = VariantCache(), SubmissionCache()
        self._answers = {
            load: self._course.generate_answers(load, self._course.students)
            for load in PROBLEMS_BY_LOAD
        }
        for load, problems in PROBLEMS_BY_LOAD.items():
            first_answers = list(islice(self._answers[load], len(problems) * students))
            for answer in first_answers:
                self.write_batch([self._prepare(answer)])

    def _prepare(self, answer: Answer) -> PendingSubmission:
        with self._db.reading() as session:
            principal = authenticate_token(
                session, f"Bearer {answer.student.token}", now=system_clock()
            )
            assigned = load_assigned_problem(
                session, principal, self._course.assignment, answer.problem, permission="submit"
            )
            prepared = prepare_submission(
                session, assigned, _build_request(answer), variants=self._variants, cache=self.cache
            )
        if not isinstance(prepared, PreparedSubmission):
            raise SystemExit("the submission is a replay")
        return prepared.grade(self.cache.answer_grader)

    def take_answers(self, load: str, count: int) -> list[Answer]:
        """Return the next *count* answers."""
        return list(islice(self._answers[load], count))

    def grade_from_cache(self, answer: Answer) -> PendingSubmission:
        """Return a graded submission of a cached student."""
        secret = parse_secret(answer.student.token)
        prepared = secret and prepare_from_cache(
            secret.digest,
            self._course.assignment,
            answer.problem,
            _build_request(answer),
            variants=self._variants,
            cache=self.cache,
        )
        if not prepared:
            raise SystemExit("a student is not cached")
        return prepared.grade(self.cache.answer_grader)

    def write_batch(self, entries: Sequence[PendingSubmission]) -> None:
        """Store a batch as the writer does."""
        with self._db.transaction() as session:
            _, grade_from_cache = write_submissions(
                session,
                entries,
                variants=self._variants,
                cache=self.cache,
                now=system_clock(),
            )
        grade_from_cache.apply()

    def close(self) -> None:
        """Close the database."""
        self._db.close()


def _build_request(answer: Answer) -> SubmissionRequest:
    return SubmissionRequest({answer.part: answer.raw_answer}, str(uuid4()), system_clock())


def measure_micros(work: Callable[[T], object], items: Iterable[T]) -> float:
    """Return the CPU microseconds of this thread for *work* on all *items*."""
    start = time.thread_time()
    for item in items:
        work(item)
    return 1e6 * (time.thread_time() - start)


def generate_measurements(path: SubmissionPath) -> Iterator[tuple[str, str, float]]:
    """Yield a load, a step, and its microseconds for each submission, for all rounds."""
    for _ in range(ROUNDS):
        for load in PROBLEMS_BY_LOAD:
            answers = path.take_answers(load, SUBMISSIONS_PER_ROUND)
            whole_micros = measure_micros(path.grade_from_cache, answers)
            cache_micros = measure_micros(path.grade_from_cache, answers)
            yield load, "authentication and rules", cache_micros / SUBMISSIONS_PER_ROUND
            yield load, "read and graded", (whole_micros - cache_micros) / SUBMISSIONS_PER_ROUND
            for size in BATCHES:
                entries = [
                    path.grade_from_cache(answer) for answer in path.take_answers(load, size)
                ]
                write_micros = measure_micros(path.write_batch, [entries])
                yield load, f"written, {size} at once", write_micros / size


def main(database: str = "") -> None:
    """Measure over a database, or over a new SQLite file."""
    with TemporaryDirectory() as folder:
        path = SubmissionPath(database or f"sqlite:///{Path(folder)}/intake.db")
        gc.freeze()  # as the service does after its start
        micros_by_step: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for load, step, micros in generate_measurements(path):
            micros_by_step[step, load].append(micros)
        path.close()
    print(f"{'µs of a processor':26}" + "".join(f"{load:>20}" for load in PROBLEMS_BY_LOAD))
    for step in dict.fromkeys(step for step, _ in micros_by_step):
        quartiles = (quantiles(micros_by_step[step, load], n=4)[0] for load in PROBLEMS_BY_LOAD)
        print(f"{step:26}" + "".join(f"{quartile:20.0f}" for quartile in quartiles))


if __name__ == "__main__":
    main(*sys.argv[1:])
