"""The steps to a number and the events of a grade, by the names that people know things by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from api.pages.wording import THIN, part_name
from api.schemas.grade_history import GradeEvent
from api.schemas.grades import GradeLine, GradeStep
from api.services.gradebook.sentences import led, sentence
from grader import policy

__all__ = ["Names", "Step"]


class Titled(Protocol):
    """A problem by its id, with its title."""

    @property
    def problem(self) -> str:
        """The id."""

    @property
    def title(self) -> str:
        """The title."""


@dataclass(frozen=True, slots=True)
class Step:
    """How one number came about: what it is, the way to it, and whether it sums others up."""

    about: str
    words: str
    is_total: bool


@dataclass(frozen=True, slots=True)
class Names:
    """The names of problems by their ids; those of parts are all made in one way."""

    titles: Mapping[str, str]

    @classmethod
    def of(cls, problems: Iterable[Titled]) -> "Names":
        """Return the names of the problems of a grade or of an assignment."""
        return cls({one.problem: one.title for one in problems})

    def problem(self, problem: str) -> str:
        """Return the title of a problem, its id where it has none here."""
        return self.titles.get(problem, problem)

    def place(self, problem: str | None, part: str | None, *, whole: str = "") -> str:
        """Return the names of a problem and of a part of it, *whole* where there is neither.

        >>> Names({"sizes": "Sizes"}).place("sizes", "side_0", whole="all")
        'Sizes, Side 0'
        """
        if problem is None:
            return whole
        named = self.problem(problem)
        return f"{led(named, ',')} {part_name(part)}" if part else named

    def step(self, line: GradeLine) -> Step:
        """Return how a number came about."""
        about = self.place(line.problem, line.part, whole=line.about)
        words = policy.in_words(self._step(one) for one in line.steps)
        return Step(about, words.replace(" %", f"{THIN}%"), line.part is None)

    def _step(self, step: GradeStep) -> policy.Step:
        of = part_name(step.of) if step.label == "part" else self.problem(step.of)
        return policy.Step(step.label, step.value, step.why, step.sign, of)

    def event(self, event: GradeEvent) -> str:
        """Return what happened in words."""
        return sentence(event, problem=self.problem, part=part_name)
