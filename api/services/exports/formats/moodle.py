"""The gradebook as Moodle imports it.

Users map the columns by hand. Moodle rejects the whole file for one unknown person, one grade over
its limit, or one grade that is not a number. A row without an e-mail would go to the person of the
previous row. So the writer omits people without a usable e-mail, and writes ``-``, no grade, for
a grade that Moodle would reject; an empty cell could become 0 in a new grade item.
"""

import re
from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import Final

from api.services.exports.formats.book import Cell, Column, FileWarning, Gradebook, Person, Written
from api.services.exports.formats.cells import lines, number, table, text
from api.services.exports.formats.checks import (
    excused_cells,
    same_people,
    same_titles,
    students,
    waiting_cells,
)

__all__ = ["write_moodle"]

IDENTITY: Final = ("Email address", "ID number")
NO_GRADE: Final = "-"
PLACES: Final = 5
"""As many decimals as Moodle keeps."""
LIMIT: Final = Fraction(100)
"""The highest grade, unless the site has unlimited grades."""
BEFORE_QUOTE: Final = re.compile(r'\\(?="|\Z)')


def write_moodle(book: Gradebook, *, known: Collection[str] | None = None) -> Written:
    """Write the file to upload under Grades, Import, CSV, with warnings on omissions.

    *known* holds the e-mails of Moodle's participants, if available.
    """
    mails = None if known is None else {mail.strip().casefold() for mail in known}
    left_out = {person.id: warning for person in book.people for warning in _lost(person, mails)}
    kept = [person for person in book.people if person.id not in left_out]
    head = [head for column in book.columns for head in _heads(column)]
    rows = [_row(book, person) for person in kept]
    warnings = (*left_out.values(), *_warnings(book, kept))
    return Written(table(_apart([*IDENTITY, *head]), map(_apart, rows)), warnings)


def _heads(column: Column) -> tuple[str, str]:
    title = text(column.title)
    return title, f"Feedback: {title}"


def _row(book: Gradebook, person: Person) -> list[str]:
    row = [text(person.email), text(person.student_number)]
    for column in book.columns:
        cell = book.cell(person, column)
        row += [_grade(cell), lines(cell.comment)]
    return row


def _grade(cell: Cell) -> str:
    refused = cell.given is None or cell.given > LIMIT
    return NO_GRADE if refused else number(cell.given, places=PLACES)


def _apart(row: list[str]) -> list[str]:
    """Insert a space after each backslash that would escape the quote after it."""
    return [BEFORE_QUOTE.sub(r"\\ ", cell) for cell in row]


def _lost(person: Person, known: Collection[str] | None) -> Iterator[FileWarning]:
    """Yield the reason to omit *person*, if there is one."""
    if not person.email.strip():
        yield FileWarning(
            "no_email",
            person.id,
            f"{person.name} has no e-mail, by which Moodle finds people, and is left out. Add it "
            "in the roster.",
        )
    elif text(person.email) != person.email.strip():
        yield FileWarning(
            "guarded",
            person.id,
            f"{person.name} is left out: the e-mail {text(person.email)!r} is not written as "
            "Moodle has it. Enter the grades of this student in Moodle by hand.",
        )
    elif known is not None and person.email.strip().casefold() not in known:
        yield FileWarning(
            "unknown_email",
            person.id,
            f"{person.name} is left out: Moodle has no participant {person.email}. Enrol the "
            "student in Moodle, or mend the e-mail in the roster.",
        )


def _warnings(book: Gradebook, kept: list[Person]) -> Iterator[FileWarning]:
    yield from same_people(kept, lambda person: person.email, word="e-mail")
    yield from same_titles(book.columns, lambda column: text(column.title))
    for column in book.columns:
        scores = [book.cell(person, column).given for person in kept]
        if count := sum(score is not None and score > LIMIT for score in scores):
            yield FileWarning(
                "over_limit",
                column.id,
                f"Moodle refuses grades over {number(LIMIT)}, so {students(count)} in "
                f"{column.title!r} came without a grade. Scale the points of the assignment, or "
                "ask for unlimited grades in Moodle.",
            )
    yield from waiting_cells(book)
    yield from excused_cells(book, "Moodle")
