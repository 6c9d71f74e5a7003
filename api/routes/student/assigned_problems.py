"""A student's assignments, and problems with the student's own numbers."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotReleased,
    Unauthenticated,
)
from api.dependencies import ContextDep, DraftContextDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageRequestDep
from api.http.problem_details import error_responses
from api.routes.shared.error_responses import READ_ERRORS
from api.schemas.student.assignments import MyAssignment
from api.schemas.student.problem import ProblemView
from api.schemas.student.solution import (
    PracticeIn,
    PracticeProblem,
    PracticeReply,
    SolutionView,
)
from api.schemas.student.work import NewNumbers
from api.services.student.assignments import AssignmentState, due_sort_key, list_my_assignments
from api.services.student.practice import (
    grade_practice,
    load_practice_problem,
    load_practice_variant,
)
from api.services.student.problem import load_problem_view
from api.services.student.problem_session import (
    VariantChoice,
    check_not_viewing_as_student,
    get_number_style,
    open_problem_session,
    try_record_first_view,
)
from api.services.student.renewal import assign_new_numbers
from api.services.student.solution import load_solution_view

router = ApiRouter(tags=["student"])

PROBLEM_PATH = "/assignments/{assignment}/problems/{problem}"

Seed = Annotated[
    int | None, Query(ge=0, le=2**53, description="for staff: the variant of this seed")
]
Position = Annotated[
    int | None,
    Query(
        ge=-1, le=100_000, description="for staff: the position of the variant, -1 for the original"
    ),
]


@router.get("/me/assignments", responses=error_responses(Unauthenticated, Forbidden))
def get_my_assignments(
    context: ContextDep,
    page_request: PageRequestDep,
    course: UUID | None = None,
    state: AssignmentState | None = None,
) -> Page[MyAssignment]:
    """Return your assignments as a student: open ones first, the next due at the top."""
    with context.reading() as session:
        assignments = list_my_assignments(
            session, context.authenticate(session), course=course, state=state, now=context.now
        )
    after = page_request.parse_cursor("due", str)
    if after is not None:
        assignments = [
            assignment
            for assignment in assignments
            if (due_sort_key(assignment), assignment.id) > (after.value, after.id)
        ]
    return page_request.build_page(
        assignments,
        cursor_of=lambda item: Cursor("due", due_sort_key(item), item.id),
        serialize_row=lambda item: item,
    )


@router.get(PROBLEM_PATH, responses=READ_ERRORS)
def get_problem(
    assignment: UUID,
    problem: str,
    context: ContextDep,
    seed: Seed = None,
    position: Position = None,
) -> ProblemView:
    """Return a problem with the student's own numbers. The first call records that it was opened.

    Staff see the original numbers or the variant that they name.
    """
    while True:
        with context.reading() as session:
            assigned = context.authorize_problem(session, assignment, problem)
            problem_session = open_problem_session(
                session, assigned, VariantChoice(seed, position), now=context.now
            )
            view = load_problem_view(session, problem_session, variants=context.service.variants)
        if not problem_session.is_first_view:
            return view
        with context.transaction() as session:
            if try_record_first_view(session, problem_session):
                return view


@router.post(
    f"{PROBLEM_PATH}/variant",
    status_code=201,
    responses=error_responses(
        Unauthenticated,
        Forbidden,
        NotFound,
        Conflict,
        "deadline_passed",
        "attempts_exhausted",
    ),
)
def renew_variant(assignment: UUID, problem: str, context: ContextDep) -> NewNumbers:
    """Draw new numbers for the student, if the assignment allows it after this many attempts."""
    with context.transaction() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="submit")
        check_not_viewing_as_student(assigned.member)
        return assign_new_numbers(session, open_problem_session(session, assigned, now=context.now))


@router.get(
    f"{PROBLEM_PATH}/solution",
    responses=error_responses(Unauthenticated, Forbidden, NotFound, NotReleased),
)
def get_solution(
    assignment: UUID,
    problem: str,
    context: ContextDep,
    seed: Seed = None,
    position: Position = None,
) -> SolutionView:
    """Return the worked solution with the student's own numbers, once solutions are released."""
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem)
        problem_session = open_problem_session(
            session, assigned, VariantChoice(seed, position), now=context.now
        )
        return load_solution_view(session, problem_session, variants=context.service.variants)


@router.get(
    f"{PROBLEM_PATH}/practice",
    responses=error_responses(Unauthenticated, Forbidden, NotFound, NotReleased),
)
def get_practice_problem(
    assignment: UUID,
    problem: str,
    context: ContextDep,
    number: Annotated[
        int, Query(ge=0, le=1_000_000, description="each draw has other numbers")
    ] = 0,
) -> PracticeProblem:
    """Return the problem with other numbers, for practice after the close."""
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem)
        problem_session = open_problem_session(session, assigned, now=context.now)
        return load_practice_problem(
            session, problem_session, number, variants=context.service.variants
        )


@router.post(
    f"{PROBLEM_PATH}/practice",
    responses=error_responses(Unauthenticated, Forbidden, NotFound, NotReleased, InvalidInput),
)
def grade_practice_answers(
    assignment: UUID, problem: str, body: PracticeIn, context: DraftContextDep
) -> PracticeReply:
    """Grade answers to a practice problem. Nothing is stored and nothing counts."""
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem)
        problem_session = open_problem_session(session, assigned, now=context.now)
        variant = load_practice_variant(
            session, problem_session, body.number, variants=context.service.variants
        )
    numbers = get_number_style(problem_session, variant)
    grade_job = partial(grade_practice, variant, body.number, body.answers, numbers=numbers)
    return context.service.grading_pool.run_inline_or_pooled(
        assigned.member.caller.id, body.answers, grade_job
    )
