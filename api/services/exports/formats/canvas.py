"""The gradebook as Canvas imports it.

Canvas expects the columns ``Student,ID,SIS Login ID,Section`` first. It finds a student by the id,
else by the login, else by the name. It finds an assignment by the ``(id)`` at the end of a title,
else by the title, else it offers to create it. It ignores columns whose title contains one of
`READ_ONLY`.
"""

import re
from collections.abc import Iterator
from typing import Final

from api.services.exports.formats.book import (
    Cell,
    Column,
    FileWarning,
    Gradebook,
    Person,
    Written,
)
from api.services.exports.formats.cells import number, table, text
from api.services.exports.formats.checks import same_people, same_titles, waiting_cells

__all__ = ["write_canvas"]

INFORMATION: Final = ("Student", "ID", "SIS Login ID", "Section")
OWN_COLUMNS: Final = frozenset(
    {*INFORMATION, "LastName", "FirstName", "SIS User ID", "Integration ID", "Root Account"}
)
READ_ONLY: Final = re.compile(
    "(?:Current|Final) (?:Score|Points|Grade)|Override (?:Score|Grade|Status)"
)
WITH_ID: Final = re.compile(r"\s\([0-9]+\)\Z")
POINTS_ROW: Final = "Points Possible"


def write_canvas(book: Gradebook) -> Written:
    """Write the file to upload under Grades, Import, with warnings on what Canvas would misread."""
    columns = [_title(column) for column in book.columns]
    possible = [number(column.counted) for column in book.columns]
    rows = [[f"    {POINTS_ROW}", "", "", "", *possible], *(_row(book, one) for one in book.people)]
    return Written(table([*INFORMATION, *columns], rows), tuple(_warnings(book)))


def _id(thing: Person | Column) -> str:
    """Return the Canvas id, or "" if it has other characters than digits.

    Canvas would read the leading digits of other text as an id.
    """
    known = thing.lms_id.isascii() and thing.lms_id.isdigit()
    return thing.lms_id if known else ""


def _title(column: Column) -> str:
    title = text(column.title)
    return f"{title} ({_id(column)})" if _id(column) else title


def _row(book: Gradebook, person: Person) -> list[str]:
    named = [text(person.name), _id(person), text(person.login), text(", ".join(person.sections))]
    return [*named, *(_score(book.cell(person, column)) for column in book.columns)]


def _score(cell: Cell) -> str:
    return "EX" if cell.excused else number(cell.given)


def _warnings(book: Gradebook) -> Iterator[FileWarning]:
    for person in book.people:
        yield from _of_person(person)
    yield from same_people(book.people, _id, word="Canvas id")
    unknown = [person for person in book.people if not _id(person)]
    yield from same_people(unknown, lambda person: person.login, word="login")
    nameless = [person for person in unknown if not person.login]
    yield from same_people(nameless, lambda person: text(person.name), word="name")
    for column in book.columns:
        yield from _of_column(column)
    yield from same_titles(book.columns, _title)
    yield from waiting_cells(book)


def _of_person(person: Person) -> Iterator[FileWarning]:
    if POINTS_ROW in person.name:
        yield FileWarning(
            "name_is_points_row",
            person.id,
            f"Canvas takes the row of {person.name} for the points possible; change the name.",
        )
    if _id(person):
        return
    if not person.login.strip():
        yield FileWarning(
            "no_login",
            person.id,
            f"{person.name} has no login, so Canvas can match the name alone. Import the roster "
            "from Canvas again, or add the login.",
        )
    elif text(person.login) != person.login.strip():
        yield FileWarning(
            "guarded",
            person.id,
            f"The login {text(person.login)!r} of {person.name} is not written as Canvas has it. "
            "Enter the scores of this student in Canvas by hand.",
        )


def _of_column(column: Column) -> Iterator[FileWarning]:
    title = text(column.title)
    if READ_ONLY.search(title) or (title in OWN_COLUMNS and not _id(column)):
        yield FileWarning(
            "reserved_title",
            column.id,
            f"Canvas keeps titles such as {title!r} for columns of its own and ignores them in a "
            "file; rename the assignment.",
        )
    elif _id(column):
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
