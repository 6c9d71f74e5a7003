"""Preview of a problem file beside its editor, as students see the problem."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import Response

from api.dependencies import RequestContext
from api.pages.forms.form import FormDep
from api.pages.layout.formatting import part_letter
from api.pages.layout.templating import render_response
from api.pages.router import PageDep, PageRouter
from api.pages.staff.authoring.faults import SourceFault, attach_source_lines
from api.pages.student.components.inputs import AnswerInput, build_input
from api.pages.student.components.tensors import TensorDisplay, build_tensor_displays
from api.schemas.student.problem import PartAsked
from api.services.problems.student_preview import PreviewOutcome, StudentPreview
from grader.reading import NumberStyle

router = PageRouter()
PREVIEW_PATH: Final = "/courses/{course}/problems/check/preview"
NO_KEYS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class PreviewCard:
    """A part as students see it, and its key or the reason why there is none."""

    part: PartAsked
    letter: str
    input: AnswerInput
    key: str
    failure: str


@dataclass(frozen=True, slots=True)
class FilePreview:
    """Preview of a file: the problem as students see it, or the errors for which there is none."""

    problem: StudentPreview | None
    tensors: tuple[TensorDisplay, ...]
    cards: tuple[PreviewCard, ...]
    errors: tuple[SourceFault, ...]


@dataclass(frozen=True, slots=True)
class Author:
    """A member who may write problems, with the decimal separator of the course."""

    id: UUID
    course: UUID
    decimal_style: NumberStyle | None


@router.post(PREVIEW_PATH)
def preview_problem_file(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Return the preview of the posted file, for the page's script; nothing is stored."""
    author = authorize_author(context, course)
    with context.service.publishing.reserve_preview(author.id) as preview:
        context.consume_action_limit("solve_problem", str(author.id))
        source = form.raw_text("source")
        outcome = preview(source)
    return render_response(
        "staff/problem_preview.html", {"preview": build_file_preview(outcome, source, author)}
    )


def authorize_author(context: RequestContext, course: UUID) -> Author:
    """Return the caller as an author of the course; raises `Forbidden` if they may not write."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_problems")
        return Author(member.caller.id, course, member.course.numbers)  # type: ignore[arg-type]


def preview_checked_file(context: RequestContext, source: str, author: Author) -> FilePreview:
    """Return the preview of a file that a check, which counts for both, has just read."""
    with context.service.publishing.reserve_preview(author.id) as preview:
        return build_file_preview(preview(source), source, author)


def build_file_preview(outcome: PreviewOutcome, source: str, author: Author) -> FilePreview:
    """Return the view model of a preview of *source*."""
    problem = outcome.preview
    return FilePreview(
        problem=problem,
        tensors=build_tensor_displays(problem.numbers) if problem else (),
        cards=tuple(
            PreviewCard(
                part,
                part_letter(index),
                build_input(part, None, decimal_style=author.decimal_style),
                problem.keys.get(part.id, ""),
                problem.failures.get(part.id, ""),
            )
            for index, part in enumerate(problem.parts)
        )
        if problem
        else (),
        errors=attach_source_lines(outcome.errors, source),
    )
