"""Report pages of a student: upload a document, compare its passages, and confirm answers."""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from api.core.errors import (
    Conflict,
    InvalidInput,
    RateLimited,
    ServiceError,
    ServiceUnavailable,
)
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.layout.local_time import CourseClock
from api.pages.layout.templating import build_retry_after_headers
from api.pages.router import PageDep, PageRouter, SubmissionPageDep
from api.pages.student.components.report_cards import ReportCard, build_report_cards
from api.routes.assignments import assignments
from api.routes.student import drafts
from api.routes.student import reports as api
from api.schemas.assignments.assignments import StaffAssignment, StudentAssignment
from api.schemas.student.assignments import MyAssignment
from api.schemas.student.reports import ConfirmedProblem, ConfirmIn, ReportPart
from api.schemas.student.work import ReadAs, ReadingIn
from api.services.reports.documents import FILE_ENDINGS
from api.services.student.assignments import load_my_assignment

router = PageRouter()

REPORTS_PATH: Final = "/assignments/{assignment}/reports"
REPORT_PATH: Final = f"{REPORTS_PATH}/{{report}}"
UPLOAD_ERRORS: Final = (Conflict, InvalidInput, RateLimited, ServiceUnavailable)
NOTHING_CHOSEN: Final = "Choose a passage or type an answer first."
ATTACHMENT_CHANGED: Final = (
    "Attachments have changed since you opened this page. Check them, then confirm again."
)
CERTAIN, CHOSEN = "certain", "part-"


@router.get(REPORTS_PATH)
def reports_page(assignment: UUID, context: PageDep) -> Response:
    """Return the form to upload a report, and the reports uploaded before."""
    return _render_reports(context, assignment)


def _render_reports(
    context: RequestContext, assignment: UUID, error: ServiceError | None = None
) -> Response:
    reports = api.get_reports(assignment, context).items
    view = assignments.get_assignment(assignment, context, Response())
    clock = CourseClock.for_request(context)
    response = render_page(
        context,
        "student/reports.html",
        title="Submit a report",
        crumbs=_build_crumbs(clock, view),
        tab="assignments",
        status=error.status if error else 200,
        assignment=view,
        mine=_load_my_assignment(context, assignment),
        reports=[(report, clock(report.uploaded_at)) for report in reports],
        endings=", ".join(FILE_ENDINGS),
        error=error,
    )
    response.headers.update(build_retry_after_headers(error))
    return response


def _load_my_assignment(context: RequestContext, assignment: UUID) -> MyAssignment | None:
    """Return the student's view of the assignment, or None for staff."""
    with context.reading() as session:
        member, row = context.authorize_assignment(session, assignment)
        if member.is_staff:
            return None
        return load_my_assignment(session, member, row, now=context.now)


def _build_crumbs(
    clock: CourseClock, view: StudentAssignment | StaffAssignment
) -> tuple[Breadcrumb, ...]:
    return (
        Breadcrumb(clock.course.title, f"/courses/{view.course}"),
        Breadcrumb(view.title, f"/assignments/{view.id}"),
    )


@router.post(REPORTS_PATH)
def upload_report_page(assignment: UUID, form: FormDep, context: PageDep) -> Response:
    """Read an uploaded report and go to its page."""
    files = form.files.get("file", ())
    try:
        if not files or not files[0].name:
            raise InvalidInput.for_field("file", "is missing; choose your report")
        report = api.upload_report(assignment, context, files[0].body, files[0].name[-300:])
    except UPLOAD_ERRORS as error:
        return _render_reports(context, assignment, error)
    return RedirectResponse(f"/assignments/{assignment}/reports/{report.id}", status_code=303)


@router.get(REPORT_PATH)
def report_page(assignment: UUID, report: UUID, context: PageDep) -> Response:
    """Return the passages of a report, each with how it is read, to confirm or correct."""
    return _render_report(context, assignment, report)


