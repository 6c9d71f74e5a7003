"""Parts of an assignment as analytics sees them."""

from collections.abc import Hashable, Iterable, Sequence
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

from api.services.grades import VersionedProblem
from grader.kinds import KINDS

ITEM_COLUMN_TYPES: Final = {
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
"""Columns of the parts as rows, with their types."""


@dataclass(frozen=True, slots=True)
class AssignmentItem:
    """A part of a problem, worth *points* in the assignment."""

    problem: VersionedProblem
    part: str
    kind: str
    points: Fraction

    @property
    def void_mode(self) -> str:
        """Return ``full`` or ``out`` if the part is void, else an empty string."""
        return str(self.problem.row.voided.get(self.part, ""))

    @property
    def by_person(self) -> bool:
        """Whether a person grades the part. Such a part has no attempts and no key."""
        return KINDS[self.kind].by_person

    @property
    def max_points(self) -> float:
        """Maximum points; 0 for a void part, which has no statistics."""
        return 0.0 if self.void_mode else float(self.points)

    @property
    def counts_toward_maximum(self) -> bool:
        """Whether the part counts toward the maximum. Void and extra parts do not."""
        return not (self.void_mode or self.problem.row.extra)


@dataclass(frozen=True)
class AssignmentItems:
    """The parts of all problems of an assignment, identified by their index."""

    problems: tuple[VersionedProblem, ...]
    items: tuple[AssignmentItem, ...]

    @cached_property
    def maximum(self) -> float:
        """Sum of the points of the parts that count."""
        return sum(item.max_points for item in self.items if item.counts_toward_maximum)

    @cached_property
    def problem_max_points(self) -> tuple[float, ...]:
        """Sum of the points of the parts, for each problem."""
        return tuple(
            sum(self.items[at].max_points for at in self.get_item_indices(problem))
            for problem in self.problems
        )

    def get_item_indices(self, problem: VersionedProblem) -> Sequence[int]:
        """Return the indices of the parts of a problem."""
        return [
            index for index, item in enumerate(self.items) if item.problem.row.id == problem.row.id
        ]

    def to_key(self) -> Hashable:
        """Return everything about the parts on which queries depend."""
        return (
            tuple(problem.row.id for problem in self.problems),
            tuple(
                (
                    item.problem.row.id,
                    item.part,
                    item.kind,
                    item.points,
                    item.void_mode,
                    item.problem.row.extra,
                )
                for item in self.items
            ),
        )

    def to_cte(self, *, by_best: bool) -> CTE:
        """Return the parts as rows of a CTE.

        *of_first* is 1 if the first answer is measured, and 0 if the answer that counts is.
        """
        problem_indices = {problem.row.id: index for index, problem in enumerate(self.problems)}
        rows = [
            _select_item(
                item=index,
                problem=problem_indices[item.problem.row.id],
                problem_id=item.problem.row.id,
                part=item.part,
                most=item.max_points,
                worth=self.problem_max_points[problem_indices[item.problem.row.id]],
                counts=int(item.counts_toward_maximum),
                voided=int(bool(item.void_mode)),
                of_first=int(not (by_best or item.by_person)),
            )
            for index, item in enumerate(self.items)
        ]
        return union_all(*(rows or [_select_no_items()])).cte("items")


def _select_item(**cells: Any) -> Select[Any]:
    """Return a part as a `SELECT`: SQLAlchemy would recompile a `VALUES` list for each request."""
    columns: list[Any] = [
        literal(cells[name], kind).label(name) for name, kind in ITEM_COLUMN_TYPES.items()
    ]
    return select(*columns)


def _select_no_items() -> Select[Any]:
    """Return an empty row set with the columns of a part."""
    columns: list[Any] = [
        cast(null(), kind).label(name) for name, kind in ITEM_COLUMN_TYPES.items()
    ]
    return select(*columns).where(false())


def collect_items(problems: Iterable[VersionedProblem]) -> AssignmentItems:
    """Return the parts of these problems, with points scaled to those of the assignment."""
    all_problems = tuple(problems)
    return AssignmentItems(
        all_problems,
        tuple(item for problem in all_problems for item in _build_scaled_items(problem)),
    )


def _build_scaled_items(problem: VersionedProblem) -> Iterable[AssignmentItem]:
    parts: list[Any] = [
        (part["id"], part["kind"], Fraction(part["points"])) for part in problem.version.parts
    ]
    total_points = sum(points for _, _, points in parts)
    scale = problem.points / total_points if total_points else Fraction(0)
    return (AssignmentItem(problem, part, kind, scale * points) for part, kind, points in parts)
