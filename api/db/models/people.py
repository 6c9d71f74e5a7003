"""People and their credentials."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    and_,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, validates

from api.core.person_names import has_family_name, name_sort_key
from api.db.models.base import Base, Id, ShortText, Timestamp, UserId, foreign_key

LOCKED_PASSWORD_PREFIX: Final = "!"  # noqa: S105  # not a secret
"""Prefix of the hash of a locked password, as in shadow(5): no password matches what follows."""


class User(Base):
    """Person; after erasure only a new random id is left.

    *family_name* comes from the separate column of a student list, "" if there was none;
    *sort_name* is derived from both names.
    """

    __tablename__ = "users"

    id: Mapped[Id]
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    name: Mapped[ShortText]
    family_name: Mapped[ShortText] = mapped_column(default="")
    sort_name: Mapped[ShortText] = mapped_column(default="")
    student_number: Mapped[ShortText] = mapped_column(default="")
    login: Mapped[ShortText] = mapped_column(default="")
    password_hash: Mapped[str | None]
    is_admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Timestamp]
    suspended_at: Mapped[Timestamp | None]
    erased_at: Mapped[Timestamp | None]
    version: Mapped[int] = mapped_column(default=1)

    @hybrid_property
    def has_password(self) -> bool:
        """Whether the account has a usable password; a locked one is not usable."""
        return self.password_hash is not None and not self.password_hash.startswith(
            LOCKED_PASSWORD_PREFIX
        )

    @has_password.inplace.expression
    @classmethod
    def _has_password(cls) -> ColumnElement[bool]:
        return and_(
            cls.password_hash.is_not(None), ~cls.password_hash.startswith(LOCKED_PASSWORD_PREFIX)
        )

    @property
    def has_locked_password(self) -> bool:
        """Whether the account has a password that is locked until its owner sets another."""
        return self.password_hash is not None and self.password_hash.startswith(
            LOCKED_PASSWORD_PREFIX
        )

    @validates("name")
    def _on_name_change(self, _: str, name: str) -> str:
        """Update *sort_name*; forget a family name that the new name does not contain."""
        if not has_family_name(name, self.family_name or ""):
            self.family_name = ""
        self.sort_name = name_sort_key(name, self.family_name)
        return name

    @validates("family_name")
    def _on_family_name_change(self, _: str, family: str) -> str:
        """Update *sort_name* for a new family name."""
        self.sort_name = name_sort_key(self.name or "", family)
        return family


class _CredentialColumns:
    """Columns of a credential: a public prefix, and the digest of the whole secret."""

    id: Mapped[Id]
    prefix: Mapped[str] = mapped_column(String(40), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    user_id: Mapped[UserId]
    created_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp | None]
    revoked_at: Mapped[Timestamp | None]


class Token(_CredentialColumns, Base):
    """API token, limited by its scopes and by the rights of its owner.

    *is_from_code*: a program got it by a code, so it ends when its owner gets another role.
    """

    __tablename__ = "tokens"

    name: Mapped[ShortText]
    scopes: Mapped[list[Any]]
    course_id: Mapped[UUID | None] = foreign_key("courses.id")
    is_demo: Mapped[bool] = mapped_column(default=False)
    is_from_code: Mapped[bool] = mapped_column(default=False)
    last_used_at: Mapped[Timestamp | None]


class Invite(_CredentialColumns, Base):
    """Link with which a person can set a password, once.

    *course_id* is the course whose staff created it, None for an administrator or the command line.
    A used link that is not revoked set up the account's password: its creator may know it.
    """

    __tablename__ = "invites"

    purpose: Mapped[str] = mapped_column(String(10))
    created_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
    course_id: Mapped[UUID | None] = foreign_key("courses.id", index=False)
    used_at: Mapped[Timestamp | None]


class LoginSession(_CredentialColumns, Base):
    """Login session of a browser."""

    __tablename__ = "sessions"

    seen_at: Mapped[Timestamp]


class DeviceCode(Base):
    """Login of a program that a person confirms in a browser with a short code.

    Neither code is stored: *prefix* and *digest* identify the program's, *user_code_digest* the
    person's. *course_slug* is the course that the program named, "" for none. The token is created
    when the program fetches it, because its secret is not stored either.
    """

    __tablename__ = "device_codes"

    id: Mapped[Id]
    prefix: Mapped[str] = mapped_column(String(40), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    user_code_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    client: Mapped[ShortText]
    course_slug: Mapped[str] = mapped_column(String(80), default="")
    user_id: Mapped[UUID | None] = foreign_key("users.id")
    course_id: Mapped[UUID | None] = foreign_key("courses.id", index=False)
    created_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp] = mapped_column(index=True)
    polled_at: Mapped[Timestamp | None]
    approved_at: Mapped[Timestamp | None]
    denied_at: Mapped[Timestamp | None]
    used_at: Mapped[Timestamp | None]


class Identity(Base):
    """Identity at a login provider that opens an account.

    A pair of *issuer* and *subject* always belongs to the same account; *email* is the address that
    the provider sent at the first login, for display only.
    """

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[Id]
    user_id: Mapped[UserId]
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[Timestamp]


class LoginFlow(Base):
    """Pending login at a provider in one browser, valid for a few minutes.

    *digest* is that of the state, which is derived from the secret in the browser's cookie.
    *answered_at* is when the provider answered: a state is used once. The columns after it hold
    the identity that can be linked to an existing account, and the ID token of its login.
    """

    __tablename__ = "login_flows"

    id: Mapped[Id]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    provider: Mapped[ShortText]
    next_path: Mapped[str] = mapped_column(String(2000))
    expires_at: Mapped[Timestamp] = mapped_column(index=True)
    answered_at: Mapped[Timestamp | None]
    issuer: Mapped[str | None] = mapped_column(String(500))
    subject: Mapped[str | None] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(254))
    name: Mapped[str | None] = mapped_column(String(300))
    id_token: Mapped[str] = mapped_column(default="")


class ProviderSession(Base):
    """ID token of the provider login that began a session; the logout at the provider needs it.

    *id_token* is "" if it was too long to be sent back.
    """

    __tablename__ = "provider_sessions"

    session_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True
    )
    provider: Mapped[str] = mapped_column(String(32))
    id_token: Mapped[str]


class RateLimitEvent(Base):
    """Event that counts towards a rate limit: a failed login, an export."""

    __tablename__ = "knocks"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(120), index=True)
    at: Mapped[Timestamp] = mapped_column(index=True)


class RateLimitUsage(Base):
    """Usage of a request rate limit by one caller, in all processes together.

    *level* is the number of requests that counted at *at*; it decreases steadily with time.
    """

    __tablename__ = "spendings"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    level: Mapped[float]
    at: Mapped[Timestamp]
