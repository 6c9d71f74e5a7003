"""Grading of an assignment: progress, queues of parts, and groups of identical answers."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import RedirectResponse

from api.core.errors import ServiceError
from api.dependencies import RequestContext
from api.http.pagination import MAX_CURSOR_CHARACTERS
from api.pages.forms.form import FormDep, validate_body
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm
from api.pages.layout.formatting import format_count
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.layout.grade_steps import ProblemTitles
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.grading.answer_text import (
    load_adjacent,
    render_answer,
    summarize_texts_distinctly,
)
from api.pages.staff.grading.marks import mark_to_fields, parse_mark, read_posted_fields
from api.routes.assignments import assignments
from api.routes.courses import courses
from api.routes.grading import review as api
from api.schemas.assignments.assignments import StaffAssignment, StudentAssignment
from api.schemas.grading.marks import MarkIn
from api.schemas.grading.review import PartProgress
from api.services.review.queue import QueueFilter, load_queue
from api.services.review.review_subjects import find_part

router = PageRouter()
PART_PATH: Final = "/assignments/{assignment}/review/{problem}/{part}"
QUEUE_FILTERS: Final = ("waiting", "marked", "mine", "flagged", "all")
ROWS: Final = 50
GROUPS_PER_PAGE: Final = 8
CountParam = Annotated[int | None, Query(ge=0, le=1_000_000)]
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR_CHARACTERS)]
AssignmentAndCrumbs = tuple[StaffAssignment | StudentAssignment, tuple[Breadcrumb, ...]]


def load_assignment_and_crumbs(
    assignment: UUID, context: RequestContext, *, with_review_crumb: bool = False
) -> AssignmentAndCrumbs:
    """Return an assignment with breadcrumbs; *with_review_crumb* adds its review page to them."""
    assignment_view = assignments.get_assignment(assignment, context, Response())
    view = courses.get_course(assignment_view.course, context, Response())
    steps = (
        Breadcrumb(view.title, f"/courses/{view.id}"),
        Breadcrumb(assignment_view.title, f"/assignments/{assignment_view.id}"),
    )
    last = Breadcrumb("Review", f"/assignments/{assignment_view.id}/review")
    return assignment_view, (*steps, last) if with_review_crumb else steps


def part_title(assignment: StaffAssignment | StudentAssignment, problem: str, part: str) -> str:
    """Return the title of a part: the title of its problem and its own name."""
    return ProblemTitles.from_problems(assignment.problems).full_title(problem, part)


@router.get("/assignments/{assignment}/review")
def show_review_overview(assignment: UUID, context: PageDep) -> Response:
    """Return the marking progress of each part."""
    progress = api.get_review_progress(assignment, context)
    ready = api.get_release_readiness(assignment, context)
    assignment_view, crumbs = load_assignment_and_crumbs(assignment, context)
    return render_page(
        context,
        "staff/review.html",
        title="Review",
        crumbs=crumbs,
        tab="assignments",
        assignment=assignment_view,
        names=ProblemTitles.from_problems(assignment_view.problems),
        progress=progress,
        ready=ready,
    )


@router.get(PART_PATH)
def show_review_queue(
    assignment: UUID,
    problem: str,
    part: str,
    context: PageDep,
    shows: QueueFilter = "waiting",
    cursor: Cursor = None,
    empty: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    """Return the queue of a part; *empty* means that no answer was left to claim."""
    page_request = build_page_request(context, limit=ROWS, cursor=cursor)
    answer_page = api.get_review_queue(assignment, problem, part, context, page_request, shows)
    part_key = assignment, problem, part
    assignment_view, crumbs = load_assignment_and_crumbs(
        assignment, context, with_review_crumb=True
    )
    return render_page(
        context,
        "staff/review_queue.html",
        title=part_title(assignment_view, problem, part),
        crumbs=crumbs,
        tab="assignments",
        assignment=assignment_view,
        base=f"/assignments/{assignment}/review/{problem}/{part}",
        answers=answer_page.items,
        next=answer_page.next,
        shows=shows,
        filters=QUEUE_FILTERS,
        mine=_find_claimed_answer(assignment, problem, part, context),
        progress=find_part_progress(part_key, context),
        adjacent=load_adjacent(context, part_key),
        is_empty=bool(empty),
    )


def find_part_progress(
    part_key: tuple[UUID, str, str], context: RequestContext
) -> PartProgress | None:
    """Return the grading progress of a part, or None if it has no answers to grade."""
    assignment, *problem_and_part = part_key
    progress = api.get_review_progress(assignment, context)
    return next(
        (part for part in progress.parts if [part.problem, part.part] == problem_and_part), None
    )


def _find_claimed_answer(
    assignment: UUID, problem: str, part: str, context: RequestContext
) -> UUID | None:
    """Return the waiting answer of a part that the caller has claimed, or None."""
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="see_submissions")
        me, part_location = assigned.member.caller.id, find_part(assigned, part)
        queued = load_queue(session, part_location, now=context.now)
        return next((one.answer for one in queued if one.waiting and one.claimed_by == me), None)


@router.post(f"{PART_PATH}/next")
def claim_next_answer(assignment: UUID, problem: str, part: str, context: PageDep) -> Response:
    """Claim the next answer and redirect to it, or to the queue if none is free."""
    return claim_next_and_redirect((assignment, problem, part), context)


def claim_next_and_redirect(part_key: tuple[UUID, str, str], context: RequestContext) -> Response:
    """Claim the next answer of a part and redirect to it, or to the queue if none is free."""
    assignment, problem, part = part_key
    next_answer = api.claim_next_answer(assignment, problem, part, context, Response())
    if next_answer.item is None:
        back = f"/assignments/{assignment}/review/{problem}/{part}?empty=yes"
        return RedirectResponse(back, status_code=303)
    return RedirectResponse(f"/answers/{next_answer.item.answer}/review", status_code=303)


@router.get(f"{PART_PATH}/groups")
def show_answer_groups(
    assignment: UUID,
    problem: str,
    part: str,
    context: PageDep,
    cursor: Cursor = None,
    marked: CountParam = None,
    left: CountParam = None,
) -> Response:
    """Return the groups of equal answers.

    *marked* is the number of answers just marked, *left* the number left to those who
    claimed them.
    """
    part_key = assignment, problem, part
    message = "" if marked is None else f"{format_count(marked, 'answer')} graded."
    if left:
        message += f" {format_count(left, 'answer')} left to the TAs who reserved them."
    return _render_answer_groups(part_key, context, cursor=cursor, message=message)


def _render_answer_groups(
    part_key: tuple[UUID, str, str],
    context: RequestContext,
    *,
    cursor: str | None = None,
    message: str = "",
    typed: BoundForm | None = None,
    group: UUID | None = None,
    error: ServiceError | None = None,
) -> Response:
    assignment, problem, part = part_key
    group_page = api.get_answer_groups(
        *part_key, context, build_page_request(context, limit=GROUPS_PER_PAGE, cursor=cursor), 2
    )
    rubric = api.get_rubric(*part_key, context)
    assignment_view, crumbs = load_assignment_and_crumbs(
        assignment, context, with_review_crumb=True
    )
    base = f"/assignments/{assignment}/review/{problem}/{part}"
    return render_page(
        context,
        "staff/review_groups.html",
        title="Identical answers",
        crumbs=[*crumbs, Breadcrumb(part_title(assignment_view, problem, part), base)],
        tab="assignments",
        status=error.status if error else 200,
        assignment=assignment_view,
        base=base,
        groups=group_page.items,
        summaries=summarize_texts_distinctly([each.text for each in group_page.items]),
        texts=[render_answer(context, each.text) for each in group_page.items],
        next=group_page.next,
        rubric=rubric,
        done=message,
        typed=typed,
        group=group,
        error=error,
        marked={each.id: BoundForm(mark_to_fields(each.mark)) for each in group_page.items},
    )


@router.post(f"{PART_PATH}/groups/{{group}}/mark")
def mark_group(
    assignment: UUID, problem: str, part: str, group: UUID, form: FormDep, context: PageDep
) -> Response:
    """Mark all waiting answers of the group."""
    part_key = assignment, problem, part
    try:
        result = api.post_group_mark(
            *part_key, group, validate_body(MarkIn, parse_mark(form)), context
        )
    except FORM_ERRORS as error:
        typed = BoundForm(read_posted_fields(form), error)
        return _render_answer_groups(part_key, context, typed=typed, group=group, error=error)
    back = f"/assignments/{assignment}/review/{problem}/{part}/groups"
    counts = f"marked={result.marked}&left={result.claimed}"
    return RedirectResponse(f"{back}?{counts}", status_code=303)
