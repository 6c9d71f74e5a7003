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
    """Make `batch` a subcommand, although it is the only command of this app."""


@app.command()
def batch(
    file: Annotated[
        Path,
        typer.Argument(help="A CSV, JSON Lines or Parquet file: student, problem, part, answer."),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Write the results here (.csv, .jsonl or .parquet)."),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Also write the rows that failed to this file.")
    ] = None,
    mapped: Annotated[
        list[str] | None, typer.Option("--map", help="The name of a column, as COLUMN=NAME.")
    ] = None,
    bank: Annotated[
        Path | None, typer.Option(help="Use the problems in this folder instead of the bank.")
    ] = None,
    published: Annotated[
        Path | None,
        typer.Option(help="Use these variants of `grader publish --out`."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of grading processes. The default is one per core."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="Grade on the Dask cluster with this address, such as tcp://host:8786."),
    ] = None,
) -> None:
    """Grade a file of answers, and keep the order of its rows.

    Exit status: 0 if every row was read; 1 if some rows failed; 2 if nothing ran.
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
