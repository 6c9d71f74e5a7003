"""Accounts of the whole site, and the audit log, as administrators see them."""

from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import Field, model_validator

from api.http.field_types import Count, Email, Line, UtcDatetime
from api.http.pagination import Page
from api.http.schema import InvalidValue, Schema, with_examples
from api.schemas.accounts.account import CourseOfMine
from api.schemas.accounts.people import LinkOut, Number

ID = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10"
EXAMPLE_TIME = "2026-11-21T18:00:00.000000Z"
USER: Final[dict[str, Any]] = {
    "id": ID,
    "name": "Ann Example",
    "email": "ann@example.edu",
    "admin": False,
    "has_password": True,
    "created_at": EXAMPLE_TIME,
    "suspended_at": None,
    "erased_at": None,
    "version": 1,
}
COURSE: Final[dict[str, Any]] = {
    "course": "01933e3a-0000-7000-8000-00000000000c",
    "slug": "dl-2026",
    "title": "Deep Learning",
    "role": "student",
    "section": None,
}
LINK: Final[dict[str, Any]] = {
    "link": "https://grader.example.edu/welcome#gr_inv_4Xk9aQ2LmZ0p_...",
    "expires_at": EXAMPLE_TIME,
}
ENTRY: Final[dict[str, Any]] = {
    "id": "01933e3a-0000-7000-8000-0000000000a1",
    "at": EXAMPLE_TIME,
    "course": "01933e3a-0000-7000-8000-00000000000c",
    "actor": ID,
    "actor_name": "Ann Example",
    "acting_as": None,
    "action": "person.role_changed",
    "target": "user",
    "target_id": ID,
    "target_name": "Ann Example",
    "before": {"role": "student"},
    "after": {"role": "grader"},
    "reason": "",
    "request": "",
}


class UserOut(Schema):
    """An account."""

    model_config = with_examples(USER)

    id: UUID
    name: str
    email: str | None
    admin: bool
    has_password: bool
    created_at: UtcDatetime
    suspended_at: UtcDatetime | None
    erased_at: UtcDatetime | None
    version: Count


class UserDetails(UserOut):
    """An account with its courses."""

    model_config = with_examples(USER | {"last_login_at": EXAMPLE_TIME, "courses": [COURSE]})

    last_login_at: Annotated[
        UtcDatetime | None, Field(description="null for a user who has never logged in")
    ]
    courses: tuple[CourseOfMine, ...]


class UserIn(Schema):
    """A new account."""

    model_config = with_examples({"name": "Ann Example", "email": "ann@example.edu"})

    name: Line
    email: Email
    student_number: Number = ""
    invite: Annotated[
        bool, Field(description="create a link with which the owner sets a password")
    ] = True
    send: Annotated[bool, Field(description="send the link by e-mail, instead of returning it")] = (
        False
    )

    @model_validator(mode="after")
    def _check_send(self) -> Self:
        if self.send and not self.invite:
            raise InvalidValue("cannot send an invitation if none is created")
        return self


class NewUser(Schema):
    """A new account, and the link that invites its owner."""

    model_config = with_examples({"user": USER | {"has_password": False}, "invitation": LINK})

    user: UserOut
    invitation: Annotated[LinkOut | None, Field(description="shown only here; null if it is sent")]


class UserPage(Page[UserOut]):
    """A page of all accounts, by last name."""

    model_config = with_examples({"items": [USER], "next": None})


class UserPatch(Schema):
    """Changes by an administrator to an account."""

    model_config = with_examples({"email": "ann@example.edu"})

    name: Line | None = None
    email: Email | None = None


class EraseIn(Schema):
    """The name of the account, as confirmation: erasure cannot be undone."""

    model_config = with_examples({"confirm": "Ann Example"})

    confirm: Annotated[str, Field(description="the name of the account")] = ""


class Erased(Schema):
    """The random id under which the answers and grades of an erased person are kept."""

    model_config = with_examples({"id": "5f0c2a52-54c5-4d70-a2a8-0a4b1f3f8f11"})

    id: UUID


class AuditOut(Schema):
    """An entry of the audit log: who did what to which object, with the values before and after."""

    model_config = with_examples(ENTRY)

    id: UUID
    at: UtcDatetime
    course: UUID | None
    actor: UUID | None
    actor_name: str | None
    acting_as: UUID | None
    action: str
    target: str
    target_id: str
    target_name: Annotated[
        str | None,
        Field(description="its current name, or its owner; null if it no longer exists"),
    ]
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    request: str


class AuditPage(Page[AuditOut]):
    """A page of the audit log, newest entries first."""

    model_config = with_examples({"items": [ENTRY], "next": None})
