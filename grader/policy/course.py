"""Course grade, in percent."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from grader.policy.drops import NO_MARK, Mark, added, lowest, together
from grader.policy.reckoning import (
    Graded,
    Reckoning,
    Step,
    factor,
    of_points,
    remark,
    shown,
    that_wait,
)
from grader.policy.timeline import NOTHING
from grader.policy.totals import TOTAL

__all__ = ["AssignmentLine", "Category", "course_grade"]

NOT_YET: Final = "nothing is graded yet"
ONLY_EXTRA: Final = "only extra work so far, which needs other work to add to"


@dataclass(frozen=True, slots=True)
class AssignmentLine:
    """An assignment in the course; *score* is None if there is nothing to grade yet.

    An *extra* assignment adds to the score, not to the maximum; an *excused* one to neither.
    *pending* are the points that a person has yet to grade: they count neither way until then.
    """

    id: str
    title: str
    category: str
    score: Fraction | None
    possible: Fraction
    extra: bool = False
    excused: bool = False
    waiting: bool = False
    pending: Mark = NO_MARK

    @property
    def counts(self) -> bool:
        """Whether the assignment enters the total."""
        return self.score is not None and not self.excused

    @property
    def unmarked(self) -> Mark:
        """The points left out until graded; none for extra work, which is in no maximum."""
        return NO_MARK if self.extra or not self.counts else self.pending

    @property
    def settled(self) -> Mark:
        """The score and maximum that count now."""
        return Mark(self.score or NOTHING, self.possible).without(self.unmarked)


@dataclass(frozen=True, slots=True)
class Category:
    """Assignments that count together with a *weight*; the lowest *drop_lowest* are dropped."""

    id: str
    weight: Fraction
    drop_lowest: int = 0


@dataclass(frozen=True, slots=True)
class _Summed:
    """The total of the assignments of a category; *percent* is None if nothing counts yet."""

    percent: Fraction | None
    lines: Sequence[AssignmentLine]
    reckonings: tuple[Reckoning, ...]


def course_grade(
    assignments: Sequence[AssignmentLine], categories: Sequence[Category] = ()
) -> Graded:
    """Return the course grade so far out of 100 percent; 0 out of 0 if nothing is graded yet.

    Categories without a graded assignment leave their weight to the others, in proportion. Without
    categories the points are added up. An assignment outside the categories does not count, nor do
    points that wait for grading; an assignment with such points is never dropped as the lowest.
    """
    excused = [_no_count(one, "excused") for one in assignments if one.excused]
    if not categories:
        only = _summed(TOTAL, assignments, 0)
        return _graded(only.percent, [*excused, *only.reckonings], assignments)
    ids = {category.id for category in categories}
    outside = [
        _no_count(one, "it is in no category")
        for one in assignments
        if one.category not in ids and not one.excused
    ]
    sums = [(category, _of_category(category, assignments)) for category in categories]
    percent, total = _weighted(sums)
    below = [one for _, summed in sums for one in summed.reckonings]
    lines = [one for _, summed in sums for one in summed.lines]
    return _graded(percent, [*excused, *outside, *below, total], lines)


def _graded(
    percent: Fraction | None, said: Sequence[Reckoning], lines: Sequence[AssignmentLine]
) -> Graded:
    """Return the grade of a course with these *lines*, with the points in them that wait."""
    possible = NOTHING if percent is None else Fraction(100)
    waiting = any(one.waiting and not one.excused for one in lines)
    pending = together(one.unmarked for one in lines if one.waiting)
    return Graded(percent or NOTHING, possible, waiting, lambda: tuple(said), pending)


def _of_category(category: Category, assignments: Sequence[AssignmentLine]) -> _Summed:
    lines = [one for one in assignments if one.category == category.id]
    return _summed(category.id, lines, category.drop_lowest)


def _summed(about: str, lines: Sequence[AssignmentLine], drop_lowest: int) -> _Summed:
    """Return the total of graded, not excused assignments without the *drop_lowest* lowest."""
    graded = {one.id: (one, one.settled) for one in lines if one.counts}
    droppable = {name: mark for name, (line, mark) in graded.items() if not line.extra}
    dropped = lowest(droppable, drop_lowest, waiting=[one.id for one in lines if one.waiting])
    kept = {name: pair for name, pair in graded.items() if name not in dropped}
    total = Mark(
        added(mark.score for _, mark in kept.values()),
        added(mark.possible for name, (_, mark) in kept.items() if name in droppable),
    )
    drops = [
        _no_count(graded[name][0], f"the lowest of {about}")
        for name in droppable
        if name in dropped
    ]
    if not total.possible:
        why = ONLY_EXTRA if any(line.extra for line, _ in kept.values()) else NOT_YET
        return _Summed(None, lines, (*drops, remark(about, "empty", why)))
    steps = [Step("assignment", mark.score, _named(line), "plus") for line, mark in kept.values()]
    steps += [
        Step("score", total.score, of_points(total.possible), "total"),
        Step("percent", total.percent, "%", "total"),
    ]
    return _Summed(total.percent, lines, (*drops, Reckoning(about, tuple(steps))))


def _weighted(sums: Sequence[tuple[Category, _Summed]]) -> tuple[Fraction | None, Reckoning]:
    """Return the weighted mean of the categories that have a percentage, and its breakdown."""
    shares = [
        (category, summed.percent)
        for category, summed in sums
        if summed.percent is not None and category.weight > 0
    ]
    whole = added(category.weight for category, _ in shares)
    if not shares:
        return None, remark(TOTAL, "empty", NOT_YET)
    steps = [
        Step(
            "category",
            percent * category.weight / whole,
            f"{category.id}: {shown(percent)} % × {factor(category.weight / whole)}",
            "plus",
        )
        for category, percent in shares
    ]
    total = added(step.value for step in steps)
    return total, Reckoning(TOTAL, (*steps, Step("percent", total, "%", "total")))


def _no_count(line: AssignmentLine, why: str) -> Reckoning:
    return remark(line.title, "left_out", f"does not count: {why}")


def _named(line: AssignmentLine) -> str:
    """Return the title, and how the assignment counts if not as usual."""
    if line.extra:
        return f"{line.title}, extra"
    waits = line.unmarked.possible
    return f"{line.title}, without {that_wait(waits)}" if waits else line.title
