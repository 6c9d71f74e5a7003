"""The table of wrong answers to each part of a problem, with an example of each group."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.schemas.analytics_problem import ExampleOut, MistakeOut, WrongGroup, WrongOut
from api.services.analytics.given import First, Given, own_value
from api.services.analytics.keys import Keys, looks_of
from api.services.analytics.reading import Hex, Posed
from api.services.analytics.sheet import Sheet
from api.services.analytics.wrong import Groups, Unlabelled, groups_of, may_doubt, mistakes_of
from api.tables import Answer, Submission
from grader.analysis import AnswerGroup, Flag, WrongAnswer, answer_flags, wrong_answers
from grader.json_values import from_json
from grader.problem import Problem
from problems.book import BOOK

__all__ = ["answer_flags_of", "wrong_tables"]

MOST: Final = 50
"""So many groups of a part are listed."""

SAYS: Final = {one.id: one.say for one in BOOK.mistakes.values()}
Counts: TypeAlias = Mapping[tuple[str, str], Mapping[str, int]]
"""By part and mistakes how often each value was given, in any attempt."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The groups of a part, and what unexplained values look like.

    *doubted*: one of them may be the key.
    """

    at: int
    groups: Groups
    looks: Mapping[Unlabelled, tuple[str, ...]]
    listed: tuple[WrongAnswer, ...]
    doubted: bool

    @classmethod
    def of(cls, sheet: Sheet, at: int, looks: Mapping[Unlabelled, tuple[str, ...]]) -> "_Table":
        """Return the table of the part at a place of the sheet."""
        groups = groups_of(sheet, at, looks)
        found = wrong_answers(groups.groups, groups.right)
        return cls(at, groups, looks, found.rows[:MOST], bool(found.doubts))

    def example(self, group: AnswerGroup) -> First:
        """Return the answer that stands for a group."""
        return self.groups.of(group)[0]


def wrong_tables(
    session: Session,
    sheet: Sheet,
    posed: Posed,
    keys: Keys,
    *,
    problem: Problem,
    given: Iterable[Given],
) -> dict[int, tuple[WrongOut, tuple[Flag, ...]]]:
    """Return by part its wrong answers with flags, by two queries for all parts."""
    places = [at for at in sheet.of_problem(posed) if not sheet.items[at].by_person]
    looks = looks_of(session, sheet, places, keys)
    tables = [_Table.of(sheet, at, looks[at]) for at in places]
    rows = [(table, row.group) for table in tables for row in table.listed]
    details = _details(session, [table.example(group).answer_id for table, group in rows])
    counts = _counted(given)
    shown = {answer: row.shown for answer, row in details.items()}
    return {
        table.at: (
            _told(sheet, table, details, counts, problem=problem),
            _flags(table.groups, shown) if table.doubted else (),
        )
        for table in tables
    }


def answer_flags_of(session: Session, sheet: Sheet) -> dict[int, tuple[Flag, ...]]:
    """Return by part the flags of wrong answers that outvote the key, by at most one query."""
    found = {
        at: groups_of(sheet, at)
        for at, one in enumerate(sheet.items)
        if not one.by_person and may_doubt(sheet, at)
    }
    doubts = [
        groups.of(row.group)[0].answer_id
        for groups in found.values()
        for row in wrong_answers(groups.groups, groups.right).doubts
    ]
    if not doubts:
        return {}
    shown = {answer: row.shown for answer, row in _details(session, doubts).items()}
    return {at: _flags(groups, shown) for at, groups in found.items()}


def _flags(groups: Groups, shown: Mapping[Hex, str]) -> tuple[Flag, ...]:
    """Return the flags of groups, each called as a reader knows it."""
    called = [
        replace(group, shown=_called(groups, group, shown.get(groups.of(group)[0].answer_id, "")))
        for group in groups.groups
    ]
    return answer_flags(wrong_answers(called, groups.right))


def _called(groups: Groups, group: AnswerGroup, shown: str) -> str:
    if groups.by_value or len({one.value for one in groups.of(group)}) == 1:
        return shown
    return f"what {' and '.join(group.mistakes)} gives" if group.mistakes else group.value


def _details(session: Session, answers: Collection[Hex]) -> dict[Hex, Any]:
    """Return of answers how they read, and the submissions that they came in."""
    rows = session.execute(
        select(Answer.id, Answer.part, Answer.shown, Submission.id, Submission.answers)
        .join(Submission, Submission.id == Answer.submission_id)
        .where(Answer.id.in_([UUID(one) for one in answers]))
    )
    return {row[0].hex: row for row in rows}


def _counted(given: Iterable[Given]) -> Counts:
    """Return how often each wrong value was given, in any attempt; repeats are left out."""
    found: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in given:
        if one.credit is not None and one.credit < 1 and not one.repeats:
            found[one.part, one.mistakes][own_value(one)] += 1
    return found


def _told(
    sheet: Sheet,
    table: _Table,
    details: Mapping[Hex, Any],
    given: Counts,
    *,
    problem: Problem,
) -> WrongOut:
    groups = table.groups
    wrong = sum(group.count for group in groups.groups)
    return WrongOut(
        n=wrong + groups.right.count,
        right=groups.right.count,
        wrong=wrong,
        by_value=groups.by_value,
        groups=tuple(_group(sheet, table, row, details, given) for row in table.listed),
        left_off=len(groups.groups) - len(table.listed),
        mistakes=_mistakes(sheet, table, problem),
    )


def _group(
    sheet: Sheet,
    table: _Table,
    row: WrongAnswer,
    details: Mapping[Hex, Any],
    given: Counts,
) -> WrongGroup:
    group, members = row.group, table.groups.of(row.group)
    one = members[0]
    numbers = sheet.numbers(one).numbers
    answer, part, shown, submission, answers = details[one.answer_id]
    values = {own_value(member) for member in members}
    return WrongGroup(
        mistakes=group.mistakes,
        looks=table.looks.get((numbers, own_value(one)), ()),
        values=len(values),
        value=one.value if len(values) == 1 else None,
        shown=shown,
        count=group.count,
        share_of_wrong=row.share_of_wrong,
        given=_times(table, part, group, values, given),
        mean_total=group.mean_total,
        in_top=group.in_top,
        key_doubt=row.key_doubt,
        example=ExampleOut(
            answer=answer,
            submission=submission,
            position=numbers.position,
            typed=from_json(answers.get(part)),
            shown=shown,
        ),
    )


def _times(
    table: _Table, part: str, group: AnswerGroup, values: Collection[str], given: Counts
) -> int | None:
    """Return how many answers of any attempt belong to a group, None where that is not known."""
    if not table.groups.by_value and not group.mistakes:
        return None
    found = given.get((part, "|".join(group.mistakes)), {})
    return sum(map(found.get, values, repeat(0))) if table.groups.by_value else sum(found.values())


def _mistakes(sheet: Sheet, table: _Table, problem: Problem) -> tuple[MistakeOut, ...]:
    """Return each mistake with those whom it explains, the commonest first."""
    by_mistake: dict[str, list[First]] = {}
    answers = [one for one in sheet.answers(sheet.items[table.at]) if one.is_wrong]
    for one in answers:
        for mistake in mistakes_of(one):
            by_mistake.setdefault(mistake, []).append(one)
    says = _says(problem, sheet.items[table.at].part)
    rows = [
        MistakeOut(
            mistake=mistake,
            say=says.get(mistake, ""),
            count=len(those),
            share_of_wrong=len(those) / len(answers),
            mean_total=_mean(sheet.total_of[one.student_id] for one in those),
        )
        for mistake, those in by_mistake.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.mistake)))


def _says(problem: Problem, part: str) -> dict[str, str]:
    """Return what students are told of each mistake, in the author's own words or the book's.

    Numbers that the words insert stand as their names: they differ between students.
    """
    own: Sequence[Any] = getattr(problem.part(part), "mistakes", ())
    return SAYS | {one.id: one.say.source for one in own}


def _mean(totals: Iterable[float | None]) -> float | None:
    known = [one for one in totals if one is not None]
    return sum(known) / len(known) if known else None
