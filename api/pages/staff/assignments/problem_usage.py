"""In which assignments of a course a problem is set, and what was done to a version of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from api.dependencies import Here
from api.pages.staff.common import may
from api.schemas.courses.problems import VersionOut
from api.services.assignments.pinned_versions import Pinned, pinned, seen_by_students
from api.services.assignments.viewing import titles_in
from api.services.problems.versions import space_of

__all__ = ["Place", "done_to", "places_of", "seen_in"]


@dataclass(frozen=True, slots=True)
class Place:
    """An assignment that has a problem: in which version, and the way to a *newer* one.

    What *is_opened* keeps its version until a regrade, if only the test student opened it.
    """

    title: str
    href: str
    number: int
    space: str
    is_this: bool
    is_opened: bool
    is_seen: bool
    newer: str


def seen_in(assignment: UUID, here: Here) -> frozenset[str]:
    """Return the problems of an assignment that students have seen, not the test student alone."""
    with here.reading() as session:
        rows = [one.row for one in pinned(session, [assignment])[assignment]]
        seen = seen_by_students(session, [row.id for row in rows])
    return frozenset(row.slug for row in rows if row.id in seen)


def places_of(one: VersionOut, course: UUID, here: Here) -> tuple[Place, ...]:
    """Return where the problem is set of which *one* is a version."""
    return tuple(_places(one, course, here))


def _places(one: VersionOut, course: UUID, here: Here) -> Iterator[Place]:
    with here.reading() as session:
        titles = titles_in(session, course)
        found = pinned(session, titles)
        rows = [each.row.id for every in found.values() for each in every]
        seen = seen_by_students(session, rows)
    for assignment, title in titles.items():
        for each in found[assignment]:
            if each.version.problem != one.problem:
                continue
            way = f"/assignments/{assignment}"
            yield Place(
                title=title,
                href=f"{way}/edit#problems" if may(here, "manage_assignments") else way,
                number=each.version.number,
                space=space_of(each.version),
                is_this=each.version.id == one.id,
                is_opened=each.opened,
                is_seen=each.row.id in seen,
                newer=_newer(one, each, f"{way}/problems/{each.row.slug}", here),
            )


def _newer(one: VersionOut, each: Pinned, way: str, here: Here) -> str:
    """Return where an assignment is given the version *one*, "" where it is not newer."""
    ranks = [
        (space == "course", number)
        for space, number in (
            (one.space, one.number),
            (space_of(each.version), each.version.number),
        )
    ]
    if one.status != "published" or ranks[0] <= ranks[1]:
        return ""
    if each.opened:
        return f"{way}/regrades?do=id#start" if may(here, "regrade") else ""
    return f"{way}/settings" if may(here, "manage_assignments") else ""


def done_to(one: VersionOut, places: Sequence[Place]) -> str:
    """Return what a version is now that it was stored, published or retired."""
    if one.status == "draft":
        return "Stored as a draft, which staff alone see. Publish it below to set it."
    if one.status == "retired":
        return "Retired. No other assignment can take it; those that have it keep it."
    if not places:
        return "Published. No student sees it before an assignment has it."
    if all(place.is_this for place in places):
        return "Published."
    return "Published. Assignments keep the version that they have."
