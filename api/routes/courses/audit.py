"""The audit log of a course and of the whole site."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy.orm import Session

from api.core.errors import Forbidden, Unauthenticated
from api.dependencies import ContextDep
from api.http.field_types import UtcDatetime
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageRequest, PageRequestDep
from api.http.problem_details import error_responses
from api.routes.shared.error_responses import READ_ERRORS
from api.schemas.accounts.users import AuditPage
from api.services.audit import queries
from api.services.audit.queries import AuditFilter
from api.services.audit.targets import load_target_names

router = ApiRouter(tags=["audit"])
ShortText = Annotated[str, Query(max_length=80)]


def _parse_filter(
    actor: Annotated[UUID | None, Query(description="the user who acted")] = None,
    action: Annotated[str, Query(max_length=60, description="an action, such as person.role")] = "",
    target: Annotated[str, Query(max_length=60, description="a type of object, such as user")] = "",
    target_id: ShortText = "",
    since: Annotated[UtcDatetime | None, Query(description="from this time on")] = None,
    until: Annotated[UtcDatetime | None, Query(description="before this time")] = None,
) -> AuditFilter:
    return AuditFilter(None, actor, action, target, target_id, since, until)


AuditFilterDep = Annotated[AuditFilter, Depends(_parse_filter)]


@router.get("/courses/{course}/audit", responses=READ_ERRORS)
def get_course_audit(
    course: UUID, context: ContextDep, page_request: PageRequestDep, filters: AuditFilterDep
) -> AuditPage:
    """Return the audit log of a course, newest entries first."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_audit")
        return _load_page(session, page_request, replace(filters, course=member.course.id))


@router.get("/audit", responses=error_responses(Unauthenticated, Forbidden))
def get_audit(
    context: ContextDep, page_request: PageRequestDep, filters: AuditFilterDep
) -> AuditPage:
    """Return the audit log of the whole service, newest entries first."""
    with context.reading() as session:
        context.authorize_site(session, right="see_site_audit")
        return _load_page(session, page_request, filters)


def _load_page(session: Session, page_request: PageRequest, filters: AuditFilter) -> AuditPage:
    after = page_request.parse_cursor("at", datetime)
    rows = queries.load_audit_entries(session, filters, after=after, limit=page_request.limit + 1)
    names = load_target_names(session, [row[0] for row in rows])
    page = page_request.build_page(
        rows,
        cursor_of=lambda row: Cursor("at", row[0].at, row[0].id),
        serialize_row=lambda row: queries.serialize_audit_entry(row, names),
    )
    return AuditPage(items=page.items, next=page.next)
