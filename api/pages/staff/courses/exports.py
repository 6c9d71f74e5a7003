"""Exports of grades and submissions, with a check before each; and score sheets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import Conflict, ServiceError
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep
from api.pages.forms.upload_payload import encode_upload, read_upload
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import (
    RECOVERABLE_ERRORS,
    course_crumbs,
    has_permission,
    load_assignment_titles,
)
from api.routes.courses import people
from api.routes.grades import exports as api
from api.schemas.grades.exports import ExportCheck, ExportWarning, SheetOut
from grader.reading import NumberStyle

router = PageRouter()
EXPORTS_PATH: Final = "/courses/{course}/exports"
SHEET_PATH: Final = "/assignments/{assignment}/score-sheet"
NO_STORE_HEADERS: Final = {"Cache-Control": "private, no-store"}
EXPORT_FORMATS: Final = (
    ("csv", "Table", "One row per student, one column per assignment; for any spreadsheet."),
    ("cells", "Cells", "One row per student and assignment, with late, excused and missing work."),
    ("jsonl", "JSON lines", "One JSON object per student; for programs."),
    ("canvas", "Canvas", "To import grades into Canvas."),
    ("moodle", "Moodle", "To import grades into Moodle."),
    ("gradescope", "Gradescope", "In the format that Gradescope exports."),
)
"""Export formats: the path segment, the label and the purpose."""
AssignmentIdsParam = Annotated[list[UUID] | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class AssignmentOption:
    """Assignment that offers a score sheet."""

    id: UUID
    title: str


@dataclass(frozen=True, slots=True)
class ExportWarningGroup:
    """Warnings with the same meaning, and one message for each student or column."""

    meaning: str
    is_fatal: bool
    messages: tuple[str, ...]


@router.get(EXPORTS_PATH)
def show_exports(
    course: UUID,
    context: PageDep,
    form: Annotated[
        Literal["", "csv", "cells", "jsonl", "canvas", "moodle", "gradescope"], Query()
    ] = "",
    section: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Return the list of exports, with the check of the format *form*, if given."""
    with context.reading() as session:
        context.authorize_course(session, course, right="export")
    section_id = parse_id(section)
    check = api.get_export_check(course, form, context, section=section_id) if form else None
    return _render_exports(context, course, section=section_id, check=check)


def _render_exports(
    context: RequestContext,
    course: UUID,
    *,
    section: UUID | None,
    check: ExportCheck | None = None,
    error: ServiceError | None = None,
) -> Response:
    """Return the exports page, with the *check* of one, or the *error* of a refused one."""
    names = {word: label for word, label, _ in EXPORT_FORMATS}
    return render_page(
        context,
        "staff/exports.html",
        title="Files and score sheets",
        tab="gradebook",
        crumbs=_build_crumbs(context, course),
        status=error.status if error else 200,
        course=course,
        forms=EXPORT_FORMATS,
        check=check,
        groups=_group_warnings(check.warnings) if check else (),
        name=names[check.form] if check else "",
        sections=people.get_sections(course, context).items,
        section=section,
        assignments=_list_assignments(context, course),
        may_override=has_permission(context, "override_grades"),
        error=error,
    )


def _group_warnings(warnings: Sequence[ExportWarning]) -> tuple[ExportWarningGroup, ...]:
    """Group warnings by code, in the order of first occurrence."""
    warnings_by_code: dict[str, list[ExportWarning]] = {}
    for warning in warnings:
        warnings_by_code.setdefault(warning.code, []).append(warning)
    return tuple(
        ExportWarningGroup(those[0].meaning, those[0].fatal, tuple(one.message for one in those))
        for those in warnings_by_code.values()
    )


def _build_crumbs(context: RequestContext, course: UUID) -> Sequence[Breadcrumb]:
    return course_crumbs(context, Breadcrumb("Gradebook", f"/courses/{course}/gradebook"))


def _list_assignments(context: RequestContext, course: UUID) -> list[AssignmentOption]:
    return [
        AssignmentOption(id_, title)
        for id_, title in load_assignment_titles(course, context).items()
    ]


