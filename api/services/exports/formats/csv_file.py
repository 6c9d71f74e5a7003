"""The gradebook as plain files: a CSV table of totals, a CSV row per cell, or JSON lines."""

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from api.services.exports.formats.cells import (
    DECIMAL_PLACES,
    INVISIBLE_CHARACTERS,
    format_csv,
    format_multiline_cell,
    format_number,
    format_text_cell,
    format_timestamp,
)
from api.services.exports.formats.export_gradebook import (
    ExportCell,
    ExportColumn,
    ExportFile,
    ExportGradebook,
    ExportPerson,
)

PERSON_FIELDS: Final = (
    "student_id",
    "name",
    "email",
    "student_number",
    "login",
    "lms_id",
    "sections",
)
CELL_FIELDS: Final = (
    "assignment_id",
    "assignment",
    "possible",
    "extra",
    "score",
    "excused",
    "waiting",
    "waiting_points",
    "overridden",
    "late_seconds",
    "submitted_at",
    "submissions",
    "comment",
)
INVISIBLE_PATTERN: Final = re.compile(
    f"[\x7f-\x9f\u2028\u2029\ud800-\udfff{''.join(INVISIBLE_CHARACTERS)}]"
)
TOTAL_FIELD: Final = "total"
WAITING_FIELD: Final = "waiting_points"
EXCUSED_TEXT: Final = "excused"


def write_student_table(book: ExportGradebook) -> ExportFile:
    """Write a row for each student: the person, a score for each assignment, and the total.

    A cell is empty without a score or while work waits for grading. The total excludes the points
    that wait; the last column holds them. The header of an assignment includes its id if two have
    the same title or the title equals a column of ours.
    """
    rows = [
        [
            *_format_person(person),
            *(_format_score(book.cell(person, column)) for column in book.columns),
            format_number(book.totals.get(person.id)),
            format_number(book.waiting_points.get(person.id, Fraction(0))),
        ]
        for person in book.people
    ]
    return ExportFile(
        format_csv([*PERSON_FIELDS, *_format_headers(book), TOTAL_FIELD, WAITING_FIELD], rows)
    )


def write_cell_table(book: ExportGradebook) -> ExportFile:
    """Write a row for each student and assignment, with all its data."""
    rows = (
        [*_format_person(person), *_format_cell(book, column, book.cell(person, column))]
        for person in book.people
        for column in book.columns
    )
    return ExportFile(format_csv([*PERSON_FIELDS, *CELL_FIELDS], rows))


def write_json_lines(book: ExportGradebook) -> ExportFile:
    """Write a JSON line for each student, with scores as numbers and as exact text."""
    return ExportFile("".join(f"{_serialize_record(one)}\n" for one in _build_records(book)))


def _format_person(person: ExportPerson) -> list[str]:
    sections = "; ".join(person.sections)
    fields = (person.id, person.name, person.email, person.student_number, person.login)
    return [format_text_cell(cell) for cell in (*fields, person.lms_id, sections)]


def _format_headers(book: ExportGradebook) -> list[str]:
    titles = [format_text_cell(column.title) for column in book.columns]
    taken = {*PERSON_FIELDS, TOTAL_FIELD, WAITING_FIELD}
    return [
        f"{title} [{format_text_cell(column.id)}]"
        if title in taken or titles.count(title) > 1
        else title
        for title, column in zip(titles, book.columns, strict=True)
    ]


def _format_score(cell: ExportCell) -> str:
    return EXCUSED_TEXT if cell.excused else format_number(cell.exported_score)


def _format_cell(book: ExportGradebook, column: ExportColumn, cell: ExportCell) -> list[str]:
    return [
        format_text_cell(column.id),
        format_text_cell(column.title),
        format_number(column.possible),
        _format_bool(column.extra),
        format_number(cell.score),
        _format_bool(cell.excused),
        _format_bool(cell.waiting),
        format_number(cell.waiting_points),
        _format_bool(cell.overridden),
        str(cell.late_seconds),
        format_timestamp(cell.submitted_at, book.zone),
        str(cell.submissions),
        format_multiline_cell(cell.comment),
    ]


def _format_bool(value: object) -> str:
    return "true" if value else "false"


def _build_records(book: ExportGradebook) -> Iterator[dict[str, Any]]:
    for person in book.people:
        fields = (person.id, person.name, person.email, person.student_number, person.login)
        yield {
            "course": book.course,
            **dict(zip(PERSON_FIELDS, (*fields, person.lms_id, person.sections), strict=True)),
            "assignments": [
                _build_cell_record(book, column, book.cell(person, column))
                for column in book.columns
            ],
            TOTAL_FIELD: _serialize_number(book.totals.get(person.id)),
            WAITING_FIELD: _serialize_number(book.waiting_points.get(person.id, Fraction(0))),
        }


def _build_cell_record(
    book: ExportGradebook, column: ExportColumn, cell: ExportCell
) -> dict[str, Any]:
    values = (
        column.id,
        column.title,
        _serialize_number(column.possible),
        column.extra,
        _serialize_number(cell.score),
        cell.excused,
        cell.waiting,
        _serialize_number(cell.waiting_points),
        cell.overridden,
        cell.late_seconds,
        format_timestamp(cell.submitted_at, book.zone) or None,
        cell.submissions,
        cell.comment,
    )
    return dict(zip(CELL_FIELDS, values, strict=True))


def _serialize_record(record: dict[str, Any]) -> str:
    """Return a record as one line of JSON, with invisible characters escaped."""
    line = json.dumps(record, ensure_ascii=False)
    return INVISIBLE_PATTERN.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def _serialize_number(value: Fraction | None) -> dict[str, Any] | None:
    """Return a number as JSON data: a rounded decimal and the exact fraction."""
    if value is None:
        return None
    return {"number": float(round(value, DECIMAL_PLACES)), "exact": str(value)}
