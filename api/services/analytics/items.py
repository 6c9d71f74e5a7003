"""The parts of an assignment as its figures see them, and what is measured of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

from sqlalchemy import (
    CTE,
    Float,
    Integer,
    Select,
    String,
    Uuid,
    cast,
    false,
    literal,
    null,
    select,
    union_all,
)

from api.services.grades import PosedProblem
from grader.kinds import KINDS

__all__ = ["Item", "Items", "items_of"]

COLUMNS: Final = {
    "item": Integer,
    "problem": Integer,
    "problem_id": Uuid,
    "part": String,
    "most": Float,
    "worth": Float,
    "counts": Integer,
    "voided": Integer,
    "of_first": Integer,
}
"""Of the parts as rows, with their types."""


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a problem, worth *points* in the assignment."""

    posed: PosedProblem
    part: str
    kind: str
    points: Fraction

    @property
    def voided(self) -> str:
        """``full`` or ``out`` where the part does not count as it was marked."""
        return str(self.posed.row.voided.get(self.part, ""))

    @property
    def by_person(self) -> bool:
        """Whether a person marks it, so that it has no attempts and no key."""
        return KINDS[self.kind].by_person

    @property
    def most(self) -> float:
        """Its points; 0 for a void one, which has no figures."""
        return 0.0 if self.voided else float(self.points)

    @property
    def counts(self) -> bool:
        """Whether it belongs to the maximum: nothing that is void or extra does."""
        return not (self.voided or self.posed.row.extra)


@dataclass(frozen=True)
class Items:
    """The parts of all problems of an assignment, each known by its place."""

    problems: tuple[PosedProblem, ...]
    items: tuple[Item, ...]

    @cached_property
    def maximum(self) -> float:
        """The points in the parts that count."""
        return sum(item.most for item in self.items if item.counts)

    @cached_property
    def worths(self) -> tuple[float, ...]:
        """The points in the parts of each problem."""
        return tuple(sum(self.items[at].most for at in self.of(one)) for one in self.problems)

    def of(self, problem: PosedProblem) -> Sequence[int]:
        """Return the places of the parts of a problem."""
        return [at for at, item in enumerate(self.items) if item.posed.row.id == problem.row.id]

    def table(self, *, by_best: bool) -> CTE:
        """Return the parts as rows; *of_first*: the first answer is measured, not what counts."""
        number = {one.row.id: at for at, one in enumerate(self.problems)}
        rows = [
            _row(
                item=at,
                problem=number[item.posed.row.id],
                problem_id=item.posed.row.id,
                part=item.part,
                most=item.most,
                worth=self.worths[number[item.posed.row.id]],
                counts=int(item.counts),
                voided=int(bool(item.voided)),
                of_first=int(not (by_best or item.by_person)),
            )
            for at, item in enumerate(self.items)
        ]
        return union_all(*(rows or [_no_row()])).cte("items")


def _row(**cells: Any) -> Select[Any]:
    """Return a part as a row; a list of `VALUES` would be compiled anew for each request."""
    columns: list[Any] = [literal(cells[name], kind).label(name) for name, kind in COLUMNS.items()]
    return select(*columns)


def _no_row() -> Select[Any]:
    """Return what stands for the parts where there are none."""
    columns: list[Any] = [cast(null(), kind).label(name) for name, kind in COLUMNS.items()]
    return select(*columns).where(false())


def items_of(problems: Iterable[PosedProblem]) -> Items:
    """Return the parts of these problems, scaled to what they are worth in the assignment."""
    posed = tuple(problems)
    return Items(posed, tuple(item for one in posed for item in _parts(one)))


def _parts(posed: PosedProblem) -> Iterable[Item]:
    parts: list[Any] = [
        (part["id"], part["kind"], Fraction(part["points"])) for part in posed.version.parts
    ]
    worth = sum(points for _, _, points in parts)
    scale = posed.points / worth if worth else Fraction(0)
    return (Item(posed, part, kind, scale * points) for part, kind, points in parts)
