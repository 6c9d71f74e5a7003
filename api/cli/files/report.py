"""The command `grader report`, which grades whole reports."""

import os
from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from api.cli.output import console
from api.cli.output.terminal import ERR, OUT, print_error, print_message
from api.core.errors import FileError
from api.services.engine.single_answer import open_bank
from api.services.files.atomic_output import check_writable
from api.services.reports.grading import ReportRow
from api.services.reports.results import (
    DOUBTFUL_COLUMNS,
    RESULT_COLUMNS,
    doubtful_path,
    split_rows,
    write_rows,
)
from api.services.reports.runner import find_reports, grade_files
from api.services.reports.sheets import parse_sheet
from grader.definitions.problem import MAX_SEED

MAX_READ_AS_CHARACTERS: Final = 40


def report(
    files: Annotated[
        list[Path],
        typer.Argument(help="Reports (.md, .txt, .tex, .ipynb, .docx, .pdf) or folders."),
    ],
    *,
    problems: Annotated[
        list[str],
        typer.Option(
            help="The problems in their order: ID, ID=LABEL or ID.PART=LABEL, with commas."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write the certain rows to this CSV file.")
    ] = None,
    doubtful: Annotated[
        Path | None, typer.Option(help="Write the doubtful rows here; by default beside OUT.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=MAX_SEED, help="The variant of the sheet.")
    ] = None,
    bank: Annotated[
        Path | None, typer.Option(help="A folder of problems instead of the bank.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of reading processes; by default all cores.")
    ] = None,
) -> None:
    """Find the answers in reports, and mark them; doubtful ones are listed for a person.

    Exit 0: all files were read; 1: some were refused; 2: nothing ran.
    """
    sheet = parse_sheet(problems, open_bank(bank), seed=seed)
    reports = find_reports(files)
    beside = doubtful or (doubtful_path(out) if out else None)
    _check_outputs(out, beside, reports)
    graded = grade_files(reports, sheet, bank, workers=workers or os.cpu_count() or 1)
    rows = [row for part in console.track(graded, "Reading", total=len(reports)) for row in part]
    certain_rows, doubtful_rows = split_rows(rows)
    if out is None:
        _print_rows(rows)
    else:
        write_rows(out, RESULT_COLUMNS, certain_rows)
    if beside is not None:
        write_rows(beside, DOUBTFUL_COLUMNS, doubtful_rows)
    refused = [row for row in rows if row.error]
    _print_summary(rows, refused, [path for path in (out, beside) if path])
    raise typer.Exit(1 if refused else 0)


def _check_outputs(out: Path | None, beside: Path | None, reports: list[Path]) -> None:
    """Raise `FileError` if the results cannot be written, or would replace a report."""
    for path in filter(None, (out, beside)):
        check_writable(path)
        if path.exists() and any(path.samefile(file) for file in reports):
            raise FileError(f"{path} is a report. Write the results to another file")
    if out is not None and out == beside:
        raise FileError(
            f"{out} cannot contain both the results and the doubtful rows. Name two files"
        )


def _print_rows(rows: list[ReportRow]) -> None:
    """Print the rows as a table."""
    table = Table(box=None)
    for title in ("student", "problem", "part", "status", "read as", "page", "confidence"):
        table.add_column(title, overflow="ellipsis", no_wrap=title != "read as")
    for row in rows:
        read_as = row.read_as if len(row.read_as) <= MAX_READ_AS_CHARACTERS else "…"
        table.add_row(
            row.student, row.problem, row.part, row.status, read_as, row.page, row.confidence
        )
    OUT.print(table)


def _print_summary(rows: list[ReportRow], refused: list[ReportRow], written: list[Path]) -> None:
    """Print how many answers were found, and the files that were refused."""
    for row in refused:
        print_error(f"{row.student}: {row.error}")
    counts = Counter(row.confidence or "missing" for row in rows if not row.error)
    table = Table("answers", "rows", box=None)
    for name in ("certain", "doubtful", "missing"):
        table.add_row(name, str(counts[name]))
    ERR.print(table)
    for path in written:
        print_message(f"written to {path}")
