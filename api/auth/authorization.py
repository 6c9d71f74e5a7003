"""Authorization: what a caller may see and do.

A resource that the caller may not see does not exist for them (404). 403 is only for a forbidden
action on a visible resource.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from api.auth.roles import RIGHTS, Right, Role, Standing, permitted
from api.auth.scopes import Scope
from api.core.errors import Conflict, Forbidden, NotFound
from api.core.ids import read_id
from api.db.engine import find_one
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    Enrolment,
    ProblemVersion,
    User,
)
from api.services.assignments.anonymity import (
    NO_ACCOMMODATIONS,
    NO_VIEW_AS,
    WITHOUT_NAMES,
    is_blind_in_course,
    is_blind_role,
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
    "course_member",
    "posed_member",
]

NO_PROBLEM: Final = "There is no such assignment, or it has no such problem."
"""What is said of a problem that is not there or not released: one sentence for both."""
EXPIRED: Final = "This token has expired; make a new one."
ARCHIVED: Final = (
    "This course is archived: all of it can be read, and nothing changes. An instructor can bring "
    "it back, in its settings."
)
IS_ENROLLED: Final = and_(
    Enrolment.course_id == Course.id,
    Enrolment.user_id == bindparam("caller"),
    Enrolment.withdrawn_at.is_(None),
)
COURSE: Final = (
    select(Course, Enrolment)
    .outerjoin(Enrolment, IS_ENROLLED)
    .where(Course.id == bindparam("course"))
)
ASSIGNMENT: Final = (
    select(Assignment, Course, Enrolment)
    .join(Course, Course.id == Assignment.course_id)
    .outerjoin(Enrolment, IS_ENROLLED)
    .where(Assignment.id == bindparam("assignment"))
)
POSED: Final = (
    select(AssignmentProblem, ProblemVersion)
    .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
    .where(
        AssignmentProblem.assignment_id == bindparam("assignment"),
        AssignmentProblem.slug == bindparam("slug"),
        AssignmentProblem.removed_at.is_(None),
    )
)
"""Statements that are put together once, as every request needs them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Principal of a request: a user with a token or a session.

    A token has *scopes*, and may be limited to one course; for a session *scopes* is None.

    *view_as* is the student whose view the caller requests. *seen_at* is the stored time of the
    last use of the token or session. *request* is the id of the request, for the audit log.
    *writes* is True if the request may change something. *digest* is that of the presented secret.
    *expires_at* is the end of a token, *begun_at* the start of a session.
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
    digest: bytes = field(default=b"", repr=False)
    expires_at: datetime | None = None
    begun_at: datetime | None = None

    def need(self, right: Right) -> None:
        """Raise `Forbidden` if the caller lacks a *right* that belongs to no course."""
        standing: Standing | None = "admin" if self.user.is_admin else None
        here = self.only_course is None and permitted(standing, right, scopes=self.scopes)
        if not here:
            raise Forbidden(f"This needs the right to {RIGHTS[right].says}.")

    def need_login(self) -> UUID:
        """Return the session id of the caller.

        Raises `Forbidden` for a token, which cannot change an account.
        """
        if self.session_id is None:
            raise Forbidden("Log in with your password for this; a token changes no account.")
        return self.session_id

    @property
    def id(self) -> UUID:
        """The id of the user."""
        return self.user.id


