"""People, and what they show to be let in."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, String, and_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, validates

from api.core.person_names import belongs, sort_name
from api.db.models.base import Base, Id, Line, UserId, When, refers

__all__ = ["LOCKED", "Invite", "Knock", "LoginSession", "Spending", "Token", "User"]

LOCKED: Final = "!"
"""Prefix of the hash of a locked password, as in shadow(5): no password matches what follows."""


class User(Base):
    """A person. An erased one keeps nothing but a new random id.

    *family_name* is the part of the name that a list of students gave apart, "" where none did;
    *sort_name* follows from both.
    """

    __tablename__ = "users"

    id: Mapped[Id]
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    name: Mapped[Line]
    family_name: Mapped[Line] = mapped_column(default="")
    sort_name: Mapped[Line] = mapped_column(default="")
    student_number: Mapped[Line] = mapped_column(default="")
    login: Mapped[Line] = mapped_column(default="")
    password_hash: Mapped[str | None]
    is_admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[When]
    suspended_at: Mapped[When | None]
    erased_at: Mapped[When | None]
    version: Mapped[int] = mapped_column(default=1)

    @hybrid_property
    def has_password(self) -> bool:
        """Whether the account has a password that can be used; a locked one cannot."""
        return self.password_hash is not None and not self.password_hash.startswith(LOCKED)

    @has_password.inplace.expression
    @classmethod
    def _has_password(cls) -> ColumnElement[bool]:
        return and_(cls.password_hash.is_not(None), ~cls.password_hash.startswith(LOCKED))

    @property
    def has_locked_password(self) -> bool:
        """Whether the account has a password that is locked until its owner sets another."""
        return self.password_hash is not None and self.password_hash.startswith(LOCKED)

    @validates("name")
    def _renamed(self, _: str, name: str) -> str:
        """Keep what follows from a name; a family name that is not in a new one is not known."""
        if not belongs(name, self.family_name or ""):
            self.family_name = ""
        self.sort_name = sort_name(name, self.family_name)
        return name

    @validates("family_name")
    def _related(self, _: str, family: str) -> str:
        """Keep what follows from a family name."""
        self.sort_name = sort_name(self.name or "", family)
        return family


class _Shown:
    """What a secret that somebody shows has: a public prefix, and the digest of the rest."""

    id: Mapped[Id]
    prefix: Mapped[str] = mapped_column(String(40), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    user_id: Mapped[UserId]
    created_at: Mapped[When]
    expires_at: Mapped[When | None]
    revoked_at: Mapped[When | None]


class Token(_Shown, Base):
    """A token of the API; it can do what its scopes name, and no more than its owner."""

    __tablename__ = "tokens"

    name: Mapped[Line]
    scopes: Mapped[list[Any]]
    course_id: Mapped[UUID | None] = refers("courses.id")
    is_demo: Mapped[bool] = mapped_column(default=False)
    last_used_at: Mapped[When | None]


class Invite(_Shown, Base):
    """A link that lets its owner set a password, once.

    *course_id* is the course whose staff made it, None for an administrator or the command line. A
    used link that is not revoked set up the password of the account: its maker may know it.
    """

    __tablename__ = "invites"

    purpose: Mapped[str] = mapped_column(String(10))
    created_by: Mapped[UUID | None] = refers("users.id", index=False)
    course_id: Mapped[UUID | None] = refers("courses.id", index=False)
    used_at: Mapped[When | None]


class LoginSession(_Shown, Base):
    """A browser where somebody is logged in."""

    __tablename__ = "sessions"

    seen_at: Mapped[When]


class Knock(Base):
    """One act that is counted to slow down whoever does it too often: a failed login, an export."""

    __tablename__ = "knocks"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(120), index=True)
    at: Mapped[When] = mapped_column(index=True)


class Spending(Base):
    """How much of a limit on requests somebody has used up, in all processes together.

    *level* is the number of requests that counted at *at*; it goes down steadily with time.
    """

    __tablename__ = "spendings"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    level: Mapped[float]
    at: Mapped[When]
