"""Problems and assignments added up, exactly and with every step.

The steps are worked out when somebody asks for them: of a submission only the figures are kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from grader.policy.drops import NO_MARK, Mark, added, lowest, together
from grader.policy.reckoning import (
    Graded,
    Reckoning,
    Sign,
    Step,
    factor,
    of_points,
    remark,
    shown,
    that_wait,
)
from grader.policy.standing import PartStanding
from grader.policy.timeline import FULL, NOTHING

__all__ = [
    "Group",
    "PartLine",
    "ProblemLine",
    "Voided",
    "assignment_grade",
    "part_grade",
    "part_line",
    "problem_grade",
    "total_grade",
]

TOTAL: Final = "Total"
OUT: Final = "left out of the score and of the maximum"
ORDINALS: Final = {1: "first attempt", 2: "second attempt", 3: "third attempt"}

Voided: TypeAlias = Literal["", "full", "out"]
"""A part that does not count as it was: full marks for everyone, or out of score and maximum."""


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of a problem: its *points*, and the *credit* after policy (None: nothing marked).

    An *override* is in the same points; it holds over full marks for everyone, while a part that is
    out stays out. *standing* tells how the credit came about.
    """

    part: str
    points: Fraction
    credit: Fraction | None
    waiting: bool = False
    voided: Voided = ""
    override: Fraction | None = None
    standing: PartStanding | None = None


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """A problem of an assignment, which is worth *points* there; those of its parts scale to them.

    An *extra* problem adds to the score, not to the maximum; an *excused* one to neither. An
    *override* is in the assignment's points.
    """

    problem: str
    points: Fraction
    parts: tuple[PartLine, ...]
    extra: bool = False
    excused: bool = False
    override: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Problems of an assignment of which the lowest are dropped."""

    id: str
    drop_lowest: int
    problems: tuple[str, ...]


def part_line(
    part: str,
    points: Fraction,
    standing: PartStanding,
    *,
    voided: Voided = "",
    override: Fraction | None = None,
) -> PartLine:
    """Return the line of a part where a student stands so."""
    return PartLine(
        part=part,
        points=points,
        credit=standing.credit,
        waiting=standing.waiting,
        voided=voided,
        override=override,
        standing=standing,
    )


def problem_grade(line: ProblemLine) -> Graded:
    """Return the grade of a problem, in the assignment's points.

    A voided part keeps its share: with *full* everyone has it, with *out* it is missing from the
    score and from the maximum.
    """
    if line.excused:
        return _excused(line.problem, problem=line.problem)
    inside = [(part, _score(part)) for part in line.parts if part.voided != "out"]
    waiting = [Mark(score, part.points) for part, score in inside if _waits(part)]
    own = Mark(added(score for _, score in inside), added(part.points for part, _ in inside))
    scale = _scale(line)

    def steps() -> list[Step]:
        found = [Step("part", score, "", "plus", part.part) for part, score in inside]
        if found and scale != 1:
            found += [
                Step("sum", own.score, of_points(own.possible), "total"),
                Step("scale", scale, f"worth {shown(line.points)} here", "times"),
            ]
        return found

    return _total(
        line.problem,
        steps,
        out_of=own.times(scale),
        pending=together(waiting).times(scale),
        waiting=bool(waiting),
        override=line.override,
        below=lambda: [part_grade(line.problem, part) for part in line.parts],
        problem=line.problem,
    )


def _scale(line: ProblemLine) -> Fraction:
    """Return what a point of the parts is worth in the assignment."""
    worth = added(part.points for part in line.parts)
    if not worth:
        return NOTHING
    return FULL if line.points == worth else line.points / worth


def assignment_grade(
    problems: Sequence[ProblemLine],
    groups: Sequence[Group] = (),
    *,
    override: Fraction | None = None,
    excused: bool = False,
) -> Graded:
    """Return the grade of an assignment; what each group drops counts neither way.

    An unanswered problem has score 0, and what is possible stays. Dropped are only problems that
    are neither excused nor extra, and none in which a person has yet to mark something. What waits
    in extra problems is no part of the maximum, and so not pending.
    """
    grades = {} if excused else {line.problem: problem_grade(line) for line in problems}
    return total_grade(grades, problems, groups, override=override, excused=excused)


def total_grade(
    grades: Mapping[str, Graded],
    problems: Sequence[ProblemLine],
    groups: Sequence[Group] = (),
    *,
    override: Fraction | None = None,
    excused: bool = False,
) -> Graded:
    """Return what `assignment_grade` does, where the *grades* of its problems are known already."""
    if excused:
        return _excused(TOTAL)
    counting = {line.problem: line for line in problems if not line.excused}
    droppable = {name: grades[name] for name, line in counting.items() if not line.extra}
    dropped = {name: group.id for group in groups for name in _dropped(group, droppable)}
    kept = {name: line for name, line in counting.items() if name not in dropped}

    def remarks() -> tuple[Reckoning, ...]:
        return tuple(
            _drop_remark(group, name, grades[name].settled) for name, group in dropped.items()
        )

    def steps() -> list[Step]:
        return [
            Step("problem", grades[name].score, "extra" if line.extra else "", "plus", name)
            for name, line in kept.items()
        ]

    return _total(
        TOTAL,
        steps,
        out_of=Mark(
            added(grades[name].score for name in kept),
            added(grades[name].possible for name in kept if name in droppable),
        ),
        pending=together(
            grades[name].pending for name in kept if name in droppable and grades[name].waiting
        ),
        waiting=any(grade.waiting for grade in grades.values()),
        override=override,
        below=lambda: [*grades.values(), Graded(NOTHING, NOTHING, tell=remarks)],
    )


def _steps_to(points: Fraction, standing: PartStanding) -> tuple[Step, ...]:
    """Return the steps to the credit after policy; none where nothing is marked."""
    raw, number, late = standing.raw, standing.attempt, standing.late_factor
    if raw is None:
        return ()
    steps = [_first_step(points, raw)]
    if number is not None:
        name = ORDINALS.get(number, f"attempt {number}")
        steps.append(Step("attempt", standing.attempt_factor, name, "times"))
    return (*steps, Step("late", late, _in_time(standing) if late == 1 else "late", "times"))


def _in_time(standing: PartStanding) -> str:
    """Return why nothing was lost by lateness."""
    days = standing.late_days
    return f"in time by {days} late day{'' if days == 1 else 's'}" if days else "in time"


def _first_step(points: Fraction, credit: Fraction) -> Step:
    why = f"{of_points(points)} (credit {factor(credit)})"
    return Step("credit", points * credit, why, "is")


def part_grade(problem: str, line: PartLine) -> Graded:
    """Return the grade of a part in the problem's own points; one that is out has none."""
    about = f"{problem}, {line.part}"
    if line.voided == "out":
        return _only(remark(about, "voided", OUT, problem=problem, part=line.part))
    score, waiting = _score(line), _waits(line)
    pending = Mark(score, line.points) if waiting else NO_MARK

    def tell() -> tuple[Reckoning, ...]:
        steps = _part_steps(line, _earned(line))
        if line.override is not None:
            steps = (*steps, Step("override", line.override, "set by hand to", "set"))
        return (Reckoning(about, steps, problem, line.part),)

    return Graded(score, line.points, waiting, tell, pending)


