"""Editor of a problem file: preview beside the text, errors by line, check and upload."""

from dataclasses import asdict, dataclass, replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Response

from api.core.errors import NotFound, ServiceError, ServiceUnavailable
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.http.problem_details import WrongField
from api.pages.forms.form import FormDep, PostedForm
from api.pages.forms.redisplay import FORM_ERRORS
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.authoring.faults import attach_source_lines
from api.pages.staff.authoring.preview import (
    Author,
    FilePreview,
    authorize_author,
    preview_checked_file,
)
from api.routes.courses import courses
from api.routes.courses import problems as api
from api.schemas.courses.problems import ProblemChecked
from api.services.problems.uploads import SEEDS_TO_CHECK
from grader.errors import ProblemError
from problems.templates import TEMPLATES_BY_KIND

router = PageRouter()
CHECK_PATH: Final = "/courses/{course}/problems/check"
MAX_NOTE_LENGTH: Final = 500
MAX_TITLE_LENGTH: Final = 200
MAX_QUESTION_LENGTH: Final = 1000


@dataclass(frozen=True, slots=True)
class _EditorState:
    """What the editor displays: the file, and what a check found in it.

    *has_changes* says that the text is stored nowhere, *to* for which assignment the problem is.
    """

    source: str
    note: str = ""
    report: ProblemChecked | None = None
    error: ServiceError | None = None
    preview: FilePreview | None = None
    has_changes: bool = False
    to: UUID | None = None


@dataclass(frozen=True, slots=True)
class TemplateQuery:
    """Template of a new problem, with the title and the question to fill in."""

    template: Annotated[str, Query(max_length=20, pattern="^[a-z]*$")] = ""
    title: Annotated[str, Query(max_length=MAX_TITLE_LENGTH)] = ""
    question: Annotated[str, Query(max_length=MAX_QUESTION_LENGTH)] = ""

    def load_template_text(self) -> str:
        """Return the text of the template; raises `NotFound` if there is no such template."""
        if not self.template:
            return ""
        if self.template not in TEMPLATES_BY_KIND:
            raise NotFound("There is no such template.")
        template = TEMPLATES_BY_KIND[self.template]
        return template.fill(title=self.title.strip(), question=self.question.strip())


@router.get(CHECK_PATH)
def show_problem_checker(
    course: UUID,
    context: PageDep,
    query: Annotated[TemplateQuery, Depends()],
    base: UUID | None = None,
    to: UUID | None = None,
) -> Response:
    """Return the editor: empty, with version *base*, or with a template.

    *to* is the assignment that the problem is for; after it is stored, it can be added there.
    """
    authorize_author(context, course)
    source = api.get_version(course, base, context).source if base else query.load_template_text()
    state = _EditorState(source, has_changes=bool(query.template), to=to)
    return _render_editor(course, context, state)


def _render_editor(course: UUID, context: RequestContext, state: _EditorState) -> Response:
    view = courses.get_course(course, context, Response())
    report, error = state.report, state.error
    status = error.status if error else 422 if report and not report.ok else 200
    errors = attach_source_lines(report.errors, state.source) if report else ()
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
        state=state,
        most_checked=SEEDS_TO_CHECK,
        line_count=max(state.source.count("\n") + 1, *(fault.line or 0 for fault in errors), 0),
        marked_lines={fault.line for fault in errors},
        errors=errors,
        warnings=attach_source_lines(report.warnings, state.source) if report else (),
    )


@router.post(CHECK_PATH)
def check_or_store_problem(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Check the file; with ``act`` ``draft`` or ``publish``, also store or publish it."""
    author = authorize_author(context, course)
    body, note = _read_problem_file(form), form.text("note")[:MAX_NOTE_LENGTH]
    to = parse_id(form.text("to"))
    state = _EditorState(body.decode("utf-8", "replace"), note, has_changes=True, to=to)
    act = form.text("act")
    try:
        if act not in {"draft", "publish"}:
            return _render_editor(course, context, _add_check_report(author, context, state, body))
        is_draft = act == "draft"
        stored = api.upload_problem(course, context, body, Response(), draft=is_draft, note=note)
    except ProblemError:
        return _render_editor(course, context, _add_check_report(author, context, state, body))
    except (*FORM_ERRORS, ServiceUnavailable) as error:
        if error.code == "invalid_problem":
            return _render_editor(course, context, replace(state, report=_report_from_error(error)))
        return _render_editor(course, context, replace(state, error=error))
    path = f"/courses/{course}/problems/{stored.id}"
    return flash.redirect_with_flash(f"{path}?to={to}" if to else path)


def _add_check_report(
    author: Author, context: RequestContext, state: _EditorState, body: bytes
) -> _EditorState:
    """Return *state* with the report of the checker and the preview of the file."""
    report = api.check_problem(author.course, context, body)
    preview = preview_checked_file(context, state.source, author)
    return replace(state, report=report, preview=preview)


def _read_problem_file(form: PostedForm) -> bytes:
    """Return the uploaded file, or the pasted text if there is none."""
    uploaded = [one.body for one in form.files.get("file", ()) if one.body]
    return uploaded[0] if uploaded else form.fields.get("source", ("",))[0].encode()


def _report_from_error(error: ServiceError) -> ProblemChecked:
    """Convert the errors of a refused publication to a checker report."""
    faults = tuple(WrongField(**asdict(one)) for one in error.errors)
    return ProblemChecked(ok=False, problem=None, errors=faults)
