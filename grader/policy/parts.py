"""Grades of parts from a student's progress, exactly and with every step."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from grader.policy.drops import NO_MARK, Mark
from grader.policy.reckoning import Graded, Reckoning, Step, factor, left_out, of_points, remark
from grader.policy.standing import PartStanding
from grader.policy.timeline import NOTHING

__all__ = ["OUT", "PartLine", "Voided", "part_grade", "part_line"]

OUT: Final = "left out of the score and of the maximum"
ORDINALS: Final = {1: "first attempt", 2: "second attempt", 3: "third attempt"}

Voided: TypeAlias = Literal["", "full", "out"]
"""A part that does not count as it was: full marks for everyone, or out of score and maximum."""


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of a problem: its *points*, and the *credit* after policy (None: nothing graded).

    An *override* is in the same points; it takes precedence over full points for everyone, but a
    part that is out stays out. *standing* explains the credit.
    """

    part: str
    points: Fraction
    credit: Fraction | None
    waiting: bool = False
    voided: Voided = ""
    override: Fraction | None = None
    standing: PartStanding | None = None

    @property
    def earned(self) -> Fraction:
        """The points before an override; exact products are avoided because they are slow."""
        if self.voided == "full" or self.credit == 1:
            return self.points
        return self.points * self.credit if self.credit else NOTHING

    @property
    def score(self) -> Fraction:
        """The points, with the override if there is one."""
        return self.earned if self.override is None else self.override

    @property
    def is_pending(self) -> bool:
        """Whether the points wait for a person's grade."""
        return self.waiting and not self.voided and self.override is None


def part_line(
    part: str,
    points: Fraction,
    standing: PartStanding,
    *,
    voided: Voided = "",
    override: Fraction | None = None,
) -> PartLine:
    """Return the line of a part for the progress of a student."""
    return PartLine(
        part=part,
        points=points,
        credit=standing.credit,
        waiting=standing.waiting,
        voided=voided,
        override=override,
        standing=standing,
    )


def part_grade(problem: str, line: PartLine) -> Graded:
    """Return the grade of a part in the problem's own points; a part that is out has none."""
    about = f"{problem}, {line.part}"
    if line.voided == "out":
        return left_out(remark(about, "voided", OUT, problem=problem, part=line.part))
    pending = Mark(line.score, line.points) if line.is_pending else NO_MARK

    def tell() -> tuple[Reckoning, ...]:
        steps = _part_steps(line)
        if line.override is not None:
            steps = (*steps, Step("override", line.override, "set by hand to", "set"))
        return (Reckoning(about, steps, problem, line.part),)

    return Graded(line.score, line.points, line.is_pending, tell, pending)


def _part_steps(line: PartLine) -> tuple[Step, ...]:
    out_of = of_points(line.points)
    if line.voided == "full":
        return (Step("voided", line.earned, f"{out_of} (voided: full marks for everyone)", "is"),)
    if line.credit is None:
        why = "waits to be marked by a person" if line.waiting else "no answer"
        return (Step("credit", NOTHING, f"{out_of} ({why})", "is"),)
    if line.standing is None:
        return (_first_step(line.points, line.credit),)
    return (*_steps_to(line.points, line.standing), Step("score", line.earned, "", "total"))


def _steps_to(points: Fraction, standing: PartStanding) -> tuple[Step, ...]:
    """Return the steps to the credit after policy; none if nothing is graded."""
    raw, number, late = standing.raw, standing.attempt, standing.late_factor
    if raw is None:
        return ()
    steps = [_first_step(points, raw)]
    if number is not None:
        name = ORDINALS.get(number, f"attempt {number}")
        steps.append(Step("attempt", standing.attempt_factor, name, "times"))
    return (*steps, Step("late", late, _in_time(standing) if late == 1 else "late", "times"))


def _in_time(standing: PartStanding) -> str:
    """Return why the answer was in time."""
    days = standing.late_days
    return f"in time by {days} late day{'' if days == 1 else 's'}" if days else "in time"


def _first_step(points: Fraction, credit: Fraction) -> Step:
    why = f"{of_points(points)} (credit {factor(credit)})"
    return Step("credit", points * credit, why, "is")
