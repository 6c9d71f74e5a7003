"""The keys and parameters of the variants of a version, as they are stored, and what was read."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.services.analytics.reading import Hex, Numbers, Posed
from api.services.analytics.sheet import Sheet
from api.services.analytics.wrong import Unlabelled, unexplained
from api.services.submitting.judging import value_digest
from api.tables import Answer, Grading, Variant
from grader.json_values import from_json
from grader.patterns import patterns
from grader.result import Result

__all__ = ["Keys", "looks_of", "read_keys", "values_of"]

MOST: Final = 200
"""So many of the largest unexplained groups of a part are held beside the key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Of a problem the keys by numbers and part, and the parameters, as JSON data."""

    keys: Mapping[Numbers, Mapping[str, Any]]
    params: Mapping[Numbers, Mapping[str, Any]]

    def digests(self, part: str) -> dict[Numbers, str]:
        """Return the digest of each key of a part, equal to that of an answer with its value."""
        told = ((numbers, keys.get(part)) for numbers, keys in self.keys.items())
        return {numbers: _digest(key) for numbers, key in told if key is not None}


def _digest(told: Any) -> str:
    return value_digest(Result("", "correct", None, 0, value=from_json(told)))


def read_keys(session: Session, posed: Posed) -> Keys:
    """Return the keys of all variants of the version that is set now."""
    rows = session.execute(
        select(Variant.position, Variant.data["keys"], Variant.data["params"]).where(
            Variant.version_id == posed.version.id
        )
    ).all()
    at = [Numbers(posed.version.draw_hash, position) for position, _, _ in rows]
    return Keys(
        {numbers: row[1] or {} for numbers, row in zip(at, rows, strict=True)},
        {numbers: row[2] or {} for numbers, row in zip(at, rows, strict=True)},
    )


def values_of(session: Session, answers: Collection[Hex]) -> dict[Hex, Any]:
    """Return the values that answers were read as; none of what a record does not hold."""
    rows = session.execute(
        select(Answer.id, Grading.record["value"])
        .join(Grading, Grading.id == Answer.grading_id)
        .where(Answer.id.in_([UUID(one) for one in answers]))
    )
    return {answer.hex: from_json(told) for answer, told in rows if told is not None}


def looks_of(
    session: Session, sheet: Sheet, places: Iterable[int], keys: Keys
) -> dict[int, dict[Unlabelled, tuple[str, ...]]]:
    """Return by part what the largest unexplained groups look like beside the key."""
    asked = {at: list(unexplained(sheet, sheet.items[at]).items())[:MOST] for at in places}
    values = values_of(
        session, {those[0].answer_id for groups in asked.values() for _, those in groups}
    )
    return {
        at: {
            label: _phrases(
                keys.keys.get(label[0], {}).get(sheet.items[at].part),
                values.get(those[0].answer_id),
            )
            for label, those in groups
        }
        for at, groups in asked.items()
    }


def _phrases(key: Any, value: Any) -> tuple[str, ...]:
    if key is None or value is None:
        return ()
    return patterns(Result("", "wrong", Fraction(0), 0, value=value, against=from_json(key)))
