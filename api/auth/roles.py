"""Roles and rights: the only table of who may do what.

A role belongs to a course. An administrator ranks above every role in every course. With a token,
its scopes must include the scope of the right as well.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from api.auth.scopes import SCOPES, Scope, allows

__all__ = [
    "RANKS",
    "RIGHTS",
    "Right",
    "Role",
    "Rule",
    "Standing",
    "grantable",
    "may",
    "may_give",
    "may_reset",
    "permitted",
]

Role = Literal["student", "grader", "instructor"]
Standing = Literal["student", "grader", "instructor", "admin"]
"""What somebody is in a course: the role there, or the site's administrator."""

RANKS: Final[Mapping[Standing, int]] = {"student": 1, "grader": 2, "instructor": 3, "admin": 4}

Right = Literal[
    "see_course",
    "see_own_work",
    "submit",
    "request_regrade",
    "see_unreleased",
    "see_key",
    "see_people",
    "see_submissions",
    "see_gradebook",
    "see_analytics",
    "view_as_student",
    "mark",
    "answer_requests",
    "export",
    "see_audit",
    "manage_course",
    "manage_problems",
    "manage_assignments",
    "grant_extensions",
    "manage_people",
    "override_grades",
    "regrade",
    "create_courses",
    "manage_site",
    "see_site_audit",
]


@dataclass(frozen=True, slots=True)
class Rule:
    """Rule of a right: the lowest standing with it, the scope that a token needs, a description."""

    least: Standing
    scope: Scope
    says: str


RIGHTS: Final[Mapping[Right, Rule]] = {
    "see_course": Rule("student", "read", "see the course, what is released of it, and notices"),
    "see_own_work": Rule("student", "read", "see one's own submissions, results and grades"),
    "submit": Rule("student", "submit", "submit answers and keep drafts"),
    "request_regrade": Rule("student", "submit", "ask that one's own work is marked again"),
    "see_unreleased": Rule("grader", "read", "see assignments and problems before their release"),
    "see_key": Rule("grader", "read", "see keys, solutions, seeds and the rules of mistakes"),
    "see_people": Rule("grader", "read", "see the names, addresses and sections of a course"),
    "see_submissions": Rule("grader", "read", "see everybody's submissions and results"),
    "see_gradebook": Rule("grader", "read", "see everybody's grades and how they came about"),
    "see_analytics": Rule("grader", "read", "see the statistics of a course"),
    "view_as_student": Rule("grader", "read", "see the course as a student would"),
    "mark": Rule("grader", "grade", "mark by hand, comment, and keep rubrics"),
    "answer_requests": Rule("grader", "grade", "decide requests for a regrade"),
    "export": Rule("instructor", "read", "export grades, submissions and the course as files"),
    "see_audit": Rule("instructor", "read", "see who changed what in the course"),
    "manage_course": Rule("instructor", "manage", "change, copy and replace the course's setup"),
    "manage_problems": Rule("instructor", "manage", "upload, publish and retire problems"),
    "manage_assignments": Rule(
        "instructor", "manage", "make, change, release and close assignments; void a part"
    ),
    "grant_extensions": Rule("instructor", "manage", "extend, accommodate and excuse"),
    "manage_people": Rule(
        "instructor", "manage", "import the roster, give roles, hand out invitations and resets"
    ),
    "override_grades": Rule("instructor", "manage", "set a grade by hand, with a reason"),
    "regrade": Rule("instructor", "manage", "run, apply and undo a regrade"),
    "create_courses": Rule("admin", "admin", "create a course and name its first instructor"),
    "manage_site": Rule("admin", "admin", "suspend and erase accounts, name administrators"),
    "see_site_audit": Rule("admin", "admin", "see who changed what on the whole site"),
}


def may(standing: Standing | None, right: Right) -> bool:
    """Return whether *standing* includes *right*; None is a person outside the course."""
    return standing is not None and RANKS[standing] >= RANKS[RIGHTS[right].least]


def permitted(standing: Standing | None, right: Right, *, scopes: Collection[Scope] | None) -> bool:
    """Return whether a request may use *right*: both its user and its token must have it.

    *scopes* are those of the token; None is a session, which may do all that its user may.
    """
    if not may(standing, right):
        return False
    return scopes is None or allows(scopes, RIGHTS[right].scope)


def grantable(standing: Standing | None) -> tuple[Scope, ...]:
    """Return the scopes useful in a token of a person whose highest standing is *standing*."""
    useful = {rule.scope for right, rule in RIGHTS.items() if may(standing, right)}
    return tuple(scope for scope in SCOPES if scope in useful)


def may_give(giver: Standing | None, role: Role) -> bool:
    """Return whether *giver* may give or take *role* in the course: never one above their own."""
    return giver is not None and may(giver, "manage_people") and RANKS[giver] >= RANKS[role]


def may_reset(giver: Standing | None, *, here: Role, elsewhere: Standing | None) -> bool:
    """Return whether *giver* may create a reset link for a person who is *here* and *elsewhere*.

    With the link one can log in as that person. Therefore an instructor creates none for another
    instructor, nor for anybody who is in another course: anyone who knows an e-mail address can add
    its owner to a course. *elsewhere* is their highest standing in all other courses, ``admin`` for
    an administrator, None if they have none.
    """
    if giver == "admin":
        return True
    return may(giver, "manage_people") and here != "instructor" and elsewhere is None
