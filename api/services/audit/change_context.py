"""Context of a change in a course: author, time, and whether it is a dry run."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.db.models import Course
from api.db.models.base import Base
from api.services.audit import recorder
from api.services.grades import GradeCause


@dataclass(frozen=True, slots=True)
class ChangeContext:
    """A change in *course* by a member, or by the service itself (None).

    A *dry_run* is rolled back.
    """

    course: Course
    member: CourseMembership | None
    now: datetime
    dry_run: bool = False

    @classmethod
    def for_member(cls, member: CourseMembership, *, now: datetime, dry_run: bool = False) -> Self:
        """Return the context of a change by *member* in the member's course."""
        return cls(member.course, member, now, dry_run)

    @property
    def author_id(self) -> UUID | None:
        """The id of the author, None for the service itself."""
        return self.member.caller.id if self.member else None

    @contextmanager
    def rollback_if_dry_run(self, session: Session) -> Iterator[None]:
        """Flush the changes of the block; roll them back if this is a dry run."""
        if not self.dry_run:
            yield
            session.flush()
            return
        with session.begin_nested() as inside:
            yield
            session.flush()
            inside.rollback()

    def record(
        self,
        session: Session,
        action: str,
        target: tuple[str, object],
        *,
        change: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
        reason: str = "",
    ) -> None:
        """Record an action in the audit log, with the values before and after."""
        recorder.record_action(
            session,
            self.member,
            action,
            now=self.now,
            target=target,
            change=change,
            reason=reason,
            course_id=self.course.id,
        )

    def to_grade_cause(self, kind: str, which: UUID | None = None) -> GradeCause:
        """Return this change as the cause of changed grades."""
        return GradeCause(kind, which, self.author_id, self.now)


def diff_values(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that differ, before and after; both mappings have the same names."""
    names = sorted(name for name in after if after[name] != before[name])
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def lock_and_refresh(session: Session, row: Base) -> None:
    """Lock *row* until the end of the transaction, and read its current values.

    Submissions hold a shared lock on their assignment, so no submission is graded by rules that
    change at the same moment.
    """
    session.refresh(row, with_for_update={"key_share": True})
