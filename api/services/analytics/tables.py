"""The table of wrong answers to each part of a problem, with an example of each group."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.schemas.analytics_problem import ExampleOut, MistakeOut, WrongGroup, WrongOut
from api.services.analytics.keys import Keys, looks_of
from api.services.analytics.reading import First, Hex, Posed, Students
from api.services.analytics.sheet import Sheet
from api.services.analytics.wrong import Groups, Unlabelled, groups_of, may_doubt, mistakes_of
from api.tables import Answer, Submission
from grader.analysis import AnswerGroup, Flag, WrongAnswer, answer_flags, wrong_answers
from grader.json_values import from_json
from grader.problem import Problem
from grader.result import FREE
from problems.book import BOOK

__all__ = ["answer_flags_of", "wrong_tables"]

MOST: Final = 50
"""So many groups of a part are listed."""

Given = Mapping[tuple[str, str, str], int]
"""How often each value was given to a part, with its mistakes: in any attempt."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The groups of a part, and what unexplained values look like."""

    at: int
    groups: Groups
    looks: Mapping[Unlabelled, tuple[str, ...]]
    listed: tuple[WrongAnswer, ...]

    @classmethod
    def of(cls, sheet: Sheet, at: int, looks: Mapping[Unlabelled, tuple[str, ...]]) -> "_Table":
        """Return the table of the part at a place of the sheet."""
        groups = groups_of(sheet, at, looks)
        return cls(at, groups, looks, wrong_answers(groups.groups, groups.right).rows[:MOST])

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
    students: Students,
) -> dict[int, tuple[WrongOut, tuple[Flag, ...]]]:
    """Return by part its wrong answers with flags, by four queries for all parts."""
    places = [at for at in sheet.of_problem(posed) if not sheet.items[at].by_person]
    looks = looks_of(session, sheet, places, keys)
    tables = [_Table.of(sheet, at, looks[at]) for at in places]
    rows = [(table, row.group) for table in tables for row in table.listed]
    details = _details(session, [table.example(group).answer_id for table, group in rows])
    given = _given(session, posed.row.id, students)
    return {
        table.at: (
            _told(sheet, table, details, given, problem=problem),
            _flags(table.groups, {id_: row.shown for id_, row in details.items()}),
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


def _given(session: Session, problem_id: UUID, students: Students) -> dict[Any, int]:
    """Return how often each wrong value was given, in any attempt; repeats are left out."""
    rows = session.execute(
        select(Answer.part, Answer.value, Answer.mistakes, func.count())
        .where(
            Answer.problem_id == problem_id,
            Answer.student_id.in_(students),
            Answer.status.not_in(FREE),
            Answer.credit_float < 1,
            Answer.repeats.is_(None),
        )
        .group_by(Answer.part, Answer.value, Answer.mistakes)
    )
    return {(part, value, mistakes): count for part, value, mistakes, count in rows}


def _told(
    sheet: Sheet,
    table: _Table,
    details: Mapping[Hex, Any],
    given: Given,
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
    given: Given,
) -> WrongGroup:
    group, members = row.group, table.groups.of(row.group)
    one = members[0]
    numbers = sheet.numbers(one).numbers
    answer, part, shown, submission, answers = details[one.answer_id]
    values = {member.value.partition("#")[0] for member in members}
    return WrongGroup(
        mistakes=group.mistakes,
        looks=table.looks.get((numbers, one.value.partition("#")[0]), ()),
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
    table: _Table, part: str, group: AnswerGroup, values: Collection[str], given: Given
) -> int | None:
    """Return how many answers of any attempt belong to a group, None where that is not known."""
    if not table.groups.by_value and not group.mistakes:
        return None
    return sum(
        count
        for (where, value, mistakes), count in given.items()
        if where == part
        and mistakes == "|".join(group.mistakes)
        and (not table.groups.by_value or value.partition("#")[0] in values)
    )


def _mistakes(sheet: Sheet, table: _Table, problem: Problem) -> tuple[MistakeOut, ...]:
    """Return each mistake with those whom it explains, the commonest first."""
    totals = dict(zip(sheet.students, sheet.totals, strict=True))
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
            mean_total=_mean(totals[one.student_id] for one in those),
        )
        for mistake, those in by_mistake.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.mistake)))


def _says(problem: Problem, part: str) -> dict[str, str]:
    """Return what students are told of each mistake, in the author's own words or the book's.

    Numbers that the words insert stand as their names: they differ between students.
    """
    found = {one.id: one.say for one in BOOK.mistakes.values()}
    own: Sequence[Any] = getattr(problem.part(part), "mistakes", ())
    return found | {one.id: one.say.source for one in own}


def _mean(totals: Iterable[float | None]) -> float | None:
    known = [one for one in totals if one is not None]
    return sum(known) / len(known) if known else None
