"""Sections of a course: create, rename and delete them on the people page."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import RECOVERABLE_ERRORS
from api.pages.staff.courses.people import render_people_page
from api.routes.courses import people as api
from api.schemas.accounts.people import SectionIn

router = PageRouter()
SECTIONS_PATH: Final = "/courses/{course}/sections"


@router.post(SECTIONS_PATH)
def add_section(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Create a section and redirect to the people page."""
    make = lambda: api.post_section(course, _parse_section(form), context)  # noqa: E731
    return _change_sections_and_redirect(context, course, form, make)


@router.post(f"{SECTIONS_PATH}/{{section}}")
def rename_section(course: UUID, section: UUID, form: FormDep, context: PageDep) -> Response:
    """Rename a section and redirect to the people page."""
    rename = lambda: api.patch_section(course, section, _parse_section(form), context)  # noqa: E731
    return _change_sections_and_redirect(context, course, form, rename)


@router.post(f"{SECTIONS_PATH}/{{section}}/delete")
def delete_section(course: UUID, section: UUID, form: FormDep, context: PageDep) -> Response:
    """Delete an empty section and redirect to the people page."""
    return _change_sections_and_redirect(
        context, course, form, lambda: api.delete_section(course, section, context)
    )


def _parse_section(form: PostedForm) -> SectionIn:
    return validate_body(SectionIn, {"name": form.text("section_name")})


def _change_sections_and_redirect(
    context: RequestContext, course: UUID, form: PostedForm, act: Callable[[], object]
) -> Response:
    with context.reading() as session:
        context.authorize_course(session, course, right="manage_people")
    try:
        act()
    except RECOVERABLE_ERRORS as error:
        return render_people_page(context, course, form=form, error=error)
    return RedirectResponse(f"/courses/{course}/people#sections", status_code=303)
