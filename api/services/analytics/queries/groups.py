"""Groups of wrong answers, read from database rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Answer, Draw, Submission
from api.services.analytics.queries.answer_filters import HexId
from api.services.analytics.queries.assignment import AnalyticsData
from api.services.analytics.wrong_answers import extract_answer_id, split_mistakes
from api.services.engine.assigned_variant import draw_condition
from api.services.engine.variant_identity import VariantIdentity
from grader.analysis import (
    AnswerGroup,
    ReviewFlag,
    RightAnswerCounts,
    flag_key_doubts,
    tabulate_wrong_answers,
)


@dataclass(frozen=True, slots=True)
class WrongAnswerGroup:
    """Group of equal wrong answers; *example* is the most common of them.

    *values* counts the digests, *texts* the values with their draws. *digest* is the digest, if
    there is one. *variant_identity* is the variant of all answers, if they share one. *totals*
    counts the answers that have a total. *common* orders groups by how common their example is.
    """

    label: str
    mistakes: tuple[str, ...]
    n: int
    in_top: int
    total: float
    totals: int
    values: int
    texts: int
    digest: str
    variant_identity: VariantIdentity | None
    example: HexId
    common: str

    def to_answer_group(self, text: str = "") -> AnswerGroup:
        """Return the group as an `AnswerGroup` for `grader.analysis`."""
        mean = self.total / self.totals if self.totals else None
        return AnswerGroup(self.label, text, self.mistakes, self.n, mean, self.in_top)

    @classmethod
    def from_row(cls, row: Any, part: Any) -> "WrongAnswerGroup":
        """Return the group of a row; *part* is the row of its part."""
        alone = not part.by_value and not row.mistakes
        numbers = row if alone else part if part.by_value else None
        return cls(
            label=f"{row.seed}:{row.own}" if alone else row.own,
            mistakes=split_mistakes(row.mistakes),
            n=row.n,
            in_top=row.in_top,
            total=row.total or 0.0,
            totals=row.totals,
            values=row.different,
            texts=row.texts,
            digest=row.own,
            variant_identity=None
            if numbers is None
            else VariantIdentity(numbers.draw_hash, numbers.seed),
            example=extract_answer_id(row.example),
            common=row.common,
        )

    def merge(self, label: str, others: Sequence["WrongAnswerGroup"]) -> "WrongAnswerGroup":
        """Merge this group with *others* under a new label."""
        each = (self, *others)
        common = min(each, key=lambda item: item.common)
        return WrongAnswerGroup(
            label=label,
            mistakes=self.mistakes,
            n=sum(one.n for one in each),
            in_top=sum(one.in_top for one in each),
            total=sum(one.total for one in each),
            totals=sum(one.totals for one in each),
            values=len({one.digest for one in each}),
            texts=len({one.digest for one in each}),
            digest=common.digest,
            variant_identity=common.variant_identity,
            example=common.example,
            common=common.common,
        )


@dataclass(frozen=True, slots=True)
class WrongAnswerGroups:
    """The loaded groups of a part, with *total_groups* as the number of groups in the database.

    *by_value*: all students had the same variant, and a group is one value.
    """

    groups: tuple[WrongAnswerGroup, ...]
    right: RightAnswerCounts
    wrong: int
    total_groups: int
    by_value: bool


def read_wrong_answer_groups(data: AnalyticsData, item_index: int) -> WrongAnswerGroups:
    """Return the groups of the part at index *item_index*."""
    part = next((row for row in data.rows["right"] if row.item == item_index), None)
    if part is None:
        return WrongAnswerGroups((), RightAnswerCounts(0, 0), 0, 0, by_value=True)
    rows = [row for row in data.rows["groups"] if row.item == item_index]
    by_kind = {bool(row.mistakes): row.groups for row in rows}
    return WrongAnswerGroups(
        tuple(WrongAnswerGroup.from_row(row, part) for row in rows),
        RightAnswerCounts(part.right, part.right_in_top),
        part.n - part.right,
        sum(by_kind.values()),
        by_value=bool(part.by_value),
    )


def load_key_doubt_flags(
    session: Session, data: AnalyticsData
) -> dict[int, tuple[ReviewFlag, ...]]:
    """Return the flags of wrong answers that outvote the key, by part, with at most one query."""
    groups_by_item = {
        at: read_wrong_answer_groups(data, at) for at in {row.item for row in data.rows["groups"]}
    }
    examples = [group.example for groups in groups_by_item.values() for group in groups.groups]
    texts = {answer: row.shown for answer, row in load_answer_details(session, examples).items()}
    return {at: find_key_doubt_flags(groups, texts) for at, groups in groups_by_item.items()}


def find_key_doubt_flags(
    groups: WrongAnswerGroups, texts: Mapping[HexId, str]
) -> tuple[ReviewFlag, ...]:
    """Return the flags of groups, each labeled for a reader."""
    labelled = [
        group.to_answer_group(_label_group(groups, group, texts[group.example]))
        for group in groups.groups
    ]
    return flag_key_doubts(tabulate_wrong_answers(labelled, groups.right, wrong=groups.wrong))


def _label_group(groups: WrongAnswerGroups, group: WrongAnswerGroup, text: str) -> str:
    if groups.by_value or group.texts == 1:
        return text
    return f"what {' and '.join(group.mistakes)} gives" if group.mistakes else group.label


def load_answer_details(session: Session, answers: Iterable[HexId]) -> dict[HexId, Any]:
    """Return the display text and the submission of each answer, by the hex id of the answer."""
    ids = [UUID(answer) for answer in answers]
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
        .join(Draw, draw_condition(Answer))
        .where(Answer.id.in_(ids))
    )
    return {row.id.hex: row for row in rows}
