"""Identity of a variant's numbers: draw hash and seed, in any version and at any position.

A draw block that is changed and changed back has the same numbers as before, but another version
may list other seeds of it. So a position in one list says nothing about another list.
"""

from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, func, select
from sqlalchemy.orm import Session

from api.db.engine import fetch_one
from api.db.models import Draw, ProblemVersion, Variant
from api.services.engine.variants import ORIGINAL_POSITION


class VariantIdentity(NamedTuple):
    """Identity of numbers: draw hash and seed, `ORIGINAL_POSITION` for the textbook's numbers."""

    draw_hash: str
    seed: int


DRAW_HASH: Final = ProblemVersion.draw_hash
SEED: Final = func.coalesce(Variant.seed, ORIGINAL_POSITION)
IDENTITY_COLUMNS: Final = (DRAW_HASH, SEED.label("seed"))
"""Columns of `VariantIdentity`, for statements that join the version and the variant."""
IDENTITIES_QUERY: Final = select(Variant.position, *IDENTITY_COLUMNS).join(
    ProblemVersion, ProblemVersion.id == Variant.version_id
)
"""Query for the positions and identities of the variants of versions."""
POSITION_QUERY: Final = IDENTITIES_QUERY.with_only_columns(Variant.position).where(
    Variant.version_id == bindparam("version"),
    bindparam("draw_hash") == DRAW_HASH,
    bindparam("seed") == SEED,
)
IDENTITY_AT_QUERY: Final = IDENTITIES_QUERY.where(
    Variant.version_id == bindparam("version"), Variant.position == bindparam("position")
)


def version_condition(source: Any) -> ColumnElement[bool]:
    """Return the condition that a version is that of *source*: a draw, or a submission.

    *source* may also be the columns of either.
    """
    return and_(ProblemVersion.id == source.version_id)


def variant_condition(source: Any) -> ColumnElement[bool]:
    """Return the condition that a variant is that of *source*, as in `version_condition`."""
    return and_(Variant.version_id == source.version_id, Variant.position == source.position)


def load_identity_at(session: Session, version_id: UUID, position: int) -> VariantIdentity | None:
    """Return the numbers at a position in a version's list, None if it has no such position."""
    row = fetch_one(session, IDENTITY_AT_QUERY, version=version_id, position=position)
    return None if row is None else VariantIdentity(row.draw_hash, row.seed)


def load_identities(session: Session, version_id: UUID) -> dict[int, VariantIdentity]:
    """Return the numbers of a version by position; the original comes first."""
    rows = session.execute(
        IDENTITIES_QUERY.where(Variant.version_id == version_id).order_by(Variant.position)
    )
    return {row.position: VariantIdentity(row.draw_hash, row.seed) for row in rows}


def find_variant_position(
    session: Session, version_id: UUID, identity: VariantIdentity
) -> int | None:
    """Return the position of *identity* in the list of a version, None if it does not list them."""
    return session.scalars(POSITION_QUERY, {"version": version_id, **identity._asdict()}).first()


def load_past_identities(
    session: Session, problem_id: UUID, student_id: UUID
) -> dict[int, VariantIdentity]:
    """Return all numbers that a student has had in a problem, by draw."""
    rows = session.execute(
        select(Draw.number, *IDENTITY_COLUMNS)
        .join(ProblemVersion, version_condition(Draw))
        .join(Variant, variant_condition(Draw))
        .where(Draw.problem_id == problem_id, Draw.student_id == student_id)
    )
    return {row.number: VariantIdentity(row.draw_hash, row.seed) for row in rows}
