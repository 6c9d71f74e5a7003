"""Scopes of API tokens, which limit what a token can do on behalf of its owner.

A scope only restricts: `api.auth.roles.is_permitted` also checks the owner's role.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Scope = Literal["read", "submit", "grade", "manage", "admin"]


@dataclass(frozen=True, slots=True)
class ScopeGrant:
    """Scopes that one scope includes, itself among them, with a description."""

    included: frozenset[Scope]
    description: str


SCOPE_GRANTS: Final[Mapping[Scope, ScopeGrant]] = {
    "read": ScopeGrant(
        frozenset({"read"}), "read everything that its owner can read, without changes"
    ),
    "submit": ScopeGrant(
        frozenset({"read", "submit"}),
        "read; submit answers, save drafts and request regrades",
    ),
    "grade": ScopeGrant(
        frozenset({"read", "grade"}), "read; grade by hand and answer regrade requests"
    ),
    "manage": ScopeGrant(
        frozenset({"read", "grade", "manage"}),
        "read and grade; change courses, people, problems, assignments and grades; regrade",
    ),
    "admin": ScopeGrant(
        frozenset(get_args(Scope)),
        "everything that its owner can do, including the administration of the service",
    ),
}


def includes_scope(scopes: Collection[Scope], required: Scope) -> bool:
    """Return whether one of *scopes* includes *required*; without scopes the answer is False."""
    return any(required in SCOPE_GRANTS[scope].included for scope in scopes)
