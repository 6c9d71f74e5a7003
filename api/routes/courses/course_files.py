"""A course as files: exported, and applied."""

from typing import Final
from uuid import UUID

from api.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from api.dependencies import HereDep
from api.http.json_body import ApiRouter
from api.http.problem_details import responses
from api.routes.shared.editing import DryRun, taken
from api.routes.shared.error_responses import SEES
from api.schemas.courses.course_files import Applied, ApplyFilesIn, CourseFiles
from api.services.audit.change_context import Act
from api.services.courses.files.applying import apply, publish_all, to_publish
from api.services.courses.files.exporting import course_files
from api.services.courses.files.parsing import read_setup

__all__ = ["router"]

router = ApiRouter(tags=["courses"])
MAX_PUBLISH_SECONDS: Final = 600.0
"""How long the new problems of the files may take together."""


@router.get(
    "/courses/{course}/export",
    response_model=CourseFiles,
    responses=SEES,
)
def get_export(course: UUID, here: HereDep) -> CourseFiles:
    """Return what is set in a course as files to keep in git, without people and their work."""
    with here.reading() as session:
        member = here.member(session, course, right="export")
        return CourseFiles(files=course_files(session, member.course))


@router.post(
    "/courses/{course}/apply",
    response_model=Applied,
    responses=responses(
        *(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, "invalid_problem"),
        *("problem_too_slow", RateLimited, Unavailable),
    ),
)
def post_apply(
    course: UUID, body: ApplyFilesIn, here: HereDep, *, dry_run: DryRun = False
) -> Applied:
    """Make a course what files say, all of it or nothing; the same files again change nothing.

    Problems that are new are published first, which takes some seconds for each.
    """
    with here.reading() as session:
        member = here.member(session, course, right="manage_course")
    here.throttle("upload_file", str(member.caller.id))
    with here.reading() as session:
        member = here.member(session, course, right="manage_course")
        setup = read_setup(body.files)
        sources = to_publish(session, member.course, setup)
    with here.service.publishing.reserve(member.caller.id) as publish:
        seeds = here.service.settings.seeds
        solved = publish_all(
            sources, publish=publish, seeds=seeds, within_seconds=MAX_PUBLISH_SECONDS
        )
    with here.recomputing("manage_course") as session:
        member = here.member(session, course, right="manage_course")
        taken(session, member.course)
        act = Act.of(member, now=here.now, dry_run=dry_run)
        return apply(session, act, setup, solved, prune=body.prune)
