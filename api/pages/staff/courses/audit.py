"""Audit log of a course or of the whole site, filtered, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from fastapi.responses import Response

from api.core.errors import InvalidInput
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.pages.layout.frame import render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.common import build_query_string, course_crumbs
from api.pages.staff.courses.audit_values import iter_field_changes, load_names_in_snapshots
from api.routes.courses import audit as api
from api.schemas.accounts.users import AuditOut, AuditPage
from api.schemas.student.assignments import Moment
from api.services.audit.actions import ACTIONS
from api.services.audit.queries import AuditFilter
from api.services.courses.time_zones import get_zone
from api.services.student.times import serialize_moment

router = PageRouter()
ROWS: Final = 30
ID_SUFFIX_LENGTH: Final = 8
"""Number of trailing characters that identify an id on a page."""


@dataclass(frozen=True, slots=True)
class AuditPageFilters:
    """Filters of the audit log, as in the query string.

    Days are in the time zone of the course.
    """

    actor: str = ""
    action: str = ""
    target: str = ""
    target_id: str = ""
    since: str = ""
    until: str = ""
    cursor: str = ""

    def query_string(self, **changes: object) -> str:
        """Return the query string of this page with *changes*."""
        params = {one.name: getattr(self, one.name) for one in fields(self)}
        return build_query_string(params | changes) or "?"

    def to_audit_filter(self, zone: ZoneInfo) -> AuditFilter:
        """Return the filter for the audit log; raise `InvalidInput` for an invalid day."""
        return AuditFilter(
            None,
            parse_id(self.actor),
            self.action,
            self.target,
            self.target_id,
            _parse_day("since", self.since, zone),
            _parse_day("until", self.until, zone),
        )


def _parse_day(field: str, text: str, zone: ZoneInfo) -> datetime | None:
    """Return the start of a day in *zone*, or None for an empty text."""
    try:
        day = date.fromisoformat(text) if text else None
        return datetime.combine(day, time(), zone).astimezone(UTC) if day else None
    except (ValueError, OverflowError):
        raise InvalidInput.for_field(
            f"query {field}", "is not a date; write it like 2026-11-27"
        ) from None


async def _read_filters(
    actor: Annotated[str, Query(max_length=40)] = "",
    action: Annotated[str, Query(max_length=60)] = "",
    target: Annotated[str, Query(max_length=60)] = "",
    target_id: Annotated[str, Query(max_length=80)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> AuditPageFilters:
    return AuditPageFilters(actor, action, target, target_id, since, until, cursor)


AuditPageFiltersDep = Annotated[AuditPageFilters, Depends(_read_filters)]


@dataclass(frozen=True, slots=True)
class AuditPageEntry:
    """Audit log entry in readable form, with links to entries of its actor or target."""

    moment: Moment
    actor: str
    actor_href: str
    action: str
    target_href: str
    target: str
    changes: tuple[tuple[str, str, str], ...]
    reason: str


@router.get("/courses/{course}/audit")
def show_course_audit(course: UUID, context: PageDep, filters: AuditPageFiltersDep) -> Response:
    """Return the audit log of a course."""
    with context.reading() as session:
        zone = context.authorize_course(session, course, right="see_audit").course.zone
    audit_page = api.get_course_audit(
        course,
        context,
        build_page_request(context, limit=ROWS, cursor=filters.cursor),
        filters.to_audit_filter(get_zone(zone)),
    )
    return _render_audit_page(context, audit_page, filters, zone=zone)


@router.get("/audit")
def show_site_audit(context: PageDep, filters: AuditPageFiltersDep) -> Response:
    """Return the audit log of the whole site."""
    audit_page = api.get_audit(
        context,
        build_page_request(context, limit=ROWS, cursor=filters.cursor),
        filters.to_audit_filter(ZoneInfo("UTC")),
    )
    return _render_audit_page(context, audit_page, filters, zone="UTC")


def _render_audit_page(
    context: RequestContext, audit_page: AuditPage, filters: AuditPageFilters, *, zone: str
) -> Response:
    crumbs = course_crumbs(context)
    first_page_filters = replace(filters, cursor="")
    with context.reading() as session:
        names = load_names_in_snapshots(
            session, (kept for item in audit_page.items for kept in (item.before, item.after))
        )
    return render_page(
        context,
        "staff/audit.html",
        title="Log" if crumbs else "Audit log",
        tab="audit",
        crumbs=crumbs,
        filters=filters,
        actions=ACTIONS.items(),
        entries=[
            _build_entry(context, item, first_page_filters, zone, names)
            for item in audit_page.items
        ],
        more=filters.query_string(cursor=audit_page.next) if audit_page.next else "",
    )


def _build_entry(
    context: RequestContext,
    entry: AuditOut,
    filters: AuditPageFilters,
    zone: str,
    names: Mapping[UUID, str],
) -> AuditPageEntry:
    target = f"{entry.target} {entry.target_id}".strip()
    return AuditPageEntry(
        moment=serialize_moment(entry.at, zone, now=context.now),
        actor=(entry.actor_name or "somebody erased") if entry.actor else "the service",
        actor_href=filters.query_string(actor=entry.actor) if entry.actor else "",
        action=ACTIONS.get(entry.action, entry.action),
        target_href=filters.query_string(target=entry.target, target_id=entry.target_id)
        if target
        else "",
        target=_describe_target(entry) if target else "",
        changes=tuple(iter_field_changes(entry.before, entry.after, names)),
        reason=entry.reason,
    )


def _describe_target(entry: AuditOut) -> str:
    """Return the target of an action by name, or by the end of its id if it has none."""
    kind = entry.target.replace("_", " ")
    return (
        f"{kind}: {entry.target_name}"
        if entry.target_name
        else f"{kind} …{entry.target_id[-ID_SUFFIX_LENGTH:]}"
    )
