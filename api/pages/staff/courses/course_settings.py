"""Course list, the form for a new course, and the settings of a course."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import RedirectResponse

from api.auth.roles import role_has_permission
from api.core.errors import PreconditionFailed, ServiceError
from api.dependencies import RequestContext
from api.http.pagination import MAX_CURSOR_CHARACTERS
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.form_version import parse_form_version
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm, find_differences
from api.pages.forms.rows import ROW_FIELD, parse_whole_number, row_numbers_with_spares
from api.pages.forms.setting_fields import (
    build_fields,
    default_texts,
    field_labels,
    form_to_texts,
    settings_to_texts,
    texts_to_settings,
)
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.routes.courses import courses as api
from api.schemas.courses.courses import CopyIn, CourseChanged, CourseIn, CoursePatch, CourseView
from api.services.assignments.open_assignments import list_open_assignments

router = PageRouter()
SETTINGS_PATH: Final = "/courses/{course}/settings"
FIELDS: Final = build_fields(CourseIn)
COPY_FIELDS: Final = ("slug", "title", "shift_days", "zone")
LABELS: Final[Mapping[str, str]] = field_labels(FIELDS) | {"instructor": "First instructor"}
COPY_LABELS: Final = {
    "slug": "Short name",
    "title": "Title",
    "shift_days": "Days later",
    "zone": "Time zone",
}
SAVED_MESSAGES: Final[Mapping[str, str]] = {
    "archived": "Archived. Students can read their work, but not submit.",
    "restored": "Restored. Students can submit to open assignments.",
}
NEW_COURSE_TEXTS: Final = default_texts(FIELDS) | {"zone": "Europe/Berlin"}
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR_CHARACTERS)]


@router.get("/courses")
def show_courses(context: PageDep, cursor: Cursor = None) -> Response:
    """Return the courses of the caller, including archived ones.

    Administrators can also create a course here.
    """
    return _render_courses(context, BoundForm(NEW_COURSE_TEXTS, labels=LABELS), cursor=cursor)


def _render_courses(
    context: RequestContext, typed: BoundForm, *, cursor: str | None = None
) -> Response:
    course_page = api.get_courses(
        context, build_page_request(context, cursor=cursor), archived=True
    )
    with context.reading() as session:
        caller = context.authenticate(session)
    context.activity.member = None
    return render_page(
        context,
        "staff/courses.html",
        title="Courses",
        status=typed.status,
        courses=course_page.items,
        next=course_page.next,
        is_maker=caller.user.is_admin and role_has_permission("admin", "create_courses"),
        **_build_field_context(typed),
    )


def _build_field_context(typed: BoundForm) -> dict[str, Any]:
    rows = row_numbers_with_spares(typed.values, "categories")
    return {"t": typed, "rows": {"categories": rows}, "fields": FIELDS}


@router.post("/courses")
def create_course(form: FormDep, context: PageDep) -> Response:
    """Create a course and redirect to it."""
    typed = _read_posted_texts(form) | {"instructor": form.text("instructor")}
    body = texts_to_settings(FIELDS, typed) | {"instructor": typed["instructor"] or None}
    try:
        created = api.post_course(validate_body(CourseIn, body), context, Response())
    except FORM_ERRORS as error:
        return _render_courses(context, BoundForm(typed, error, LABELS))
    return RedirectResponse(f"/courses/{created.id}?saved=course-created", status_code=303)


def _read_posted_texts(form: PostedForm) -> dict[str, str]:
    return form_to_texts(FIELDS, form) | {"version": form.text("version")}


def _course_to_texts(view: CourseView) -> dict[str, str]:
    return settings_to_texts(FIELDS, view) | {"version": str(view.version)}


@router.get(SETTINGS_PATH)
def show_course_settings(course: UUID, context: PageDep, saved: flash.SavedQuery = "") -> Response:
    """Return the settings of a course and the actions on the whole course."""
    return _render_course_settings(
        course, context, message=SAVED_MESSAGES.get(saved) or flash.flash_message(saved)
    )


def _render_course_settings(
    course: UUID,
    context: RequestContext,
    *,
    typed: Mapping[str, str] | None = None,
    copy: BoundForm | None = None,
    error: ServiceError | None = None,
    dry_run_result: CourseChanged | None = None,
    message: str = "",
) -> Response:
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_course")
        open_assignments = list_open_assignments(session, member, now=context.now)
    view = api.get_course(course, context, Response())
    fields, is_stale = _course_to_texts(view), isinstance(error, PreconditionFailed)
    bound_form = BoundForm(fields if typed is None else typed, None if is_stale else error, LABELS)
    status = error.status if error else copy.status if copy else 200
    return render_page(
        context,
        "staff/course_settings.html",
        title="Settings",
        crumbs=[Breadcrumb(view.title, f"/courses/{course}")],
        tab="settings",
        status=status,
        course=view,
        differences=find_differences(fields, typed or {}, _field_label) if is_stale else None,
        copy=copy or BoundForm({"title": view.title, "shift_days": "364"}, labels=COPY_LABELS),
        trial=dry_run_result,
        done=message,
        open=open_assignments,
        **_build_field_context(bound_form),
    )


def _field_label(name: str) -> str:
    """Return the label of a field, or "" for the hidden version field."""
    match = ROW_FIELD.fullmatch(name)
    return f"Category {int(match[2]) + 1}, {match[3]}" if match else LABELS.get(name, "")


@router.post(SETTINGS_PATH)
def save_course_settings(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Save the settings, or dry-run the change."""
    typed, is_dry_run = _read_posted_texts(form), form.text("act") == "try"
    try:
        body = validate_body(CoursePatch, texts_to_settings(FIELDS, typed))
        expected = parse_form_version(typed["version"])
        changed = api.patch_course(course, body, context, expected, Response(), dry_run=is_dry_run)
    except FORM_ERRORS as error:
        return _render_course_settings(course, context, typed=typed, error=error)
    if is_dry_run:
        return _render_course_settings(course, context, typed=typed, dry_run_result=changed)
    return flash.redirect_with_flash(f"/courses/{course}/settings", changed.effect)


@router.post("/courses/{course}/archive")
def archive_course(course: UUID, context: PageDep) -> Response:
    """Archive the course."""
    api.post_archive(course, context)
    return RedirectResponse(f"/courses/{course}/settings?saved=archived", status_code=303)


@router.post("/courses/{course}/restore")
def restore_course(course: UUID, context: PageDep) -> Response:
    """Restore an archived course."""
    api.post_restore(course, context)
    return RedirectResponse(f"/courses/{course}/settings?saved=restored", status_code=303)


@router.post("/courses/{course}/copy")
def copy_course(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Copy the content of the course with shifted dates, and redirect to the copy."""
    typed = {name: form.text(name) for name in COPY_FIELDS}
    try:
        copied = api.post_copy(
            course, validate_body(CopyIn, build_copy_body(typed)), context, Response()
        )
    except FORM_ERRORS as error:
        return _render_course_settings(course, context, copy=BoundForm(typed, error, COPY_LABELS))
    return RedirectResponse(f"/courses/{copied.id}/settings?saved=course-copied", status_code=303)


def build_copy_body(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the body of a request to copy a course, with the *typed* texts of a form."""
    copy: dict[str, Any] = {"slug": typed["slug"], "title": typed["title"]}
    copy["shift_days"] = parse_whole_number(typed["shift_days"], empty=0)
    return copy | ({"zone": typed["zone"]} if typed["zone"] else {})
