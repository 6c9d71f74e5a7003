"""What stands on the page of a problem: a card for each part, and the assignment beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from markupsafe import Markup

from api.core.errors import FieldError, Invalid, Precondition, ServiceError
from api.pages.layout.formatting import part_letter
from api.pages.student.components.cell_marks import marks_of
from api.pages.student.components.feedback import Feedback, Marked, drawn, feedback_of, marked
from api.pages.student.components.grids import as_rows
from api.pages.student.components.inputs import Input, Marks, input_of, looks_same
from api.pages.student.components.states import Row, State, answer_state, work_of
from api.schemas.student.assignments import Moment, MyAssignment
from api.schemas.student.problem import DraftView, PartView, ProblemView
from api.schemas.student.work import PartOutcome, ReadAs, StudentSubmission
from api.services.student.times import moment_of
from grader.reading import Style, Typed, is_blank

__all__ = [
    "Card",
    "JudgedAnswer",
    "Look",
    "Place",
    "Preview",
    "Side",
    "cards",
    "preview",
    "side",
]

PREVIEWED: Final = frozenset({"line", "wide", "area"})
SHOWN: Final = frozenset({"words", "pick", "tick"})
"""Inputs that show by themselves how they are read."""
LONG: Final = 8
NOTHING: Final = Markup("")
FREE: Final = frozenset({"missing"})
VOIDED: Final = {
    "full": "This part was withdrawn: everybody has all its points.",
    "out": "This part was withdrawn: it counts for nobody.",
}
CELLS_MISSING: Final = "Some cells are empty; fill them before you check the answer."


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """An answer as it was handed in, with the submission that it was in."""

    outcome: PartOutcome
    submission: StudentSubmission


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem is set: titles, the clock and the marks of decimals of the course.

    *may_write*: what is typed can be saved and handed in.
    """

    course: str
    assignment: str
    zone: str
    numbers: Style | None
    now: datetime
    may_write: bool

    def moment(self, at: datetime | None) -> Moment | None:
        """Return a time on the clock of the course."""
        return None if at is None else moment_of(at, self.zone, now=self.now)


@dataclass(frozen=True, slots=True)
class Look:
    """What is known when a page is made: the problem, and what a form says if there is one.

    *typed* has the answers of the form, *at* is the part that was to be checked, *error* is what
    stood against it, *judged* the last answers by part, *readings* how what stands in the inputs is
    read, *elsewhere* the draft that another window saved in between.
    """

    view: ProblemView
    place: Place
    mine: MyAssignment | None
    judged: Mapping[str, JudgedAnswer]
    readings: Mapping[str, ReadAs]
    typed: Mapping[str, Typed] | None = None
    at: str = ""
    error: ServiceError | None = None
    elsewhere: DraftView | None = None
    saved: bool = False

    def text_of(self, part: PartView) -> Typed | None:
        """Return what stands in the input of *part*: of the form, the draft, the last answer."""
        if self.typed is not None and part.id in self.typed:
            return self.typed[part.id]
        if part.id in self.view.draft.answers:
            return self.view.draft.answers[part.id]
        return part.last.typed if part.last else None

    @property
    def is_long(self) -> bool:
        """Whether there are so many parts that one button for the draft stands below them all."""
        return len(self.view.parts) > LONG

    def is_draft(self, part: PartView) -> bool:
        """Tell whether what stands in the input of *part* is not what was handed in last."""
        last = part.last.typed if part.last else None
        return not looks_same(part, self.text_of(part), last, numbers=self.place.numbers)


