"""Gradebook of a course, for its staff."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from api.dependencies import ContextDep
from api.http.field_types import Text
from api.http.json_body import ApiRouter
from api.http.pagination import PageRequestDep
from api.routes.shared.error_responses import INPUT_ERRORS
from api.schemas.grades.gradebook import GradebookOut
from api.services.gradebook.listing import (
    Direction,
    GradebookQuery,
    cursor_value_type,
    load_gradebook_page,
    parse_order,
)

router = ApiRouter(tags=["grades"])


@dataclass(frozen=True, slots=True)
class GradeThreshold:
    """Share of the maximum below which students are counted, and listed alone if *is_filter*."""

    share: Fraction
    is_filter: bool


def _parse_threshold(
    *,
    below: Annotated[
        int, Query(ge=0, le=100, description="count students below this percentage")
    ] = 50,
    only_below: Annotated[
        bool, Query(description="list only students whose course percentage is below `below`")
    ] = False,
) -> GradeThreshold:
    return GradeThreshold(Fraction(below, 100), only_below)


ThresholdDep = Annotated[GradeThreshold, Depends(_parse_threshold)]


@router.get(
    "/courses/{course}/gradebook",
    responses=INPUT_ERRORS,
)
def get_gradebook(
    course: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    threshold: ThresholdDep,
    *,
    section: UUID | None = None,
    text: Annotated[
        Text, Query(max_length=200, description="part of a name, address, number or login")
    ] = "",
    sort: Annotated[
        str, Query(max_length=40, description="name, section, total, or the id of an assignment")
    ] = "name",
    direction: Annotated[Direction, Query(alias="dir")] = "asc",
) -> GradebookOut:
    """Return a page of students with their scores, and statistics of each column."""
    order = parse_order(sort, direction)
    query = GradebookQuery(
        order=order,
        section=section,
        text=text,
        below_share=threshold.share,
        only_below=threshold.is_filter,
        after=page_request.parse_cursor(order.cursor_name, cursor_value_type(order)),
        limit=page_request.limit,
    )
    with context.reading() as session:
        person = context.authorize_course(session, course, right="see_gradebook").caller.id
    with context.service.gradebook_reads.acquire(person), context.reading() as session:
        member = context.authorize_course(session, course, right="see_gradebook")
        head, rows = load_gradebook_page(session, member, query, now=context.now)
    page = page_request.build_page(
        rows, cursor_of=lambda row: row[1], serialize_row=lambda row: row[0]
    )
    return head.model_copy(update={"items": tuple(page.items), "next": page.next})
