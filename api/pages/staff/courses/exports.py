"""Grades and work as files, each checked before; and score sheets, there and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import Conflict, ServiceError
from api.core.ids import read_id
from api.dependencies import Here
from api.pages.forms.form import FormDep
from api.pages.forms.upload_payload import carried, sent_file
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import MENDABLE, course_crumbs, may, titles_of
from api.routes.courses import people
from api.routes.grades import exports as api
from api.schemas.grades.exports import ExportCheck, ExportWarning, SheetOut
from grader.reading import Style

__all__ = ["router"]

router = PageRouter()
PAGE: Final = "/courses/{course}/exports"
SHEET: Final = "/assignments/{assignment}/score-sheet"
KEPT: Final = {"Cache-Control": "private, no-store"}
FORMS: Final = (
    ("csv", "Table", "A row a student, a column an assignment: for any spreadsheet."),
    ("cells", "Cells", "A row a student and assignment, with late, excused and missing."),
    ("jsonl", "JSON lines", "An object a student: for programs."),
    ("canvas", "Canvas", "For the import of grades in Canvas."),
    ("moodle", "Moodle", "For the import of grades in Moodle."),
    ("gradescope", "Gradescope", "As Gradescope itself writes grades."),
)
"""The forms of a file: the word in the address, its name, and what it is for."""
Only = Annotated[list[UUID] | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """An assignment whose score sheet can be had."""

    id: UUID
    title: str


@dataclass(frozen=True, slots=True)
class Group:
    """Warnings that mean the same: what it is, and what is said of each student or column."""

    meaning: str
    is_fatal: bool
    said: tuple[str, ...]


@router.get(PAGE)
def exports_page(
    course: UUID,
    here: PageDep,
    form: Annotated[
        Literal["", "csv", "cells", "jsonl", "canvas", "moodle", "gradescope"], Query()
    ] = "",
    section: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Return what files there are, with the check of the one that is asked for."""
    with here.reading() as session:
        here.member(session, course, right="export")
    narrowed = read_id(section)
    check = api.get_export_check(course, form, here, section=narrowed) if form else None
    return _files_page(here, course, section=narrowed, check=check)


def _files_page(
    here: Here,
    course: UUID,
    *,
    section: UUID | None,
    check: ExportCheck | None = None,
    error: ServiceError | None = None,
) -> Response:
    """Return the page of the files, with a check of one, or with why one was refused."""
    names = {word: label for word, label, _ in FORMS}
    return page(
        here,
        "staff/exports.html",
        title="Files and score sheets",
        tab="gradebook",
        crumbs=_crumbs(here, course),
        status=error.status if error else 200,
        course=course,
        forms=FORMS,
        check=check,
        groups=_groups(check.warnings) if check else (),
        name=names[check.form] if check else "",
        sections=people.get_sections(course, here).items,
        section=section,
        assignments=_assignments(here, course),
        may_override=may(here, "override_grades"),
        error=error,
    )


def _groups(warnings: Sequence[ExportWarning]) -> tuple[Group, ...]:
    """Return warnings by what they mean, in the order of the first of each."""
    found: dict[str, list[ExportWarning]] = {}
    for one in warnings:
        found.setdefault(one.code, []).append(one)
    return tuple(
        Group(those[0].meaning, those[0].fatal, tuple(one.said for one in those))
        for those in found.values()
    )


def _crumbs(here: Here, course: UUID) -> Sequence[Crumb]:
    return course_crumbs(here, Crumb("Gradebook", f"/courses/{course}/gradebook"))


def _assignments(here: Here, course: UUID) -> list[Chosen]:
    return [Chosen(id_, title) for id_, title in titles_of(course, here).items()]


@router.get(f"{PAGE}/submissions")
def submissions_file(
    course: UUID, here: PageDep, *, assignments: Only = None, pseudonymous: bool = False
) -> Response:
    """Return all that was handed in with its results, as JSON lines."""
    answer = api.get_submissions_export(
        course, here, assignments=assignments, pseudonymous=pseudonymous
    )
    return _file(answer)


@router.get(f"{PAGE}/{{form}}")
def grades_file(
    course: UUID,
    form: str,
    here: PageDep,
    *,
    assignments: Only = None,
    section: Annotated[str, Query(max_length=40)] = "",
    force: bool = False,
) -> Response:
    """Return the gradebook as a file; unless forced, the check of one that would be misread."""
    narrowed = read_id(section)
    try:
        answer = api.get_export(
            course, form, here, assignments=assignments, section=narrowed, force=force
        )
    except Conflict as error:
        if error.code != "file_misread" or assignments:
            raise
        asked = urlencode({"form": form} | ({"section": section} if section else {}))
        return RedirectResponse(f"/courses/{course}/exports?{asked}#check", status_code=303)
    return _file(answer)


@router.get(SHEET)
def score_sheet(
    assignment: UUID,
    here: PageDep,
    *,
    problem: Annotated[str, Query(max_length=80)] = "",
    part: Annotated[str, Query(max_length=80)] = "",
    style: Style = "point",
) -> Response:
    """Return the answers that count with their points, to be changed in a spreadsheet."""
    return _file(api.get_score_sheet(assignment, here, problem=problem, part=part, style=style))


@router.post(f"{PAGE}/moodle")
def moodle_file(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Return the file for Moodle with those alone who are on the list of its participants."""
    with here.reading() as session:
        here.member(session, course, right="export")
    section = read_id(form.text("section"))
    try:
        answer = api.post_moodle_export(
            course, here, sent_file(form), section=section, force=form.has("force")
        )
    except MENDABLE as error:
        return _files_page(here, course, section=section, error=error)
    return _file(answer)


def _file(answer: Response) -> Response:
    """Return a file that no cache keeps."""
    answer.headers.update(KEPT)
    return answer


@router.post(SHEET)
def sheet_page(assignment: UUID, form: FormDep, here: PageDep) -> Response:
    """Return what a score sheet would change; take it over where that is asked for."""
    with here.reading() as session:
        member, found = here.assignment(session, assignment, right="override_grades")
    at = Chosen(found.id, found.title)
    style: Style = "comma" if form.text("style") == "comma" else "point"
    try:
        body = sent_file(form)
        told = api.post_score_sheet(
            assignment, here, body, dry_run=not form.has("apply"), style=style
        )
    except MENDABLE as error:
        return _sheet_page(here, member.course.id, at, error=error, style=style)
    return _sheet_page(here, member.course.id, at, told=told, body=body, style=style)


def _sheet_page(
    here: Here,
    course: UUID,
    at: Chosen,
    *,
    style: Style,
    told: SheetOut | None = None,
    body: bytes = b"",
    error: ServiceError | None = None,
) -> Response:
    return page(
        here,
        "staff/score_sheet.html",
        title=f"Score sheet of {at.title}",
        tab="gradebook",
        crumbs=(*_crumbs(here, course), Crumb("Files", f"/courses/{course}/exports")),
        status=error.status if error else 200,
        course=course,
        at=at,
        told=told,
        carried=carried(body),
        style=style,
        error=error,
    )
