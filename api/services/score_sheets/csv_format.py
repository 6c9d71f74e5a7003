"""Score sheet format: answers with their points, to edit in a spreadsheet and upload again.

A row is identified by its submission and part. It carries a version, so that the upload rejects it
if the grading changed in between. Empty ``points`` and ``comment`` change nothing.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from api.services.exports.formats.cells import lines, number, table, text
from grader.reading import Style

__all__ = ["COLUMNS", "SheetRow", "sheet_version", "write_score_sheet"]

COLUMNS: Final = (
    "submission_id",
    "student",
    "email",
    "assignment",
    "problem",
    "part",
    "answer",
    "old_status",
    "old_points",
    "old_comment",
    "possible",
    "points",
    "comment",
    "version",
)
BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it a spreadsheet takes the file for one of its country's old encodings."""
DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class SheetRow:
    """Answer to a part with its current grading; *grading* is the id of the grading that counts."""

    submission_id: str
    student: str
    email: str
    assignment: str
    problem: str
    part: str
    answer: str
    status: str
    points: Fraction | None
    possible: Fraction
    comment: str = ""
    grading: str = ""
    extra: bool = False


def sheet_version(row: SheetRow) -> str:
    """Return a hash that changes whenever the grading of *row* does.

    It begins with a letter, so that no spreadsheet takes it for a number.
    """
    graded = (row.submission_id, row.part, row.grading, row.status, row.comment)
    exact = (str(row.points), str(row.possible))
    told = json.dumps([*graded, *exact]).encode()
    return f"v{hashlib.sha256(told).hexdigest()[:DIGITS]}"


def write_score_sheet(rows: Iterable[SheetRow], *, style: Style = "point") -> str:
    """Return the sheet as CSV; the comma style has decimal commas and ``;`` between cells."""
    delimiter = ";" if style == "comma" else ","
    return BYTE_ORDER_MARK + table(
        COLUMNS, (_cells(row, style) for row in rows), delimiter=delimiter
    )


def _cells(row: SheetRow, style: Style) -> list[str]:
    return [
        text(row.submission_id),
        text(row.student),
        text(row.email),
        text(row.assignment),
        text(row.problem),
        text(row.part),
        lines(row.answer),
        text(row.status),
        _styled(row.points, style),
        lines(row.comment),
        _styled(row.possible, style),
        "",
        "",
        sheet_version(row),
    ]


def _styled(value: Fraction | None, style: Style) -> str:
    shown = number(value)
    return shown.replace(".", ",") if style == "comma" else shown
