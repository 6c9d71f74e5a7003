"""The problems that a course can set: the bank's, and its own as their authors upload them."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import Forbidden, Invalid, NotFound, RateLimited, Unauthenticated, Unavailable
from api.dependencies import HereDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageWindow
from api.http.problem_details import responses
from api.routes.shared.error_responses import CHANGES, SEES, SENDS
from api.routes.shared.files import Sent, file_body
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

__all__ = ["router"]

router = ApiRouter(tags=["problems"])
ALL: Final = "/courses/{course}/problems"
ONE: Final = f"{ALL}/{{problem_version}}"
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
YAML_BODY: Final = file_body(YAML, EXAMPLE)
CHECKED_BODY: Final = {
    "requestBody": {"content": {YAML: {"schema": {}, "example": EXAMPLE}}, "required": False}
}
"""Any text can be checked, an empty one too: the answer says what is wrong with it."""
Kind = Annotated[str, Query(max_length=20, pattern="^[a-z]*$", description="the kind of a part")]
Short = Annotated[str, Query(max_length=200)]


@router.get(ALL, responses=SEES)
def get_problems(  # a filter each
    course: UUID,
    here: HereDep,
    window: PageWindow,
    topic: Short = "",
    text: Annotated[str, Query(max_length=200, description="part of an id or a title")] = "",
    kind: Kind = "",
    space: Literal["", "bank", "course"] = "",
    status: Literal["published", "draft", "retired"] = "published",
) -> ProblemPage:
    """List the problems that the course can set, each in its newest version, by id."""
    after = window.after("problem", str)
    wanted = search.Filters(topic=topic, text=text, kind=kind, space=space, status=status)
    with here.reading() as session:
        member = here.member(session, course, right="see_unreleased")
        rows = search.problems(session, member, wanted, after=after, limit=window.limit + 1)
    page = window.page(
        rows, end=lambda row: Cursor("problem", row.problem, row.id), show=views.listed
    )
    return ProblemPage(items=page.items, next=page.next)


@router.post(
    f"{ALL}/check",
    response_model=ProblemChecked,
    responses=responses(
        *(Unauthenticated, Forbidden, NotFound, "problem_too_slow", RateLimited, Unavailable)
    ),
    openapi_extra=CHECKED_BODY,
)
def check_problem(course: UUID, here: HereDep, file: Sent) -> ProblemChecked:
    """Check a problem's file without storing it: the errors and warnings of `grader check`."""
    with here.reading() as session:
        member = here.member(session, course, right="manage_problems")
    with here.service.publishing.reserve(member.caller.id) as publish:
        here.throttle("solve_problem", str(member.caller.id))
        return uploads.check(file, publish=publish)


@router.post(
    ALL,
    status_code=201,
    response_model=VersionOut,
    responses=CHANGES
    | responses(Invalid, "invalid_problem", "problem_too_slow", RateLimited, Unavailable),
    openapi_extra=YAML_BODY,
)
def upload_problem(
    course: UUID,
    here: HereDep,
    file: Sent,
    response: Response,
    *,
    draft: Annotated[
        bool, Query(description="store it without letting assignments take it")
    ] = False,
    note: Annotated[str, Query(max_length=500, description="what changed, for others")] = "",
) -> VersionOut:
    """Upload a problem of the course's own, or a new version of one: checked, drawn and solved.

    Where nothing of what is drawn changed, the students' numbers stay. A problem of the bank can be
    uploaded under its id: the course then has its own version.
    """
    status = "draft" if draft else "published"
    with here.reading() as session:
        member = here.member(session, course, right="manage_problems")
    here.throttle("solve_problem", str(member.caller.id))
    with here.reading() as session:
        member = here.member(session, course, right="manage_problems")
        upload = uploads.begin(session, member, file, status=status, note=note)
    with here.service.publishing.reserve(member.caller.id) as publish:
        outcome = publish(upload.source, seeds=here.service.settings.seeds)
    with here.transaction() as session:
        member = here.member(session, course, right="manage_problems")
        told = views.whole(uploads.settle(session, member, upload, outcome, now=here.now))
    response.headers["Location"] = f"/api/v1/courses/{course}/problems/{told.id}"
    return told


@router.get(ONE, response_model=VersionOut, responses=SEES)
def get_version(course: UUID, problem_version: UUID, here: HereDep) -> VersionOut:
    """Return a version of a problem with its file, and what publishing it found."""
    with here.reading() as session:
        member = here.member(session, course, right="see_key")
        return views.whole(search.find(session, member, problem_version))


@router.get(f"{ONE}/versions", response_model=VersionsOut, responses=SEES)
def get_versions(course: UUID, problem_version: UUID, here: HereDep) -> VersionsOut:
    """List all versions of the problem that this is a version of, the newest first."""
    with here.reading() as session:
        member = here.member(session, course, right="see_key")
        rows = search.versions(session, search.find(session, member, problem_version))
    return VersionsOut(items=tuple(map(views.listed_version, rows)))


@router.get(
    f"{ONE}/diff",
    response_model=DiffOut,
    responses=SENDS,
)
def get_diff(
    course: UUID,
    problem_version: UUID,
    here: HereDep,
    against: Annotated[UUID | None, Query(description="the version before if none")] = None,
) -> DiffOut:
    """Return what changed to this version from another one, line by line and by block."""
    with here.reading() as session:
        member = here.member(session, course, right="see_key")
        version = search.find(session, member, problem_version)
        return views.difference(session, member, version, against=against)


@router.get(f"{ONE}/preview", response_model=PreviewOut, responses=SEES)
def get_preview(
    course: UUID,
    problem_version: UUID,
    here: HereDep,
    position: Annotated[int | None, Query(ge=-1, le=10_000)] = None,
    seed: Annotated[int | None, Query(ge=0, le=10_000)] = None,
) -> PreviewOut:
    """Return a variant as a student gets it, with keys and the mistakes that would be named.

    By its position in the list that students draw from (-1 for the original), or by its seed.
    """
    with here.reading() as session:
        member = here.member(session, course, right="see_key")
        version = search.find(session, member, problem_version)
        variants = here.service.variants
        return views.preview(session, version, variants, position=position, seed=seed)


@router.post(f"{ONE}/publish", response_model=VersionOut, responses=CHANGES)
def publish_version(
    course: UUID, problem_version: UUID, body: ReasonIn, here: HereDep
) -> VersionOut:
    """Let assignments take a draft, or a version that was retired."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_problems")
        version = search.find(session, member, problem_version)
        lifecycle.publish(session, member, version, reason=body.reason, now=here.now)
        return views.whole(version)


@router.post(f"{ONE}/retire", response_model=VersionOut, responses=CHANGES)
def retire_version(
    course: UUID, problem_version: UUID, body: ReasonIn, here: HereDep
) -> VersionOut:
    """Let no further assignment take a version of the course's own; those that have it keep it."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_problems")
        version = search.find(session, member, problem_version)
        lifecycle.retire(session, member, version, reason=body.reason, now=here.now)
        return views.whole(version)
