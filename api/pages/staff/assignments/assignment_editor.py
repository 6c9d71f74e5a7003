"""The editor of an assignment: its settings, its problems in their order, and its publication."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from api.core.errors import Conflict, Precondition, ServiceError
from api.dependencies import Here
from api.http.etags import Expected
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.form_version import held
from api.pages.forms.redisplay import REFUSALS, Typed, differences
from api.pages.layout import flash
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.assignments.assignment_form import (
    LABELS,
    NEW,
    form_values,
    label,
    posted_fields,
    row_numbers_of,
    setting_fields,
    stored_fields,
)
from api.pages.staff.assignments.assignment_news import PUBLISHED, news
from api.pages.staff.assignments.problem_usage import seen_in
from api.pages.staff.assignments.timeline_chart import drawn, marks
from api.routes.assignments import assignments as api
from api.routes.courses import courses
from api.schemas.assignments.assignments import (
    AssignmentChanged,
    AssignmentIn,
    AssignmentPatch,
    OrderIn,
    ReleaseIn,
    StaffAssignment,
)
from api.schemas.courses.courses import CourseView
from api.schemas.shared.effects import Effect

__all__ = ["editor", "router"]

router = PageRouter()
EDIT: Final = "/assignments/{assignment}/edit"
SHOWN: Final = {"show_results": "results", "show_solutions": "solutions"}
"""The buttons that release something: the settings have fields of these names themselves."""
Act: TypeAlias = Callable[[str, Effect | None], Response]
"""What is done to a version, after settings were saved with an effect, or none were typed."""


@router.get("/courses/{course}/assignments/new")
def new(course: UUID, here: PageDep) -> Response:
    """Return the form of a new assignment."""
    return _new(course, here, Typed(NEW, labels=LABELS))


def _new(course: UUID, here: Here, typed: Typed) -> Response:
    with here.reading() as session:
        here.member(session, course, right="manage_assignments")
    view = courses.get_course(course, here, Response())
    return page(
        here,
        "staff/assignment_new.html",
        title="New assignment",
        crumbs=[Crumb(view.title, f"/courses/{course}")],
        tab="assignments",
        status=typed.status,
        course=view,
        **_fields(typed, view),
    )


def _fields(typed: Typed, course: CourseView) -> dict[str, Any]:
    """Return what the fields of the settings are drawn from."""
    rows = row_numbers_of(typed.values)
    fields = setting_fields([category.id for category in course.categories])
    return {"t": typed, "rows": rows, "fields": fields}


@router.post("/courses/{course}/assignments/new")
def make(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Make an assignment and go on to its problems."""
    typed = posted_fields(form)
    try:
        body = validated(AssignmentIn, form_values(typed))
        made = api.post_assignment(course, body, here, Response())
    except REFUSALS as error:
        return _new(course, here, Typed(typed, error, LABELS))
    return flash.onwards(f"/assignments/{made.id}/edit#problems")


@router.get(EDIT)
def edit(assignment: UUID, here: PageDep, saved: flash.Saved = "") -> Response:
    """Return the editor, with what became of the act before it."""
    return editor(assignment, here, saved=saved)


def editor(
    assignment: UUID,
    here: Here,
    *,
    typed: Mapping[str, str] | None = None,
    error: ServiceError | None = None,
    saved: str = "",
    trial: AssignmentChanged | None = None,
    confirm: str = "",
) -> Response:
    """Return the editor with what was *typed*, the *error* that it met or what a *trial* gave.

    *confirm* names an act that asks once more; *saved* is a word for what was done.
    """
    with here.reading() as session:
        here.assignment(session, assignment, right="manage_assignments")
    found = api.get_assignment(assignment, here, Response())
    if not isinstance(found, StaffAssignment):
        raise Conflict("Stop looking as a student to edit the assignment.")
    view = courses.get_course(found.course, here, Response())
    fields = stored_fields(found)
    stale = isinstance(error, Precondition) and typed is not None
    times = trial.assignment.times if trial else found.times
    told = None if stale else error
    return page(
        here,
        "staff/assignment_edit.html",
        title=found.title,
        crumbs=[Crumb(view.title, f"/courses/{view.id}")],
        tab="assignments",
        status=error.status if error else 200,
        course=view,
        one=found,
        seen=seen_in(assignment, here),
        news=news(saved, found, here),
        trial=trial,
        marks=marks(times),
        drawings=drawn(times, here.now),
        times=times,
        differences=differences(fields, typed, label) if stale and typed else None,
        confirm=confirm,
        is_unsaved=typed is not None,
        **_fields(Typed(fields if typed is None else typed, told, LABELS), view),
    )


@router.post(EDIT)
def save(assignment: UUID, form: FormDep, here: PageDep) -> Response:
    """Save the settings, before another act where one was asked for, or show what they change."""
    match form.text("act"):
        case "publish":
            return _along(assignment, form, here, lambda *_: _published(assignment, here))
        case "find":
            return _along(assignment, form, here, lambda _, told: _bank(assignment, here, told))
        case "keep":
            return editor(assignment, here, typed=posted_fields(form))
        case act:
            is_trial = act == "try"
    typed = posted_fields(form)
    try:
        changed = _patched(assignment, form, here, is_trial=is_trial)
    except REFUSALS as error:
        return editor(assignment, here, typed=typed, error=error)
    if is_trial:
        return editor(assignment, here, typed=typed, trial=changed)
    return flash.onwards(f"/assignments/{assignment}/edit", changed.effect)


