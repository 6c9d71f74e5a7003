"""Identity of a variant's numbers: draw hash and seed, in any version and at any position.

A draw block that is changed and changed back has the same numbers as before, but another version
may list other seeds of it. So a position in one list says nothing about another list.
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
    """The identity of numbers: draw hash and seed, `ORIGINAL` for the textbook's numbers."""

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
    """Return the condition that a version is that of *given*: a draw, or a submission.

    *given* may also be the columns of either.
    """
    return and_(ProblemVersion.id == given.version_id)


def variant_of(given: Any) -> ColumnElement[bool]:
    """Return the condition that a variant is that of *given*, as in `version_of`."""
    return and_(Variant.version_id == given.version_id, Variant.position == given.position)


def numbers_at(session: Session, version_id: UUID, position: int) -> Numbers | None:
    """Return the numbers at a position in a version's list, None if it has no such position."""
    row = find_one(session, LISTED_AT, version=version_id, position=position)
    return None if row is None else Numbers(row.draw_hash, row.seed)


def numbers_in(session: Session, version_id: UUID) -> dict[int, Numbers]:
    """Return the numbers of a version by position; the original comes first."""
    rows = session.execute(
        LISTED.where(Variant.version_id == version_id).order_by(Variant.position)
    )
    return {row.position: Numbers(row.draw_hash, row.seed) for row in rows}


def position_in(session: Session, version_id: UUID, numbers: Numbers) -> int | None:
    """Return the position of *numbers* in the list of a version, None if it does not list them."""
    return session.scalars(PLACE_OF, {"version": version_id, **numbers._asdict()}).first()


def numbers_had(session: Session, problem_id: UUID, student_id: UUID) -> dict[int, Numbers]:
    """Return all numbers that a student has had in a problem, by draw."""
    rows = session.execute(
        select(Draw.number, *NUMBERS)
        .join(ProblemVersion, version_of(Draw))
        .join(Variant, variant_of(Draw))
        .where(Draw.problem_id == problem_id, Draw.student_id == student_id)
    )
    return {row.number: Numbers(row.draw_hash, row.seed) for row in rows}
