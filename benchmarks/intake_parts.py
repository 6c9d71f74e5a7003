"""Of what the processor time of a submission is made: who sends it, the judging, the writing.

``python benchmarks/intake_parts.py [DATABASE]``, an empty database (a new SQLite file if none is
named). In one process, without a network and without another thread: microseconds of this thread
for each submission, the lower quartile of the rounds, the loads of `intake.py` taken in turn.
*Known* finds out by memory who sends it and what holds for them, *judged* reads and judges an
answer that nobody gave before, *written* is the share of one in a batch of so many, from what holds
still to what is remembered after the commit. FastAPI alone, beside it, is in `intake.py`.
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

from intake_class import ASKED, Answer, IntakeClass

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
LEAST = 64
"""How many submissions are known and judged in a round, however small the batches."""


class Intake:
    """The way of a submission without server and threads, over an empty database."""

    def __init__(self, url: str, *, students: int = STUDENTS) -> None:
        """Make the class, and let each student hand in to every problem once."""
        self._db = Database(url)
        upgrade(self._db)
        self._made = IntakeClass(self._db, students=students, seeds=SEEDS)
        self._variants, self.memory = VariantCache(), SubmissionCache()
        self._todo = {load: self._made.answers(load, self._made.students) for load in ASKED}
        for load, problems in ASKED.items():
            first = list(islice(self._todo[load], len(problems) * students))
            for one in first:
                self.write([self._prepared(one)])

    def _prepared(self, one: Answer) -> PendingSubmission:
        with self._db.reading() as session:
            caller = authenticate_token(session, f"Bearer {one.student.token}", now=system_clock())
            posed = load_assigned_problem(
                session, caller, self._made.assignment, one.problem, permission="submit"
            )
            found = prepare_submission(
                session, posed, _sent(one), variants=self._variants, cache=self.memory
            )
        if not isinstance(found, PreparedSubmission):
            raise SystemExit("nobody handed this in before")
        return found.grade(self.memory.answer_grader)

    def take(self, load: str, count: int) -> list[Answer]:
        """Return what so many students hand in next."""
        return list(islice(self._todo[load], count))

    def recalled(self, one: Answer) -> PendingSubmission:
        """Return a submission by a student who is known, judged."""
        shown = parse_secret(one.student.token)
        found = shown and prepare_from_cache(
            shown.digest,
            self._made.assignment,
            one.problem,
            _sent(one),
            variants=self._variants,
            cache=self.memory,
        )
        if not found:
            raise SystemExit("a student is not remembered")
        return found.grade(self.memory.answer_grader)

    def write(self, entries: Sequence[PendingSubmission]) -> None:
        """Store a batch as the writer does."""
        with self._db.transaction() as session:
            _, recalled = write_submissions(
                session,
                entries,
                variants=self._variants,
                cache=self.memory,
                now=system_clock(),
            )
        recalled.apply()

    def close(self) -> None:
        """Let the database go."""
        self._db.close()


def _sent(one: Answer) -> SubmissionRequest:
    return SubmissionRequest({one.part: one.typed}, str(uuid4()), system_clock())


def spent(work: Callable[[T], object], some: Iterable[T]) -> float:
    """Return the microseconds of this thread's processor time that some *work* took."""
    begin = time.thread_time()
    for one in some:
        work(one)
    return 1e6 * (time.thread_time() - begin)


def rounds(intake: Intake) -> Iterator[tuple[str, str, float]]:
    """Yield a load, what was done of it, and the microseconds for each submission, on and on."""
    for _ in range(ROUNDS):
        for load in ASKED:
            some = intake.take(load, LEAST)
            whole = spent(intake.recalled, some)
            known = spent(intake.recalled, some)
            yield load, "known", known / LEAST
            yield load, "judged", (whole - known) / LEAST
            for size in BATCHES:
                entries = [intake.recalled(one) for one in intake.take(load, size)]
                written = spent(intake.write, [entries])
                yield load, f"written, {size} at once", written / size


def main(database: str = "") -> None:
    """Measure over a database, or over a new SQLite file."""
    with TemporaryDirectory() as folder:
        intake = Intake(database or f"sqlite:///{Path(folder)}/intake.db")
        gc.freeze()  # as the service does once it has started
        found: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for load, what, micros in rounds(intake):
            found[what, load].append(micros)
        intake.close()
    print(f"{'µs of a processor':24}" + "".join(f"{load:>20}" for load in ASKED))
    for what in dict.fromkeys(what for what, _ in found):
        figures = (quantiles(found[what, load], n=4)[0] for load in ASKED)
        print(f"{what:24}" + "".join(f"{one:20.0f}" for one in figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
