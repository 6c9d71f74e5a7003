"""Summary of a batch: counts, and rows to display."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from api.services.batch.formats.blocks import Ints, RowBlock
from api.services.batch.grading import GradedRows
from api.services.batch.interning import SmallInts
from api.services.batch.verdicts import SEPARATOR

HEAD_ROWS: Final = 50
MAX_FAILED_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row without a result: the line at which it begins, and the error."""

    line: int
    error: str


@dataclass(slots=True)
class BatchSummary:
    """Counts of a batch: rows by status, by mistake, and failed rows.

    *failures* has the first failed rows, *judged* the number of distinct questions. *head* has the
    first rows with their results. *resumed*: parts of an earlier run were reused.
    """

    rows: int = 0
    failed: int = 0
    judged: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    mistakes: Counter[str] = field(default_factory=Counter)
    failures: list[FailedRow] = field(default_factory=list)
    head: list[dict[str, str]] = field(default_factory=list)
    resumed: bool = False


def summarize_batch(
    graded: GradedRows, blocks: Sequence[RowBlock], names: pl.DataFrame
) -> BatchSummary:
    """Return the summary of a batch; *names* has student, problem and part of its first rows."""
    verdicts, result = graded.verdicts, graded.verdict_indices
    counts, first = (
        np.bincount(result, minlength=verdicts.height),
        _find_first_rows(result, verdicts.height),
    )
    seen = np.argsort(first, kind="stable")[: int(np.count_nonzero(counts))]
    summary = BatchSummary(len(result), judged=verdicts.height)
    outcomes = verdicts.select("status", "mistakes", "error", count=counts)[seen]
    groups = outcomes.group_by("status", "mistakes", "error", maintain_order=True).sum()
    for status, mistakes, error, count in groups.rows():
        if error:
            summary.failed += count
        else:
            summary.statuses[status] += count
            for name in filter(None, mistakes.split(SEPARATOR)):
                summary.mistakes[name] += count
    summary.failures = _list_failed_rows(graded, blocks)
    summary.head = _build_first_rows(graded, names)
    return summary


def _find_first_rows(result: SmallInts, count: int) -> Ints:
    """Return the first row with each verdict, or the number of rows if there is none."""
    first = np.full(count, len(result))
    first[result[::-1]] = np.arange(len(result))[::-1]
    return first


def _list_failed_rows(graded: GradedRows, blocks: Sequence[RowBlock]) -> list[FailedRow]:
    """Return the first failed rows, at most `MAX_FAILED_ROWS`."""
    errors = graded.verdicts.get_column("error")
    failed = np.flatnonzero((errors != "").to_numpy()[graded.verdict_indices])[:MAX_FAILED_ROWS]
    result, start = graded.verdict_indices, 0
    failed_rows: list[FailedRow] = []
    for block in blocks:
        rows = failed[(failed >= start) & (failed < start + block.height)].tolist()
        failed_rows += [
            FailedRow(int(block.lines[row - start]), errors[int(result[row])]) for row in rows
        ]
        start += block.height
    return failed_rows


def _build_first_rows(graded: GradedRows, names: pl.DataFrame) -> list[dict[str, str]]:
    """Return the first rows with their results."""
    results = graded.verdicts[graded.verdict_indices[: names.height]].select(
        "status", "score", "read_as"
    )
    return pl.concat([names, results], how="horizontal").fill_null("").to_dicts()
