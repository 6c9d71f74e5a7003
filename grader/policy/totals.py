"""Totals of problems and assignments, exactly and with every step.

The steps are computed on demand: a submission needs only the numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from grader.policy.drops import NO_MARK, Mark, added, lowest, together
from grader.policy.parts import OUT, PartLine, part_grade
from grader.policy.reckoning import (
    Graded,
    Reckoning,
    Sign,
    Step,
    left_out,
    of_points,
    remark,
    shown,
    that_wait,
)
from grader.policy.timeline import FULL, NOTHING

__all__ = [
    "Group",
    "ProblemLine",
    "assignment_grade",
    "problem_grade",
    "total_grade",
]

TOTAL: Final = "Total"


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """A problem of an assignment, worth *points* there; the points of its parts scale to them.

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
    """Group of problems of an assignment; the lowest *drop_lowest* are dropped."""

    id: str
    drop_lowest: int
    problems: tuple[str, ...]


def problem_grade(line: ProblemLine) -> Graded:
    """Return the grade of a problem, in the assignment's points.

    A voided part keeps its share: with *full* everyone gets it, with *out* it is missing from the
    score and from the maximum.
    """
    if line.excused:
        return _excused(line.problem, problem=line.problem)
    inside = [(part, part.score) for part in line.parts if part.voided != "out"]
    waiting = [Mark(score, part.points) for part, score in inside if part.is_pending]
    own = Mark(added([score for _, score in inside]), added([part.points for part, _ in inside]))
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
    """Return the worth of a point of the parts in the assignment."""
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
    """Return the grade of an assignment; problems that a group drops count neither way.

    An unanswered problem has score 0 and keeps its maximum. Excused and extra problems are never
    dropped, nor those in which a person has yet to grade something. Points that wait in extra
    problems are not part of the maximum, and therefore not pending.
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
    """Return the result of `assignment_grade` if the *grades* of its problems are already known."""
    if excused:
        return _excused(TOTAL)
    counting = [(line, grades[line.problem]) for line in problems if not line.excused]
    dropped = _dropped_by(groups, counting) if groups else {}
    kept = [one for one in counting if one[0].problem not in dropped]
    inside = [grade for line, grade in kept if not line.extra]

    def remarks() -> tuple[Reckoning, ...]:
        return tuple(
            _drop_remark(group, name, grades[name].settled) for name, group in dropped.items()
        )

    def steps() -> list[Step]:
        return [
            Step("problem", grade.score, "extra" if line.extra else "", "plus", line.problem)
            for line, grade in kept
        ]

    return _total(
        TOTAL,
        steps,
        out_of=Mark(
            added([grade.score for _, grade in kept]), added([grade.possible for grade in inside])
        ),
        pending=together([grade.pending for grade in inside if grade.waiting]),
        waiting=any(grade.waiting for grade in grades.values()),
        override=override,
        below=lambda: [*grades.values(), Graded(NOTHING, NOTHING, tell=remarks)],
    )


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
    """Return the total with its breakdown after those of its components *below*.

    An override replaces all points, including those that wait for grading.
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


def _excused(about: str, *, problem: str = "") -> Graded:
    return left_out(remark(about, "excused", f"excused, {OUT}", problem=problem))


def _dropped_by(
    groups: Sequence[Group], counting: Sequence[tuple[ProblemLine, Graded]]
) -> dict[str, str]:
    """Return the dropped problems, with the group that drops each."""
    droppable = {line.problem: grade for line, grade in counting if not line.extra}
    return {name: group.id for group in groups for name in _dropped(group, droppable)}


def _dropped(group: Group, droppable: Mapping[str, Graded]) -> list[str]:
    """Return the dropped problems of a group, in their order."""
    inside = {name: droppable[name] for name in group.problems if name in droppable}
    marks = {name: grade.settled for name, grade in inside.items()}
    waiting = [name for name, grade in inside.items() if grade.waiting]
    worst = lowest(marks, group.drop_lowest, waiting=waiting)
    return [name for name in inside if name in worst]


def _drop_remark(group: str, name: str, mark: Mark) -> Reckoning:
    why = f"does not count, as the lowest ({shown(mark.percent)} %)"
    return remark(group, "dropped", why, of=name)
