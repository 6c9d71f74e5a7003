"""Courses as files: export, and applying them to a course."""

from typing import Final
from uuid import UUID

from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    ServiceUnavailable,
    Unauthenticated,
)
from api.dependencies import ContextDep
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.routes.shared.edit_helpers import DryRun, lock_row
from api.routes.shared.error_responses import READ_ERRORS
from api.schemas.courses.course_files import Applied, ApplyFilesIn, CourseFiles
from api.services.audit.change_context import ChangeContext
from api.services.courses.files.exporter import render_course_files
from api.services.courses.files.importer import apply_setup
from api.services.courses.files.parser import parse_setup
from api.services.courses.files.problem_files import find_problems_to_publish, publish_files

router = ApiRouter(tags=["courses"])
MAX_PUBLISH_SECONDS: Final = 600.0
"""Time limit for publishing all new problems in the files."""


@router.get(
    "/courses/{course}/export",
    response_model=CourseFiles,
    responses=READ_ERRORS,
)
def get_course_files(course: UUID, context: ContextDep) -> CourseFiles:
    """Export the settings of a course as files, without people and their work."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="export")
    with context.queue_heavy_read(member) as session:
        return CourseFiles(files=render_course_files(session, member.course))


@router.post(
    "/courses/{course}/apply",
    response_model=Applied,
    responses=error_responses(
        *(Unauthenticated, Forbidden, NotFound, Conflict, InvalidInput, "invalid_problem"),
        *("problem_too_slow", RateLimited, ServiceUnavailable),
    ),
)
def apply_course_files(
    course: UUID, body: ApplyFilesIn, context: ContextDep, *, dry_run: DryRun = False
) -> Applied:
    """Apply course files: all of them or none. Applying the same files again changes nothing.

    New problems are published first, which takes a few seconds for each.
    """
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_course")
    context.consume_action_limit("upload_file", str(member.caller.id))
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_course")
        setup = parse_setup(body.files)
        sources = find_problems_to_publish(session, member.course, setup)
    with context.service.publishing.reserve(member.caller.id) as publish:
        seeds = context.service.settings.seeds
        solved = publish_files(
            sources, publish=publish, seeds=seeds, within_seconds=MAX_PUBLISH_SECONDS
        )
    with context.queue_recomputing_transaction("manage_course") as session:
        member = context.authorize_course(session, course, right="manage_course")
        lock_row(session, member.course)
        act = ChangeContext.for_member(member, now=context.now, dry_run=dry_run)
        return apply_setup(session, act, setup, solved, prune=body.prune)
