"""Search of the problems that a course can use: the bank's and its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import NotFound
from api.db.models import ProblemVersion
from api.http.pagination import Cursor, keyset
from api.services.enrolment.search import holding
from api.services.problems.versions import BANK

__all__ = ["Filters", "find", "newest_of_any", "problems", "topics", "versions"]

MOST_VERSIONS: Final = 200
NO_VERSION: Final = "There is no such problem version in this course or in the bank."


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of a search; empty ones match everything.

    *text* is a part of an id or a title, *kind* the kind of one of the parts.
    """

    topic: str = ""
    text: str = ""
    kind: str = ""
    space: str = ""
    status: str = "published"


def problems(
    session: Session, member: Member, wanted: Filters, *, after: Cursor | None, limit: int
) -> Sequence[ProblemVersion]:
    """Return at most *limit* problems that *member*'s course can use, newest versions, by id.

    A problem of the course appears beside the bank's problem with the same id.
    """
    spaces = _spaces(member, wanted.space)
    last = (
        select(
            ProblemVersion.space,
            ProblemVersion.problem,
            func.max(ProblemVersion.number).label("number"),
        )
        .where(ProblemVersion.space.in_(spaces), ProblemVersion.status == wanted.status)
        .group_by(ProblemVersion.space, ProblemVersion.problem)
        .subquery()
    )
    found = select(ProblemVersion).join(
        last,
        (last.c.space == ProblemVersion.space)
        & (last.c.problem == ProblemVersion.problem)
        & (last.c.number == ProblemVersion.number),
    )
    if wanted.topic:
        found = found.where(ProblemVersion.topic == wanted.topic)
    if wanted.text:
        found = found.where(holding(wanted.text, ProblemVersion.problem, ProblemVersion.title))
    if wanted.kind:
        told = cast(ProblemVersion.parts, Text)
        found = found.where(told.like(f'%"kind": "{wanted.kind}"%'))
    page = keyset(found, ProblemVersion.problem, ProblemVersion.id, after=after)
    return session.scalars(page.limit(limit)).all()


def topics(session: Session, member: Member) -> Sequence[str]:
    """Return the topics of the problems that *member*'s course can use, sorted."""
    found = select(ProblemVersion.topic).where(ProblemVersion.space.in_(_spaces(member, "")))
    return session.scalars(found.distinct().order_by(ProblemVersion.topic)).all()


def _spaces(member: Member, wanted: str) -> list[str]:
    own = str(member.course.id)
    return {"bank": [BANK], "course": [own]}.get(wanted, [BANK, own])


def find(session: Session, member: Member, version_id: UUID) -> ProblemVersion:
    """Return a version of the bank or of the course; raise `NotFound` for any other."""
    found = session.get(ProblemVersion, version_id)
    if found is None or found.space not in _spaces(member, ""):
        raise NotFound(NO_VERSION)
    return found


def versions(session: Session, of: ProblemVersion) -> Sequence[ProblemVersion]:
    """Return the versions of the problem of version *of*, newest first; at most `MOST_VERSIONS`."""
    return session.scalars(
        select(ProblemVersion)
        .where(ProblemVersion.space == of.space, ProblemVersion.problem == of.problem)
        .order_by(ProblemVersion.number.desc())
        .limit(MOST_VERSIONS)
    ).all()


def newest_of_any(session: Session, member: Member, problem: str) -> ProblemVersion | None:
    """Return the version that a new upload follows: the newest that is not retired, or None.

    Drafts count. The course's versions come before the bank's, since a course may have its own
    version of a problem of the bank.
    """
    for space in (str(member.course.id), BANK):
        found = session.scalar(
            select(ProblemVersion)
            .where(
                ProblemVersion.space == space,
                ProblemVersion.problem == problem,
                ProblemVersion.status != "retired",
            )
            .order_by(ProblemVersion.number.desc())
            .limit(1)
        )
        if found is not None:
            return found
    return None
