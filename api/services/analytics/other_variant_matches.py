"""Wrong answers that equal the key of another student's variant. For staff: a sign, not a proof.

The number of chance matches is estimated from published variants that nobody in the class has:
nobody can have copied their keys from a classmate.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    case,
    column,
    exists,
    func,
    select,
    values,
)
from sqlalchemy.orm import Session

from api.db.models import Answer, Draw, ProblemVersion, Variant
from api.schemas.analytics.problem import ForeignKey, ForeignKeys
from api.services.analytics.queries.answers import Students, answers_to
from api.services.analytics.queries.groups import details_of
from api.services.analytics.queries.keys import Keys
from api.services.analytics.queries.query_batch import (
    Asked,
    ask,
    flag,
    hex_of,
    micros_of,
    ordered,
    unordered,
)
from api.services.analytics.wrong_answers import digest_in, mistakes_in
from api.services.engine.variant_identity import (
    DRAW_HASH,
    NUMBERS,
    SEED,
    Numbers,
    variant_of,
    version_of,
)
from api.services.grades import PosedProblem

__all__ = ["foreign_keys"]

FEWEST: Final = 20
"""Below so many keys that nobody has, chance is not estimated."""
MOST: Final = 50


def foreign_keys(
    session: Session, posed: PosedProblem, keys: Keys, students: Students
) -> dict[str, ForeignKeys]:
    """Return by part the wrong answers that are keys of other students.

    Parts for which all students have the same key are left out.
    """
    drawn = _drawn(session, posed, students)
    unheld = {part: _unheld(digests, drawn) for part, digests in keys.digests.items()}
    unlike = {
        part: digests
        for part, digests in keys.digests.items()
        if len({digests[one] for one in drawn if one in digests}) > 1
    }
    if not unlike:
        return {}
    rows = ask(session, _asked(posed, students, unlike, unheld))
    listed = sorted(rows["matches"], key=lambda row: (-row.after, row.held_by, row.answer))
    shown = details_of(session, [row.answer for row in listed])
    return {
        one.part: ForeignKeys(
            wrong=one.wrong,
            matches=one.matches,
            students=one.students,
            by_chance=_by_chance(
                one.by_chance, len({*unlike[one.part].values()}), len(unheld[one.part])
            ),
            rows=tuple(_row(row, shown) for row in listed if row.part == one.part),
        )
        for one in rows["wrong"]
    }


def _drawn(session: Session, posed: PosedProblem, students: Students) -> set[Numbers]:
    """Return the variants that at least one student has."""
    rows = session.execute(
        select(*NUMBERS)
        .select_from(Draw)
        .join(ProblemVersion, version_of(Draw))
        .join(Variant, variant_of(Draw))
        .where(Draw.problem_id == posed.row.id, Draw.student_id.in_(students))
        .distinct()
    )
    return {Numbers(*row) for row in rows}


def _unheld(digests: Mapping[Numbers, str], drawn: set[Numbers]) -> set[str]:
    """Return the keys that no student has."""
    return {*digests.values()} - {digests[one] for one in drawn if one in digests}


def _by_chance(hit: int, all_keys: int, unheld: int) -> float | None:
    """Return the number of matches to expect if no answer came from a classmate.

    The rate is the number of wrong answers per key that nobody holds. None if fewer than `FEWEST`
    keys are unheld.
    """
    return None if unheld < FEWEST else hit * (all_keys - unheld) / unheld


def _row(row: Any, shown: Mapping[str, Any]) -> ForeignKey:
    found = shown[row.answer]
    return ForeignKey(
        answer=found.id,
        submission=found.submission,
        shown=found.shown,
        mistakes=mistakes_in(found.mistakes),
        held_by=row.held_by,
        after_holder=bool(row.after),
    )


def _asked(
    posed: PosedProblem,
    students: Students,
    digests: Mapping[str, Mapping[Numbers, str]],
    unheld: Mapping[str, set[str]],
) -> Asked:
    """Return the queries for the number of matches and for the listed matches."""
    keys = _keys(digests, unheld)
    given = _values(posed, students, list(digests))
    each = _wrong(given, keys, _holders(posed, students, keys))
    parts = select(given.c.part).distinct().subquery()
    wrong = (
        select(
            parts.c.part,
            func.count(each.c.part).label("wrong"),
            func.coalesce(func.sum(each.c.match), 0).label("matches"),
            func.count(case((each.c.match == 1, each.c.student_id)).distinct()).label("students"),
            func.coalesce(func.sum(each.c.missed), 0).label("by_chance"),
        )
        .join(each, each.c.part == parts.c.part, isouter=True)
        .group_by(parts.c.part)
    )
    return {"wrong": wrong, "matches": _listed(each)}


def _wrong(given: CTE, keys: CTE, holders: CTE) -> CTE:
    """Return each wrong value as a row.

    *match*: it is the key of other students; *missed*: it is a key that nobody holds; *after*: one
    of its holders had solved the part before.
    """
    held = _held(given, holders)
    wrong = select(given).where(given.c.right == 0).cte("wrong")
    missed = select(keys.c.part, keys.c.digest).where(keys.c.unheld == 1).distinct().subquery()
    own = exists().where(_alike(holders, wrong), holders.c.student_id == wrong.c.student_id)
    return (
        select(
            wrong.c.part,
            wrong.c.student_id,
            wrong.c.answer,
            flag(held.c.held_by.is_not(None) & ~own).label("match"),
            flag(missed.c.digest.is_not(None)).label("missed"),
            func.coalesce(held.c.held_by, 0).label("held_by"),
            flag(held.c.solved_at < wrong.c.at).label("after"),
        )
        .join(held, _alike(held, wrong), isouter=True)
        .join(missed, _alike(missed, wrong), isouter=True)
        .cte("each_wrong")
    )


def _alike(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Return the condition that two rows have the same part and the same digest."""
    return and_(one.c.part == other.c.part, one.c.digest == other.c.digest)


