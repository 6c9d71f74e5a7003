"""The people of a course, its sections and its roster, as staff send and see them."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from api.http.field_types import Count, Email, Line, UtcDatetime
from api.http.pagination import Page
from api.http.schema import Schema, with_examples

ID = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10"
SECTION = "01933e3a-0000-7000-8000-00000000005e"
EXAMPLE_TIME = "2026-11-21T18:00:00.000000Z"
EXAMPLE_PERSON: Final[dict[str, Any]] = {
    "user": ID,
    "name": "Ann Example",
    "email": "ann@example.edu",
    "student_number": "1234567",
    "lms_id": "90210",
    "role": "student",
    "section": SECTION,
    "section_name": "Tuesday",
    "is_test": False,
    "has_password": True,
    "suspended": False,
    "joined_at": EXAMPLE_TIME,
    "withdrawn_at": None,
    "version": 1,
}

Role = Literal["student", "grader", "instructor"]
Number = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Person(Schema):
    """A person of a course."""

    model_config = with_examples(EXAMPLE_PERSON)

    user: UUID
    name: str
    email: str | None
    student_number: str
    lms_id: str
    role: Role
    section: UUID | None
    section_name: str | None
    is_test: bool
    has_password: bool
    suspended: bool
    joined_at: UtcDatetime
    withdrawn_at: UtcDatetime | None
    version: Count


class PersonPage(Page[Person]):
    """A page of the people of a course, by last name."""

    model_config = with_examples({"items": [EXAMPLE_PERSON], "next": None})


class PersonIn(Schema):
    """A person to add; an existing account with this e-mail address is the same person."""

    model_config = with_examples(
        {"name": "Ann Example", "email": "ann@example.edu", "role": "student"}
    )

    name: Line
    email: Email
    role: Role = "student"
    section: UUID | None = None
    student_number: Number = ""
    lms_id: Number = ""


class PersonPatch(Schema):
    """Changes to a person of a course; other fields stay, ``null`` removes the section."""

    model_config = with_examples({"section": SECTION})

    role: Role | None = None
    section: UUID | None = None
    name: Line | None = None
    email: Email | None = None
    student_number: Number | None = None
    lms_id: Number | None = None


class SectionIn(Schema):
    """The name of a section."""

    model_config = with_examples({"name": "Tuesday"})

    name: Line


class SectionOut(Schema):
    """A section with the number of its people."""

    model_config = with_examples({"id": SECTION, "name": "Tuesday", "people": 24})

    id: UUID
    name: str
    people: Count


class Sections(Schema):
    """All sections of a course, by name."""

    model_config = with_examples({"items": [{"id": SECTION, "name": "Tuesday", "people": 24}]})

    items: tuple[SectionOut, ...]


class InvitesIn(Schema):
    """The people to invite: those named, or all people of the course without a password."""

    model_config = with_examples({"people": None})

    people: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=1_000)] | None = None


class LinkOut(Schema):
    """A link to set a password, shown only here."""

    model_config = with_examples(
        {
            "link": "https://grader.example.edu/welcome#gr_reset_4Xk9aQ2LmZ0p_...",
            "expires_at": EXAMPLE_TIME,
        }
    )

    link: str
    expires_at: UtcDatetime


class RosterLine(Schema):
    """A line of the file, with a message about it."""

    line: Count
    message: str


class RosterNew(Schema):
    """A person whom the file adds; *known*: they have an account already, or return."""

    line: Count
    name: str
    email: str
    section: str
    known: bool


class RosterChange(Schema):
    """The changes of the file to a person: for each field, before and after."""

    line: Count
    user: UUID
    name: str
    changes: dict[str, tuple[str, str]]


class RosterPerson(Schema):
    """A person whom the file does not contain."""

    user: UUID
    name: str
    email: str | None


ROSTER: Final[dict[str, Any]] = {
    "format": "canvas gradebook",
    "applied": False,
    "new": [
        {
            "line": 2,
            "name": "Ann Example",
            "email": "ann@example.edu",
            "section": "Tuesday",
            "known": False,
        }
    ],
    "changed": [
        {"line": 3, "user": ID, "name": "Bo Example", "changes": {"section": ["", "Tuesday"]}}
    ],
    "unchanged": 180,
    "missing": [],
    "withdrawn": False,
    "new_sections": ["Tuesday"],
    "problems": [{"line": 7, "message": "the row has no e-mail"}],
    "skipped": [{"line": 9, "message": "the test student of Canvas"}],
    "notes": [
        {
            "line": 11,
            "message": "a person has one section: 'Monday' is taken, 'Tuesday' left out",
        }
    ],
    "ignored_columns": ["Homework 1 (1234)"],
}


class RosterOut(Schema):
    """The changes of a roster file to the course, or the proposed ones if not *applied*.

    *missing* are students of the course that the file does not contain; they are *withdrawn* only
    on request. *notes* state which values are not imported, such as a second section, or the name
    of a person who is in another course too.
    """

    model_config = with_examples(ROSTER)

    format: str
    applied: bool
    new: tuple[RosterNew, ...]
    changed: tuple[RosterChange, ...]
    unchanged: Count
    missing: tuple[RosterPerson, ...]
    withdrawn: bool
    new_sections: tuple[str, ...]
    problems: tuple[RosterLine, ...]
    skipped: tuple[RosterLine, ...]
    notes: tuple[RosterLine, ...]
    ignored_columns: tuple[str, ...]
