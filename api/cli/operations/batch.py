"""Execution and output of `grader batch`."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from api.cli.output.terminal import ERR, OUT, print_error, print_message
from api.core.errors import FileError
from api.core.process_lifecycle import freeze_gc
from api.services.batch.executors import (
    BatchPool,
    open_cluster_pool,
    open_inline_pool,
    open_process_pool,
)
from api.services.batch.formats.columns import INPUT_FIELDS
from api.services.batch.formats.sources import open_source
from api.services.batch.questions import BatchProblems
from api.services.batch.runner import Batch, run_batch
from api.services.batch.summary import BatchSummary
from api.services.engine import single_answer
from api.services.files.atomic_output import check_writable

MAX_LISTED_FAILURES: Final = 20
MAX_READ_AS_CHARACTERS: Final = 40
MIN_ROWS_FOR_RATE: Final = 10_000


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """Options of the command; *column_pairs* has a ``COLUMN=NAME`` for each `--map`."""

    file: Path
    out: Path | None
    rejects: Path | None
    column_pairs: list[str]
    bank: Path | None
    published: Path | None
    workers: int
    cluster: str | None


def grade_file(options: BatchOptions) -> bool:
    """Grade a file and print a summary; return whether all rows were read."""
    column_names = _parse_column_names(options.column_pairs)
    source = open_source(options.file, column_names)
    for path in filter(None, (options.out, options.rejects)):
        _check_output(options.file, path)
    if options.out is not None and options.out == options.rejects:
        raise FileError(
            f"{options.out} cannot contain both the results and the rejects. Name two files"
        )
    if options.published is not None and not options.published.is_dir():
        raise FileError(f"there is no folder {options.published}; `grader publish -o` writes one")
    bank = BatchProblems(
        single_answer.open_bank(options.bank), options.published, typed_json=source.typed_json
    )
    stream = None if options.out or sys.stdout.isatty() else sys.stdout
    batch = Batch(source, bank, options.out, options.rejects, stream, column_names)
    started = time.perf_counter()
    freeze_gc(sweep=False)
    with _create_pool(options) as pool:
        summary = run_batch(batch, pool, watch=_show_progress)
    if options.out is None and stream is None:
        _print_rows(summary)
    _print_summary(summary, options, time.perf_counter() - started)
    return not summary.failed


def _parse_column_names(pairs: list[str]) -> dict[str, str]:
    """Return the file's column names by Grader's names, from ``student=source`` pairs."""
    names: dict[str, str] = {}
    for pair in pairs:
        column, separator, name = pair.partition("=")
        if column not in INPUT_FIELDS or not separator or not name:
            raise FileError(
                f"--map {pair} is not COLUMN=NAME; the columns are {', '.join(INPUT_FIELDS)}"
            )
        names[column] = name
    return names


def _check_output(source: Path, target: Path) -> None:
    """Raise `FileError` if results cannot be written to *target*, before any grading."""
    check_writable(target)
    if target.exists() and target.samefile(source):
        raise FileError(f"{target} is the input file. Write the results to another file")


def _create_pool(options: BatchOptions) -> AbstractContextManager[BatchPool]:
    """Return the pool that grades: a cluster, several processes, or this process."""
    if options.cluster is not None:
        return open_cluster_pool(options.cluster)
    return open_process_pool(options.workers) if options.workers > 1 else open_inline_pool()


class _SpeedColumn(ProgressColumn):
    """Progress column with the speed per second."""

    def render(self, task: Task) -> Text:
        """Return the speed, or nothing as long as it is unknown."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


@contextmanager
def _show_progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show progress, speed and remaining time of a phase on a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _SpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=ERR, disable=not ERR.is_terminal, transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda count: progress.advance(task, count)


def _print_rows(summary: BatchSummary) -> None:
    """Print the results of the first rows, shortened to fit a terminal."""
    table = Table(box=None)
    for title in ("student", "problem", "part", "status", "score", "read as"):
        table.add_column(title, overflow="ellipsis", no_wrap=title != "read as")
    for row in summary.head:
        read_as = row["read_as"] if len(row["read_as"]) <= MAX_READ_AS_CHARACTERS else "…"
        table.add_row(
            row["student"], row["problem"], row["part"], row["status"], row["score"], read_as
        )
    OUT.print(table)
    if summary.rows > len(summary.head):
        print_message(f"{summary.rows - len(summary.head)} more rows. -o FILE writes them all")


def _print_summary(summary: BatchSummary, options: BatchOptions, seconds: float) -> None:
    """Print the counts of a batch and the rows that failed."""
    for failure in summary.failures[:MAX_LISTED_FAILURES]:
        print_error(f"line {failure.line}: {failure.error}")
    if summary.failed > MAX_LISTED_FAILURES:
        print_error(
            f"{summary.failed - MAX_LISTED_FAILURES} more rows failed. See the column `error`"
        )
    table = Table("status", "rows", box=None)
    for status, count in summary.statuses.most_common():
        table.add_row(status, str(count))
    table.add_row("failed", str(summary.failed))
    table.add_row("all", str(summary.rows), style="bold")
    ERR.print(table)
    if summary.mistakes:
        mistake_counts = ", ".join(
            f"{name} ({count})" for name, count in summary.mistakes.most_common(10)
        )
        print_message(f"mistakes: {mistake_counts}")
    if summary.rows >= MIN_ROWS_FOR_RATE:
        rate = summary.rows / seconds
        print_message(f"{summary.judged:,} different answers; {seconds:.1f} s, {rate:,.0f} rows/s")
    if summary.resumed:
        print_message("parts of an earlier run were reused")
    for path in filter(None, (options.out, options.rejects)):
        print_message(f"written to {path}")
