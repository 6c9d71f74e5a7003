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
            "description": "how many in the course have no e-mail address, and so no link: without "
            "one nobody can log in",
            "schema": {"type": "integer"},
        },
        "X-Invited-Elsewhere": {
            "description": "how many in the course have no password and get no link from here: "
            "another course had them first, or they are staff elsewhere",
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
    dry_run: Annotated[bool, Query(description="only tell what would change")] = False,
    withdraw: Annotated[bool, Query(description="withdraw whom the file leaves out")] = False,
    partial: Annotated[
        bool, Query(description="take over the sound rows of a faulty file")
    ] = False,
) -> RosterOut:
    """Take over a list of students as Canvas, Moodle or Gradescope write it, or a plain one.

    All of it or nothing: a row that cannot be used is named with its line, and nothing is changed.
    """
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_people")
    context.count_limited_action("upload_file", str(member.caller.id))
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
    """Make links by which people set their first password, as CSV for a mail merge.

    For the named ones, or for all in the course who have none. A link can be used once, within 30
    days; it is not shown again. Who has no e-mail address cannot log in and gets no link: the
    header `X-Without-Email` says how many these are. The course that somebody was in first invites
    them: `X-Invited-Elsewhere` says how many get no link from here for that.
    """
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        url = context.service.settings.public_url
        links = invitation_mailing.create_invitation_links(
            session, member, body.people, public_url=url, now=context.now
        )
        without_email, invited_elsewhere = invitation_mailing.count_uninvitable(session, member)
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
    """Send the links by which people set their first password by e-mail, each to its owner.

    To the named ones, or to all in the course who have none. Nobody else sees the links.
    """
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        queued = invitation_mailing.queue_invitations(
            session, context.service.outbox, member, body.people, now=context.now
        )
        without_email, invited_elsewhere = invitation_mailing.count_uninvitable(session, member)
    return InvitationsQueued(
        queued=queued, without_email=without_email, invited_elsewhere=invited_elsewhere
    )
