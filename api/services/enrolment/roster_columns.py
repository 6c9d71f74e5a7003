"""Columns of a roster, recognized by the headers of the systems that write them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MAX_HEADER_LENGTH: Final = 100

# If a file has two of the headers, the first in this list wins. Moodle translates its headers.
FIELD_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": (
        *("name", "student", "student name", "full name", "display name", "sortable name"),
        *("vollständiger name", "nom complet", "nombre completo"),
    ),
    "first": (
        *("first name", "firstname", "given name", "given names", "first", "forename"),
        *("vorname", "prénom", "nombre"),
    ),
    "last": (
        *("last name", "lastname", "surname", "family name", "last"),
        *("nachname", "nom de famille", "nom", "apellido(s)", "apellidos"),
    ),
    "email": (
        *("email", "e mail", "email address", "e mail address", "mail", "student email"),
        *("e mail adresse", "adresse de courriel", "courriel", "dirección de correo"),
        "correo electrónico",
    ),
    "student_number": (
        *("sis user id", "student sis id", "sis id", "sid", "id number", "student number"),
        *("student id", "user id", "university id", "matriculation number", "id"),
        *("id nummer", "matrikelnummer", "numéro d'identification", "número de id"),
    ),
    "login": (
        *("sis login id", "login id", "login", "username", "user name", "netid"),
        *("anmeldename", "nom d'utilisateur", "nombre de usuario"),
    ),
    "sections": (
        *("section", "sections", "section name", "group", "groups"),
        *("gruppe", "gruppen", "groupe", "groupes", "grupo", "grupos"),
    ),
    "lms_id": ("canvas user id", "identifier", "id/kennung", "teilnehmer id"),
    "role": ("role", "roles", "rolle", "rollen", "rôle", "rôles", "rol"),
}
# Headers with another meaning in these formats.
FORMAT_HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    "canvas gradebook": {"id": "lms_id"},
    "canvas people": {"id": "lms_id", "student id": "lms_id"},
}
DISTINCTIVE_HEADERS: Final[Mapping[str, frozenset[str]]] = {
    "canvas people": frozenset(
        {"sis user id", "student sis id", "sis id", "sis login id", "login id", "canvas user id"}
    ),
    "gradescope": frozenset({"sid"}),
    "moodle": frozenset(
        {
            *("email address", "id number", "identifier", "e mail adresse", "id nummer"),
            *("adresse de courriel", "numéro d'identification", "dirección de correo"),
            "número de id",
        }
    ),
}
IDENTIFIER_FIELDS: Final = ("email", "student_number", "login", "lms_id")
KNOWN_HEADERS: Final = frozenset(header for headers in FIELD_HEADERS.values() for header in headers)


@dataclass(frozen=True, slots=True)
class RosterColumns:
    """Columns of a file: format, index of each field, number of columns, ignored headers."""

    format: str
    indexes: Mapping[str, int]
    width: int
    ignored: tuple[str, ...]


def count_known_headers(cells: Sequence[str]) -> int:
    """Return the number of *cells* that are known headers."""
    return sum(_normalize_header(cell) in KNOWN_HEADERS for cell in cells)


def choose_columns(cells: Sequence[str]) -> RosterColumns:
    """Return the columns of a header; raise `ValueError` that says what is wrong with it."""
    names = [_normalize_header(cell) for cell in cells]
    kind = _detect_format(frozenset(names))
    indexes: dict[str, int] = {}
    for field in FIELD_HEADERS:
        match = next((header for header in _list_headers(field, kind) if header in names), None)
        if match is None:
            continue
        if names.count(match) > 1:
            raise ValueError(f"the file has two columns {match!r}; rename one")
        indexes[field] = names.index(match)
    _check_required_columns(indexes, cells)
    ignored = tuple(
        cell.strip()[:MAX_HEADER_LENGTH]
        for index, cell in enumerate(cells)
        if index not in indexes.values() and cell.strip()
    )
    return RosterColumns(kind, indexes, len(cells), ignored)


def _normalize_header(header: str) -> str:
    """Normalize a header: lower case, one space for all punctuation between words."""
    text = unicodedata.normalize("NFC", header.casefold()).replace("’", "'")
    return " ".join(re.sub(r"[_\-.:*\ufeff]", " ", text).split())


def _detect_format(names: frozenset[str]) -> str:
    named = "student" in names or {"lastname", "firstname"} <= names
    if named and {"id", "section"} <= names:
        return "canvas gradebook"
    return next((kind for kind, telling in DISTINCTIVE_HEADERS.items() if names & telling), "plain")


def _list_headers(field: str, kind: str) -> list[str]:
    overrides = FORMAT_HEADERS.get(kind, {})
    overriding = [header for header, meant in overrides.items() if meant == field]
    return overriding + [header for header in FIELD_HEADERS[field] if header not in overrides]


def _check_required_columns(indexes: Mapping[str, int], cells: Sequence[str]) -> None:
    if not cells:
        raise ValueError("the file is empty. It needs a header such as name,email and the students")
    if any("@" in cell for cell in cells):
        raise ValueError(
            "the first line contains an address and is not a header; add a line such as "
            "name,email above it"
        )
    if not {"name", "first", "last"} & indexes.keys():
        raise ValueError(
            "no column contains names; the header needs name, or first name and last name"
        )
    if not set(IDENTIFIER_FIELDS) & indexes.keys():
        raise ValueError("no column identifies the students; add one with the header email")
