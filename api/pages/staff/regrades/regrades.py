"""The regrades of a problem, and the form that starts one."""

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.core.errors import Conflict, Invalid, ServiceError
from api.dependencies import Here
from api.pages.forms.form import Form, FormDep
from api.pages.forms.redisplay import Typed
from api.pages.layout.formatting import counted
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.common import course_crumbs, may
from api.pages.staff.regrades import form_errors, regrade_form
from api.pages.staff.regrades.form_errors import Contrary
from api.pages.staff.regrades.regrade_form import Part, Way
from api.pages.staff.regrades.regrade_run import WORKING, onwards
from api.pages.staff.results.results import staff_view, title_of
from api.routes.assignments import analytics
from api.routes.courses import problems
from api.routes.grading import regrades as api
from api.schemas.analytics.problem import WrongGroup
from api.schemas.assignments.assignments import StaffAssignment
from api.schemas.courses.problems import VersionListed

__all__ = ["router"]

router = PageRouter()

POSED: Final = "/assignments/{assignment}/problems/{problem}/regrades"
SAME_NUMBERS: Final = ("original", "shared")
ACTIVE: Final = (*WORKING, "ready", "stopped")
"""The states in which no other regrade of the problem can begin."""


@dataclass(frozen=True, slots=True)
class Start:
    """What the form that starts a regrade shows, and what was typed into it.

    *by_answer*: students have the same numbers, so that one answer stands for its group. *names*
    are those of which a value can be made, *contrary* the examples that the form can drop.
    """

    do: str
    typed: Typed
    form: Form
    parts: tuple[Part, ...]
    versions: tuple[tuple[str, str], ...]
    group: WrongGroup | None
    by_answer: bool
    contrary: tuple[Contrary, ...]
    names: tuple[str, ...]


@router.get(POSED)
def regrades(
    assignment: UUID,
    problem: str,
    here: PageDep,
    cursor: Annotated[str, Query(max_length=2_000)] = "",
    do: Way = "parts",
    part: Annotated[str, Query(max_length=80)] = "",
    answer: UUID | None = None,
) -> Response:
    """Return the regrades of a problem, and the form that starts one.

    *do* and *part* fill it in for a part, with *answer* for a group of equal wrong answers.
    """
    given = {"do": (do,), "cursor": (cursor,), f"version.{do}.part": (part,)}
    if answer is not None:
        given[f"version.{do}.answer"] = (str(answer),)
    return _listed(assignment, problem, here, Form(given))


def _listed(
    assignment: UUID, problem: str, here: Here, form: Form, error: ServiceError | None = None
) -> Response:
    shown = api.get_regrades(
        assignment, problem, here, window(here, limit=20, cursor=form.text("cursor")), None
    )
    found = staff_view(assignment, here)
    title = title_of(found, problem)
    path = f"/assignments/{assignment}/problems/{problem}"
    return page(
        here,
        "staff/regrades.html",
        title=f"{title} · regrades",
        crumbs=course_crumbs(
            here,
            Crumb(found.title, f"/assignments/{assignment}/results"),
            Crumb(title, f"{path}/results"),
        ),
        tab="assignments",
        path=path,
        runs=shown.items,
        active=next((one for one in shown.items if one.status in ACTIVE), None),
        next=shown.next,
        start=_start(here, found, problem, form, error) if may(here, "regrade") else None,
        choices=regrade_form,
        status=error.status if error else 200,
    )


def _start(
    here: Here, found: StaffAssignment, problem: str, form: Form, error: ServiceError | None
) -> Start:
    do = form.text("do", "parts")
    with here.reading() as session:
        posed = here.posed(session, found.id, problem, right="see_key")
        posing = here.service.variants.problem(posed.version)
        version, name = posed.version.id, posed.version.problem
    if error is not None:
        error = form_errors.placed(error, form, posing)
    parts, group = regrade_form.parts_of(posing), _group(here, found.id, problem, form)
    contrary = form_errors.contraries(error, form)
    values = {name: every[0] for name, every in form.fields.items() if every}
    by_answer = found.variants in SAME_NUMBERS
    if group is not None and do == "accept":
        values.setdefault("version.accept.reason", _reason(group))
    if group is not None and not by_answer:
        values.setdefault(f"version.{do}.key", _suggested(parts, form, group))
    return Start(
        do=do,
        typed=Typed(values, error, {**regrade_form.LABELS, **form_errors.labels_of(contrary)}),
        form=form,
        parts=parts,
        versions=_versions(here, found.course, name, version) if do == "id" else (),
        group=group,
        by_answer=by_answer,
        contrary=contrary,
        names=_names(parts, form.text(f"version.{do}.part")),
    )


def _reason(group: WrongGroup) -> str:
    """Return why a group is accepted, for who does not say it better."""
    return f"Right as well: {counted(group.count, 'student')} gave it"


def _names(parts: tuple[Part, ...], chosen: str) -> tuple[str, ...]:
    """Return the names of which a value can be made: those of the chosen part, else of the last."""
    return next((one.names for one in parts if one.id == chosen), parts[-1].names if parts else ())


def _versions(here: Here, course: UUID, problem: str, now: UUID) -> tuple[tuple[str, str], ...]:
    """Return the published versions of the bank and of the course but *now*, with names."""
    told = problems.get_problems(course, here, window(here), text=problem)
    spaces = [one for one in told.items if one.problem == problem]
    return tuple(
        (str(one.id), _called(one, space.space))
        for space in spaces
        for one in problems.get_versions(course, space.id, here).items
        if one.id != now and one.status == "published"
    )


def _called(one: VersionListed, space: str) -> str:
    note = f", {one.note}" if one.note else ""
    return f"version {one.number} of the {space}{note}"


def _group(here: Here, assignment: UUID, problem: str, form: Form) -> WrongGroup | None:
    """Return the group of wrong answers that a form is about, as the class gave them."""
    do = form.text("do")
    answer, part = form.text(f"version.{do}.answer"), form.text(f"version.{do}.part")
    if not answer:
        return None
    told = analytics.of_problem(assignment, problem, here)
    return next(
        (
            group
            for one in told.parts
            if one.part == part and one.wrong is not None
            for group in one.wrong.groups
            if str(group.example.answer) == answer
        ),
        None,
    )


def _suggested(parts: tuple[Part, ...], form: Form, group: WrongGroup) -> str:
    chosen = form.text(f"version.{form.text('do')}.part")
    part = next((one for one in parts if one.id == chosen), None)
    return regrade_form.suggested(part, group.looks, group.mistakes) if part else ""


@router.post(POSED)
def start(assignment: UUID, problem: str, form: FormDep, here: PageDep) -> Response:
    """Begin the dry run of a regrade, which changes nothing yet."""
    found = staff_view(assignment, here)
    try:
        body = regrade_form.wanted(here, found.course, form)
        made = api.post_regrade(assignment, problem, body, here, Response())
    except (Conflict, Invalid) as error:
        return _listed(assignment, problem, here, form, error)
    return onwards(made.id)
