"""Search of the problems that a course can use: the bank's and its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import NotFound
from api.db.models import ProblemVersion
from api.http.pagination import Cursor, apply_keyset
from api.services.enrolment.search import text_search_condition
from api.services.problems.versions import BANK

MAX_VERSIONS: Final = 200
NO_VERSION: Final = "There is no such problem version in this course or the bank."


@dataclass(frozen=True, slots=True)
class ProblemFilters:
    """Filters of a search; empty ones match everything.

    *text* is a part of an id or a title, *kind* the kind of one of the parts, *difficulty* is 1
    to 5.
    """

    topic: str = ""
    text: str = ""
    kind: str = ""
    difficulty: int | None = None
    space: str = ""
    status: str = "published"


def search_problems(
    session: Session,
    member: CourseMembership,
    filters: ProblemFilters,
    *,
    after: Cursor | None,
    limit: int,
) -> Sequence[ProblemVersion]:
    """Return at most *limit* problems that *member*'s course can use, newest versions, by id.

    A problem of the course appears beside the bank's problem with the same id.
    """
    spaces = _list_spaces_to_search(member, filters.space)
    newest = (
        select(
            ProblemVersion.space,
            ProblemVersion.problem,
            func.max(ProblemVersion.number).label("number"),
        )
        .where(ProblemVersion.space.in_(spaces), ProblemVersion.status == filters.status)
        .group_by(ProblemVersion.space, ProblemVersion.problem)
        .subquery()
    )
    query = select(ProblemVersion).join(
        newest,
        (newest.c.space == ProblemVersion.space)
        & (newest.c.problem == ProblemVersion.problem)
        & (newest.c.number == ProblemVersion.number),
    )
    if filters.topic:
        query = query.where(ProblemVersion.topic == filters.topic)
    if filters.difficulty is not None:
        query = query.where(ProblemVersion.difficulty == filters.difficulty)
    if filters.text:
        query = query.where(
            text_search_condition(filters.text, ProblemVersion.problem, ProblemVersion.title)
        )
    if filters.kind:
        parts_text = cast(ProblemVersion.parts, Text)
        query = query.where(parts_text.like(f'%"kind": "{filters.kind}"%'))
    page = apply_keyset(query, ProblemVersion.problem, ProblemVersion.id, after=after)
    return session.scalars(page.limit(limit)).all()


def list_topics(session: Session, member: CourseMembership) -> Sequence[str]:
    """Return the topics of the problems that *member*'s course can use, sorted."""
    query = select(ProblemVersion.topic).where(
        ProblemVersion.space.in_(_list_spaces_to_search(member, ""))
    )
    return session.scalars(query.distinct().order_by(ProblemVersion.topic)).all()


def _list_spaces_to_search(member: CourseMembership, space: str) -> list[str]:
    course_space = str(member.course.id)
    return {"bank": [BANK], "course": [course_space]}.get(space, [BANK, course_space])


def load_version(session: Session, member: CourseMembership, version_id: UUID) -> ProblemVersion:
    """Return a version of the bank or of the course; raise `NotFound` for any other."""
    version = session.get(ProblemVersion, version_id)
    if version is None or version.space not in _list_spaces_to_search(member, ""):
        raise NotFound(NO_VERSION)
    return version


def list_versions(session: Session, version: ProblemVersion) -> Sequence[ProblemVersion]:
    """Return the versions of the problem of *version*, newest first; at most `MAX_VERSIONS`."""
    return session.scalars(
        select(ProblemVersion)
        .where(ProblemVersion.space == version.space, ProblemVersion.problem == version.problem)
        .order_by(ProblemVersion.number.desc())
        .limit(MAX_VERSIONS)
    ).all()


def find_newest_unretired(
    session: Session, member: CourseMembership, problem: str
) -> ProblemVersion | None:
    """Return the version that a new upload follows: the newest that is not retired, or None.

    Drafts count. The course's versions come before the bank's, since a course may have its own
    version of a problem of the bank.
    """
    for space in (str(member.course.id), BANK):
        version = session.scalar(
            select(ProblemVersion)
            .where(
                ProblemVersion.space == space,
                ProblemVersion.problem == problem,
                ProblemVersion.status != "retired",
            )
            .order_by(ProblemVersion.number.desc())
            .limit(1)
        )
        if version is not None:
            return version
    return None
