"""What the command `grader report` does: it grades whole reports and writes the results."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.table import Table

from api.cli.output.terminal import ERR, OUT, print_error, print_message, track
from api.core.errors import FileError
from api.services.courses.files.assignment_file import load_assignment_file
from api.services.engine.single_answer import open_bank
from api.services.files.atomic_output import check_writable
from api.services.reports.assignment_sheets import build_assignment_sheet
from api.services.reports.grading import ReportRow
from api.services.reports.results import (
    DOUBTFUL_COLUMNS,
    RESULT_COLUMNS,
    derive_doubtful_rows_path,
    split_rows,
    write_rows,
)
from api.services.reports.runner import find_reports, grade_files
from api.services.reports.sheets import Sheet, SheetParts, parse_sheet
from grader.errors import GraderError

MAX_READ_AS_CHARACTERS: Final = 40
OWN_NUMBERS_WARNING: Final = (
    "warning: students have drawn numbers in this assignment. The reports are graded with the "
    "original numbers; --seed selects others"
)


@dataclass(frozen=True)
class ReportOptions:
    """Options of the command; *out* and *doubtful* are the files to write."""

    assignment: Path | None
    problems: list[str]
    out: Path | None
    doubtful: Path | None
    seed: int | None
    bank: Path | None
    workers: int


def grade_reports(files: list[Path], options: ReportOptions) -> bool:
    """Grade reports, and print or write the results; return whether all files were read."""
    sheet = _load_sheet(options)
    reports = find_reports(files)
    out = options.out
    beside = options.doubtful or (derive_doubtful_rows_path(out) if out else None)
    _check_outputs(out, beside, reports)
    graded = grade_files(reports, sheet, options.bank, workers=options.workers)
    rows = [row for part in track(graded, "Reading", total=len(reports)) for row in part]
    certain_rows, doubtful_rows = split_rows(rows)
    if out is None:
        _print_rows(rows)
    else:
        write_rows(out, RESULT_COLUMNS, certain_rows)
    if beside is not None:
        write_rows(beside, DOUBTFUL_COLUMNS, doubtful_rows)
    refused = [row for row in rows if row.error]
    _print_summary(rows, refused, [path for path in (out, beside) if path])
    return not refused


def _load_sheet(options: ReportOptions) -> Sheet:
    """Return the sheet of the assignment or the problems; raise `FileError` if there is none."""
    if (options.assignment is None) == (not options.problems):
        raise FileError("name the questions with either --assignment or --problems")
    if options.assignment is not None and options.bank is not None:
        raise FileError("--bank cannot be used with --assignment, whose course has its problems")
    catalog = open_bank(options.bank)
    try:
        if options.assignment is None:
            sheet = parse_sheet(options.problems, catalog, seed=options.seed)
        else:
            sheet = _load_assignment_sheet(options.assignment, options.seed)
        SheetParts(catalog, sheet)  # an error in a problem is no fault of the reports
    except GraderError as error:
        raise FileError(str(error)) from error
    return sheet


def _load_assignment_sheet(path: Path, seed: int | None) -> Sheet:
    assignment = load_assignment_file(path)
    if seed is None and assignment.content.variants != "original":
        print_message(OWN_NUMBERS_WARNING)
    return build_assignment_sheet(assignment, seed=seed)


def _check_outputs(
    results_file: Path | None, doubtful_rows_file: Path | None, reports: list[Path]
) -> None:
    """Raise `FileError` if the results cannot be written, or would replace a report."""
    for path in filter(None, (results_file, doubtful_rows_file)):
        check_writable(path)
        if path.exists() and any(path.samefile(file) for file in reports):
            raise FileError(f"{path} is a report. Write the results to another file")
    if results_file is not None and results_file == doubtful_rows_file:
        raise FileError(
            f"{results_file} cannot contain both the results and the doubtful rows. Name two files"
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
