"""How a problem is set in an assignment: added, changed, void in part, noted on, and removed."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from fastapi import Response

from api.core.errors import Conflict, NotFound, Precondition, ServiceError
from api.dependencies import Here
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.form_version import held
from api.pages.forms.redisplay import REFUSALS, Typed, differences
from api.pages.forms.setting_fields import (
    build_fields,
    field_labels,
    form_to_texts,
    settings_to_texts,
    texts_to_settings,
)
from api.pages.layout import flash
from api.pages.layout.formatting import part_name
from api.pages.layout.frame import Crumb, page
from api.pages.login import local
from api.pages.router import PageDep, PageRouter
from api.pages.staff.assignments.assignment_editor import editor
from api.pages.staff.assignments.problem_usage import seen_in
from api.routes.assignments import assignment_problems as api
from api.routes.assignments import assignments
from api.routes.courses import courses, problems
from api.schemas.assignments.assignments import StaffAssignment
from api.schemas.assignments.problems import (
    NoticeIn,
    PosedChanged,
    PosedIn,
    PosedPatch,
    PosedSettings,
    ProblemSettings,
)

__all__ = ["router"]

router = PageRouter()
POSED: Final = "/assignments/{assignment}/problems/{problem}"
FIELDS: Final = build_fields(ProblemSettings)
LABELS: Final = field_labels(FIELDS) | {"version": "Version", "text": "Notice"}


@router.post("/assignments/{assignment}/problems")
def add(assignment: UUID, form: FormDep, here: PageDep) -> Response:
    """Add a problem at the end of the assignment, and go back to where it was found."""
    problem, _, version = form.text("add").partition("/")
    row = {"problem": problem, "version": version} if version else {}
    try:
        body = validated(PosedIn, form.given("problem", "version", "of") | row)
        told = api.post_problem(assignment, body, here, Response())
    except REFUSALS as error:
        return editor(assignment, here, error=error)
    if not version:
        return flash.onwards(f"/assignments/{assignment}/edit#problems", told.effect)
    return flash.onwards(f"{local(form.text('next'))}#{problem}", told.effect)


@router.get(f"{POSED}/settings")
def settings(assignment: UUID, problem: str, here: PageDep, saved: flash.Saved = "") -> Response:
    """Return how the problem is set."""
    return _settings((assignment, problem), here, done=flash.told(saved))


def _settings(
    where: tuple[UUID, str],
    here: Here,
    *,
    typed: dict[str, str] | None = None,
    error: ServiceError | None = None,
    done: str = "",
    trial: PosedChanged | None = None,
) -> Response:
    assignment, problem = where
    with here.reading() as session:
        here.posed(session, assignment, problem, right="manage_assignments")
    posed = api.get_settings(assignment, problem, here, Response())
    noted = api.get_notices(assignment, problem, here)
    one = assignments.get_assignment(assignment, here, Response())
    groups = [group.id for group in one.groups] if isinstance(one, StaffAssignment) else []
    versions = problems.get_versions(one.course, posed.version_id, here)
    view = courses.get_course(one.course, here, Response())
    fields, stale = _fields(posed), isinstance(error, Precondition) and typed is not None
    told = Typed(fields if typed is None else typed, None if stale else error, LABELS)
    label = partial(_label, posed.part_titles)
    return page(
        here,
        "staff/problem_settings.html",
        title=posed.title,
        crumbs=_crumbs(view.title, view.id, one.title, assignment),
        tab="assignments",
        status=error.status if error else 200,
        one=one,
        posed=posed,
        is_seen=problem in seen_in(assignment, here),
        notices=noted.items,
        versions=[
            each
            for each in versions.items
            if each.status == "published" or each.id == posed.version_id
        ],
        fields=build_fields(ProblemSettings, {"groups": groups}),
        t=told,
        differences=differences(fields, fields | typed, label) if stale and typed else None,
        done=done,
        trial=trial,
    )


def _crumbs(course: str, course_id: UUID, title: str, assignment: UUID) -> tuple[Crumb, ...]:
    return Crumb(course, f"/courses/{course_id}"), Crumb(title, f"/assignments/{assignment}/edit")


def _fields(posed: PosedSettings) -> dict[str, str]:
    """Return the stored settings as the fields of the form hold them."""
    voided = {f"voided.{part.id}": posed.voided.get(part.id, "") for part in posed.parts}
    set_here = {name: getattr(posed, name) for name in FIELDS} | {"points": posed.own_points}
    own = ProblemSettings.model_validate(set_here)
    versions = {"version": str(posed.version_id), "held": str(posed.version)}
    return settings_to_texts(FIELDS, own) | versions | voided


def _label(titles: Mapping[str, str], name: str) -> str:
    """Return what people call a field, "" for the version, which they do not see."""
    part = name.removeprefix("voided.")
    return LABELS.get(name, "") if part == name else part_name(part, titles.get(part, ""))


def _typed(form: Form) -> dict[str, str]:
    voided = {f"voided.{part}": values[0] for part, values in form.below("voided.").items()}
    plain = form_to_texts(FIELDS, form) | {"held": form.text("held")}
    chosen = {"version": form.text("version")} if form.has("version") else {}
    return plain | chosen | voided


def _values(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed as the API takes it."""
    voided = {
        name.removeprefix("voided."): how
        for name, how in typed.items()
        if name.startswith("voided.") and how
    }
    chosen = {"version": typed["version"]} if typed.get("version") else {}
    return texts_to_settings(FIELDS, typed) | {"voided": voided} | chosen


