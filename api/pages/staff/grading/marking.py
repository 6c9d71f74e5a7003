"""One answer at the desk of a marker: what was written, the rubric, and on to the next one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import RedirectResponse

from api.core.errors import Conflict, Precondition, ServiceError
from api.core.ids import read_id
from api.dependencies import Here
from api.pages.forms.form import FormDep, validated
from api.pages.forms.form_version import held
from api.pages.forms.redisplay import REFUSALS, Typed
from api.pages.layout import flash
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.grading.marks import LABELS, fields_of, mark_of, typed_of
from api.pages.staff.grading.review import called, next_of, way
from api.routes.grading import marks as api
from api.routes.grading import review
from api.schemas.grading.marks import MarkIn
from api.schemas.grading.regrade_requests import CommentIn
from api.schemas.grading.review import FlagIn, ReviewItem

__all__ = ["router"]

router = PageRouter()
ANSWER: Final = "/answers/{answer}"
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
KEYS: Final = tuple("123456789")


@router.get(f"{ANSWER}/review")
def desk(
    answer: UUID,
    here: PageDep,
    saved: flash.Saved = "",
    comment: Annotated[str, Query(max_length=4)] = "",
) -> Response:
    """Return the answer with what one needs to mark it."""
    done = "The comment is posted." if comment else flash.told(saved)
    return _desk(answer, here, done=done)


def _desk(
    answer: UUID,
    here: Here,
    *,
    typed: Mapping[str, str] | None = None,
    also: Mapping[str, str] = NOTHING,
    version: str = "",
    error: ServiceError | None = None,
    done: str = "",
) -> Response:
    one = api.item(answer, here, Response())
    where = one.assignment, one.problem, one.part
    rubric = review.rubric(*where, here)
    told = api.listed_comments(answer, here)
    history = api.history(answer, here)
    assignment, crumbs = way(one.assignment, here, more=True)
    title, is_stale = called(assignment, one.problem, one.part), isinstance(error, Precondition)
    fields = {**(fields_of(one.mark) if typed is None else typed), **also}
    return page(
        here,
        "staff/marking.html",
        title=title,
        crumbs=[*crumbs, Crumb(title, _queue(one))],
        tab="assignments",
        status=error.status if error else 200,
        one=one,
        queue=_queue(one),
        rubric=rubric,
        keys=KEYS,
        comments=told.comments,
        history=history,
        t=Typed(fields, None if is_stale else error, LABELS),
        alike=fields_of(one.same_as.mark) if one.same_as and one.mark is None else {},
        version=one.version if is_stale or not version else version,
        is_stale=is_stale,
        done=done,
    )


def _queue(one: ReviewItem) -> str:
    return f"/assignments/{one.assignment}/review/{one.problem}/{one.part}"


def _again(answer: UUID) -> Response:
    return RedirectResponse(f"/answers/{answer}/review", status_code=303)


@router.post(f"{ANSWER}/mark")
def mark(answer: UUID, form: FormDep, here: PageDep) -> Response:
    """Mark the answer; go on to the next one, or stay where ``act`` is ``stay``."""
    version = form.text("version")
    try:
        body = validated(MarkIn, mark_of(form))
        one = api.put_mark(answer, body, here, Response(), held(version))
    except REFUSALS as error:
        return _desk(answer, here, typed=typed_of(form), version=version, error=error)
    if form.text("act") == "stay":
        return flash.onwards(f"/answers/{answer}/review")
    return next_of((one.assignment, one.problem, one.part), here)


@router.post(f"{ANSWER}/unmark")
def unmark(answer: UUID, form: FormDep, here: PageDep) -> Response:
    """Take the mark back."""
    try:
        api.delete_mark(answer, here, Response(), held(form.text("version")))
    except REFUSALS as error:
        return _desk(answer, here, error=error)
    return flash.onwards(f"/answers/{answer}/review")


@router.post(f"{ANSWER}/claim")
def claim(answer: UUID, here: PageDep) -> Response:
    """Hold the answer, so that nobody else marks it."""
    try:
        api.claim(answer, here, Response())
    except Conflict as error:
        return _desk(answer, here, error=error)
    return _again(answer)


@router.post(f"{ANSWER}/release")
def release(answer: UUID, here: PageDep) -> Response:
    """Give the answer back unmarked and return to the queue."""
    try:
        one = api.release(answer, here, Response())
    except Conflict as error:
        return _desk(answer, here, error=error)
    return RedirectResponse(_queue(one), status_code=303)


@router.post(f"{ANSWER}/skip")
def skip(answer: UUID, here: PageDep) -> Response:
    """Pass the answer over and go on to the next one."""
    one = api.skip(answer, here, Response())
    return next_of((one.assignment, one.problem, one.part), here)


@router.post(f"{ANSWER}/flag")
def flag(answer: UUID, form: FormDep, here: PageDep) -> Response:
    """Ask that somebody looks again; an empty note takes the flag away."""
    note = form.text("note")
    try:
        if note:
            api.put_flag(answer, validated(FlagIn, {"note": note}), here, Response())
        else:
            api.delete_flag(answer, here, Response())
    except REFUSALS as error:
        return _desk(answer, here, also={"note": note}, error=error)
    return _again(answer)


@router.post(f"{ANSWER}/comments")
def comment(answer: UUID, form: FormDep, here: PageDep) -> Response:
    """Comment on the answer, for its student or for the staff alone."""
    values = {"text": form.text("text"), "public": form.text("public") == "on"}
    try:
        api.comment(answer, validated(CommentIn, values), here)
    except REFUSALS as error:
        return _desk(answer, here, also={"text": form.text("text")}, error=error)
    return RedirectResponse(f"/answers/{answer}/review?comment=done#comments", status_code=303)


@router.post("/comments/{comment}/withdraw")
def withdraw_comment(comment: UUID, form: FormDep, here: PageDep) -> Response:
    """Take a comment of one's own back."""
    api.delete_comment(comment, here)
    answer = read_id(form.text("answer"))
    return RedirectResponse(f"/answers/{answer}/review#comments" if answer else "/", 303)
