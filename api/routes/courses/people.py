"""The people of a course, for its staff."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from api.dependencies import HereDep
from api.http.etags import IfMatch, etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageWindow
from api.routes.shared.error_responses import CHANGES, EDITS, SEES
from api.schemas.accounts.people import (
    LinkOut,
    Person,
    PersonIn,
    PersonPage,
    PersonPatch,
    Role,
    SectionIn,
    SectionOut,
    Sections,
)
from api.services.accounts import invitation_mailing
from api.services.enrolment import enrolments, sections, test_student

__all__ = ["router"]

router = ApiRouter(tags=["people"])
PEOPLE = "/courses/{course}/people"
SECTIONS = "/courses/{course}/sections"
Text = Annotated[str, Query(max_length=200, description="part of a name, address or number")]


@router.get(PEOPLE, responses=SEES)
def get_people(  # a filter each
    course: UUID,
    here: HereDep,
    window: PageWindow,
    role: Role | None = None,
    section: UUID | None = None,
    text: Text = "",
    state: Literal["active", "withdrawn", "all"] = "active",
) -> PersonPage:
    """List the people of a course by family name."""
    after = window.after("name", str)
    with here.reading() as session:
        rows = enrolments.people(
            session,
            here.member(session, course, right="see_people"),
            role=role,
            section=section,
            text=text,
            state=state,
            after=after,
            limit=window.limit + 1,
        )
    page = window.page(
        rows, end=lambda row: Cursor("name", row[1].sort_name, row[1].id), show=enrolments.listed
    )
    return PersonPage(items=page.items, next=page.next)


@router.post(PEOPLE, status_code=201, response_model=Person, responses=CHANGES)
def post_person(course: UUID, body: PersonIn, here: HereDep, response: Response) -> Person:
    """Add one person; who was withdrawn comes back with all their work."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_people")
        told = enrolments.add(session, member, body, now=here.now)
    response.headers["ETag"] = etag(told.version)
    return told


@router.get(f"{PEOPLE}/{{user}}", response_model=Person, responses=SEES)
def get_person(course: UUID, user: UUID, here: HereDep, response: Response) -> Person:
    """Return one person of a course."""
    with here.reading() as session:
        told = enrolments.find(session, here.member(session, course, right="see_people"), user)
    response.headers["ETag"] = etag(told.version)
    return told


@router.patch(f"{PEOPLE}/{{user}}", response_model=Person, responses=EDITS)
def patch_person(  # a path of two ids
    course: UUID,
    user: UUID,
    body: PersonPatch,
    here: HereDep,
    expected: IfMatch,
    response: Response,
) -> Person:
    """Change the role, the section, or who somebody is; a new role logs the person out."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_people")
        if "section" in body.model_fields_set:
            sections.hold_rules(session, course)
        expected.check(enrolments.locked(session, member, user)[0].version)
        told = enrolments.change(session, member, user, body, now=here.now)
    response.headers["ETag"] = etag(told.version)
    return told


@router.delete(f"{PEOPLE}/{{user}}", status_code=204, responses=CHANGES)
def delete_person(course: UUID, user: UUID, here: HereDep) -> None:
    """Withdraw somebody from a course; their work is kept and comes back with them."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_people")
        enrolments.withdraw(session, member, user, now=here.now)


@router.post(f"{PEOPLE}/{{user}}/reset", status_code=201, response_model=LinkOut, responses=CHANGES)
def post_reset(course: UUID, user: UUID, here: HereDep) -> LinkOut:
    """Make a link by which somebody sets another password within a day; give it to nobody else."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_people")
        url = here.service.settings.public_url
        link = invitation_mailing.reset(session, member, user, public_url=url, now=here.now)
    return LinkOut(link=link.address, expires_at=link.expires_at)


@router.post("/courses/{course}/test-student", response_model=Person, responses=CHANGES)
def post_test_student(course: UUID, here: HereDep) -> Person:
    """Return the test student, made at the first call; `X-View-As: test` looks with its eyes."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_people")
        return test_student.test_student(session, member, now=here.now)


@router.get(SECTIONS, response_model=Sections, responses=SEES)
def get_sections(course: UUID, here: HereDep) -> Sections:
    """List the sections of a course by name."""
    with here.reading() as session:
        member = here.member(session, course, right="see_people")
        return Sections(items=tuple(sections.sections(session, member)))


@router.post(SECTIONS, status_code=201, response_model=SectionOut, responses=CHANGES)
def post_section(course: UUID, body: SectionIn, here: HereDep) -> SectionOut:
    """Add a section."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_people")
        return sections.create(session, member, body.name, now=here.now)


@router.patch(f"{SECTIONS}/{{section}}", response_model=SectionOut, responses=CHANGES)
def patch_section(course: UUID, section: UUID, body: SectionIn, here: HereDep) -> SectionOut:
    """Rename a section."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_people")
        return sections.rename(session, member, section, body.name, now=here.now)


@router.delete(f"{SECTIONS}/{{section}}", status_code=204, responses=CHANGES)
def delete_section(course: UUID, section: UUID, here: HereDep) -> None:
    """Delete a section that nobody is in and no extension is for."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_people")
        sections.delete(session, member, section, now=here.now)
