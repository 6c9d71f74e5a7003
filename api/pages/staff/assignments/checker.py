"""The checker of problem files: pasted or uploaded, checked line by line, stored as a version."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from fastapi import Response

from api.core.errors import ServiceError, Unavailable
from api.dependencies import Here
from api.http.problem_details import WrongField
from api.pages.forms.form import Form, FormDep
from api.pages.forms.redisplay import REFUSALS
from api.pages.layout import flash
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.assignments.problem_template import STARTER
from api.routes.courses import courses
from api.routes.courses import problems as api
from api.schemas.courses.problems import ProblemChecked
from grader.errors import ProblemError

__all__ = ["router"]

router = PageRouter()
CHECK: Final = "/courses/{course}/problems/check"
MAX_NOTE: Final = 500
LONG: Final = 160


@dataclass(frozen=True, slots=True)
class Shown:
    """A fault with the line of the file that it is about."""

    line: int | None
    said: str
    text: str


@router.get(CHECK)
def checker(
    course: UUID, here: PageDep, base: UUID | None = None, *, new: bool = False
) -> Response:
    """Return the checker, empty, with the file of the version *base*, or to begin a *new* one."""
    source = STARTER if new else ""
    if base:
        source = api.get_version(course, base, here).source
    return _checker(course, here, source=source)


def _checker(
    course: UUID,
    here: Here,
    *,
    source: str,
    note: str = "",
    found: ProblemChecked | None = None,
    error: ServiceError | None = None,
) -> Response:
    with here.reading() as session:
        here.member(session, course, right="manage_problems")
    view = courses.get_course(course, here, Response())
    status = error.status if error else 422 if found and not found.ok else 200
    return page(
        here,
        "staff/problem_check.html",
        title="Write or change a problem",
        crumbs=[
            Crumb(view.title, f"/courses/{course}"),
            Crumb("Problems", f"/courses/{course}/problems"),
        ],
        tab="problems",
        status=status,
        course=view,
        source=source,
        note=note,
        found=found,
        error=error,
        errors=_shown(found.errors, source) if found else (),
        warnings=_shown(found.warnings, source) if found else (),
    )


def _shown(faults: Iterable[WrongField], source: str) -> tuple[Shown, ...]:
    lines = ["", *source.splitlines()]
    return tuple(
        Shown(
            one.line,
            ": ".join(filter(None, (one.field, one.said))),
            lines[one.line or 0][:LONG] if (one.line or 0) < len(lines) else "",
        )
        for one in faults
    )


@router.post(CHECK)
def check(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Check the file; store it as a draft or publish it where that was asked for."""
    body, note = _body(form), form.text("note")[:MAX_NOTE]
    source, act = body.decode("utf-8", "replace"), form.text("act")
    try:
        if act not in {"draft", "publish"}:
            found = api.check_problem(course, here, body)
            return _checker(course, here, source=source, note=note, found=found)
        is_draft = act == "draft"
        stored = api.upload_problem(course, here, body, Response(), draft=is_draft, note=note)
    except ProblemError:
        found = api.check_problem(course, here, body)
        return _checker(course, here, source=source, note=note, found=found)
    except (*REFUSALS, Unavailable) as error:
        told = None if error.code != "invalid_problem" else _refused(error)
        kept = None if told else error
        return _checker(course, here, source=source, note=note, found=told, error=kept)
    return flash.onwards(f"/courses/{course}/problems/{stored.id}")


def _body(form: Form) -> bytes:
    """Return the file that was uploaded, else what was pasted."""
    uploaded = [one.body for one in form.files.get("file", ()) if one.body]
    return uploaded[0] if uploaded else form.fields.get("source", ("",))[0].encode()


def _refused(error: ServiceError) -> ProblemChecked:
    """Return what publishing found as the checker tells it."""
    faults = tuple(WrongField(**asdict(one)) for one in error.errors)
    return ProblemChecked(ok=False, problem=None, errors=faults)