def _score(line: PartLine) -> Fraction:
    return _earned(line) if line.override is None else line.override


def _waits(line: PartLine) -> bool:
    return line.waiting and not line.voided and line.override is None


def _earned(line: PartLine) -> Fraction:
    """Return the points of a part before an override: exact products take their time."""
    if line.voided == "full" or line.credit == 1:
        return line.points
    return line.points * line.credit if line.credit else NOTHING


def _part_steps(line: PartLine, score: Fraction) -> tuple[Step, ...]:
    out_of = of_points(line.points)
    if line.voided == "full":
        return (Step("voided", score, f"{out_of} (voided: full marks for everyone)", "is"),)
    if line.credit is None:
        why = "waits to be marked by a person" if line.waiting else "no answer"
        return (Step("credit", NOTHING, f"{out_of} ({why})", "is"),)
    if line.standing is None:
        return (_first_step(line.points, line.credit),)
    return (*_steps_to(line.points, line.standing), Step("score", score, "", "total"))


def _total(
    about: str,
    steps: Callable[[], Sequence[Step]],
    *,
    out_of: Mark,
    pending: Mark,
    waiting: bool,
    override: Fraction | None,
    below: Callable[[], Sequence[Graded]],
    problem: str = "",
) -> Graded:
    """Return the sum with its reckoning after those of what is *below* it.

    Points that a person set stand for all that was to be marked.
    """
    score = out_of.score if override is None else override
    waits = pending if override is None else NO_MARK

    def tell() -> tuple[Reckoning, ...]:
        first = steps()
        sign: Sign = "total" if first else "is"
        every = [*first, Step("score", out_of.score, of_points(out_of.possible), sign)]
        if override is not None:
            every.append(Step("override", override, "set by hand to", "set"))
        elif waits.possible:
            every.append(
                Step("waiting", waits.possible, f"with {that_wait(waits.possible)}", "said")
            )
        reckonings = (one for grade in below() for one in grade.reckonings)
        return (*reckonings, Reckoning(about, tuple(every), problem))

    return Graded(score, out_of.possible, waiting and override is None, tell, waits)


def _only(said: Reckoning) -> Graded:
    """Return no points out of none, with what is to be said of it."""
    return Graded(NOTHING, NOTHING, tell=lambda: (said,))


def _excused(about: str, *, problem: str = "") -> Graded:
    return _only(remark(about, "excused", f"excused, {OUT}", problem=problem))


def _dropped(group: Group, droppable: Mapping[str, Graded]) -> list[str]:
    """Return the problems of a group that do not count, in their order."""
    inside = {name: droppable[name] for name in group.problems if name in droppable}
    marks = {name: grade.settled for name, grade in inside.items()}
    waiting = [name for name, grade in inside.items() if grade.waiting]
    worst = lowest(marks, group.drop_lowest, waiting=waiting)
    return [name for name in inside if name in worst]


def _drop_remark(group: str, name: str, mark: Mark) -> Reckoning:
    why = f"does not count, as the lowest ({shown(mark.percent)} %)"
    return remark(group, "dropped", why, of=name)
