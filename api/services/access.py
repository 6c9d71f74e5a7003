"""Who asks, and what they may see and do.

Whatever a caller may not see is not there (404); 403 is only for an act on something visible.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.roles import RIGHTS, Right, Role, Standing, permitted
from api.auth.scopes import Scope
from api.auth.secrets import matches, parse
from api.auth.sessions import is_alive
from api.db import once
from api.errors import Conflict, Forbidden, NotFound, Unauthenticated
from api.ids import read_id
from api.tables import (
    Assignment,
    AssignmentProblem,
    Course,
    Enrolment,
    LoginSession,
    ProblemVersion,
    Token,
    User,
)

__all__ = [
    "ARCHIVED",
    "EXPIRED",
    "NO_PROBLEM",
    "Caller",
    "Member",
    "Posed",
    "asking",
    "assignment_member",
    "by_session",
    "by_token",
    "course_member",
    "posed_member",
]

BEARER: Final = "bearer "
NO_PROBLEM: Final = "There is no such assignment, or it has no such problem."
"""What is said of a problem that is not there or not released: one sentence for both."""
Secret = TypeVar("Secret", Token, LoginSession)
EXPIRED: Final = "This token has expired; make a new one."
ARCHIVED: Final = (
    "This course is archived: all of it can be read, and nothing changes. An instructor can take "
    "it back."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a user, by a token (with *scopes*, perhaps for one course) or a session.

    *view_as* is the student with whose eyes the caller wants to look. *seen_at* is when the token
    or session was last noted as used, *request* the id of the request, for the audit log; *writes*
    says that the request is one that may change something.
    """

    user: User
    scopes: frozenset[Scope] | None
    token_id: UUID | None = None
    session_id: UUID | None = None
    only_course: UUID | None = None
    view_as: str = ""
    seen_at: datetime | None = None
    request: str = ""
    writes: bool = False

    def need(self, right: Right) -> None:
        """Raise `Forbidden` where the caller lacks a *right* that is not of one course."""
        standing: Standing | None = "admin" if self.user.is_admin else None
        here = self.only_course is None and permitted(standing, right, scopes=self.scopes)
        if not here:
            raise Forbidden(f"This needs the right to {RIGHTS[right].says}.")

    def need_login(self) -> UUID:
        """Return the session of the caller; `Forbidden` for a token, which changes no account."""
        if self.session_id is None:
            raise Forbidden("Log in with your password for this; a token changes no account.")
        return self.session_id

    @property
    def id(self) -> UUID:
        """The id of the user."""
        return self.user.id


