"""Check of problem files in worker processes, with a deadline for each file."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from typing import Final

from api.core.worker_pool import DeadlineExceeded, WorkerPool
from api.markup.markdown import find_formula_errors
from api.markup.tex import TexUnavailableError
from api.services.problems.publishing import OPERATOR_DEADLINE_SECONDS
from problems.checks.checker import CheckReport, check_file
from problems.registry import REGISTRY

DEADLINE_SECONDS: Final = OPERATOR_DEADLINE_SECONDS


def check_files(files: Sequence[Path], *, seeds: int) -> Iterator[CheckReport]:
    """Yield a report for each file, in order; worker processes share the work.

    Each file has a deadline.
    """
    pool = WorkerPool(min(os.cpu_count() or 1, len(files)), deadline_seconds=DEADLINE_SECONDS)
    try:
        futures = [pool.submit(_check_problem_file, path, seeds=seeds) for path in files]
        for path, future in zip(files, futures, strict=True):
            yield _await_report(path, future)
    finally:
        pool.kill()


def _await_report(path: Path, future: Future[CheckReport]) -> CheckReport:
    """Return the report of a check, or that it was stopped: by the deadline or a dead worker."""
    try:
        return future.result()
    except (DeadlineExceeded, BrokenExecutor, TexUnavailableError) as error:
        return CheckReport(str(path), (f"{path}: the check was stopped: {error}",))


def _check_problem_file(path: Path, *, seeds: int) -> CheckReport:
    return check_file(path, registry=REGISTRY, seeds=seeds, validator=find_formula_errors)
