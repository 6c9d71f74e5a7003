"""A problem as a student has it: read it, type, look how it is read, check an answer.

All parts stand in one form, so that checking one loses nothing of the others.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import JSONResponse, RedirectResponse, Response

from api.core.errors import Conflict, Invalid, Precondition, ServiceError
from api.dependencies import Here
from api.pages.forms.form import Form, FormDep, validated
from api.pages.layout.frame import Crumb, page
from api.pages.layout.templating import respond
from api.pages.router import PageDep, PageRouter, PageSubmitting, PageTyping
from api.pages.student.components.grids import grid_of, rows_in
from api.pages.student.components.inputs import compose, composed, input_of, is_given
from api.pages.student.components.problem_queries import Where, look_at
from api.pages.student.components.problem_view import Look, cards, preview, side
from api.pages.student.components.submission_form import (
    check_numbers,
    check_person,
    hand_in,
    new_number,
    print_of,
    save_draft,
    to_keep,
)
from api.pages.student.components.tensors import tensors
from api.routes.student import assigned_problems, drafts
from api.schemas.student.problem import PartView, ProblemView
from api.schemas.student.work import ReadAs, ReadingIn
from api.services.student.problem_session import OWN, Choice
from grader.errors import AnswerError
from grader.reading import Style, Typed

__all__ = ["router"]

router = PageRouter()

POSED: Final = "/assignments/{assignment}/problems/{problem}"
ELSEWHERE: Final = (
    "Something else was saved in another window. Press Save draft to see it beside what you typed."
)

Seed = Annotated[int | None, Query(ge=0, le=2**53)]
Position = Annotated[int | None, Query(ge=-1, le=100_000)]


@router.get(POSED)
def problem_page(
    assignment: UUID, problem: str, here: PageDep, seed: Seed = None, position: Position = None
) -> Response:
    """Return the problem with one's own numbers, or for staff with those that they choose."""
    return _page(here, look_at(here, (assignment, problem), choice=Choice(seed, position)))


def _page(here: Here, look: Look) -> Response:
    view, error, place = look.view, look.error, look.place
    caller = here.visit.caller
    crumbs = (
        Crumb(place.course, f"/courses/{view.course}"),
        Crumb(place.assignment, f"/assignments/{view.assignment}"),
    )
    made = cards(look)
    answer = page(
        here,
        "student/problem.html",
        title=view.title,
        crumbs=crumbs,
        tab="assignments",
        status=error.status if error else 200,
        view=view,
        look=look,
        path=_path((view.assignment, view.problem)),
        cards=made,
        tensors=tensors(view.numbers),
        side=side(look.mine, view.problem),
        number=new_number(),
        asked=print_of(view),
        person=caller.id if caller else "",
        saved=place.moment(view.draft.saved_at),
        has_draft=any(one.is_draft for one in made),
        results_from=place.moment(view.results_from),
        solutions_from=place.moment(view.solutions_from),
        notices=[(one, place.moment(one.at)) for one in view.notices],
        tries=max((one.attempts_used for one in view.parts), default=0),
    )
    if error and error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _path(where: Where) -> str:
    return f"/assignments/{where[0]}/problems/{where[1]}"


@router.post(POSED)
def hand_in_page(assignment: UUID, problem: str, form: FormDep, here: PageSubmitting) -> Response:
    """Keep what is typed as the draft, and hand in the part whose button was pressed."""
    where, part = (assignment, problem), form.text("check")
    view = assigned_problems.posed(*where, here)
    check_person(here, form)
    answers = compose(view.parts, form)
    try:
        _keep(here, where, view, form, answers)
    except Precondition as error:
        draft = assigned_problems.posed(*where, here).draft
        found = look_at(here, where, choice=OWN, typed=answers, error=error, elsewhere=draft)
        return _page(here, found)
    except ServiceError as error:
        return _page(here, look_at(here, where, choice=OWN, typed=answers, error=error, at=part))
    if not part:
        return RedirectResponse(_path(where), status_code=303)
    try:
        check_numbers(view, form)
        hand_in(here, where, {part: answers.get(part, "")}, number=form.text("number"))
    except ServiceError as error:
        kept = is_given(answers.get(part, ""))
        found = look_at(here, where, choice=OWN, typed=answers, error=error, at=part, saved=kept)
        return _page(here, found)
    return RedirectResponse(f"{_path(where)}#part-{part}", status_code=303)


