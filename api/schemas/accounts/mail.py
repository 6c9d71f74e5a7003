"""Schemas of news, of the messages that a person wants, and of those that failed."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from api.http.field_types import Count, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.accounts.account import COURSE, EXAMPLE_TIME, ID

NewsKind = Literal["results_released", "request_answered", "due_soon"]
OptionalKind = Literal["results_released", "request_answered", "due_soon", "work_waiting"]
EXAMPLE_NEWS: Final[dict[str, Any]] = {
    "id": ID,
    "kind": "results_released",
    "course": COURSE,
    "course_title": "Deep Learning",
    "assignment": ID,
    "assignment_title": "Homework 1",
    "created_at": EXAMPLE_TIME,
    "due_at": None,
    "read": False,
}
EXAMPLE_FAILED_MESSAGE: Final[dict[str, Any]] = {
    "id": ID,
    "kind": "invitation",
    "recipient": ID,
    "name": "Ann Example",
    "email": "ann@example.edu",
    "created_at": EXAMPLE_TIME,
    "tries": 1,
    "error": "550 no such mailbox",
}


class NewsItem(Schema):
    """An event about the user's work, as it was also sent by e-mail.

    *due_at* is the due time in a reminder (`due_soon`).
    """

    model_config = with_examples(EXAMPLE_NEWS)

    id: UUID
    kind: NewsKind
    course: UUID
    course_title: str
    assignment: UUID
    assignment_title: str
    created_at: UtcDatetime
    due_at: UtcDatetime | None
    read: bool


class NewsList(Schema):
    """The latest news, newest first."""

    model_config = with_examples({"items": [EXAMPLE_NEWS]})

    items: tuple[NewsItem, ...]


class MailPreferences(Schema):
    """The kinds of e-mail that a user has declined."""

    model_config = with_examples({"declined": ["results_released"]})

    declined: Annotated[tuple[OptionalKind, ...], Field(max_length=10)]


class CalendarStatus(Schema):
    """The time at which your calendar got its address; null without one."""

    model_config = with_examples({"created_at": EXAMPLE_TIME})

    created_at: UtcDatetime | None


class CalendarAddress(Schema):
    """The secret address of your calendar, which is returned once."""

    model_config = with_examples(
        {"url": f"https://grader.example.edu/calendar/gr_calendar_{'a' * 12}_{'b' * 43}.ics"}
    )

    url: str


class FailedMessage(Schema):
    """A message that could not be sent, with the reply of the SMTP server."""

    model_config = with_examples(EXAMPLE_FAILED_MESSAGE)

    id: UUID
    kind: str
    recipient: UUID
    name: str
    email: str | None
    created_at: UtcDatetime
    tries: Count
    error: str


class FailedMessages(Schema):
    """The failed messages, latest first, and the number of messages in each state.

    *waiting_error* is why messages wait, for example because the SMTP server cannot be reached; ""
    if there is no error. Administrators also see the server's reply.
    """

    model_config = with_examples(
        {
            "enabled": True,
            "waiting": 0,
            "waiting_error": "",
            "sent": 210,
            "failed": 1,
            "items": [EXAMPLE_FAILED_MESSAGE],
            "next": None,
        }
    )

    enabled: bool
    waiting: Count
    waiting_error: str
    sent: Count
    failed: Count
    items: tuple[FailedMessage, ...]
    next: str | None


class InvitationsQueued(Schema):
    """The number of invitations to send, and of people who get none.

    *without_email* have no address. *invited_elsewhere* were in another course first.
    """

    model_config = with_examples({"queued": 40, "without_email": 1, "invited_elsewhere": 2})

    queued: Count
    without_email: Count
    invited_elsewhere: Count
