"""Extensions of students and sections: listed, tried, granted, and taken back."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import Invalid, NotFound
from api.core.ids import read_id
from api.dependencies import Here
from api.http.pagination import MAX_CURSOR
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.redisplay import REFUSALS, Typed
from api.pages.forms.rows import whole_number
from api.pages.layout import flash
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.common import query, titles_of
from api.routes.assignments import exceptions as api
from api.routes.courses import courses, people
from api.schemas.assignments.exceptions import ExtensionGranted, ExtensionIn, ExtensionOut

__all__ = ["router"]

router = PageRouter()
ALL: Final = "/courses/{course}/extensions"
ROWS: Final = 50
NUMBERS: Final = ("days", "hours", "attempts")
TIMES: Final = ("due", "close", "release")
TICKS: Final = ("unlimited_attempts", "no_cool_down")
WHOM: Final = ("assignment", "student", "section")
LABELS: Final[Mapping[str, str]] = {
    "assignment": "Assignment",
    "student": "Student",
    "section": "Section",
    "grants": "What is granted",
    "grants.days": "Days more",
    "grants.hours": "Hours more",
    "grants.due": "Due",
    "grants.close": "Close",
    "grants.release": "Release",
    "grants.attempts": "Attempts more",
    "grants.reason": "Reason",
}
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR)]


@router.get(ALL)
def extensions(
    course: UUID,
    here: PageDep,
    assignment: UUID | None = None,
    student: UUID | None = None,
    cursor: Cursor = None,
    saved: flash.Saved = "",
) -> Response:
    """Return the extensions that hold, of one assignment or student where they are named."""
    narrow = {"assignment": assignment, "student": student}
    return _extensions(course, here, narrow=narrow, cursor=cursor, done=flash.told(saved))


def _extensions(
    course: UUID,
    here: Here,
    *,
    narrow: Mapping[str, UUID | None],
    cursor: str | None = None,
    typed: Typed | None = None,
    trial: ExtensionGranted | None = None,
    done: str = "",
) -> Response:
    t = typed or Typed({name: str(one) for name, one in narrow.items() if one})
    shown = window(here, limit=ROWS, cursor=cursor)
    found = api.get_extensions(course, here, shown, **narrow)
    titles = titles_of(course, here)
    names = _names(course, here, found.items, t("student"))
    sections = {one.id: one.name for one in people.get_sections(course, here).items}
    view = courses.get_course(course, here, Response())
    return page(
        here,
        "staff/extensions.html",
        title="Extensions",
        crumbs=[
            Crumb(view.title, f"/courses/{course}"),
            Crumb("Settings", f"/courses/{course}/settings"),
        ],
        tab="settings",
        status=t.status,
        course=view,
        found=found.items,
        next=query({**narrow, "cursor": found.next}) if found.next else "",
        is_narrow=any(narrow.values()),
        titles=titles,
        names=names,
        sections=sections,
        t=t,
        trial=trial,
        done=done,
    )


def _names(course: UUID, here: Here, found: Iterable[ExtensionOut], typed: str) -> dict[UUID, str]:
    """Return the names of the students whom the extensions are for, and of the one *typed*."""
    wanted = {*(one.student for one in found), read_id(typed)}
    names: dict[UUID, str] = {}
    for student in filter(None, wanted):
        try:
            names[student] = people.get_person(course, student, here, Response()).name
        except NotFound:
            names[student] = "A student who left"
    return names


def _student(course: UUID, here: Here, typed: str) -> str:
    """Return the id of the one student whom *typed* names; `Invalid` where it is none or many."""
    if not typed or read_id(typed):
        return typed
    shown = window(here, limit=2)
    found = people.get_people(course, here, shown, role="student", text=typed)
    if len(found.items) != 1:
        many = "fits more than one student; write the e-mail address"
        raise Invalid.of("student", many if found.items else "fits no student of the course")
    return str(found.items[0].user)


@router.post(ALL)
def grant(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Grant an extension, or show what times it would give."""
    typed, is_trial = _typed(form), form.text("act") == "try"
    nowhere: dict[str, UUID | None] = {"assignment": None, "student": None}
    try:
        typed["student"] = _student(course, here, typed["student"])
        body = validated(ExtensionIn, _values(typed))
        told = api.post_extension(course, body, here, Response(), dry_run=is_trial)
    except REFUSALS as error:
        return _extensions(course, here, narrow=nowhere, typed=Typed(typed, error, LABELS))
    if is_trial:
        return _extensions(course, here, narrow=nowhere, typed=Typed(typed), trial=told)
    return flash.onwards(f"/courses/{course}/extensions", told.effect)


def _typed(form: Form) -> dict[str, str]:
    grants = (*NUMBERS, *TIMES, *TICKS, "reason")
    return {name: form.text(name) for name in (*WHOM, *(f"grants.{one}" for one in grants))}


def _values(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed as the API takes it."""
    grants: dict[str, Any] = {name: typed[f"grants.{name}"] for name in (*TIMES, "reason")}
    grants |= {name: whole_number(typed[f"grants.{name}"]) for name in NUMBERS}
    given = {name: one for name, one in grants.items() if one not in {"", None}}
    given |= {name: True for name in TICKS if typed[f"grants.{name}"]}
    return {name: typed[name] for name in WHOM if typed[name]} | {"grants": given}


@router.post(f"{ALL}/{{extension}}/withdraw")
def withdraw(course: UUID, extension: UUID, here: PageDep) -> Response:
    """Take an extension back."""
    told = api.delete_extension(course, extension, here)
    return flash.onwards(f"/courses/{course}/extensions", told)
