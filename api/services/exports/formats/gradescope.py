"""The gradebook in the format of Gradescope's export of course grades.

Programs for Gradescope's files can read it. They find people by ``SID``, and the columns of an
assignment by the ends of their titles. Data that Grader does not have, such as views, stays empty.
"""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from api.core.person_names import split_name
from api.services.exports.formats.cells import (
    format_csv,
    format_lateness_hms,
    format_number,
    format_text_cell,
)
from api.services.exports.formats.checks import (
    iterate_excused_warnings,
    iterate_same_person_warnings,
    iterate_same_title_warnings,
    iterate_waiting_warnings,
)
from api.services.exports.formats.export_gradebook import (
    ExportCell,
    ExportFile,
    ExportGradebook,
    ExportPerson,
    FileWarning,
)

PERSON_COLUMNS: Final = ("First Name", "Last Name", "SID", "Email", "Sections")
LATENESS_COLUMN: Final = "Lateness (H:M:S)"
TITLE_ENDINGS: Final = ("", " - Max Points", " - Submission Time", f" - {LATENESS_COLUMN}")
TOTAL_COLUMN: Final = f"Total {LATENESS_COLUMN}"
TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S %z"


def write_gradescope_course(book: ExportGradebook) -> ExportFile:
    """Write the grades of all assignments, with warnings on what readers would misread."""
    heads = [
        f"{format_text_cell(column.title)}{end}" for column in book.columns for end in TITLE_ENDINGS
    ]
    rows = [_format_row(book, person) for person in book.people]
    return ExportFile(
        format_csv([*PERSON_COLUMNS, *heads, TOTAL_COLUMN], rows), tuple(_find_warnings(book))
    )


def _format_person(person: ExportPerson) -> list[str]:
    first, last = split_name(person.name, person.family_name)
    cells = (first, last, person.student_number, person.email, ", ".join(person.sections))
    return [format_text_cell(cell) for cell in cells]


def _format_row(book: ExportGradebook, person: ExportPerson) -> list[str]:
    row, late = _format_person(person), 0
    for column in book.columns:
        cell = book.cell(person, column)
        row += [_format_points(cell.exported_score), _format_points(column.counted_points)]
        row += [_format_time(cell.submitted_at, book.zone), _format_cell_lateness(cell)]
        late += max(cell.late_seconds, 0)
    return [*row, format_lateness_hms(late)]


def _format_points(score: Fraction | None) -> str:
    return format_number(score, min_places=1)


def _format_time(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else moment.astimezone(zone).strftime(TIME_FORMAT)


def _format_cell_lateness(cell: ExportCell) -> str:
    return "" if cell.submitted_at is None else format_lateness_hms(cell.late_seconds)


def _find_warnings(book: ExportGradebook) -> Iterator[FileWarning]:
    for person in book.people:
        if not person.student_number.strip():
            yield FileWarning(
                "no_number",
                person.id,
                f"{person.name} has no student number, which identifies people in the file. Add "
                "it in the roster.",
            )
    yield from iterate_same_person_warnings(
        book.people, lambda item: item.student_number, word="student number"
    )
    yield from iterate_same_title_warnings(
        book.columns, lambda column: format_text_cell(column.title)
    )
    for column in book.columns:
        if format_text_cell(column.title) in {
            *PERSON_COLUMNS,
            "Name",
            TOTAL_COLUMN,
        } or format_text_cell(column.title).endswith(TITLE_ENDINGS[1:]):
            yield FileWarning(
                "reserved_title",
                column.id,
                f"Programs that read the file mistake {column.title!r} for a column of "
                "Gradescope. "
                "Rename the assignment.",
            )
    yield from iterate_waiting_warnings(book)
    yield from iterate_excused_warnings(book, "Gradescope")