@dataclass(frozen=True, slots=True)
class Member:
    """What a caller is in a course.

    *student_id* is whose work "mine" means: the caller's own, or that of the student whom a member
    of the staff looks at (*viewing*, which writes nothing unless it is the test student).
    """

    caller: Caller
    course: Course
    role: Standing
    student_id: UUID
    section_id: UUID | None = None
    is_test: bool = False
    viewing: bool = False

    def may(self, right: Right) -> bool:
        """Tell whether the role, and the scopes of the token, give *right*.

        Who looks with a student's eyes only reads.
        """
        if self.viewing and RIGHTS[right].scope != "read":
            return False
        return permitted(self.role, right, scopes=self.caller.scopes)

    def need(self, right: Right, *, archived: bool = False) -> None:
        """Raise `Forbidden` where the member lacks *right*.

        Raises `Conflict` for a change in a course that is put away, unless it is meant for those.
        """
        if self.viewing and RIGHTS[right].scope != "read":
            raise Forbidden("You look as a student and change nothing; the test student may.")
        if not self.may(right):
            raise Forbidden(f"This needs the right to {RIGHTS[right].says}.")
        is_change = self.caller.writes and RIGHTS[right].scope != "read"
        if is_change and self.course.archived_at is not None and not archived:
            raise Conflict(ARCHIVED, code="course_archived")

    @property
    def is_staff(self) -> bool:
        """Whether the member sees what students do not."""
        return self.role != "student"


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem in an assignment, with the member who asks for it."""

    member: Member
    assignment: Assignment
    problem: AssignmentProblem
    version: ProblemVersion


def by_token(session: Session, authorization: str, *, now: datetime) -> Caller:
    """Return the owner of the token of an ``Authorization`` header, or raise `Unauthenticated`."""
    if not authorization.lower().startswith(BEARER):
        raise Unauthenticated("Send the header: Authorization: Bearer TOKEN.")
    shown = parse(authorization[len(BEARER) :].strip())
    if shown is None or shown.kind != "api":
        raise Unauthenticated("This is no token of this service.")
    token = _owned(session, Token, shown.prefix)
    if token is None or not matches(shown.digest, token.digest) or token.revoked_at is not None:
        raise Unauthenticated("This token is not known, or was revoked.")
    if token.expires_at is not None and token.expires_at <= now:
        raise Unauthenticated(EXPIRED, code="token_expired")
    return Caller(
        _active(session, token.user_id),
        frozenset(token.scopes),
        token_id=token.id,
        only_course=token.course_id,
        seen_at=token.last_used_at,
    )


def by_session(session: Session, cookie: str, *, now: datetime) -> Caller:
    """Return who is logged in with a session cookie, or raise `Unauthenticated`."""
    shown = parse(cookie)
    if shown is None or shown.kind != "session":
        raise Unauthenticated("Log in first.")
    found = _owned(session, LoginSession, shown.prefix)
    if found is None or not matches(shown.digest, found.digest):
        raise Unauthenticated("Log in first.")
    if found.revoked_at is not None or not is_alive(found.created_at, found.seen_at, now=now):
        raise Unauthenticated("You were logged out; log in again.")
    return Caller(_active(session, found.user_id), None, session_id=found.id, seen_at=found.seen_at)


def _owned(session: Session, table: type[Secret], prefix: str) -> Secret | None:
    """Return the row of a secret; its owner is read with it, and then at hand."""
    found = select(table, User).join(User, User.id == table.user_id).where(table.prefix == prefix)
    row = once(session, (table, prefix), lambda: session.execute(found).one_or_none())
    return None if row is None else row[0]


def asking(caller: Caller, *, view_as: str, request: str, writes: bool) -> Caller:
    """Return *caller* in a request, perhaps with other eyes: ``test``, or the id of a student."""
    return replace(caller, view_as=view_as, request=request, writes=writes)


def _active(session: Session, user_id: UUID) -> User:
    user = session.get(User, user_id)
    if user is None or user.suspended_at is not None or user.erased_at is not None:
        raise Unauthenticated("This account is not active.")
    return user


def course_member(
    session: Session, caller: Caller, course_id: UUID, *, right: Right = "see_course"
) -> Member:
    """Return what *caller* is in a course; `NotFound` for who is not in it."""
    course = once(session, (Course, course_id), lambda: session.get(Course, course_id))
    if course is None or caller.only_course not in {None, course_id}:
        raise NotFound("There is no such course.")
    member = _member(session, caller, course)
    if member is None:
        raise NotFound("There is no such course.")
    if caller.view_as:
        member = _seen_as(session, member)
    member.need(right)
    return member


def _member(session: Session, caller: Caller, course: Course) -> Member | None:
    if caller.user.is_admin:
        return Member(caller, course, "admin", caller.id)
    enrolment = _enrolment(session, course.id, caller.id)
    if enrolment is None:
        return None
    role: Role = enrolment.role  # type: ignore[assignment]
    return Member(caller, course, role, caller.id, enrolment.section_id, enrolment.is_test)


def _enrolment(session: Session, course_id: UUID, user_id: UUID) -> Enrolment | None:
    found = select(Enrolment).where(
        Enrolment.course_id == course_id,
        Enrolment.user_id == user_id,
        Enrolment.withdrawn_at.is_(None),
    )
    return once(session, (Enrolment, course_id, user_id), lambda: session.scalar(found))


def _seen_as(session: Session, member: Member) -> Member:
    """Return *member* as the student whom the caller wants to look as."""
    member.need("view_as_student")
    whom = member.caller.view_as
    students = select(Enrolment).where(
        Enrolment.course_id == member.course.id, Enrolment.role == "student"
    )
    if whom == "test":
        found = session.scalar(students.where(Enrolment.is_test))
    else:
        found = session.scalar(students.where(Enrolment.user_id == read_id(whom)))
    if found is None:
        raise NotFound("There is no such student in this course.")
    return replace(
        member,
        role="student",
        student_id=found.user_id,
        section_id=found.section_id,
        is_test=found.is_test,
        viewing=not found.is_test,
    )


def assignment_member(
    session: Session, caller: Caller, assignment_id: UUID, *, right: Right = "see_course"
) -> tuple[Member, Assignment]:
    """Return an assignment and what *caller* is in its course; `NotFound` where it is hidden.

    A student does not see an assignment before it is published; its release is the caller's affair.
    """
    assignment = once(
        session, (Assignment, assignment_id), lambda: session.get(Assignment, assignment_id)
    )
    if assignment is None or assignment.deleted_at is not None:
        raise NotFound("There is no such assignment.")
    try:
        member = course_member(session, caller, assignment.course_id)
    except NotFound as error:
        raise NotFound("There is no such assignment.") from error
    if assignment.published_at is None and not member.is_staff:
        raise NotFound("There is no such assignment.")
    member.need(right)
    return member, assignment


def posed_member(
    session: Session,
    caller: Caller,
    assignment_id: UUID,
    slug: str,
    *,
    right: Right = "see_course",
) -> Posed:
    """Return a problem in an assignment, by its id there; `NotFound` where there is none."""
    try:
        member, assignment = assignment_member(session, caller, assignment_id, right=right)
    except NotFound as error:
        raise NotFound(NO_PROBLEM) from error
    posed = (
        select(AssignmentProblem, ProblemVersion)
        .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
        .where(
            AssignmentProblem.assignment_id == assignment.id,
            AssignmentProblem.slug == slug,
            AssignmentProblem.removed_at.is_(None),
        )
    )
    key = (AssignmentProblem, assignment_id, slug)
    found = once(session, key, lambda: session.execute(posed).one_or_none())
    if found is None:
        raise NotFound(NO_PROBLEM)
    return Posed(member, assignment, found[0], found[1])