def _render_report(
    context: RequestContext,
    assignment: UUID,
    report: UUID,
    *,
    form: PostedForm | None = None,
    errors: Sequence[str] = (),
    status: int = 200,
    is_submitted: bool = False,
) -> Response:
    stored = api.get_report(assignment, report, context)
    view = assignments.get_assignment(assignment, context, Response())
    clock = CourseClock.for_request(context)
    read = partial(_read_typed, context, assignment)
    cards = build_report_cards(stored.parts, view, form, read)
    waiting = [card for card in cards if not card.is_confirmed]
    return render_page(
        context,
        "student/report.html",
        title=stored.file_name,
        crumbs=(
            *_build_crumbs(clock, view),
            Breadcrumb("Reports", f"/assignments/{assignment}/reports"),
        ),
        tab="assignments",
        status=status,
        assignment=view,
        mine=_load_my_assignment(context, assignment),
        report=stored,
        path=f"/assignments/{assignment}/reports/{report}",
        uploaded_at=clock(stored.uploaded_at),
        cards=cards,
        certain=[card for card in waiting if card.part.confidence == CERTAIN],
        missing=[card for card in waiting if card.part.confidence == "missing"],
        waiting=waiting,
        errors=errors,
        is_submitted=is_submitted,
    )


def _read_typed(context: RequestContext, assignment: UUID, part: ReportPart, text: str) -> ReadAs:
    """Return how a typed answer is read, or the reason why it cannot be."""
    try:
        body = validate_body(ReadingIn, {"part": part.part, "answer": text})
        return drafts.post_reading(assignment, part.problem, body, context)
    except ServiceError as error:
        return ReadAs(readable=False, message=str(error))


@router.post(REPORT_PATH)
def confirm_report_page(
    assignment: UUID, report: UUID, form: FormDep, context: SubmissionPageDep
) -> Response:
    """Submit the certain answers, or the one whose button was pressed; else show the readings."""
    act = form.text("act")
    if act != CERTAIN and not act.startswith(CHOSEN):
        return _render_report(context, assignment, report, form=form)
    stored = api.get_report(assignment, report, context)
    view = assignments.get_assignment(assignment, context, Response())
    cards = build_report_cards(stored.parts, view, form)
    chosen = _choose_cards(cards, act)
    answers = [answer for card in chosen if (answer := card.build_answer()) is not None]
    if not answers:
        return _render_report(
            context, assignment, report, form=form, errors=(NOTHING_CHOSEN,), status=422
        )
    if any(form.text(f"attached-{card.index}") != card.attachment_id for card in chosen):
        return _render_report(
            context, assignment, report, form=form, errors=(ATTACHMENT_CHANGED,), status=409
        )
    try:
        items = api.confirm_answers(
            assignment, report, ConfirmIn(answers=tuple(answers)), context
        ).items
    except UPLOAD_ERRORS as error:
        return _render_report(
            context, assignment, report, form=form, errors=(str(error),), status=error.status
        )
    refused = _list_refusals(items, view)
    if refused:
        return _render_report(context, assignment, report, form=form, errors=refused, status=409)
    if _has_other_input(cards, chosen, build_report_cards(stored.parts, view)):
        return _render_report(context, assignment, report, form=form, is_submitted=True)
    fragment = f"#part-{chosen[0].index}" if act.startswith(CHOSEN) else ""
    path = f"/assignments/{assignment}/reports/{report}{fragment}"
    return flash.redirect_with_flash(path, word="answers-confirmed")


def _list_refusals(
    items: Sequence[ConfirmedProblem], view: StudentAssignment | StaffAssignment
) -> list[str]:
    titles = {problem.problem: problem.title for problem in view.problems}
    return [
        f"{titles.get(item.problem, item.problem)}: {item.error.detail}"
        for item in items
        if item.error
    ]


def _has_other_input(
    cards: Sequence[ReportCard], chosen: Sequence[ReportCard], initial: Sequence[ReportCard]
) -> bool:
    """Return whether the form holds input for parts that were not submitted with *chosen*."""
    return any(
        (card.choice, card.typed.strip()) != (before.choice, before.typed)
        for card, before in zip(cards, initial, strict=True)
        if card not in chosen and not card.is_confirmed
    )


def _choose_cards(cards: Sequence[ReportCard], act: str) -> list[ReportCard]:
    """Return the cards that a button confirms: all certain ones, or its own."""
    if act == CERTAIN:
        return [card for card in cards if card.part.confidence == CERTAIN and not card.is_confirmed]
    return [card for card in cards if act == f"{CHOSEN}{card.index}"]


@router.get(f"{REPORT_PATH}/document")
def document_page(assignment: UUID, report: UUID, context: PageDep) -> Response:
    """Return the file of a report."""
    return api.get_document(assignment, report, context)
