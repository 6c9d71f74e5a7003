"""Wrong answers that equal the key of another student's variant. For staff: a sign, not a proof.

The number of chance matches is estimated from published variants that nobody in the class has:
nobody can have copied their keys from a classmate.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    exists,
    func,
    select,
)
from sqlalchemy.orm import Session

from api.db.models import Answer, Draw, ProblemVersion, Variant
from api.schemas.analytics.problem import ForeignKey, ForeignKeys
from api.services.analytics.queries.answer_filters import StudentQuery, readable_answer_conditions
from api.services.analytics.queries.groups import load_answer_details
from api.services.analytics.queries.keys import (
    KEYS_PARAMETER,
    VariantKeys,
    build_keys_cte,
    serialize_keys,
)
from api.services.analytics.queries.query_batch import (
    QueryBatch,
    cast_id_to_hex,
    cast_timestamp_to_micros,
    condition_to_integer,
    prefix_sort_number,
    run_reusable_queries,
    statement_key,
    strip_sort_number,
)
from api.services.analytics.wrong_answers import digest_expression, split_mistakes
from api.services.engine.variant_identity import (
    DRAW_HASH,
    IDENTITY_COLUMNS,
    SEED,
    VariantIdentity,
    variant_condition,
    version_condition,
)
from api.services.grades import VersionedProblem

MIN_UNHELD_KEYS: Final = 20
"""Minimum number of keys held by nobody for an estimate of chance matches."""
MAX_LISTED_MATCHES: Final = 50


def find_other_variant_matches(
    session: Session, problem: VersionedProblem, keys: VariantKeys, students: StudentQuery
) -> dict[str, ForeignKeys]:
    """Return by part the wrong answers that are keys of other students.

    Parts for which all students have the same key are left out.
    """
    assigned_variants = _load_assigned_variants(session, problem, students)
    unheld = {
        part: {*digests.values()} - _find_keys_of_students(digests, assigned_variants)
        for part, digests in keys.digests.items()
    }
    differing_digests = {
        part: digests
        for part, digests in keys.digests.items()
        if len(_find_keys_of_students(digests, assigned_variants)) > 1
    }
    if not differing_digests:
        return {}
    parts = list(differing_digests)
    rows = run_reusable_queries(
        session,
        ("matches", problem.row.id, statement_key(students), *parts),
        lambda: _build_match_queries(problem, students, parts),
        {KEYS_PARAMETER: serialize_keys(differing_digests, unheld)},
    )
    matches = sorted(rows["matches"], key=lambda row: (-row.after, row.held_by, row.answer))
    details = load_answer_details(session, [row.answer for row in matches])
    return {
        one.part: ForeignKeys(
            wrong=one.wrong,
            matches=one.matches,
            students=one.students,
            by_chance=_estimate_chance_matches(
                one.by_chance, len({*differing_digests[one.part].values()}), len(unheld[one.part])
            ),
            rows=tuple(_serialize_match(row, details) for row in matches if row.part == one.part),
        )
        for one in rows["wrong"]
    }


def _load_assigned_variants(
    session: Session, problem: VersionedProblem, students: StudentQuery
) -> set[VariantIdentity]:
    """Return the variants that at least one student has."""
    rows = session.execute(
        select(*IDENTITY_COLUMNS)
        .select_from(Draw)
        .join(ProblemVersion, version_condition(Draw))
        .join(Variant, variant_condition(Draw))
        .where(Draw.problem_id == problem.row.id, Draw.student_id.in_(students))
        .distinct()
    )
    return {VariantIdentity(*row) for row in rows}


def _find_keys_of_students(
    digests: Mapping[VariantIdentity, str], assigned_variants: set[VariantIdentity]
) -> set[str]:
    """Return the keys that at least one student has."""
    return {digests[variant] for variant in assigned_variants & digests.keys()}


def _estimate_chance_matches(hit: int, all_keys: int, unheld: int) -> float | None:
    """Return the number of matches to expect if no answer came from a classmate.

    The rate is the number of wrong answers per key that nobody holds. None if fewer than
    `MIN_UNHELD_KEYS` keys are unheld.
    """
    return None if unheld < MIN_UNHELD_KEYS else hit * (all_keys - unheld) / unheld


def _serialize_match(row: Any, details: Mapping[str, Any]) -> ForeignKey:
    answer = details[row.answer]
    return ForeignKey(
        answer=answer.id,
        submission=answer.submission,
        shown=answer.shown,
        mistakes=split_mistakes(answer.mistakes),
        held_by=row.held_by,
        after_holder=bool(row.after),
    )


def _build_match_queries(
    problem: VersionedProblem, students: StudentQuery, parts: list[str]
) -> QueryBatch:
    """Return the queries for the number of matches and for the listed matches."""
    keys = build_keys_cte()
    graded_values = _select_graded_values(problem, students, parts)
    each = _select_wrong_values(graded_values, keys, _select_key_holders(problem, students, keys))
    graded_parts = select(graded_values.c.part).distinct().subquery()
    wrong = (
        select(
            graded_parts.c.part,
            func.count(each.c.part).label("wrong"),
            func.coalesce(func.sum(each.c.match), 0).label("matches"),
            func.count(case((each.c.match == 1, each.c.student_id)).distinct()).label("students"),
            func.coalesce(func.sum(each.c.missed), 0).label("by_chance"),
        )
        .join(each, each.c.part == graded_parts.c.part, isouter=True)
        .group_by(graded_parts.c.part)
    )
    return {"wrong": wrong, "matches": _select_top_matches(each)}


def _select_wrong_values(graded_values: CTE, keys: CTE, holders: CTE) -> CTE:
    """Return each wrong value as a row.

    *match*: it is the key of other students; *missed*: it is a key that nobody holds; *after*: one
    of its holders had solved the part before.
    """
    held = _select_holder_counts(graded_values, holders)
    wrong = select(graded_values).where(graded_values.c.right == 0).cte("wrong")
    missed = select(keys.c.part, keys.c.digest).where(keys.c.unheld == 1).distinct().subquery()
    is_own_key = exists().where(
        _same_key_condition(holders, wrong), holders.c.student_id == wrong.c.student_id
    )
    return (
        select(
            wrong.c.part,
            wrong.c.student_id,
            wrong.c.answer,
            condition_to_integer(held.c.held_by.is_not(None) & ~is_own_key).label("match"),
            condition_to_integer(missed.c.digest.is_not(None)).label("missed"),
            func.coalesce(held.c.held_by, 0).label("held_by"),
            condition_to_integer(held.c.solved_at < wrong.c.at).label("after"),
        )
        .join(held, _same_key_condition(held, wrong), isouter=True)
        .join(missed, _same_key_condition(missed, wrong), isouter=True)
        .cte("each_wrong")
    )


def _same_key_condition(left: FromClause, right: FromClause) -> ColumnElement[bool]:
    """Return the condition that two rows have the same part and the same digest."""
    return and_(left.c.part == right.c.part, left.c.digest == right.c.digest)


def _select_holder_counts(graded_values: CTE, holders: CTE) -> CTE:
    """Return the number of holders of each key, and when the first of them solved the part."""
    graded = graded_values.c
    solved = (
        select(graded.part, graded.student_id, func.min(graded.at).label("at"))
        .where(graded.right == 1)
        .group_by(graded.part, graded.student_id)
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


def _select_top_matches(each: CTE) -> Select[Any]:
    """Return the query for the most telling matches of each part, at most `MAX_LISTED_MATCHES`."""
    match = select(each).where(each.c.match == 1).subquery().c
    rank = func.row_number(type_=Integer).over(
        partition_by=match.part, order_by=(match.after.desc(), match.held_by, match.answer)
    )
    columns = (match.part, match.answer, match.held_by, match.after)
    ranked = select(*columns, rank.label("place")).subquery()
    return select(ranked).where(ranked.c.place <= MAX_LISTED_MATCHES)


def _select_graded_values(
    problem: VersionedProblem, students: StudentQuery, parts: list[str]
) -> CTE:
    """Return each graded value of a student once; *right* is 1 if it has full credit."""
    digest = digest_expression(Answer.value).label("digest")
    key_columns = (Answer.part, Answer.student_id, Answer.draw, digest)
    each = (
        select(
            *key_columns,
            condition_to_integer(Answer.credit_float >= 1).label("right"),
            cast_timestamp_to_micros(Answer.received_at).label("at"),
            prefix_sort_number(Answer.sequence, cast_id_to_hex(Answer.id)).label("came"),
        )
        .where(
            *readable_answer_conditions(problem, students),
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
            strip_sort_number(func.min(each.c.came)).label("answer"),
        )
        .group_by(*value)
        .cte("given")
    )


def _select_key_holders(problem: VersionedProblem, students: StudentQuery, keys: CTE) -> CTE:
    """Return the keys with the students who hold them."""
    return (
        select(keys.c.part, keys.c.digest, Draw.student_id)
        .join(ProblemVersion, version_condition(Draw))
        .join(Variant, variant_condition(Draw))
        .join(keys, and_(keys.c.draw_hash == DRAW_HASH, keys.c.seed == SEED))
        .where(Draw.problem_id == problem.row.id, Draw.student_id.in_(students))
        .distinct()
        .cte("holders")
    )
