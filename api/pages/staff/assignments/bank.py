"""Problem bank pages: search, preview with keys, compare and publish problems."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import Field

from api.core.errors import NotFound, ServiceError
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.http.pagination import MAX_CURSOR_CHARACTERS
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.redisplay import FORM_ERRORS
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.assignments.problem_usage import describe_version_status, list_usages
from api.pages.staff.common import has_permission
from api.routes.assignments import assignments
from api.routes.courses import courses
from api.routes.courses import problems as api
from api.schemas.courses.problems import DiffOut, PreviewOut, ProblemPage, ReasonIn
from api.services.problems import search
from grader.kinds import KINDS

router = PageRouter()
LIST_PATH: Final = "/courses/{course}/problems"
VERSION_PATH: Final = f"{LIST_PATH}/{{problem_version}}"
ROWS: Final = 30
MAX_PICKS: Final = 50
"""Maximum number of problems that are chosen at once, so that an address holds them."""
SPACES: Final = (("", "bank and course"), ("bank", "the bank"), ("course", "this course"))
DIFFICULTIES: Final = tuple("12345")
STATUSES: Final = ("published", "draft", "retired")
VersionTab = Literal["preview", "source", "versions"]
PickText = Annotated[str, Field(max_length=120, pattern=r"^[a-z0-9-]+/[0-9a-f-]{36}$")]
SearchText = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR_CHARACTERS)]
NumberText = Annotated[str, Query(max_length=6, pattern=r"^(-1|\d*)$")]


@dataclass(frozen=True, slots=True)
class ProblemFilter:
    """Filters of the problem list.

    *to* is an assignment to add problems to, *pick* the problems that are chosen for it so far,
    each with its version.
    """

    topic: SearchText = ""
    text: SearchText = ""
    kind: Annotated[str, Query(max_length=20, pattern="^[a-z]*$")] = ""
    difficulty: Annotated[str, Query(pattern="^[1-5]?$")] = ""
    space: Literal["", "bank", "course"] = ""
    status: Literal["published", "draft", "retired"] = "published"
    to: UUID | None = None
    pick: Annotated[tuple[PickText, ...], Query(max_length=MAX_PICKS)] = ()

    def query_string(self, cursor: str | None = None) -> str:
        """Return the query string of the same list, starting at *cursor*."""
        params = asdict(self) | {"cursor": cursor}
        return urlencode({name: param for name, param in params.items() if param}, doseq=True)


@router.get(LIST_PATH)
def show_problem_bank(
    course: UUID,
    context: PageDep,
    filters: Annotated[ProblemFilter, Depends()],
    cursor: Cursor = None,
    saved: flash.SavedQuery = "",
) -> Response:
    """Return the problems of the bank and the course.

    If the filters name an assignment *to*, each problem can be added to it.
    """
    problem_page = _search_problems(course, context, filters, cursor)
    to = assignments.get_assignment(filters.to, context, Response()) if filters.to else None
    view = courses.get_course(course, context, Response())
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_unreleased")
        topics = search.list_topics(session, member)
    return render_page(
        context,
        "staff/bank.html",
        title="Problems",
        crumbs=[Breadcrumb(view.title, f"/courses/{course}")],
        tab="problems",
        course=view,
        problems=problem_page.items,
        picked=_load_picks_on_other_pages(course, context, filters, problem_page),
        wanted=filters,
        topics=topics,
        kinds=tuple(KINDS),
        difficulties=DIFFICULTIES,
        spaces=SPACES,
        statuses=STATUSES,
        to=to,
        manages=has_permission(context, "manage_problems"),
        next=filters.query_string(problem_page.next) if problem_page.next else "",
        cursor=problem_page.next,
        done=flash.flash_message(saved),
    )


@dataclass(frozen=True, slots=True)
class PickedProblem:
    """A problem that is chosen for an assignment: the *value* of its checkbox, and its title."""

    value: str
    title: str


def _load_picks_on_other_pages(
    course: UUID, context: RequestContext, filters: ProblemFilter, problem_page: ProblemPage
) -> tuple[PickedProblem, ...]:
    """Return the chosen problems that this page of the list does not contain."""
    listed = {f"{problem.problem}/{problem.id}" for problem in problem_page.items}
    other = [value for value in dict.fromkeys(filters.pick) if value not in listed]
    return tuple(
        PickedProblem(value, api.get_version(course, version, context).title)
        for value, version in ((value, UUID(value.partition("/")[2])) for value in other)
    )


def _search_problems(
    course: UUID, context: RequestContext, filters: ProblemFilter, cursor: str | None
) -> ProblemPage:
    return api.get_problems(
        course,
        context,
        build_page_request(context, limit=ROWS, cursor=cursor),
        api.ProblemSearchQuery(
            topic=filters.topic,
            text=filters.text,
            kind=filters.kind,
            difficulty=int(filters.difficulty) if filters.difficulty else None,
            space=filters.space,
            status=filters.status,
        ),
    )


@dataclass(frozen=True, slots=True)
class VersionViewOptions:
    """Tab of the version page, the variant to preview and the version to compare with.

    *to* is an assignment to add the problem to.
    """

    show: VersionTab = "preview"
    seed: NumberText = ""
    position: NumberText = ""
    against: UUID | None = None
    to: UUID | None = None


@router.get(VERSION_PATH)
def show_problem_version(
    course: UUID,
    problem_version: UUID,
    context: PageDep,
    options: Annotated[VersionViewOptions, Depends()],
    saved: flash.SavedQuery = "",
) -> Response:
    """Return a problem version: a variant with its keys, the source file or a diff."""
    return _render_problem_version((course, problem_version), context, options, fresh=bool(saved))


def _render_problem_version(
    version_key: tuple[UUID, UUID],
    context: RequestContext,
    options: VersionViewOptions,
    *,
    fresh: bool = False,
    error: ServiceError | None = None,
) -> Response:
    course, version_id = version_key
    version = api.get_version(course, version_id, context)
    usages = list_usages(version, course, context)
    versions = api.get_versions(course, version_id, context)
    preview, missing = _load_preview(version_key, context, options)
    changed = _load_diff(version_key, context, options) if options.show == "versions" else None
    view = courses.get_course(course, context, Response())
    return render_page(
        context,
        "staff/problem_version.html",
        title=version.title,
        crumbs=[
            Breadcrumb(view.title, f"/courses/{course}"),
            Breadcrumb("Problems", f"/courses/{course}/problems"),
        ],
        tab="problems",
        status=error.status if error else missing.status if missing else 200,
        course=view,
        version=version,
        versions=versions.items,
        options=options,
        preview=preview,
        first_position=_first_position(version_key, context) if options.show == "preview" else 0,
        missing=missing,
        changed=changed,
        lines=tuple(_classify_diff_lines(changed.text)) if changed else (),
        manages=has_permission(context, "manage_problems"),
        to=assignments.get_assignment(options.to, context, Response()) if options.to else None,
        places=usages,
        done=describe_version_status(version, usages) if fresh else "",
        error=error,
    )


def _load_preview(
    version_key: tuple[UUID, UUID], context: RequestContext, options: VersionViewOptions
) -> tuple[PreviewOut | None, NotFound | None]:
    """Return the requested variant, or the `NotFound` error if it does not exist."""
    if options.show != "preview":
        return None, None
    position = int(options.position) if options.position else None
    seed = int(options.seed) if options.seed and options.seed != "-1" else None
    try:
        return api.get_preview(*version_key, context, position, seed), None
    except NotFound as error:
        return None, error


def _first_position(version_key: tuple[UUID, UUID], context: RequestContext) -> int:
    """Return the position of the first variant: that of the original, if there is one, else 0."""
    try:
        return min(api.get_preview(*version_key, context, None, None).position, 0)
    except NotFound:
        return 0


def _load_diff(
    version_key: tuple[UUID, UUID], context: RequestContext, options: VersionViewOptions
) -> DiffOut | None:
    """Return the diff of a version, or None for a first version."""
    try:
        return api.get_diff(*version_key, context, options.against)
    except NotFound:
        if options.against:
            raise
        return None


def _classify_diff_lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line of a diff with its CSS class."""
    classes = {"+": "src-add", "-": "src-cut", "@": "src-at"}
    for line in text.splitlines():
        yield line, classes.get(line[:1], "")


