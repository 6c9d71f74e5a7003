"""Extensions for students and sections: list, dry-run, grant and withdraw."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import InvalidInput, NotFound
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.http.pagination import MAX_CURSOR_CHARACTERS
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm
from api.pages.forms.rows import parse_whole_number
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.common import build_query_string, load_assignment_titles
from api.routes.assignments import exceptions as api
from api.routes.courses import courses, people
from api.schemas.assignments.exceptions import ExtensionGranted, ExtensionIn, ExtensionOut

router = PageRouter()
EXTENSIONS_PATH: Final = "/courses/{course}/extensions"
ROWS: Final = 50
NUMBER_FIELDS: Final = ("days", "hours", "attempts")
TIME_FIELDS: Final = ("due", "close", "release")
FLAG_FIELDS: Final = ("unlimited_attempts", "no_cool_down")
TARGET_FIELDS: Final = ("assignment", "student", "section")
LABELS: Final[Mapping[str, str]] = {
    "assignment": "Assignment",
    "student": "Student",
    "section": "Section",
    "grants": "What is granted",
    "grants.days": "Extra days",
    "grants.hours": "Extra hours",
    "grants.due": "Due",
    "grants.close": "Close",
    "grants.release": "Release",
    "grants.attempts": "Extra attempts",
    "grants.reason": "Reason",
}
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR_CHARACTERS)]


@router.get(EXTENSIONS_PATH)
def show_extensions(
    course: UUID,
    context: PageDep,
    assignment: UUID | None = None,
    student: UUID | None = None,
    cursor: Cursor = None,
    saved: flash.SavedQuery = "",
) -> Response:
    """Return the active extensions, optionally of one assignment or student."""
    filters = {"assignment": assignment, "student": student}
    return _render_extensions(
        course, context, filters=filters, cursor=cursor, message=flash.flash_message(saved)
    )


def _render_extensions(
    course: UUID,
    context: RequestContext,
    *,
    filters: Mapping[str, UUID | None],
    cursor: str | None = None,
    typed: BoundForm | None = None,
    dry_run_result: ExtensionGranted | None = None,
    message: str = "",
) -> Response:
    bound_form = typed or BoundForm({name: str(one) for name, one in filters.items() if one})
    page_request = build_page_request(context, limit=ROWS, cursor=cursor)
    extension_page = api.get_extensions(course, context, page_request, **filters)
    titles = load_assignment_titles(course, context)
    names = _load_student_names(course, context, extension_page.items, bound_form("student"))
    sections = {item.id: item.name for item in people.get_sections(course, context).items}
    view = courses.get_course(course, context, Response())
    return render_page(
        context,
        "staff/extensions.html",
        title="Extensions",
        crumbs=[
            Breadcrumb(view.title, f"/courses/{course}"),
            Breadcrumb("Settings", f"/courses/{course}/settings"),
        ],
        tab="settings",
        status=bound_form.status,
        course=view,
        extensions=extension_page.items,
        next=build_query_string({**filters, "cursor": extension_page.next})
        if extension_page.next
        else "",
        is_narrow=any(filters.values()),
        titles=titles,
        names=names,
        sections=sections,
        t=bound_form,
        trial=dry_run_result,
        done=message,
    )


def _load_student_names(
    course: UUID, context: RequestContext, granted: Iterable[ExtensionOut], typed: str
) -> dict[UUID, str]:
    """Return the names of the students with extensions, and of the student id *typed*."""
    wanted = {*(one.student for one in granted), parse_id(typed)}
    names: dict[UUID, str] = {}
    for student in filter(None, wanted):
        try:
            names[student] = people.get_person(course, student, context, Response()).name
        except NotFound:
            names[student] = "A student who left"
    return names


def _find_student_id(course: UUID, context: RequestContext, typed: str) -> str:
    """Return the id of the one student that *typed* matches.

    Raises `InvalidInput` if no student or several match. An id or an empty text is
    returned as is.
    """
    if not typed or parse_id(typed):
        return typed
    page_request = build_page_request(context, limit=2)
    matches = people.get_people(course, context, page_request, role="student", text=typed)
    if len(matches.items) != 1:
        too_many = "fits more than one student; write the e-mail address"
        raise InvalidInput.for_field(
            "student", too_many if matches.items else "fits no student of the course"
        )
    return str(matches.items[0].user)


@router.post(EXTENSIONS_PATH)
def grant_extension(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Grant an extension, or dry-run it to show the resulting times."""
    typed, is_dry_run = _read_posted_texts(form), form.text("act") == "try"
    no_filters: dict[str, UUID | None] = {"assignment": None, "student": None}
    try:
        typed["student"] = _find_student_id(course, context, typed["student"])
        body = validate_body(ExtensionIn, _texts_to_extension(typed))
        granted = api.post_extension(course, body, context, Response(), dry_run=is_dry_run)
    except FORM_ERRORS as error:
        return _render_extensions(
            course, context, filters=no_filters, typed=BoundForm(typed, error, LABELS)
        )
    if is_dry_run:
        return _render_extensions(
            course, context, filters=no_filters, typed=BoundForm(typed), dry_run_result=granted
        )
    return flash.redirect_with_flash(f"/courses/{course}/extensions", granted.effect)


def _read_posted_texts(form: PostedForm) -> dict[str, str]:
    grants = (*NUMBER_FIELDS, *TIME_FIELDS, *FLAG_FIELDS, "reason")
    return {
        name: form.text(name) for name in (*TARGET_FIELDS, *(f"grants.{grant}" for grant in grants))
    }


def _texts_to_extension(typed: Mapping[str, str]) -> dict[str, Any]:
    """Convert form field texts to the body of an API request."""
    grants: dict[str, Any] = {name: typed[f"grants.{name}"] for name in (*TIME_FIELDS, "reason")}
    grants |= {name: parse_whole_number(typed[f"grants.{name}"]) for name in NUMBER_FIELDS}
    granted_values = {name: grant for name, grant in grants.items() if grant not in {"", None}}
    granted_values |= {name: True for name in FLAG_FIELDS if typed[f"grants.{name}"]}
    return {name: typed[name] for name in TARGET_FIELDS if typed[name]} | {"grants": granted_values}


@router.post(f"{EXTENSIONS_PATH}/{{extension}}/withdraw")
def withdraw_extension(course: UUID, extension: UUID, context: PageDep) -> Response:
    """Withdraw an extension."""
    effect = api.delete_extension(course, extension, context)
    return flash.redirect_with_flash(f"/courses/{course}/extensions", effect)
