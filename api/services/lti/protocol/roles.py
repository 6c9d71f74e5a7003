"""Roles in a context of a platform, and the role in a course that each gives.

A launch never makes an administrator: roles of the institution or the whole platform count for
nothing here.
"""

from collections.abc import Iterable
from typing import Final

from api.auth.roles import Role

MEMBERSHIP: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTRUCTOR_ROLES: Final = frozenset({f"{MEMBERSHIP}#Instructor", "Instructor"})
TA_ROLES: Final = frozenset(
    {
        f"{MEMBERSHIP}/Instructor#TeachingAssistant",
        f"{MEMBERSHIP}#Instructor#TeachingAssistant",  # Sakai
        f"{MEMBERSHIP}#TeachingAssistant",
        "TeachingAssistant",
    }
)
LEARNER_ROLES: Final = frozenset({f"{MEMBERSHIP}#Learner", "Learner"})
TEST_USER_ROLES: Final = frozenset({"http://purl.imsglobal.org/vocab/lti/system/person#TestUser"})


def map_roles(roles: Iterable[str]) -> Role | None:
    """Return the role in a course for the *roles* in a context, None if none of them gives one.

    Platforms send a TA as an instructor with a sub-role, so the sub-role decides.

    >>> map_roles([f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}/Instructor#TeachingAssistant"])
    'grader'
    >>> map_roles(["http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"])
    """
    held = set(roles)
    if held & TA_ROLES:
        return "grader"
    if held & INSTRUCTOR_ROLES:
        return "instructor"
    return "student" if held & LEARNER_ROLES else None


def is_test_user(roles: Iterable[str]) -> bool:
    """Return whether the platform marks somebody as its test student, who is no person."""
    return not TEST_USER_ROLES.isdisjoint(roles)
