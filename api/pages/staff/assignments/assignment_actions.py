"""Actions on an assignment: view it as a student, delete it, and undo the deletion."""

from typing import Final
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from api.http.etags import IfMatchVersions
from api.pages.forms.form import FormDep
from api.pages.home import view_as_student
from api.pages.layout import flash
from api.pages.router import PageDep, PageRouter
from api.pages.staff.assignments.assignment_editor import (
    load_assignment_to_edit,
    render_assignment_editor,
)
from api.pages.staff.assignments.assignment_form import read_posted_texts
from api.routes.assignments import assignments as api
from api.routes.courses import people

router = PageRouter()
DELETE_PATH: Final = "/assignments/{assignment}/delete"


@router.post("/assignments/{assignment}/view")
def view_assignment_as_student(assignment: UUID, context: PageDep) -> Response:
    """Show the assignment as the test student sees it, which also works for a draft.

    The course gets its test student if it has none.
    """
    assignment_view = load_assignment_to_edit(assignment, context)
    people.post_test_student(assignment_view.course, context)
    return view_as_student(context, "test", f"/assignments/{assignment}")


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
