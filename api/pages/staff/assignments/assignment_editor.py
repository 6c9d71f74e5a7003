"""Assignment editor: settings, order of the problems and publication."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from api.core.errors import Conflict, PreconditionFailed, ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.form_version import parse_form_version
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm, find_differences
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.assignments.assignment_form import (
    LABELS,
    assignment_to_texts,
    build_form_context,
    changed_points,
    field_label,
    points_to_texts,
    read_posted_texts,
    texts_to_assignment,
)
from api.pages.staff.assignments.editor_messages import (
    PUBLISHED,
    build_editor_message,
    build_release_buttons,
)
from api.pages.staff.assignments.problem_usage import load_problems_opened_by_students
from api.pages.staff.assignments.timeline_chart import draw_timelines, list_timeline_marks
from api.routes.assignments import assignments as api
from api.routes.courses import courses
from api.schemas.assignments.assignments import (
    AssignmentChanged,
    AssignmentPatch,
    OrderIn,
    StaffAssignment,
)
from api.schemas.shared.effects import Effect
from api.schemas.student.assignments import Times
from api.services.assignments.assignment_lifecycle import has_submissions

router = PageRouter()
EDIT_PATH: Final = "/assignments/{assignment}/edit"
FollowUpAction: TypeAlias = Callable[[str, Effect | None], Response]
"""Callback that runs after the settings are saved, with the version and the effect.