@router.post(f"{VERSION_PATH}/publish")
def publish_problem_version(
    course: UUID, problem_version: UUID, form: FormDep, context: PageDep
) -> Response:
    """Publish the version, so that assignments can use it."""
    return _change_version_and_redirect(
        api.publish_version, (course, problem_version), form, context
    )


@router.post(f"{VERSION_PATH}/retire")
def retire_problem_version(
    course: UUID, problem_version: UUID, form: FormDep, context: PageDep
) -> Response:
    """Retire the version, so that no further assignment can use it."""
    return _change_version_and_redirect(
        api.retire_version, (course, problem_version), form, context
    )


def _change_version_and_redirect(
    change: Callable[[UUID, UUID, ReasonIn, RequestContext], object],
    version_key: tuple[UUID, UUID],
    form: PostedForm,
    context: RequestContext,
) -> Response:
    """Apply *change* with the posted reason and redirect, or display the error."""
    try:
        change(*version_key, validate_body(ReasonIn, form.non_empty_texts("reason")), context)
    except FORM_ERRORS as error:
        return _render_problem_version(version_key, context, VersionViewOptions(), error=error)
    path, to = f"/courses/{version_key[0]}/problems/{version_key[1]}", parse_id(form.text("to"))
    return flash.redirect_with_flash(f"{path}?to={to}" if to else path)
