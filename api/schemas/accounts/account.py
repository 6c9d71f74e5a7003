"""What somebody sends and gets about their own account: login, profile, tokens, sessions."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from api.auth.scopes import Scope
from api.http.field_types import Count, KnownEmail, Line, UtcDatetime
from api.http.schema import Schema, with_examples

ID = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10"
COURSE = "01933e3a-0000-7000-8000-00000000000c"
EXAMPLE_TIME = "2026-11-21T18:00:00.000000Z"
EXAMPLE_TOKEN: Final[dict[str, Any]] = {
    "id": ID,
    "name": "laptop",
    "prefix": "gr_api_4Xk9aQ2LmZ0p",
    "scopes": ["submit"],
    "course": COURSE,
    "created_at": EXAMPLE_TIME,
    "expires_at": "2027-02-19T18:00:00.000000Z",
    "last_used_at": None,
}
EXAMPLE_SESSION: Final[dict[str, Any]] = {
    "id": ID,
    "created_at": EXAMPLE_TIME,
    "seen_at": EXAMPLE_TIME,
    "this": True,
}
EXAMPLE_COURSE: Final[dict[str, Any]] = {
    "course": COURSE,
    "slug": "dl-2026",
    "title": "Deep Learning",
    "role": "student",
    "section": "Tuesday",
}

# As long as anything that is worth hashing; the rule for new ones is `api.auth.passwords`.
Password = Annotated[str, Field(min_length=1, max_length=1_000)]


class LoginIn(Schema):
    """The credentials of a login."""

    model_config = with_examples({"email": "ann@example.edu", "password": "three words of mine"})

    email: KnownEmail
    password: Password


class LoginOut(Schema):
    """The user and the end of the session; the session itself is in the cookie."""

    model_config = with_examples({"user": ID, "name": "Ann Example", "expires_at": EXAMPLE_TIME})

    user: UUID
    name: str
    expires_at: UtcDatetime


class AcceptInviteIn(Schema):
    """The secret of a link, which follows its ``#``, and the new password.

    *current* is the current password; it is needed if the account became staff and must set a new
    one.
    """

    model_config = with_examples(
        {"secret": "gr_invite_4Xk9aQ2LmZ0p_...", "password": "three words of mine"}
    )

    secret: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password
    current: Password | None = None


class PasswordResetIn(Schema):
    """The e-mail address to send a password reset link to."""

    model_config = with_examples({"email": "ann@example.edu"})

    email: KnownEmail


class PasswordIn(Schema):
    """The current and the new password."""

    model_config = with_examples(
        {"current": "three words of mine", "new": "four other words of mine"}
    )

    current: Password
    new: Password


class CourseOfMine(Schema):
    """A course of the account, with its role."""

    course: UUID
    slug: str
    title: str
    role: Literal["student", "grader", "instructor"]
    section: str | None


class Me(Schema):
    """Your account."""

    model_config = with_examples(
        {
            "id": ID,
            "name": "Ann Example",
            "email": "ann@example.edu",
            "student_number": "1234567",
            "admin": False,
            "courses": [EXAMPLE_COURSE],
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
    """The changes to your account."""

    model_config = with_examples({"name": "Ann B. Example"})

    name: Line


class TokenIn(Schema):
    """A token to create: its scopes, its lifetime, and optionally its course."""

    model_config = with_examples(
        {"name": "laptop", "scopes": ["submit"], "days": 90, "course": COURSE}
    )

    name: Line
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=5)]
    days: Annotated[int, Field(ge=1, le=366)] = 90
    course: UUID | None = None


class TokenOut(Schema):
    """A token in a list: its prefix identifies it; its secret is not stored."""

    model_config = with_examples(EXAMPLE_TOKEN)

    id: UUID
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    course: UUID | None
    created_at: UtcDatetime
    expires_at: UtcDatetime | None
    last_used_at: UtcDatetime | None


class NewToken(TokenOut):
    """A new token; only this response shows *token*."""

    model_config = with_examples(EXAMPLE_TOKEN | {"token": "gr_api_4Xk9aQ2LmZ0p_..."})

    token: str


class Tokens(Schema):
    """All tokens of the account."""

    model_config = with_examples({"items": [EXAMPLE_TOKEN]})

    items: tuple[TokenOut, ...]


class SessionOut(Schema):
    """A session of a browser; *this* is the current one."""

    id: UUID
    created_at: UtcDatetime
    seen_at: UtcDatetime
    this: bool


class Sessions(Schema):
    """All sessions of the account."""

    model_config = with_examples({"items": [EXAMPLE_SESSION]})

    items: tuple[SessionOut, ...]


class MeExport(Schema):
    """All data that the service stores about you, with the results that are visible to you."""

    model_config = with_examples(
        {
            "exported_at": EXAMPLE_TIME,
            "profile": {"id": ID, "name": "Ann Example", "email": "ann@example.edu"},
            "courses": [EXAMPLE_COURSE],
            "submissions": [],
            "drafts": [],
            "reports": [],
            "attachments": [],
            "grades": [],
            "comments": [],
            "regrade_requests": [],
            "extensions": [],
            "tokens": [],
            "sessions": [],
            "identities": [],
            "mail": {"declined": ["due_soon"], "calendar_created_at": None, "messages": []},
            "platform_scores": [],
            "platform_rosters": [],
            "acts": [],
        }
    )

    exported_at: UtcDatetime
    profile: dict[str, Any]
    courses: tuple[dict[str, Any], ...]
    submissions: tuple[dict[str, Any], ...]
    drafts: tuple[dict[str, Any], ...]
    reports: tuple[dict[str, Any], ...]
    attachments: tuple[dict[str, Any], ...]
    grades: tuple[dict[str, Any], ...]
    comments: tuple[dict[str, Any], ...]
    regrade_requests: tuple[dict[str, Any], ...]
    extensions: tuple[dict[str, Any], ...]
    tokens: tuple[dict[str, Any], ...]
    sessions: tuple[dict[str, Any], ...]
    identities: tuple[dict[str, Any], ...]
    mail: dict[str, Any]
    platform_scores: tuple[dict[str, Any], ...]
    platform_rosters: tuple[dict[str, Any], ...]
    acts: tuple[dict[str, Any], ...]
