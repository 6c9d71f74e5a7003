"""The gradebook in the format of Gradescope's export of course grades.

Programs for Gradescope's files can read it. They find people by ``SID``, and the columns of an
assignment by the ends of their titles. Data that Grader does not have, such as views, stays empty.
"""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from api.core.person_names import name_pair
from api.services.exports.formats.book import Cell, FileWarning, Gradebook, Person, Written
from api.services.exports.formats.cells import lateness, number, table, text
from api.services.exports.formats.checks import (
    excused_cells,
    same_people,
    same_titles,
    waiting_cells,
)

__all__ = ["write_gradescope_course"]

PERSON: Final = ("First Name", "Last Name", "SID", "Email", "Sections")
LATENESS: Final = "Lateness (H:M:S)"
ENDS: Final = ("", " - Max Points", " - Submission Time", f" - {LATENESS}")
TOTAL: Final = f"Total {LATENESS}"
TIME: Final = "%Y-%m-%d %H:%M:%S %z"


def write_gradescope_course(book: Gradebook) -> Written:
    """Write the grades of all assignments, with warnings on what readers would misread."""
    heads = [f"{text(column.title)}{end}" for column in book.columns for end in ENDS]
    rows = [_course_row(book, person) for person in book.people]
    return Written(table([*PERSON, *heads, TOTAL], rows), tuple(_warnings(book)))


def _person(person: Person) -> list[str]:
    first, last = name_pair(person.name, person.family_name)
    cells = (first, last, person.student_number, person.email, ", ".join(person.sections))
    return [text(cell) for cell in cells]


def _course_row(book: Gradebook, person: Person) -> list[str]:
    row, late = _person(person), 0
    for column in book.columns:
        cell = book.cell(person, column)
        row += [_points(cell.given), _points(column.counted)]
        row += [_time(cell.submitted_at, book.zone), _late(cell)]
        late += max(cell.late_seconds, 0)
    return [*row, lateness(late)]


def _points(score: Fraction | None) -> str:
    return number(score, least=1)


def _time(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else moment.astimezone(zone).strftime(TIME)


def _late(cell: Cell) -> str:
    return "" if cell.submitted_at is None else lateness(cell.late_seconds)


def _warnings(book: Gradebook) -> Iterator[FileWarning]:
    for person in book.people:
        if not person.student_number.strip():
            yield FileWarning(
                "no_number",
                person.id,
                f"{person.name} has no student number, by which readers of the file find people. "
                "Add it in the roster.",
            )
    yield from same_people(book.people, lambda one: one.student_number, word="student number")
    yield from same_titles(book.columns, lambda column: text(column.title))
    for column in book.columns:
        if text(column.title) in {*PERSON, "Name", TOTAL} or text(column.title).endswith(ENDS[1:]):
            yield FileWarning(
                "reserved_title",
                column.id,
                f"Readers of the file take {column.title!r} for a column of Gradescope's own; "
                "rename the assignment.",
            )
    yield from waiting_cells(book)
    yield from excused_cells(book, "Gradescope")
