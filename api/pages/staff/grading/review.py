"""The marking of an assignment: how far it is, the queue of a part, and groups of equal answers."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import RedirectResponse

from api.core.errors import ServiceError
from api.dependencies import Here
from api.http.pagination import MAX_CURSOR
from api.pages.forms.form import FormDep, validated
from api.pages.forms.redisplay import REFUSALS, Typed
from api.pages.layout.formatting import counted
from api.pages.layout.frame import Crumb, page
from api.pages.layout.grade_steps import Names
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.grading.marks import fields_of, mark_of, typed_of
from api.routes.assignments import assignments
from api.routes.courses import courses
from api.routes.grading import review as api
from api.schemas.assignments.assignments import StaffAssignment, StudentAssignment
from api.schemas.grading.marks import MarkIn
from api.services.review.locations import asked_part
from api.services.review.queue import Shows
from api.services.review.queue import queue as queued_in

__all__ = ["Way", "called", "router", "way"]

router = PageRouter()
PART: Final = "/assignments/{assignment}/review/{problem}/{part}"
SHOWS: Final = ("waiting", "marked", "mine", "flagged", "all")
ROWS: Final = 50
GROUPS: Final = 8
BRIEF: Final = 200
"""So many characters of a text stand in its place until it is opened."""
Many = Annotated[int | None, Query(ge=0, le=1_000_000)]
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR)]
Way = tuple[StaffAssignment | StudentAssignment, tuple[Crumb, ...]]


def way(assignment: UUID, here: Here, *, more: bool = False) -> Way:
    """Return an assignment and the way to its marking; with *more*, that is a step of it."""
    one = assignments.get_assignment(assignment, here, Response())
    view = courses.get_course(one.course, here, Response())
    steps = Crumb(view.title, f"/courses/{view.id}"), Crumb(one.title, f"/assignments/{one.id}")
    last = Crumb("Review", f"/assignments/{one.id}/review")
    return one, (*steps, last) if more else steps


def called(one: StaffAssignment | StudentAssignment, problem: str, part: str) -> str:
    """Return what people call a part of an assignment: the title of its problem, and its name."""
    return Names.of(one.problems).place(problem, part)


@router.get("/assignments/{assignment}/review")
def overview(assignment: UUID, here: PageDep) -> Response:
    """Return how far the marking is, part by part."""
    found = api.overview(assignment, here)
    ready = api.ready(assignment, here)
    one, crumbs = way(assignment, here)
    return page(
        here,
        "staff/review.html",
        title="Review",
        crumbs=crumbs,
        tab="assignments",
        one=one,
        names=Names.of(one.problems),
        found=found,
        ready=ready,
    )


@router.get(PART)
def queue(
    assignment: UUID,
    problem: str,
    part: str,
    here: PageDep,
    shows: Shows = "waiting",
    cursor: Cursor = None,
    empty: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    """Return the answers of a part; *empty* says that none was left to take."""
    shown = window(here, limit=ROWS, cursor=cursor)
    found = api.listed(assignment, problem, part, here, shown, shows)
    progress = api.overview(assignment, here)
    one, crumbs = way(assignment, here, more=True)
    return page(
        here,
        "staff/review_queue.html",
        title=called(one, problem, part),
        crumbs=crumbs,
        tab="assignments",
        one=one,
        base=f"/assignments/{assignment}/review/{problem}/{part}",
        found=found.items,
        next=found.next,
        shows=shows,
        filters=SHOWS,
        mine=_held(assignment, problem, part, here),
        progress=next(
            (each for each in progress.parts if (each.problem, each.part) == (problem, part)), None
        ),
        is_empty=bool(empty),
    )


def _held(assignment: UUID, problem: str, part: str, here: Here) -> UUID | None:
    """Return the answer of a part that the caller holds, None where there is none."""
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="see_submissions")
        me, asked = posed.member.caller.id, asked_part(posed, part)
        queued = queued_in(session, asked, now=here.now)
        return next((one.answer for one in queued if one.waiting and one.claimed_by == me), None)


@router.post(f"{PART}/next")
def take_next(assignment: UUID, problem: str, part: str, here: PageDep) -> Response:
    """Claim the next answer and go to it; back to the queue where none is free."""
    return next_of((assignment, problem, part), here)


def next_of(where: tuple[UUID, str, str], here: Here) -> Response:
    """Return the way to the next answer of a part."""
    assignment, problem, part = where
    found = api.take_next(assignment, problem, part, here, Response())
    if found.item is None:
        back = f"/assignments/{assignment}/review/{problem}/{part}?empty=yes"
        return RedirectResponse(back, status_code=303)
    return RedirectResponse(f"/answers/{found.item.answer}/review", status_code=303)


@router.get(f"{PART}/groups")
def groups(
    assignment: UUID,
    problem: str,
    part: str,
    here: PageDep,
    cursor: Cursor = None,
    marked: Many = None,
    left: Many = None,
) -> Response:
    """Return the groups of answers that say the same; *marked* were just now, *left* to others."""
    where = assignment, problem, part
    said = "" if marked is None else f"{counted(marked, 'answer')} marked."
    if left:
        said += f" {counted(left, 'answer')} left to who holds {'it' if left == 1 else 'them'}."
    return _groups(where, here, cursor=cursor, done=said)


def _groups(
    where: tuple[UUID, str, str],
    here: Here,
    *,
    cursor: str | None = None,
    done: str = "",
    typed: Typed | None = None,
    group: UUID | None = None,
    error: ServiceError | None = None,
) -> Response:
    assignment, problem, part = where
    found = api.grouped(*where, here, window(here, limit=GROUPS, cursor=cursor), 2)
    rubric = api.rubric(*where, here)
    one, crumbs = way(assignment, here, more=True)
    base = f"/assignments/{assignment}/review/{problem}/{part}"
    return page(
        here,
        "staff/review_groups.html",
        title="Answers that say the same",
        crumbs=[*crumbs, Crumb(called(one, problem, part), base)],
        tab="assignments",
        status=error.status if error else 200,
        one=one,
        base=base,
        found=found.items,
        brief=BRIEF,
        next=found.next,
        rubric=rubric,
        done=done,
        typed=typed,
        group=group,
        error=error,
        marked={each.id: Typed(fields_of(each.mark)) for each in found.items},
    )


@router.post(f"{PART}/groups/{{group}}/mark")
def mark_group(
    assignment: UUID, problem: str, part: str, group: UUID, form: FormDep, here: PageDep
) -> Response:
    """Mark all answers of the group that wait."""
    where = assignment, problem, part
    try:
        told = api.mark_all(*where, group, validated(MarkIn, mark_of(form)), here)
    except REFUSALS as error:
        typed = Typed(typed_of(form), error)
        return _groups(where, here, typed=typed, group=group, error=error)
    back = f"/assignments/{assignment}/review/{problem}/{part}/groups"
    counts = f"marked={told.marked}&left={told.claimed}"
    return RedirectResponse(f"{back}?{counts}", status_code=303)
