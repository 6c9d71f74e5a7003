"""LTI: learning platforms, their contexts and links, their users, and the scores sent to them."""

from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, ShortText, Timestamp, UserId, foreign_key

URL_LENGTH: Final = 2000
ID_LENGTH: Final = 255
"""LTI 1.3 limits the ids of a platform to 255 characters."""


class LtiPlatform(Base):
    """Learning platform that is registered, such as a Moodle site.

    *audience* is that of access tokens, "" for *token_url*. *origins* are the addresses under
    which people use the platform; only they may show a page of this service in a frame.
    *vouches_email*: an account that a launch creates gets the address that the platform names.
    """

    __tablename__ = "lti_platforms"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    id: Mapped[Id]
    name: Mapped[ShortText]
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    authorization_url: Mapped[str] = mapped_column(String(URL_LENGTH))
    token_url: Mapped[str] = mapped_column(String(URL_LENGTH))
    jwks_url: Mapped[str] = mapped_column(String(URL_LENGTH))
    audience: Mapped[str] = mapped_column(String(URL_LENGTH), default="")
    origins: Mapped[list[Any]] = mapped_column(JSON, default=list)
    vouches_email: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Timestamp]
    disabled_at: Mapped[Timestamp | None]
    version: Mapped[int] = mapped_column(default=1)


class LtiRegistrationLink(Base):
    """Link by which a platform registers itself, once, for some hours.

    *digest* is that of the secret in the link. *origin* is the address of the platform.
    """

    __tablename__ = "lti_registration_links"

    id: Mapped[Id]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[ShortText]
    origin: Mapped[str] = mapped_column(String(500))
    created_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
    created_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp]
    used_at: Mapped[Timestamp | None]


class LtiDeployment(Base):
    """Deployment of this tool in a platform; a launch must name one that is known."""

    __tablename__ = "lti_deployments"
    __table_args__ = (UniqueConstraint("platform_id", "deployment_id"),)

    id: Mapped[Id]
    platform_id: Mapped[UUID] = foreign_key("lti_platforms.id", index=False)
    deployment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[Timestamp]


class LtiKey(Base):
    """Key pair that signs what this tool sends to platforms; *private_key* is in PEM.

    Which key signs, and which are published, follows from *created_at* and *retired_at*.
    """

    __tablename__ = "lti_keys"

    id: Mapped[Id]
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    private_key: Mapped[str]
    created_at: Mapped[Timestamp]
    retired_at: Mapped[Timestamp | None]


class LtiContext(Base):
    """Context of a platform, usually one of its courses; a teacher connects it to a course once.

    *line_items_url*, *memberships_url* and *scopes* are what the last launch offered. The roster
    is compared at *roster_due_at*, None if staff did not switch that on. *roster_counts* and
    *roster_error* tell how that went at *roster_synced_at* and since.
    """

    __tablename__ = "lti_contexts"
    __table_args__ = (UniqueConstraint("deployment_id", "context_id"),)

    id: Mapped[Id]
    deployment_id: Mapped[UUID] = foreign_key("lti_deployments.id", index=False)
    context_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    title: Mapped[ShortText] = mapped_column(default="")
    course_id: Mapped[UUID | None] = foreign_key("courses.id")
    connected_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
    connected_at: Mapped[Timestamp | None]
    line_items_url: Mapped[str] = mapped_column(String(URL_LENGTH), default="")
    memberships_url: Mapped[str] = mapped_column(String(URL_LENGTH), default="")
    scopes: Mapped[list[Any]] = mapped_column(JSON, default=list)
    roster_due_at: Mapped[Timestamp | None]
    roster_synced_at: Mapped[Timestamp | None]
    roster_counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    roster_error: Mapped[ShortText] = mapped_column(default="")
    created_at: Mapped[Timestamp]


class LtiMember(Base):
    """Member of a context: the roster of its platform has them, or they opened a link there.

    *seen_at* is when that was last so, *left_at* when the roster first lacked them. A line item
    gets the scores of the members of its context.
    """

    __tablename__ = "lti_members"

    context_id: Mapped[UUID] = foreign_key("lti_contexts.id", primary_key=True, index=False)
    user_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", onupdate="CASCADE"), primary_key=True, index=True
    )
    seen_at: Mapped[Timestamp]
    left_at: Mapped[Timestamp | None]


class LtiLink(Base):
    """Link in a context, and the assignment that it opens; without one it opens the course."""

    __tablename__ = "lti_links"
    __table_args__ = (UniqueConstraint("context_id", "link_id"),)

    id: Mapped[Id]
    context_id: Mapped[UUID] = foreign_key("lti_contexts.id", index=False)
    link_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    title: Mapped[ShortText] = mapped_column(default="")
    assignment_id: Mapped[UUID | None] = foreign_key("assignments.id")
    created_at: Mapped[Timestamp]


class LtiUser(Base):
    """User of a platform and the account that their launches open.

    A pair of *deployment_id* and *subject* belongs to one account for good.
    """

    __tablename__ = "lti_users"
    __table_args__ = (UniqueConstraint("deployment_id", "subject"),)

    id: Mapped[Id]
    deployment_id: Mapped[UUID] = foreign_key("lti_deployments.id", index=False)
    subject: Mapped[str] = mapped_column(String(ID_LENGTH))
    user_id: Mapped[UserId]
    created_at: Mapped[Timestamp]


class LtiLaunch(Base):
    """Launch under way, for a few minutes.

    *digest* is that of the state, and after the platform's answer that of the token that continues
    the launch. *browser_digest* is that of the secret in the browser's cookie; *is_moved*: the
    launch was continued in a browser that did not begin it, because cookies are blocked in a frame.
    *deployment_id* and *claims* are what the platform's answer states; *user_id* is the account
    that was opened.
    """

    __tablename__ = "lti_launches"

    id: Mapped[Id]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    platform_id: Mapped[UUID] = foreign_key("lti_platforms.id", index=False)
    expires_at: Mapped[Timestamp] = mapped_column(index=True)
    answered_at: Mapped[Timestamp | None]
    is_moved: Mapped[bool] = mapped_column(default=False)
    deployment_id: Mapped[UUID | None] = foreign_key("lti_deployments.id", index=False)
    claims: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    user_id: Mapped[UUID | None] = foreign_key("users.id")


class LtiLineItem(Base):
    """Column of a platform's gradebook that gets the scores of an assignment.

    *url* is "" until the platform names it.
    """

    __tablename__ = "lti_line_items"
    __table_args__ = (UniqueConstraint("context_id", "assignment_id"),)

    id: Mapped[Id]
    context_id: Mapped[UUID] = foreign_key("lti_contexts.id", index=False)
    assignment_id: Mapped[UUID] = foreign_key("assignments.id")
    url: Mapped[str] = mapped_column(String(URL_LENGTH), default="")
    created_at: Mapped[Timestamp]


class LtiScore(Base):
    """Score of a student in a line item: what the platform was sent last.

    *message_id* is the message of the outbox that sends the score. *score* is None if none is
    there, or if it was cleared. *sent_timestamp* is that of the last try, which the platform may
    have seen: the next one must be later. *progress* is "" if nothing was sent.
    """

    __tablename__ = "lti_scores"

    line_item_id: Mapped[UUID] = foreign_key("lti_line_items.id", primary_key=True, index=False)
    student_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", onupdate="CASCADE"), primary_key=True
    )
    message_id: Mapped[UUID | None] = foreign_key("outbox.id")
    score: Mapped[Fraction | None]
    possible: Mapped[Fraction | None]
    progress: Mapped[str] = mapped_column(String(20), default="")
    sent_timestamp: Mapped[Timestamp | None]
