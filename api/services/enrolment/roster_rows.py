"""One row of a roster: its cleaned cells, or the reason why it cannot be used."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.core.person_names import ADDED, belongs
from api.services.enrolment.roster_columns import Columns
from api.services.files.csv_rows import unguard

__all__ = ["TOLD_BY", "RosterRow", "RowError", "row_of", "values_of", "why_skipped"]

MAX_CELL: Final = 300
MAX_EMAIL: Final = 254
ADDRESS: Final = re.compile(
    r"[^@\s\"<>(),;:\\]{1,64}@(?:[^@\s\"<>(),;:\\.]+\.)*[^@\s\"<>(),;:\\.]+"
)
FORMULA: Final = re.compile(r'="([^"]*)"')
ROUNDED: Final = re.compile(r"\d+(?:[.,]\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)
WHOLE: Final = re.compile(r"(\d+)\.0+", re.ASCII)
INVISIBLE: Final = re.compile("[\u00ad\u200b\u200e\u200f\ufeff]")
HARMFUL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
PARTICIPANT: Final = re.compile(r"\D*(\d+)", re.ASCII)
TEST_STUDENT: Final = "test student"
STAFF: Final = re.compile(
    r"instructor|teacher|lecturer|\bta\b|assistant|grader|reader|designer|observer|manager|admin"
    r"|trainer|dozent|tutor",
    re.IGNORECASE,
)
TOLD_BY: Final = {
    "email": "e-mail",
    "student_number": "student number",
    "login": "login",
    "lms_id": "id",
}
"""What tells students apart, in words."""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A student as the file names them; fields that it does not give are empty.

    *line* is where the row begins. *family_name* is set if the file gives it separately, as a
    column or before a comma. *email* is in lower case, *lms_id* is the student's id in the system
    that wrote the file.
    """

    line: int
    name: str
    family_name: str = ""
    email: str = ""
    student_number: str = ""
    login: str = ""
    sections: tuple[str, ...] = ()
    lms_id: str = ""


class RowError(Exception):
    """The row cannot be used; the message says why and what to do."""


def values_of(columns: Columns, cells: list[str]) -> dict[str, str]:
    """Return the used cells by field, cleaned; raise `RowError` if they cannot be used."""
    if any(cell.strip() for cell in cells[columns.width :]):
        raise RowError(
            f"the row has {len(cells)} cells, the header {columns.width}; put a name with a comma "
            "in quotes"
        )
    return {
        name: _clean(cells[at]) if at < len(cells) else "" for name, at in columns.places.items()
    }


def _clean(cell: str) -> str:
    """Return a cell as one line, without spreadsheet escapes and invisible characters."""
    whole = FORMULA.fullmatch(cell.strip())
    text = unguard(whole[1] if whole else cell)
    if len(text) > MAX_CELL:
        raise RowError(f"a cell has {len(text):,} characters; at most {MAX_CELL} are read")
    text = " ".join(unicodedata.normalize("NFC", INVISIBLE.sub("", text)).split())
    found = HARMFUL.search(text)
    if found:
        raise RowError(f"a cell holds the hidden character U+{ord(found[0]):04X}; type it anew")
    return text


def why_skipped(columns: Columns, values: Mapping[str, str]) -> str:
    """Return the reason why a row is no student of the course, "" if it is one."""
    (name, _), role = _names(values), values.get("role", "")
    if columns.format.startswith("canvas"):
        if "points possible" in name.casefold() or not any(values.values()):
            return "a row of Canvas with points or marks of columns"
        if name.casefold() == TEST_STUDENT:
            return "the test student of Canvas"
    if STAFF.search(role) and "student" not in role.casefold():
        return f"the role is {role}; staff are not imported as students"
    return ""


def row_of(line: int, values: Mapping[str, str], columns: Columns) -> RosterRow:
    """Return the student of a row; raise `RowError` if it cannot be used."""
    name, family_name = _names(values)
    login = values.get("login", "")
    email = _email(values.get("email", ""))
    if not name:
        raise RowError("the row has no name")
    if len(name) > MAX_CELL:
        raise RowError(f"the name has {len(name)} characters; at most {MAX_CELL} are read")
    if "email" in columns.places and not email:
        raise RowError("the row has no e-mail")
    if not email and ADDRESS.fullmatch(login):
        email = _email(login)
    row = RosterRow(
        line,
        name,
        family_name=family_name,
        email=email,
        student_number=_number(values.get("student_number", "")),
        login=login,
        sections=tuple(filter(None, [values.get("sections", "")])),
        lms_id=_lms_id(values.get("lms_id", "")),
    )
    if not any(getattr(row, name) for name in TOLD_BY):
        raise RowError("the row has nothing that tells the student apart; give an e-mail")
    return row


def _names(values: Mapping[str, str]) -> tuple[str, str]:
    """Return the name in spoken order, and the family name, "" if it is not given separately.

    ``Last, First`` is reversed, and two columns are joined.
    """
    name, family = values.get("name", ""), values.get("last", "")
    if not name:
        name = f"{values.get('first', '')} {family}".strip()
    last, comma, first = name.partition(", ")
    if comma and "," not in first and first.casefold() not in ADDED:
        name, family = f"{first} {last}", last
    return name, family if belongs(name, family) else ""


def _email(text: str) -> str:
    """Normalize an address to lower case and NFC; raise `RowError` if it is none."""
    address = unicodedata.normalize("NFC", text.casefold())
    if address and (len(address) > MAX_EMAIL or not ADDRESS.fullmatch(address)):
        raise RowError("the e-mail is not an address; write it like ann@example.edu")
    return address


def _number(text: str) -> str:
    """Return a student number as text; raise `RowError` if a spreadsheet rounded it."""
    if ROUNDED.fullmatch(text):
        raise RowError(
            f"a spreadsheet rounded the student number to {text}; format its column as text and "
            "export again"
        )
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _lms_id(text: str) -> str:
    """Return the bare number of ``Participant 123``, and any other id as it is."""
    found = PARTICIPANT.fullmatch(_number(text))
    return found[1] if found else text