The effect is None if there were no settings to save.
"""


@router.get(EDIT_PATH)
def show_assignment_editor(
    assignment: UUID, context: PageDep, saved: flash.SavedQuery = ""
) -> Response:
    """Return the editor, with a message about the previous action."""
    return render_assignment_editor(assignment, context, saved=saved)


def render_assignment_editor(
    assignment: UUID,
    context: RequestContext,
    *,
    typed: Mapping[str, str] | None = None,
    error: ServiceError | None = None,
    saved: str = "",
    dry_run_result: AssignmentChanged | None = None,
    confirm: str = "",
) -> Response:
    """Return the editor, optionally with a refused form or the result of a dry run.

    *typed* are the posted texts to redisplay, *error* is the error they caused, *dry_run_result*
    the result of a dry run. *confirm* names an action that asks for confirmation,
    *saved* is the code of the message about the previous action.
    """
    assignment_view = load_assignment_to_edit(assignment, context)
    view = courses.get_course(assignment_view.course, context, Response())
    fields = assignment_to_texts(assignment_view)
    if typed is not None:
        typed = {**points_to_texts(assignment_view), **typed}
    stale = isinstance(error, PreconditionFailed) and typed is not None
    times = (dry_run_result.assignment if dry_run_result else assignment_view).times
    form = BoundForm(fields if typed is None else typed, None if stale else error, LABELS)
    return render_page(
        context,
        "staff/assignment_edit.html",
        title=assignment_view.title,
        crumbs=[Breadcrumb(view.title, f"/courses/{view.id}")],
        tab="assignments",
        status=error.status if error else 200,
        course=view,
        assignment=assignment_view,
        seen=load_problems_opened_by_students(assignment, context),
        news=build_editor_message(saved, assignment_view, context),
        trial=dry_run_result,
        **_build_timeline_context(times, context),
        differences=find_differences(fields, typed, field_label) if stale and typed else None,
        confirm=confirm,
        has_work=bool(confirm) and _has_submissions(assignment, context),
        release_buttons=build_release_buttons(assignment_view, context.now),
        is_unsaved=bool(typed and find_differences(fields, typed, field_label)),
        **build_form_context(form, view),
    )


def _build_timeline_context(times: Times, context: RequestContext) -> dict[str, object]:
    drawings = draw_timelines(times, context.now)
    return {"times": times, "marks": list_timeline_marks(times), "drawings": drawings}


def _has_submissions(assignment: UUID, context: RequestContext) -> bool:
    with context.reading() as session:
        return has_submissions(session, assignment)


def load_assignment_to_edit(assignment: UUID, context: RequestContext) -> StaffAssignment:
    """Return the assignment; raise `Conflict` while the caller looks as a student."""
    with context.reading() as session:
        context.authorize_assignment(session, assignment, right="manage_assignments")
    assignment_view = api.get_assignment(assignment, context, Response())
    if not isinstance(assignment_view, StaffAssignment):
        raise Conflict("Stop looking as a student to edit the assignment.")
    return assignment_view


@router.post(EDIT_PATH)
def save_assignment(assignment: UUID, form: FormDep, context: PageDep) -> Response:
    """Save the settings or dry-run the change, depending on the button ``act``.

    ``try`` is a dry run. ``publish`` also publishes the assignment, ``find`` continues
    to the problem bank, and ``keep`` only redisplays the form.
    """
    match form.text("act"):
        case "publish":
            return save_settings_then_run(
                assignment, form, context, lambda *_: _publish_assignment(assignment, context)
            )
        case "find":
            return save_settings_then_run(
                assignment,
                form,
                context,
                lambda _, payload: _redirect_to_bank(assignment, context, payload),
            )
        case "keep":
            return render_assignment_editor(assignment, context, typed=read_posted_texts(form))
        case act:
            is_dry_run = act == "try"
    typed = read_posted_texts(form)
    try:
        changed = _patch_settings(assignment, form, context, is_dry_run=is_dry_run)
    except FORM_ERRORS as error:
        return render_assignment_editor(assignment, context, typed=typed, error=error)
    if is_dry_run:
        return render_assignment_editor(assignment, context, typed=typed, dry_run_result=changed)
    return flash.redirect_with_flash(f"/assignments/{assignment}/edit", changed.effect)


def _patch_settings(
    assignment: UUID, form: PostedForm, context: RequestContext, *, is_dry_run: bool = False
) -> AssignmentChanged:
    """Apply the settings and points of *form* to the assignment and return the result."""
    typed = read_posted_texts(form)
    values = _omit_empty_position(texts_to_assignment(typed))
    points = changed_points(load_assignment_to_edit(assignment, context), typed)
    body = validate_body(AssignmentPatch, values | ({"points": points} if points else {}))
    expected = parse_form_version(form.text("version"))
    return api.patch_assignment(assignment, body, context, expected, Response(), dry_run=is_dry_run)


def save_settings_then_run(
    assignment: UUID, form: PostedForm, context: RequestContext, act: FollowUpAction
) -> Response:
    """Save the settings if they changed, then run *act* on the resulting version.

    If a setting is invalid, *act* does not run and the form is redisplayed.
    """
    version, effect = form.text("version"), None
    try:
        if _has_unsaved_changes(assignment, form, context):
            changed = _patch_settings(assignment, form, context)
            version, effect = str(changed.assignment.version), changed.effect
    except FORM_ERRORS as error:
        return render_assignment_editor(
            assignment, context, typed=read_posted_texts(form), error=error
        )
    try:
        return act(version, effect)
    except FORM_ERRORS as error:
        return render_assignment_editor(
            assignment, context, error=error, saved="done" if effect else ""
        )


def _has_unsaved_changes(assignment: UUID, form: PostedForm, context: RequestContext) -> bool:
    """Return whether *form* has settings that differ from the stored ones."""
    if not form.has("title"):
        return False  # its button is elsewhere
    assignment_view = api.get_assignment(assignment, context, Response())
    if not isinstance(assignment_view, StaffAssignment):
        return False
    stored, typed = assignment_to_texts(assignment_view), read_posted_texts(form)
    return bool(find_differences(stored, points_to_texts(assignment_view) | typed, field_label))


def _publish_assignment(assignment: UUID, context: RequestContext) -> Response:
    api.post_publish(assignment, context, Response())
    return RedirectResponse(f"/assignments/{assignment}/edit?saved={PUBLISHED}", status_code=303)


def _redirect_to_bank(assignment: UUID, context: RequestContext, effect: Effect | None) -> Response:
    with context.reading() as session:
        _, assignment_row = context.authorize_assignment(
            session, assignment, right="manage_assignments"
        )
        course = assignment_row.course_id
    return _redirect_with_effect(f"/courses/{course}/problems?to={assignment}", effect)


def _redirect_with_effect(path: str, effect: Effect | None) -> Response:
    """Return a redirect to *path* that reports *effect*, if settings were saved."""
    return flash.redirect_with_flash(path, effect) if effect else RedirectResponse(path, 303)


def _omit_empty_position(values: dict[str, object]) -> dict[str, object]:
    """Return *values* without an empty position, so that the stored position is kept."""
    return {
        name: value for name, value in values.items() if name != "position" or value is not None
    }


@router.post("/assignments/{assignment}/unpublish")
def unpublish_assignment(assignment: UUID, form: FormDep, context: PageDep) -> Response:
    """Save the settings if they changed, and unpublish the assignment."""

    def unpublish_and_redirect(_: str, effect: Effect | None) -> Response:
        api.post_unpublish(assignment, context, Response())
        return flash.redirect_with_flash(f"/assignments/{assignment}/edit", effect)

    return save_settings_then_run(assignment, form, context, unpublish_and_redirect)


@router.post("/assignments/{assignment}/order")
def reorder_problems(assignment: UUID, form: FormDep, context: PageDep) -> Response:
    """Move a problem one position up or down."""

    def move_problem(version: str, effect: Effect | None) -> Response:
        assignment_view = api.get_assignment(assignment, context, Response())
        names = [problem.problem for problem in assignment_view.problems]
        body = validate_body(OrderIn, {"problems": _move_name(names, form)})
        api.put_problem_order(assignment, body, context, parse_form_version(version), Response())
        return _redirect_with_effect(f"/assignments/{assignment}/edit#problems", effect)

    return save_settings_then_run(assignment, form, context, move_problem)


def _move_name(names: list[str], form: PostedForm) -> list[str]:
    """Move the posted name one position up or down in *names*, and return *names*."""
    name, step = (form.text("up"), -1) if form.has("up") else (form.text("down"), 1)
    if name not in names:
        return names
    index = names.index(name)
    target_index = min(max(index + step, 0), len(names) - 1)
    names.insert(target_index, names.pop(index))
    return names
