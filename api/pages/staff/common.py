"""What the pages of the staff share: who may do what, addresses with filters."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from api.auth.roles import RIGHTS, Right
from api.core.errors import Conflict, Forbidden, Invalid, Precondition
from api.dependencies import Here
from api.pages.layout.frame import Crumb
from api.schemas.assignments.assignments import StaffAssignment
from api.services.assignments.anonymity import is_blind_in_course, is_blind_role
from api.services.assignments.viewing import titles_in

__all__ = [
    "MENDABLE",
    "course_crumbs",
    "is_blind_to",
    "may",
    "may_look_as",
    "query",
    "sees_all_names",
    "titles_of",
]

MENDABLE: Final = (Invalid, Conflict, Precondition, Forbidden)
"""The refusals after which a page is shown again with what was typed."""


def may(here: Here, right: Right) -> bool:
    """Tell whether who looks has a *right* in the course that was last read from.

    A right to change something nobody has while the course is archived.
    """
    member = here.visit.member
    if member is None or not member.may(right):
        return False
    return RIGHTS[right].scope == "read" or member.course.archived_at is None


def is_blind_to(here: Here, assignment: StaffAssignment) -> bool:
    """Return whether the member may not know whose work in *assignment* is."""
    member = here.visit.member
    return assignment.anonymous and member is not None and is_blind_role(member.role)


def sees_all_names(here: Here) -> bool:
    """Return whether no assignment of the course is marked without names for the member."""
    member = here.visit.member
    if member is None:
        return False
    with here.reading() as session:
        return not is_blind_in_course(session, member.role, member.course.id)


def may_look_as(here: Here, *, test: bool) -> bool:
    """Return whether the member may look as a student of the course, or as the *test* student."""
    return may(here, "view_as_student") and (test or sees_all_names(here))


def course_crumbs(here: Here, *more: Crumb) -> tuple[Crumb, ...]:
    """Return the way to the course that was last read from, and *more* steps from there."""
    member = here.visit.member
    if member is None:
        return more
    return (Crumb(member.course.title, f"/courses/{member.course.id}"), *more)


def titles_of(course: UUID, here: Here) -> dict[UUID, str]:
    """Return the titles of the assignments of a course in their order, without their settings."""
    with here.reading() as session:
        here.member(session, course)
        return titles_in(session, course)


def query(values: Mapping[str, object]) -> str:
    """Return the query of an address: what is empty is left out.

    >>> query({"sort": "total", "text": ""}), query({"cursor": None})
    ('?sort=total', '')
    """
    given = {name: value for name, value in values.items() if value not in {"", None}}
    return f"?{urlencode(given)}" if given else ""
