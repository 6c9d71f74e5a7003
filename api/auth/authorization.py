"""Authorization: what a caller may see and do.

A resource that the caller may not see does not exist for them (404). 403 is only for a forbidden
action on a visible resource.
"""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.roles import PERMISSION_RULES, EffectiveRole, Permission, Role, is_permitted
from api.core.errors import Conflict, Forbidden, NotFound
from api.core.ids import parse_id
from api.db.engine import fetch_one
from api.db.models import Assignment, AssignmentProblem, Course, Enrolment, ProblemVersion
from api.services.assignments.anonymity import (
    NO_ACCOMMODATIONS,
    NO_VIEW_AS,
    WITHOUT_NAMES,
    is_blind_in_course,
    is_blind_role,
)

PROBLEM_NOT_FOUND_MESSAGE: Final = "There is no such assignment, or it has no such problem."
"""Message for a problem that does not exist or is not released, the same for both."""
TOKEN_EXPIRED_MESSAGE: Final = "This token has expired. Create a new one."  # noqa: S105  # not a secret
COURSE_ARCHIVED_MESSAGE: Final = (
    "This course is archived and read-only. An instructor can restore it in its settings."
)
IS_ENROLLED: Final = and_(
    Enrolment.course_id == Course.id,
    Enrolment.user_id == bindparam("caller"),
    Enrolment.withdrawn_at.is_(None),
)
COURSE_QUERY: Final = (
    select(Course, Enrolment)
    .outerjoin(Enrolment, IS_ENROLLED)
    .where(Course.id == bindparam("course"))
)
ASSIGNMENT_QUERY: Final = (
    select(Assignment, Course, Enrolment)
    .join(Course, Course.id == Assignment.course_id)
    .outerjoin(Enrolment, IS_ENROLLED)
    .where(Assignment.id == bindparam("assignment"))
)
ASSIGNED_PROBLEM_QUERY: Final = (
    select(AssignmentProblem, ProblemVersion)
    .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
    .where(
        AssignmentProblem.assignment_id == bindparam("assignment"),
        AssignmentProblem.slug == bindparam("slug"),
        AssignmentProblem.removed_at.is_(None),
    )
)
"""Query for a problem of an assignment with its version.

The queries here are built once, because every request needs them.
"""


@dataclass(frozen=True, slots=True)
class CourseMembership:
    """Membership of a caller in a course.

    *student_id* is the student that "mine" refers to: the caller, or the student whom a member of
    staff views as (*viewing*, which is read-only except for the test student).
    """

    caller: Principal
    course: Course
    role: EffectiveRole
    student_id: UUID
    section_id: UUID | None = None
    is_test: bool = False
    viewing: bool = False

    def has_permission(self, permission: Permission) -> bool:
        """Return whether the role and the scopes of the token grant *permission*.

        A member who views as a student can only read.
        """
        if self.viewing and PERMISSION_RULES[permission].scope != "read":
            return False
        return is_permitted(self.role, permission, scopes=self.caller.scopes)

    def require(self, permission: Permission, *, allow_archived: bool = False) -> None:
        """Raise `Forbidden` if the member lacks *permission*.

        Raises `Conflict` for a change in an archived course, unless *allow_archived* allows it.
        """
        if self.viewing and PERMISSION_RULES[permission].scope != "read":
            raise Forbidden(
                "You are viewing as a student and cannot change anything. Only the test student "
                "can."
            )
        if not self.has_permission(permission):
            raise Forbidden(f"This needs the right to {PERMISSION_RULES[permission].description}.")
        is_change = self.caller.writes and PERMISSION_RULES[permission].scope != "read"
        if is_change and self.course.archived_at is not None and not allow_archived:
            raise Conflict(COURSE_ARCHIVED_MESSAGE, code="course_archived")

    @property
    def is_staff(self) -> bool:
        """Whether the member sees more than students do."""
        return self.role != "student"

    @property
    def previews_drafts(self) -> bool:
        """Whether staff view as the test student, who sees drafts but cannot submit to them."""
        return self.is_test and bool(self.caller.view_as)

    def cannot_see_names_in(self, assignment: Assignment) -> bool:
        """Return whether the names of students in *assignment* are hidden from the member."""
        return assignment.anonymous and is_blind_role(self.role)

    def require_visible_names(self, assignment: Assignment) -> None:
        """Raise `Forbidden` if the names of students in *assignment* are hidden from the member."""
        if self.cannot_see_names_in(assignment):
            raise Forbidden(WITHOUT_NAMES)

    def require_visible_accommodations(self, session: Session) -> None:
        """Raise `Forbidden` for a grader of a course with an anonymous assignment.

        An extension may cover all assignments, and late days have one budget for all of them, so
        both would reveal names.
        """
        if is_blind_in_course(session, self.role, self.course.id):
            raise Forbidden(NO_ACCOMMODATIONS)


