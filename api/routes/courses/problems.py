"""Problems that a course can use: those of the bank, and its authors' own uploads."""

from dataclasses import asdict, dataclass
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Depends, Query, Response

from api.core.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    ServiceUnavailable,
    Unauthenticated,
)
from api.dependencies import ContextDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageRequestDep
from api.http.problem_details import error_responses
from api.routes.shared.error_responses import CHANGE_ERRORS, INPUT_ERRORS, READ_ERRORS
from api.routes.shared.files import FileBody, describe_file_body
from api.schemas.courses.problems import (
    DiffOut,
    PreviewOut,
    ProblemChecked,
    ProblemPage,
    ReasonIn,
    VersionOut,
    VersionsOut,
)
from api.services.problems import lifecycle, search, uploads, views

router = ApiRouter(tags=["problems"])
PROBLEMS_PATH: Final = "/courses/{course}/problems"
VERSION_PATH: Final = f"{PROBLEMS_PATH}/{{problem_version}}"
EXAMPLE: Final = """\
id: output-width
title: Output width of a convolution
topic: shapes
difficulty: 1
params: {W: {choose: [64, 97, 128], original: 64}}
statement: A {{W}}×{{W}} image passes a 3×3 convolution.
parts:
  - {id: side, kind: integer, prompt: "Output width?", key: "conv_size(W, 3)"}
examples:
  - {answers: {side: "62"}, expect: {side: correct}}
"""
YAML: Final = "application/yaml"
YAML_BODY: Final = describe_file_body(YAML, EXAMPLE)
CHECKED_BODY: Final = {
    "requestBody": {"content": {YAML: {"schema": {}, "example": EXAMPLE}}, "required": False}
}
"""Accepts any text, even an empty one: the response reports what is wrong with it."""
KindFilter = Annotated[
    str, Query(max_length=20, pattern="^[a-z]*$", description="the kind of a part")
]
ShortText = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class ProblemSearchQuery:
    """Filters of the problem list; empty ones match everything."""

    topic: ShortText = ""
    text: Annotated[str, Query(max_length=200, description="part of an id or a title")] = ""
    kind: KindFilter = ""
    difficulty: Annotated[
        int | None, Query(ge=1, le=5, description="the difficulty, from 1 (easy) to 5")
    ] = None
    space: Literal["", "bank", "course"] = ""
    status: Literal["published", "draft", "retired"] = "published"


@router.get(PROBLEMS_PATH, responses=READ_ERRORS)
def get_problems(
    course: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    query: Annotated[ProblemSearchQuery, Depends()],
) -> ProblemPage:
    """List the problems that the course can use, each in its newest version, by id."""
    after = page_request.parse_cursor("problem", str)
    filters = search.ProblemFilters(**asdict(query))
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_unreleased")
        rows = search.search_problems(
            session, member, filters, after=after, limit=page_request.limit + 1
        )
    page = page_request.build_page(
        rows,
        cursor_of=lambda row: Cursor("problem", row.problem, row.id),
        serialize_row=views.serialize_problem,
    )
    return ProblemPage(items=page.items, next=page.next)


