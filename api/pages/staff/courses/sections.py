"""The sections of a course: made, renamed, deleted on the page of its people."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from api.dependencies import Here
from api.pages.forms.form import Form, FormDep, validated
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import MENDABLE
from api.pages.staff.courses.people import people_page
from api.routes.courses import people as api
from api.schemas.accounts.people import SectionIn

__all__ = ["router"]

router = PageRouter()
SECTIONS: Final = "/courses/{course}/sections"


@router.post(SECTIONS)
def add_section(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Add a section, and return to the people."""
    make = lambda: api.post_section(course, _named(form), here)  # noqa: E731
    return _settled(here, course, form, make)


@router.post(f"{SECTIONS}/{{section}}")
def rename_section(course: UUID, section: UUID, form: FormDep, here: PageDep) -> Response:
    """Rename a section, and return to the people."""
    rename = lambda: api.patch_section(course, section, _named(form), here)  # noqa: E731
    return _settled(here, course, form, rename)


@router.post(f"{SECTIONS}/{{section}}/delete")
def delete_section(course: UUID, section: UUID, form: FormDep, here: PageDep) -> Response:
    """Delete a section that nobody is in, and return to the people."""
    return _settled(here, course, form, lambda: api.delete_section(course, section, here))


def _named(form: Form) -> SectionIn:
    return validated(SectionIn, {"name": form.text("section_name")})


def _settled(here: Here, course: UUID, form: Form, act: Callable[[], object]) -> Response:
    with here.reading() as session:
        here.member(session, course, right="manage_people")
    try:
        act()
    except MENDABLE as error:
        return people_page(here, course, form=form, error=error)
    return RedirectResponse(f"/courses/{course}/people#sections", status_code=303)
