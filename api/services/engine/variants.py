"""Cache of published problems and variants, loaded from the database.

A version never changes, so a cached value stays valid while the process runs.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from api.core.cache import Cache
from api.core.errors import NotFound
from api.db.models import ProblemVersion
from api.db.models import Variant as VariantRow
from grader import ENGINE
from grader.definitions.problem import Problem
from grader.variants.variant import Variant
from problems.book import BOOK
from problems.loader import load_problem
from problems.stored import load_variant, rekey_variant

__all__ = ["ORIGINAL", "Variants", "chosen_position"]

ORIGINAL: Final = -1
"""The position of the textbook variant."""
SEEDS_TOLD: Final = 10
PROBLEMS_KEPT: Final = 1024
VARIANTS_KEPT: Final = 4096


def chosen_position(
    session: Session, version_id: UUID, *, seed: int | None = None, position: int | None = None
) -> int:
    """Return the position of the variant with *seed* or at *position*, by default of the first.

    The original comes before all others. Raises `NotFound`, which lists the variants that exist.
    """
    rows = session.execute(
        select(VariantRow.position, VariantRow.seed)
        .where(VariantRow.version_id == version_id)
        .order_by(VariantRow.position)
    ).all()
    wanted: list[int] = [
        row.position
        for row in rows
        if seed in {None, row.seed} and position in {None, row.position}
    ]
    if not wanted:
        raise NotFound(f"There is no such variant. {_published(rows)}")
    return wanted[0]


def _published(rows: Sequence[Row[int, int | None]]) -> str:
    """Return a sentence that lists the published variants."""
    seeds = [row.seed for row in rows if row.seed is not None]
    more = ", ..." if len(seeds) > SEEDS_TOLD else ""
    told = [f"position {ORIGINAL}, the original"] if rows and rows[0].position == ORIGINAL else []
    if seeds:
        listed = ", ".join(map(str, seeds[:SEEDS_TOLD]))
        told.append(f"positions 0 to {len(seeds) - 1} with the seeds {listed}{more}")
    return f"Published are {' and '.join(told)}."


class Variants:
    """Cache of problems by version, and of their variants by position."""

    def __init__(self) -> None:
        self._problems: Cache[UUID, Problem] = Cache(PROBLEMS_KEPT)
        self._variants: Cache[tuple[UUID, int], Variant] = Cache(VARIANTS_KEPT)

    def problem(self, version: ProblemVersion) -> Problem:
        """Return the problem of a version."""
        return self._problems.get(
            version.id, lambda: load_problem(version.source, file=f"{version.problem}.yaml")
        )

    def kept(self, version_id: UUID, position: int) -> Variant | None:
        """Return a variant if it is cached, else None."""
        return self._variants.find((version_id, position))

    def variant(self, session: Session, version_id: UUID, position: int) -> Variant:
        """Return a variant with the current engine's keys; raise `NotFound` if there is none."""
        key = version_id, position
        return self._variants.get(key, lambda: self._load(session, version_id, position))

    def _load(self, session: Session, version_id: UUID, position: int) -> Variant:
        version = session.get(ProblemVersion, version_id)
        row = session.scalar(
            select(VariantRow).where(
                VariantRow.version_id == version_id, VariantRow.position == position
            )
        )
        if version is None or row is None:
            raise NotFound("There is no such variant.")
        problem = self.problem(version)
        if row.data.get("engine") != ENGINE:
            return rekey_variant(row.data, problem, BOOK)
        return load_variant(row.data, problem, BOOK)