@router.post(f"{POSED}/settings")
def save(assignment: UUID, problem: str, form: FormDep, here: PageDep) -> Response:
    """Save how the problem is set, or show what that would change."""
    typed, is_trial = _typed(form), form.text("act") == "try"
    where = assignment, problem
    try:
        body = validated(PosedPatch, _values(typed))
        expected = held(typed["held"])
        told = api.patch_problem(
            assignment, problem, body, here, expected, Response(), dry_run=is_trial
        )
    except REFUSALS as error:
        return _settings(where, here, typed=typed, error=error)
    if is_trial:
        return _settings(where, here, typed=typed, trial=told)
    return flash.onwards(f"/assignments/{assignment}/problems/{problem}/settings", told.effect)


@router.post(f"{POSED}/remove")
def remove(assignment: UUID, problem: str, form: FormDep, here: PageDep) -> Response:
    """Show what taking the problem out would change; with ``confirm``, take it out."""
    is_sure = form.text("confirm") == "yes"
    try:
        told = api.delete_problem(
            assignment, problem, here, held(form.text("held")), confirm=True, dry_run=not is_sure
        )
    except (Conflict, Precondition) as error:
        return _settings((assignment, problem), here, error=error)
    if not is_sure:
        return _settings((assignment, problem), here, trial=told)
    return flash.onwards(f"/assignments/{assignment}/edit#problems", told.effect)


@router.post(f"{POSED}/notices")
def post_notice(assignment: UUID, problem: str, form: FormDep, here: PageDep) -> Response:
    """Tell students something on the problem."""
    text = form.text("text")
    try:
        api.post_notice(assignment, problem, validated(NoticeIn, {"text": text}), here)
    except REFUSALS as error:
        with_text = {**_current((assignment, problem), here), "text": text}
        return _settings((assignment, problem), here, typed=with_text, error=error)
    return flash.onwards(f"/assignments/{assignment}/problems/{problem}/settings#notices")


def _current(where: tuple[UUID, str], here: Here) -> dict[str, str]:
    return _fields(api.get_settings(*where, here, Response()))


@router.post(f"{POSED}/notices/{{notice}}/withdraw")
def withdraw(assignment: UUID, problem: str, notice: UUID, here: PageDep) -> Response:
    """Take a notice off the problem."""
    try:
        api.delete_notice(assignment, problem, notice, here)
    except NotFound:
        # Taken off already, perhaps in another window; who may not see the problem hears so below.
        api.get_settings(assignment, problem, here, Response())
    return flash.onwards(f"/assignments/{assignment}/problems/{problem}/settings#notices")