@router.get(f"{EXPORTS_PATH}/submissions")
def download_submissions(
    course: UUID,
    context: PageDep,
    *,
    assignments: AssignmentIdsParam = None,
    pseudonymous: bool = False,
) -> Response:
    """Return all submissions with their results, as JSON Lines."""
    response = api.get_submissions_export(
        course, context, assignments=assignments, pseudonymous=pseudonymous
    )
    return _prevent_caching(response)


@router.get(f"{EXPORTS_PATH}/{{form}}")
def download_grades(
    course: UUID,
    form: str,
    context: PageDep,
    *,
    assignments: AssignmentIdsParam = None,
    section: Annotated[str, Query(max_length=40)] = "",
    force: bool = False,
) -> Response:
    """Return the gradebook as a file.

    If the importing system would misread the file, redirect to the check instead,
    unless *force*. With *assignments*, raise the `Conflict`.
    """
    section_id = parse_id(section)
    try:
        response = api.get_gradebook_export(
            course, form, context, assignments=assignments, section=section_id, force=force
        )
    except Conflict as error:
        if error.code != "file_misread" or assignments:
            raise
        params = urlencode({"form": form} | ({"section": section} if section else {}))
        return RedirectResponse(f"/courses/{course}/exports?{params}#check", status_code=303)
    return _prevent_caching(response)


@router.get(SHEET_PATH)
def download_score_sheet(
    assignment: UUID,
    context: PageDep,
    *,
    problem: Annotated[str, Query(max_length=80)] = "",
    part: Annotated[str, Query(max_length=80)] = "",
    style: NumberStyle = "point",
) -> Response:
    """Return the answers that count with their points, for editing in a spreadsheet."""
    return _prevent_caching(
        api.get_score_sheet(assignment, context, problem=problem, part=part, style=style)
    )


@router.post(f"{EXPORTS_PATH}/moodle")
def download_moodle_file(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Return the Moodle file for the students on the uploaded list of participants."""
    with context.reading() as session:
        context.authorize_course(session, course, right="export")
    section = parse_id(form.text("section"))
    try:
        response = api.post_moodle_export(
            course, context, read_upload(form), section=section, force=form.has("force")
        )
    except RECOVERABLE_ERRORS as error:
        return _render_exports(context, course, section=section, error=error)
    return _prevent_caching(response)


def _prevent_caching(response: Response) -> Response:
    """Add headers to *response* that keep it out of all caches, and return it."""
    response.headers.update(NO_STORE_HEADERS)
    return response


@router.post(SHEET_PATH)
def upload_score_sheet(assignment: UUID, form: FormDep, context: PageDep) -> Response:
    """Dry-run the changes of a score sheet; with ``apply``, apply them."""
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="override_grades"
        )
    target = AssignmentOption(assignment_row.id, assignment_row.title)
    style: NumberStyle = "comma" if form.text("style") == "comma" else "point"
    try:
        body = read_upload(form)
        result = api.post_score_sheet(
            assignment, context, body, dry_run=not form.has("apply"), style=style
        )
    except RECOVERABLE_ERRORS as error:
        return _render_score_sheet_page(context, member.course.id, target, error=error, style=style)
    return _render_score_sheet_page(
        context, member.course.id, target, result=result, body=body, style=style
    )


def _render_score_sheet_page(
    context: RequestContext,
    course: UUID,
    target: AssignmentOption,
    *,
    style: NumberStyle,
    result: SheetOut | None = None,
    body: bytes = b"",
    error: ServiceError | None = None,
) -> Response:
    return render_page(
        context,
        "staff/score_sheet.html",
        title=f"Score sheet of {target.title}",
        tab="gradebook",
        crumbs=(*_build_crumbs(context, course), Breadcrumb("Files", f"/courses/{course}/exports")),
        status=error.status if error else 200,
        course=course,
        assignment=target,
        result=result,
        carried=encode_upload(body),
        style=style,
        error=error,
    )
