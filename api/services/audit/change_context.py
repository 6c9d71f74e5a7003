"""Who changes a course, when, and whether only to see what would come of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.db.models import Course
from api.db.models.base import Base
from api.services.audit import recorder
from api.services.grades import Cause

__all__ = ["Act", "differences", "hold"]


@dataclass(frozen=True, slots=True)
class Act:
    """A change in *course*: by a member, or by the service itself (None).

    Of a *dry_run* nothing is kept.
    """

    course: Course
    member: Member | None
    now: datetime
    dry_run: bool = False

    @classmethod
    def of(cls, member: Member, *, now: datetime, dry_run: bool = False) -> Self:
        """Return a change by *member* in the course where they are one."""
        return cls(member.course, member, now, dry_run)

    @property
    def author_id(self) -> UUID | None:
        """The id of who does it."""
        return self.member.caller.id if self.member else None

    @contextmanager
    def trial(self, session: Session) -> Iterator[None]:
        """Keep what is done inside, unless this is a dry run."""
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
        """Note in the audit log what was done, with what stood there before and after."""
        recorder.record(
            session,
            self.member,
            action,
            now=self.now,
            target=target,
            change=change,
            reason=reason,
            course_id=self.course.id,
        )

    def cause(self, kind: str, which: UUID | None = None) -> Cause:
        """Return the cause of the grades that change by it."""
        return Cause(kind, which, self.author_id, self.now)


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what of *before* is otherwise *after*, and how it is then; the names are the same."""
    names = sorted(name for name in after if after[name] != before[name])
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def hold(session: Session, row: Base) -> None:
    """Let nobody else change *row* until the end, and read it as it is now.

    Submissions hold their assignment in common, so that none is marked by rules that change at
    the same moment.
    """
    session.refresh(row, with_for_update={"key_share": True})