@dataclass(frozen=True, slots=True)
class AssignedProblem:
    """Problem in an assignment, with the membership of the caller."""

    member: CourseMembership
    assignment: Assignment
    problem: AssignmentProblem
    version: ProblemVersion


def load_course_membership(
    session: Session, caller: Principal, course_id: UUID, *, permission: Permission = "see_course"
) -> CourseMembership:
    """Return the membership of *caller* in a course.

    Raises `NotFound` for a caller who is not in it, `Forbidden` for one who lacks *permission*.
    """
    row = fetch_one(session, COURSE_QUERY, course=course_id, caller=caller.id)
    member = None if row is None else _build_membership(session, caller, row[0], row[1])
    if member is None:
        raise NotFound("There is no such course.")
    member.require(permission)
    return member


def _build_membership(
    session: Session, caller: Principal, course: Course, enrolment: Enrolment | None
) -> CourseMembership | None:
    """Return the membership of *caller* by their *enrolment*, None if not in the course."""
    if caller.only_course not in {None, course.id}:
        return None
    if caller.user.is_admin:
        member = CourseMembership(caller, course, "admin", caller.id)
    elif enrolment is None:
        return None
    else:
        role: Role = enrolment.role  # type: ignore[assignment]
        member = CourseMembership(
            caller, course, role, caller.id, enrolment.section_id, enrolment.is_test
        )
    return _view_as_student(session, member) if caller.view_as else member


def _view_as_student(session: Session, member: CourseMembership) -> CourseMembership:
    """Return *member* as the student whose view the caller requests."""
    member.require("view_as_student")
    student_reference = member.caller.view_as
    students = select(Enrolment).where(
        Enrolment.course_id == member.course.id, Enrolment.role == "student"
    )
    if student_reference == "test":
        enrolment = session.scalar(students.where(Enrolment.is_test))
    else:
        enrolment = session.scalar(students.where(Enrolment.user_id == parse_id(student_reference)))
    if enrolment is None:
        raise NotFound("There is no such student in this course.")
    if not enrolment.is_test and is_blind_in_course(session, member.role, member.course.id):
        raise Forbidden(NO_VIEW_AS)
    return replace(
        member,
        role="student",
        student_id=enrolment.user_id,
        section_id=enrolment.section_id,
        is_test=enrolment.is_test,
        viewing=not enrolment.is_test,
    )


def load_assignment_membership(
    session: Session,
    caller: Principal,
    assignment_id: UUID,
    *,
    permission: Permission = "see_course",
    include_deleted: bool = False,
) -> tuple[CourseMembership, Assignment]:
    """Return the membership of *caller* in the course of an assignment, and the assignment.

    Raises `NotFound` if it is hidden. A student does not see an assignment before it is published;
    the calling code has to check its release. Staff who view as the test student see drafts, but
    change nothing. With *include_deleted*, a deleted one is found by
    those with the *permission*.
    """
    row = fetch_one(session, ASSIGNMENT_QUERY, assignment=assignment_id, caller=caller.id)
    if row is None or (row[0].deleted_at is not None and not include_deleted):
        raise NotFound("There is no such assignment.")
    assignment, course, enrolment = row
    try:
        member = _build_membership(session, caller, course, enrolment)
    except NotFound as error:
        raise NotFound("There is no such assignment.") from error
    if member is None:
        raise NotFound("There is no such assignment.")
    member.require("see_course")
    is_draft_for_students = assignment.published_at is None and not member.is_staff
    if is_draft_for_students and member.previews_drafts:
        member = replace(member, viewing=True)
        is_draft_for_students = False
    if is_draft_for_students or (assignment.deleted_at and not member.has_permission(permission)):
        raise NotFound("There is no such assignment.")
    member.require(permission)
    return member, assignment


def load_assigned_problem(
    session: Session,
    caller: Principal,
    assignment_id: UUID,
    slug: str,
    *,
    permission: Permission = "see_course",
) -> AssignedProblem:
    """Return a problem in an assignment by its *slug* there; raise `NotFound` if there is none."""
    try:
        member, assignment = load_assignment_membership(
            session, caller, assignment_id, permission=permission
        )
    except NotFound as error:
        raise NotFound(PROBLEM_NOT_FOUND_MESSAGE) from error
    row = fetch_one(session, ASSIGNED_PROBLEM_QUERY, assignment=assignment.id, slug=slug)
    if row is None:
        raise NotFound(PROBLEM_NOT_FOUND_MESSAGE)
    return AssignedProblem(member, assignment, row[0], row[1])
