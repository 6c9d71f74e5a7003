"""Wrong answers to a part, grouped by value if all students have the same variant, else by cause.

If variants differ, equal mistakes give unequal values. Answers are then grouped by the mistakes
that explain them, and only unexplained ones by variant and value. The database groups the answers
and returns the largest groups.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import CTE, Integer, Select, String, Subquery, case, cast, func, select

from api.db.models import Draw, ProblemVersion, Variant
from api.services.analytics.queries.query_batch import (
    ORDERED,
    Asked,
    flag,
    hex_of,
    ordered,
    unordered,
)
from api.services.analytics.queries.units import PART, Units
from api.services.engine.assigned_variant import draw_of
from api.services.engine.variant_identity import NUMBERS, Numbers, variant_of, version_of

__all__ = ["MOST", "Wrong", "answer_in", "digest_in", "mistakes_in"]

MOST: Final = 200
"""So many of the largest groups of a part come from the database, explained and unexplained."""
MOST_DOUBTS: Final = 50
DIGEST: Final = 64
"""The length of a digest; behind it stands the number of the draw."""
HEX: Final = 32
MOMENT: Final = 16
"""The length of a moment in microseconds, from 2001 to 2286."""
GROUP: Final = ("item", "mistakes", *Numbers._fields, "own")
"""By what a group is known."""
SUMS: Final = ("n", "in_top", "total", "totals")
"""What is added up of the answers that are equal."""


class Wrong:
    """Relations of the wrong answers to the parts at the indices *places*."""

    def __init__(self, units: Units, places: Sequence[int]) -> None:
        self._answers = _answers(units.ranked, places)
        self._right = _right(self._answers)
        self._by_value = _by_value(self._answers)
        self._groups = _groups(self._by_value, self._right)

    def doubted(self) -> Asked:
        """Return the queries for the groups that have more votes than the key."""
        return {"right": select(self._right), "groups": self._listed(self._doubts())}

    def listed(self) -> Asked:
        """Return the queries for the largest groups and for those that may be the key."""
        near = (self._groups.c.place <= MOST) | self._doubts()
        return {
            "right": select(self._right),
            "groups": self._listed(near),
            "mistakes": self._by_mistakes(),
            "tallies": self._tallies(),
        }

    def _doubts(self) -> Any:
        one = self._groups.c
        return (one.in_top > one.right_in_top) & (one.doubt <= MOST_DOUBTS)

    def _listed(self, condition: Any) -> Select[Any]:
        return select(self._groups).where(condition)

    def _by_mistakes(self) -> Select[Any]:
        one = self._by_value.c
        return (
            select(
                one.item,
                one.mistakes,
                func.sum(one.n).label("n"),
                func.sum(one.total).label("total"),
                func.sum(one.totals).label("totals"),
            )
            .where(one.mistakes != "")
            .group_by(one.item, one.mistakes)
        )

    def _tallies(self) -> Select[Any]:
        one = self._answers.c
        own = (one.item, one.draw_hash, one.seed)
        right = func.sum(flag(one.full == 1)).label("right")
        return select(*own, func.count().label("n"), right).group_by(*own)

    def brief(self) -> Asked:
        """Return the query for the most common group of each part: of one cause, or of one value.

        Among groups of equal size, the one with the lowest student id wins.
        """
        each = self._by_value.c
        alone = each.mistakes == ""
        own = (
            each.item,
            each.mistakes,
            case((alone, each.draw_hash), else_="").label("draw_hash"),
            case((alone, each.seed), else_=0).label("seed"),
            case((alone, each.own), else_="").label("own"),
        )
        labelled = select(*own, each.value, each.n, each.who).subquery()
        label = tuple(labelled.c[name] for name in GROUP)
        n = func.sum(labelled.c.n)
        groups = (
            select(
                *label,
                n.label("n"),
                func.count(labelled.c.value.distinct()).label("different"),
                func.min(labelled.c.who).label("who"),
            )
            .group_by(*label)
            .subquery()
        )
        one = groups.c
        part: dict[str, Any] = {"partition_by": one.item}
        placed = select(
            one.item,
            one.mistakes,
            one.n,
            one.different,
            one.who,
            func.sum(one.n).over(**part).label("wrong"),
            func.sum(case((one.mistakes == "", one.n), else_=0)).over(**part).label("unexplained"),
            func.row_number(type_=Integer)
            .over(**part, order_by=(one.n.desc(), one.who))
            .label("place"),
        ).subquery()
        return {"brief": select(placed).where(placed.c.place == 1)}


def _answers(ranked: CTE, places: Sequence[int]) -> CTE:
    """Return the graded first answers with their variants.

    *right* is null if an answer follows from the student's own earlier ones.
    """
    one = ranked.c
    return (
        select(
            one.unit.label("item"),
            one.right,
            one.full_credit.label("full"),
            one.in_top,
            one.total,
            one.mistakes,
            one.value,
            digest_in(one.value).label("own"),
            one.came,
            hex_of(one.student_id).label("student"),
            *NUMBERS,
        )
        .join(Draw, draw_of(one))
        .join(ProblemVersion, version_of(Draw))
        .join(Variant, variant_of(Draw))
        .where(one.level == PART, one.unit.in_(places), one.full_credit.is_not(None))
        .cte("marked")
    )


def _right(answers: CTE) -> CTE:
    """Count the right answers of each part; *by_value*: all students had the same variant."""
    one = answers.c
    same = (func.min(one.seed) == func.max(one.seed)) & (
        func.min(one.draw_hash) == func.max(one.draw_hash)
    )
    top = func.sum(flag((one.right == 1) & (one.in_top == 1)))
    return (
        select(
            one.item,
            func.count().label("n"),
            func.sum(one.right).label("right"),
            top.label("right_in_top"),
            flag(same).label("by_value"),
            func.min(one.seed).label("seed"),
            func.min(one.draw_hash).label("draw_hash"),
        )
        .where(one.right.is_not(None))
        .group_by(one.item)
        .cte("right_answers")
    )


def _by_value(answers: CTE) -> CTE:
    """Return the wrong answers grouped by value, variant and cause."""
    one = answers.c
    own = (one.item, one.mistakes, one.draw_hash, one.seed, one.own, one.value)
    return (
        select(
            *own,
            func.count().label("n"),
            func.sum(one.in_top).label("in_top"),
            func.sum(one.total).label("total"),
            func.count(one.total).label("totals"),
            func.min(one.came).label("came"),
            func.min(one.student.concat(func.substr(one.came, MOMENT + 1, type_=String))).label(
                "who"
            ),
        )
        .where(one.right == 0)
        .group_by(*own)
        .cte("by_value")
    )


def _groups(by_value: CTE, right: CTE) -> CTE:
    """Return the groups with their ranks.

    The most common value is the example of a group; among equals, the one that came first.
    """
    one = _values(by_value, right).c
    label = tuple(one[name] for name in GROUP)
    common = ordered(cast(ORDERED - one.n, Integer), one.came)
    groups = (
        select(
            *label,
            *(func.sum(one[what]).label(what) for what in SUMS),
            func.count(one.digest.distinct()).label("different"),
            func.count().label("texts"),
            func.min(common).label("common"),
            func.min(one.came).label("came"),
        )
        .group_by(*label)
        .subquery()
    )
    one, part = groups.c, right.c
    kind: dict[str, Any] = {"partition_by": (one.item, one.mistakes == "")}
    return (
        select(
            groups,
            part.right_in_top,
            unordered(one.common).label("example"),
            func.count().over(**kind).label("groups"),
            func.row_number(type_=Integer)
            .over(**kind, order_by=(one.n.desc(), one.came))
            .label("place"),
            func.row_number(type_=Integer)
            .over(partition_by=one.item, order_by=(one.in_top.desc(), one.came))
            .label("doubt"),
        )
        .join(right, part.item == one.item)
        .cte("groups")
    )


def _values(by_value: CTE, right: CTE) -> Subquery:
    """Return the distinct values of each group, with the columns that identify the group."""
    each, part = by_value.c, right.c
    same, alone = part.by_value == 1, each.mistakes == ""
    own = (
        each.item,
        each.mistakes,
        case((~same & alone, each.draw_hash), else_="").label("draw_hash"),
        case((~same & alone, each.seed), else_=0).label("seed"),
        case((same | alone, each.own), else_="").label("own"),
    )
    rest = (each.own.label("digest"), each.value, *(each[what] for what in SUMS), each.came)
    one = select(*own, *rest).join(right, part.item == each.item).subquery().c
    value = (*(one[name] for name in GROUP), one.digest, one.value)
    return (
        select(
            *value,
            *(func.sum(one[what]).label(what) for what in SUMS),
            func.min(one.came).label("came"),
        )
        .group_by(*value)
        .subquery()
    )


def digest_in(value: Any) -> Any:
    """Return the digest at the start of the value of an answer."""
    return func.substr(value, 1, DIGEST, type_=String)


def answer_in(came: str) -> str:
    """Return the hex id of the answer at the end of *came*."""
    return came[-HEX:]


def mistakes_in(mistakes: str) -> tuple[str, ...]:
    """Return the mistakes that explain an answer, from text separated by ``|``."""
    return tuple(mistakes.split("|")) if mistakes else ()
