"""Anonymous grading: TAs never learn who wrote an answer; instructors always see the name.

In an anonymous assignment a TA sees the work under a pseudonym. The data that a TA sees by
name neither depends on that work (no score, total, history or late day) nor shows in it (no
extension, no limit of attempts). So nothing links an answer to a name.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from api.auth.roles import EffectiveRole, role_has_permission
from api.db.models import Assignment

WITHOUT_NAMES: Final = (
    "This assignment is graded anonymously, so TAs cannot see it by student. Ask an instructor."
)
NO_VIEW_AS: Final = (
    "An assignment of this course is graded anonymously, so TAs cannot view as a "
    "student. View as the test student."
)
NO_ACCOMMODATIONS: Final = (
    "An assignment of this course is graded anonymously. The dates, limits and "
    "late days of a student could reveal which work is theirs, so TAs cannot see "
    "them. Ask an instructor."
)
ANONYMOUS_ASSIGNMENT_CONDITIONS: Final = (Assignment.anonymous, Assignment.deleted_at.is_(None))
HAS_ANONYMOUS_ASSIGNMENT: Final = select(
    exists().where(Assignment.course_id == bindparam("course"), *ANONYMOUS_ASSIGNMENT_CONDITIONS)
)


def is_blind_role(role: EffectiveRole) -> bool:
    """Return whether *role* is that of a TA, who sees no names in anonymous assignments.

    The scopes of a token do not matter: an instructor knows the names anyway.
    """
    return role != "student" and not role_has_permission(role, "manage_assignments")


def is_blind_in_course(session: Session, role: EffectiveRole, course_id: UUID) -> bool:
    """Return whether the course has an anonymous assignment in which *role* sees no names."""
    return is_blind_role(role) and bool(
        session.scalar(HAS_ANONYMOUS_ASSIGNMENT, {"course": course_id})
    )
