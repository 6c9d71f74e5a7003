"""The gradebook as Canvas imports it.

Canvas expects the columns ``Student,ID,SIS Login ID,Section`` first. It finds a student by the id,
else by the login, else by the name. It finds an assignment by the ``(id)`` at the end of a title,
else by the title, else it offers to create it. It ignores columns whose title contains one of
`READ_ONLY_TITLE`.
"""

import re
from collections.abc import Iterator
from typing import Final

from api.services.exports.formats.cells import format_csv, format_number, format_text_cell
from api.services.exports.formats.checks import (
    iterate_same_person_warnings,
    iterate_same_title_warnings,
    iterate_waiting_warnings,
)
from api.services.exports.formats.export_gradebook import (
    ExportCell,
    ExportColumn,
    ExportFile,
    ExportGradebook,
    ExportPerson,
    FileWarning,
)

PERSON_COLUMNS: Final = ("Student", "ID", "SIS Login ID", "Section")
CANVAS_COLUMNS: Final = frozenset(
    {*PERSON_COLUMNS, "LastName", "FirstName", "SIS User ID", "Integration ID", "Root Account"}
)
READ_ONLY_TITLE: Final = re.compile(
    "(?:Current|Final) (?:Score|Points|Grade)|Override (?:Score|Grade|Status)"
)
WITH_ID: Final = re.compile(r"\s\([0-9]+\)\Z")
POINTS_ROW: Final = "Points Possible"


def write_canvas(book: ExportGradebook) -> ExportFile:
    """Write the file to upload under Grades, Import, with warnings on what Canvas would misread."""
    columns = [_format_title(column) for column in book.columns]
    possible = [format_number(column.counted_points) for column in book.columns]
    rows = [
        [f"    {POINTS_ROW}", "", "", "", *possible],
        *(_format_row(book, one) for one in book.people),
    ]
    return ExportFile(format_csv([*PERSON_COLUMNS, *columns], rows), tuple(_find_warnings(book)))


def _get_canvas_id(thing: ExportPerson | ExportColumn) -> str:
    """Return the Canvas id, or "" if it has other characters than digits.

    Canvas would read the leading digits of other text as an id.
    """
    known = thing.lms_id.isascii() and thing.lms_id.isdigit()
    return thing.lms_id if known else ""


def _format_title(column: ExportColumn) -> str:
    title = format_text_cell(column.title)
    return f"{title} ({_get_canvas_id(column)})" if _get_canvas_id(column) else title


def _format_row(book: ExportGradebook, person: ExportPerson) -> list[str]:
    person_cells = [
        format_text_cell(person.name),
        _get_canvas_id(person),
        format_text_cell(person.login),
        format_text_cell(", ".join(person.sections)),
    ]
    return [*person_cells, *(_format_score(book.cell(person, column)) for column in book.columns)]


def _format_score(cell: ExportCell) -> str:
    return "EX" if cell.excused else format_number(cell.exported_score)


def _find_warnings(book: ExportGradebook) -> Iterator[FileWarning]:
    for person in book.people:
        yield from _iterate_person_warnings(person)
    yield from iterate_same_person_warnings(book.people, _get_canvas_id, word="Canvas id")
    unknown = [person for person in book.people if not _get_canvas_id(person)]
    yield from iterate_same_person_warnings(unknown, lambda person: person.login, word="login")
    nameless = [person for person in unknown if not person.login]
    yield from iterate_same_person_warnings(
        nameless, lambda person: format_text_cell(person.name), word="name"
    )
    for column in book.columns:
        yield from _iterate_column_warnings(column)
    yield from iterate_same_title_warnings(book.columns, _format_title)
    yield from iterate_waiting_warnings(book)


def _iterate_person_warnings(person: ExportPerson) -> Iterator[FileWarning]:
    if POINTS_ROW in person.name:
        yield FileWarning(
            "name_is_points_row",
            person.id,
            f"Canvas reads the row of {person.name} as the points possible. Change the name.",
        )
    if _get_canvas_id(person):
        return
    if not person.login.strip():
        yield FileWarning(
            "no_login",
            person.id,
            f"{person.name} has no login, so Canvas can only match the name. Import the roster "
            "from Canvas again, or add the login.",
        )
    elif format_text_cell(person.login) != person.login.strip():
        yield FileWarning(
            "guarded",
            person.id,
            f"The login {format_text_cell(person.login)!r} of {person.name} differs from the "
            "one in Canvas. Enter the scores of this student in Canvas by hand.",
        )


def _iterate_column_warnings(column: ExportColumn) -> Iterator[FileWarning]:
    title = format_text_cell(column.title)
    if READ_ONLY_TITLE.search(title) or (title in CANVAS_COLUMNS and not _get_canvas_id(column)):
        yield FileWarning(
            "reserved_title",
            column.id,
            f"Canvas keeps titles such as {title!r} for its own columns and ignores them in a "
            "file. Rename the assignment.",
        )
    elif _get_canvas_id(column):
        return
    elif WITH_ID.search(title):
        yield FileWarning(
            "title_is_id",
            column.id,
            f"Canvas reads the number at the end of {title!r} as the id of an assignment. Link the "
            "assignment with its Canvas id, or rename it.",
        )
    else:
        yield FileWarning(
            "new_assignment",
            column.id,
            f"Canvas will match {title!r} by its title, or offer to create it. Link the "
            "assignment with its Canvas id to be sure.",
        )
