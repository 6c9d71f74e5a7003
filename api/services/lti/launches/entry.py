"""Entry by a launch: its account, its context, the role in the course, and the page to open."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.roles import Role
from api.core.errors import Forbidden
from api.core.ids import new_id
from api.db.models import (
    Assignment,
    Course,
    Enrolment,
    LtiContext,
    LtiDeployment,
    LtiLaunch,
    LtiPlatform,
    User,
)
from api.services.accounts import sessions
from api.services.accounts.credentials import end_sessions_and_links, is_password_vouched
from api.services.accounts.login import find_session_id
from api.services.accounts.sessions import NewSession
from api.services.audit import recorder
from api.services.enrolment.sections import lock_assignments
from api.services.lti.launches import accounts
from api.services.lti.launches.contexts import (
    schedule_stale_roster,
    store_context,
    store_member,
    store_resource_link,
)
from api.services.lti.protocol.claims import LaunchClaims
from api.services.lti.protocol.roles import is_test_user, map_roles

TEST_USER: Final = (
    "This is the test student of the learning platform, not a person. To look at a course as a "
    "student, use “View as a student” in Grader."
)
NO_ROLE: Final = (
    "Only students, TAs and instructors of this course can open the link, and your role in the "
    "learning platform is a different one."
)
NOT_CONNECTED: Final = (
    "This course of the learning platform is not connected to a course in Grader yet. An "
    "instructor must open the link once."
)
WITHDRAWN: Final = (
    "You were withdrawn from this course in Grader, and your work is kept. Ask your instructor."
)
ARCHIVED: Final = "The course in Grader is archived and accepts no new people."
UNVOUCHED: Final = (
    "The learning platform names you as staff. Your account here was set up by another course, so "
    "an instructor has to add you to this one, on its page “People”."
)


@dataclass(frozen=True, slots=True)
class LaunchEntry:
    """Entry by a launch: the account, the *path* to open, and a session if one begins.

    *needs_link*: the user is not known yet, and has to choose an account. *needs_connection*: a
    teacher has to connect the context. *chooses_links*: they choose next what links open.
    """

    path: str = "/"
    new_session: NewSession | None = None
    needs_link: bool = False
    needs_connection: bool = False
    chooses_links: bool = False


@dataclass(frozen=True, slots=True)
class BrowserLogin:
    """Login of the browser that sends a launch: its caller, if any, and session cookie."""

    caller: Principal | None
    cookie: str = ""


def load_platform(session: Session, launch: LtiLaunch) -> LtiPlatform:
    """Return the platform of a launch; raise `Forbidden` if it was disabled."""
    platform = session.get_one(LtiPlatform, launch.platform_id)
    if platform.disabled_at is not None:
        raise Forbidden("This learning platform is disabled.")
    return platform


def resolve_launch_entry(
    session: Session, launch: LtiLaunch, login: BrowserLogin, *, now: datetime
) -> LaunchEntry:
    """Continue a verified launch as far as possible.

    Raises `Forbidden` for somebody who gets no access.
    """
    claims, platform = LaunchClaims(**launch.claims), load_platform(session, launch)
    if is_test_user(claims.roles):
        raise Forbidden(TEST_USER)
    role = map_roles(claims.roles)
    if role is None:
        raise Forbidden(NO_ROLE)
    context = store_context(session, launch, now=now)
    if context.course_id is None and role == "student":
        raise Forbidden(NOT_CONNECTED)
    platform_user = accounts.get_platform_user(launch)
    user = accounts.find_account(session, platform_user)
    if user is None:
        chooses = role != "student" or login.caller is not None
        if chooses or accounts.has_account_with_address(session, claims.email, name=claims.name):
            return LaunchEntry(needs_link=True)
        user = accounts.create_account(
            session, platform, platform_user, name=claims.name, address=claims.email, now=now
        )
    return finish_entry(session, launch, user, login, now=now)


def finish_entry(
    session: Session, launch: LtiLaunch, user: User, login: BrowserLogin, *, now: datetime
) -> LaunchEntry:
    """Enroll *user* in the course of the launch, and begin a session unless it is theirs."""
    claims = LaunchClaims(**launch.claims)
    role = map_roles(claims.roles)
    if role is None:
        raise Forbidden(NO_ROLE)
    is_logged_in = login.caller is not None and login.caller.id == user.id
    if user.is_admin and not is_logged_in:
        raise Forbidden(accounts.ADMINISTRATOR)
    launch.user_id = user.id
    context = store_context(session, launch, now=now)
    assignment = None
    if claims.deep_link is None:
        assignment = store_resource_link(session, context, claims, now=now)
    if context.course_id is not None:
        enrol(session, context, user, role, now=now)
        store_member(session, context.id, user.id, now=now)
    if role == "instructor":
        schedule_stale_roster(context, now=now)
    new_session = None if is_logged_in else _begin_session(session, user, login, now=now)
    if context.course_id is None:
        return LaunchEntry(new_session=new_session, needs_connection=True)
    if claims.deep_link is not None:
        return LaunchEntry(new_session=new_session, chooses_links=True)
    launch.expires_at = now  # it is used
    return LaunchEntry(_choose_path(context.course_id, assignment, role), new_session)


def _choose_path(course_id: UUID, assignment: Assignment | None, role: Role) -> str:
    is_visible = assignment is not None and (
        role != "student" or assignment.published_at is not None
    )
    if assignment is not None and is_visible:
        return f"/assignments/{assignment.id}"
    return f"/courses/{course_id}"


def _begin_session(
    session: Session, user: User, login: BrowserLogin, *, now: datetime
) -> NewSession:
    sessions.end_sessions_and_tokens_for_event(
        session,
        "login",
        [user.id],
        now=now,
        current_session=find_session_id(session, login.cookie),
    )
    return sessions.create_session(session, user, now=now)


def enrol(session: Session, context: LtiContext, user: User, role: Role, *, now: datetime) -> None:
    """Enroll *user* in the course of a context, unless they have a role there.

    A role that staff gave stays, whatever the platform states. Raises `Forbidden` for somebody
    who was withdrawn, and for staff whose account another course set up.
    """
    course = session.get_one(Course, context.course_id)
    enrolment = session.scalar(
        select(Enrolment).where(Enrolment.course_id == course.id, Enrolment.user_id == user.id)
    )
    if enrolment is not None:
        if enrolment.withdrawn_at is not None and not user.is_admin:
            raise Forbidden(WITHDRAWN)
        return
    if user.is_admin:
        return
    if course.archived_at is not None:
        raise Forbidden(ARCHIVED)
    if role != "student" and not is_password_vouched(session, user.id, course.id):
        raise Forbidden(UNVOUCHED)
    lock_assignments(session, course.id)
    session.add(
        Enrolment(id=new_id(), course_id=course.id, user_id=user.id, role=role, created_at=now)
    )
    session.flush()
    if role != "student":
        end_sessions_and_links(session, user.id, course.id, now=now)
    recorder.record_action(
        session,
        None,
        "person.added",
        now=now,
        target=("user", user.id),
        change=({}, {"role": role, "platform": _load_platform_name(session, context)}),
        course_id=course.id,
    )


def _load_platform_name(session: Session, context: LtiContext) -> str:
    deployment = session.get_one(LtiDeployment, context.deployment_id)
    return session.get_one(LtiPlatform, deployment.platform_id).name
