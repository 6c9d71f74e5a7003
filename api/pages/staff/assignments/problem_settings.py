"""Problems of an assignment: add, edit, void parts, post notices and remove."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from fastapi import Response

from api.core.errors import Conflict, NotFound, PreconditionFailed, ServiceError
from api.db.models import ProblemVersion
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.form_version import parse_form_version
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm, find_differences
from api.pages.forms.setting_fields import (
    build_fields,
    field_labels,
    form_to_texts,
    settings_to_texts,
    texts_to_settings,
)
from api.pages.layout import flash
from api.pages.layout.formatting import part_name
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.assignments.assignment_editor import render_assignment_editor
from api.pages.staff.assignments.editor_messages import PROBLEM_REMOVED
from api.pages.staff.assignments.problem_usage import load_problems_opened_by_students
from api.routes.assignments import assignment_problems as api
from api.routes.assignments import assignments
from api.routes.courses import courses, problems
from api.schemas.assignments.assignments import StaffAssignment, StudentAssignment
from api.schemas.assignments.problems import (
    AssignedProblemChanged,
    AssignedProblemIn,
    AssignedProblemPatch,
    AssignedProblemSettings,
    NoticeIn,
    ProblemSettings,
)
from api.schemas.courses.problems import VersionListed
from api.services.problems.views import serialize_version_summary
from api.services.regrades.rewording import list_rewordings

router = PageRouter()
PROBLEM_PATH: Final = "/assignments/{assignment}/problems/{problem}"
FIELDS: Final = build_fields(ProblemSettings)
LABELS: Final = field_labels(FIELDS) | {"version": "Version", "text": "Notice"}


@router.post("/assignments/{assignment}/problems")
def add_problem(assignment: UUID, form: FormDep, context: PageDep) -> Response:
    """Append the chosen problems to the assignment, and redirect to its editor."""
    picks = [
        dict(zip(("problem", "version"), pick.split("/", 1), strict=False))
        for pick in form.get_all("pick")
    ]
    rows = picks or [form.non_empty_texts("problem", "version", "of")]
    try:
        bodies = [validate_body(AssignedProblemIn, row) for row in rows]
        changes = [api.post_problem(assignment, body, context, Response()) for body in bodies]
    except FORM_ERRORS as error:
        return render_assignment_editor(assignment, context, error=error)
    effect, word = (changes[0].effect, "") if len(changes) == 1 else (None, "problems-added")
    return flash.redirect_with_flash(f"/assignments/{assignment}/edit#problems", effect, word)


@router.get(f"{PROBLEM_PATH}/settings")
def show_problem_settings(
    assignment: UUID,
    problem: str,
    context: PageDep,
    saved: flash.SavedQuery = "",
    version: UUID | None = None,
) -> Response:
    """Return the settings page of a problem; *version* is selected, but not saved."""
    problem_key = (assignment, problem)
    typed = None
    if version is not None:
        typed = {**_load_stored_texts(problem_key, context), "version": str(version)}
    return _render_problem_settings(
        problem_key, context, typed=typed, message=flash.flash_message(saved)
    )


def _render_problem_settings(
    problem_key: tuple[UUID, str],
    context: RequestContext,
    *,
    typed: dict[str, str] | None = None,
    error: ServiceError | None = None,
    message: str = "",
    dry_run_result: AssignedProblemChanged | None = None,
) -> Response:
    assignment, problem = problem_key
    with context.reading() as session:
        context.authorize_problem(session, assignment, problem, right="manage_assignments")
    assigned = api.get_problem_settings(assignment, problem, context, Response())
    noted = api.get_notices(assignment, problem, context)
    assignment_view = assignments.get_assignment(assignment, context, Response())
    view = courses.get_course(assignment_view.course, context, Response())
    fields, stale = (
        _problem_settings_to_texts(assigned),
        isinstance(error, PreconditionFailed) and typed is not None,
    )
    bound_form = BoundForm(fields if typed is None else typed, None if stale else error, LABELS)
    label = partial(_field_label, assigned.part_titles)
    return render_page(
        context,
        "staff/problem_settings.html",
        title=assigned.title,
        crumbs=_build_crumbs(view.title, view.id, assignment_view.title, assignment),
        tab="assignments",
        status=error.status if error else 200,
        assignment=assignment_view,
        assigned=assigned,
        is_seen=problem in load_problems_opened_by_students(assignment, context),
        notices=noted.items,
        versions=_list_selectable_versions(assignment_view.course, assigned, context),
        fields=build_fields(ProblemSettings, {"groups": _list_group_ids(assignment_view)}),
        t=bound_form,
        differences=find_differences(fields, fields | typed, label) if stale and typed else None,
        done=message,
        trial=dry_run_result,
    )


def _list_group_ids(assignment_view: StaffAssignment | StudentAssignment) -> list[str]:
    if not isinstance(assignment_view, StaffAssignment):
        return []
    return [group.id for group in assignment_view.groups]


def _list_selectable_versions(
    course: UUID, assigned: AssignedProblemSettings, context: RequestContext
) -> list[VersionListed]:
    """Return the versions that can be selected: the published ones and the current one.

    Once the problem is opened, only those that change the wording of the current one.
    """
    if assigned.opened:
        return _list_rewordings(course, assigned, context)
    versions = problems.get_versions(course, assigned.version_id, context)
    return [
        version
        for version in versions.items
        if version.status == "published" or version.id == assigned.version_id
    ]


def _list_rewordings(
    course: UUID, assigned: AssignedProblemSettings, context: RequestContext
) -> list[VersionListed]:
    with context.reading() as session:
        pinned = session.get_one(ProblemVersion, assigned.version_id)
        others = list_rewordings(session, pinned, course)
        return [serialize_version_summary(version) for version in (pinned, *others)]


def _build_crumbs(
    course: str, course_id: UUID, title: str, assignment: UUID
) -> tuple[Breadcrumb, ...]:
    return Breadcrumb(course, f"/courses/{course_id}"), Breadcrumb(
        title, f"/assignments/{assignment}/edit"
    )


def _problem_settings_to_texts(assigned: AssignedProblemSettings) -> dict[str, str]:
    voided = {f"voided.{part.id}": assigned.voided.get(part.id, "") for part in assigned.parts}
    own_values = {name: getattr(assigned, name) for name in FIELDS} | {
        "points": assigned.own_points
    }
    own_settings = ProblemSettings.model_validate(own_values)
    versions = {"version": str(assigned.version_id), "held": str(assigned.version)}
    return settings_to_texts(FIELDS, own_settings) | versions | voided


def _field_label(titles: Mapping[str, str], name: str) -> str:
    """Return the label of a field, or "" for the hidden field ``held``."""
    part = name.removeprefix("voided.")
    return LABELS.get(name, "") if part == name else part_name(part, titles.get(part, ""))


def _read_posted_texts(form: PostedForm) -> dict[str, str]:
    voided = {f"voided.{part}": values[0] for part, values in form.with_prefix("voided.").items()}
    plain = form_to_texts(FIELDS, form) | {"held": form.text("held")}
    chosen = {"version": form.text("version")} if form.has("version") else {}
    return plain | chosen | voided


def _texts_to_patch(typed: Mapping[str, str]) -> dict[str, Any]:
    """Convert form field texts to the body of a PATCH request."""
    voided = {
        name.removeprefix("voided."): how
        for name, how in typed.items()
        if name.startswith("voided.") and how
    }
    chosen = {"version": typed["version"]} if typed.get("version") else {}
    return texts_to_settings(FIELDS, typed) | {"voided": voided} | chosen


@router.post(f"{PROBLEM_PATH}/settings")
def save_problem_settings(
    assignment: UUID, problem: str, form: FormDep, context: PageDep
) -> Response:
    """Save the settings of the problem, or dry-run the change."""
    typed, is_dry_run = _read_posted_texts(form), form.text("act") == "try"
    problem_key = assignment, problem
    try:
        body = validate_body(AssignedProblemPatch, _texts_to_patch(typed))
        expected = parse_form_version(typed["held"])
        changed = api.patch_problem(
            assignment, problem, body, context, expected, Response(), dry_run=is_dry_run
        )
    except FORM_ERRORS as error:
        return _render_problem_settings(problem_key, context, typed=typed, error=error)
    if is_dry_run:
        return _render_problem_settings(problem_key, context, typed=typed, dry_run_result=changed)
    return flash.redirect_with_flash(
        f"/assignments/{assignment}/problems/{problem}/settings", changed.effect
    )


@router.post(f"{PROBLEM_PATH}/remove")
def remove_problem(assignment: UUID, problem: str, form: FormDep, context: PageDep) -> Response:
    """Dry-run the removal of the problem; with ``confirm``, remove it."""
    is_sure = form.text("confirm") == "yes"
    try:
        changed = api.delete_problem(
            assignment,
            problem,
            context,
            parse_form_version(form.text("held")),
            confirm=True,
            dry_run=not is_sure,
        )
    except (Conflict, PreconditionFailed) as error:
        return _render_problem_settings((assignment, problem), context, error=error)
    if not is_sure:
        return _render_problem_settings((assignment, problem), context, dry_run_result=changed)
    return flash.redirect_with_flash(
        f"/assignments/{assignment}/edit#problems", changed.effect, PROBLEM_REMOVED
    )


@router.post(f"{PROBLEM_PATH}/notices")
def post_notice(assignment: UUID, problem: str, form: FormDep, context: PageDep) -> Response:
    """Post a notice about the problem for students."""
    text = form.text("text")
    try:
        api.post_notice(assignment, problem, validate_body(NoticeIn, {"text": text}), context)
    except FORM_ERRORS as error:
        with_text = {**_load_stored_texts((assignment, problem), context), "text": text}
        return _render_problem_settings(
            (assignment, problem), context, typed=with_text, error=error
        )
    return flash.redirect_with_flash(
        f"/assignments/{assignment}/problems/{problem}/settings#notices"
    )


def _load_stored_texts(problem_key: tuple[UUID, str], context: RequestContext) -> dict[str, str]:
    return _problem_settings_to_texts(api.get_problem_settings(*problem_key, context, Response()))


@router.post(f"{PROBLEM_PATH}/notices/{{notice}}/withdraw")
def withdraw_notice(assignment: UUID, problem: str, notice: UUID, context: PageDep) -> Response:
    """Withdraw a notice; if it is already withdrawn, only redirect."""
    try:
        api.delete_notice(assignment, problem, notice, context)
    except NotFound:
        # Taken off already, perhaps in another window; who may not see the problem hears so below.
        api.get_problem_settings(assignment, problem, context, Response())
    return flash.redirect_with_flash(
        f"/assignments/{assignment}/problems/{problem}/settings#notices"
    )
