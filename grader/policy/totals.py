"""Totals of problems and assignments, exactly and with every step.

The steps are computed on demand: a submission needs only the numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from grader.policy.drops import NO_SCORE, Score, select_lowest_to_drop, sum_fractions, sum_scores
from grader.policy.parts import EXCLUDED_TEXT, PartLine, compute_part_grade
from grader.policy.score_breakdown import (
    BreakdownStep,
    ComputedGrade,
    ScoreBreakdown,
    StepSign,
    build_excluded_grade,
    build_remark_breakdown,
    format_maximum,
    format_rounded_number,
    format_ungraded_points,
)
from grader.policy.timeline import FULL_CREDIT, ZERO

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
class ProblemGroup:
    """Group of problems of an assignment; the lowest *drop_lowest* are dropped."""

    id: str
    drop_lowest: int
    problems: tuple[str, ...]


def compute_problem_grade(line: ProblemLine) -> ComputedGrade:
    """Return the grade of a problem, in the assignment's points.

    A voided part keeps its share: with *full* everyone gets it, with *out* it is missing from the
    score and from the maximum.
    """
    if line.excused:
        return _build_excused_grade(line.problem, problem=line.problem)
    inside = [(part, part.score) for part in line.parts if part.voided != "out"]
    waiting = [Score(score, part.points) for part, score in inside if part.is_pending]
    parts_score = Score(
        sum_fractions([score for _, score in inside]),
        sum_fractions([part.points for part, _ in inside]),
    )
    scale = _compute_point_scale(line)

    def build_steps() -> list[BreakdownStep]:
        steps = [BreakdownStep("part", score, "", "plus", part.part) for part, score in inside]
        if steps and scale != 1:
            steps += [
                BreakdownStep(
                    "sum", parts_score.score, format_maximum(parts_score.possible), "total"
                ),
                BreakdownStep(
                    "scale", scale, f"worth {format_rounded_number(line.points)} here", "times"
                ),
            ]
        return steps

    return _build_total_grade(
        line.problem,
        build_steps,
        out_of=parts_score.scale_by(scale),
        pending=sum_scores(waiting).scale_by(scale),
        waiting=bool(waiting),
        override=line.override,
        below=lambda: [compute_part_grade(line.problem, part) for part in line.parts],
        problem=line.problem,
    )


def _compute_point_scale(line: ProblemLine) -> Fraction:
    """Return the worth of a point of the parts in the assignment."""
    worth = sum_fractions(part.points for part in line.parts)
    if not worth:
        return ZERO
    return FULL_CREDIT if line.points == worth else line.points / worth


def compute_assignment_grade(
    problems: Sequence[ProblemLine],
    groups: Sequence[ProblemGroup] = (),
    *,
    override: Fraction | None = None,
    excused: bool = False,
) -> ComputedGrade:
    """Return the grade of an assignment; problems that a group drops count neither way.

    An unanswered problem has score 0 and keeps its maximum. Excused and extra problems are never
    dropped, nor those in which a person has yet to grade something. Points that wait in extra
    problems are not part of the maximum, and therefore not pending.
    """
    grades = {} if excused else {line.problem: compute_problem_grade(line) for line in problems}
    return combine_problem_grades(grades, problems, groups, override=override, excused=excused)


def combine_problem_grades(
    grades: Mapping[str, ComputedGrade],
    problems: Sequence[ProblemLine],
    groups: Sequence[ProblemGroup] = (),
    *,
    override: Fraction | None = None,
    excused: bool = False,
) -> ComputedGrade:
    """Return the result of `compute_assignment_grade` from the *grades* of its problems."""
    if excused:
        return _build_excused_grade(TOTAL)
    counting = [(line, grades[line.problem]) for line in problems if not line.excused]
    dropped = _find_dropped_problems(groups, counting) if groups else {}
    remaining = [one for one in counting if one[0].problem not in dropped]
    inside = [grade for line, grade in remaining if not line.extra]

    def build_remarks() -> tuple[ScoreBreakdown, ...]:
        return tuple(
            _build_drop_remark(group, name, grades[name].graded_score)
            for name, group in dropped.items()
        )

    def build_steps() -> list[BreakdownStep]:
        return [
            BreakdownStep(
                "problem", grade.score, "extra" if line.extra else "", "plus", line.problem
            )
            for line, grade in remaining
        ]

    return _build_total_grade(
        TOTAL,
        build_steps,
        out_of=Score(
            sum_fractions([grade.score for _, grade in remaining]),
            sum_fractions([grade.possible for grade in inside]),
        ),
        pending=sum_scores([grade.pending for grade in inside if grade.waiting]),
        waiting=any(grade.waiting for grade in grades.values()),
        override=override,
        below=lambda: [*grades.values(), ComputedGrade(ZERO, ZERO, build_breakdowns=build_remarks)],
    )


def _build_total_grade(
    about: str,
    build_steps: Callable[[], Sequence[BreakdownStep]],
    *,
    out_of: Score,
    pending: Score,
    waiting: bool,
    override: Fraction | None,
    below: Callable[[], Sequence[ComputedGrade]],
    problem: str = "",
) -> ComputedGrade:
    """Return the total with its breakdown after those of its components *below*.

    An override replaces all points, including those that wait for grading.
    """
    score = out_of.score if override is None else override
    waits = pending if override is None else NO_SCORE

    def build_breakdowns() -> tuple[ScoreBreakdown, ...]:
        first = build_steps()
        sign: StepSign = "total" if first else "is"
        every = [
            *first,
            BreakdownStep("score", out_of.score, format_maximum(out_of.possible), sign),
        ]
        if override is not None:
            every.append(BreakdownStep("override", override, "set by hand to", "set"))
        elif waits.possible:
            every.append(
                BreakdownStep(
                    "waiting",
                    waits.possible,
                    f"with {format_ungraded_points(waits.possible)}",
                    "text",
                )
            )
        breakdowns = (breakdown for grade in below() for breakdown in grade.breakdowns)
        return (*breakdowns, ScoreBreakdown(about, tuple(every), problem))

    return ComputedGrade(
        score, out_of.possible, waiting and override is None, build_breakdowns, waits
    )


def _build_excused_grade(about: str, *, problem: str = "") -> ComputedGrade:
    return build_excluded_grade(
        build_remark_breakdown(about, "excused", f"excused, {EXCLUDED_TEXT}", problem=problem)
    )


def _find_dropped_problems(
    groups: Sequence[ProblemGroup], counting: Sequence[tuple[ProblemLine, ComputedGrade]]
) -> dict[str, str]:
    """Return the dropped problems, with the group that drops each."""
    droppable = {line.problem: grade for line, grade in counting if not line.extra}
    return {
        name: group.id for group in groups for name in _select_dropped_in_group(group, droppable)
    }


def _select_dropped_in_group(
    group: ProblemGroup, droppable: Mapping[str, ComputedGrade]
) -> list[str]:
    """Return the dropped problems of a group, in their order."""
    inside = {name: droppable[name] for name in group.problems if name in droppable}
    marks = {name: grade.graded_score for name, grade in inside.items()}
    waiting = [name for name, grade in inside.items() if grade.waiting]
    worst = select_lowest_to_drop(marks, group.drop_lowest, waiting=waiting)
    return [name for name in inside if name in worst]


def _build_drop_remark(group: str, name: str, mark: Score) -> ScoreBreakdown:
    why = f"does not count, as the lowest ({format_rounded_number(mark.percent)} %)"
    return build_remark_breakdown(group, "dropped", why, of=name)
