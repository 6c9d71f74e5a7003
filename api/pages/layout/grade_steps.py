"""The steps to a number and the events of a grade, by the names that people know things by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from api.pages.layout.formatting import THIN, part_name
from api.schemas.grades.grades import GradeLine, GradeStep
from api.schemas.grades.history import GradeEvent
from api.services.gradebook.sentences import led, sentence
from grader import policy

__all__ = ["Names", "Step"]


class Titled(Protocol):
    """A problem by its id, with its title and those of its parts."""

    @property
    def problem(self) -> str:
        """The id."""

    @property
    def title(self) -> str:
        """The title."""

    @property
    def part_titles(self) -> Mapping[str, str]:
        """The titles of its parts by their ids, of those that have one."""


@dataclass(frozen=True, slots=True)
class Step:
    """How one number came about: what it is, the way to it, and whether it sums others up."""

    about: str
    words: str
    is_total: bool


@dataclass(frozen=True, slots=True)
class Names:
    """The names of problems and of their parts, by their ids.

    *parts* has the titles of parts by problem; where there is none, the name is made of the id.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, problems: Iterable[Titled]) -> "Names":
        """Return the names of the problems of a grade or of an assignment."""
        listed = tuple(problems)
        return cls(
            {one.problem: one.title for one in listed},
            {one.problem: one.part_titles for one in listed},
        )

    def problem(self, problem: str) -> str:
        """Return the title of a problem, its id where it has none here."""
        return self.titles.get(problem, problem)

    def part(self, problem: str | None, part: str) -> str:
        """Return what people call a part of a problem.

        >>> Names({}, {"sizes": {"side_0": "Side of the input"}}).part("sizes", "side_0")
        'Side of the input'
        """
        return part_name(part, self.parts.get(problem or "", {}).get(part, ""))

    def place(self, problem: str | None, part: str | None, *, whole: str = "") -> str:
        """Return the names of a problem and of a part of it, *whole* where there is neither.

        >>> Names({"sizes": "Sizes"}).place("sizes", "side_0", whole="all")
        'Sizes, Side 0'
        """
        if problem is None:
            return whole
        named = self.problem(problem)
        return f"{led(named, ',')} {self.part(problem, part)}" if part else named

    def step(self, line: GradeLine) -> Step:
        """Return how a number came about."""
        about = self.place(line.problem, line.part, whole=line.about)
        words = policy.in_words(self._step(one, line.problem) for one in line.steps)
        return Step(about, words.replace(" %", f"{THIN}%"), line.part is None)

    def _step(self, step: GradeStep, problem: str | None) -> policy.Step:
        of = self.part(problem, step.of) if step.label == "part" else self.problem(step.of)
        return policy.Step(step.label, step.value, step.why, step.sign, of)

    def event(self, event: GradeEvent) -> str:
        """Return what happened in words."""
        return sentence(event, problem=self.problem, part=partial(self.part, event.problem))
