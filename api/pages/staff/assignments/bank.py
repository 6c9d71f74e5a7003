"""The problems that a course can set: found, looked at with their keys, compared, published."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query, Response

from api.core.errors import NotFound, ServiceError
from api.dependencies import Here
from api.http.pagination import MAX_CURSOR
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.redisplay import REFUSALS
from api.pages.layout import flash
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.assignments.problem_usage import done_to, places_of
from api.pages.staff.common import may
from api.routes.assignments import assignments
from api.routes.courses import courses
from api.routes.courses import problems as api
from api.schemas.courses.problems import DiffOut, PreviewOut, ProblemPage, ReasonIn
from api.services.problems import search
from grader.kinds import KINDS

__all__ = ["router"]

router = PageRouter()
ALL: Final = "/courses/{course}/problems"
ONE: Final = f"{ALL}/{{problem_version}}"
ROWS: Final = 30
SPACES: Final = (("", "bank and course"), ("bank", "the bank"), ("course", "this course"))
STATUSES: Final = ("published", "draft", "retired")
Show = Literal["preview", "source", "versions"]
Short = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR)]
Place = Annotated[str, Query(max_length=6, pattern=r"^(-1|\d*)$")]


@dataclass(frozen=True, slots=True)
class ProblemFilter:
    """Which problems are asked for, and the assignment *to* which they can be added."""

    topic: Short = ""
    text: Short = ""
    kind: Annotated[str, Query(max_length=20, pattern="^[a-z]*$")] = ""
    space: Literal["", "bank", "course"] = ""
    status: Literal["published", "draft", "retired"] = "published"
    to: UUID | None = None

    def address(self, cursor: str | None = None) -> str:
        """Return the query of the same list, from *cursor* on."""
        given = asdict(self) | {"cursor": cursor}
        return urlencode({name: str(one) for name, one in given.items() if one})


@router.get(ALL)
def bank(
    course: UUID,
    here: PageDep,
    wanted: Annotated[ProblemFilter, Depends()],
    cursor: Cursor = None,
    saved: flash.Saved = "",
) -> Response:
    """Return the problems of the bank and of the course; for an assignment *to*, with "Add"."""
    found = _found(course, here, wanted, cursor)
    to = assignments.get_assignment(wanted.to, here, Response()) if wanted.to else None
    view = courses.get_course(course, here, Response())
    with here.reading() as session:
        member = here.member(session, course, right="see_unreleased")
        topics = search.topics(session, member)
    return page(
        here,
        "staff/bank.html",
        title="Problems",
        crumbs=[Crumb(view.title, f"/courses/{course}")],
        tab="problems",
        course=view,
        found=found.items,
        wanted=wanted,
        topics=topics,
        kinds=tuple(KINDS),
        spaces=SPACES,
        statuses=STATUSES,
        to=to,
        manages=may(here, "manage_problems"),
        back=f"/courses/{course}/problems?{wanted.address(cursor)}",
        next=wanted.address(found.next) if found.next else "",
        done=flash.told(saved),
    )


def _found(course: UUID, here: Here, wanted: ProblemFilter, cursor: str | None) -> ProblemPage:
    return api.get_problems(
        course,
        here,
        window(here, limit=ROWS, cursor=cursor),
        topic=wanted.topic,
        text=wanted.text,
        kind=wanted.kind,
        space=wanted.space,
        status=wanted.status,
    )


@router.get(ONE)
def version(
    course: UUID,
    problem_version: UUID,
    here: PageDep,
    show: Show = "preview",
    seed: Place = "",
    position: Place = "",
    against: UUID | None = None,
    saved: flash.Saved = "",
) -> Response:
    """Return a version of a problem: one variant with its keys, its file, or what changed."""
    asked = _Asked(show, seed, position, against)
    return _version((course, problem_version), here, asked, fresh=bool(saved))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What of a version is shown."""

    show: Show = "preview"
    seed: str = ""
    position: str = ""
    against: UUID | None = None


def _version(
    where: tuple[UUID, UUID],
    here: Here,
    asked: _Asked,
    *,
    fresh: bool = False,
    error: ServiceError | None = None,
) -> Response:
    course, version_id = where
    one = api.get_version(course, version_id, here)
    places = places_of(one, course, here)
    versions = api.get_versions(course, version_id, here)
    shown, missing = _preview(where, here, asked)
    changed = _diff(where, here, asked) if asked.show == "versions" else None
    view = courses.get_course(course, here, Response())
    return page(
        here,
        "staff/problem_version.html",
        title=one.title,
        crumbs=[
            Crumb(view.title, f"/courses/{course}"),
            Crumb("Problems", f"/courses/{course}/problems"),
        ],
        tab="problems",
        status=error.status if error else missing.status if missing else 200,
        course=view,
        one=one,
        versions=versions.items,
        asked=asked,
        preview=shown,
        missing=missing,
        changed=changed,
        lines=tuple(_marked(changed.text)) if changed else (),
        manages=may(here, "manage_problems"),
        places=places,
        done=done_to(one, places) if fresh else "",
        error=error,
    )


def _preview(
    where: tuple[UUID, UUID], here: Here, asked: _Asked
) -> tuple[PreviewOut | None, NotFound | None]:
    """Return the variant that is asked for, or that there is none."""
    if asked.show != "preview":
        return None, None
    place = int(asked.position) if asked.position else None
    seed = int(asked.seed) if asked.seed and asked.seed != "-1" else None
    try:
        return api.get_preview(*where, here, place, seed), None
    except NotFound as error:
        return None, error


def _diff(where: tuple[UUID, UUID], here: Here, asked: _Asked) -> DiffOut | None:
    """Return what changed, nothing for a first version."""
    try:
        return api.get_diff(*where, here, asked.against)
    except NotFound:
        if asked.against:
            raise
        return None


def _marked(text: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a difference, each with the class by which it is drawn."""
    classes = {"+": "src-add", "-": "src-cut", "@": "src-at"}
    for line in text.splitlines():
        yield line, classes.get(line[:1], "")


@router.post(f"{ONE}/publish")
def publish(course: UUID, problem_version: UUID, form: FormDep, here: PageDep) -> Response:
    """Let assignments take the version."""
    return _changed(api.publish_version, (course, problem_version), form, here)


@router.post(f"{ONE}/retire")
def retire(course: UUID, problem_version: UUID, form: FormDep, here: PageDep) -> Response:
    """Let no further assignment take the version."""
    return _changed(api.retire_version, (course, problem_version), form, here)


def _changed(
    change: Callable[[UUID, UUID, ReasonIn, Here], object],
    where: tuple[UUID, UUID],
    form: Form,
    here: Here,
) -> Response:
    """Return the way back to a version that was changed for a reason, or why it was not."""
    try:
        change(*where, validated(ReasonIn, form.given("reason")), here)
    except REFUSALS as error:
        return _version(where, here, _Asked(), error=error)
    return flash.onwards(f"/courses/{where[0]}/problems/{where[1]}")