@router.post(
    f"{PROBLEMS_PATH}/check",
    response_model=ProblemChecked,
    responses=error_responses(
        *(Unauthenticated, Forbidden, NotFound, "problem_too_slow", RateLimited, ServiceUnavailable)
    ),
    openapi_extra=CHECKED_BODY,
)
def check_problem(course: UUID, context: ContextDep, file: FileBody) -> ProblemChecked:
    """Check the file of a problem without storing it, as `grader check` does."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_problems")
    with context.service.publishing.reserve(member.caller.id) as publish:
        context.consume_action_limit("solve_problem", str(member.caller.id))
        seeds = context.service.settings.seeds
        return uploads.check_problem(file, publish=publish, seeds=seeds)


@router.post(
    PROBLEMS_PATH,
    status_code=201,
    response_model=VersionOut,
    responses=CHANGE_ERRORS
    | error_responses(
        InvalidInput, "invalid_problem", "problem_too_slow", RateLimited, ServiceUnavailable
    ),
    openapi_extra=YAML_BODY,
)
def upload_problem(
    course: UUID,
    context: ContextDep,
    file: FileBody,
    response: Response,
    *,
    draft: Annotated[
        bool, Query(description="store it as a draft, which assignments cannot use")
    ] = False,
    note: Annotated[
        str, Query(max_length=500, description="a note for others on what changed")
    ] = "",
) -> VersionOut:
    """Upload a problem of the course, or a new version of one. It is checked and solved first.

    If nothing that affects the numbers changed, students keep their numbers. A problem of the bank
    can be uploaded under its id: the course then has its own version.
    """
    status = "draft" if draft else "published"
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_problems")
    context.consume_action_limit("solve_problem", str(member.caller.id))
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_problems")
        upload = uploads.prepare_upload(session, member, file, status=status, note=note)
    with context.service.publishing.reserve(member.caller.id) as publish:
        outcome = publish(upload.source, seeds=context.service.settings.seeds)
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_problems")
        version = views.serialize_version(
            uploads.store_upload(session, member, upload, outcome, now=context.now)
        )
    response.headers["Location"] = f"/api/v1/courses/{course}/problems/{version.id}"
    return version


@router.get(VERSION_PATH, response_model=VersionOut, responses=READ_ERRORS)
def get_version(course: UUID, problem_version: UUID, context: ContextDep) -> VersionOut:
    """Return a version of a problem with its file and the report of its publication."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_key")
        return views.serialize_version(search.load_version(session, member, problem_version))


@router.get(f"{VERSION_PATH}/versions", response_model=VersionsOut, responses=READ_ERRORS)
def get_versions(course: UUID, problem_version: UUID, context: ContextDep) -> VersionsOut:
    """List all versions of the same problem, newest first."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_key")
        rows = search.list_versions(session, search.load_version(session, member, problem_version))
    return VersionsOut(items=tuple(map(views.serialize_version_summary, rows)))


@router.get(
    f"{VERSION_PATH}/diff",
    response_model=DiffOut,
    responses=INPUT_ERRORS,
)
def get_diff(
    course: UUID,
    problem_version: UUID,
    context: ContextDep,
    against: Annotated[
        UUID | None, Query(description="the version to compare with; the previous one if omitted")
    ] = None,
) -> DiffOut:
    """Return the changes from another version to this one, by line and by block."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_key")
        version = search.load_version(session, member, problem_version)
        return views.diff_versions(session, member, version, against=against)


@router.get(f"{VERSION_PATH}/preview", response_model=PreviewOut, responses=READ_ERRORS)
def get_preview(
    course: UUID,
    problem_version: UUID,
    context: ContextDep,
    position: Annotated[int | None, Query(ge=-1, le=10_000)] = None,
    seed: Annotated[int | None, Query(ge=0, le=10_000)] = None,
) -> PreviewOut:
    """Return a variant as a student sees it, with its keys and the mistakes that it can name.

    Name it by its position in the list of variants (-1 is the original) or by its seed.
    """
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_key")
        version = search.load_version(session, member, problem_version)
        variants = context.service.variants
        return views.build_preview(session, version, variants, position=position, seed=seed)


@router.post(f"{VERSION_PATH}/publish", response_model=VersionOut, responses=CHANGE_ERRORS)
def publish_version(
    course: UUID, problem_version: UUID, body: ReasonIn, context: ContextDep
) -> VersionOut:
    """Let assignments use a draft or a retired version."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_problems")
        version = search.load_version(session, member, problem_version)
        lifecycle.publish_version(session, member, version, reason=body.reason, now=context.now)
        return views.serialize_version(version)


@router.post(f"{VERSION_PATH}/retire", response_model=VersionOut, responses=CHANGE_ERRORS)
def retire_version(
    course: UUID, problem_version: UUID, body: ReasonIn, context: ContextDep
) -> VersionOut:
    """Stop new assignments from using a version; those that use it keep it."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_problems")
        version = search.load_version(session, member, problem_version)
        lifecycle.retire_version(session, member, version, reason=body.reason, now=context.now)
        return views.serialize_version(version)
