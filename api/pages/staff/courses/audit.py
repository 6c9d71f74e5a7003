"""Who did what, in a course or on the whole site, filtered, the newest first."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from fastapi.responses import Response

from api.core.errors import Invalid
from api.core.ids import read_id
from api.dependencies import Here
from api.pages.layout.frame import page
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.common import course_crumbs, query
from api.pages.staff.courses.audit_values import changes_of, named_in
from api.routes.courses import audit as api
from api.schemas.accounts.users import AuditOut, AuditPage
from api.schemas.student.assignments import Moment
from api.services.assignments.timeline import zone as zone_of
from api.services.audit.actions import ACTIONS
from api.services.audit.queries import AuditFilter
from api.services.student.times import moment_of

__all__ = ["router"]

router = PageRouter()
ROWS: Final = 30
LAST: Final = 8
"""So many signs of an id tell it from others on a page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries are asked for, as the address says it; days are of the course's zone."""

    actor: str = ""
    action: str = ""
    target: str = ""
    target_id: str = ""
    since: str = ""
    until: str = ""
    cursor: str = ""

    def address(self, **changes: object) -> str:
        """Return the query of this page with *changes*."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return query(told | changes) or "?"

    def wanted(self, where: ZoneInfo) -> AuditFilter:
        """Return what the log is asked for; `Invalid` for what is no day."""
        return AuditFilter(
            None,
            read_id(self.actor),
            self.action,
            self.target,
            self.target_id,
            _day("since", self.since, where),
            _day("until", self.until, where),
        )


def _day(field: str, text: str, where: ZoneInfo) -> datetime | None:
    """Return the beginning of a day."""
    try:
        day = date.fromisoformat(text) if text else None
        return datetime.combine(day, time(), where).astimezone(UTC) if day else None
    except (ValueError, OverflowError):
        raise Invalid.of(f"query {field}", "is no day; write it like 2026-11-27") from None


async def _asked(
    actor: Annotated[str, Query(max_length=40)] = "",
    action: Annotated[str, Query(max_length=60)] = "",
    target: Annotated[str, Query(max_length=60)] = "",
    target_id: Annotated[str, Query(max_length=80)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> Asked:
    return Asked(actor, action, target, target_id, since, until, cursor)


AskedDep = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True, slots=True)
class Entry:
    """An act as people read it, and the addresses that show more of the same."""

    at: Moment
    who: str
    by: str
    said: str
    like: str
    about: str
    changes: tuple[tuple[str, str, str], ...]
    reason: str


@router.get("/courses/{course}/audit")
def course_audit(course: UUID, here: PageDep, asked: AskedDep) -> Response:
    """Return who did what in a course."""
    with here.reading() as session:
        zone = here.member(session, course, right="see_audit").course.zone
    told = api.get_course_audit(
        course, here, window(here, limit=ROWS, cursor=asked.cursor), asked.wanted(zone_of(zone))
    )
    return _page(here, told, asked, zone=zone)


@router.get("/audit")
def site_audit(here: PageDep, asked: AskedDep) -> Response:
    """Return who did what on the whole site."""
    told = api.get_audit(
        here, window(here, limit=ROWS, cursor=asked.cursor), asked.wanted(ZoneInfo("UTC"))
    )
    return _page(here, told, asked, zone="UTC")


def _page(here: Here, told: AuditPage, asked: Asked, *, zone: str) -> Response:
    crumbs = course_crumbs(here)
    first = replace(asked, cursor="")
    with here.reading() as session:
        names = named_in(session, (kept for one in told.items for kept in (one.before, one.after)))
    return page(
        here,
        "staff/audit.html",
        title="Log" if crumbs else "Log of the site",
        tab="audit",
        crumbs=crumbs,
        asked=asked,
        actions=ACTIONS.items(),
        entries=[_entry(here, one, first, zone, names) for one in told.items],
        more=asked.address(cursor=told.next) if told.next else "",
    )


def _entry(here: Here, one: AuditOut, asked: Asked, zone: str, names: Mapping[UUID, str]) -> Entry:
    target = f"{one.target} {one.target_id}".strip()
    return Entry(
        at=moment_of(one.at, zone, now=here.now),
        who=(one.actor_name or "somebody erased") if one.actor else "the service",
        by=asked.address(actor=one.actor) if one.actor else "",
        said=ACTIONS.get(one.action, one.action),
        like=asked.address(target=one.target, target_id=one.target_id) if target else "",
        about=_about(one) if target else "",
        changes=tuple(changes_of(one.before, one.after, names)),
        reason=one.reason,
    )


def _about(one: AuditOut) -> str:
    """Return what an act was about: by its name, or by the end of its id where it has none."""
    kind = one.target.replace("_", " ")
    return f"{kind}: {one.target_name}" if one.target_name else f"{kind} …{one.target_id[-LAST:]}"
