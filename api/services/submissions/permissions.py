"""Permission to submit, checked again at the time of the write.

The account, the token, the enrollment and the course may have changed since the request came in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import (
    COURSE_ARCHIVED_MESSAGE,
    PROBLEM_NOT_FOUND_MESSAGE,
    TOKEN_EXPIRED_MESSAGE,
)
from api.core.errors import Conflict, Forbidden, NotFound, Unauthenticated
from api.db.models import Course, Enrolment, Token, User
from api.services.submissions.pending_submissions import PendingSubmission


@dataclass(frozen=True, slots=True)
class SubmissionPermissions:
    """Accounts, tokens, enrollments and courses of entries, as the transaction sees them.

    *tokens* are not revoked; *expired_tokens* are those among them whose time has ended. *students*
    are pairs of course and student.
    """

    users: frozenset[UUID]
    tokens: frozenset[UUID]
    expired_tokens: frozenset[UUID]
    students: frozenset[tuple[UUID, UUID]]
    archived_courses: frozenset[UUID]

    @classmethod
    def load(
        cls, session: Session, entries: Sequence[PendingSubmission], *, now: datetime
    ) -> "SubmissionPermissions":
        """Read the current permissions of the authors of *entries*."""
        users = session.scalars(
            select(User.id).where(
                User.id.in_({entry.author_id for entry in entries}),
                User.suspended_at.is_(None),
                User.erased_at.is_(None),
            )
        )
        tokens = session.execute(
            select(Token.id, Token.expires_at).where(
                Token.id.in_({entry.token_id for entry in entries if entry.token_id}),
                Token.revoked_at.is_(None),
            )
        ).all()
        students = session.execute(
            select(Enrolment.course_id, Enrolment.user_id).where(
                Enrolment.user_id.in_({entry.student_id for entry in entries}),
                Enrolment.withdrawn_at.is_(None),
            )
        )
        archived = session.scalars(
            select(Course.id).where(
                Course.id.in_({entry.course_id for entry in entries}),
                Course.archived_at.is_not(None),
            )
        )
        return cls(
            frozenset(users),
            frozenset(token for token, _ in tokens),
            frozenset(token for token, end in tokens if end is not None and end <= now),
            frozenset((course, student) for course, student in students),
            frozenset(archived),
        )

    def check(self, entry: PendingSubmission) -> None:
        """Raise a `ServiceError` if the author of *entry* may no longer submit."""
        if entry.author_id not in self.users:
            raise Forbidden("This account is not active.")
        if entry.token_id is not None and entry.token_id not in self.tokens:
            raise Forbidden("This token was revoked.")
        if entry.token_id in self.expired_tokens:
            raise Unauthenticated(TOKEN_EXPIRED_MESSAGE, code="token_expired")
        if (entry.course_id, entry.student_id) not in self.students:
            raise NotFound(PROBLEM_NOT_FOUND_MESSAGE)
        if entry.course_id in self.archived_courses:
            raise Conflict(COURSE_ARCHIVED_MESSAGE, code="course_archived")
