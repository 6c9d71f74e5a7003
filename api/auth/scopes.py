"""Scopes of API tokens, which limit what a token can do on behalf of its owner.

A scope only restricts: `api.auth.roles.permitted` also checks the owner's role.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

__all__ = ["SCOPES", "Grant", "Scope", "allows"]

Scope = Literal["read", "submit", "grade", "manage", "admin"]


@dataclass(frozen=True, slots=True)
class Grant:
    """Scopes that one scope includes, itself among them, with a description."""

    gives: frozenset[Scope]
    says: str


SCOPES: Final[Mapping[Scope, Grant]] = {
    "read": Grant(frozenset({"read"}), "read all that its owner may read; change nothing"),
    "submit": Grant(
        frozenset({"read", "submit"}),
        "read; submit answers, keep drafts and ask for a regrade",
    ),
    "grade": Grant(frozenset({"read", "grade"}), "read; mark by hand and decide requests"),
    "manage": Grant(
        frozenset({"read", "grade", "manage"}),
        "read and mark; change courses, people, problems, assignments and grades; regrade",
    ),
    "admin": Grant(
        frozenset(get_args(Scope)), "everything that its owner may do, the whole site included"
    ),
}


def allows(scopes: Collection[Scope], need: Scope) -> bool:
    """Return whether one of *scopes* includes *need*; without scopes the answer is False."""
    return any(need in SCOPES[scope].gives for scope in scopes)
