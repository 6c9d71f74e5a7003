"""Assignments of a course that use a problem, and the status of its versions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from api.db.models import ProblemVersion
from api.dependencies import RequestContext
from api.pages.staff.common import has_permission
from api.schemas.courses.problems import VersionOut
from api.services.assignments.pinned_versions import (
    PinnedProblem,
    load_pinned_problems,
    load_problems_seen_by_students,
)
from api.services.assignments.views import load_titles
from api.services.problems.versions import space_kind
from api.services.regrades.rewording import is_rewording

DRAFT_STORED: Final = (
    "Stored as a draft, which only staff can see. Publish it below to use it in an assignment."
)
RETIRED: Final = "Retired. Assignments that use it keep it; no other assignment can use it."
PUBLISHED_UNUSED: Final = "Published. Students see it once an assignment uses it."


@dataclass(frozen=True, slots=True)
class ProblemUsage:
    """Assignment that uses a problem: the version, and the link to a *newer* one.

    If *is_opened*, the version stays until a regrade, even if only the test student
    opened it; but a newer one that *is_rewording* can be used at once.
    """

    title: str
    href: str
    number: int
    space: str
    is_this: bool
    is_opened: bool
    is_seen: bool
    newer: str
    is_rewording: bool


def load_problems_opened_by_students(assignment: UUID, context: RequestContext) -> frozenset[str]:
    """Return the problems of an assignment that students have opened.

    Problems that only the test student has opened are left out.
    """
    with context.reading() as session:
        rows = [one.row for one in load_pinned_problems(session, [assignment])[assignment]]
        seen = load_problems_seen_by_students(session, [row.id for row in rows])
    return frozenset(row.slug for row in rows if row.id in seen)


def list_usages(
    version: VersionOut, course: UUID, context: RequestContext
) -> tuple[ProblemUsage, ...]:
    """Return the assignments of the course that use the problem of *version*."""
    return tuple(_iterate_usages(version, course, context))


def _iterate_usages(
    version: VersionOut, course: UUID, context: RequestContext
) -> Iterator[ProblemUsage]:
    with context.reading() as session:
        titles = load_titles(session, course)
        pins_by_assignment = load_pinned_problems(session, titles)
        rows = [each.row.id for every in pins_by_assignment.values() for each in every]
        seen = load_problems_seen_by_students(session, rows)
    for assignment, title in titles.items():
        for pin in pins_by_assignment[assignment]:
            if pin.version.problem != version.problem:
                continue
            path = f"/assignments/{assignment}"
            rewords = pin.opened and _is_rewording(version, pin, context)
            yield ProblemUsage(
                title=title,
                href=f"{path}/edit#problems"
                if has_permission(context, "manage_assignments")
                else path,
                number=pin.version.number,
                space=space_kind(pin.version),
                is_this=pin.version.id == version.id,
                is_opened=pin.opened,
                is_seen=pin.row.id in seen,
                newer=_upgrade_link(
                    version,
                    pin,
                    f"{path}/problems/{pin.row.slug}",
                    context,
                    is_wording_change=rewords,
                ),
                is_rewording=rewords,
            )


def _is_rewording(version: VersionOut, pin: PinnedProblem, context: RequestContext) -> bool:
    with context.reading() as session:
        return is_rewording(session, pin.version, session.get_one(ProblemVersion, version.id))


def _upgrade_link(
    version: VersionOut,
    pin: PinnedProblem,
    path: str,
    context: RequestContext,
    *,
    is_wording_change: bool,
) -> str:
    """Return the link that moves an assignment to *version*, or "" if it is not newer.

    The link is also empty if *version* is not published or the caller lacks the
    permission.
    """
    ranks = [
        (space == "course", number)
        for space, number in (
            (version.space, version.number),
            (space_kind(pin.version), pin.version.number),
        )
    ]
    if version.status != "published" or ranks[0] <= ranks[1]:
        return ""
    if is_wording_change:
        can_manage = has_permission(context, "manage_assignments")
        return f"{path}/settings?version={version.id}#version" if can_manage else ""
    if pin.opened:
        return f"{path}/regrades?do=id#start" if has_permission(context, "regrade") else ""
    return f"{path}/settings" if has_permission(context, "manage_assignments") else ""


def describe_version_status(version: VersionOut, usages: Sequence[ProblemUsage]) -> str:
    """Return the message about a version that was just stored, published or retired."""
    if version.status == "draft":
        return DRAFT_STORED
    if version.status == "retired":
        return RETIRED
    if not usages:
        return PUBLISHED_UNUSED
    if all(place.is_this for place in usages):
        return "Published."
    return "Published. Assignments keep the version that they have."
