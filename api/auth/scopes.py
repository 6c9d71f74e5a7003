"""Scopes: what a token of the API may be used for, beside what its owner may do.

A scope takes away and never adds: `api.auth.roles.permitted` asks the owner's role as well.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

__all__ = ["SCOPES", "Grant", "Scope", "allows"]

Scope = Literal["read", "submit", "grade", "manage", "admin"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What one scope gives: the scopes that are in it, itself among them, said in words."""

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
    """Tell whether one of *scopes* gives *need*; a token without scopes gives nothing."""
    return any(need in SCOPES[scope].gives for scope in scopes)
