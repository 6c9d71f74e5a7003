"""Principal of a request: the user, and what their token or session allows."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from api.auth.roles import PERMISSION_RULES, EffectiveRole, Permission, is_permitted
from api.auth.scopes import Scope
from api.core.errors import Forbidden
from api.db.models import User


@dataclass(frozen=True, slots=True)
class Principal:
    """Principal of a request: a user with a token or a session.

    A token has *scopes*, and may be limited to one course; for a session *scopes* is None.

    *view_as* is the student whose view the caller requests. *seen_at* is the stored time of the
    last use of the token or session. *request* is the id of the request, for the audit log.
    *writes* is True if the request may change something. *digest* is that of the presented secret.
    *expires_at* is the end of a token, *begun_at* the start of a session.
    """

    user: User
    scopes: frozenset[Scope] | None
    token_id: UUID | None = None
    session_id: UUID | None = None
    only_course: UUID | None = None
    view_as: str = ""
    seen_at: datetime | None = None
    request: str = ""
    writes: bool = False
    digest: bytes = field(default=b"", repr=False)
    expires_at: datetime | None = None
    begun_at: datetime | None = None

    def require_site_permission(self, permission: Permission) -> None:
        """Raise `Forbidden` if the caller lacks a *permission* that belongs to no course."""
        role: EffectiveRole | None = "admin" if self.user.is_admin else None
        is_allowed = self.only_course is None and is_permitted(role, permission, scopes=self.scopes)
        if not is_allowed:
            raise Forbidden(f"This needs the right to {PERMISSION_RULES[permission].description}.")

    def require_login(self) -> UUID:
        """Return the session id of the caller.

        Raises `Forbidden` for a token, which cannot change an account.
        """
        if self.session_id is None:
            raise Forbidden("Log in with your password for this. A token cannot change an account.")
        return self.session_id

    @property
    def id(self) -> UUID:
        """The id of the user."""
        return self.user.id


def with_request_data(caller: Principal, *, view_as: str, request: str, writes: bool) -> Principal:
    """Return *caller* with the data of a request; *view_as* is ``test``, a student's id, or ""."""
    return replace(caller, view_as=view_as, request=request, writes=writes)
