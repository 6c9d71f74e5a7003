"""Enrollment by a roster: its members join the course, and who left is marked.

Nobody is withdrawn or deleted here, and a role that staff gave stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.auth.roles import Role
from api.core.errors import Conflict, Forbidden
from api.db.engine import Database
from api.db.models import Enrolment, LtiContext, LtiMember, LtiPlatform, LtiUser, User
from api.services.lti.launches.accounts import (
    PlatformUser,
    create_account,
    has_account_with_address,
)
from api.services.lti.launches.contexts import store_member
from api.services.lti.launches.entry import enrol
from api.services.lti.protocol.membership_service import RosterMember
from api.services.lti.protocol.roles import is_test_user, map_roles

MEMBERS_PER_TRANSACTION: Final = 50

MemberOutcome: TypeAlias = Literal["known", "added", "unlinked", "refused"]


@dataclass(slots=True)
class RosterCounts:
    """Outcome of a comparison: people of the roster, by what became of them.

    *known* were in the course, *added* joined it. *unlinked* join when they open a link, because
    they choose their account. *refused* are withdrawn here, or suspended. *left* are gone.
    """

    known: int = 0
    added: int = 0
    unlinked: int = 0
    refused: int = 0
    left: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the counts as they are stored."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RosterTarget:
    """Context whose roster is compared, and its platform."""

    context_id: UUID
    platform_id: UUID


def select_members_with_role(members: Iterable[RosterMember]) -> list[tuple[RosterMember, Role]]:
    """Return the active members with a role in the course, without test students."""
    people = []
    for member in members:
        role = map_roles(member.roles)
        if member.is_active and role is not None and not is_test_user(member.roles):
            people.append((member, role))
    return people


def enroll_members(
    db: Database,
    target: RosterTarget,
    people: Sequence[tuple[RosterMember, Role]],
    *,
    now: datetime,
) -> RosterCounts:
    """Let *people* join the course of a context, in several transactions."""
    counts = RosterCounts()
    for start in range(0, len(people), MEMBERS_PER_TRANSACTION):
        chunk = people[start : start + MEMBERS_PER_TRANSACTION]
        try:
            outcomes = _enroll_chunk(db, target, chunk, now=now)
        except Conflict:
            # A launch added one of them at the same time, and its account is used now.
            outcomes = _enroll_chunk(db, target, chunk, now=now)
        for outcome in outcomes:
            setattr(counts, outcome, getattr(counts, outcome) + 1)
    return counts


def _enroll_chunk(
    db: Database,
    target: RosterTarget,
    chunk: Sequence[tuple[RosterMember, Role]],
    *,
    now: datetime,
) -> list[MemberOutcome]:
    with db.transaction() as session:
        # A launch locks the context before other rows; without this lock the two could deadlock.
        lock = {"read": True, "key_share": True}
        context = session.get_one(LtiContext, target.context_id, with_for_update=lock)
        return [
            _enroll_member(session, target, context, member, role, now=now)
            for member, role in chunk
        ]


def _enroll_member(
    session: Session,
    target: RosterTarget,
    context: LtiContext,
    member: RosterMember,
    role: Role,
    *,
    now: datetime,
) -> MemberOutcome:
    user = session.scalar(
        select(User)
        .join(LtiUser, LtiUser.user_id == User.id)
        .where(LtiUser.deployment_id == context.deployment_id, LtiUser.subject == member.subject)
    )
    if user is None:
        if _must_choose_account(session, member, role):
            return "unlinked"
        platform = session.get_one(LtiPlatform, target.platform_id)
        platform_user = PlatformUser(context.deployment_id, member.subject)
        user = create_account(
            session, platform, platform_user, name=member.name, address=member.email, now=now
        )
    if user.suspended_at is not None or user.erased_at is not None:
        return "refused"
    was_enrolled = _is_enrolled(session, context, user)
    try:
        enrol(session, context, user, role, now=now)
    except Forbidden:
        return "refused"
    store_member(session, context.id, user.id, now=now)
    return "known" if was_enrolled else "added"


def _must_choose_account(session: Session, member: RosterMember, role: Role) -> bool:
    """Return whether somebody without a link may have an account, which only they can name."""
    is_recognizable = bool(member.name)
    return (
        role != "student"
        or not is_recognizable
        or has_account_with_address(session, member.email, name=member.name)
    )


def _is_enrolled(session: Session, context: LtiContext, user: User) -> bool:
    return user.is_admin or (
        session.scalar(
            select(Enrolment.id).where(
                Enrolment.course_id == context.course_id, Enrolment.user_id == user.id
            )
        )
        is not None
    )


def mark_people_who_left(session: Session, context_id: UUID, *, now: datetime) -> int:
    """Mark the members whom the roster of *now* lacks; return how many have left in all."""
    session.execute(
        update(LtiMember)
        .where(
            LtiMember.context_id == context_id, LtiMember.seen_at < now, LtiMember.left_at.is_(None)
        )
        .values(left_at=now)
    )
    return len(
        session.scalars(
            select(LtiMember.user_id).where(
                LtiMember.context_id == context_id, LtiMember.left_at.is_not(None)
            )
        ).all()
    )
