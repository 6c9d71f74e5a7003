"""Content selection (deep linking): a teacher chooses which assignments new links open.

It happens in a frame of the platform, where browsers block our cookies. So the token of the launch
stands for the teacher. It opens no session, and works for one answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.roles import Role, is_permitted
from api.core.errors import Forbidden, InvalidInput
from api.db.engine import Database
from api.db.models import (
    Assignment,
    Course,
    Enrolment,
    LtiContext,
    LtiLaunch,
    LtiPlatform,
    User,
)
from api.services.lti.launches import accounts
from api.services.lti.launches.contexts import store_context
from api.services.lti.launches.entry import enrol, load_platform
from api.services.lti.launches.verification import START_AGAIN, find_launch
from api.services.lti.platforms.tool_keys import get_or_create_signing_key
from api.services.lti.protocol.claims import DeepLinkRequest, LaunchClaims
from api.services.lti.protocol.deep_linking import (
    ChosenLink,
    ResponseParties,
    build_link_item,
    sign_response,
)
from api.services.lti.protocol.roles import is_test_user, map_roles
from api.services.lti.scores.line_items import compute_maximum

if TYPE_CHECKING:
    from api.services.lti.tool import LtiTool

NOT_INSTRUCTOR: Final = "Only an instructor of the learning platform adds links to a course."
NOT_STAFF_HERE: Final = (
    "You are not an instructor of the connected course in Grader. An instructor of it can add you "
    "on its page “People”."
)
NOTHING_CHOSEN: Final = "Choose at least one assignment."
CHOOSE_ONE: Final = "The learning platform accepts one assignment at a time."


@dataclass(frozen=True, slots=True)
class LinkChoice:
    """Assignments of a course from which a teacher chooses, and the request for it.

    *is_moved*: the launch was continued in a new tab, from which the platform takes no answer.
    """

    platform: LtiPlatform
    claims: LaunchClaims
    request: DeepLinkRequest
    course: Course
    assignments: Sequence[Assignment]
    is_moved: bool


@dataclass(frozen=True, slots=True)
class SignedChoice:
    """Signed answer, which the browser sends to *return_url* as the form field ``JWT``."""

    platform: LtiPlatform
    return_url: str
    jwt: str


def load_link_choice(session: Session, token: str, *, now: datetime) -> LinkChoice | None:
    """Return what the teacher of a launch can choose.

    None if the teacher has no account or the context no course yet. Raises `Forbidden` for a launch
    that has ended, and for people who may not choose.
    """
    launch = find_launch(session, token, now=now)
    claims, platform = LaunchClaims(**launch.claims), load_platform(session, launch)
    if claims.deep_link is None:
        raise Forbidden(START_AGAIN)
    if map_roles(claims.roles) != "instructor" or is_test_user(claims.roles):
        raise Forbidden(NOT_INSTRUCTOR)
    user = accounts.find_account(session, accounts.get_platform_user(launch))
    context = store_context(session, launch, now=now)
    if user is None or context.course_id is None:
        return None
    course = _require_staff(session, context, user, now=now)
    assignments = session.scalars(
        select(Assignment)
        .where(Assignment.course_id == course.id, Assignment.deleted_at.is_(None))
        .order_by(Assignment.position, Assignment.id)
    ).all()
    return LinkChoice(
        platform, claims, claims.deep_link, course, assignments, is_moved=launch.is_moved
    )


def _require_staff(session: Session, context: LtiContext, user: User, *, now: datetime) -> Course:
    """Return the course of a context; raise `Forbidden` unless *user* manages its assignments."""
    enrol(session, context, user, "instructor", now=now)
    course = session.get_one(Course, context.course_id)
    role = session.scalar(
        select(Enrolment.role).where(
            Enrolment.course_id == course.id,
            Enrolment.user_id == user.id,
            Enrolment.withdrawn_at.is_(None),
        )
    )
    if role is None or not is_permitted(cast("Role", role), "manage_assignments", scopes=None):
        raise Forbidden(NOT_STAFF_HERE)
    return course


def choose_links(
    db: Database, tool: "LtiTool", token: str, chosen: Sequence[UUID], *, now: datetime
) -> SignedChoice:
    """Return the signed answer with links to the *chosen* assignments, and end the launch.

    Raises `InvalidInput` for a choice that the platform does not accept, and the errors of
    `load_link_choice`.
    """
    key = get_or_create_signing_key(db, now=now)
    with db.transaction() as session:
        choice = load_link_choice(session, token, now=now)
        if choice is None:
            raise Forbidden(START_AGAIN)
        items = _build_items(session, choice, chosen, launch_url=tool.addresses.launch_url)
        launch: LtiLaunch = find_launch(session, token, now=now)
        launch.expires_at = now  # it is used
        platform, claims = choice.platform, choice.claims
        session.flush()
        session.expunge(platform)
    parties = ResponseParties(platform.client_id, platform.issuer, claims.deployment_id)
    jwt = sign_response(key, parties, choice.request, items, now=now)
    return SignedChoice(platform, choice.request.return_url, jwt)


def _build_items(
    session: Session, choice: LinkChoice, chosen: Sequence[UUID], *, launch_url: str
) -> list[dict[str, Any]]:
    assignments = [one for one in choice.assignments if one.id in set(chosen)]
    if not assignments:
        raise InvalidInput(NOTHING_CHOSEN)
    if len(assignments) > 1 and not choice.request.accepts_multiple:
        raise InvalidInput(CHOOSE_ONE)
    links = (
        ChosenLink(str(one.id), one.title, compute_maximum(session, one.id), one.due_at)
        for one in assignments
    )
    return [build_link_item(link, choice.request, launch_url=launch_url) for link in links]
