"""Table of the wrong answers to each part of a problem, with an example of each group."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import String, func, literal, select
from sqlalchemy.orm import Session

from api.db.models import Answer
from api.schemas.analytics.problem import ExampleOut, MistakeOut, WrongGroup, WrongOut
from api.services.analytics.queries.answer_filters import (
    HexId,
    StudentQuery,
    readable_answer_conditions,
)
from api.services.analytics.queries.assignment import AnalyticsData
from api.services.analytics.queries.groups import (
    WrongAnswerGroup,
    WrongAnswerGroups,
    find_key_doubt_flags,
    load_answer_details,
    read_wrong_answer_groups,
)
from api.services.analytics.queries.keys import VariantKeys, load_unexplained_patterns
from api.services.analytics.wrong_answers import digest_expression, split_mistakes
from api.services.grades import VersionedProblem
from grader.analysis import ReviewFlag, WrongAnswerRow, tabulate_wrong_answers
from grader.definitions.problem import Problem
from grader.json_values import from_json
from problems.registry import REGISTRY

MAX_LISTED_GROUPS: Final = 50
"""Maximum number of groups of a part that are listed."""

HINTS: Final = {mistake.id: mistake.hint for mistake in REGISTRY.mistakes.values()}
AnswerCounts = Mapping[tuple[str, str, str], int]
"""Number of answers in any attempt, by part, mistakes and value; ``""`` is any value."""


@dataclass(frozen=True, slots=True)
class _WrongAnswerTable:
    """The groups of a part, and the patterns of unexplained values.

    *doubted*: one of the groups may be the key. *left_off* counts the groups that are not listed.
    """

    item_index: int
    part: str
    groups: WrongAnswerGroups
    patterns: Mapping[HexId, tuple[str, ...]]
    listed: tuple[tuple[WrongAnswerRow, WrongAnswerGroup], ...]
    doubted: bool
    left_off: int

    @classmethod
    def build(
        cls,
        item_index: int,
        part: str,
        groups: WrongAnswerGroups,
        patterns: Mapping[HexId, tuple[str, ...]],
    ) -> "_WrongAnswerTable":
        """Return the table of the part at index *item_index*."""
        merged = groups if groups.by_value else _merge_by_pattern(groups, patterns)
        groups_by_answer = {group.to_answer_group(): group for group in merged.groups}
        ranked = tabulate_wrong_answers([*groups_by_answer], merged.right, wrong=merged.wrong)
        listed = tuple(
            (row, groups_by_answer[row.group]) for row in ranked.rows[:MAX_LISTED_GROUPS]
        )
        left_off = merged.total_groups - len(listed)
        return cls(item_index, part, merged, patterns, listed, bool(ranked.key_doubts), left_off)


def _merge_by_pattern(
    groups: WrongAnswerGroups, patterns: Mapping[HexId, tuple[str, ...]]
) -> WrongAnswerGroups:
    """Merge unexplained groups that show the same pattern beside their keys."""
    groups_by_pattern: defaultdict[str, list[WrongAnswerGroup]] = defaultdict(list)
    unmerged = []
    for group in groups.groups:
        phrases = patterns.get(group.example, ()) if not group.mistakes else ()
        if phrases:
            groups_by_pattern[phrases[0]].append(group)
        else:
            unmerged.append(group)
    merged = [first.merge(phrase, others) for phrase, (first, *others) in groups_by_pattern.items()]
    fewer = sum(len(those) - 1 for those in groups_by_pattern.values())
    return WrongAnswerGroups(
        (*unmerged, *merged),
        groups.right,
        groups.wrong,
        groups.total_groups - fewer,
        by_value=False,
    )


def load_wrong_answer_tables(
    session: Session,
    data: AnalyticsData,
    problem: VersionedProblem,
    keys: VariantKeys,
    *,
    definition: Problem,
    students: StudentQuery,
) -> dict[int, tuple[WrongOut, tuple[ReviewFlag, ...]]]:
    """Return the wrong answers of each part with flags, with four queries for all parts."""
    items = data.items
    item_indices = [at for at in items.get_item_indices(problem) if not items.items[at].by_person]
    parts = {at: items.items[at].part for at in item_indices}
    groups = {at: read_wrong_answer_groups(data, at) for at in item_indices}
    unexplained = {
        parts[at]: [group for group in groups[at].groups if not group.mistakes]
        for at in item_indices
    }
    patterns = load_unexplained_patterns(session, keys, unexplained)
    tables = [_WrongAnswerTable.build(at, parts[at], groups[at], patterns) for at in item_indices]
    doubted = [group for table in tables if table.doubted for group in table.groups.groups]
    listed = [one for table in tables for _, one in table.listed]
    details = load_answer_details(session, {one.example for one in (*listed, *doubted)})
    counts = _count_listed_answers(session, problem, students, tables)
    texts = {answer: row.shown for answer, row in details.items()}
    return {
        table.item_index: (
            _serialize_table(data, table, details, counts, definition=definition),
            find_key_doubt_flags(table.groups, texts) if table.doubted else (),
        )
        for table in tables
    }


def _count_listed_answers(
    session: Session,
    problem: VersionedProblem,
    students: StudentQuery,
    tables: Iterable[_WrongAnswerTable],
) -> AnswerCounts:
    """Count the answers of any attempt that belong to listed groups, without repeats."""
    listed = [(table, one) for table in tables for _, one in table.listed]
    digest = digest_expression(Answer.value)
    return {
        **_count_answers(
            session,
            (problem, students),
            digest,
            digest.in_({one.digest for table, one in listed if table.groups.by_value}),
        ),
        **_count_answers(
            session,
            (problem, students),
            literal("", String),
            Answer.mistakes.in_({"|".join(one.mistakes) for _, one in listed if one.mistakes}),
        ),
    }


def _count_answers(
    session: Session, scope: tuple[VersionedProblem, StudentQuery], label: Any, condition: Any
) -> dict[tuple[str, str, str], int]:
    problem, students = scope
    each = (
        select(Answer.part, Answer.mistakes, label.label("own"))
        .where(
            *readable_answer_conditions(problem, students),
            Answer.credit_float < 1,
            Answer.repeats.is_(None),
            condition,
        )
        .subquery()
    )
    rows = session.execute(select(*each.c, func.count().label("n")).group_by(*each.c))
    return {(row.part, row.mistakes, row.own): row.n for row in rows}


def _serialize_table(
    data: AnalyticsData,
    table: _WrongAnswerTable,
    details: Mapping[HexId, Any],
    counts: AnswerCounts,
    *,
    definition: Problem,
) -> WrongOut:
    groups = table.groups
    return WrongOut(
        n=groups.wrong + groups.right.count,
        right=groups.right.count,
        wrong=groups.wrong,
        by_value=groups.by_value,
        groups=tuple(
            _serialize_group(table, row, one, details, counts) for row, one in table.listed
        ),
        left_off=table.left_off,
        mistakes=_serialize_mistakes(data, table, definition),
    )


def _serialize_group(
    table: _WrongAnswerTable,
    row: WrongAnswerRow,
    group: WrongAnswerGroup,
    details: Mapping[HexId, Any],
    counts: AnswerCounts,
) -> WrongGroup:
    example = details[group.example]
    return WrongGroup(
        mistakes=group.mistakes,
        looks=() if group.mistakes else table.patterns.get(group.example, ()),
        values=group.values,
        value=example.value if group.values == 1 else None,
        shown=example.shown,
        count=group.n,
        share_of_wrong=row.share_of_wrong,
        given=_count_group_answers(table, group, counts),
        mean_total=row.group.mean_total,
        in_top=group.in_top,
        key_doubt=row.key_doubt,
        example=ExampleOut(
            answer=example.id,
            submission=example.submission,
            position=example.position,
            typed=from_json(example.answers.get(table.part)),
            shown=example.shown,
        ),
    )


def _count_group_answers(
    table: _WrongAnswerTable, group: WrongAnswerGroup, counts: AnswerCounts
) -> int | None:
    """Return the number of answers of any attempt in a group; None if it is not known."""
    cause = "|".join(group.mistakes)
    if table.groups.by_value:
        return counts.get((table.part, cause, group.digest), 0)
    return counts.get((table.part, cause, ""), 0) if cause else None


def _serialize_mistakes(
    data: AnalyticsData, table: _WrongAnswerTable, definition: Problem
) -> tuple[MistakeOut, ...]:
    """Return each mistake with the number of answers that it explains, most common first."""
    by_mistake: dict[str, list[Any]] = {}
    for row in data.rows["mistakes"]:
        if row.item == table.item_index:
            for mistake in split_mistakes(row.mistakes):
                by_mistake.setdefault(mistake, []).append(row)
    hints = _mistake_hints(definition, table.part)
    rows = [
        MistakeOut(
            mistake=mistake,
            say=hints.get(mistake, ""),
            count=sum(row.n for row in those),
            share_of_wrong=sum(row.n for row in those) / table.groups.wrong,
            mean_total=_mean_total(those),
        )
        for mistake, those in by_mistake.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.mistake)))


def _mistake_hints(definition: Problem, part: str) -> dict[str, str]:
    """Return the hint for each mistake, in the author's words or those of the registry.

    Placeholders stay as parameter names, because their numbers differ between students.
    """
    author_mistakes: Sequence[Any] = getattr(definition.get_part(part), "mistakes", ())
    return HINTS | {mistake.id: mistake.say.source for mistake in author_mistakes}


def _mean_total(rows: Iterable[Any]) -> float | None:
    each = [row for row in rows if row.totals]
    return sum(row.total for row in each) / sum(row.totals for row in each) if each else None
