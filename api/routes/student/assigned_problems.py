"""A student's assignments, and a problem as the student has it."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.core.errors import Conflict, Forbidden, Invalid, NotFound, NotReleased, Unauthenticated
from api.dependencies import HereDep, HereTyping
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageWindow
from api.http.problem_details import responses
from api.routes.shared.error_responses import SEES
from api.schemas.student.assignments import MyAssignment
from api.schemas.student.problem import ProblemView
from api.schemas.student.solution import (
    PracticeIn,
    PracticeProblem,
    PracticeReply,
    SolutionView,
)
from api.schemas.student.work import NewNumbers
from api.services.student.assignments import State, my_assignments, rank
from api.services.student.practice import practice_problem, practice_variant, practise
from api.services.student.problem import problem_view
from api.services.student.problem_session import (
    Choice,
    check_writes,
    note_opened,
    numbers_of,
    take_seat,
)
from api.services.student.renewal import new_numbers
from api.services.student.solution import solution_view

__all__ = ["router"]

router = ApiRouter(tags=["student"])

POSED = "/assignments/{assignment}/problems/{problem}"

Seed = Annotated[int | None, Query(ge=0, le=2**53, description="of staff: the variant of a seed")]
Position = Annotated[
    int | None, Query(ge=-1, le=100_000, description="of staff: the place in the list, -1 first")
]


@router.get("/me/assignments", responses=responses(Unauthenticated, Forbidden))
def mine(
    here: HereDep,
    window: PageWindow,
    course: UUID | None = None,
    state: State | None = None,
) -> Page[MyAssignment]:
    """Return what is set for the caller as a student: open work first, the next due on top."""
    with here.reading() as session:
        found = my_assignments(
            session, here.caller(session), course=course, state=state, now=here.now
        )
    after = window.after("due", str)
    if after is not None:
        found = [one for one in found if (rank(one), one.id) > (after.value, after.id)]
    return window.page(
        found, end=lambda one: Cursor("due", rank(one), one.id), show=lambda one: one
    )


@router.get(POSED, responses=SEES)
def posed(
    assignment: UUID,
    problem: str,
    here: HereDep,
    seed: Seed = None,
    position: Position = None,
) -> ProblemView:
    """Return a problem with the student's own numbers; the first time notes that they were seen.

    Staff see the original, or the variant that they name.
    """
    while True:
        with here.reading() as session:
            at = here.posed(session, assignment, problem)
            seat = take_seat(session, at, Choice(seed, position), now=here.now)
            view = problem_view(session, seat, variants=here.service.variants)
        if not seat.is_first_sight:
            return view
        with here.transaction() as session:
            if note_opened(session, seat):
                return view


@router.post(
    f"{POSED}/variant",
    status_code=201,
    responses=responses(
        Unauthenticated,
        Forbidden,
        NotFound,
        Conflict,
        "deadline_passed",
        "attempts_exhausted",
    ),
)
def renew(assignment: UUID, problem: str, here: HereDep) -> NewNumbers:
    """Give the student new numbers, where the assignment does so after some attempts."""
    with here.transaction() as session:
        at = here.posed(session, assignment, problem, right="submit")
        check_writes(at.member)
        return new_numbers(session, take_seat(session, at, now=here.now))


@router.get(
    f"{POSED}/solution", responses=responses(Unauthenticated, Forbidden, NotFound, NotReleased)
)
def solution(
    assignment: UUID,
    problem: str,
    here: HereDep,
    seed: Seed = None,
    position: Position = None,
) -> SolutionView:
    """Return the worked solution with the student's own numbers, once solutions are shown."""
    with here.reading() as session:
        at = here.posed(session, assignment, problem)
        seat = take_seat(session, at, Choice(seed, position), now=here.now)
        return solution_view(session, seat, variants=here.service.variants)


@router.get(
    f"{POSED}/practice", responses=responses(Unauthenticated, Forbidden, NotFound, NotReleased)
)
def practice(
    assignment: UUID,
    problem: str,
    here: HereDep,
    number: Annotated[int, Query(ge=0, le=1_000_000, description="others for each number")] = 0,
) -> PracticeProblem:
    """Return the problem with other numbers than the student's own, to practise after the close."""
    with here.reading() as session:
        at = here.posed(session, assignment, problem)
        seat = take_seat(session, at, now=here.now)
        return practice_problem(session, seat, number, variants=here.service.variants)


@router.post(
    f"{POSED}/practice",
    responses=responses(Unauthenticated, Forbidden, NotFound, NotReleased, Invalid),
)
def practise_on(
    assignment: UUID, problem: str, body: PracticeIn, here: HereTyping
) -> PracticeReply:
    """Judge answers to the numbers of a practice; nothing is kept and nothing counts."""
    with here.reading() as session:
        at = here.posed(session, assignment, problem)
        seat = take_seat(session, at, now=here.now)
        variant = practice_variant(session, seat, body.number, variants=here.service.variants)
    numbers = numbers_of(seat, variant)
    judge = partial(practise, variant, body.number, body.answers, numbers=numbers)
    return here.service.judging_pool.judge(at.member.caller.id, body.answers, judge)
