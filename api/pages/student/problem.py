"""The problem page of a student: read it, type and preview answers, and submit them.

All parts are in one form, so that checking one keeps the answers to the others.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import JSONResponse, RedirectResponse, Response

from api.core.errors import Conflict, InvalidInput, PreconditionFailed, ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.layout.templating import build_retry_after_headers, render_response
from api.pages.router import DraftPageDep, PageDep, PageRouter, SubmissionPageDep
from api.pages.student.components.grids import build_grid, read_rows
from api.pages.student.components.inputs import (
    build_input,
    has_content,
    parse_form_answer,
    parse_form_answers,
)
from api.pages.student.components.problem_queries import ProblemKey, load_problem_page_data
from api.pages.student.components.problem_view import (
    PartCard,
    ProblemPageData,
    build_cards,
    build_reading_preview,
    build_sidebar,
)
from api.pages.student.components.submission_form import (
    check_problem_unchanged,
    check_same_user,
    fingerprint_problem,
    generate_form_number,
    parse_attachments,
    save_draft,
    select_draft_answers,
    submit_answers,
)
from api.pages.student.components.tensors import build_tensor_displays
from api.routes.student import assigned_problems, drafts
from api.schemas.student.problem import PartView, ProblemView
from api.schemas.student.work import ReadAs, ReadingIn
from api.services.student.problem_session import OWN_VARIANT, VariantChoice
from grader.errors import AnswerError
from grader.reading import NumberStyle, RawAnswer

router = PageRouter()

ATTACH_PREFIX: Final = "attach."
PROBLEM_PATH: Final = "/assignments/{assignment}/problems/{problem}"
SAVED_ELSEWHERE_MESSAGE: Final = (
    "Another window saved a different draft. Compare the two before you continue."
)

Seed = Annotated[int | None, Query(ge=0, le=2**53)]
Position = Annotated[int | None, Query(ge=-1, le=100_000)]


@router.get(PROBLEM_PATH)
def problem_page(
    assignment: UUID, problem: str, context: PageDep, seed: Seed = None, position: Position = None
) -> Response:
    """Return the problem with the student's own variant; staff can select a variant."""
    return _render_problem_page(
        context,
        load_problem_page_data(
            context, (assignment, problem), choice=VariantChoice(seed, position)
        ),
    )


def _render_problem_page(context: RequestContext, page_data: ProblemPageData) -> Response:
    view, error, display = page_data.view, page_data.error, page_data.display
    caller = context.activity.caller
    crumbs = (
        Breadcrumb(display.course, f"/courses/{view.course}"),
        Breadcrumb(display.assignment, f"/assignments/{view.assignment}"),
    )
    part_cards = build_cards(page_data)
    response = render_page(
        context,
        "student/problem.html",
        title=view.title,
        crumbs=crumbs,
        tab="assignments",
        status=error.status if error else 200,
        view=view,
        look=page_data,
        path=_problem_path((view.assignment, view.problem)),
        cards=part_cards,
        tensors=build_tensor_displays(view.numbers),
        side=build_sidebar(page_data.mine, view.problem),
        number=generate_form_number(),
        fingerprint=fingerprint_problem(view),
        person=caller.id if caller else "",
        saved=display.moment(view.draft.saved_at),
        enter_checks=_choose_part_for_enter_key(part_cards),
        has_draft=any(card.is_draft for card in part_cards),
        results_from=display.moment(view.results_from),
        solutions_from=display.moment(view.solutions_from),
        notices=[(notice, display.moment(notice.at)) for notice in view.notices],
        tries=max((part.attempts_used for part in view.parts), default=0),
    )
    response.headers.update(build_retry_after_headers(error))
    return response


def _choose_part_for_enter_key(cards: Sequence[PartCard]) -> str:
    """Return the part that Enter checks without scripts, or "" to save a draft.

    A browser does not report which field had the focus, so with several parts Enter must
    not use up an attempt. The page's script knows the field and checks its part.
    """
    return cards[0].part.id if len(cards) == 1 and cards[0].may_check else ""


def _problem_path(problem_key: ProblemKey) -> str:
    return f"/assignments/{problem_key[0]}/problems/{problem_key[1]}"


@router.post(PROBLEM_PATH)
def save_and_submit_page(
    assignment: UUID, problem: str, form: FormDep, context: SubmissionPageDep
) -> Response:
    """Save the answers as the draft, and submit the part whose button was pressed."""
    problem_key, part = (assignment, problem), form.text("check")
    view = assigned_problems.get_problem(*problem_key, context)
    check_same_user(context, form)
    answers = parse_form_answers(view.parts, form)
    load_page_data = partial(
        load_problem_page_data, context, problem_key, choice=OWN_VARIANT, typed=answers
    )
    try:
        _save_form_draft(context, problem_key, view, form, answers)
    except PreconditionFailed as error:
        draft = assigned_problems.get_problem(*problem_key, context).draft
        return _render_problem_page(context, load_page_data(error=error, elsewhere=draft))
    except ServiceError as error:
        return _render_problem_page(context, load_page_data(error=error, checked_part=part))
    if not part:
        return RedirectResponse(_build_next_path(problem_key, view, form), status_code=303)
    try:
        check_problem_unchanged(view, form)
        submit_answers(
            context,
            problem_key,
            {part: answers.get(part, "")},
            number=form.text("number"),
            attachments=parse_attachments(form, part),
        )
    except ServiceError as error:
        is_saved = has_content(answers.get(part, ""))
        return _render_problem_page(
            context, load_page_data(error=error, checked_part=part, saved=is_saved)
        )
    return RedirectResponse(f"{_problem_path(problem_key)}#part-{part}", status_code=303)


