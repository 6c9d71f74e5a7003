"""Score breakdowns: the steps to a grade as data, and as one plain line each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal, TypeAlias, assert_never

from grader.policy.drops import NO_MARK, Mark
from grader.policy.timeline import NOTHING

__all__ = [
    "Graded",
    "Reckoning",
    "Sign",
    "Step",
    "factor",
    "in_words",
    "left_out",
    "of_points",
    "remark",
    "shown",
    "that_wait",
]

PLAIN: Final = 1000
"""The largest denominator that is written out."""
KEPT: Final = 4096

Sign: TypeAlias = Literal["is", "plus", "times", "total", "set", "said"]
"""How a step joins the ones before it; *said* is a remark without a number."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a breakdown: a *label* for programs, its exact *value*, and *why* in words.

    *of* is the id of the problem or part that the step belongs to; its text begins with it.
    """

    label: str
    value: Fraction
    why: str
    sign: Sign
    of: str = ""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Breakdown of one number; *about* is the part, problem, group or category, or ``Total``.

    The breakdown of a part or problem has the ids of *problem* and *part*.
    """

    about: str
    steps: tuple[Step, ...]
    problem: str = ""
    part: str = ""

    def __str__(self) -> str:
        return f"{self.about}: {in_words(self.steps)}"


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade: *score* out of *possible*, with its breakdowns.

    *waiting* is set if a person has yet to grade something in it, *pending* are the points that
    wait: their maximum, and the share of them that is in the score already. They are points for a
    course too. *tell* computes the breakdowns, so that a caller that only adds up grades does not
    pay for them.
    """

    score: Fraction
    possible: Fraction
    waiting: bool = False
    tell: Callable[[], tuple[Reckoning, ...]] = field(default=tuple, compare=False, repr=False)
    pending: Mark = NO_MARK

    @property
    def reckonings(self) -> tuple[Reckoning, ...]:
        """The breakdowns, those of the components first."""
        return self.tell()

    @property
    def mark(self) -> Mark:
        """The score out of the possible points."""
        return Mark(self.score, self.possible)

    @property
    def settled(self) -> Mark:
        """The graded share: score and maximum without the points that wait for a person."""
        return self.mark.without(self.pending)

    @property
    def explain(self) -> tuple[str, ...]:
        """One plain line for each breakdown, those of the components first."""
        return tuple(map(str, self.reckonings))


def remark(
    about: str, label: str, why: str, *, of: str = "", problem: str = "", part: str = ""
) -> Reckoning:
    """Return a breakdown with a remark only, such as why something does not count."""
    return Reckoning(about, (Step(label, NOTHING, why, "said", of),), problem, part)


def left_out(said: Reckoning) -> Graded:
    """Return a grade of no points out of none, with the remark *said*."""
    return Graded(NOTHING, NOTHING, tell=lambda: (said,))


def in_words(steps: Iterable[Step]) -> str:
    """Return steps as one plain line.

    >>> worth = Step("part", Fraction(2), "extra", "plus", "sizes")
    >>> in_words([worth, Step("score", Fraction(2), "of 2 points", "total")])
    '2 (sizes, extra) = 2 of 2 points'
    """
    return "".join(_joined(step, at) for at, step in enumerate(steps))


@lru_cache(maxsize=KEPT)
def of_points(points: Fraction) -> str:
    """Return *points* as the maximum of a score: ``of 2 points``."""
    return f"of {shown(points)} point{'' if points == 1 else 's'}"


def that_wait(points: Fraction) -> str:
    """Return how many *points* a person has yet to grade.

    >>> that_wait(Fraction(5)), that_wait(Fraction(1))
    ('5 points that wait to be marked', '1 point that waits to be marked')
    """
    one = points == 1
    return f"{shown(points)} point{'' if one else 's'} that wait{'s' if one else ''} to be marked"


@lru_cache(maxsize=KEPT)
def shown(number: Fraction) -> str:
    """Return a number for people: a short decimal, a plain fraction, else an approximation.

    >>> shown(Fraction(9, 10)), shown(Fraction(2, 3)), shown(Fraction(250, 3))
    ('0.9', '2/3', 'about 83.33')
    """
    hundredths = round(number * 100)
    if number * 100 == hundredths:
        sign, whole = "-" if number < 0 else "", abs(hundredths)
        return f"{sign}{whole // 100}.{whole % 100:02}".rstrip("0").rstrip(".")
    if abs(number) < 1 and number.denominator <= PLAIN:
        return str(number)
    return f"about {shown(Fraction(hundredths, 100))}"


def factor(number: Fraction) -> str:
    """Return a credit or a weight as a fraction if the denominator is small, else as a decimal.

    >>> factor(Fraction(9, 10)), factor(Fraction(1))
    ('9/10', '1')
    """
    return str(number) if number.denominator <= PLAIN else shown(number)


def _joined(step: Step, at: int) -> str:
    """Return a step as text in its line, with the sign that joins it to the steps before."""
    match step.sign:
        case "is":
            return f"{shown(step.value)} {step.why}"
        case "plus":
            of = ", ".join(filter(None, (step.of, step.why)))
            return f"{' + ' if at else ''}{shown(step.value)} ({of})"
        case "times":
            return f" × {factor(step.value)} ({step.why})"
        case "total":
            return f" = {shown(step.value)} {step.why}".rstrip()
        case "set":
            return f"; {step.why} {shown(step.value)}"
        case "said":
            return f"{'; ' if at else ''}{' '.join(filter(None, (step.of, step.why)))}"
        case _:
            assert_never(step.sign)
