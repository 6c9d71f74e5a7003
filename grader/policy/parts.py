"""Points of a part from its credit, which `progress.py` computes, with every step explained."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from grader.policy.drops import NO_SCORE, Score
from grader.policy.progress import PartProgress
from grader.policy.score_breakdown import (
    BreakdownStep,
    ComputedGrade,
    ScoreBreakdown,
    build_excluded_grade,
    build_remark_breakdown,
    format_factor,
    format_maximum,
)
from grader.policy.timeline import ZERO

EXCLUDED_TEXT: Final = "left out of the score and of the maximum"
ORDINALS: Final = {1: "first attempt", 2: "second attempt", 3: "third attempt"}

Voided: TypeAlias = Literal["", "full", "out"]
"""How a part is voided: not, full marks for everyone, or out of score and maximum."""


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of a problem: its *points*, and the *credit* after policy (None: nothing graded).

    An *override* is in the same points; it takes precedence over full points for everyone, but a
    part that is out stays out. *progress* explains the credit.
    """

    part: str
    points: Fraction
    credit: Fraction | None
    waiting: bool = False
    voided: Voided = ""
    override: Fraction | None = None
    progress: PartProgress | None = None

    @property
    def computed_score(self) -> Fraction:
        """The points before an override; exact products are avoided because they are slow."""
        if self.voided == "full" or self.credit == 1:
            return self.points
        return self.points * self.credit if self.credit else ZERO

    @property
    def score(self) -> Fraction:
        """The points, with the override if there is one."""
        return self.computed_score if self.override is None else self.override

    @property
    def is_pending(self) -> bool:
        """Whether the points wait for a person's grade."""
        return self.waiting and not self.voided and self.override is None


def build_part_line(
    part: str,
    points: Fraction,
    progress: PartProgress,
    *,
    voided: Voided = "",
    override: Fraction | None = None,
) -> PartLine:
    """Return the line of a part for the progress of a student."""
    return PartLine(
        part=part,
        points=points,
        credit=progress.credit,
        waiting=progress.waiting,
        voided=voided,
        override=override,
        progress=progress,
    )


def compute_part_grade(problem: str, line: PartLine) -> ComputedGrade:
    """Return the grade of a part in the problem's own points; a part that is out has none."""
    about = f"{problem}, {line.part}"
    if line.voided == "out":
        return build_excluded_grade(
            build_remark_breakdown(about, "voided", EXCLUDED_TEXT, problem=problem, part=line.part)
        )
    pending = Score(line.score, line.points) if line.is_pending else NO_SCORE

    def build_breakdowns() -> tuple[ScoreBreakdown, ...]:
        steps = _build_part_steps(line)
        if line.override is not None:
            steps = (*steps, BreakdownStep("override", line.override, "set by hand to", "set"))
        return (ScoreBreakdown(about, steps, problem, line.part),)

    return ComputedGrade(line.score, line.points, line.is_pending, build_breakdowns, pending)


def _build_part_steps(line: PartLine) -> tuple[BreakdownStep, ...]:
    out_of = format_maximum(line.points)
    if line.voided == "full":
        return (
            BreakdownStep(
                "voided", line.computed_score, f"{out_of} (voided: full marks for everyone)", "is"
            ),
        )
    if line.credit is None:
        why = "not graded yet" if line.waiting else "no answer"
        return (BreakdownStep("credit", ZERO, f"{out_of} ({why})", "is"),)
    if line.progress is None:
        return (_build_raw_credit_step(line.points, line.credit),)
    return (
        *_build_credit_steps(line.points, line.progress),
        BreakdownStep("score", line.computed_score, "", "total"),
    )


def format_attempt(number: int) -> str:
    """Return the name of an attempt.

    >>> format_attempt(3), format_attempt(4)
    ('third attempt', 'attempt 4')
    """
    return ORDINALS.get(number, f"attempt {number}")


def _build_credit_steps(points: Fraction, progress: PartProgress) -> tuple[BreakdownStep, ...]:
    """Return the steps to the credit after policy; none if nothing is graded."""
    raw, number, late = progress.raw, progress.attempt, progress.late_factor
    if raw is None:
        return ()
    steps = [_build_raw_credit_step(points, raw)]
    if number is not None:
        steps.append(
            BreakdownStep("attempt", progress.attempt_factor, format_attempt(number), "times")
        )
    return (
        *steps,
        BreakdownStep(
            "late", late, _describe_timeliness(progress) if late == 1 else "late", "times"
        ),
    )


def _describe_timeliness(progress: PartProgress) -> str:
    """Return why the answer was on time."""
    days = progress.late_days
    return f"on time by {days} late day{'' if days == 1 else 's'}" if days else "on time"


def _build_raw_credit_step(points: Fraction, credit: Fraction) -> BreakdownStep:
    why = f"{format_maximum(points)} (credit {format_factor(credit)})"
    return BreakdownStep("credit", points * credit, why, "is")
