"""The gradebook of a course, for its staff."""

from fractions import Fraction
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.dependencies import HereDep
from api.http.fields import Text
from api.http.json_body import ApiRouter
from api.http.pagination import PageWindow
from api.routes.shared.error_responses import SENDS
from api.schemas.grades.gradebook import GradebookOut
from api.services.gradebook.listing import Direction, GradebookQuery, gradebook, kind_of, order_of

__all__ = ["router"]

router = ApiRouter(tags=["grades"])


@router.get(
    "/courses/{course}/gradebook",
    responses=SENDS,
)
def get_gradebook(
    course: UUID,
    here: HereDep,
    window: PageWindow,
    *,
    section: UUID | None = None,
    text: Annotated[
        Text, Query(max_length=200, description="part of a name, address, number or login")
    ] = "",
    sort: Annotated[
        str, Query(max_length=40, description="name, section, total, or the id of an assignment")
    ] = "name",
    direction: Annotated[Direction, Query(alias="dir")] = "asc",
    below: Annotated[
        int, Query(ge=0, le=100, description="count who has less than so many percent")
    ] = 50,
) -> GradebookOut:
    """Return a page of students with their scores, and what the class has in each column."""
    order = order_of(sort, direction)
    query = GradebookQuery(
        order=order,
        section=section,
        text=text,
        below=Fraction(below, 100),
        after=window.after(order.name, kind_of(order)),
        limit=window.limit,
    )
    with here.reading() as session:
        person = here.member(session, course, right="see_gradebook").caller.id
    with here.service.gradebook_reads.hold(person), here.reading() as session:
        member = here.member(session, course, right="see_gradebook")
        head, rows = gradebook(session, member, query, now=here.now)
    page = window.page(rows, end=lambda row: row[1], show=lambda row: row[0])
    return head.model_copy(update={"items": tuple(page.items), "next": page.next})
