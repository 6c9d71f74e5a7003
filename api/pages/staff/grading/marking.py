"""Grading page: one answer beside the model answer and the rubric, then the next one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import RedirectResponse

from api.core.errors import Conflict, PreconditionFailed, ServiceError
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, validate_body
from api.pages.forms.form_version import parse_form_version
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.grading.answer_text import load_adjacent, render_answer
from api.pages.staff.grading.grading_aids import (
    build_highlights,
    list_neighbors,
    load_comments_to_reuse,
    load_requests,
)
from api.pages.staff.grading.marks import (
    LABELS,
    ZERO_ACTION,
    mark_to_fields,
    parse_mark,
    read_posted_fields,
)
from api.pages.staff.grading.review import (
    claim_next_and_redirect,
    find_part_progress,
    load_assignment_and_crumbs,
    part_title,
)
from api.routes.grading import marks as api
from api.routes.grading import review
from api.schemas.grading.marks import MarkIn, RubricView
from api.schemas.grading.regrade_requests import CommentIn
from api.schemas.grading.review import FlagIn, ReviewItem
from grader.kinds.texts import find_phrases

router = PageRouter()
ANSWER_PATH: Final = "/answers/{answer}"
NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})
SHORTCUT_KEYS: Final = tuple("123456789")


@router.get(f"{ANSWER_PATH}/review")
def show_marking_page(
    answer: UUID,
    context: PageDep,
    saved: flash.SavedQuery = "",
    comment: Annotated[str, Query(max_length=4)] = "",
) -> Response:
    """Return the answer with the information needed to mark it."""
    message = "The comment is posted." if comment else flash.flash_message(saved)
    return _render_marking_page(answer, context, message=message)


def _find_phrases_by_item(item: ReviewItem, rubric: RubricView) -> dict[UUID, list[str]]:
    """Return, by rubric item, its phrases that occur in the answer."""
    typed = str(item.typed or "")
    return {each.id: find_phrases(typed, each.look_for) for each in rubric.items}


def _identical_mark_fields(item: ReviewItem) -> dict[str, str]:
    """Return the fields of the mark of an identical answer, for an answer without a mark."""
    return mark_to_fields(item.same_as.mark) if item.same_as and item.mark is None else {}


def _bind_mark(
    item: ReviewItem,
    typed: Mapping[str, str] | None,
    extra_fields: Mapping[str, str],
    error: ServiceError | None,
) -> BoundForm:
    """Return the form with the *typed* or the stored mark, and with *extra_fields*."""
    fields = mark_to_fields(item.mark) if typed is None else typed
    return BoundForm({**fields, **extra_fields}, error, LABELS)


def _render_marking_page(
    answer: UUID,
    context: RequestContext,
    *,
    typed: Mapping[str, str] | None = None,
    extra_fields: Mapping[str, str] = NO_FIELDS,
    version: str = "",
    error: ServiceError | None = None,
    message: str = "",
    asks_zero: bool = False,
) -> Response:
    item = api.get_review_item(answer, context, Response())
    part_key = item.assignment, item.problem, item.part
    rubric = review.get_rubric(*part_key, context)
    assignment, crumbs = load_assignment_and_crumbs(
        item.assignment, context, with_review_crumb=True
    )
    title, queue = part_title(assignment, item.problem, item.part), _queue_path(item)
    is_stale = isinstance(error, PreconditionFailed)
    return render_page(
        context,
        "staff/marking.html",
        title=title,
        crumbs=[*crumbs, Breadcrumb(title, queue)],
        tab="assignments",
        status=error.status if error else 200,
        item=item,
        queue=queue,
        rubric=rubric,
        keys=SHORTCUT_KEYS,
        answer=render_answer(context, item.typed, build_highlights(rubric, SHORTCUT_KEYS)),
        **_load_aids(item, rubric, context),
        adjacent=load_adjacent(context, part_key, answer),
        progress=find_part_progress(part_key, context),
        comments=api.get_comments(answer, context).comments,
        history=api.get_gradings(answer, context),
        t=_bind_mark(item, typed, extra_fields, None if is_stale else error),
        identical_mark=_identical_mark_fields(item),
        version=item.version if is_stale or not version else version,
        is_stale=is_stale,
        asks_zero=asks_zero,
        done=message,
    )


def _load_aids(item: ReviewItem, rubric: RubricView, context: RequestContext) -> dict[str, object]:
    part_key = item.assignment, item.problem, item.part
    return {
        "phrases": _find_phrases_by_item(item, rubric),
        "neighbors": list_neighbors(context, item, rubric, SHORTCUT_KEYS),
        "reusable": load_comments_to_reuse(context, part_key, item),
        "requests": load_requests(context, item.answer),
    }


def _queue_path(item: ReviewItem) -> str:
    return f"/assignments/{item.assignment}/review/{item.problem}/{item.part}"


def _redirect_to_answer(answer: UUID) -> Response:
    return RedirectResponse(f"/answers/{answer}/review", status_code=303)


@router.post(f"{ANSWER_PATH}/mark")
def mark_answer(answer: UUID, form: FormDep, context: PageDep) -> Response:
    """Grade the answer and go to the next one; with ``act`` ``stay``, stay on the page.

    With an open regrade request, the next page is the list of requests, to answer it.

    One key gives zero points, so an answer that has points already is asked about first.
    """
    version = form.text("version")
    if form.text("act") == ZERO_ACTION and _has_points(answer, context):
        return _render_marking_page(
            answer, context, typed=read_posted_fields(form), version=version, asks_zero=True
        )
    try:
        body = validate_body(MarkIn, parse_mark(form))
        item = api.put_mark(answer, body, context, Response(), parse_form_version(version))
    except FORM_ERRORS as error:
        return _render_marking_page(
            answer, context, typed=read_posted_fields(form), version=version, error=error
        )
    if form.text("act") == "stay":
        return flash.redirect_with_flash(f"/answers/{answer}/review")
    if path := _open_request_path(item, context):
        return RedirectResponse(path, status_code=303)
    return claim_next_and_redirect((item.assignment, item.problem, item.part), context)


def _open_request_path(item: ReviewItem, context: RequestContext) -> str:
    """Return the path of the open regrade request about an answer, or "" if there is none."""
    ids = [each.id for each in load_requests(context, item.answer) if each.status == "open"]
    return f"/assignments/{item.assignment}/requests?saved=done#r-{ids[0]}" if ids else ""


def _has_points(answer: UUID, context: RequestContext) -> bool:
    """Return whether a person has given the answer a grade with points."""
    item = api.get_review_item(answer, context, Response())
    return item.mark is not None and bool(item.score)


@router.post(f"{ANSWER_PATH}/unmark")
def unmark_answer(answer: UUID, form: FormDep, context: PageDep) -> Response:
    """Remove the mark of the answer."""
    try:
        api.delete_mark(answer, context, Response(), parse_form_version(form.text("version")))
    except FORM_ERRORS as error:
        return _render_marking_page(answer, context, error=error)
    return flash.redirect_with_flash(f"/answers/{answer}/review")


@router.post(f"{ANSWER_PATH}/undo")
def undo_last_mark(answer: UUID, form: FormDep, context: PageDep) -> Response:
    """Undo the last mark of the answer, claim the answer, and redirect to it."""
    try:
        api.post_undo(answer, context, Response(), parse_form_version(form.text("version")))
        api.claim_answer(answer, context, Response())
    except FORM_ERRORS as error:
        return _render_marking_page(answer, context, error=error)
    return _redirect_to_answer(answer)


@router.post(f"{ANSWER_PATH}/claim")
def claim_answer(answer: UUID, context: PageDep) -> Response:
    """Claim the answer, so that other TAs skip it."""
    try:
        api.claim_answer(answer, context, Response())
    except Conflict as error:
        return _render_marking_page(answer, context, error=error)
    return _redirect_to_answer(answer)


@router.post(f"{ANSWER_PATH}/release")
def release_answer(answer: UUID, context: PageDep) -> Response:
    """Release the answer unmarked and redirect to the queue."""
    try:
        item = api.release_claim(answer, context, Response())
    except Conflict as error:
        return _render_marking_page(answer, context, error=error)
    return RedirectResponse(_queue_path(item), status_code=303)


@router.post(f"{ANSWER_PATH}/skip")
def skip_answer(answer: UUID, context: PageDep) -> Response:
    """Skip the answer and go to the next one."""
    item = api.skip_answer(answer, context, Response())
    return claim_next_and_redirect((item.assignment, item.problem, item.part), context)


@router.post(f"{ANSWER_PATH}/flag")
def flag_answer(answer: UUID, form: FormDep, context: PageDep) -> Response:
    """Flag the answer for a second look; an empty note removes the flag."""
    note = form.text("note")
    try:
        if note:
            api.put_flag(answer, validate_body(FlagIn, {"note": note}), context, Response())
        else:
            api.delete_flag(answer, context, Response())
    except FORM_ERRORS as error:
        return _render_marking_page(answer, context, extra_fields={"note": note}, error=error)
    return _redirect_to_answer(answer)


@router.post(f"{ANSWER_PATH}/comments")
def comment_on_answer(answer: UUID, form: FormDep, context: PageDep) -> Response:
    """Comment on the answer, either for its student too or for staff only."""
    values = {"text": form.text("text"), "public": form.text("public") == "on"}
    try:
        api.post_comment(answer, validate_body(CommentIn, values), context)
    except FORM_ERRORS as error:
        return _render_marking_page(
            answer, context, extra_fields={"text": form.text("text")}, error=error
        )
    return RedirectResponse(f"/answers/{answer}/review?comment=done#comments", status_code=303)


@router.post("/comments/{comment}/withdraw")
def withdraw_comment(comment: UUID, form: FormDep, context: PageDep) -> Response:
    """Withdraw one of the caller's own comments."""
    api.delete_comment(comment, context)
    answer = parse_id(form.text("answer"))
    return RedirectResponse(f"/answers/{answer}/review#comments" if answer else "/", 303)
