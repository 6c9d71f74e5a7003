"""What somebody sends and gets about their own account: login, profile, tokens, sessions."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from api.auth.scopes import Scope
from api.http.fields import Count, Email, Line, When
from api.http.schema import Schema, examples

__all__ = [
    "AcceptInviteIn",
    "CourseOfMine",
    "LoginIn",
    "LoginOut",
    "Me",
    "MeExport",
    "MePatch",
    "NewToken",
    "PasswordIn",
    "SessionOut",
    "Sessions",
    "TokenIn",
    "TokenOut",
    "Tokens",
]

ID = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10"
COURSE = "01933e3a-0000-7000-8000-00000000000c"
AT = "2026-11-21T18:00:00.000000Z"
SHOWN_TOKEN: Final[dict[str, Any]] = {
    "id": ID,
    "name": "laptop",
    "prefix": "gr_api_4Xk9aQ2LmZ0p",
    "scopes": ["submit"],
    "course": COURSE,
    "created_at": AT,
    "expires_at": "2027-02-19T18:00:00.000000Z",
    "last_used_at": None,
}
SHOWN_SESSION: Final[dict[str, Any]] = {"id": ID, "created_at": AT, "seen_at": AT, "this": True}
SHOWN_COURSE: Final[dict[str, Any]] = {
    "course": COURSE,
    "slug": "dl-2026",
    "title": "Deep Learning",
    "role": "student",
    "section": "Tuesday",
}

# As long as anything that is worth hashing; the rule for new ones is `api.auth.passwords`.
Password = Annotated[str, Field(min_length=1, max_length=1_000)]


class LoginIn(Schema):
    """Who wants to log in."""

    model_config = examples({"email": "ann@example.edu", "password": "three words of mine"})

    email: Email
    password: Password


class LoginOut(Schema):
    """Who is logged in until when; the session itself is in the cookie."""

    model_config = examples({"user": ID, "name": "Ann Example", "expires_at": AT})

    user: UUID
    name: str
    expires_at: When


class AcceptInviteIn(Schema):
    """The secret of a link, which stands behind its ``#``, and the password to set.

    *current* is the password until now, where the account became staff and has to set a new one.
    """

    model_config = examples(
        {"secret": "gr_invite_4Xk9aQ2LmZ0p_...", "password": "three words of mine"}
    )

    secret: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password
    current: Password | None = None


class PasswordIn(Schema):
    """The password as it is and as it shall be."""

    model_config = examples({"current": "three words of mine", "new": "four other words of mine"})

    current: Password
    new: Password


class CourseOfMine(Schema):
    """A course that somebody is in, and as what."""

    course: UUID
    slug: str
    title: str
    role: Literal["student", "grader", "instructor"]
    section: str | None


class Me(Schema):
    """Somebody's own account."""

    model_config = examples(
        {
            "id": ID,
            "name": "Ann Example",
            "email": "ann@example.edu",
            "student_number": "1234567",
            "admin": False,
            "courses": [SHOWN_COURSE],
            "version": 1,
        }
    )

    id: UUID
    name: str
    email: str | None
    student_number: str
    admin: bool
    courses: tuple[CourseOfMine, ...]
    version: Count


class MePatch(Schema):
    """What somebody changes about themselves."""

    model_config = examples({"name": "Ann B. Example"})

    name: Line


class TokenIn(Schema):
    """A token to be made: what it may be used for, for how long, and perhaps in which course."""

    model_config = examples({"name": "laptop", "scopes": ["submit"], "days": 90, "course": COURSE})

    name: Line
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=5)]
    days: Annotated[int, Field(ge=1, le=366)] = 90
    course: UUID | None = None


class TokenOut(Schema):
    """A token as it is listed: its prefix says which one it is, the secret is not known."""

    model_config = examples(SHOWN_TOKEN)

    id: UUID
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    course: UUID | None
    created_at: When
    expires_at: When | None
    last_used_at: When | None


class NewToken(TokenOut):
    """A new token; *token* is shown this once."""

    model_config = examples(SHOWN_TOKEN | {"token": "gr_api_4Xk9aQ2LmZ0p_..."})

    token: str


class Tokens(Schema):
    """All tokens of somebody."""

    model_config = examples({"items": [SHOWN_TOKEN]})

    items: tuple[TokenOut, ...]


class SessionOut(Schema):
    """A browser in which somebody is logged in; *this* is the one that asks."""

    id: UUID
    created_at: When
    seen_at: When
    this: bool


class Sessions(Schema):
    """All sessions of somebody."""

    model_config = examples({"items": [SHOWN_SESSION]})

    items: tuple[SessionOut, ...]


class MeExport(Schema):
    """All that the service holds about somebody; results only where they are shown already."""

    model_config = examples(
        {
            "exported_at": AT,
            "profile": {"id": ID, "name": "Ann Example", "email": "ann@example.edu"},
            "courses": [SHOWN_COURSE],
            "submissions": [],
            "drafts": [],
            "grades": [],
            "comments": [],
            "regrade_requests": [],
            "extensions": [],
            "tokens": [],
            "sessions": [],
            "acts": [],
        }
    )

    exported_at: When
    profile: dict[str, Any]
    courses: tuple[dict[str, Any], ...]
    submissions: tuple[dict[str, Any], ...]
    drafts: tuple[dict[str, Any], ...]
    grades: tuple[dict[str, Any], ...]
    comments: tuple[dict[str, Any], ...]
    regrade_requests: tuple[dict[str, Any], ...]
    extensions: tuple[dict[str, Any], ...]
    tokens: tuple[dict[str, Any], ...]
    sessions: tuple[dict[str, Any], ...]
    acts: tuple[dict[str, Any], ...]
