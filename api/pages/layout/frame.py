"""A page within its frame: who looks, where they are, and what else there is in the course."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi.responses import HTMLResponse

from api.auth.authorization import Member
from api.auth.roles import Right
from api.dependencies import Here
from api.pages.layout.templating import respond
from api.schemas.student.assignments import Moment
from api.services.student.times import moment_of

__all__ = ["Crumb", "Frame", "page"]


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step on the way to a page."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A part of a course: a link for those who have the right to it, or for *students* alone."""

    id: str
    label: str
    path: str
    right: Right
    students: bool = False


TABS: Final = (
    Tab("assignments", "Assignments", "", "see_course"),
    Tab("grades", "My grades", "/grades", "see_own_work", students=True),
    Tab("gradebook", "Gradebook", "/gradebook", "see_gradebook"),
    Tab("problems", "Problems", "/problems", "see_key"),
    Tab("people", "People", "/people", "see_people"),
    Tab("audit", "Log", "/audit", "see_audit"),
    Tab("settings", "Settings", "/settings", "manage_course"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page: who looks, and the tabs of the course they are in.

    *person* is the id of who looks, by which scripts know what was typed by whom. *zone* is that of
    the course, by whose clocks times are told; *now* is when the page was asked.
    """

    person: UUID | None
    name: str
    is_admin: bool
    role: str
    course: UUID | None
    course_title: str
    is_archived: bool
    tabs: tuple[Tab, ...]
    viewing: str
    zone: str
    now: datetime

    def moment(self, at: datetime | None) -> Moment | None:
        """Return a time on the clocks of the course, in UTC where there is none."""
        return None if at is None else moment_of(at, self.zone, now=self.now)

    @property
    def is_staff(self) -> bool:
        """Whether who looks sees what students do not."""
        return self.role not in {"", "student"}


def frame(here: Here) -> Frame:
    """Return the frame for who asks, as far as the request has found out."""
    caller, member = here.visit.caller, here.visit.member
    return Frame(
        person=caller.user.id if caller else None,
        name=caller.user.name if caller else "",
        is_admin=bool(caller and caller.user.is_admin),
        role=member.role if member else "",
        course=member.course.id if member else None,
        course_title=member.course.title if member else "",
        is_archived=bool(member and member.course.archived_at),
        tabs=_tabs(member),
        viewing=here.view_as,
        zone=member.course.zone if member else "UTC",
        now=here.now,
    )


def _tabs(member: Member | None) -> tuple[Tab, ...]:
    if member is None:
        return ()
    return tuple(
        one for one in TABS if member.may(one.right) and not (one.students and member.is_staff)
    )


def page(
    here: Here,
    template: str,
    *,
    title: str,
    crumbs: Sequence[Crumb] = (),
    tab: str = "",
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    """Return a *template* in its frame; *tab* is the part of the course that it belongs to."""
    around = {"frame": frame(here), "title": title, "crumbs": crumbs, "tab": tab}
    return respond(template, {**around, **context}, status=status)
