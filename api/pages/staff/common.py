"""Helpers of the staff pages: permissions, breadcrumbs and query strings."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from api.auth.roles import PERMISSION_RULES, Permission
from api.core.errors import Conflict, Forbidden, InvalidInput, PreconditionFailed
from api.dependencies import RequestContext
from api.pages.layout.frame import Breadcrumb
from api.schemas.assignments.assignments import StaffAssignment
from api.services.assignments.anonymity import is_blind_in_course, is_blind_role
from api.services.assignments.views import load_titles

RECOVERABLE_ERRORS: Final = (InvalidInput, Conflict, PreconditionFailed, Forbidden)
"""Errors after which a page redisplays the posted form."""


def has_permission(context: RequestContext, permission: Permission) -> bool:
    """Return whether the caller has *permission* in the course that was last read from.

    While the course is archived, nobody has permission to change anything.
    """
    member = context.activity.member
    if member is None or not member.has_permission(permission):
        return False
    return PERMISSION_RULES[permission].scope == "read" or member.course.archived_at is None


def is_anonymous_for_member(context: RequestContext, assignment: StaffAssignment) -> bool:
    """Return whether *assignment* hides the names of students from the member."""
    member = context.activity.member
    return assignment.anonymous and member is not None and is_blind_role(member.role)


def can_see_all_names(context: RequestContext) -> bool:
    """Return whether the member sees student names in all assignments of the course."""
    member = context.activity.member
    if member is None:
        return False
    with context.reading() as session:
        return not is_blind_in_course(session, member.role, member.course.id)


def can_view_as_student(context: RequestContext, *, test: bool) -> bool:
    """Return whether the member can view the course as a student or the *test* student."""
    return has_permission(context, "view_as_student") and (test or can_see_all_names(context))


def course_crumbs(context: RequestContext, *more: Breadcrumb) -> tuple[Breadcrumb, ...]:
    """Return the breadcrumbs of the course that was last read from, followed by *more*."""
    member = context.activity.member
    if member is None:
        return more
    return (Breadcrumb(member.course.title, f"/courses/{member.course.id}"), *more)


def load_assignment_titles(course: UUID, context: RequestContext) -> dict[UUID, str]:
    """Return the titles of the assignments of a course by id, in their order.

    The settings of the assignments are not loaded.
    """
    with context.reading() as session:
        context.authorize_course(session, course)
        return load_titles(session, course)


def build_query_string(values: Mapping[str, object]) -> str:
    """Return a URL query string without empty values.

    >>> build_query_string({"sort": "total", "text": ""}), build_query_string({"cursor": None})
    ('?sort=total', '')
    """
    params = {name: value for name, value in values.items() if value not in {"", None}}
    return f"?{urlencode(params)}" if params else ""
