"""Courses: the list of all that one is in, a new one, and the settings of one."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import RedirectResponse

from api.auth.roles import may
from api.core.errors import Precondition, ServiceError
from api.dependencies import Here
from api.http.pagination import MAX_CURSOR
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.form_version import held
from api.pages.forms.redisplay import REFUSALS, Typed, differences
from api.pages.forms.rows import ROW, row_numbers, whole_number
from api.pages.forms.setting_fields import (
    build_fields,
    default_texts,
    field_labels,
    form_to_texts,
    settings_to_texts,
    texts_to_settings,
)
from api.pages.layout import flash
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter, window
from api.routes.courses import courses as api
from api.schemas.courses.courses import CopyIn, CourseChanged, CourseIn, CoursePatch, CourseView
from api.services.assignments.open_assignments import ongoing

__all__ = ["router"]

router = PageRouter()
SETTINGS: Final = "/courses/{course}/settings"
FIELDS: Final = build_fields(CourseIn)
COPY: Final = ("slug", "title", "shift_days", "zone")
LABELS: Final[Mapping[str, str]] = field_labels(FIELDS) | {"instructor": "First instructor"}
COPY_LABELS: Final = {
    "slug": "Short name",
    "title": "Title",
    "shift_days": "Days later",
    "zone": "Time zone",
}
KEPT: Final[Mapping[str, str]] = {
    "archived": "Archived. Students can read their work, and hand in nothing.",
    "restored": "Brought back. Students can hand in where it is open.",
}
NEW: Final = default_texts(FIELDS) | {"zone": "Europe/Berlin"}
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR)]


@router.get("/courses")
def courses(here: PageDep, cursor: Cursor = None) -> Response:
    """Return all courses that one is in, archived or not; administrators can make one."""
    return _courses(here, Typed(NEW, labels=LABELS), cursor=cursor)


def _courses(here: Here, typed: Typed, *, cursor: str | None = None) -> Response:
    found = api.get_courses(here, window(here, cursor=cursor), archived=True)
    with here.reading() as session:
        caller = here.caller(session)
    here.visit.member = None
    return page(
        here,
        "staff/courses.html",
        title="Courses",
        status=typed.status,
        found=found.items,
        next=found.next,
        is_maker=caller.user.is_admin and may("admin", "create_courses"),
        **_fields(typed),
    )


def _fields(typed: Typed) -> dict[str, Any]:
    rows = row_numbers(typed.values, "categories")
    return {"t": typed, "rows": {"categories": rows}, "fields": FIELDS}


@router.post("/courses")
def make(form: FormDep, here: PageDep) -> Response:
    """Make a course."""
    typed = _typed(form) | {"instructor": form.text("instructor")}
    body = texts_to_settings(FIELDS, typed) | {"instructor": typed["instructor"] or None}
    try:
        told = api.post_course(validated(CourseIn, body), here, Response())
    except REFUSALS as error:
        return _courses(here, Typed(typed, error, LABELS))
    return RedirectResponse(f"/courses/{told.id}", status_code=303)


def _typed(form: Form) -> dict[str, str]:
    return form_to_texts(FIELDS, form) | {"version": form.text("version")}


def _stored(view: CourseView) -> dict[str, str]:
    """Return the stored settings, as the fields of the form hold them."""
    return settings_to_texts(FIELDS, view) | {"version": str(view.version)}


@router.get(SETTINGS)
def settings(course: UUID, here: PageDep, saved: flash.Saved = "") -> Response:
    """Return the settings of a course, and what can be done with all of it."""
    return _settings(course, here, done=KEPT.get(saved) or flash.told(saved))


def _settings(
    course: UUID,
    here: Here,
    *,
    typed: Mapping[str, str] | None = None,
    copy: Typed | None = None,
    error: ServiceError | None = None,
    trial: CourseChanged | None = None,
    done: str = "",
) -> Response:
    with here.reading() as session:
        member = here.member(session, course, right="manage_course")
        found = ongoing(session, member, now=here.now)
    view = api.get_course(course, here, Response())
    fields, is_stale = _stored(view), isinstance(error, Precondition)
    told = Typed(fields if typed is None else typed, None if is_stale else error, LABELS)
    status = error.status if error else copy.status if copy else 200
    return page(
        here,
        "staff/course_settings.html",
        title="Settings",
        crumbs=[Crumb(view.title, f"/courses/{course}")],
        tab="settings",
        status=status,
        one=view,
        differences=differences(fields, typed or {}, _label) if is_stale else None,
        copy=copy or Typed({"title": view.title, "shift_days": "364"}, labels=COPY_LABELS),
        trial=trial,
        done=done,
        open=found,
        **_fields(told),
    )


def _label(name: str) -> str:
    """Return what people call a field, "" for the version, which they do not see."""
    found = ROW.fullmatch(name)
    return f"Category {int(found[2]) + 1}, {found[3]}" if found else LABELS.get(name, "")


@router.post(SETTINGS)
def save(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Save the settings, or show what they would change."""
    typed, is_trial = _typed(form), form.text("act") == "try"
    try:
        body = validated(CoursePatch, texts_to_settings(FIELDS, typed))
        expected = held(typed["version"])
        told = api.patch_course(course, body, here, expected, Response(), dry_run=is_trial)
    except REFUSALS as error:
        return _settings(course, here, typed=typed, error=error)
    if is_trial:
        return _settings(course, here, typed=typed, trial=told)
    return flash.onwards(f"/courses/{course}/settings", told.effect)


@router.post("/courses/{course}/archive")
def archive(course: UUID, here: PageDep) -> Response:
    """Archive the course."""
    api.post_archive(course, here)
    return RedirectResponse(f"/courses/{course}/settings?saved=archived", status_code=303)


@router.post("/courses/{course}/restore")
def restore(course: UUID, here: PageDep) -> Response:
    """Bring the course back."""
    api.post_restore(course, here)
    return RedirectResponse(f"/courses/{course}/settings?saved=restored", status_code=303)


@router.post("/courses/{course}/copy")
def copy(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Copy what is set to other times, and go to the copy."""
    typed = {name: form.text(name) for name in COPY}
    try:
        told = api.post_copy(course, validated(CopyIn, _copied(typed)), here, Response())
    except REFUSALS as error:
        return _settings(course, here, copy=Typed(typed, error, COPY_LABELS))
    return RedirectResponse(f"/courses/{told.id}/settings?saved=done", status_code=303)


def _copied(typed: Mapping[str, str]) -> dict[str, Any]:
    copy: dict[str, Any] = {"slug": typed["slug"], "title": typed["title"]}
    copy["shift_days"] = whole_number(typed["shift_days"], empty=0)
    return copy | ({"zone": typed["zone"]} if typed["zone"] else {})