def _keep(
    here: Here, where: Where, view: ProblemView, form: Form, answers: Mapping[str, Typed]
) -> None:
    """Save the draft of a form; over that of another window goes only what is handed in.

    Raises `Precondition` where another window saved something else; a form that is sent twice at
    the same moment is no other window.
    """
    kept = to_keep(view, answers, numbers=_style(here))
    handed_in, version = bool(form.text("check")), form.text("version")
    if not handed_in or version == str(view.draft.version):
        try:
            save_draft(here, where, kept, version=version)
        except Precondition:
            view = assigned_problems.posed(*where, here)
            if kept == view.draft.answers:
                return
            if not handed_in:
                raise
        else:
            return
    save_draft(here, where, {**_others(view, kept), **kept})


def _others(view: ProblemView, kept: dict[str, Typed]) -> dict[str, Typed]:
    """Return the draft that another window saved, but for the parts that are typed here."""
    found = view.draft.answers
    return {part: typed for part, typed in found.items() if part not in kept and typed is not None}


def _style(here: Here) -> Style | None:
    member = here.visit.member
    return member.course.numbers if member else None  # type: ignore[return-value]


@router.post(f"{POSED}/draft")
def draft_page(assignment: UUID, problem: str, form: FormDep, here: PageTyping) -> Response:
    """Keep what is typed as the draft, and tell its version; for the script of the page.

    What is saved already is no conflict: a page that was left has saved as it went.
    """
    where = (assignment, problem)
    view = assigned_problems.posed(*where, here)
    check_person(here, form)
    kept = to_keep(view, compose(view.parts, form), numbers=_style(here))
    try:
        draft = save_draft(here, where, kept, version=form.text("version"))
    except Precondition:
        if kept != view.draft.answers:
            raise Precondition(ELSEWHERE) from None
        draft = view.draft
    return respond("student/problem_saved.html", {"draft": draft})


@router.post(f"{POSED}/reading")
def reading_page(assignment: UUID, problem: str, form: FormDep, here: PageTyping) -> Response:
    """Return how what is typed is read, or the rows of what is pasted; for the script.

    That it cannot be read is told, too, and no error.
    """
    where = (assignment, problem)
    view = assigned_problems.posed(*where, here)
    part = _part(view, form.text("part"))
    if form.has("pasted"):
        return _rows(here, part, form.fields["pasted"][0])
    typed = composed(part, form)
    reading: ReadAs | None = None
    if typed is not None and is_given(typed):
        body = validated(ReadingIn, {"part": part.id, "answer": typed})
        reading = drafts.read(*where, body, here)
    shown = preview(input_of(part, typed), typed, reading)
    return respond("student/problem_reading.html", {"one": shown})


def _part(view: ProblemView, part: str) -> PartView:
    found = next((one for one in view.parts if one.id == part), None)
    if found is None:
        raise Invalid.of("part", "names no part of this problem")
    return found


def _rows(here: Here, part: PartView, text: str) -> Response:
    """Return the rows of cells of a pasted text, or why it cannot be read."""
    grid, caller = grid_of(part), here.visit.caller
    if grid is None or caller is None:
        raise Invalid.of("part", "has no cells")
    read = partial(rows_in, grid, text, numbers=_style(here))
    try:
        return JSONResponse(
            {"rows": here.service.judging_pool.judge(caller.id, {part.id: text}, read)}
        )
    except AnswerError as error:
        return JSONResponse({"said": str(error)})


@router.post(f"{POSED}/variant")
def new_numbers_page(assignment: UUID, problem: str, here: PageDep) -> Response:
    """Take new numbers, where the assignment gives them."""
    where = (assignment, problem)
    try:
        assigned_problems.renew(*where, here)
    except Conflict as error:
        return _page(here, look_at(here, where, choice=OWN, error=error))
    return RedirectResponse(_path(where), status_code=303)
