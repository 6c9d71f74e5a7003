"""Groups of wrong answers, read from database rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Answer, Draw, Submission
from api.services.analytics.queries.answers import Hex
from api.services.analytics.queries.assignment import Sheet
from api.services.analytics.wrong_answers import answer_in, mistakes_in
from api.services.engine.assigned_variant import draw_of
from api.services.engine.variant_identity import Numbers
from grader.analysis import AnswerGroup, Flag, Right, answer_flags, wrong_answers

__all__ = ["Group", "Groups", "answer_flags_of", "details_of", "flags_of", "groups_of"]


@dataclass(frozen=True, slots=True)
class Group:
    """Group of equal wrong answers; *example* is the most common of them.

    *values* counts the digests, *texts* the values with their draws. *own* is the digest, if there
    is one. *numbers* is the variant of all answers, if they share one. *totals* counts the answers
    that have a total. *common* orders groups by how common their example is.
    """

    label: str
    mistakes: tuple[str, ...]
    n: int
    in_top: int
    total: float
    totals: int
    values: int
    texts: int
    own: str
    numbers: Numbers | None
    example: Hex
    common: str

    def told(self, shown: str = "") -> AnswerGroup:
        """Return the group as an `AnswerGroup` for `grader.analysis`."""
        mean = self.total / self.totals if self.totals else None
        return AnswerGroup(self.label, shown, self.mistakes, self.n, mean, self.in_top)

    @classmethod
    def of(cls, row: Any, part: Any) -> "Group":
        """Return the group of a row; *part* is the row of its part."""
        alone = not part.by_value and not row.mistakes
        numbers = row if alone else part if part.by_value else None
        return cls(
            label=f"{row.seed}:{row.own}" if alone else row.own,
            mistakes=mistakes_in(row.mistakes),
            n=row.n,
            in_top=row.in_top,
            total=row.total or 0.0,
            totals=row.totals,
            values=row.different,
            texts=row.texts,
            own=row.own,
            numbers=None if numbers is None else Numbers(numbers.draw_hash, numbers.seed),
            example=answer_in(row.example),
            common=row.common,
        )

    def with_others(self, label: str, others: Sequence["Group"]) -> "Group":
        """Merge this group with *others* under a new label."""
        each = (self, *others)
        common = min(each, key=lambda one: one.common)
        return Group(
            label=label,
            mistakes=self.mistakes,
            n=sum(one.n for one in each),
            in_top=sum(one.in_top for one in each),
            total=sum(one.total for one in each),
            totals=sum(one.totals for one in each),
            values=len({one.own for one in each}),
            texts=len({one.own for one in each}),
            own=common.own,
            numbers=common.numbers,
            example=common.example,
            common=common.common,
        )


@dataclass(frozen=True, slots=True)
class Groups:
    """The loaded groups of a part, with *all* as the number of groups in the database.

    *by_value*: all students had the same variant, and a group is one value.
    """

    groups: tuple[Group, ...]
    right: Right
    wrong: int
    all: int
    by_value: bool


def groups_of(sheet: Sheet, at: int) -> Groups:
    """Return the groups of the part at index *at*."""
    part = next((row for row in sheet.rows["right"] if row.item == at), None)
    if part is None:
        return Groups((), Right(0, 0), 0, 0, by_value=True)
    rows = [row for row in sheet.rows["groups"] if row.item == at]
    by_kind = {bool(row.mistakes): row.groups for row in rows}
    return Groups(
        tuple(Group.of(row, part) for row in rows),
        Right(part.right, part.right_in_top),
        part.n - part.right,
        sum(by_kind.values()),
        by_value=bool(part.by_value),
    )


def answer_flags_of(session: Session, sheet: Sheet) -> dict[int, tuple[Flag, ...]]:
    """Return the flags of wrong answers that outvote the key, by part, with at most one query."""
    found = {at: groups_of(sheet, at) for at in {row.item for row in sheet.rows["groups"]}}
    examples = [one.example for groups in found.values() for one in groups.groups]
    shown = {answer: row.shown for answer, row in details_of(session, examples).items()}
    return {at: flags_of(groups, shown) for at, groups in found.items()}


def flags_of(groups: Groups, shown: Mapping[Hex, str]) -> tuple[Flag, ...]:
    """Return the flags of groups, each labeled for a reader."""
    called = [one.told(_called(groups, one, shown[one.example])) for one in groups.groups]
    return answer_flags(wrong_answers(called, groups.right, wrong=groups.wrong))


def _called(groups: Groups, group: Group, shown: str) -> str:
    if groups.by_value or group.texts == 1:
        return shown
    return f"what {' and '.join(group.mistakes)} gives" if group.mistakes else group.label


def details_of(session: Session, answers: Iterable[Hex]) -> dict[Hex, Any]:
    """Return the display text and the submission of each answer, by the hex id of the answer."""
    ids = [UUID(one) for one in answers]
    if not ids:
        return {}
    rows = session.execute(
        select(
            Answer.id,
            Answer.part,
            Answer.shown,
            Answer.value,
            Answer.mistakes,
            Submission.id.label("submission"),
            Submission.answers,
            Draw.position,
        )
        .join(Submission, Submission.id == Answer.submission_id)
        .join(Draw, draw_of(Answer))
        .where(Answer.id.in_(ids))
    )
    return {row.id.hex: row for row in rows}
