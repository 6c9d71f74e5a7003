"""Page frame: the viewer, the breadcrumbs, and the tabs of the course."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from fastapi.responses import HTMLResponse

from api.auth.authorization import CourseMembership
from api.auth.roles import Permission
from api.dependencies import RequestContext
from api.pages.layout.flash import OUTCOMES
from api.pages.layout.formatting import page_zone
from api.pages.layout.templating import render_response
from api.pages.layout.theme import read_theme
from api.schemas.student.assignments import Moment
from api.services.student.times import serialize_moment


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """A link in the path to a page."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class CourseTab:
    """A course tab, shown with the permission *right*; *students_only* hides it from staff."""

    id: str
    label: str
    path: str
    right: Permission
    students_only: bool = False


COURSE_TABS: Final = (
    CourseTab("assignments", "Assignments", "", "see_course"),
    CourseTab("grades", "My grades", "/grades", "see_own_work", students_only=True),
    CourseTab("gradebook", "Gradebook", "/gradebook", "see_gradebook"),
    CourseTab("problems", "Problems", "/problems", "see_key"),
    CourseTab("people", "People", "/people", "see_people"),
    CourseTab("audit", "Log", "/audit", "see_audit"),
    CourseTab("settings", "Settings", "/settings", "manage_course"),
)


@dataclass(frozen=True, slots=True)
class PageFrame:
    """The frame around a page: the viewer and the tabs of their course.

    *person* is the viewer's id, which tells scripts whose input they saved. *zone* is
    the time zone of the course, used for all times; *now* is the time of the request. *theme* is
    ``light``, ``dark``, or empty for that of the browser.
    """

    person: UUID | None
    name: str
    is_admin: bool
    role: str
    course: UUID | None
    course_title: str
    is_archived: bool
    tabs: tuple[CourseTab, ...]
    viewing: str
    zone: str
    now: datetime
    theme: str
    has_lti: bool

    def moment(self, timestamp: datetime | None) -> Moment | None:
        """Return a time in the course's time zone, or in UTC outside of a course."""
        return None if timestamp is None else serialize_moment(timestamp, self.zone, now=self.now)

    @property
    def is_staff(self) -> bool:
        """Whether the viewer has a staff role in the course."""
        return self.role not in {"", "student"}


def build_frame(context: RequestContext) -> PageFrame:
    """Return the frame for the caller, using the data that the request has loaded."""
    caller, member = context.activity.caller, context.activity.member
    return PageFrame(
        person=caller.user.id if caller else None,
        name=caller.user.name if caller else "",
        is_admin=bool(caller and caller.user.is_admin),
        role=member.role if member else "",
        course=member.course.id if member else None,
        course_title=member.course.title if member else "",
        is_archived=bool(member and member.course.archived_at),
        tabs=_visible_tabs(member),
        viewing=context.view_as,
        zone=member.course.zone if member else "UTC",
        now=context.now,
        theme=read_theme(context.request),
        has_lti=context.service.lti is not None,
    )


def _visible_tabs(member: CourseMembership | None) -> tuple[CourseTab, ...]:
    if member is None:
        return ()
    return tuple(
        tab
        for tab in COURSE_TABS
        if member.has_permission(tab.right) and not (tab.students_only and member.is_staff)
    )


def render_page(
    context: RequestContext,
    template: str,
    *,
    title: str,
    crumbs: Sequence[Breadcrumb] = (),
    tab: str = "",
    status: int = 200,
    **variables: Any,
) -> HTMLResponse:
    """Render *template* in its frame; *tab* is the course tab that the page belongs to."""
    saved = context.request.query_params.get("saved", "")
    frame = build_frame(context)
    frame_variables = {
        "frame": frame,
        "title": title,
        "crumbs": crumbs,
        "tab": tab,
        "outcome": OUTCOMES.get(saved, "") if status == HTTPStatus.OK else "",
    }
    reset = page_zone.set(frame.zone if frame.course else "")
    try:
        return render_response(template, {**frame_variables, **variables}, status=status)
    finally:
        page_zone.reset(reset)
