"""Roles and rights: the only table of who may do what.

A role belongs to a course. An administrator ranks above every role in every course. With a token,
its scopes must include the scope of the right as well.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from api.auth.scopes import SCOPE_GRANTS, Scope, includes_scope

Role = Literal["student", "grader", "instructor"]
EffectiveRole = Literal["student", "grader", "instructor", "admin"]
"""Role of a person in a course, or ``admin`` for a site administrator."""

ROLE_RANKS: Final[Mapping[EffectiveRole, int]] = {
    "student": 1,
    "grader": 2,
    "instructor": 3,
    "admin": 4,
}

ROLE_NAMES: Final[Mapping[str, str]] = {"grader": "TA"}
"""Display names of roles that differ from the stored value."""

Permission = Literal[
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
class PermissionRule:
    """Rule of a permission: the lowest role, the scope that a token needs, and a description."""

    minimum_role: EffectiveRole
    scope: Scope
    description: str


PERMISSION_RULES: Final[Mapping[Permission, PermissionRule]] = {
    "see_course": PermissionRule(
        "student", "read", "see the course, its released assignments and notices"
    ),
    "see_own_work": PermissionRule(
        "student", "read", "see your own submissions, results and grades"
    ),
    "submit": PermissionRule("student", "submit", "submit answers and save drafts"),
    "request_regrade": PermissionRule("student", "submit", "request regrades of your own work"),
    "see_unreleased": PermissionRule(
        "grader", "read", "see assignments and problems before their release"
    ),
    "see_key": PermissionRule("grader", "read", "see keys, solutions, seeds and known mistakes"),
    "see_people": PermissionRule(
        "grader", "read", "see the names, addresses and sections of a course"
    ),
    "see_submissions": PermissionRule("grader", "read", "see all submissions and results"),
    "see_gradebook": PermissionRule("grader", "read", "see all grades and their calculation"),
    "see_analytics": PermissionRule("grader", "read", "see the statistics of a course"),
    "view_as_student": PermissionRule("grader", "read", "view the course as a student"),
    "mark": PermissionRule("grader", "grade", "grade by hand, comment, and edit rubrics"),
    "answer_requests": PermissionRule("grader", "grade", "answer regrade requests"),
    "export": PermissionRule(
        "instructor", "read", "export grades, submissions and the course as files"
    ),
    "see_audit": PermissionRule("instructor", "read", "see the audit log of the course"),
    "manage_course": PermissionRule(
        "instructor", "manage", "change, copy and replace the settings of the course"
    ),
    "manage_problems": PermissionRule(
        "instructor", "manage", "upload, publish and retire problems"
    ),
    "manage_assignments": PermissionRule(
        "instructor", "manage", "create, change, release and close assignments, and void parts"
    ),
    "grant_extensions": PermissionRule(
        "instructor", "manage", "grant extensions, accommodations and excuses"
    ),
    "manage_people": PermissionRule(
        "instructor",
        "manage",
        "import the roster, change roles, create invitation and reset links, and resend failed "
        "e-mail of the course",
    ),
    "override_grades": PermissionRule("instructor", "manage", "override grades, with a reason"),
    "regrade": PermissionRule("instructor", "manage", "run, apply and undo a regrade"),
    "create_courses": PermissionRule(
        "admin", "admin", "create a course and choose its first instructor"
    ),
    "manage_site": PermissionRule(
        "admin", "admin", "create, suspend and erase accounts, and choose administrators"
    ),
    "see_site_audit": PermissionRule("admin", "admin", "see the audit log of the whole service"),
}


def role_has_permission(role: EffectiveRole | None, permission: Permission) -> bool:
    """Return whether *role* includes *permission*; None is a person outside the course."""
    return (
        role is not None
        and ROLE_RANKS[role] >= ROLE_RANKS[PERMISSION_RULES[permission].minimum_role]
    )


def is_permitted(
    role: EffectiveRole | None, permission: Permission, *, scopes: Collection[Scope] | None
) -> bool:
    """Return whether a request may use *permission*: both its user and its token must have it.

    *scopes* are those of the token; None is a session, which may do all that its user may.
    """
    if not role_has_permission(role, permission):
        return False
    return scopes is None or includes_scope(scopes, PERMISSION_RULES[permission].scope)


def grantable_scopes(role: EffectiveRole | None) -> tuple[Scope, ...]:
    """Return the scopes useful in a token of a person whose highest standing is *role*."""
    useful = {
        rule.scope for right, rule in PERMISSION_RULES.items() if role_has_permission(role, right)
    }
    return tuple(scope for scope in SCOPE_GRANTS if scope in useful)


def can_assign_role(assigner_role: EffectiveRole | None, role: Role) -> bool:
    """Return whether *giver* may give or take *role* in the course: never one above their own."""
    return (
        assigner_role is not None
        and role_has_permission(assigner_role, "manage_people")
        and ROLE_RANKS[assigner_role] >= ROLE_RANKS[role]
    )


def can_create_reset_link(
    assigner_role: EffectiveRole | None, *, role_in_course: Role, has_other_role: bool
) -> bool:
    """Return whether *giver* may create a reset link for a person with these roles.

    With the link one can log in as that person. Therefore an instructor creates none for another
    instructor, nor for anybody who is in another course: anyone who knows an e-mail address can add
    its owner to a course. *role_in_course* is the person's role in the course;
    *has_other_role* tells of a role in another course, or of an administrator.
    """
    if assigner_role == "admin":
        return True
    return (
        role_has_permission(assigner_role, "manage_people")
        and role_in_course != "instructor"
        and not has_other_role
    )


def role_name(role: str) -> str:
    """Return the display name of a role in a course; *role* is its stored value.

    >>> role_name("grader"), role_name("student")
    ('TA', 'student')
    """
    return ROLE_NAMES.get(role, role)
