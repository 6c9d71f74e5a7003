"""The same numbers: those of one draw block and one seed, whichever version lists them, and where.

A draw block that was changed and changed back has the numbers that it had, but another marking may
have been published with other seeds of it: a place in one list says nothing about another.
"""

from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, func, select
from sqlalchemy.orm import Session

from api.db.engine import find_one
from api.db.models import Draw, ProblemVersion, Variant
from api.services.engine.variants import ORIGINAL

__all__ = [
    "DRAW_HASH",
    "NUMBERS",
    "SEED",
    "Numbers",
    "numbers_at",
    "numbers_had",
    "numbers_in",
    "position_in",
    "variant_of",
    "version_of",
]


class Numbers(NamedTuple):
    """What numbers are known by; the seed of the original is that place of it before all others."""

    draw_hash: str
    seed: int


DRAW_HASH: Final = ProblemVersion.draw_hash
SEED: Final = func.coalesce(Variant.seed, ORIGINAL)
NUMBERS: Final = (DRAW_HASH, SEED.label("seed"))
"""The columns of `Numbers`, where a statement joins the version and the variant."""
LISTED: Final = select(Variant.position, *NUMBERS).join(
    ProblemVersion, ProblemVersion.id == Variant.version_id
)
"""The numbers in the lists of versions, with their places."""
PLACE_OF: Final = LISTED.with_only_columns(Variant.position).where(
    Variant.version_id == bindparam("version"),
    bindparam("draw_hash") == DRAW_HASH,
    bindparam("seed") == SEED,
)
LISTED_AT: Final = LISTED.where(
    Variant.version_id == bindparam("version"), Variant.position == bindparam("position")
)


def version_of(given: Any) -> ColumnElement[bool]:
    """Return the condition that a version is that of which something has numbers.

    That is a draw, a submission, or the columns of either.
    """
    return and_(ProblemVersion.id == given.version_id)


def variant_of(given: Any) -> ColumnElement[bool]:
    """Return the condition that a variant has the numbers of something, as in `version_of`."""
    return and_(Variant.version_id == given.version_id, Variant.position == given.position)


def numbers_at(session: Session, version_id: UUID, position: int) -> Numbers | None:
    """Return the numbers at one place in the list of a version, None where it has no such place."""
    row = find_one(session, LISTED_AT, version=version_id, position=position)
    return None if row is None else Numbers(row.draw_hash, row.seed)


def numbers_in(session: Session, version_id: UUID) -> dict[int, Numbers]:
    """Return the numbers in the list of a version by their places, the original before all."""
    rows = session.execute(
        LISTED.where(Variant.version_id == version_id).order_by(Variant.position)
    )
    return {row.position: Numbers(row.draw_hash, row.seed) for row in rows}


def position_in(session: Session, version_id: UUID, numbers: Numbers) -> int | None:
    """Return the place of *numbers* in the list of a version, None where it does not have them."""
    return session.scalars(PLACE_OF, {"version": version_id, **numbers._asdict()}).first()


def numbers_had(session: Session, problem_id: UUID, student_id: UUID) -> dict[int, Numbers]:
    """Return the numbers that a student has had at a problem, by draw."""
    rows = session.execute(
        select(Draw.number, *NUMBERS)
        .join(ProblemVersion, version_of(Draw))
        .join(Variant, variant_of(Draw))
        .where(Draw.problem_id == problem_id, Draw.student_id == student_id)
    )
    return {row.number: Numbers(row.draw_hash, row.seed) for row in rows}
