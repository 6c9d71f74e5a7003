"""Sheets of an assignment with labels, and templates of reports to fill in."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response

from api.dependencies import ContextDep, RequestContext
from api.http.json_body import ApiRouter
from api.routes.shared.error_responses import INPUT_ERRORS
from api.routes.shared.files import attachment_headers, describe_file_response
from api.routes.student.assigned_problems import get_problem
from api.routes.student.reports import authorize_released
from api.schemas.student.problem import PartAsked, ProblemView, Typing
from api.services.reports.uploads.report_sheet import load_labeled_problems
from api.services.reports.uploads.templates import (
    MEDIA_TYPES,
    SheetQuestion,
    SheetSection,
    TemplateForm,
    write_template,
)
from grader.reports.labels import format_label

router = ApiRouter(tags=["reports"])

TEMPLATE_EXAMPLE: Final = (
    "## 1(b) Stride 2\n\n<!-- answer conv-output-shape.stride_2 -->\n\n<!-- end -->\n"
)


@router.get(
    "/assignments/{assignment}/report-template",
    response_class=Response,
    responses=INPUT_ERRORS
    | describe_file_response("text/markdown", TEMPLATE_EXAMPLE, "the template, to fill in"),
)
def get_report_template(
    assignment: UUID,
    context: ContextDep,
    form: Annotated[TemplateForm, Query(description="Markdown, TeX or a Jupyter notebook")] = "md",
) -> Response:
    """Return a template of a report with the student's numbers; reading it is exact.

    It has a mark for each answer. The numbers count as seen.
    """
    title, sections = build_sheet(context, assignment)
    headers = attachment_headers(f"report.{form}")
    return Response(write_template(form, title, sections), 200, headers, MEDIA_TYPES[form])


def build_sheet(context: RequestContext, assignment: UUID) -> tuple[str, tuple[SheetSection, ...]]:
    """Return the title of an assignment, and its problems with the caller's numbers and labels."""
    with context.reading() as session:
        _, row = authorize_released(session, context, assignment)
        title = row.title
        labels = {
            item.problem.slug: {part: format_label(label) for part, label in item.labels.items()}
            for item in load_labeled_problems(session, assignment)
        }
    return title, tuple(
        _build_section(get_problem(assignment, slug, context), part_labels)
        for slug, part_labels in labels.items()
    )


def _build_section(view: ProblemView, labels: dict[str, str]) -> SheetSection:
    questions = tuple(
        SheetQuestion(
            view.problem,
            part.id,
            labels.get(part.id, ""),
            part.title,
            _describe_question(part),
        )
        for part in view.parts
    )
    return SheetSection(view.title, view.statement, questions)


def _describe_question(part: PartAsked) -> str:
    """Return the prompt of a part, with the options or the rows of its answer."""
    return "\n\n".join(filter(None, (part.prompt, _describe_typing(part.typing))))


def _describe_typing(typing: Typing) -> str:
    if typing.options:
        return "\n".join(f"- {option.id}: {option.text}" for option in typing.options)
    if typing.columns:
        columns = " | ".join(column.id for column in typing.columns)
        return f"One line for each of {', '.join(typing.rows or ())}: {columns}"
    return ""
