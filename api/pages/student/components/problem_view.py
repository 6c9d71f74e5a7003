"""View model of the problem page: a card for each part, and the assignment sidebar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from markupsafe import Markup

from api.core.errors import FieldError, InvalidInput, PreconditionFailed, ServiceError
from api.pages.layout.formatting import part_letter
from api.pages.student.components.cell_marks import compute_cell_marks
from api.pages.student.components.feedback import (
    AnswerFeedback,
    UnreadableText,
    build_feedback,
    render_mathml,
    split_at_error,
)
from api.pages.student.components.grids import format_answer
from api.pages.student.components.inputs import AnswerInput, CellMarks, build_input, is_same_input
from api.pages.student.components.scores import (
    describe_next_attempt,
    explain_counting_answer,
    format_part_score,
)
from api.pages.student.components.states import (
    ProblemStatusRow,
    build_assignment_progress,
    describe_attachment,
)
from api.schemas.student.assignments import Moment, MyAssignment
from api.schemas.student.problem import DraftView, PartView, ProblemView
from api.schemas.student.work import PartOutcome, ReadAs, StudentSubmission
from api.services.student.times import serialize_moment
from grader.reading import NumberStyle, RawAnswer, is_blank

PREVIEWED_WIDGETS: Final = frozenset({"line", "wide", "area"})
SELF_EXPLANATORY_WIDGETS: Final = frozenset({"words", "pick", "tick"})
"""Widgets that already show how the answer is read."""
EMPTY_MARKUP: Final = Markup("")
STATUSES_WITHOUT_FEEDBACK: Final = frozenset({"missing"})
VOIDED_MESSAGES: Final = {
    "full": "This part was withdrawn: everybody has all its points.",
    "out": "This part was withdrawn: it counts for nobody.",
}
EMPTY_CELLS_MESSAGE: Final = "Some cells are empty; fill them before you check the answer."


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """The outcome of a submitted answer, with its submission."""

    outcome: PartOutcome
    submission: StudentSubmission


@dataclass(frozen=True, slots=True)
class AssignmentDisplay:
    """Display context of a problem: titles, time zone and decimal separator of the course.

    *may_write* is True if the viewer can save drafts and submit answers. *attempt_credits* is the
    share of the credit that the first attempt has, the second, and so on; empty: all of it.
    """

    course: str
    assignment: str
    zone: str
    decimal_style: NumberStyle | None
    now: datetime
    may_write: bool
    attempt_credits: tuple[Fraction, ...] = ()

    def moment(self, timestamp: datetime | None) -> Moment | None:
        """Return *timestamp* in the time zone of the course."""
        return None if timestamp is None else serialize_moment(timestamp, self.zone, now=self.now)


@dataclass(frozen=True, slots=True)
class ProblemPageData:
    """Data of the problem page, including the posted form if there is one.

    *typed* holds the answers in the form, *checked_part* is the part to be checked, and
    *error* is the error that rejected the form. *judged* holds the latest answers by
    part, *readings* how the current answers are read, *elsewhere* the draft that another window
    saved in the meantime, and *regradable* the answers that may be regraded on request.
    """

    view: ProblemView
    display: AssignmentDisplay
    mine: MyAssignment | None
    judged: Mapping[str, JudgedAnswer]
    readings: Mapping[str, ReadAs]
    regradable: frozenset[UUID] = frozenset()
    typed: Mapping[str, RawAnswer] | None = None
    checked_part: str = ""
    error: ServiceError | None = None
    elsewhere: DraftView | None = None
    saved: bool = False

    def current_answer(self, part: PartView) -> RawAnswer | None:
        """Return the current answer to *part*: from the form, the draft or the last answer."""
        if self.typed is not None and part.id in self.typed:
            return self.typed[part.id]
        if part.id in self.view.draft.answers:
            return self.view.draft.answers[part.id]
        return part.last.typed if part.last else None

    def differs_from_last_answer(self, part: PartView) -> bool:
        """Return whether the current answer to *part* differs from the last submitted one."""
        last = part.last.typed if part.last else None
        return not is_same_input(
            part, self.current_answer(part), last, decimal_style=self.display.decimal_style
        )


@dataclass(frozen=True, slots=True)
class ReadingPreview:
    """A preview of how an answer is read.

    *problem* explains why it cannot be read; *typed* marks the position of the error.
    """

    mathml: Markup = EMPTY_MARKUP
    read_as: str = ""
    notes: tuple[str, ...] = ()
    problem: str = ""
    typed: UnreadableText | None = None


@dataclass(frozen=True, slots=True)
class PartCard:
    """A part of a problem with its input and the feedback on the last answer."""

    part: PartView
    letter: str
    input: AnswerInput
    preview: ReadingPreview | None
    feedback: AnswerFeedback | None
    score: str
    worth: str
    is_draft: bool
    voided: str
    refused: str
    elsewhere: str | None
    wait: Moment | None
    may_check: bool
    after: str
    attachment_note: str

    @property
    def head_score(self) -> str:
        """The score of the part for the head of its card, "" if the feedback below states it."""
        stated = self.feedback is not None and self.feedback.score
        return "" if stated or self.score in self.after else self.score


@dataclass(frozen=True, slots=True)
class AssignmentSidebar:
    """The assignment in the sidebar, with the previous and the next problem."""

    set: MyAssignment
    rows: tuple[ProblemStatusRow, ...]
    before: ProblemStatusRow | None
    after: ProblemStatusRow | None


def build_cards(page_data: ProblemPageData) -> tuple[PartCard, ...]:
    """Return a card for each part."""
    return tuple(
        _build_card(page_data, part, index) for index, part in enumerate(page_data.view.parts)
    )


def _build_card(page_data: ProblemPageData, part: PartView, index: int) -> PartCard:
    last, typed, is_draft = (
        page_data.judged.get(part.id),
        page_data.current_answer(part),
        page_data.differs_from_last_answer(part),
    )
    reading = page_data.readings.get(part.id)
    decimal_style = page_data.display.decimal_style
    marks: CellMarks = ()
    if last is not None and not is_draft:
        outcome = last.outcome
        marks = compute_cell_marks(
            part, typed, status=outcome.status, correct=outcome.cells, decimal_style=decimal_style
        )
    field = build_input(part, typed, marks=marks, decimal_style=decimal_style)
    feedback = _build_last_feedback(page_data, part, None if is_draft else reading)
    if feedback and (
        field.widget in SELF_EXPLANATORY_WIDGETS or (field.widget == "grid" and not is_draft)
    ):
        feedback = replace(feedback, read_as="", mathml=Markup(""))
    is_open = page_data.view.times.state in {"open", "late"} and page_data.display.may_write
    may_check = is_open and part.attempts_left != 0
    return PartCard(
        part=part,
        letter=part_letter(index),
        input=field,
        preview=build_reading_preview(field, typed, reading) if is_draft or last is None else None,
        feedback=feedback,
        score=format_part_score(part),
        worth=describe_next_attempt(part, page_data.display.attempt_credits) if may_check else "",
        is_draft=is_draft and page_data.error is None,
        voided=VOIDED_MESSAGES.get(part.voided, ""),
        refused=_get_rejection_reason(page_data, part),
        elsewhere=_other_window_answer(page_data, part),
        wait=page_data.display.moment(part.wait_until),
        may_check=may_check,
        after=explain_counting_answer(part),
        attachment_note=describe_attachment(part, last.submission.attachments if last else ()),
    )


def _build_last_feedback(
    page_data: ProblemPageData, part: PartView, reading: ReadAs | None
) -> AnswerFeedback | None:
    """Return the feedback on the last answer; it has the score of the part if it counts."""
    last = page_data.judged.get(part.id)
    if last is None or last.outcome.status in STATUSES_WITHOUT_FEEDBACK:
        return None
    counts = part.standing is not None and part.standing.submission == last.submission.id
    score = format_part_score(part) if counts else ""
    feedback = build_feedback(last.outcome, last.submission, reading=reading, score=score)
    return replace(feedback, may_ask=last.outcome.answer in page_data.regradable)


def build_reading_preview(
    field: AnswerInput, typed: RawAnswer | None, reading: ReadAs | None
) -> ReadingPreview | None:
    """Return a preview of how an answer is read, or None if the input makes it clear.

    A grid gets a preview only if its cells cannot be read.
    """
    if field.widget != "grid" and field.widget not in PREVIEWED_WIDGETS:
        return None
    if reading is None or is_blank("" if typed is None else typed):
        result = ReadingPreview()
    elif reading.readable:
        result = ReadingPreview(render_mathml(reading), reading.read_as, reading.notes)
    else:
        result = ReadingPreview(
            problem=_explain_unreadable(reading, typed),
            typed=split_at_error(typed, reading.position),
        )
    return result if result.problem or field.widget != "grid" else None


def _explain_unreadable(reading: ReadAs, typed: RawAnswer | None) -> str:
    """Return why an answer cannot be read; empty cells take precedence."""
    if isinstance(typed, list) and "" in _flatten_texts(typed):
        return EMPTY_CELLS_MESSAGE
    expected = f"Expected {reading.expected}." if reading.expected else ""
    return " ".join(filter(None, (reading.message, expected)))


def _flatten_texts(typed: RawAnswer | None) -> list[str]:
    if isinstance(typed, list):
        return [leaf for one in typed for leaf in _flatten_texts(one)]
    return [] if typed is None else [format_answer(typed).strip()]


def _get_rejection_reason(page_data: ProblemPageData, part: PartView) -> str:
    """Return why the answer to *part* was rejected, or "" if it was not."""
    if page_data.error is None or isinstance(page_data.error, PreconditionFailed):
        return ""
    field_errors: Sequence[FieldError] = (
        page_data.error.errors if isinstance(page_data.error, InvalidInput) else ()
    )
    for field_error in field_errors:
        if part.id in field_error.field.split("."):
            return field_error.message[:1].upper() + field_error.message[1:]
    return page_data.error.detail if page_data.checked_part == part.id and not field_errors else ""


def _other_window_answer(page_data: ProblemPageData, part: PartView) -> str | None:
    """Return the answer to *part* from another window, or None if it does not differ."""
    if page_data.elsewhere is None or page_data.typed is None or part.id not in page_data.typed:
        return None
    last = part.last.typed if part.last else ""
    other = page_data.elsewhere.answers.get(part.id, last)
    mine = page_data.typed[part.id]
    return None if other == mine or other is None else format_answer(other)


def build_sidebar(mine: MyAssignment | None, problem: str) -> AssignmentSidebar | None:
    """Return the sidebar, or None for staff, who submit no work."""
    if mine is None:
        return None
    rows = build_assignment_progress(mine).rows
    index = next((index for index, row in enumerate(rows) if row.problem.problem == problem), 0)
    return AssignmentSidebar(
        set=mine,
        rows=rows,
        before=rows[index - 1] if index else None,
        after=rows[index + 1] if index + 1 < len(rows) else None,
    )
