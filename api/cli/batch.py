"""The command `grader batch`, which starts without loading the other commands."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from api.cli.output.terminal import run_command
from api.core.process_lifecycle import start_fork_server
from api.services.batch import GRADING_MODULE

MIN_BYTES_FOR_PROCESSES: Final = 2_000_000
"""File size from which starting other processes pays off."""

app = typer.Typer(
    name="grader", add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)


def main() -> None:
    """Run the command line of `batch`, which is its first argument."""
    run_command(app)


@app.callback()
def grader() -> None:
    """Let `batch` be named, although it is the only command here."""


@app.command()
def batch(
    file: Annotated[
        Path, typer.Argument(help="CSV, JSON lines or Parquet: student, problem, part, answer.")
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Write the results here (.csv, .jsonl or .parquet)."),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Also write the rows that failed here.")
    ] = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=NAME: the name of a column in the file."),
    ] = None,
    bank: Annotated[
        Path | None, typer.Option(help="A folder of problems instead of the bank.")
    ] = None,
    published: Annotated[
        Path | None, typer.Option(help="The output of `grader publish -o`, solved already.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of grading processes; by default all cores.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Grade on a Dask cluster, such as tcp://host:8786.")
    ] = None,
) -> None:
    """Mark a file of answers: every row comes back in its place, with its result.

    Exit 0: all rows were read; 1: some rows failed and are reported; 2: nothing ran.
    """
    processes = 1 if cluster is not None else _count_processes(file, workers)
    if processes > 1:
        start_fork_server(GRADING_MODULE)  # while this process loads polars
    from api.cli.operations.batch import BatchOptions, grade_file  # noqa: PLC0415  # see above

    all_rows_read = grade_file(
        BatchOptions(file, out, rejects, mapped or [], bank, published, processes, cluster)
    )
    raise typer.Exit(0 if all_rows_read else 1)


def _count_processes(file: Path, workers: int | None) -> int:
    """Return the number of grading processes; 1 for a small file."""
    if workers is not None:
        return workers
    small = not file.is_file() or file.stat().st_size < MIN_BYTES_FOR_PROCESSES
    return 1 if small else os.cpu_count() or 1
