"""Parts of an assignment as analytics sees them."""

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
        """Return ``full`` or ``out`` if the part is void, else an empty string."""
        return str(self.posed.row.voided.get(self.part, ""))

    @property
    def by_person(self) -> bool:
        """Whether a person grades the part. Such a part has no attempts and no key."""
        return KINDS[self.kind].by_person

    @property
    def most(self) -> float:
        """Maximum points; 0 for a void part, which has no statistics."""
        return 0.0 if self.voided else float(self.points)

    @property
    def counts(self) -> bool:
        """Whether the part counts toward the maximum. Void and extra parts do not."""
        return not (self.voided or self.posed.row.extra)


@dataclass(frozen=True)
class Items:
    """The parts of all problems of an assignment, identified by their index."""

    problems: tuple[PosedProblem, ...]
    items: tuple[Item, ...]

    @cached_property
    def maximum(self) -> float:
        """Sum of the points of the parts that count."""
        return sum(item.most for item in self.items if item.counts)

    @cached_property
    def worths(self) -> tuple[float, ...]:
        """Sum of the points of the parts, for each problem."""
        return tuple(sum(self.items[at].most for at in self.of(one)) for one in self.problems)

    def of(self, problem: PosedProblem) -> Sequence[int]:
        """Return the indices of the parts of a problem."""
        return [at for at, item in enumerate(self.items) if item.posed.row.id == problem.row.id]

    def table(self, *, by_best: bool) -> CTE:
        """Return the parts as rows of a CTE.

        *of_first* is 1 if the first answer is measured, and 0 if the answer that counts is.
        """
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
    """Return a part as a `SELECT`: SQLAlchemy would recompile a `VALUES` list for each request."""
    columns: list[Any] = [literal(cells[name], kind).label(name) for name, kind in COLUMNS.items()]
    return select(*columns)


def _no_row() -> Select[Any]:
    """Return an empty row set with the columns of a part."""
    columns: list[Any] = [cast(null(), kind).label(name) for name, kind in COLUMNS.items()]
    return select(*columns).where(false())


def items_of(problems: Iterable[PosedProblem]) -> Items:
    """Return the parts of these problems, with points scaled to those of the assignment."""
    posed = tuple(problems)
    return Items(posed, tuple(item for one in posed for item in _parts(one)))


def _parts(posed: PosedProblem) -> Iterable[Item]:
    parts: list[Any] = [
        (part["id"], part["kind"], Fraction(part["points"])) for part in posed.version.parts
    ]
    worth = sum(points for _, _, points in parts)
    scale = posed.points / worth if worth else Fraction(0)
    return (Item(posed, part, kind, scale * points) for part, kind, points in parts)