def _build_next_path(problem_key: ProblemKey, view: ProblemView, form: PostedForm) -> str:
    """Return the page after a draft is saved: the same, or that of the attachment of a part."""
    part = form.text("save").removeprefix(ATTACH_PREFIX)
    takes_attachment = any(one.id == part and one.takes_attachment for one in view.parts)
    path = _problem_path(problem_key)
    return f"{path}/attachments/{part}" if takes_attachment else path


def _save_form_draft(
    context: RequestContext,
    problem_key: ProblemKey,
    view: ProblemView,
    form: PostedForm,
    answers: Mapping[str, RawAnswer],
) -> None:
    """Save the answers in a form as the draft.

    If another window has saved a different draft, a submission is merged into it, and a
    plain save raises `PreconditionFailed`. A form that is sent twice at the same moment
    is not another window.
    """
    draft_answers = select_draft_answers(view, answers, decimal_style=_decimal_style(context))
    is_submission, version = bool(form.text("check")), form.text("version")
    if not is_submission or version == str(view.draft.version):
        try:
            save_draft(context, problem_key, draft_answers, version=version)
        except PreconditionFailed:
            view = assigned_problems.get_problem(*problem_key, context)
            if draft_answers == view.draft.answers:
                return
            if not is_submission:
                raise
        else:
            return
    save_draft(
        context, problem_key, {**_other_window_answers(view, draft_answers), **draft_answers}
    )


def _other_window_answers(
    view: ProblemView, draft_answers: dict[str, RawAnswer]
) -> dict[str, RawAnswer]:
    """Return the saved answers of another window, except to parts in *draft_answers*."""
    saved_answers = view.draft.answers
    return {
        part: typed
        for part, typed in saved_answers.items()
        if part not in draft_answers and typed is not None
    }


def _decimal_style(context: RequestContext) -> NumberStyle | None:
    member = context.activity.member
    return member.course.numbers if member else None  # type: ignore[return-value]


@router.post(f"{PROBLEM_PATH}/draft")
def save_draft_page(
    assignment: UUID, problem: str, form: FormDep, context: DraftPageDep
) -> Response:
    """Save the answers as the draft and return its version, for the page's script.

    Answers that are already saved are no conflict: a page saves its draft when the user
    leaves it.
    """
    problem_key = (assignment, problem)
    view = assigned_problems.get_problem(*problem_key, context)
    check_same_user(context, form)
    draft_answers = select_draft_answers(
        view, parse_form_answers(view.parts, form), decimal_style=_decimal_style(context)
    )
    try:
        draft = save_draft(context, problem_key, draft_answers, version=form.text("version"))
    except PreconditionFailed:
        if draft_answers != view.draft.answers:
            raise PreconditionFailed(SAVED_ELSEWHERE_MESSAGE) from None
        draft = view.draft
    return render_response("student/problem_saved.html", {"draft": draft})


@router.post(f"{PROBLEM_PATH}/reading")
def reading_page(assignment: UUID, problem: str, form: FormDep, context: DraftPageDep) -> Response:
    """Return how an answer is read, or the rows of pasted text, for the page's script.

    An unreadable answer gives a normal response, not an error.
    """
    problem_key = (assignment, problem)
    view = assigned_problems.get_problem(*problem_key, context)
    part = _find_part(view, form.text("part"))
    if form.has("pasted"):
        return _respond_with_rows(context, part, form.fields["pasted"][0])
    typed = parse_form_answer(part, form)
    reading: ReadAs | None = None
    if typed is not None and has_content(typed):
        body = validate_body(ReadingIn, {"part": part.id, "answer": typed})
        reading = drafts.post_reading(*problem_key, body, context)
    reading_preview = build_reading_preview(build_input(part, typed), typed, reading)
    return render_response("student/problem_reading.html", {"preview": reading_preview})


def _find_part(view: ProblemView, part: str) -> PartView:
    part_view = next((one for one in view.parts if one.id == part), None)
    if part_view is None:
        raise InvalidInput.for_field("part", "names no part of this problem")
    return part_view


def _respond_with_rows(context: RequestContext, part: PartView, text: str) -> Response:
    """Return a pasted text as rows of cells, or the reason why it cannot be read."""
    grid, caller = build_grid(part), context.activity.caller
    if grid is None or caller is None:
        raise InvalidInput.for_field("part", "has no cells")
    read = partial(read_rows, grid, text, decimal_style=_decimal_style(context))
    try:
        return JSONResponse(
            {
                "rows": context.service.grading_pool.run_inline_or_pooled(
                    caller.id, {part.id: text}, read
                )
            }
        )
    except AnswerError as error:
        return JSONResponse({"message": str(error)})


@router.post(f"{PROBLEM_PATH}/variant")
def draw_new_variant_page(assignment: UUID, problem: str, context: PageDep) -> Response:
    """Draw a new variant of the problem, if the assignment allows it."""
    problem_key = (assignment, problem)
    try:
        assigned_problems.renew_variant(*problem_key, context)
    except Conflict as error:
        return _render_problem_page(
            context, load_problem_page_data(context, problem_key, choice=OWN_VARIANT, error=error)
        )
    return RedirectResponse(_problem_path(problem_key), status_code=303)
