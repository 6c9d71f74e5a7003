"""Regrade page: its progress, its changes by student, and its actions."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import Conflict, InvalidInput, ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, validate_body
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.layout.grade_steps import ProblemTitles
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.common import course_crumbs, has_permission, is_anonymous_for_member
from api.pages.staff.results.results import load_staff_assignment, problem_title
from api.routes.grading import regrades as api
from api.schemas.grading.regrades import ApplyIn, RegradeOut, UndoIn
from api.services.enrolment.display_names import load_display_names
from api.services.regrades import serializers

router = PageRouter()

WORKING_STATUSES: Final = ("judging", "applying", "undoing")
"""Statuses in which a regrade is running."""
STUDENTS_PER_PAGE: Final = 80
"""Number of students on a page of changes."""
Direction = Literal["up", "down", "same", "review"]


def redirect_to_regrade(run: UUID) -> Response:
    """Return a redirect to a regrade."""
    return RedirectResponse(f"/regrades/{run}", status_code=303)


@router.get("/regrades/{regrade}")
def show_regrade(
    regrade: UUID,
    context: PageDep,
    cursor: Annotated[str, Query(max_length=2_000)] = "",
    direction: Direction | None = None,
    student: UUID | None = None,
) -> Response:
    """Return a regrade: its progress, its changes by student, and its actions."""
    changes_query = RegradeChangesQuery(cursor, direction, student)
    return _render_regrade(context, api.get_regrade(regrade, context), changes_query)


@dataclass(frozen=True, slots=True)
class RegradeChangesQuery:
    """Query for changes: a page, optionally of one direction or one student."""

    cursor: str = ""
    direction: Direction | None = None
    student: UUID | None = None

    @property
    def shows_answers(self) -> bool:
        """Whether the query lists answers instead of students."""
        return self.direction is not None or self.student is not None


def _render_regrade(
    context: RequestContext,
    run: RegradeOut,
    changes_query: RegradeChangesQuery,
    error: ServiceError | None = None,
) -> Response:
    assignment = load_staff_assignment(run.assignment, context)
    path = f"/assignments/{run.assignment}/problems/{run.problem}"
    is_blind = is_anonymous_for_member(context, assignment)
    listed = {} if is_blind else _build_changes_context(context, run, changes_query)
    with context.reading() as session:
        handed_in = serializers.count_submitters(session, run.id)
    return render_page(
        context,
        "staff/regrade.html",
        title=f"Regrade of {problem_title(assignment, run.problem)}",
        crumbs=course_crumbs(
            context,
            Breadcrumb(assignment.title, f"/assignments/{run.assignment}/results"),
            Breadcrumb("Regrades", f"{path}/regrades"),
        ),
        tab="assignments",
        run=run,
        parts=ProblemTitles.from_problems(assignment.problems),
        handed_in=handed_in,
        set=assignment,
        path=path,
        looked=changes_query,
        working=run.status in WORKING_STATUSES,
        may_act=has_permission(context, "regrade"),
        is_blind=is_blind,
        error=error,
        status=error.status if error else 200,
        **listed,
    )


def _build_changes_context(
    context: RequestContext, run: RegradeOut, changes_query: RegradeChangesQuery
) -> dict[str, object]:
    return (
        _build_changed_answers_context(context, run, changes_query)
        if changes_query.shows_answers
        else _build_changed_students_context(context, run, changes_query)
    )


def _build_changed_students_context(
    context: RequestContext, run: RegradeOut, changes_query: RegradeChangesQuery
) -> dict[str, object]:
    """Return a page of the students whose score or grade changes; count the others."""
    page_request = build_page_request(context, limit=STUDENTS_PER_PAGE, cursor=changes_query.cursor)
    student_page = api.get_regrade_students(run.id, context, page_request, changed=True)
    with context.reading() as session:
        same = serializers.count_unchanged_students(session, run.id)
    return {"students": student_page.items, "same": same, "next": student_page.next}


def _build_changed_answers_context(
    context: RequestContext, run: RegradeOut, changes_query: RegradeChangesQuery
) -> dict[str, object]:
    """Return a page of the answers whose result changes, with the names of their students."""
    change_page = api.get_regrade_changes(
        run.id,
        context,
        build_page_request(context, limit=100, cursor=changes_query.cursor),
        changes_query.direction,
        None,
        changes_query.student,
    )
    with context.reading() as session:
        names = load_display_names(session, (item.student for item in change_page.items))
    return {"changes": change_page.items, "names": names, "next": change_page.next}


@router.post("/regrades/{regrade}/apply")
def apply_regrade(regrade: UUID, form: FormDep, context: PageDep) -> Response:
    """Apply a regrade; with ``never_lower``, no answer loses credit."""
    try:
        keeps = {"never_lower": True} if form.has("never_lower") else {}
        body = validate_body(ApplyIn, form.non_empty_texts("notice") | keeps)
        api.post_apply(regrade, body, context)
    except (Conflict, InvalidInput) as error:
        return _render_regrade(
            context, api.get_regrade(regrade, context), RegradeChangesQuery(), error
        )
    return redirect_to_regrade(regrade)


@router.post("/regrades/{regrade}/cancel")
def cancel_regrade(regrade: UUID, context: PageDep) -> Response:
    """Cancel a regrade between two chunks."""
    try:
        api.post_cancel(regrade, context)
    except Conflict as error:
        return _render_regrade(
            context, api.get_regrade(regrade, context), RegradeChangesQuery(), error
        )
    return redirect_to_regrade(regrade)


@router.post("/regrades/{regrade}/undo")
def undo_regrade(regrade: UUID, form: FormDep, context: PageDep) -> Response:
    """Undo the changes of a regrade."""
    try:
        api.post_undo(regrade, validate_body(UndoIn, form.non_empty_texts("reason")), context)
    except (Conflict, InvalidInput) as error:
        return _render_regrade(
            context, api.get_regrade(regrade, context), RegradeChangesQuery(), error
        )
    return redirect_to_regrade(regrade)
