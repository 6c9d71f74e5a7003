"""Stored keys and parameters of the variants of a version, and the values that were read."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Answer, Grading, ProblemVersion, Variant
from api.services.analytics.queries.answers import Hex
from api.services.analytics.queries.groups import Group
from api.services.analytics.queries.query_batch import hex_of
from api.services.engine.variant_identity import NUMBERS, Numbers
from api.services.grades import PosedProblem
from api.services.submissions.grading import value_digest
from grader.diagnosis.patterns import patterns
from grader.display.text import show
from grader.grading.result import Result
from grader.json_values import from_json
from grader.values import is_number

__all__ = ["Keys", "looks_of", "read_keys"]

MOST_VALUES: Final = 12
"""A parameter with more values tells no more than the variants themselves."""
KEPT: Final = 4096


@dataclass(frozen=True)
class Keys:
    """Keys of a problem by variant and part, and its parameters, as JSON data.

    *places* maps a variant to its position in the list that students draw from.
    """

    keys: Mapping[Numbers, Mapping[str, Any]]
    params: Mapping[Numbers, Mapping[str, Any]]
    places: Mapping[Numbers, int]

    @cached_property
    def digests(self) -> Mapping[str, Mapping[Numbers, str]]:
        """Digest of each key by part and variant, equal to that of an answer with its value."""
        found: defaultdict[str, dict[Numbers, str]] = defaultdict(dict)
        for numbers, keys in self.keys.items():
            for part, key in keys.items():
                if key is not None:
                    found[part][numbers] = _digest(key)
        return found

    @cached_property
    def values(self) -> Mapping[str, Mapping[Numbers, str]]:
        """Labels of the variants by parameter, for parameters with few values, numbers or words."""
        names = sorted({name for params in self.params.values() for name in params})
        return {name: self._named(name) for name in names}

    def _named(self, name: str) -> dict[Numbers, str]:
        told = {numbers: _value(params.get(name)) for numbers, params in self.params.items()}
        found = {numbers: one for numbers, one in told.items() if one is not None}
        few = len({*found.values()}) <= MOST_VALUES
        return {numbers: f"{name} = {one}" for numbers, one in found.items()} if few else {}


def _value(told: Any) -> str | None:
    value = None if told is None else from_json(told)
    if isinstance(value, str):
        return value
    return show(value) if is_number(value) else None


def _digest(told: Any) -> str:
    return value_digest(Result("", "correct", None, 0, value=from_json(told)))


def read_keys(session: Session, posed: PosedProblem) -> Keys:
    """Load the keys of all variants of the problem's current version."""
    rows = session.execute(
        select(Variant.position, Variant.data["keys"], Variant.data["params"], *NUMBERS)
        .join(ProblemVersion, ProblemVersion.id == Variant.version_id)
        .where(Variant.version_id == posed.version.id)
    ).all()
    at = [Numbers(row.draw_hash, row.seed) for row in rows]
    return Keys(
        {numbers: row[1] or {} for numbers, row in zip(at, rows, strict=True)},
        {numbers: row[2] or {} for numbers, row in zip(at, rows, strict=True)},
        {numbers: row.position for numbers, row in zip(at, rows, strict=True)},
    )


def _values_of(session: Session, answers: Collection[Hex]) -> dict[Hex, Any]:
    """Return the values that answers were read as, as JSON data; None if the record has none."""
    statement = (
        select(hex_of(Answer.id), Grading.record["value"])
        .join(Grading, Grading.id == Answer.grading_id)
        .where(Answer.id.in_([UUID(one) for one in answers]))
    )
    return {row[0]: row[1] for row in session.connection().execute(statement).all()}


def looks_of(
    session: Session, keys: Keys, groups: Mapping[str, Sequence[Group]]
) -> dict[Hex, tuple[str, ...]]:
    """Return by example the patterns of the unexplained groups of each part beside the key."""
    values = _values_of(session, [one.example for those in groups.values() for one in those])
    return {
        one.example: _phrases(
            json.dumps(keys.keys.get(one.numbers, {}).get(part)),
            json.dumps(values.get(one.example)),
        )
        for part, those in groups.items()
        for one in those
        if one.numbers is not None
    }


@lru_cache(maxsize=KEPT)
def _phrases(key: str, value: str) -> tuple[str, ...]:
    """Return the patterns of a value beside the key; both are JSON texts."""
    told, against = from_json(json.loads(value)), from_json(json.loads(key))
    if told is None or against is None:
        return ()
    return patterns(Result("", "wrong", Fraction(0), 0, value=told, against=against))
