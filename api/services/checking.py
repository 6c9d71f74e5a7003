"""Many problem files checked, side by side where that pays."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from api.prose import formula_faults
from problems.book import BOOK
from problems.check import Report, check_file

__all__ = ["check_files"]

MIN_FILES_FOR_PROCESSES: Final = 8


def check_files(files: Sequence[Path], *, seeds: int) -> Iterator[Report]:
    """Yield a report for each file, in order; processes share the work where there is much."""
    check = partial(_check, seeds=seeds)
    workers = min(os.cpu_count() or 1, len(files))
    if len(files) < MIN_FILES_FOR_PROCESSES or workers == 1:
        yield from map(check, files)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(check, files)


def _check(path: Path, *, seeds: int) -> Report:
    return check_file(path, book=BOOK, seeds=seeds, proof=formula_faults)