@dataclass(frozen=True, slots=True)
class Member:
    """Membership of a caller in a course.

    *student_id* is the student that "mine" refers to: the caller, or the student whom a member of
    staff views as (*viewing*, which is read-only except for the test student).
    """

    caller: Caller
    course: Course
    role: Standing
    student_id: UUID
    section_id: UUID | None = None
    is_test: bool = False
    viewing: bool = False

    def may(self, right: Right) -> bool:
        """Return whether the role and the scopes of the token grant *right*.

        A member who views as a student can only read.
        """
        if self.viewing and RIGHTS[right].scope != "read":
            return False
        return permitted(self.role, right, scopes=self.caller.scopes)

    def need(self, right: Right, *, archived: bool = False) -> None:
        """Raise `Forbidden` if the member lacks *right*.

        Raises `Conflict` for a change in an archived course, unless *archived* allows it.
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
        """Whether the member sees more than students do."""
        return self.role != "student"

    def is_blind_to(self, assignment: Assignment) -> bool:
        """Return whether the names of students in *assignment* are hidden from the member."""
        return assignment.anonymous and is_blind_role(self.role)

    def need_names(self, assignment: Assignment) -> None:
        """Raise `Forbidden` if the names of students in *assignment* are hidden from the member."""
        if self.is_blind_to(assignment):
            raise Forbidden(WITHOUT_NAMES)

    def need_accommodations(self, session: Session) -> None:
        """Raise `Forbidden` for a grader of a course with an anonymous assignment.

        An extension may cover all assignments, and late days have one budget for all of them, so
        both would reveal names.
        """
        if is_blind_in_course(session, self.role, self.course.id):
            raise Forbidden(NO_ACCOMMODATIONS)


@dataclass(frozen=True, slots=True)
class Posed:
    """Problem in an assignment, with the membership of the caller."""

    member: Member
    assignment: Assignment
    problem: AssignmentProblem
    version: ProblemVersion


def asking(caller: Caller, *, view_as: str, request: str, writes: bool) -> Caller:
    """Return *caller* with the data of a request; *view_as* is ``test``, a student's id, or ""."""
    return replace(caller, view_as=view_as, request=request, writes=writes)


def course_member(
    session: Session, caller: Caller, course_id: UUID, *, right: Right = "see_course"
) -> Member:
    """Return the membership of *caller* in a course.

    Raises `NotFound` for a caller who is not in it, `Forbidden` for one who lacks *right*.
    """
    found = find_one(session, COURSE, course=course_id, caller=caller.id)
    member = None if found is None else _member(session, caller, found[0], found[1])
    if member is None:
        raise NotFound("There is no such course.")
    member.need(right)
    return member


def _member(
    session: Session, caller: Caller, course: Course, enrolment: Enrolment | None
) -> Member | None:
    """Return the membership of *caller* by their *enrolment*, None if not in the course."""
    if caller.only_course not in {None, course.id}:
        return None
    if caller.user.is_admin:
        member = Member(caller, course, "admin", caller.id)
    elif enrolment is None:
        return None
    else:
        role: Role = enrolment.role  # type: ignore[assignment]
        member = Member(caller, course, role, caller.id, enrolment.section_id, enrolment.is_test)
    return _seen_as(session, member) if caller.view_as else member


def _seen_as(session: Session, member: Member) -> Member:
    """Return *member* as the student whose view the caller requests."""
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
    if not found.is_test and is_blind_in_course(session, member.role, member.course.id):
        raise Forbidden(NO_VIEW_AS)
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
    """Return the membership of *caller* in the course of an assignment, and the assignment.

    Raises `NotFound` if it is hidden. A student does not see an assignment before it is published;
    the calling code has to check its release.
    """
    found = find_one(session, ASSIGNMENT, assignment=assignment_id, caller=caller.id)
    if found is None or found[0].deleted_at is not None:
        raise NotFound("There is no such assignment.")
    assignment, course, enrolment = found
    try:
        member = _member(session, caller, course, enrolment)
    except NotFound as error:
        raise NotFound("There is no such assignment.") from error
    if member is None:
        raise NotFound("There is no such assignment.")
    member.need("see_course")
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
    """Return a problem in an assignment by its *slug* there; raise `NotFound` if there is none."""
    try:
        member, assignment = assignment_member(session, caller, assignment_id, right=right)
    except NotFound as error:
        raise NotFound(NO_PROBLEM) from error
    found = find_one(session, POSED, assignment=assignment.id, slug=slug)
    if found is None:
        raise NotFound(NO_PROBLEM)
    return Posed(member, assignment, found[0], found[1])
