"""Replacements for the jobs of a worker, for tests of timeouts and crashes.

A worker imports this module, which imports little more than the worker does.
"""

import os
import time
from pathlib import Path
from typing import Any

from api.core.process_lifecycle import kill_self_after
from api.services.batch.grading_jobs import Chunk, grade_chunk
from api.services.batch.verdicts import Verdicts
from api.services.problems.publishing import ProblemSource, publish_problem_source
from api.services.problems.student_preview import preview_problem_text

ENDLESS = 10**6


def publish_or_sleep(source: ProblemSource, *, seeds: int) -> Any:
    """Publish a problem; one with the id `endless` takes forever."""
    if source.id == "endless":
        time.sleep(ENDLESS)
    return publish_problem_source(source, seeds=seeds)


def publish_when_released(source: ProblemSource, *, seeds: int) -> Any:
    """Publish a problem; one with the id `endless` waits for the file that its text names."""
    while source.id == "endless" and not Path(source.text.rpartition("# ")[2].strip()).exists():
        time.sleep(0.05)
    return publish_problem_source(source, seeds=seeds)


def die(_source: ProblemSource, *, seeds: int) -> None:
    """End the worker, as the system does when memory runs out."""
    os._exit(seeds)


def process_id(_source: ProblemSource, *, seeds: int) -> int:
    """Return the process id of the worker."""
    del seeds
    return os.getpid()


def preview_or_sleep(text: str) -> Any:
    """Preview a problem; one whose text says `endless` takes forever."""
    if "endless" in text:
        time.sleep(ENDLESS)
    return preview_problem_text(text)


def never_end(_job: object) -> None:
    time.sleep(ENDLESS)


def judge_or_sleep(chunk: Chunk) -> Verdicts:
    """Grade a chunk; one with the answer 666 exceeds the time limit."""
    with kill_self_after(1):
        if any(asked.typed == "666" for job in chunk for asked in job.questions):
            time.sleep(ENDLESS)
    return grade_chunk(chunk)