@dataclass(frozen=True, slots=True)
class Preview:
    """How an answer would be read; *problem* says why it cannot be, *typed* marks where."""

    mathml: Markup = NOTHING
    read_as: str = ""
    notes: tuple[str, ...] = ()
    problem: str = ""
    typed: Marked | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A part of a problem with its input and what was said of the last answer."""

    part: PartView
    letter: str
    input: Input
    preview: Preview | None
    feedback: Feedback | None
    is_draft: bool
    voided: str
    refused: str
    elsewhere: str | None
    wait: Moment | None
    may_check: bool
    after: str


@dataclass(frozen=True, slots=True)
class Side:
    """The assignment beside a problem, with the problems before and after it."""

    set: MyAssignment
    rows: tuple[Row, ...]
    before: Row | None
    after: Row | None


def cards(look: Look) -> tuple[Card, ...]:
    """Return a card for each part."""
    return tuple(_card(look, part, at) for at, part in enumerate(look.view.parts))


def _card(look: Look, part: PartView, at: int) -> Card:
    last, typed, is_draft = look.judged.get(part.id), look.text_of(part), look.is_draft(part)
    reading = look.readings.get(part.id)
    numbers = look.place.numbers
    marks: Marks = ()
    if last is not None and not is_draft:
        outcome = last.outcome
        marks = marks_of(part, typed, status=outcome.status, right=outcome.cells, numbers=numbers)
    field = input_of(part, typed, marks=marks, numbers=numbers)
    feedback = _feedback(last, None if is_draft else reading)
    if feedback and (field.look in SHOWN or (field.look == "grid" and not is_draft)):
        feedback = replace(feedback, read_as="", mathml=Markup(""))
    is_open = look.view.times.state in {"open", "late"} and look.place.may_write
    return Card(
        part=part,
        letter=part_letter(at),
        input=field,
        preview=preview(field, typed, reading) if is_draft or last is None else None,
        feedback=feedback,
        is_draft=is_draft and look.error is None,
        voided=VOIDED.get(part.voided, ""),
        refused=_refused(look, part),
        elsewhere=_elsewhere(look, part),
        wait=look.place.moment(part.wait_until),
        may_check=is_open and part.attempts_left != 0,
        after=_after(part),
    )


def _feedback(last: JudgedAnswer | None, reading: ReadAs | None) -> Feedback | None:
    if last is None or last.outcome.status in FREE:
        return None
    return feedback_of(last.outcome, last.submission, reading=reading)


def preview(field: Input, typed: Typed | None, reading: ReadAs | None) -> Preview | None:
    """Return how what stands in an input is read, None where the input shows that by itself.

    Of cells only what cannot be read is told.
    """
    if field.look != "grid" and field.look not in PREVIEWED:
        return None
    if reading is None or is_blank("" if typed is None else typed):
        told = Preview()
    elif reading.readable:
        told = Preview(drawn(reading), reading.read_as, reading.notes)
    else:
        told = Preview(problem=_problem(reading, typed), typed=marked(typed, reading.position))
    return told if told.problem or field.look != "grid" else None


def _problem(reading: ReadAs, typed: Typed | None) -> str:
    """Return why an answer cannot be read; of cells first that some are empty."""
    if isinstance(typed, list) and "" in _leaves(typed):
        return CELLS_MISSING
    return " ".join(filter(None, (reading.said, _expected(reading))))


def _expected(reading: ReadAs) -> str:
    return f"Expected {reading.expected}." if reading.expected else ""


def _leaves(typed: Typed | None) -> list[str]:
    if isinstance(typed, list):
        return [leaf for one in typed for leaf in _leaves(one)]
    return [] if typed is None else [as_rows(typed).strip()]


def _refused(look: Look, part: PartView) -> str:
    """Return why the answer to *part* was not taken."""
    if look.error is None or isinstance(look.error, Precondition):
        return ""
    fields: Sequence[FieldError] = look.error.errors if isinstance(look.error, Invalid) else ()
    for one in fields:
        if part.id in one.field.split("."):
            return one.said[:1].upper() + one.said[1:]
    return look.error.detail if look.at == part.id and not fields else ""


def _elsewhere(look: Look, part: PartView) -> str | None:
    """Return what another window saved for *part*, None where it is what is shown."""
    if look.elsewhere is None or look.typed is None or part.id not in look.typed:
        return None
    last = part.last.typed if part.last else ""
    other = look.elsewhere.answers.get(part.id, last)
    mine = look.typed[part.id]
    return None if other == mine or other is None else as_rows(other)


def _after(part: PartView) -> str:
    """Return what a person or a correction made of the answer since it was judged."""
    standing = part.standing
    if standing is None or part.last is None or standing.waiting:
        return ""
    if standing.status == part.last.status:
        return ""
    state: State = answer_state(standing.status, standing.credit, manual=standing.manual)
    if state == answer_state(part.last.status, None):
        return ""
    return f"What counts: {state.words.lower()}."


def side(mine: MyAssignment | None, problem: str) -> Side | None:
    """Return what stands beside the problem; None for staff, who have no work here."""
    if mine is None:
        return None
    rows = work_of(mine).rows
    at = next((at for at, row in enumerate(rows) if row.problem.problem == problem), 0)
    return Side(
        set=mine,
        rows=rows,
        before=rows[at - 1] if at else None,
        after=rows[at + 1] if at + 1 < len(rows) else None,
    )
