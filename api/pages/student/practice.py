"""Practice: a problem with other numbers than the student's own. Nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response
from markupsafe import Markup

from api.core.errors import InvalidInput
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.rows import parse_whole_number
from api.pages.layout.formatting import part_letter
from api.pages.layout.frame import render_page
from api.pages.router import DraftPageDep, PageDep, PageRouter
from api.pages.student.components.cell_marks import compute_cell_marks
from api.pages.student.components.feedback import AnswerFeedback, build_practice_feedback
from api.pages.student.components.inputs import (
    AnswerInput,
    CellMarks,
    build_input,
    has_content,
    parse_form_answers,
    shows_reading,
)
from api.pages.student.components.location import ProblemLocation
from api.pages.student.components.tensors import build_tensor_displays
from api.routes.student import assigned_problems
from api.schemas.student.problem import PartAsked
from api.schemas.student.solution import PracticeIn, PracticeOutcome, PracticeProblem
from grader.reading import NumberStyle, RawAnswer

router = PageRouter()

PRACTICE_PATH: Final = "/assignments/{assignment}/problems/{problem}/practice"
MAX_PRACTICE_NUMBER: Final = 1_000_000
NOTHING_TYPED_MESSAGE: Final = "Enter an answer first."


@dataclass(frozen=True, slots=True)
class PracticeCard:
    """A part of a practice problem with its letter, input and feedback."""

    part: PartAsked
    letter: str
    input: AnswerInput
    feedback: AnswerFeedback | None


@dataclass(frozen=True, slots=True)
class _PracticeAttempt:
    """The typed answers and their outcomes by part, and the error if there is one."""

    typed: Mapping[str, RawAnswer]
    outcomes: Mapping[str, PracticeOutcome]
    error: InvalidInput | None = None


NO_ATTEMPT: Final = _PracticeAttempt({}, {})


@router.get(PRACTICE_PATH)
def practice_page(
    assignment: UUID,
    problem: str,
    context: PageDep,
    number: Annotated[int, Query(ge=0, le=MAX_PRACTICE_NUMBER)] = 0,
) -> Response:
    """Return the problem with the numbers of the practice variant *number*."""
    practice_problem = assigned_problems.get_practice_problem(assignment, problem, context, number)
    return _render_practice_page(
        context, ProblemLocation.load(context, assignment, problem), practice_problem, NO_ATTEMPT
    )


@router.post(PRACTICE_PATH)
def check_practice_page(
    assignment: UUID, problem: str, form: FormDep, context: DraftPageDep
) -> Response:
    """Grade the practice answers in a form, and show the page again with the results."""
    number = parse_whole_number(form.text("number"))
    valid_number = number if isinstance(number, int) and 0 <= number <= MAX_PRACTICE_NUMBER else 0
    practice_problem = assigned_problems.get_practice_problem(
        assignment, problem, context, valid_number
    )
    location = ProblemLocation.load(context, assignment, problem)
    return _render_practice_page(
        context,
        location,
        practice_problem,
        _grade_practice_answers(context, location, practice_problem, form),
    )


def _grade_practice_answers(
    context: RequestContext,
    location: ProblemLocation,
    practice_problem: PracticeProblem,
    form: PostedForm,
) -> _PracticeAttempt:
    typed = parse_form_answers(practice_problem.parts, form)
    answers = {part: one for part, one in typed.items() if has_content(one)}
    if not answers:
        return _PracticeAttempt(typed, {}, InvalidInput(NOTHING_TYPED_MESSAGE))
    body = validate_body(PracticeIn, {"number": practice_problem.number, "answers": answers})
    reply = assigned_problems.grade_practice_answers(
        location.assignment.id, location.problem, body, context
    )
    return _PracticeAttempt(typed, {result.part: result for result in reply.results})


def _render_practice_page(
    context: RequestContext,
    location: ProblemLocation,
    practice_problem: PracticeProblem,
    attempt: _PracticeAttempt,
) -> Response:
    decimal_style: NumberStyle | None = location.clock.course.numbers  # type: ignore[assignment]
    return render_page(
        context,
        "student/practice.html",
        title=f"Practice: {practice_problem.title}",
        status=attempt.error.status if attempt.error else 200,
        crumbs=location.crumbs,
        tab="assignments",
        location=location,
        problem=practice_problem,
        following=(practice_problem.number + 1) % (MAX_PRACTICE_NUMBER + 1),
        tensors=build_tensor_displays(practice_problem.numbers),
        cards=[
            _build_card(part, index, attempt, decimal_style)
            for index, part in enumerate(practice_problem.parts)
        ],
        error=attempt.error,
    )


def _build_card(
    part: PartAsked, index: int, attempt: _PracticeAttempt, decimal_style: NumberStyle | None
) -> PracticeCard:
    typed, outcome = attempt.typed.get(part.id), attempt.outcomes.get(part.id)
    marks: CellMarks = ()
    if outcome:
        marks = compute_cell_marks(
            part, typed, status=outcome.status, correct=outcome.cells, decimal_style=decimal_style
        )
    field = build_input(part, typed, marks=marks, decimal_style=decimal_style)
    feedback = build_practice_feedback(outcome, part.points, typed=typed) if outcome else None
    if feedback and shows_reading(field):
        feedback = replace(feedback, read_as="", mathml=Markup(""))
    return PracticeCard(part, part_letter(index), field, feedback)
