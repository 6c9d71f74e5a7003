"""Practice: a problem on other numbers than one's own; nothing of it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.core.errors import Invalid
from api.dependencies import Here
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.rows import whole_number
from api.pages.layout.formatting import part_letter
from api.pages.layout.frame import page
from api.pages.router import PageDep, PageRouter, PageTyping
from api.pages.student.components.cell_marks import marks_of
from api.pages.student.components.feedback import Feedback, practice_feedback
from api.pages.student.components.inputs import Input, Marks, compose, input_of, is_given
from api.pages.student.components.location import Place
from api.pages.student.components.tensors import tensors
from api.routes.student import assigned_problems
from api.schemas.student.problem import PartAsked
from api.schemas.student.solution import PracticeIn, PracticeOutcome, PracticeProblem
from grader.reading import Style, Typed

__all__ = ["router"]

router = PageRouter()

POSED: Final = "/assignments/{assignment}/problems/{problem}/practice"
MOST: Final = 1_000_000
NOTHING_TYPED: Final = "Nothing is typed yet. Answer a part, then check."


@dataclass(frozen=True, slots=True)
class Card:
    """A part of the problem with its letter, its input and what is said of the answer."""

    part: PartAsked
    letter: str
    input: Input
    feedback: Feedback | None


@dataclass(frozen=True, slots=True)
class _Tried:
    """What was typed, by part, what became of it, and what stood against it."""

    typed: Mapping[str, Typed]
    outcomes: Mapping[str, PracticeOutcome]
    error: Invalid | None = None


UNTRIED: Final = _Tried({}, {})


@router.get(POSED)
def practice_page(
    assignment: UUID,
    problem: str,
    here: PageDep,
    number: Annotated[int, Query(ge=0, le=MOST)] = 0,
) -> Response:
    """Return the problem with the numbers of practice *number*."""
    asked = assigned_problems.practice(assignment, problem, here, number)
    return _page(here, Place.of(here, assignment, problem), asked, UNTRIED)


@router.post(POSED)
def practise(assignment: UUID, problem: str, form: FormDep, here: PageTyping) -> Response:
    """Judge what is typed, and show the page again with it."""
    number = whole_number(form.text("number"))
    at = number if isinstance(number, int) and 0 <= number <= MOST else 0
    asked = assigned_problems.practice(assignment, problem, here, at)
    place = Place.of(here, assignment, problem)
    return _page(here, place, asked, _tried(here, place, asked, form))


def _tried(here: Here, place: Place, asked: PracticeProblem, form: Form) -> _Tried:
    typed = compose(asked.parts, form)
    given = {part: one for part, one in typed.items() if is_given(one)}
    if not given:
        return _Tried(typed, {}, Invalid(NOTHING_TYPED))
    body = validated(PracticeIn, {"number": asked.number, "answers": given})
    reply = assigned_problems.practise_on(place.assignment.id, place.problem, body, here)
    return _Tried(typed, {one.part: one for one in reply.results})


def _page(here: Here, place: Place, asked: PracticeProblem, tried: _Tried) -> Response:
    style: Style | None = place.wall.course.numbers  # type: ignore[assignment]
    return page(
        here,
        "student/practice.html",
        title=f"Practice: {asked.title}",
        status=tried.error.status if tried.error else 200,
        crumbs=place.crumbs,
        tab="assignments",
        place=place,
        asked=asked,
        following=(asked.number + 1) % (MOST + 1),
        tensors=tensors(asked.numbers),
        cards=[_card(one, at, tried, style) for at, one in enumerate(asked.parts)],
        error=tried.error,
    )


def _card(part: PartAsked, at: int, tried: _Tried, style: Style | None) -> Card:
    typed, told = tried.typed.get(part.id), tried.outcomes.get(part.id)
    marks: Marks = ()
    if told:
        marks = marks_of(part, typed, status=told.status, right=told.cells, numbers=style)
    field = input_of(part, typed, marks=marks, numbers=style)
    feedback = practice_feedback(told, part.points, typed=typed) if told else None
    return Card(part, part_letter(at), field, feedback)
