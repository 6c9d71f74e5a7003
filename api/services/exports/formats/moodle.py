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

from api.services.exports.formats.cells import (
    format_csv,
    format_multiline_cell,
    format_number,
    format_text_cell,
)
from api.services.exports.formats.checks import (
    format_student_count,
    iterate_excused_warnings,
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

IDENTITY_COLUMNS: Final = ("Email address", "ID number")
NO_GRADE: Final = "-"
DECIMAL_PLACES: Final = 5
"""Number of decimals that Moodle stores."""
MAX_GRADE: Final = Fraction(100)
"""Maximum grade in Moodle, unless the site has unlimited grades."""
BEFORE_QUOTE: Final = re.compile(r'\\(?="|\Z)')


def write_moodle(
    book: ExportGradebook, *, participant_emails: Collection[str] | None = None
) -> ExportFile:
    """Write the file to upload under Grades, Import, CSV, with warnings on omissions.

    *participant_emails* holds the e-mails of Moodle's participants, if available.
    """
    mails = (
        None
        if participant_emails is None
        else {mail.strip().casefold() for mail in participant_emails}
    )
    left_out = {
        person.id: warning
        for person in book.people
        for warning in _iterate_omission_warnings(person, mails)
    }
    included = [person for person in book.people if person.id not in left_out]
    head = [head for column in book.columns for head in _format_headers(column)]
    rows = [_format_row(book, person) for person in included]
    warnings = (*left_out.values(), *_find_warnings(book, included))
    return ExportFile(
        format_csv(
            _separate_backslashes([*IDENTITY_COLUMNS, *head]), map(_separate_backslashes, rows)
        ),
        warnings,
    )


def _format_headers(column: ExportColumn) -> tuple[str, str]:
    title = format_text_cell(column.title)
    return title, f"Feedback: {title}"


def _format_row(book: ExportGradebook, person: ExportPerson) -> list[str]:
    row = [format_text_cell(person.email), format_text_cell(person.student_number)]
    for column in book.columns:
        cell = book.cell(person, column)
        row += [_format_grade(cell), format_multiline_cell(cell.comment)]
    return row


def _format_grade(cell: ExportCell) -> str:
    refused = cell.exported_score is None or cell.exported_score > MAX_GRADE
    return NO_GRADE if refused else format_number(cell.exported_score, places=DECIMAL_PLACES)


def _separate_backslashes(row: list[str]) -> list[str]:
    """Insert a space after each backslash that would escape the quote after it."""
    return [BEFORE_QUOTE.sub(r"\\ ", cell) for cell in row]


def _iterate_omission_warnings(
    person: ExportPerson, participant_emails: Collection[str] | None
) -> Iterator[FileWarning]:
    """Yield the reason to omit *person*, if there is one."""
    if not person.email.strip():
        yield FileWarning(
            "no_email",
            person.id,
            f"{person.name} has no e-mail address, which identifies people in Moodle, and is "
            "left out. Add it in the roster.",
        )
    elif format_text_cell(person.email) != person.email.strip():
        yield FileWarning(
            "guarded",
            person.id,
            f"{person.name} is left out: the e-mail {format_text_cell(person.email)!r} differs "
            "from the one in Moodle. Enter the grades of this student in Moodle by hand.",
        )
    elif (
        participant_emails is not None and person.email.strip().casefold() not in participant_emails
    ):
        yield FileWarning(
            "unknown_email",
            person.id,
            f"{person.name} is left out: Moodle has no participant {person.email}. Enroll the "
            "student in Moodle, or fix the e-mail address in the roster.",
        )


def _find_warnings(book: ExportGradebook, included: list[ExportPerson]) -> Iterator[FileWarning]:
    yield from iterate_same_person_warnings(included, lambda person: person.email, word="e-mail")
    yield from iterate_same_title_warnings(
        book.columns, lambda column: format_text_cell(column.title)
    )
    for column in book.columns:
        scores = [book.cell(person, column).exported_score for person in included]
        if count := sum(score is not None and score > MAX_GRADE for score in scores):
            yield FileWarning(
                "over_limit",
                column.id,
                f"Moodle refuses grades over {format_number(MAX_GRADE)}, so "
                f"{format_student_count(count)} in {column.title!r} got no grade. Scale the "
                "points of the assignment, or enable unlimited grades in Moodle.",
            )
    yield from iterate_waiting_warnings(book)
    yield from iterate_excused_warnings(book, "Moodle")
