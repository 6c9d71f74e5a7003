"""The parts of an assignment as its figures see them, and what is measured of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sqlalchemy import CTE, Float, Integer, String, Uuid, literal, select, union_all

from api.services.analytics.reading import Posed
from grader.kinds import KINDS

__all__ = ["Item", "Items", "items_of"]


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a problem, worth *points* in the assignment."""

    posed: Posed
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

    problems: tuple[Posed, ...]
    items: tuple[Item, ...]

    @cached_property
    def maximum(self) -> float:
        """The points in the parts that count."""
        return sum(item.most for item in self.items if item.counts)

    @cached_property
    def worths(self) -> tuple[float, ...]:
        """The points in the parts of each problem."""
        return tuple(sum(self.items[at].most for at in self.of(one)) for one in self.problems)

    def of(self, problem: Posed) -> Sequence[int]:
        """Return the places of the parts of a problem."""
        return [at for at, item in enumerate(self.items) if item.posed.id == problem.id]

    def table(self, *, by_best: bool) -> CTE:
        """Return the parts as rows; *of_first*: the first answer is measured, not what counts."""
        of = {one.id: at for at, one in enumerate(self.problems)}
        # A list of `VALUES` would have the whole statement compiled anew for each request.
        return union_all(
            *(
                select(
                    literal(at, Integer).label("item"),
                    literal(of[item.posed.id], Integer).label("problem"),
                    literal(item.posed.row.id, Uuid).label("problem_id"),
                    literal(item.part, String).label("part"),
                    literal(item.most, Float).label("most"),
                    literal(self.worths[of[item.posed.id]], Float).label("worth"),
                    literal(int(item.counts), Integer).label("counts"),
                    literal(int(bool(item.voided)), Integer).label("voided"),
                    literal(int(not (by_best or item.by_person)), Integer).label("of_first"),
                )
                for at, item in enumerate(self.items)
            )
        ).cte("items")


def items_of(problems: Iterable[Posed]) -> Items:
    """Return the parts of these problems, scaled to what they are worth in the assignment."""
    posed = tuple(problems)
    return Items(posed, tuple(item for one in posed for item in _parts(one)))


def _parts(posed: Posed) -> Iterable[Item]:
    parts: list[Any] = [
        (part["id"], part["kind"], Fraction(part["points"])) for part in posed.version.parts
    ]
    worth = sum(points for _, _, points in parts)
    own = posed.version.points if posed.row.points is None else posed.row.points
    scale = own / worth if worth else Fraction(0)
    return (Item(posed, part, kind, scale * points) for part, kind, points in parts)
