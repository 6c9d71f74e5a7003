"""Where a student stands, as a drawing and a word: in a problem, and at one answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from api.pages.layout.formatting import counted
from api.schemas.student.assignments import MyAssignment, MyProblem

__all__ = ["Icon", "Row", "State", "Work", "answer_state", "work_of"]

Icon: TypeAlias = Literal["good", "mid", "bad", "wait", "full", "half", "seen", "new"]
"""The name of a drawing of `icons.html`."""


@dataclass(frozen=True, slots=True)
class State:
    """A state as a drawing and in words, which say the same."""

    icon: Icon
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A problem of a list with its state."""

    problem: MyProblem
    state: State


@dataclass(frozen=True, slots=True)
class Work:
    """An assignment of a student with the states of its problems; *answered* counts all parts."""

    set: MyAssignment
    rows: tuple[Row, ...]
    parts: int
    answered: int

    @property
    def is_open(self) -> bool:
        """Whether answers still count for something."""
        return self.set.times.state in {"open", "late"}

    @property
    def left(self) -> int:
        """How many parts have no answer yet."""
        return self.parts - self.answered


WITHOUT_WORK: Final[Mapping[str, State]] = {
    "new": State("new", "Not opened"),
    "opened": State("seen", "Opened"),
}
MARKED: Final[Mapping[str, State]] = {
    "correct": State("good", "Correct"),
    "follow_through": State("good", "Right after an earlier answer"),
    "partial": State("mid", "Partly correct"),
    "mistake": State("bad", "Not correct"),
    "wrong": State("bad", "Not correct"),
    "missing": State("new", "No answer"),
    "unreadable": State("mid", "Not graded: it cannot be read"),
    "needs_review": State("wait", "Waits to be marked by a person"),
    "received": State("full", "Received"),
}


def _problem_state(one: MyProblem) -> State:
    """Return where a student stands in a problem, as far as results are shown."""
    if one.state in WITHOUT_WORK:
        return WITHOUT_WORK[one.state]
    if one.state == "started":
        return State("half", f"{one.answered} of {counted(one.parts, 'part')} answered")
    if one.standing is None:
        return State("full", "Answered")
    if one.standing.waiting:
        return State("wait", "Waits to be marked")
    return _scored(one.standing.score, one.standing.possible)


def _scored(score: Fraction, possible: Fraction) -> State:
    if score >= possible:
        return State("good", "All points")
    return State("mid", "Some points") if score else State("bad", "No points")


def answer_state(status: str, credit: Fraction | None, *, manual: bool = False) -> State:
    """Return what became of an answer; of one that a person marked its credit tells."""
    if not manual or credit is None:
        return MARKED[status]
    said = _scored(credit, Fraction(1))
    return State(said.icon, f"Marked by a person: {said.words.lower()}")


def work_of(one: MyAssignment) -> Work:
    """Return an assignment with the states of its problems."""
    rows = tuple(Row(each, _problem_state(each)) for each in one.problems)
    parts = sum(each.parts for each in one.problems)
    return Work(one, rows, parts, sum(each.answered for each in one.problems))
