"""Actions on an assignment: view it as a student, release results, delete it, and undo that."""

from typing import Final
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from api.dependencies import RequestContext
from api.http.etags import IfMatchVersions
from api.pages.forms.form import FormDep, validate_body
from api.pages.home import view_as_student
from api.pages.layout import flash
from api.pages.router import PageDep, PageRouter
from api.pages.staff.assignments.assignment_editor import (
    load_assignment_to_edit,
    render_assignment_editor,
    save_settings_then_run,
)
from api.pages.staff.assignments.assignment_form import read_posted_texts
from api.routes.assignments import assignments as api
from api.routes.courses import people
from api.schemas.assignments.assignments import ReleaseIn
from api.schemas.shared.effects import Effect
from api.services.review.readiness import reveals_verdicts_before_last_attempt

router = PageRouter()
DELETE_PATH: Final = "/assignments/{assignment}/delete"
RELEASE_FIELDS: Final = {"show_results": "results", "show_solutions": "solutions"}
"""Names of the release buttons, mapped to API fields.

The settings already have fields named ``results`` and ``solutions``.
"""


@router.post("/assignments/{assignment}/view")
def view_assignment_as_student(assignment: UUID, context: PageDep) -> Response:
    """Show the assignment as the test student sees it, which also works for a draft.

    The course gets its test student if it has none.
    """
    assignment_view = load_assignment_to_edit(assignment, context)
    people.post_test_student(assignment_view.course, context)
    return view_as_student(context, "test", f"/assignments/{assignment}")


@router.post("/assignments/{assignment}/release")
def change_release(assignment: UUID, form: FormDep, context: PageDep) -> Response:
    """Release results or solutions now, or return them to their release rule.

    If students could answer again after they see the verdicts, the page asks first.
    """
    states = {"now": True, "rule": False}
    choices = form.non_empty_texts(*RELEASE_FIELDS)
    values = {RELEASE_FIELDS[name]: states.get(choice, choice) for name, choice in choices.items()}
    word = "solutions" if form.has("show_solutions") else "results"

    def apply_release(_: str, effect: Effect | None) -> Response:
        must_confirm = values.get("results") is True and form.text("confirm") != "yes"
        if must_confirm and _reveals_verdicts_early(assignment, context):
            saved = "done" if effect else ""
            return render_assignment_editor(assignment, context, saved=saved, confirm="release")
        api.post_results_release(assignment, validate_body(ReleaseIn, values), context, Response())
        return flash.redirect_with_flash(f"/assignments/{assignment}/edit", effect, word)

    return save_settings_then_run(assignment, form, context, apply_release)


def _reveals_verdicts_early(assignment: UUID, context: RequestContext) -> bool:
    with context.reading() as session:
        member, row = context.authorize_assignment(session, assignment, right="manage_assignments")
        return reveals_verdicts_before_last_attempt(session, row, member.course, now=context.now)


@router.get(DELETE_PATH)
def ask_to_delete_assignment(assignment: UUID, context: PageDep) -> Response:
    """Ask whether to delete the assignment."""
    return render_assignment_editor(assignment, context, confirm="delete")


@router.post(DELETE_PATH)
def delete_assignment(assignment: UUID, form: FormDep, context: PageDep) -> Response:
    """Delete the assignment after a confirmation; the page that follows can undo it.

    The confirmation page keeps the unsaved settings.
    """
    anything = IfMatchVersions(None)
    assignment_view = load_assignment_to_edit(assignment, context)
    if form.text("confirm") != "yes":
        typed = read_posted_texts(form) if form.has("title") else None
        return render_assignment_editor(assignment, context, typed=typed, confirm="delete")
    api.delete_assignment(assignment, context, anything, confirm=True)
    return RedirectResponse(
        f"/courses/{assignment_view.course}?saved={flash.DELETED}{assignment}", status_code=303
    )


@router.post("/assignments/{assignment}/restore")
def restore_assignment(assignment: UUID, context: PageDep) -> Response:
    """Undo the deletion of the assignment and redirect to its editor."""
    api.post_restore(assignment, context, Response())
    return RedirectResponse(
        f"/assignments/{assignment}/edit?saved=assignment-restored", status_code=303
    )
