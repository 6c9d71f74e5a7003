"""Grade steps and grade events in words, with the titles of problems and parts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from api.pages.layout.formatting import THIN_SPACE, part_name
from api.schemas.grades.grades import GradeLine, GradeStep
from api.schemas.grades.history import GradeEvent
from api.services.gradebook.event_text import append_punctuation, describe_event
from grader import policy


class TitledProblem(Protocol):
    """A problem id with the titles of the problem and its parts."""

    @property
    def problem(self) -> str:
        """The id of the problem."""

    @property
    def title(self) -> str:
        """The title of the problem."""

    @property
    def part_titles(self) -> Mapping[str, str]:
        """The titles of the parts by id, without untitled parts."""


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """How one number was calculated: its subject, the steps, and whether it is a total."""

    about: str
    words: str
    is_total: bool


@dataclass(frozen=True, slots=True)
class ProblemTitles:
    """The titles of problems and their parts, by id.

    *parts* holds the titles of parts by problem; an untitled part is named after its
    id.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def from_problems(cls, problems: Iterable[TitledProblem]) -> "ProblemTitles":
        """Return the titles of the problems of a grade or an assignment."""
        listed = tuple(problems)
        return cls(
            {one.problem: one.title for one in listed},
            {one.problem: one.part_titles for one in listed},
        )

    def problem_title(self, problem: str) -> str:
        """Return the title of a problem, or its id if it has no title."""
        return self.titles.get(problem, problem)

    def part_title(self, problem: str | None, part: str) -> str:
        """Return the display name of a part of a problem.

        >>> titles = ProblemTitles({}, {"sizes": {"side_0": "Side of the input"}})
        >>> titles.part_title("sizes", "side_0")
        'Side of the input'
        """
        return part_name(part, self.parts.get(problem or "", {}).get(part, ""))

    def full_title(self, problem: str | None, part: str | None, *, whole: str = "") -> str:
        """Return the titles of a problem and its part, or *whole* if *problem* is None.

        >>> ProblemTitles({"sizes": "Sizes"}).full_title("sizes", "side_0", whole="all")
        'Sizes, Side 0'
        """
        if problem is None:
            return whole
        title = self.problem_title(problem)
        return (
            f"{append_punctuation(title, ',')} {self.part_title(problem, part)}" if part else title
        )

    def explain_line(self, line: GradeLine) -> ExplainedStep:
        """Return a grade line with its steps in words."""
        about = self.full_title(line.problem, line.part, whole=line.about)
        words = policy.format_steps(self._to_policy_step(step, line.problem) for step in line.steps)
        return ExplainedStep(about, words.replace(" %", f"{THIN_SPACE}%"), line.part is None)

    def _to_policy_step(self, step: GradeStep, problem: str | None) -> policy.BreakdownStep:
        of = (
            self.part_title(problem, step.of)
            if step.label == "part"
            else self.problem_title(step.of)
        )
        return policy.BreakdownStep(step.label, step.value, step.why, step.sign, of)

    def describe_event(self, event: GradeEvent) -> str:
        """Return a grade event in words."""
        return describe_event(
            event, problem=self.problem_title, part=partial(self.part_title, event.problem)
        )
