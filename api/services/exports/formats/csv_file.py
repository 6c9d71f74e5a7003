"""The gradebook as plain files: a CSV table of totals, a CSV row per cell, or JSON lines."""

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from api.services.exports.formats.book import Cell, Column, Gradebook, Person, Written
from api.services.exports.formats.cells import HIDDEN, PLACES, lines, number, stamp, table, text

__all__ = ["write_cells", "write_json_lines", "write_table"]

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
UNSEEN: Final = re.compile(f"[\x7f-\x9f\u2028\u2029\ud800-\udfff{''.join(HIDDEN)}]")
TOTAL: Final = "total"
WAITING: Final = "waiting_points"
EXCUSED: Final = "excused"


def write_table(book: Gradebook) -> Written:
    """Write a row for each student: the person, a score for each assignment, and the total.

    A cell is empty without a score or while work waits for grading. The total excludes the points
    that wait; the last column holds them. The header of an assignment includes its id if two have
    the same title or the title equals a column of ours.
    """
    rows = [
        [
            *_person(person),
            *(_score(book.cell(person, column)) for column in book.columns),
            number(book.totals.get(person.id)),
            number(book.left_out.get(person.id, Fraction(0))),
        ]
        for person in book.people
    ]
    return Written(table([*PERSON_FIELDS, *_heads(book), TOTAL, WAITING], rows))


def write_cells(book: Gradebook) -> Written:
    """Write a row for each student and assignment, with all its data."""
    rows = (
        [*_person(person), *_cell(book, column, book.cell(person, column))]
        for person in book.people
        for column in book.columns
    )
    return Written(table([*PERSON_FIELDS, *CELL_FIELDS], rows))


def write_json_lines(book: Gradebook) -> Written:
    """Write a JSON line for each student, with scores as numbers and as exact text."""
    return Written("".join(f"{_json(one)}\n" for one in _records(book)))


def _person(person: Person) -> list[str]:
    sections = "; ".join(person.sections)
    told = (person.id, person.name, person.email, person.student_number, person.login)
    return [text(cell) for cell in (*told, person.lms_id, sections)]


def _heads(book: Gradebook) -> list[str]:
    titles = [text(column.title) for column in book.columns]
    taken = {*PERSON_FIELDS, TOTAL, WAITING}
    return [
        f"{title} [{text(column.id)}]" if title in taken or titles.count(title) > 1 else title
        for title, column in zip(titles, book.columns, strict=True)
    ]


def _score(cell: Cell) -> str:
    return EXCUSED if cell.excused else number(cell.given)


def _cell(book: Gradebook, column: Column, cell: Cell) -> list[str]:
    return [
        text(column.id),
        text(column.title),
        number(column.possible),
        _truth(column.extra),
        number(cell.score),
        _truth(cell.excused),
        _truth(cell.waiting),
        number(cell.waiting_points),
        _truth(cell.overridden),
        str(cell.late_seconds),
        stamp(cell.submitted_at, book.zone),
        str(cell.submissions),
        lines(cell.comment),
    ]


def _truth(value: object) -> str:
    return "true" if value else "false"


def _records(book: Gradebook) -> Iterator[dict[str, Any]]:
    for person in book.people:
        told = (person.id, person.name, person.email, person.student_number, person.login)
        yield {
            "course": book.course,
            **dict(zip(PERSON_FIELDS, (*told, person.lms_id, person.sections), strict=True)),
            "assignments": [
                _cell_record(book, column, book.cell(person, column)) for column in book.columns
            ],
            TOTAL: _exact(book.totals.get(person.id)),
            WAITING: _exact(book.left_out.get(person.id, Fraction(0))),
        }


def _cell_record(book: Gradebook, column: Column, cell: Cell) -> dict[str, Any]:
    told = (
        column.id,
        column.title,
        _exact(column.possible),
        column.extra,
        _exact(cell.score),
        cell.excused,
        cell.waiting,
        _exact(cell.waiting_points),
        cell.overridden,
        cell.late_seconds,
        stamp(cell.submitted_at, book.zone) or None,
        cell.submissions,
        cell.comment,
    )
    return dict(zip(CELL_FIELDS, told, strict=True))


def _json(record: dict[str, Any]) -> str:
    """Return a record as one line of JSON, with invisible characters escaped."""
    told = json.dumps(record, ensure_ascii=False)
    return UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", told)


def _exact(value: Fraction | None) -> dict[str, Any] | None:
    """Return a number as JSON data: a rounded decimal and the exact fraction."""
    if value is None:
        return None
    return {"number": float(round(value, PLACES)), "exact": str(value)}
