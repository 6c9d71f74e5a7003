"""Roster import from a learning management system, and invitations for its students."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from api.dependencies import ContextDep
from api.http.json_body import ApiRouter
from api.routes.shared.error_responses import CHANGE_ERRORS, INPUT_ERRORS
from api.routes.shared.files import FileBody, attachment_headers, describe_file_body
from api.schemas.accounts.mail import InvitationsQueued
from api.schemas.accounts.people import InvitesIn, RosterOut
from api.services.accounts.links import invitation_mailing
from api.services.enrolment import roster

router = ApiRouter(tags=["people"])
EXAMPLE = "name,email,section\r\nAnn Example,ann@example.edu,Tuesday\r\n"
LINKS_CSV_RESPONSE = {
    "description": "CSV for a mail merge",
    "headers": {
        "X-Without-Email": {
            "description": "the number of people without an e-mail address, who get no link and "
            "cannot log in",
            "schema": {"type": "integer"},
        },
        "X-Invited-Elsewhere": {
            "description": "the number of people without a password who get no link from this "
            "course, because another course added them first or they are staff elsewhere",
            "schema": {"type": "integer"},
        },
    },
    "content": {
        "text/csv": {
            "schema": {"type": "string"},
            "example": "name,email,link,expires\r\n"
            "Ann Example,ann@example.edu,https://grader.example.edu/welcome#gr_invite_...,"
            "2026-12-21T18:00+00:00\r\n",
        }
    },
}


@router.post(
    "/courses/{course}/roster",
    response_model=RosterOut,
    responses=INPUT_ERRORS,
    openapi_extra=describe_file_body("text/csv", EXAMPLE),
)
def post_roster(  # an option each
    course: UUID,
    context: ContextDep,
    file: FileBody,
    *,
    dry_run: Annotated[
        bool, Query(description="only return the changes; nothing is stored")
    ] = False,
    withdraw: Annotated[
        bool, Query(description="withdraw people whom the file does not contain")
    ] = False,
    partial: Annotated[
        bool, Query(description="import the valid rows of a file with errors")
    ] = False,
) -> RosterOut:
    """Import a list of students as Canvas, Moodle or Gradescope write it, or a plain one.

    All rows are imported or none. Errors name the line.
    """
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_people")
    context.consume_action_limit("upload_file", str(member.caller.id))
    if dry_run:
        with context.reading() as session:
            member = context.authorize_course(session, course, right="manage_people")
            plan = roster.plan_import(session, member, file)
        return roster.serialize_plan(plan, applied=False, withdrawn=False)
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        return roster.import_roster(
            session, member, file, partial=partial, withdraw=withdraw, now=context.now
        )


@router.post(
    "/courses/{course}/invites",
    response_class=Response,
    responses=INPUT_ERRORS | {200: LINKS_CSV_RESPONSE},
)
def post_invites(course: UUID, body: InvitesIn, context: ContextDep) -> Response:
    """Create links to set a first password, as a CSV file for a mail merge.

    The file has the people you name, or everyone in the course without a password. A link works
    once, expires after 30 days, and is not shown again. People without an e-mail address cannot log
    in and get no link; the header `X-Without-Email` counts them. The first course of a person sends
    the invitation; `X-Invited-Elsewhere` counts the people whom another course invites.
    """
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        url = context.service.settings.public_url
        links = invitation_mailing.create_invitation_links(
            session, member, body.people, public_url=url, now=context.now
        )
        without_email, invited_elsewhere = invitation_mailing.count_people_without_invitation_link(
            session, member
        )
    headers = {
        **attachment_headers("invitations.csv"),
        "X-Without-Email": str(without_email),
        "X-Invited-Elsewhere": str(invited_elsewhere),
    }
    return Response(
        invitation_mailing.format_links_csv(links), media_type="text/csv", headers=headers
    )


@router.post(
    "/courses/{course}/invites/mail",
    status_code=202,
    response_model=InvitationsQueued,
    responses=CHANGE_ERRORS,
)
def post_mailed_invites(course: UUID, body: InvitesIn, context: ContextDep) -> InvitationsQueued:
    """Send people the links with which they set their first password by e-mail.

    They go to the people that you name, or to all people of the course without a password. Nobody
    else sees the links.
    """
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        queued = invitation_mailing.queue_invitations(
            session, context.service.outbox, member, body.people, now=context.now
        )
        without_email, invited_elsewhere = invitation_mailing.count_people_without_invitation_link(
            session, member
        )
    return InvitationsQueued(
        queued=queued, without_email=without_email, invited_elsewhere=invited_elsewhere
    )
