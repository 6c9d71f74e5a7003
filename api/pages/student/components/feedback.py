"""Feedback on an answer: the verdict, the reading, the likely cause and remarks.

The macro ``feedback`` of ``feedback.html`` renders it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from markupsafe import Markup, escape

from api.markup.markdown import render_inline
from api.pages.layout.formatting import format_score, format_share
from api.pages.student.components.states import StatusLabel, label_answer
from api.schemas.student.solution import PracticeOutcome
from api.schemas.student.work import PartOutcome, ReadAs, StudentSubmission
from grader.reading import RawAnswer, TruncatedAnswer

UNREADABLE: Final = "unreadable"
TONES: Final = {"good": "good", "mid": "mid", "bad": "bad"}
FULL_CREDIT: Final = 1
NOT_GRADED: Final = StatusLabel("mid", "Not graded. No attempt used.")
CAUSE_LABEL: Final = "Hint"
VERDICT_ONLY_MESSAGES: Final = frozenset(
    {"Correct.", "Partly correct.", "Incorrect.", "Partly right.", "Not right."}
)
"""Messages that say no more than the verdict; the last two are those of older gradings."""
LATE_CREDIT_MESSAGE: Final = "Submitted late: {} of the credit."
REPEATED_ANSWER_MESSAGE: Final = "You gave this answer before. No attempt used."


@dataclass(frozen=True, slots=True)
class UnreadableText:
    """Text split at the character that could not be read."""

    before: str
    character: str
    after: str


@dataclass(frozen=True, slots=True)
class AnswerFeedback:
    """Feedback on an answer.

    *tone* is that of the box: good, mid, bad or empty. *score* is that of the part if this
    answer counts, so that a page has one score for a part; it is empty otherwise. *cause* is
    the message of the engine, and *is_cause* whether it names a likely mistake. *submission*
    is empty if nothing is stored, *may_ask* whether a regrade can be requested.
    """

    state: StatusLabel
    tone: str
    score: str
    read_as: str
    mathml: Markup
    typed: UnreadableText | None
    cause: Markup
    is_cause: bool
    more: tuple[str, ...]
    submission: str
    request_path: str = ""
    may_ask: bool = False

    @property
    def cause_label(self) -> str:
        """Label before *cause*, which is empty unless a mistake is likely."""
        return CAUSE_LABEL if self.is_cause else ""


def label_verdict(status: str, credit: Fraction | None, *, manual: bool = False) -> StatusLabel:
    """Return the icon and the label of a verdict."""
    return NOT_GRADED if status == UNREADABLE else label_answer(status, credit, manual=manual)


def build_feedback(
    outcome: PartOutcome,
    submission: StudentSubmission,
    *,
    reading: ReadAs | None = None,
    score: str = "",
) -> AnswerFeedback:
    """Return the feedback on an answer of a submission; *reading* has its MathML."""
    label = label_verdict(outcome.status, outcome.credit, manual=outcome.manual)
    is_read = outcome.status != UNREADABLE
    return AnswerFeedback(
        state=label,
        tone=TONES.get(label.icon, ""),
        score=score if is_read else "",
        read_as=outcome.read_as if is_read else "",
        mathml=render_mathml(reading) if is_read else Markup(""),
        typed=None if is_read else split_at_error(outcome.typed, outcome.position),
        cause=_render_engine_message(outcome.feedback or "", is_read=is_read),
        is_cause=outcome.status == "mistake",
        more=tuple(_iter_remarks(outcome, submission)),
        submission=str(submission.id),
        request_path=f"/submissions/{submission.id}#ask-{outcome.part}",
    )


def build_practice_feedback(
    outcome: PracticeOutcome, points: Fraction, *, typed: RawAnswer | None = None
) -> AnswerFeedback:
    """Return the feedback on a practice answer, which is not stored."""
    label = label_answer(outcome.status, outcome.credit)
    is_read = outcome.status != UNREADABLE
    return AnswerFeedback(
        state=label,
        tone=TONES.get(label.icon, ""),
        score=""
        if outcome.credit is None or not is_read
        else format_score(outcome.credit * points, points),
        read_as=outcome.read_as if is_read else "",
        mathml=_mark_engine_mathml(outcome.mathml) if is_read else Markup(""),
        typed=None if is_read else split_at_error(typed, outcome.position),
        cause=_render_engine_message(outcome.feedback, is_read=is_read),
        is_cause=outcome.status == "mistake",
        more=(),
        submission="",
    )


def render_mathml(reading: ReadAs | None) -> Markup:
    """Return a reading as MathML, or empty markup if there is none."""
    return _mark_engine_mathml(reading.mathml if reading else "")


def _mark_engine_mathml(mathml: str) -> Markup:
    """Return MathML of the engine as markup.

    It is generated from the tree that the engine grades, which escapes everything a
    student typed.
    """
    return Markup(mathml)  # noqa: S704  # as above


def split_at_error(typed: RawAnswer | None, position: int | None) -> UnreadableText | None:
    """Return *typed* split at the character at *position*, or None if that is unknown."""
    if position is None or not isinstance(typed, str) or isinstance(typed, TruncatedAnswer):
        return None
    return UnreadableText(typed[:position], typed[position : position + 1], typed[position + 1 :])


def _render_engine_message(message: str, *, is_read: bool) -> Markup:
    """Return the message of the engine as markup.

    A message about an unreadable answer quotes it, so it is only escaped: text typed by
    a student never reaches the formula converter.
    """
    if message in VERDICT_ONLY_MESSAGES:
        return Markup("")
    return render_inline(message) if is_read else escape(message)


def _iter_remarks(outcome: PartOutcome, submission: StudentSubmission) -> Iterator[str]:
    if outcome.repeats is not None:
        yield REPEATED_ANSWER_MESSAGE
    if submission.late_credit < FULL_CREDIT and outcome.status != UNREADABLE:
        yield LATE_CREDIT_MESSAGE.format(format_share(submission.late_credit))
