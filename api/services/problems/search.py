"""The problems that a course can set: those of the bank, and its own."""

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
    """Which problems are asked for; what is empty does not narrow.

    *text* is part of an id or a title, *kind* that of one of the parts.
    """

    topic: str = ""
    text: str = ""
    kind: str = ""
    space: str = ""
    status: str = "published"


def problems(
    session: Session, member: Member, wanted: Filters, *, after: Cursor | None, limit: int
) -> Sequence[ProblemVersion]:
    """Return the newest versions of the problems that *member*'s course can set, by id.

    One more than *limit*. A problem of the course stands beside the one of the bank of that id.
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
    """Return the topics of the problems that *member*'s course can set, in order."""
    found = select(ProblemVersion.topic).where(ProblemVersion.space.in_(_spaces(member, "")))
    return session.scalars(found.distinct().order_by(ProblemVersion.topic)).all()


def _spaces(member: Member, wanted: str) -> list[str]:
    own = str(member.course.id)
    return {"bank": [BANK], "course": [own]}.get(wanted, [BANK, own])


def find(session: Session, member: Member, version_id: UUID) -> ProblemVersion:
    """Return a version of the bank or of the course; `NotFound` for one of another course."""
    found = session.get(ProblemVersion, version_id)
    if found is None or found.space not in _spaces(member, ""):
        raise NotFound(NO_VERSION)
    return found


def versions(session: Session, of: ProblemVersion) -> Sequence[ProblemVersion]:
    """Return the versions of the problem that *of* is one of, the newest first; 200 at most."""
    return session.scalars(
        select(ProblemVersion)
        .where(ProblemVersion.space == of.space, ProblemVersion.problem == of.problem)
        .order_by(ProblemVersion.number.desc())
        .limit(MOST_VERSIONS)
    ).all()


def newest_of_any(session: Session, member: Member, problem: str) -> ProblemVersion | None:
    """Return the version that a new one follows: the course's last that is not retired, drafts too.

    Else the bank's, since a course may have its own version of a problem of the bank.
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
