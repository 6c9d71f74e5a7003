"""What a student is told about an answer: the verdict, what was read, the likely cause, the rest.

The macro ``feedback`` of ``feedback.html`` draws it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from markupsafe import Markup, escape

from api.markup.markdown import inline
from api.pages.layout.formatting import percent
from api.pages.student.components.states import State, answer_state
from api.schemas.student.solution import PracticeOutcome
from api.schemas.student.work import PartOutcome, ReadAs, StudentSubmission
from grader.reading import TruncatedAnswer, Typed

__all__ = [
    "PLAIN",
    "Feedback",
    "Marked",
    "drawn",
    "feedback_of",
    "marked",
    "practice_feedback",
    "verdict",
]

UNREADABLE: Final = "unreadable"
TONES: Final = {"good": "good", "mid": "mid", "bad": "bad"}
FULL: Final = 1
NOT_GRADED: Final = State("mid", "Not graded yet \N{EN DASH} no attempt used")
PLAIN: Final = frozenset({"Correct.", "Partly right.", "Not right."})
"""Sentences that say no more than the verdict."""
AGAIN: Final = "It is the same answer as before: it cost no attempt."


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with the character that could not be read."""

    before: str
    at: str
    after: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is said of an answer.

    *tone* is that of the box: good, mid, bad or nothing. *cause* is the sentence of the engine;
    *is_cause* says that it names a likely mistake. *submission* is empty where nothing is kept.
    """

    state: State
    tone: str
    score: Fraction | None
    points: Fraction | None
    read_as: str
    mathml: Markup
    typed: Marked | None
    cause: Markup
    is_cause: bool
    more: tuple[str, ...]
    submission: str


def verdict(status: str, credit: Fraction | None, *, manual: bool = False) -> State:
    """Return the verdict as an icon and in words."""
    return NOT_GRADED if status == UNREADABLE else answer_state(status, credit, manual=manual)


def feedback_of(
    outcome: PartOutcome, within: StudentSubmission, *, reading: ReadAs | None = None
) -> Feedback:
    """Return what is said of an answer in a submission; *reading* has it as MathML."""
    state = verdict(outcome.status, outcome.credit, manual=outcome.manual)
    is_read = outcome.status != UNREADABLE
    return Feedback(
        state=state,
        tone=TONES.get(state.icon, ""),
        score=outcome.score,
        points=outcome.points if outcome.score is not None and is_read else None,
        read_as=outcome.read_as if is_read else "",
        mathml=drawn(reading) if is_read else Markup(""),
        typed=None if is_read else marked(outcome.typed, outcome.position),
        cause=_cause(outcome.feedback or "", is_read=is_read),
        is_cause=outcome.status == "mistake",
        more=tuple(_more(outcome, within)),
        submission=str(within.id),
    )


def practice_feedback(
    outcome: PracticeOutcome, points: Fraction, *, typed: Typed | None = None
) -> Feedback:
    """Return what is said of an answer in practice, of which nothing is kept."""
    state = answer_state(outcome.status, outcome.credit)
    is_read = outcome.status != UNREADABLE
    return Feedback(
        state=state,
        tone=TONES.get(state.icon, ""),
        score=None if outcome.credit is None else outcome.credit * points,
        points=None if outcome.credit is None or not is_read else points,
        read_as=outcome.read_as if is_read else "",
        mathml=Markup(""),
        typed=None if is_read else marked(typed, outcome.position),
        cause=_cause(outcome.feedback, is_read=is_read),
        is_cause=outcome.status == "mistake",
        more=(),
        submission="",
    )


def drawn(reading: ReadAs | None) -> Markup:
    """Return a reading as MathML, nothing where there is none.

    It comes from the tree that the engine judges, which escapes all that was typed.
    """
    return Markup(reading.mathml if reading else "")  # noqa: S704  # as above


def marked(typed: Typed | None, position: int | None) -> Marked | None:
    """Return a text with the character at *position* apart, None where no place is known."""
    if position is None or not isinstance(typed, str) or isinstance(typed, TruncatedAnswer):
        return None
    return Marked(typed[:position], typed[position : position + 1], typed[position + 1 :])


def _cause(said: str, *, is_read: bool) -> Markup:
    """Return the sentence of the engine; that on an unreadable answer quotes it, and is no markup.

    What a student typed never reaches the converter of formulas.
    """
    if said in PLAIN:
        return Markup("")
    return inline(said) if is_read else escape(said)


def _more(outcome: PartOutcome, within: StudentSubmission) -> Iterator[str]:
    if outcome.repeats is not None:
        yield AGAIN
    if within.late_credit < FULL and outcome.status != UNREADABLE:
        yield f"It came late: it counts {percent(within.late_credit)} of its credit."
