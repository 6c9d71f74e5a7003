"""Problem checker: reports errors in a pasted or uploaded file by line, and stores it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from fastapi import Response

from api.core.errors import ServiceError, ServiceUnavailable
from api.dependencies import RequestContext
from api.http.problem_details import WrongField
from api.pages.forms.form import FormDep, PostedForm
from api.pages.forms.redisplay import FORM_ERRORS
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.assignments.problem_template import TEMPLATE
from api.routes.courses import courses
from api.routes.courses import problems as api
from api.schemas.courses.problems import ProblemChecked
from grader.errors import ProblemError

router = PageRouter()
CHECK_PATH: Final = "/courses/{course}/problems/check"
MAX_NOTE_LENGTH: Final = 500
MAX_LINE_LENGTH: Final = 160


@dataclass(frozen=True, slots=True)
class SourceFault:
    """Error or warning in a problem file, with the line that it refers to."""

    line: int | None
    message: str
    text: str


@router.get(CHECK_PATH)
def show_problem_checker(
    course: UUID, context: PageDep, base: UUID | None = None, *, new: bool = False
) -> Response:
    """Return the checker, empty, with version *base*, or with a template if *new*."""
    source = TEMPLATE if new else ""
    if base:
        source = api.get_version(course, base, context).source
    return _render_problem_checker(course, context, source=source)


def _render_problem_checker(
    course: UUID,
    context: RequestContext,
    *,
    source: str,
    note: str = "",
    report: ProblemChecked | None = None,
    error: ServiceError | None = None,
) -> Response:
    with context.reading() as session:
        context.authorize_course(session, course, right="manage_problems")
    view = courses.get_course(course, context, Response())
    status = error.status if error else 422 if report and not report.ok else 200
    return render_page(
        context,
        "staff/problem_check.html",
        title="Write or change a problem",
        crumbs=[
            Breadcrumb(view.title, f"/courses/{course}"),
            Breadcrumb("Problems", f"/courses/{course}/problems"),
        ],
        tab="problems",
        status=status,
        course=view,
        source=source,
        note=note,
        found=report,
        error=error,
        errors=_locate_faults(report.errors, source) if report else (),
        warnings=_locate_faults(report.warnings, source) if report else (),
    )


def _locate_faults(faults: Iterable[WrongField], source: str) -> tuple[SourceFault, ...]:
    lines = ["", *source.splitlines()]
    return tuple(
        SourceFault(
            fault.line,
            ": ".join(filter(None, (fault.field, fault.message))),
            lines[fault.line or 0][:MAX_LINE_LENGTH] if (fault.line or 0) < len(lines) else "",
        )
        for fault in faults
    )


@router.post(CHECK_PATH)
def check_or_store_problem(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Check the file; with ``act`` ``draft`` or ``publish``, also store or publish it."""
    body, note = _read_problem_file(form), form.text("note")[:MAX_NOTE_LENGTH]
    source, act = body.decode("utf-8", "replace"), form.text("act")
    try:
        if act not in {"draft", "publish"}:
            report = api.check_problem(course, context, body)
            return _render_problem_checker(course, context, source=source, note=note, report=report)
        is_draft = act == "draft"
        stored = api.upload_problem(course, context, body, Response(), draft=is_draft, note=note)
    except ProblemError:
        report = api.check_problem(course, context, body)
        return _render_problem_checker(course, context, source=source, note=note, report=report)
    except (*FORM_ERRORS, ServiceUnavailable) as error:
        refusal_report = None if error.code != "invalid_problem" else _report_from_error(error)
        other_error = None if refusal_report else error
        return _render_problem_checker(
            course, context, source=source, note=note, report=refusal_report, error=other_error
        )
    return flash.redirect_with_flash(f"/courses/{course}/problems/{stored.id}")


def _read_problem_file(form: PostedForm) -> bytes:
    """Return the uploaded file, or the pasted text if there is none."""
    uploaded = [one.body for one in form.files.get("file", ()) if one.body]
    return uploaded[0] if uploaded else form.fields.get("source", ("",))[0].encode()


def _report_from_error(error: ServiceError) -> ProblemChecked:
    """Convert the errors of a refused publication to a checker report."""
    faults = tuple(WrongField(**asdict(one)) for one in error.errors)
    return ProblemChecked(ok=False, problem=None, errors=faults)
