"""Score sheet format: answers with their points, to edit in a spreadsheet and upload again.

A row is identified by its submission and part. It carries a version, so that the upload rejects it
if the grading changed in between. Empty ``points`` and ``comment`` change nothing.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Final, NamedTuple

from api.services.exports.formats.cells import (
    format_csv,
    format_multiline_cell,
    format_number,
    format_text_cell,
)
from grader.reading import NumberStyle

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
"""Mark without which a spreadsheet assumes an old encoding of its country."""
VERSION_DIGITS: Final = 16
ROWS_PER_PIECE: Final = 10


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


class SheetCells(NamedTuple):
    """Cells of an uploaded row that are read, "" where the sheet has no such column."""

    submission_id: str
    part: str
    points: str
    comment: str
    version: str
    old_points: str
    old_comment: str
    email: str
    assignment: str
    problem: str


def compute_row_version(row: SheetRow) -> str:
    """Return a hash that changes whenever the grading of *row* does.

    It begins with a letter, so that no spreadsheet takes it for a number.
    """
    graded = (row.submission_id, row.part, row.grading, row.status, row.comment)
    exact = (str(row.points), str(row.possible))
    data = json.dumps([*graded, *exact]).encode()
    return f"v{hashlib.sha256(data).hexdigest()[:VERSION_DIGITS]}"


def write_score_sheet(rows: Iterable[SheetRow], *, style: NumberStyle = "point") -> str:
    """Return the sheet as CSV; the comma style has decimal commas and ``;`` between cells."""
    return "".join(stream_score_sheet(rows, style=style))


def stream_score_sheet(rows: Iterable[SheetRow], *, style: NumberStyle) -> Iterator[str]:
    """Yield the sheet of `write_score_sheet` in pieces of `ROWS_PER_PIECE` rows."""
    delimiter = ";" if style == "comma" else ","
    yield BYTE_ORDER_MARK + format_csv(COLUMNS, (), delimiter=delimiter)
    left = (_format_row(row, style) for row in rows)
    while piece := list(islice(left, ROWS_PER_PIECE)):
        yield format_csv(piece[0], piece[1:], delimiter=delimiter)


def _format_row(row: SheetRow, style: NumberStyle) -> list[str]:
    return [
        format_text_cell(row.submission_id),
        format_text_cell(row.student),
        format_text_cell(row.email),
        format_text_cell(row.assignment),
        format_text_cell(row.problem),
        format_text_cell(row.part),
        format_multiline_cell(row.answer),
        format_text_cell(row.status),
        _format_points(row.points, style),
        format_multiline_cell(row.comment),
        _format_points(row.possible, style),
        "",
        "",
        compute_row_version(row),
    ]


def _format_points(value: Fraction | None, style: NumberStyle) -> str:
    digits = format_number(value)
    return digits.replace(".", ",") if style == "comma" else digits
