"""Rows of a report's page: each part with its passages, how they are read, and its form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from api.pages.forms.form import PostedForm
from api.pages.layout.formatting import part_name
from api.schemas.assignments.assignments import StaffAssignment, StudentAssignment
from api.schemas.student.reports import ConfirmedAnswer, ReportPart, ReportPassage
from api.schemas.student.work import ReadAs

TYPED: Final = "typed"
"""Choice of a typed answer instead of a passage."""
NOT_ANSWERED: Final = ""
MAX_OPTION_CHARACTERS: Final = 70
MAX_OPTIONS: Final = 5
MAX_QUOTE_CHARACTERS: Final = 90
UNREADABLE: Final = "unreadable"
CONFIDENCE_FLAGS: Final = {"certain": "good", "doubtful": "mid", "missing": "bad"}


@dataclass(frozen=True, slots=True)
class PassageOption:
    """Option of the list of passages: the value that the form sends, and its label."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ReportCard:
    """Row of a part on a report's page, with what its form holds.

    *choice* is the index of the chosen passage, ``typed``, or "" for no answer. *reading* is how
    the typed answer is read, None if nothing is typed. *messages* about a submission are on the
    first of its cards.
    """

    index: int
    part: ReportPart
    title: str
    problem_title: str
    options: tuple[PassageOption, ...]
    choice: str
    typed: str
    reading: ReadAs | None = None
    messages: tuple[str, ...] = ()

    @property
    def is_confirmed(self) -> bool:
        """Whether the part is submitted; an unreadable answer does not count as one."""
        return _is_confirmed(self.part)

    @property
    def passage(self) -> ReportPassage | None:
        """The chosen passage, None for a typed answer or no answer."""
        if self.choice.isdecimal() and int(self.choice) < len(self.part.passages):
            return self.part.passages[int(self.choice)]
        return None

    @property
    def context(self) -> tuple[str, str, str]:
        """The text around the chosen passage: before it, the passage, after it."""
        passage = self.passage
        if passage is None:
            return "", "", ""
        before, text, after = passage.context.partition(passage.text)
        return (before, text, after) if text else ("", "", passage.context)

    @property
    def flag(self) -> str:
        """The tone of the confidence."""
        return CONFIDENCE_FLAGS[self.part.confidence]

    @property
    def submitted_text(self) -> str:
        """The submitted answer, shortened."""
        answer = self.part.answer
        text = answer if isinstance(answer, str) else self.part.read_as or ""
        return _shorten(text, MAX_QUOTE_CHARACTERS)

    @property
    def is_typing_open(self) -> bool:
        """Whether the field for a typed answer is open: it is chosen, or the part is missing."""
        return self.choice == TYPED or self.part.confidence == "missing"

    @property
    def is_text(self) -> bool:
        """Whether the part takes free text."""
        return self.part.kind == "text"

    @property
    def attachment_id(self) -> str:
        """The id of the attachment that is submitted with the answer, "" without one."""
        return str(self.part.attachment.id) if self.part.attachment else ""

    def build_answer(self) -> ConfirmedAnswer | None:
        """Return the answer that the form holds, None if it holds none."""
        problem, part = self.part.problem, self.part.part
        if self.choice == TYPED and self.typed.strip():
            return ConfirmedAnswer(problem=problem, part=part, answer=self.typed)
        if self.passage is None:
            return None
        return ConfirmedAnswer(problem=problem, part=part, passage=int(self.choice))


def build_report_cards(
    parts: Sequence[ReportPart],
    assignment: StudentAssignment | StaffAssignment,
    form: PostedForm | None = None,
    read: Callable[[ReportPart, str], ReadAs] | None = None,
) -> tuple[ReportCard, ...]:
    """Return the cards of all parts; with a *form* they hold what it does.

    *read* returns how a typed answer is read.
    """
    problems = {problem.problem: problem for problem in assignment.problems}
    cards = []
    described: set[UUID | None] = set()
    for index, part in enumerate(parts):
        problem = problems.get(part.problem)
        titles: Mapping[str, str] = problem.part_titles if problem else {}
        choice, typed = _parse_choice(form, index, part)
        is_first = _is_confirmed(part) and part.submission not in described
        if is_first:
            described.add(part.submission)
        reading = read(part, typed) if read and choice == TYPED and typed.strip() else None
        cards.append(
            ReportCard(
                index,
                part,
                part_name(part.part, titles.get(part.part, "")),
                problem.title if problem else part.problem,
                tuple(_list_options(part)),
                choice,
                typed,
                reading,
                part.messages if is_first else (),
            )
        )
    return tuple(cards)


def _is_confirmed(part: ReportPart) -> bool:
    return part.submission is not None and part.status != UNREADABLE


def _parse_choice(form: PostedForm | None, index: int, part: ReportPart) -> tuple[str, str]:
    """Return the choice and the typed answer of a part; without a form the chosen passage.

    A typed answer is the choice whatever the list says: students type without changing the list.
    """
    typed = form.text(f"typed-{index}") if form else ""
    if typed.strip():
        return TYPED, typed
    if form is None or not form.has(f"choice-{index}"):
        default = NOT_ANSWERED if part.passages else TYPED
        return (default if part.confidence == "missing" else "0"), ""
    return form.text(f"choice-{index}"), typed


def _list_options(part: ReportPart) -> list[PassageOption]:
    options = []
    if part.confidence == "missing":
        options.append(PassageOption(NOT_ANSWERED, "No answer"))
    for index, passage in enumerate(part.passages[:MAX_OPTIONS]):
        label = _shorten(passage.read_as or passage.text, MAX_OPTION_CHARACTERS)
        options.append(PassageOption(str(index), f"{label} ({passage.location})"))
    options.append(PassageOption(TYPED, "Type the answer below"))
    return options


def _shorten(text: str, length: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else f"{flat[: length - 1]}…"
