"""The audit log of a course and of the whole site."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy.orm import Session

from api.core.errors import Forbidden, Unauthenticated
from api.dependencies import HereDep
from api.http.fields import When
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageWindow, Window
from api.http.problem_details import responses
from api.routes.shared.error_responses import SEES
from api.schemas.accounts.users import AuditPage
from api.services.audit import queries
from api.services.audit.queries import AuditFilter
from api.services.audit.targets import names_of_things

__all__ = ["router"]

router = ApiRouter(tags=["audit"])
Word = Annotated[str, Query(max_length=80)]


def _wanted(
    actor: Annotated[UUID | None, Query(description="who acted")] = None,
    action: Annotated[str, Query(max_length=60, description="such as person.role")] = "",
    target: Annotated[str, Query(max_length=60, description="such as user")] = "",
    target_id: Word = "",
    since: Annotated[When | None, Query(description="from this time on")] = None,
    until: Annotated[When | None, Query(description="before this time")] = None,
) -> AuditFilter:
    return AuditFilter(None, actor, action, target, target_id, since, until)


AuditFilterDep = Annotated[AuditFilter, Depends(_wanted)]


@router.get("/courses/{course}/audit", responses=SEES)
def get_course_audit(
    course: UUID, here: HereDep, window: PageWindow, wanted: AuditFilterDep
) -> AuditPage:
    """List who did what in a course, the newest first."""
    with here.reading() as session:
        member = here.member(session, course, right="see_audit")
        return _page(session, window, replace(wanted, course=member.course.id))


@router.get("/audit", responses=responses(Unauthenticated, Forbidden))
def get_audit(here: HereDep, window: PageWindow, wanted: AuditFilterDep) -> AuditPage:
    """List who did what on the whole site, the newest first."""
    with here.reading() as session:
        here.site(session, right="see_site_audit")
        return _page(session, window, wanted)


def _page(session: Session, window: Window, wanted: AuditFilter) -> AuditPage:
    after = window.after("at", datetime)
    rows = queries.entries(session, wanted, after=after, limit=window.limit + 1)
    names = names_of_things(session, [row[0] for row in rows])
    page = window.page(
        rows,
        end=lambda row: Cursor("at", row[0].at, row[0].id),
        show=lambda row: queries.listed(row, names),
    )
    return AuditPage(items=page.items, next=page.next)
