"""The regrades of a problem, and the form that starts one."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.auth.authorization import AssignedProblem
from api.core.errors import Conflict, InvalidInput, ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm
from api.pages.forms.redisplay import BoundForm
from api.pages.layout.formatting import format_count
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.common import build_query_string, course_crumbs, has_permission
from api.pages.staff.regrades import form_errors, regrade_form
from api.pages.staff.regrades.form_errors import ContradictedExample
from api.pages.staff.regrades.regrade_form import RegradeFormPart, RegradeVersionKind
from api.pages.staff.regrades.regrade_run import WORKING_STATUSES, redirect_to_regrade
from api.pages.staff.results.results import load_staff_assignment, problem_title
from api.routes.assignments import analytics
from api.routes.courses import problems
from api.routes.grading import regrades as api
from api.schemas.analytics.problem import WrongGroup
from api.schemas.assignments.assignments import StaffAssignment
from api.schemas.courses.problems import VersionListed
from api.services.analytics.queries.keys import load_key_patterns
from api.services.grades import VersionedProblem

router = PageRouter()

REGRADES_PATH: Final = "/assignments/{assignment}/problems/{problem}/regrades"
SAME_NUMBERS_MODES: Final = ("original", "shared")
ACTIVE_STATUSES: Final = (*WORKING_STATUSES, "ready", "stopped")
"""Statuses of a regrade that block another regrade of the problem."""


@dataclass(frozen=True, slots=True)
class RegradeStartForm:
    """Context of the form that starts a regrade, including the posted values.

    *by_answer*: all students have the same numbers, so one answer identifies its group.
    *names* are the names that a key can use, *contradicted_examples* the examples that the form can
    drop.
    """

    do: str
    typed: BoundForm
    form: PostedForm
    parts: tuple[RegradeFormPart, ...]
    versions: tuple[tuple[str, str], ...]
    group: WrongGroup | None
    group_query: str
    by_answer: bool
    contradicted_examples: tuple[ContradictedExample, ...]
    names: tuple[str, ...]


@router.get(REGRADES_PATH)
def show_regrades(
    assignment: UUID,
    problem: str,
    context: PageDep,
    cursor: Annotated[str, Query(max_length=2_000)] = "",
    do: RegradeVersionKind = "parts",
    part: Annotated[str, Query(max_length=80)] = "",
    answer: UUID | None = None,
) -> Response:
    """Return the regrades of a problem, and the form that starts one.

    *do* and *part* prefill the form for a part; with *answer*, for a group of equal
    wrong answers.
    """
    fields = {"do": (do,), "cursor": (cursor,), f"version.{do}.part": (part,)}
    if answer is not None:
        fields[f"version.{do}.answer"] = (str(answer),)
    return _render_regrades(assignment, problem, context, PostedForm(fields))


def _render_regrades(
    assignment: UUID,
    problem: str,
    context: RequestContext,
    form: PostedForm,
    error: ServiceError | None = None,
) -> Response:
    regrade_page = api.get_regrades(
        assignment,
        problem,
        context,
        build_page_request(context, limit=20, cursor=form.text("cursor")),
        None,
    )
    assignment_view = load_staff_assignment(assignment, context)
    title = problem_title(assignment_view, problem)
    path = f"/assignments/{assignment}/problems/{problem}"
    return render_page(
        context,
        "staff/regrades.html",
        title=f"{title} · regrades",
        crumbs=course_crumbs(
            context,
            Breadcrumb(assignment_view.title, f"/assignments/{assignment}/results"),
            Breadcrumb(title, f"{path}/results"),
        ),
        tab="assignments",
        path=path,
        runs=regrade_page.items,
        active=next((item for item in regrade_page.items if item.status in ACTIVE_STATUSES), None),
        next=regrade_page.next,
        start=_build_start_form(context, assignment_view, problem, form, error)
        if has_permission(context, "regrade")
        else None,
        choices=regrade_form,
        status=error.status if error else 200,
    )


def _build_start_form(
    context: RequestContext,
    assignment: StaffAssignment,
    problem: str,
    form: PostedForm,
    error: ServiceError | None,
) -> RegradeStartForm:
    do = form.text("do", "parts")
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment.id, problem, right="see_key")
        definition = context.service.variants.get_problem(assigned.version)
        version, name = assigned.version.id, assigned.version.problem
    if error is not None:
        error = form_errors.map_errors_to_form(error, form, definition)
    parts, group = (
        regrade_form.list_keyed_parts(definition),
        _find_wrong_answer_group(context, assignment.id, problem, form),
    )
    contradicted_examples = form_errors.find_contradicted_examples(error, form)
    values = {name: every[0] for name, every in form.fields.items() if every}
    by_answer = assignment.variants in SAME_NUMBERS_MODES
    if group is not None and do == "accept":
        values.setdefault("version.accept.reason", _default_reason(group))
    if group is not None and not by_answer:
        values.setdefault(
            f"version.{do}.key", _suggest_key_for_group(context, assigned, parts, form, group)
        )
    return RegradeStartForm(
        do=do,
        typed=BoundForm(
            values,
            error,
            {**regrade_form.LABELS, **form_errors.example_labels(contradicted_examples)},
        ),
        form=form,
        parts=parts,
        versions=_list_other_published_versions(context, assignment.course, name, version)
        if do == "id"
        else (),
        group=group,
        group_query=_build_group_query(form, do) if group else "",
        by_answer=by_answer,
        contradicted_examples=contradicted_examples,
        names=_usable_names(parts, form.text(f"version.{do}.part")),
    )


def _build_group_query(form: PostedForm, do: str) -> str:
    """Return the part of a query string that names the group of the form."""
    part, answer = form.text(f"version.{do}.part"), form.text(f"version.{do}.answer")
    return "&" + urlencode({"part": part, "answer": answer})


def _default_reason(group: WrongGroup) -> str:
    """Return the default reason for accepting a group of answers."""
    return f"Also correct: {format_count(group.count, 'student')} gave it"


def _usable_names(parts: tuple[RegradeFormPart, ...], chosen: str) -> tuple[str, ...]:
    """Return the names that a key of the chosen part can use, by default of the last part."""
    return next(
        (part.names for part in parts if part.id == chosen), parts[-1].names if parts else ()
    )


def _list_other_published_versions(
    context: RequestContext, course: UUID, problem: str, current_version: UUID
) -> tuple[tuple[str, str], ...]:
    """Return the ids and labels of the published versions other than *current_version*.

    Versions of the bank and of the course are included.
    """
    problem_page = problems.get_problems(
        course, context, build_page_request(context), problems.ProblemSearchQuery(text=problem)
    )
    spaces = [item for item in problem_page.items if item.problem == problem]
    return tuple(
        (str(item.id), _version_label(item, space.space))
        for space in spaces
        for item in problems.get_versions(course, space.id, context).items
        if item.id != current_version and item.status == "published"
    )


def _version_label(version: VersionListed, space: str) -> str:
    note = f", {version.note}" if version.note else ""
    return f"version {version.number} of the {space}{note}"


def _find_wrong_answer_group(
    context: RequestContext, assignment: UUID, problem: str, form: PostedForm
) -> WrongGroup | None:
    """Return the group of wrong answers that the form refers to, or None."""
    do = form.text("do")
    answer, part = form.text(f"version.{do}.answer"), form.text(f"version.{do}.part")
    if not answer:
        return None
    problem_analytics = analytics.get_problem_analytics(assignment, problem, context)
    return next(
        (
            group
            for one in problem_analytics.parts
            if one.part == part and one.wrong is not None
            for group in one.wrong.groups
            if str(group.example.answer) == answer
        ),
        None,
    )


def _suggest_key_for_group(
    context: RequestContext,
    assigned: AssignedProblem,
    parts: tuple[RegradeFormPart, ...],
    form: PostedForm,
    group: WrongGroup,
) -> str:
    """Return the value of a group as an expression: by its mistake, or by its relation to the key.

    The engine has names, but no expressions, for relations such as “twice the key”.
    """
    chosen = form.text(f"version.{form.text('do')}.part")
    part = next((one for one in parts if one.id == chosen), None)
    if part is None:
        return ""
    suggested = regrade_form.suggest_key(part, group.looks, group.mistakes)
    if suggested or not group.mistakes:
        return suggested
    problem = VersionedProblem(assigned.problem, assigned.version)
    with context.reading() as session:
        patterns = load_key_patterns(session, problem, part.id, group.example.answer)
    return regrade_form.suggest_key(part, patterns, ())


@router.post(REGRADES_PATH)
def start_regrade(assignment: UUID, problem: str, form: FormDep, context: PageDep) -> Response:
    """Start the dry run of a regrade, which does not change any grade."""
    assignment_view = load_staff_assignment(assignment, context)
    try:
        body = regrade_form.parse_regrade(context, assignment_view.course, form)
        run = api.post_regrade(assignment, problem, body, context, Response())
    except (Conflict, InvalidInput) as error:
        return _render_regrades(assignment, problem, context, form, error)
    return redirect_to_regrade(run.id)


@router.post("/assignments/{assignment}/problems/{problem}/accept")
def accept_wrong_answers(
    assignment: UUID, problem: str, form: FormDep, context: PageDep
) -> Response:
    """Start the dry run that accepts a group of wrong answers; without a known key, ask for it."""
    with context.reading() as session:
        context.authorize_problem(session, assignment, problem, right="regrade")
    part, _, answer = form.text("accept").partition("/")
    fields = {"do": "accept", "version.accept.part": part, "version.accept.answer": answer}
    start = _build_start_form(
        context,
        load_staff_assignment(assignment, context),
        problem,
        PostedForm({name: (value,) for name, value in fields.items()}),
        None,
    )
    has_key = start.by_answer or bool(start.typed("version.accept.key"))
    if start.group is None or not has_key:
        query = build_query_string({"do": "accept", "part": part, "answer": answer})
        path = f"/assignments/{assignment}/problems/{problem}/regrades{query}#start"
        return RedirectResponse(path, status_code=303)
    values = {name: (value,) for name, value in start.typed.values.items()}
    return start_regrade(assignment, problem, PostedForm(values), context)
