"""Results of reports as CSV: one file of certain rows, one of doubtful rows for a person."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path
from typing import Final

from api.services.files.atomic_output import write_file_atomically
from api.services.files.csv_rows import escape_formula
from api.services.reports.grading import DOUBTFUL, ReportRow

DOUBTFUL_COLUMNS: Final = tuple(field.name for field in fields(ReportRow))
RESULT_COLUMNS: Final = DOUBTFUL_COLUMNS[:-1]
"""The columns of a batch, then page, quote and confidence; doubtful rows have a reason too."""


def derive_doubtful_rows_path(path: Path) -> Path:
    """Return the file of the doubtful rows beside a file of results.

    >>> str(derive_doubtful_rows_path(Path("week3.csv")))
    'week3.doubtful.csv'
    """
    return path.with_name(f"{path.stem}.doubtful{path.suffix or '.csv'}")


def split_rows(rows: Iterable[ReportRow]) -> tuple[list[ReportRow], list[ReportRow]]:
    """Return the certain rows, with those of missing answers and refused files, and the others."""
    certain: list[ReportRow] = []
    doubtful: list[ReportRow] = []
    for row in rows:
        (doubtful if row.confidence == DOUBTFUL else certain).append(row)
    return certain, doubtful


def write_rows(path: Path, columns: tuple[str, ...], rows: Iterable[ReportRow]) -> None:
    """Write rows as CSV, whole or not at all; no cell is a formula of a spreadsheet."""
    write_file_atomically(path, lambda target: _write_csv(target, columns, rows))


def _write_csv(path: Path, columns: tuple[str, ...], rows: Iterable[ReportRow]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([escape_formula(cell) for cell in astuple(row)[: len(columns)]])
