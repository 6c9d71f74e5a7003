"""Wrong answers to a part, grouped by value if all students have the same variant, else by cause.

If variants differ, equal mistakes give unequal values. Answers are then grouped by the mistakes
that explain them, and only unexplained ones by variant and value. The database groups the answers
and returns the largest groups.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import CTE, Integer, Select, String, Subquery, Uuid, case, cast, func, select

from api.db.models import Answer, Draw, ProblemVersion, Variant
from api.services.analytics.queries.query_batch import (
    ORDER_OFFSET,
    QueryBatch,
    cast_id_to_hex,
    condition_to_integer,
    prefix_sort_number,
    strip_sort_number,
)
from api.services.analytics.queries.unit_scores import UnitScoreQueries
from api.services.engine.assigned_variant import draw_condition
from api.services.engine.variant_identity import (
    IDENTITY_COLUMNS,
    VariantIdentity,
    variant_condition,
    version_condition,
)

MAX_GROUPS: Final = 200
"""Maximum number of groups of a part that are loaded, the largest ones.

Explained and unexplained groups count separately.
"""
MAX_DOUBTED_GROUPS: Final = 50
DIGEST_LENGTH: Final = 64
"""Length of a digest; the draw number follows it."""
HEX_ID_LENGTH: Final = 32
MICROS_LENGTH: Final = 16
"""Number of digits of a time in microseconds, from 2001 to 2286."""
GROUP_COLUMNS: Final = ("item", "mistakes", *VariantIdentity._fields, "own")
"""Columns that identify a group."""
SUM_COLUMNS: Final = ("n", "in_top", "total", "totals")
"""Columns that are summed over equal answers."""


class WrongAnswerQueries:
    """Relations of the wrong answers to the parts at the indices *item_indices*."""

    def __init__(self, units: UnitScoreQueries, item_indices: Sequence[int]) -> None:
        self._answers = _select_answers(units.answers, item_indices)
        self._right = _select_right_answer_counts(self._answers)
        self._by_value = _select_groups_by_value(self._answers)
        self._groups = _select_ranked_groups(self._by_value, self._right)

    def build_key_doubt_queries(self) -> QueryBatch:
        """Return the queries for the groups that have more votes than the key."""
        return {
            "right": select(self._right),
            "groups": select(self._groups).where(self._key_doubt_condition()),
        }

    def build_answer_group_queries(self) -> QueryBatch:
        """Return the queries for the largest groups and for those that may be the key."""
        near = (self._groups.c.place <= MAX_GROUPS) | self._key_doubt_condition()
        return {
            "right": select(self._right),
            "groups": select(self._groups).where(near),
            "mistakes": self._select_mistake_sums(),
            "tallies": self._select_variant_tallies(),
        }

    def _key_doubt_condition(self) -> Any:
        group = self._groups.c
        return (group.in_top > group.right_in_top) & (group.doubt <= MAX_DOUBTED_GROUPS)

    def _select_mistake_sums(self) -> Select[Any]:
        columns = self._by_value.c
        return (
            select(
                columns.item,
                columns.mistakes,
                func.sum(columns.n).label("n"),
                func.sum(columns.total).label("total"),
                func.sum(columns.totals).label("totals"),
            )
            .where(columns.mistakes != "")
            .group_by(columns.item, columns.mistakes)
        )

    def _select_variant_tallies(self) -> Select[Any]:
        columns = self._answers.c
        key_columns = (columns.item, columns.draw_hash, columns.seed)
        right = func.sum(condition_to_integer(columns.full == 1)).label("right")
        return select(*key_columns, func.count().label("n"), right).group_by(*key_columns)

    def build_summary_query(self) -> QueryBatch:
        """Return the query for the most common group of each part: of one cause, or of one value.

        Among groups of equal size, the one with the lowest student id wins.
        """
        each = self._by_value.c
        alone = each.mistakes == ""
        label_columns = (
            each.item,
            each.mistakes,
            case((alone, each.draw_hash), else_="").label("draw_hash"),
            case((alone, each.seed), else_=0).label("seed"),
            case((alone, each.own), else_="").label("own"),
        )
        labelled = select(*label_columns, each.value, each.n, each.who).subquery()
        label = tuple(labelled.c[name] for name in GROUP_COLUMNS)
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
        group = groups.c
        part: dict[str, Any] = {"partition_by": group.item}
        placed = select(
            group.item,
            group.mistakes,
            group.n,
            group.different,
            group.who,
            func.sum(group.n).over(**part).label("wrong"),
            func.sum(case((group.mistakes == "", group.n), else_=0))
            .over(**part)
            .label("unexplained"),
            func.row_number(type_=Integer)
            .over(**part, order_by=(group.n.desc(), group.who))
            .label("place"),
        ).subquery()
        return {"brief": select(placed).where(placed.c.place == 1)}


def _select_answers(scored: Subquery, item_indices: Sequence[int]) -> CTE:
    """Return the graded first answers with their variants.

    *right* is null if an answer follows from the student's own earlier ones.
    """
    columns = scored.c
    full = condition_to_integer(Answer.credit_float >= 1)
    return (
        select(
            columns.item,
            case((Answer.status != "follow_through", full)).label("right"),
            full.label("full"),
            columns.in_top,
            columns.total,
            Answer.mistakes,
            Answer.value,
            digest_expression(Answer.value).label("own"),
            columns.came,
            cast_id_to_hex(Answer.student_id).label("student"),
            *IDENTITY_COLUMNS,
        )
        .select_from(scored)
        .join(Answer, Answer.id == cast(func.substr(columns.came, MICROS_LENGTH + 1), Uuid))
        .join(Draw, draw_condition(Answer))
        .join(ProblemVersion, version_condition(Draw))
        .join(Variant, variant_condition(Draw))
        .where(columns.item.in_(item_indices), Answer.credit_float.is_not(None))
        .cte("marked")
    )


def _select_right_answer_counts(answers: CTE) -> CTE:
    """Count the right answers of each part; *by_value*: all students had the same variant."""
    columns = answers.c
    same = (func.min(columns.seed) == func.max(columns.seed)) & (
        func.min(columns.draw_hash) == func.max(columns.draw_hash)
    )
    top = func.sum(condition_to_integer((columns.right == 1) & (columns.in_top == 1)))
    return (
        select(
            columns.item,
            func.count().label("n"),
            func.sum(columns.right).label("right"),
            top.label("right_in_top"),
            condition_to_integer(same).label("by_value"),
            func.min(columns.seed).label("seed"),
            func.min(columns.draw_hash).label("draw_hash"),
        )
        .where(columns.right.is_not(None))
        .group_by(columns.item)
        .cte("right_answers")
    )


def _select_groups_by_value(answers: CTE) -> CTE:
    """Return the wrong answers grouped by value, variant and cause."""
    columns = answers.c
    variant = (columns.draw_hash, columns.seed)
    key_columns = (columns.item, columns.mistakes, *variant, columns.own, columns.value)
    return (
        select(
            *key_columns,
            func.count().label("n"),
            func.sum(columns.in_top).label("in_top"),
            func.sum(columns.total).label("total"),
            func.count(columns.total).label("totals"),
            func.min(columns.came).label("came"),
            func.min(
                columns.student.concat(func.substr(columns.came, MICROS_LENGTH + 1, type_=String))
            ).label("who"),
        )
        .where(columns.right == 0)
        .group_by(*key_columns)
        .cte("by_value")
    )


def _select_ranked_groups(by_value: CTE, right: CTE) -> CTE:
    """Return the groups with their ranks.

    The most common value is the example of a group; among equals, the one that came first.
    """
    columns = _select_group_values(by_value, right).c
    label = tuple(columns[name] for name in GROUP_COLUMNS)
    common = prefix_sort_number(cast(ORDER_OFFSET - columns.n, Integer), columns.came)
    groups = (
        select(
            *label,
            *(func.sum(columns[what]).label(what) for what in SUM_COLUMNS),
            func.count(columns.digest.distinct()).label("different"),
            func.count().label("texts"),
            func.min(common).label("common"),
            func.min(columns.came).label("came"),
        )
        .group_by(*label)
        .subquery()
    )
    columns, part = groups.c, right.c
    kind: dict[str, Any] = {"partition_by": (columns.item, columns.mistakes == "")}
    return (
        select(
            groups,
            part.right_in_top,
            strip_sort_number(columns.common).label("example"),
            func.count().over(**kind).label("groups"),
            func.row_number(type_=Integer)
            .over(**kind, order_by=(columns.n.desc(), columns.came))
            .label("place"),
            func.row_number(type_=Integer)
            .over(partition_by=columns.item, order_by=(columns.in_top.desc(), columns.came))
            .label("doubt"),
        )
        .join(right, part.item == columns.item)
        .cte("groups")
    )


def _select_group_values(by_value: CTE, right: CTE) -> Subquery:
    """Return the distinct values of each group, with the columns that identify the group."""
    each, part = by_value.c, right.c
    same, alone = part.by_value == 1, each.mistakes == ""
    key_columns = (
        each.item,
        each.mistakes,
        case((~same & alone, each.draw_hash), else_="").label("draw_hash"),
        case((~same & alone, each.seed), else_=0).label("seed"),
        case((same | alone, each.own), else_="").label("own"),
    )
    rest = (each.own.label("digest"), each.value, *(each[what] for what in SUM_COLUMNS), each.came)
    columns = select(*key_columns, *rest).join(right, part.item == each.item).subquery().c
    value = (*(columns[name] for name in GROUP_COLUMNS), columns.digest, columns.value)
    return (
        select(
            *value,
            *(func.sum(columns[what]).label(what) for what in SUM_COLUMNS),
            func.min(columns.came).label("came"),
        )
        .group_by(*value)
        .subquery()
    )


def digest_expression(value: Any) -> Any:
    """Return the digest at the start of the value of an answer."""
    return func.substr(value, 1, DIGEST_LENGTH, type_=String)


def extract_answer_id(arrival_key: str) -> str:
    """Return the hex id of the answer at the end of *arrival_key*."""
    return arrival_key[-HEX_ID_LENGTH:]


def split_mistakes(mistakes: str) -> tuple[str, ...]:
    """Return the mistakes that explain an answer, from text separated by ``|``."""
    return tuple(mistakes.split("|")) if mistakes else ()
