"""Table of the wrong answers to each part of a problem, with an example of each group."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import String, func, literal, select
from sqlalchemy.orm import Session

from api.db.models import Answer
from api.schemas.analytics.problem import ExampleOut, MistakeOut, WrongGroup, WrongOut
from api.services.analytics.queries.answers import Hex, Students, answers_to
from api.services.analytics.queries.assignment import Sheet
from api.services.analytics.queries.groups import Group, Groups, details_of, flags_of, groups_of
from api.services.analytics.queries.keys import Keys, looks_of
from api.services.analytics.wrong_answers import digest_in, mistakes_in
from api.services.grades import PosedProblem
from grader.analysis import Flag, WrongAnswer, wrong_answers
from grader.definitions.problem import Problem
from grader.json_values import from_json
from problems.book import BOOK

__all__ = ["wrong_tables"]

MOST: Final = 50
"""So many groups of a part are listed."""

SAYS: Final = {one.id: one.say for one in BOOK.mistakes.values()}
Counts = Mapping[tuple[str, str, str], int]
"""How often a value (or any, as "") was given in any attempt, by part, mistakes and value."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The groups of a part, and the patterns of unexplained values.

    *doubted*: one of the groups may be the key. *left_off* counts the groups that are not listed.
    """

    at: int
    part: str
    groups: Groups
    looks: Mapping[Hex, tuple[str, ...]]
    listed: tuple[tuple[WrongAnswer, Group], ...]
    doubted: bool
    left_off: int

    @classmethod
    def of(
        cls, at: int, part: str, groups: Groups, looks: Mapping[Hex, tuple[str, ...]]
    ) -> "_Table":
        """Return the table of the part at index *at* of the sheet."""
        together = groups if groups.by_value else _by_looks(groups, looks)
        own = {one.told(): one for one in together.groups}
        found = wrong_answers([*own], together.right, wrong=together.wrong)
        listed = tuple((row, own[row.group]) for row in found.rows[:MOST])
        left_off = together.all - len(listed)
        return cls(at, part, together, looks, listed, bool(found.doubts), left_off)


def _by_looks(groups: Groups, looks: Mapping[Hex, tuple[str, ...]]) -> Groups:
    """Merge unexplained groups that show the same pattern beside their keys."""
    alike: defaultdict[str, list[Group]] = defaultdict(list)
    kept = []
    for one in groups.groups:
        phrases = looks.get(one.example, ()) if not one.mistakes else ()
        if phrases:
            alike[phrases[0]].append(one)
        else:
            kept.append(one)
    merged = [first.with_others(phrase, others) for phrase, (first, *others) in alike.items()]
    fewer = sum(len(those) - 1 for those in alike.values())
    return Groups((*kept, *merged), groups.right, groups.wrong, groups.all - fewer, by_value=False)


def wrong_tables(
    session: Session,
    sheet: Sheet,
    posed: PosedProblem,
    keys: Keys,
    *,
    problem: Problem,
    students: Students,
) -> dict[int, tuple[WrongOut, tuple[Flag, ...]]]:
    """Return the wrong answers of each part with flags, with four queries for all parts."""
    items = sheet.items
    places = [at for at in items.of(posed) if not items.items[at].by_person]
    parts = {at: items.items[at].part for at in places}
    groups = {at: groups_of(sheet, at) for at in places}
    alone = {parts[at]: [one for one in groups[at].groups if not one.mistakes] for at in places}
    looks = looks_of(session, keys, alone)
    tables = [_Table.of(at, parts[at], groups[at], looks) for at in places]
    doubted = [one for table in tables if table.doubted for one in table.groups.groups]
    shown = [one for table in tables for _, one in table.listed]
    details = details_of(session, {one.example for one in (*shown, *doubted)})
    counts = _counted(session, posed, students, tables)
    texts = {answer: row.shown for answer, row in details.items()}
    return {
        table.at: (
            _told(sheet, table, details, counts, problem=problem),
            flags_of(table.groups, texts) if table.doubted else (),
        )
        for table in tables
    }


def _counted(
    session: Session, posed: PosedProblem, students: Students, tables: Iterable[_Table]
) -> Counts:
    """Count the answers of any attempt that belong to listed groups, without repeats."""
    listed = [(table, one) for table in tables for _, one in table.listed]
    own = digest_in(Answer.value)
    return {
        **_counts(
            session,
            (posed, students),
            own,
            own.in_({one.own for table, one in listed if table.groups.by_value}),
        ),
        **_counts(
            session,
            (posed, students),
            literal("", String),
            Answer.mistakes.in_({"|".join(one.mistakes) for _, one in listed if one.mistakes}),
        ),
    }


def _counts(
    session: Session, of: tuple[PosedProblem, Students], label: Any, condition: Any
) -> dict[tuple[str, str, str], int]:
    posed, students = of
    each = (
        select(Answer.part, Answer.mistakes, label.label("own"))
        .where(
            *answers_to(posed, students),
            Answer.credit_float < 1,
            Answer.repeats.is_(None),
            condition,
        )
        .subquery()
    )
    rows = session.execute(select(*each.c, func.count().label("n")).group_by(*each.c))
    return {(row.part, row.mistakes, row.own): row.n for row in rows}


def _told(
    sheet: Sheet,
    table: _Table,
    details: Mapping[Hex, Any],
    given: Counts,
    *,
    problem: Problem,
) -> WrongOut:
    groups = table.groups
    return WrongOut(
        n=groups.wrong + groups.right.count,
        right=groups.right.count,
        wrong=groups.wrong,
        by_value=groups.by_value,
        groups=tuple(_group(table, row, one, details, given) for row, one in table.listed),
        left_off=table.left_off,
        mistakes=_mistakes(sheet, table, problem),
    )


def _group(
    table: _Table,
    row: WrongAnswer,
    one: Group,
    details: Mapping[Hex, Any],
    given: Counts,
) -> WrongGroup:
    found = details[one.example]
    return WrongGroup(
        mistakes=one.mistakes,
        looks=() if one.mistakes else table.looks.get(one.example, ()),
        values=one.values,
        value=found.value if one.values == 1 else None,
        shown=found.shown,
        count=one.n,
        share_of_wrong=row.share_of_wrong,
        given=_times(table, one, given),
        mean_total=row.group.mean_total,
        in_top=one.in_top,
        key_doubt=row.key_doubt,
        example=ExampleOut(
            answer=found.id,
            submission=found.submission,
            position=found.position,
            typed=from_json(found.answers.get(table.part)),
            shown=found.shown,
        ),
    )


def _times(table: _Table, one: Group, given: Counts) -> int | None:
    """Return the number of answers of any attempt in a group; None if it is not known."""
    cause = "|".join(one.mistakes)
    if table.groups.by_value:
        return given.get((table.part, cause, one.own), 0)
    return given.get((table.part, cause, ""), 0) if cause else None


def _mistakes(sheet: Sheet, table: _Table, problem: Problem) -> tuple[MistakeOut, ...]:
    """Return each mistake with the number of answers that it explains, most common first."""
    by_mistake: dict[str, list[Any]] = {}
    for row in sheet.rows["mistakes"]:
        if row.item == table.at:
            for mistake in mistakes_in(row.mistakes):
                by_mistake.setdefault(mistake, []).append(row)
    says = _says(problem, table.part)
    rows = [
        MistakeOut(
            mistake=mistake,
            say=says.get(mistake, ""),
            count=sum(row.n for row in those),
            share_of_wrong=sum(row.n for row in those) / table.groups.wrong,
            mean_total=_mean(those),
        )
        for mistake, those in by_mistake.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.mistake)))


def _says(problem: Problem, part: str) -> dict[str, str]:
    """Return the hint for each mistake, in the author's words or those of the registry.

    Placeholders stay as parameter names, because their numbers differ between students.
    """
    own: Sequence[Any] = getattr(problem.part(part), "mistakes", ())
    return SAYS | {one.id: one.say.source for one in own}


def _mean(rows: Iterable[Any]) -> float | None:
    each = [row for row in rows if row.totals]
    return sum(row.total for row in each) / sum(row.totals for row in each) if each else None
