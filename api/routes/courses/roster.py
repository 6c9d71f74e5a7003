"""The list of students from a learning system, and invitations for them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from api.dependencies import HereDep
from api.http.json_body import ApiRouter
from api.routes.shared.error_responses import SENDS
from api.routes.shared.files import Sent, attachment, file_body
from api.schemas.accounts.people import InvitesIn, RosterOut
from api.services.accounts import invitation_mailing
from api.services.enrolment import roster

__all__ = ["router"]

router = ApiRouter(tags=["people"])
EXAMPLE = "name,email,section\r\nAnn Example,ann@example.edu,Tuesday\r\n"
CSV_ANSWER = {
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
    responses=SENDS,
    openapi_extra=file_body("text/csv", EXAMPLE),
)
def post_roster(  # an option each
    course: UUID,
    here: HereDep,
    file: Sent,
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
    with here.reading() as session:
        member = here.member(session, course, right="manage_people")
    here.throttle("upload_file", str(member.caller.id))
    if dry_run:
        with here.reading() as session:
            member = here.member(session, course, right="manage_people")
            plan = roster.look_at(session, member, file)
        return roster.told(plan, applied=False, withdrawn=False)
    with here.transaction() as session:
        member = here.member(session, course, right="manage_people")
        return roster.import_roster(
            session, member, file, partial=partial, withdraw=withdraw, now=here.now
        )


@router.post(
    "/courses/{course}/invites",
    response_class=Response,
    responses=SENDS | {200: CSV_ANSWER},
)
def post_invites(course: UUID, body: InvitesIn, here: HereDep) -> Response:
    """Make links by which people set their first password, as CSV for a mail merge.

    For the named ones, or for all in the course who have none. A link can be used once, within 30
    days; it is not shown again. Who has no e-mail address cannot log in and gets no link: the
    header `X-Without-Email` says how many these are. The course that somebody was in first invites
    them: `X-Invited-Elsewhere` says how many get no link from here for that.
    """
    with here.transaction() as session:
        member = here.member(session, course, right="manage_people")
        url = here.service.settings.public_url
        links = invitation_mailing.invite(
            session, member, body.people, public_url=url, now=here.now
        )
        nowhere, elsewhere = invitation_mailing.left_out(session, member)
    headers = {
        **attachment("invitations.csv"),
        "X-Without-Email": str(nowhere),
        "X-Invited-Elsewhere": str(elsewhere),
    }
    return Response(invitation_mailing.write_links(links), media_type="text/csv", headers=headers)
