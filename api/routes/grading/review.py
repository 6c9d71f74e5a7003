"""The queue of answers that people mark, their rubrics, and groups of equal answers."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from api.auth.roles import Right
from api.core.errors import Forbidden, Invalid, NotFound, Precondition, PreconditionRequired
from api.core.errors import Unauthenticated as Nobody
from api.dependencies import Here, HereDep
from api.http.etags import IfMatch, etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageWindow
from api.http.problem_details import responses
from api.routes.shared.error_responses import SEES, SENDS
from api.schemas.grading.marks import (
    GroupMarked,
    GroupView,
    MarkIn,
    RubricChange,
    RubricItemIn,
    RubricItemPatch,
    RubricItemView,
    RubricView,
)
from api.schemas.grading.regrade_requests import Readiness
from api.schemas.grading.review import NextAnswer, QueueLine, ReviewProgress
from api.services.review.locations import Asked, asked_part
from api.services.review.marks.groups import group_cursor, groups, mark_group
from api.services.review.marks.marking_view import next_item
from api.services.review.marks.rubric import rubric_view
from api.services.review.marks.rubric_updates import Edit, add_item, change_item, retire_item
from api.services.review.queue import Shows, page, progress, queue
from api.services.review.readiness import readiness
from api.services.review.serializers import lines

__all__ = ["router"]

router = ApiRouter(tags=["review"])

PART = "/assignments/{assignment}/review/{problem}/{part}"
EDITS = responses(Nobody, Forbidden, NotFound, Precondition, Invalid, PreconditionRequired)

DryRun = Annotated[bool, Query(description="only tell what it would do to marks")]


def _asked(
    here: Here,
    session: Session,
    where: tuple[UUID, str, str],
    *,
    right: Right = "mark",
) -> Asked:
    assignment, problem, part = where
    return asked_part(here.posed(session, assignment, problem, right=right), part)


@router.get("/assignments/{assignment}/review", responses=SEES)
def overview(assignment: UUID, here: HereDep) -> ReviewProgress:
    """Return how far the marking is, for each part that people mark."""
    with here.reading() as session:
        member, found = here.assignment(session, assignment, right="see_submissions")
        return progress(session, member, found, now=here.now)


@router.get("/assignments/{assignment}/readiness", responses=SEES)
def ready(assignment: UUID, here: HereDep) -> Readiness:
    """Return what is left to mark and to answer before results are released."""
    with here.reading() as session:
        member, found = here.assignment(session, assignment, right="see_submissions")
        return readiness(session, member, found, now=here.now)


@router.get(PART, responses=SEES)
def listed(
    assignment: UUID,
    problem: str,
    part: str,
    here: HereDep,
    window: PageWindow,
    shows: Annotated[Shows, Query(description="which answers of the queue")] = "all",
) -> Page[QueueLine]:
    """Return the queue of a part, in an order by chance that is the same for everybody."""
    after = window.after("review", str)
    with here.reading() as session:
        asked = _asked(here, session, (assignment, problem, part), right="see_submissions")
        me = asked.posed.member.caller.id
        queued = queue(session, asked, now=here.now)
        wanted = page(queued, shows, me=me, after=after, limit=window.limit + 1)
        found = lines(session, asked, wanted, now=here.now)
    return window.page(
        found,
        end=lambda one: Cursor("review", one.rank, one.line.answer),
        show=lambda one: one.line,
    )


@router.post(f"{PART}/next", responses=SEES)
def take_next(
    assignment: UUID, problem: str, part: str, here: HereDep, response: Response
) -> NextAnswer:
    """Claim the next answer for 15 minutes and return it; the one that you hold comes first."""
    with here.transaction() as session:
        asked = _asked(here, session, (assignment, problem, part))
        caller = asked.posed.member.caller
        found = next_item(session, caller, asked, variants=here.service.variants, now=here.now)
    if found.item is not None:
        response.headers["ETag"] = etag(found.item.version)
    return found


@router.get(f"{PART}/rubric", responses=SEES)
def rubric(assignment: UUID, problem: str, part: str, here: HereDep) -> RubricView:
    """Return the rubric of a part: that of the problem, until somebody changes it."""
    with here.reading() as session:
        asked = _asked(here, session, (assignment, problem, part), right="see_submissions")
        return rubric_view(session, asked, variants=here.service.variants)


@router.post(f"{PART}/rubric", status_code=201, responses=SENDS)
def add(
    assignment: UUID, problem: str, part: str, body: RubricItemIn, here: HereDep
) -> RubricItemView:
    """Add an item to the rubric of a part."""
    with here.transaction() as session:
        asked = _asked(here, session, (assignment, problem, part))
        return add_item(session, _edit(here, asked), body)


@router.patch(f"{PART}/rubric/{{item}}", responses=EDITS)
def change(
    assignment: UUID,
    problem: str,
    part: str,
    item: UUID,
    body: RubricItemPatch,
    here: HereDep,
    if_match: IfMatch,
    dry_run: DryRun = False,  # noqa: FBT002  # a parameter of the query
) -> RubricChange:
    """Change a rubric item, and with it every mark that has it."""
    with here.recomputing("mark") as session:
        asked = _asked(here, session, (assignment, problem, part))
        edit = _edit(here, asked, dry_run=dry_run)
        return change_item(session, edit, item, body, expected=if_match)


@router.delete(f"{PART}/rubric/{{item}}", responses=EDITS)
def retire(
    assignment: UUID,
    problem: str,
    part: str,
    item: UUID,
    here: HereDep,
    if_match: IfMatch,
    dry_run: DryRun = False,  # noqa: FBT002  # a parameter of the query
) -> RubricChange:
    """Take an item out of the rubric, and out of every mark that has it."""
    with here.recomputing("mark") as session:
        asked = _asked(here, session, (assignment, problem, part))
        edit = _edit(here, asked, dry_run=dry_run)
        return retire_item(session, edit, item, expected=if_match)


def _edit(here: Here, asked: Asked, *, dry_run: bool = False) -> Edit:
    return Edit(asked, here.service.variants, here.now, dry_run=dry_run)


@router.get(f"{PART}/groups", responses=SEES)
def grouped(
    assignment: UUID,
    problem: str,
    part: str,
    here: HereDep,
    window: PageWindow,
    least: Annotated[int, Query(ge=1, le=1_000, description="answers in a group")] = 2,
) -> Page[GroupView]:
    """Return groups of answers that say the same to the same numbers, the largest first."""
    after = window.after("groups", str)
    with here.reading() as session:
        asked = _asked(here, session, (assignment, problem, part), right="see_submissions")
        found = groups(
            session, asked, least=least, after=after, limit=window.limit + 1, now=here.now
        )
    return window.page(found, end=group_cursor, show=lambda one: one)


@router.post(f"{PART}/groups/{{group}}/mark", responses=SENDS)
def mark_all(
    assignment: UUID, problem: str, part: str, group: UUID, body: MarkIn, here: HereDep
) -> GroupMarked:
    """Mark all answers of a group that wait, but for those that other markers hold."""
    with here.recomputing("mark") as session:
        asked = _asked(here, session, (assignment, problem, part))
        return mark_group(session, asked, group, body, variants=here.service.variants, now=here.now)
