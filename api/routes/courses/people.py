"""The people of a course, for its staff."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from api.dependencies import ContextDep
from api.http.etags import IfMatch, format_etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageRequestDep
from api.routes.shared.error_responses import CHANGE_ERRORS, EDIT_ERRORS, READ_ERRORS
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
from api.services.accounts.links import invitation_mailing
from api.services.enrolment import enrolments, sections, test_student

router = ApiRouter(tags=["people"])
PEOPLE_PATH = "/courses/{course}/people"
SECTIONS_PATH = "/courses/{course}/sections"
Text = Annotated[str, Query(max_length=200, description="part of a name, address or number")]


@router.get(PEOPLE_PATH, responses=READ_ERRORS)
def get_people(  # a filter each
    course: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    role: Role | None = None,
    section: UUID | None = None,
    text: Text = "",
    state: Literal["active", "withdrawn", "all"] = "active",
) -> PersonPage:
    """List the people of a course by last name."""
    after = page_request.parse_cursor("name", str)
    with context.reading() as session:
        rows = enrolments.list_people(
            session,
            context.authorize_course(session, course, right="see_people"),
            role=role,
            section=section,
            text=text,
            state=state,
            after=after,
            limit=page_request.limit + 1,
        )
    page = page_request.build_page(
        rows,
        cursor_of=lambda row: Cursor("name", row[1].sort_name, row[1].id),
        serialize_row=enrolments.serialize_person,
    )
    return PersonPage(items=page.items, next=page.next)


@router.post(PEOPLE_PATH, status_code=201, response_model=Person, responses=CHANGE_ERRORS)
def post_person(course: UUID, body: PersonIn, context: ContextDep, response: Response) -> Person:
    """Add a person; a person who was withdrawn returns with all their work."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        person = enrolments.add_person(session, member, body, now=context.now)
    response.headers["ETag"] = format_etag(person.version)
    return person


@router.get(f"{PEOPLE_PATH}/{{user}}", response_model=Person, responses=READ_ERRORS)
def get_person(course: UUID, user: UUID, context: ContextDep, response: Response) -> Person:
    """Return one person of a course."""
    with context.reading() as session:
        person = enrolments.load_person_details(
            session, context.authorize_course(session, course, right="see_people"), user
        )
    response.headers["ETag"] = format_etag(person.version)
    return person


@router.patch(f"{PEOPLE_PATH}/{{user}}", response_model=Person, responses=EDIT_ERRORS)
def patch_person(  # a path of two ids
    course: UUID,
    user: UUID,
    body: PersonPatch,
    context: ContextDep,
    expected: IfMatch,
    response: Response,
) -> Person:
    """Change the role, section or identity of a person; a new role ends their sessions."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        if "section" in body.model_fields_set:
            sections.lock_assignments(session, course)
        expected.check(enrolments.lock_person(session, member, user)[0].version)
        person = enrolments.update_person(session, member, user, body, now=context.now)
    response.headers["ETag"] = format_etag(person.version)
    return person


@router.delete(f"{PEOPLE_PATH}/{{user}}", status_code=204, responses=CHANGE_ERRORS)
def delete_person(course: UUID, user: UUID, context: ContextDep) -> None:
    """Withdraw a person from a course. Their work is kept and returns with them."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        enrolments.withdraw_person(session, member, user, now=context.now)


@router.post(
    f"{PEOPLE_PATH}/{{user}}/reset",
    status_code=201,
    response_model=LinkOut,
    responses=CHANGE_ERRORS,
)
def post_reset_link(course: UUID, user: UUID, context: ContextDep) -> LinkOut:
    """Create a password reset link that expires after a day. Give it to its owner only."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        url = context.service.settings.public_url
        link = invitation_mailing.create_reset_link(
            session, member, user, public_url=url, now=context.now
        )
    return LinkOut(link=link.url, expires_at=link.expires_at)


@router.post("/courses/{course}/test-student", response_model=Person, responses=CHANGE_ERRORS)
def post_test_student(course: UUID, context: ContextDep) -> Person:
    """Return the test student, created by the first call; `X-View-As: test` acts as them."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        return test_student.get_or_create_test_student(session, member, now=context.now)


@router.get(SECTIONS_PATH, response_model=Sections, responses=READ_ERRORS)
def get_sections(course: UUID, context: ContextDep) -> Sections:
    """List the sections of a course by name."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_people")
        return Sections(items=tuple(sections.list_sections(session, member)))


@router.post(SECTIONS_PATH, status_code=201, response_model=SectionOut, responses=CHANGE_ERRORS)
def post_section(course: UUID, body: SectionIn, context: ContextDep) -> SectionOut:
    """Add a section."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        return sections.create_section(session, member, body.name, now=context.now)


@router.patch(f"{SECTIONS_PATH}/{{section}}", response_model=SectionOut, responses=CHANGE_ERRORS)
def patch_section(course: UUID, section: UUID, body: SectionIn, context: ContextDep) -> SectionOut:
    """Rename a section."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        return sections.rename_section(session, member, section, body.name, now=context.now)


@router.delete(f"{SECTIONS_PATH}/{{section}}", status_code=204, responses=CHANGE_ERRORS)
def delete_section(course: UUID, section: UUID, context: ContextDep) -> None:
    """Delete a section without people and extensions."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        sections.delete_section(session, member, section, now=context.now)
