"""Score breakdowns: the steps to a grade as data, and as one plain line each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal, TypeAlias, assert_never

from grader.policy.drops import NO_SCORE, Score
from grader.policy.timeline import ZERO

MAX_PLAIN_DENOMINATOR: Final = 1000
"""Largest denominator that is written out."""
CACHED_NUMBERS: Final = 4096

StepSign: TypeAlias = Literal["is", "plus", "times", "total", "set", "text"]
"""How a step combines with the ones before it; *text* is a remark without a number."""


@dataclass(frozen=True, slots=True)
class BreakdownStep:
    """One step of a breakdown: a *label* for programs, its exact *value*, and *why* in words.

    *of* is the id of the problem or part that the step belongs to; its text begins with it.
    """

    label: str
    value: Fraction
    why: str
    sign: StepSign
    of: str = ""


@dataclass(frozen=True, slots=True)
class ScoreBreakdown:
    """Breakdown of one number; *about* is the part, problem, group or category, or ``Total``.

    The breakdown of a part or problem has the ids of *problem* and *part*.
    """

    about: str
    steps: tuple[BreakdownStep, ...]
    problem: str = ""
    part: str = ""

    def __str__(self) -> str:
        return f"{self.about}: {format_steps(self.steps)}"


@dataclass(frozen=True, slots=True)
class ComputedGrade:
    """A grade: *score* out of *possible*, with its breakdowns.

    *waiting* is set if a person has yet to grade something in it, *pending* are the points that
    wait: their maximum, and the share of them that is in the score already. They are points for a
    course too. *build_breakdowns* computes the breakdowns, so that a caller that only adds up
    grades does not pay for them.
    """

    score: Fraction
    possible: Fraction
    waiting: bool = False
    build_breakdowns: Callable[[], tuple[ScoreBreakdown, ...]] = field(
        default=tuple, compare=False, repr=False
    )
    pending: Score = NO_SCORE

    @property
    def breakdowns(self) -> tuple[ScoreBreakdown, ...]:
        """The breakdowns, those of the components first."""
        return self.build_breakdowns()

    @property
    def as_score(self) -> Score:
        """The score out of the possible points."""
        return Score(self.score, self.possible)

    @property
    def graded_score(self) -> Score:
        """The graded share: score and maximum without the points that wait for a person."""
        return self.as_score.subtract(self.pending)

    @property
    def explanation(self) -> tuple[str, ...]:
        """One plain line for each breakdown, those of the components first."""
        return tuple(map(str, self.breakdowns))


def build_remark_breakdown(
    about: str, label: str, why: str, *, of: str = "", problem: str = "", part: str = ""
) -> ScoreBreakdown:
    """Return a breakdown with a remark only, such as why something does not count."""
    return ScoreBreakdown(about, (BreakdownStep(label, ZERO, why, "text", of),), problem, part)


def build_excluded_grade(remark: ScoreBreakdown) -> ComputedGrade:
    """Return a grade of no points out of none, with this *remark*."""
    return ComputedGrade(ZERO, ZERO, build_breakdowns=lambda: (remark,))


def format_steps(steps: Iterable[BreakdownStep]) -> str:
    """Return steps as one plain line.

    >>> worth = BreakdownStep("part", Fraction(2), "extra", "plus", "sizes")
    >>> format_steps([worth, BreakdownStep("score", Fraction(2), "of 2 points", "total")])
    '2 (sizes, extra) = 2 of 2 points'
    """
    return "".join(_format_step(step, index) for index, step in enumerate(steps))


@lru_cache(maxsize=CACHED_NUMBERS)
def format_maximum(points: Fraction) -> str:
    """Return *points* as the maximum of a score: ``of 2 points``."""
    return f"of {format_rounded_number(points)} point{'' if points == 1 else 's'}"


def format_ungraded_points(points: Fraction) -> str:
    """Return the number of *points* that a person has yet to grade.

    >>> format_ungraded_points(Fraction(5)), format_ungraded_points(Fraction(1))
    ('5 ungraded points', '1 ungraded point')
    """
    return f"{format_rounded_number(points)} ungraded {'point' if points == 1 else 'points'}"


@lru_cache(maxsize=CACHED_NUMBERS)
def format_rounded_number(number: Fraction) -> str:
    """Return a number for people: a short decimal, a plain fraction, else an approximation.

    >>> format_rounded_number(Fraction(9, 10)), format_rounded_number(Fraction(2, 3))
    ('0.9', '2/3')
    >>> format_rounded_number(Fraction(250, 3))
    'about 83.33'
    """
    hundredths = round(number * 100)
    if number * 100 == hundredths:
        sign, whole = "-" if number < 0 else "", abs(hundredths)
        return f"{sign}{whole // 100}.{whole % 100:02}".rstrip("0").rstrip(".")
    if abs(number) < 1 and number.denominator <= MAX_PLAIN_DENOMINATOR:
        return str(number)
    return f"about {format_rounded_number(Fraction(hundredths, 100))}"


def format_factor(number: Fraction) -> str:
    """Return a credit or a weight as a fraction if the denominator is small, else as a decimal.

    >>> format_factor(Fraction(9, 10)), format_factor(Fraction(1))
    ('9/10', '1')
    """
    return (
        str(number)
        if number.denominator <= MAX_PLAIN_DENOMINATOR
        else format_rounded_number(number)
    )


def _format_step(step: BreakdownStep, index: int) -> str:
    """Return a step as text in its line, with the sign that joins it to the steps before."""
    match step.sign:
        case "is":
            return f"{format_rounded_number(step.value)} {step.why}"
        case "plus":
            of = ", ".join(filter(None, (step.of, step.why)))
            return f"{' + ' if index else ''}{format_rounded_number(step.value)} ({of})"
        case "times":
            return f" × {format_factor(step.value)} ({step.why})"
        case "total":
            return f" = {format_rounded_number(step.value)} {step.why}".rstrip()
        case "set":
            return f"; {step.why} {format_rounded_number(step.value)}"
        case "text":
            return f"{'; ' if index else ''}{' '.join(filter(None, (step.of, step.why)))}"
        case _:
            assert_never(step.sign)
