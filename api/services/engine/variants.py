"""Cache of published problems and variants, loaded from the database.

A version never changes, so a cached value stays valid while the process runs.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from api.core.cache import LruCache
from api.core.errors import NotFound
from api.db.models import ProblemVersion
from api.db.models import Variant as VariantRow
from grader import ENGINE
from grader.definitions.problem import Problem
from grader.variants.variant import Variant
from problems.files.loader import load_problem
from problems.registry import REGISTRY
from problems.variant_serialization import load_variant, rekey_variant

ORIGINAL_POSITION: Final = -1
"""Position of the textbook variant."""
MAX_LISTED_SEEDS: Final = 10
PROBLEM_CACHE_SIZE: Final = 1024
VARIANT_CACHE_SIZE: Final = 4096


def resolve_variant_position(
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
    positions: list[int] = [
        row.position
        for row in rows
        if seed in {None, row.seed} and position in {None, row.position}
    ]
    if not positions:
        raise NotFound(f"There is no such variant. {_describe_published(rows)}")
    return positions[0]


def _describe_published(rows: Sequence[Row[int, int | None]]) -> str:
    """Return a sentence that lists the published variants."""
    seeds = [row.seed for row in rows if row.seed is not None]
    more = ", ..." if len(seeds) > MAX_LISTED_SEEDS else ""
    phrases = (
        [f"position {ORIGINAL_POSITION}, the original"]
        if rows and rows[0].position == ORIGINAL_POSITION
        else []
    )
    if seeds:
        listed = ", ".join(map(str, seeds[:MAX_LISTED_SEEDS]))
        phrases.append(f"positions 0 to {len(seeds) - 1} with the seeds {listed}{more}")
    return f"The published variants are {' and '.join(phrases)}."


class VariantCache:
    """Cache of problems by version, and of their variants by position."""

    def __init__(self) -> None:
        self._problems: LruCache[UUID, Problem] = LruCache(PROBLEM_CACHE_SIZE)
        self._variants: LruCache[tuple[UUID, int], Variant] = LruCache(VARIANT_CACHE_SIZE)

    def get_problem(self, version: ProblemVersion) -> Problem:
        """Return the problem of a version."""
        return self._problems.get_or_create(
            version.id, lambda: load_problem(version.source, file=f"{version.problem}.yaml")
        )

    def get_cached_variant(self, version_id: UUID, position: int) -> Variant | None:
        """Return a variant if it is cached, else None."""
        return self._variants.find((version_id, position))

    def get_variant(self, session: Session, version_id: UUID, position: int) -> Variant:
        """Return a variant with the current engine's keys; raise `NotFound` if there is none."""
        key = version_id, position
        return self._variants.get_or_create(
            key, lambda: self._load_variant(session, version_id, position)
        )

    def _load_variant(self, session: Session, version_id: UUID, position: int) -> Variant:
        version = session.get(ProblemVersion, version_id)
        row = session.scalar(
            select(VariantRow).where(
                VariantRow.version_id == version_id, VariantRow.position == position
            )
        )
        if version is None or row is None:
            raise NotFound("There is no such variant.")
        problem = self.get_problem(version)
        if row.data.get("engine") != ENGINE:
            return rekey_variant(row.data, problem, REGISTRY)
        return load_variant(row.data, problem, REGISTRY)
