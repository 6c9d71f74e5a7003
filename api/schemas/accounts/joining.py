"""Joining a course with its link or code."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from api.http.field_types import Email, Line
from api.http.schema import Schema, with_examples
from api.schemas.accounts.account import COURSE, Password
from api.schemas.accounts.people import SECTION

CODE: Final = "BDFK-XTRW-QLMN-CVZH"
EXAMPLE_SECTION: Final[dict[str, Any]] = {"id": SECTION, "name": "Tuesday"}
MAX_NAME_CHARACTERS: Final = 100

Code = Annotated[str, Field(min_length=1, max_length=40)]
PersonName = Annotated[Line, Field(max_length=MAX_NAME_CHARACTERS, pattern=r"^[^/:@<>]+$")]
"""A name without a web address: it is sent to an e-mail address that nobody has confirmed."""


class JoinLink(Schema):
    """The link and code of a course; they work while *enabled*. Both are null at first."""

    model_config = with_examples(
        {"enabled": True, "code": CODE, "link": f"https://grader.example.edu/join?code={CODE}"}
    )

    enabled: bool
    code: str | None
    link: str | None


class JoinableSection(Schema):
    """A section that somebody can join."""

    id: UUID
    name: str


class JoinableCourse(Schema):
    """The course of a code.

    *confirms_email*: a new account gets a link by e-mail, with which its owner sets the password.
    """

    model_config = with_examples(
        {"title": "Deep Learning", "sections": [EXAMPLE_SECTION], "confirms_email": False}
    )

    title: str
    sections: tuple[JoinableSection, ...]
    confirms_email: bool


class JoinIn(Schema):
    """The code of a course, and the section to join, if any."""

    model_config = with_examples({"code": CODE, "section": SECTION})

    code: Code
    section: UUID | None = None


class JoinedCourse(Schema):
    """The course that somebody joined."""

    model_config = with_examples({"course": COURSE})

    course: UUID


class NewAccountIn(JoinIn):
    """A new account that joins a course.

    *password* is required, unless the service confirms e-mail addresses; then it must be left out.
    """

    model_config = with_examples(
        {
            "code": CODE,
            "name": "Ann Example",
            "email": "ann@example.edu",
            "password": "three words of mine",
        }
    )

    name: PersonName
    email: Email
    password: Password | None = None


class NewAccountOut(JoinedCourse):
    """The course that a new account joined.

    *mailed*: the link to set the password was sent to the address, unless an account has it
    already. Otherwise the response sets a session cookie.
    """

    model_config = with_examples({"course": COURSE, "mailed": False})

    mailed: bool
