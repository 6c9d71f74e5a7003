"""Status labels for problems and answers: an icon and words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from api.pages.layout.formatting import format_count
from api.schemas.student.assignments import MyAssignment, MyProblem
from api.schemas.student.attachments import AttachmentView
from api.schemas.student.problem import PartView

WAITING: Final = "Waiting for a TA"

Icon: TypeAlias = Literal["good", "mid", "bad", "wait", "full", "half", "seen", "new"]
"""The name of an icon in `icons.html`."""
NEW_ATTACHMENT: Final = "Not submitted yet. Your next answer to this part submits it."
SUBMITTED_ATTACHMENT: Final = "Submitted with your last answer."


@dataclass(frozen=True, slots=True)
class StatusLabel:
    """A status as an icon and as equivalent words."""

    icon: Icon
    words: str


@dataclass(frozen=True, slots=True)
class ProblemStatusRow:
    """A problem in a list, with its status."""

    problem: MyProblem
    state: StatusLabel


@dataclass(frozen=True, slots=True)
class AssignmentProgress:
    """A student's assignment with the status of each problem.

    *parts* is the number of parts of all problems, *answered* the number of those
    answered.
    """

    set: MyAssignment
    rows: tuple[ProblemStatusRow, ...]
    parts: int
    answered: int

    @property
    def is_open(self) -> bool:
        """Whether answers still count."""
        return self.set.times.state in {"open", "late"}

    @property
    def unanswered_count(self) -> int:
        """The number of parts without an answer."""
        return self.parts - self.answered


UNSTARTED_LABELS: Final[Mapping[str, StatusLabel]] = {
    "new": StatusLabel("new", "Not opened"),
    "opened": StatusLabel("seen", "Opened"),
}
ANSWER_LABELS: Final[Mapping[str, StatusLabel]] = {
    "correct": StatusLabel("good", "Correct"),
    "follow_through": StatusLabel("good", "Correct, given your earlier answer"),
    "partial": StatusLabel("mid", "Partly correct"),
    "mistake": StatusLabel("bad", "Incorrect"),
    "wrong": StatusLabel("bad", "Incorrect"),
    "missing": StatusLabel("new", "No answer"),
    "unreadable": StatusLabel("mid", "Couldn’t be read"),
    "needs_review": StatusLabel("wait", WAITING),
    "received": StatusLabel("full", "Received"),
}


def _label_problem(problem: MyProblem) -> StatusLabel:
    """Return the status label of a problem, based on released results only."""
    if problem.state in UNSTARTED_LABELS:
        return UNSTARTED_LABELS[problem.state]
    if problem.state == "started":
        return StatusLabel(
            "half", f"{problem.answered} of {format_count(problem.parts, 'part')} answered"
        )
    if problem.standing is None:
        return StatusLabel("full", "Answered")
    if problem.standing.waiting:
        return StatusLabel("wait", WAITING)
    return _label_score(problem.standing.score, problem.standing.possible)


def _label_score(score: Fraction, possible: Fraction) -> StatusLabel:
    if score >= possible:
        return StatusLabel("good", "All points")
    return StatusLabel("mid", "Some points") if score else StatusLabel("bad", "No points")


def label_answer(status: str, credit: Fraction | None, *, manual: bool = False) -> StatusLabel:
    """Return the status label of an answer, based on its credit if graded by a person."""
    if not manual or credit is None:
        return ANSWER_LABELS[status]
    score_label = _label_score(credit, Fraction(1))
    return StatusLabel(score_label.icon, f"Graded by a TA: {score_label.words.lower()}")


def build_assignment_progress(assignment: MyAssignment) -> AssignmentProgress:
    """Return an assignment with the status of each problem."""
    rows = tuple(ProblemStatusRow(each, _label_problem(each)) for each in assignment.problems)
    parts = sum(each.parts for each in assignment.problems)
    return AssignmentProgress(
        assignment, rows, parts, sum(each.answered for each in assignment.problems)
    )


def describe_attachment(part: PartView, submitted: Sequence[AttachmentView]) -> str:
    """Return whether the attachment of a part is *submitted*; "" if there is none."""
    if part.attachment is None:
        return ""
    is_submitted = any(one.id == part.attachment.id for one in submitted)
    return SUBMITTED_ATTACHMENT if is_submitted else NEW_ATTACHMENT
