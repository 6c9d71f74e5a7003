"""One row of a roster: its cleaned cells, or the reason why it cannot be used."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.core.person_names import NAME_SUFFIXES, has_family_name
from api.http.email_addresses import ASCII_DOMAIN, has_ascii_domain, normalize_email
from api.services.enrolment.roster_columns import RosterColumns
from api.services.files.csv_rows import unescape_formula

MAX_CELL_LENGTH: Final = 300
MAX_EMAIL_LENGTH: Final = 254
EMAIL_ADDRESS: Final = re.compile(
    r"[^@\s\"<>(),;:\\]{1,64}@(?:[^@\s\"<>(),;:\\.]+\.)*[^@\s\"<>(),;:\\.]+"
)
FORMULA: Final = re.compile(r'="([^"]*)"')
ROUNDED_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)
WHOLE_NUMBER: Final = re.compile(r"(\d+)\.0+", re.ASCII)
INVISIBLE_CHARACTERS: Final = re.compile("[\u00ad\u200b\u200e\u200f\ufeff]")
FORBIDDEN_CHARACTERS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
PARTICIPANT: Final = re.compile(r"\D*(\d+)", re.ASCII)
TEST_STUDENT: Final = "test student"
STAFF_ROLE: Final = re.compile(
    r"instructor|teacher|lecturer|\bta\b|assistant|grader|reader|designer|observer|manager|admin"
    r"|trainer|dozent|tutor",
    re.IGNORECASE,
)
IDENTIFIER_LABELS: Final = {
    "email": "e-mail",
    "student_number": "student number",
    "login": "login",
    "lms_id": "id",
}
"""Labels of the fields that identify a student."""


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


def extract_values(columns: RosterColumns, cells: list[str]) -> dict[str, str]:
    """Return the used cells by field, cleaned; raise `RowError` if they cannot be used."""
    if any(cell.strip() for cell in cells[columns.width :]):
        raise RowError(
            f"the row has {len(cells)} cells, the header {columns.width}; put a name with a comma "
            "in quotes"
        )
    return {
        name: _clean_cell(cells[at]) if at < len(cells) else ""
        for name, at in columns.indexes.items()
    }


def _clean_cell(cell: str) -> str:
    """Return a cell as one line, without spreadsheet escapes and invisible characters."""
    whole = FORMULA.fullmatch(cell.strip())
    text = unescape_formula(whole[1] if whole else cell)
    if len(text) > MAX_CELL_LENGTH:
        raise RowError(f"a cell has {len(text):,} characters; at most {MAX_CELL_LENGTH} are read")
    text = " ".join(unicodedata.normalize("NFC", INVISIBLE_CHARACTERS.sub("", text)).split())
    match = FORBIDDEN_CHARACTERS.search(text)
    if match:
        raise RowError(f"a cell contains the hidden character U+{ord(match[0]):04X}; type it again")
    return text


def find_skip_reason(columns: RosterColumns, values: Mapping[str, str]) -> str:
    """Return the reason why a row is not a student of the course, "" if it is one."""
    (name, _), role = _parse_names(values), values.get("role", "")
    if columns.format.startswith("canvas"):
        if "points possible" in name.casefold() or not any(values.values()):
            return "a row of Canvas with points or marks of columns"
        if name.casefold() == TEST_STUDENT:
            return "the test student of Canvas"
    if STAFF_ROLE.search(role) and "student" not in role.casefold():
        return f"the role is {role}; staff are not imported as students"
    return ""


def parse_row(line: int, values: Mapping[str, str], columns: RosterColumns) -> RosterRow:
    """Return the student of a row; raise `RowError` if it cannot be used."""
    name, family_name = _parse_names(values)
    login = values.get("login", "")
    email = _normalize_email(values.get("email", ""))
    if not name:
        raise RowError("the row has no name")
    if len(name) > MAX_CELL_LENGTH:
        raise RowError(f"the name has {len(name)} characters; at most {MAX_CELL_LENGTH} are read")
    if "email" in columns.indexes and not email:
        raise RowError("the row has no e-mail")
    if not email and EMAIL_ADDRESS.fullmatch(login):
        email = _normalize_email(login)
    row = RosterRow(
        line,
        name,
        family_name=family_name,
        email=email,
        student_number=_parse_student_number(values.get("student_number", "")),
        login=login,
        sections=tuple(filter(None, [values.get("sections", "")])),
        lms_id=_parse_lms_id(values.get("lms_id", "")),
    )
    if not any(getattr(row, name) for name in IDENTIFIER_LABELS):
        raise RowError("the row does not identify the student; add an e-mail address")
    return row


def _parse_names(values: Mapping[str, str]) -> tuple[str, str]:
    """Return the name in spoken order, and the family name, "" if it is not given separately.

    ``Last, First`` is reversed, and two columns are joined.
    """
    name, family = values.get("name", ""), values.get("last", "")
    if not name:
        name = f"{values.get('first', '')} {family}".strip()
    last, comma, first = name.partition(", ")
    if comma and "," not in first and first.casefold() not in NAME_SUFFIXES:
        name, family = f"{first} {last}", last
    return name, family if has_family_name(name, family) else ""


def _normalize_email(text: str) -> str:
    """Normalize an address to lower case and NFC; raise `RowError` if it is none."""
    address = normalize_email(text)
    if address and (len(address) > MAX_EMAIL_LENGTH or not EMAIL_ADDRESS.fullmatch(address)):
        raise RowError("the e-mail is not an address; write it like ann@example.edu")
    if not has_ascii_domain(text):
        raise RowError(f"the e-mail {ASCII_DOMAIN}")
    return address


def _parse_student_number(text: str) -> str:
    """Return a student number as text; raise `RowError` if a spreadsheet rounded it."""
    if ROUNDED_NUMBER.fullmatch(text):
        raise RowError(
            f"a spreadsheet rounded the student number to {text}; format its column as text and "
            "export again"
        )
    whole = WHOLE_NUMBER.fullmatch(text)
    return whole[1] if whole else text


def _parse_lms_id(text: str) -> str:
    """Return the bare number of ``Participant 123``, and any other id as it is."""
    match = PARTICIPANT.fullmatch(_parse_student_number(text))
    return match[1] if match else text
