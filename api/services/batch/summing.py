"""Summary of a batch: counts, and rows to display."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from api.services.batch.formats.blocks import Block, Ints
from api.services.batch.grading import Marked
from api.services.batch.interning import Small
from api.services.batch.verdicts import SEPARATOR

__all__ = ["HEAD_ROWS", "Failed", "Summary", "summary_of"]

HEAD_ROWS: Final = 50
MOST_FAILED: Final = 20


@dataclass(frozen=True, slots=True)
class Failed:
    """A row without a result: the line at which it begins, and the error."""

    line: int
    error: str


@dataclass(slots=True)
class Summary:
    """Counts of a batch: rows by status, by mistake, and failed rows.

    *failures* has the first failed rows, *judged* the number of distinct questions. *head* has the
    first rows with their results. *resumed*: parts of an earlier run were used.
    """

    rows: int = 0
    failed: int = 0
    judged: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    mistakes: Counter[str] = field(default_factory=Counter)
    failures: list[Failed] = field(default_factory=list)
    head: list[dict[str, str]] = field(default_factory=list)
    resumed: bool = False


def summary_of(marked: Marked, blocks: Sequence[Block], names: pl.DataFrame) -> Summary:
    """Return the summary of a batch; *names* has student, problem and part of its first rows."""
    verdicts, result = marked.verdicts, marked.result
    counts, first = np.bincount(result, minlength=verdicts.height), _firsts(result, verdicts.height)
    seen = np.argsort(first, kind="stable")[: int(np.count_nonzero(counts))]
    summary = Summary(len(result), judged=verdicts.height)
    told = verdicts.select("status", "mistakes", "error", count=counts)[seen]
    alike = told.group_by("status", "mistakes", "error", maintain_order=True).sum()
    for status, mistakes, error, count in alike.rows():
        if error:
            summary.failed += count
        else:
            summary.statuses[status] += count
            for name in filter(None, mistakes.split(SEPARATOR)):
                summary.mistakes[name] += count
    summary.failures = _failures(marked, blocks)
    summary.head = _head(marked, names)
    return summary


def _firsts(result: Small, count: int) -> Ints:
    """Return the first row with each verdict, or the number of rows if there is none."""
    first = np.full(count, len(result))
    first[result[::-1]] = np.arange(len(result))[::-1]
    return first


def _failures(marked: Marked, blocks: Sequence[Block]) -> list[Failed]:
    """Return the first failed rows, at most `MOST_FAILED`."""
    errors = marked.verdicts.get_column("error")
    failed = np.flatnonzero((errors != "").to_numpy()[marked.result])[:MOST_FAILED]
    result, start = marked.result, 0
    found: list[Failed] = []
    for block in blocks:
        rows = failed[(failed >= start) & (failed < start + block.height)].tolist()
        found += [Failed(int(block.lines[row - start]), errors[int(result[row])]) for row in rows]
        start += block.height
    return found


def _head(marked: Marked, names: pl.DataFrame) -> list[dict[str, str]]:
    """Return the first rows with their results."""
    told = marked.verdicts[marked.result[: names.height]].select("status", "score", "read_as")
    return pl.concat([names, told], how="horizontal").fill_null("").to_dicts()