def _held(given: CTE, holders: CTE) -> CTE:
    """Return the number of holders of each key, and when the first of them solved the part."""
    solved = (
        select(given.c.part, given.c.student_id, func.min(given.c.at).label("at"))
        .where(given.c.right == 1)
        .group_by(given.c.part, given.c.student_id)
        .cte("solved")
    )
    return (
        select(
            holders.c.part,
            holders.c.digest,
            func.count().label("held_by"),
            func.min(solved.c.at).label("solved_at"),
        )
        .join(
            solved,
            and_(solved.c.part == holders.c.part, solved.c.student_id == holders.c.student_id),
            isouter=True,
        )
        .group_by(holders.c.part, holders.c.digest)
        .cte("held")
    )


def _listed(each: CTE) -> Select[Any]:
    """Return the query for the most telling matches of each part, at most `MOST`."""
    one = select(each).where(each.c.match == 1).subquery().c
    place = func.row_number(type_=Integer).over(
        partition_by=one.part, order_by=(one.after.desc(), one.held_by, one.answer)
    )
    placed = select(one.part, one.answer, one.held_by, one.after, place.label("place")).subquery()
    return select(placed).where(placed.c.place <= MOST)


def _keys(digests: Mapping[str, Mapping[Numbers, str]], unheld: Mapping[str, set[str]]) -> CTE:
    """Return the key of each part in every variant, and whether nobody holds it."""
    return (
        values(
            column("part", String),
            column("draw_hash", String),
            column("seed", BigInteger),
            column("digest", String),
            column("unheld", Integer),
            name="keys",
        )
        .data(
            [
                (part, *numbers, digest, int(digest in unheld[part]))
                for part, own in digests.items()
                for numbers, digest in own.items()
            ]
        )
        .cte("keys")
    )


def _values(posed: PosedProblem, students: Students, parts: list[str]) -> CTE:
    """Return each graded value of a student once; *right* is 1 if it has full credit."""
    own = (
        Answer.part,
        Answer.student_id,
        Answer.draw,
        digest_in(Answer.value).label("digest"),
    )
    each = (
        select(
            *own,
            flag(Answer.credit_float >= 1).label("right"),
            micros_of(Answer.received_at).label("at"),
            ordered(Answer.sequence, hex_of(Answer.id)).label("came"),
        )
        .where(
            *answers_to(posed, students),
            Answer.part.in_(parts),
            Answer.credit_float.is_not(None),
        )
        .subquery()
    )
    value = (each.c.part, each.c.student_id, each.c.draw, each.c.digest)
    return (
        select(
            *value,
            func.max(each.c.right).label("right"),
            func.min(each.c.at).label("at"),
            unordered(func.min(each.c.came)).label("answer"),
        )
        .group_by(*value)
        .cte("given")
    )


def _holders(posed: PosedProblem, students: Students, keys: CTE) -> CTE:
    """Return the keys with the students who hold them."""
    return (
        select(keys.c.part, keys.c.digest, Draw.student_id)
        .join(ProblemVersion, version_of(Draw))
        .join(Variant, variant_of(Draw))
        .join(keys, and_(keys.c.draw_hash == DRAW_HASH, keys.c.seed == SEED))
        .where(Draw.problem_id == posed.row.id, Draw.student_id.in_(students))
        .distinct()
        .cte("holders")
    )
