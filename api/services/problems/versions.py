"""Stored versions of problems: numbered, with the variants that students draw from."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.core.ids import new_id
from api.db.models import ProblemVersion, Variant
from api.db.upserts import insert_rows
from api.services.engine.variants import ORIGINAL_POSITION
from api.services.problems.publishing import PublishedProblem

BANK: Final = "bank"
"""Space of the problems that every course may use."""


def load_newest_version(
    session: Session, problem: str, *, space: str = BANK
) -> ProblemVersion | None:
    """Return the newest published version of a problem; None if there is none."""
    return session.scalar(
        select(ProblemVersion)
        .where(
            ProblemVersion.space == space,
            ProblemVersion.problem == problem,
            ProblemVersion.status == "published",
        )
        .order_by(ProblemVersion.number.desc())
        .limit(1)
    )


def load_variants(session: Session, version_id: UUID) -> tuple[dict[str, Any], ...]:
    """Return the stored variants of a version, ordered by position."""
    return tuple(
        session.scalars(
            select(Variant.data).where(Variant.version_id == version_id).order_by(Variant.position)
        )
    )


def space_kind(version: ProblemVersion) -> Literal["bank", "course"]:
    """Return whether a version belongs to the bank or to a course."""
    return "bank" if version.space == BANK else "course"


def part_titles(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the titles of the parts of a version by id, without parts that have no title."""
    return {part["id"]: part["title"] for part in parts if "title" in part}


def store_version(
    session: Session,
    published: PublishedProblem,
    source: str,
    *,
    now: datetime,
    space: str = BANK,
    created_by: UUID | None = None,
    note: str = "",
    based_on: UUID | None = None,
) -> ProblemVersion:
    """Store a published version under the next number, with its variants; return it."""
    last = session.scalar(
        select(func.max(ProblemVersion.number)).where(
            ProblemVersion.space == space, ProblemVersion.problem == published.id
        )
    )
    rows = list(_build_variant_rows(published.variants))
    version = ProblemVersion(
        id=new_id(),
        space=space,
        problem=published.id,
        number=(last or 0) + 1,
        status="published",
        source=source,
        title=published.title,
        topic=published.topic,
        difficulty=published.difficulty,
        points=published.points,
        parts=[dict(part) for part in published.parts],
        draw_hash=published.draw_hash,
        marking_hash=published.marking_hash,
        engine=published.engine,
        variants=sum(row["position"] != ORIGINAL_POSITION for row in rows),
        report=dict(published.report),
        note=note,
        based_on=based_on,
        created_by=created_by,
        created_at=now,
    )
    session.add(version)
    session.flush()
    insert_rows(session, Variant, [{**row, "version_id": version.id} for row in rows])
    return version


def _build_variant_rows(variants: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """Yield the rows of variants: the original at `ORIGINAL_POSITION`, the others in order."""
    position = 0
    for data in variants:
        if data["seed"] is None:
            yield {"position": ORIGINAL_POSITION, "seed": None, "data": dict(data)}
        else:
            yield {"position": position, "seed": data["seed"], "data": dict(data)}
            position += 1
