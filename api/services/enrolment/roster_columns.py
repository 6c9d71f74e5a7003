"""Columns of a roster, recognized by the headers of the systems that write them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Columns", "choose_columns", "known"]

MAX_SHOWN: Final = 100

# If a file has two of the headers, the first in this list wins. Moodle translates its headers.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
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
OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "canvas gradebook": {"id": "lms_id"},
    "canvas people": {"id": "lms_id", "student id": "lms_id"},
}
TELLING: Final[Mapping[str, frozenset[str]]] = {
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
IDENTITIES: Final = ("email", "student_number", "login", "lms_id")
KNOWN: Final = frozenset(header for headers in FIELDS.values() for header in headers)


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of a file: format, index of each field, number of columns, ignored headers."""

    format: str
    places: Mapping[str, int]
    width: int
    ignored: tuple[str, ...]


def known(cells: Sequence[str]) -> int:
    """Return the number of *cells* that are known headers."""
    return sum(_plain(cell) in KNOWN for cell in cells)


def choose_columns(cells: Sequence[str]) -> Columns:
    """Return the columns of a header; raise `ValueError` that says what is wrong with it."""
    names = [_plain(cell) for cell in cells]
    kind = _format(frozenset(names))
    places: dict[str, int] = {}
    for field in FIELDS:
        found = next((header for header in _headers(field, kind) if header in names), None)
        if found is None:
            continue
        if names.count(found) > 1:
            raise ValueError(f"the file has two columns {found!r}; rename one")
        places[field] = names.index(found)
    _check(places, cells)
    ignored = tuple(
        cell.strip()[:MAX_SHOWN]
        for at, cell in enumerate(cells)
        if at not in places.values() and cell.strip()
    )
    return Columns(kind, places, len(cells), ignored)


def _plain(header: str) -> str:
    """Normalize a header: lower case, one space for all punctuation between words."""
    text = unicodedata.normalize("NFC", header.casefold()).replace("’", "'")
    return " ".join(re.sub(r"[_\-.:*\ufeff]", " ", text).split())


def _format(names: frozenset[str]) -> str:
    named = "student" in names or {"lastname", "firstname"} <= names
    if named and {"id", "section"} <= names:
        return "canvas gradebook"
    return next((kind for kind, telling in TELLING.items() if names & telling), "plain")


def _headers(field: str, kind: str) -> list[str]:
    own = OWN.get(kind, {})
    mine = [header for header, meant in own.items() if meant == field]
    return mine + [header for header in FIELDS[field] if header not in own]


def _check(places: Mapping[str, int], cells: Sequence[str]) -> None:
    if not cells:
        raise ValueError("the file is empty; it needs a header such as name,email and the students")
    if any("@" in cell for cell in cells):
        raise ValueError(
            "the first line holds an address and no header; put a line such as name,email above it"
        )
    if not {"name", "first", "last"} & places.keys():
        raise ValueError(
            "no column holds names; the header needs name, or first name and last name"
        )
    if not set(IDENTITIES) & places.keys():
        raise ValueError("no column tells students apart; add one with the header email")