def _patched(
    assignment: UUID, form: Form, here: Here, *, is_trial: bool = False
) -> AssignmentChanged:
    """Return the assignment with the settings of the *form*."""
    body = validated(AssignmentPatch, _kept(form_values(posted_fields(form))))
    expected = held(form.text("version"))
    return api.patch_assignment(assignment, body, here, expected, Response(), dry_run=is_trial)


def _along(assignment: UUID, form: Form, here: Here, act: Act) -> Response:
    """Save what was typed into the settings, and *act* on the version that there is then.

    Where a setting is wrong nothing is done, and what was typed stays.
    """
    version, effect = form.text("version"), None
    try:
        if _is_typed(assignment, form, here):
            changed = _patched(assignment, form, here)
            version, effect = str(changed.assignment.version), changed.effect
    except REFUSALS as error:
        return editor(assignment, here, typed=posted_fields(form), error=error)
    try:
        return act(version, effect)
    except REFUSALS as error:
        return editor(assignment, here, error=error, saved="done" if effect else "")


def _is_typed(assignment: UUID, form: Form, here: Here) -> bool:
    """Tell whether the *form* has settings, and others than those that are stored."""
    if not form.has("title"):
        return False  # a button that stands elsewhere
    found = api.get_assignment(assignment, here, Response())
    if not isinstance(found, StaffAssignment):
        return False
    return bool(differences(stored_fields(found), posted_fields(form), label))


def _published(assignment: UUID, here: Here) -> Response:
    """Let students see the assignment from its release on."""
    api.post_publish(assignment, here, Response())
    return RedirectResponse(f"/assignments/{assignment}/edit?saved={PUBLISHED}", status_code=303)


def _bank(assignment: UUID, here: Here, effect: Effect | None) -> Response:
    """Return the way to the bank, to add problems from there."""
    with here.reading() as session:
        _, found = here.assignment(session, assignment, right="manage_assignments")
        course = found.course_id
    return _told(f"/courses/{course}/problems?to={assignment}", effect)


def _told(there: str, effect: Effect | None) -> Response:
    """Return the way *there*, with what was saved on the way, if anything was."""
    return flash.onwards(there, effect) if effect else RedirectResponse(there, 303)


def _kept(values: dict[str, object]) -> dict[str, object]:
    """Return *values* without a place that is left open, so that the assignment keeps its own."""
    return {name: one for name, one in values.items() if name != "position" or one is not None}


@router.post("/assignments/{assignment}/unpublish")
def unpublish(assignment: UUID, form: FormDep, here: PageDep) -> Response:
    """Hide the assignment again."""

    def hide(_: str, effect: Effect | None) -> Response:
        api.post_unpublish(assignment, here, Response())
        return flash.onwards(f"/assignments/{assignment}/edit", effect)

    return _along(assignment, form, here, hide)


@router.post("/assignments/{assignment}/release")
def release(assignment: UUID, form: FormDep, here: PageDep) -> Response:
    """Show results or solutions from now on, or by the rule again."""
    states = {"now": True, "rule": False}
    given = form.given(*SHOWN)
    values = {SHOWN[name]: states.get(one, one) for name, one in given.items()}
    what = "solutions" if form.has("show_solutions") else "results"

    def show(_: str, effect: Effect | None) -> Response:
        api.post_release(assignment, validated(ReleaseIn, values), here, Response())
        return flash.onwards(f"/assignments/{assignment}/edit", effect, what)

    return _along(assignment, form, here, show)


@router.post("/assignments/{assignment}/order")
def order(assignment: UUID, form: FormDep, here: PageDep) -> Response:
    """Move a problem one place up or down."""

    def move(version: str, effect: Effect | None) -> Response:
        found = api.get_assignment(assignment, here, Response())
        names = [one.problem for one in found.problems]
        body = validated(OrderIn, {"problems": _moved(names, form)})
        api.put_order(assignment, body, here, held(version), Response())
        return _told(f"/assignments/{assignment}/edit#problems", effect)

    return _along(assignment, form, here, move)


def _moved(names: list[str], form: Form) -> list[str]:
    """Return *names* with the one that the form moves beside its neighbour."""
    name, step = (form.text("up"), -1) if form.has("up") else (form.text("down"), 1)
    if name not in names:
        return names
    at = names.index(name)
    to = min(max(at + step, 0), len(names) - 1)
    names.insert(to, names.pop(at))
    return names


@router.post("/assignments/{assignment}/delete")
def delete(assignment: UUID, form: FormDep, here: PageDep) -> Response:
    """Take the assignment out of the course; one with work in it is asked about first.

    What was typed into the settings stays meanwhile.
    """
    confirmed, anything = form.text("confirm") == "yes", Expected(None)
    try:
        found = api.get_assignment(assignment, here, Response())
        api.delete_assignment(assignment, here, anything, confirm=confirmed)
    except Conflict as error:
        typed = posted_fields(form) if form.has("title") else None
        return editor(assignment, here, typed=typed, error=error, confirm="delete")
    return flash.onwards(f"/courses/{found.course}")
