"""Stored keys and parameters of the variants of a version, and the values that were read."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    JSON,
    BigInteger,
    Integer,
    String,
    bindparam,
    cast,
    func,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from api.db.models import Answer, Grading, ProblemVersion, Variant
from api.services.analytics.queries.answer_filters import HexId
from api.services.analytics.queries.groups import WrongAnswerGroup
from api.services.analytics.queries.query_batch import cast_id_to_hex
from api.services.engine.value_digest import compute_value_digest
from api.services.engine.variant_identity import IDENTITY_COLUMNS, VariantIdentity
from api.services.grades import VersionedProblem
from grader.diagnosis.patterns import describe_key_resemblances
from grader.display.text import to_text
from grader.grading.result import PartResult
from grader.json_values import from_json
from grader.values import is_number

MAX_PARAMETER_VALUES: Final = 12
"""Maximum number of values of a labeled parameter.

A parameter with more values reveals no more than the variants themselves.
"""
PATTERN_CACHE_SIZE: Final = 4096
KEYS_PARAMETER: Final = "keys"


@dataclass(frozen=True)
class VariantKeys:
    """Keys of a problem by variant and part, and its parameters, as JSON data.

    *positions* maps a variant to its position in the list that students draw from.
    """

    keys: Mapping[VariantIdentity, Mapping[str, Any]]
    params: Mapping[VariantIdentity, Mapping[str, Any]]
    positions: Mapping[VariantIdentity, int]

    @cached_property
    def digests(self) -> Mapping[str, Mapping[VariantIdentity, str]]:
        """Digest of each key by part and variant, equal to that of an answer with its value."""
        digests: defaultdict[str, dict[VariantIdentity, str]] = defaultdict(dict)
        for numbers, keys in self.keys.items():
            for part, key in keys.items():
                if key is not None:
                    result = PartResult("", "correct", None, 0, value=from_json(key))
                    digests[part][numbers] = compute_value_digest(result)
        return digests

    @cached_property
    def labels_by_parameter(self) -> Mapping[str, Mapping[VariantIdentity, str]]:
        """Labels of the variants by parameter, for parameters with few values, numbers or words."""
        names = sorted({name for params in self.params.values() for name in params})
        return {name: self._label_variants(name) for name in names}

    def _label_variants(self, name: str) -> dict[VariantIdentity, str]:
        values = {
            numbers: _format_value(params.get(name)) for numbers, params in self.params.items()
        }
        known_values = {numbers: value for numbers, value in values.items() if value is not None}
        few = len({*known_values.values()}) <= MAX_PARAMETER_VALUES
        return (
            {numbers: f"{name} = {value}" for numbers, value in known_values.items()} if few else {}
        )


def _format_value(json_value: Any) -> str | None:
    value = None if json_value is None else from_json(json_value)
    if isinstance(value, str):
        return value
    return to_text(value) if is_number(value) else None


def load_variant_keys(session: Session, problem: VersionedProblem) -> VariantKeys:
    """Load the keys of all variants of the problem's current version."""
    rows = session.execute(
        select(Variant.position, Variant.data["keys"], Variant.data["params"], *IDENTITY_COLUMNS)
        .join(ProblemVersion, ProblemVersion.id == Variant.version_id)
        .where(Variant.version_id == problem.version.id)
    ).all()
    identities = [VariantIdentity(row.draw_hash, row.seed) for row in rows]
    return VariantKeys(
        {numbers: row[1] or {} for numbers, row in zip(identities, rows, strict=True)},
        {numbers: row[2] or {} for numbers, row in zip(identities, rows, strict=True)},
        {numbers: row.position for numbers, row in zip(identities, rows, strict=True)},
    )


def _load_answer_values(session: Session, answers: Collection[HexId]) -> dict[HexId, Any]:
    """Return the values that answers were read as, as JSON data; None if the record has none."""
    statement = (
        select(cast_id_to_hex(Answer.id), Grading.record["value"])
        .join(Grading, Grading.id == Answer.grading_id)
        .where(Answer.id.in_([UUID(answer) for answer in answers]))
    )
    return {row[0]: row[1] for row in session.connection().execute(statement).all()}


def load_unexplained_patterns(
    session: Session, keys: VariantKeys, groups: Mapping[str, Sequence[WrongAnswerGroup]]
) -> dict[HexId, tuple[str, ...]]:
    """Return by example the patterns of the unexplained groups of each part beside the key."""
    values = _load_answer_values(
        session, [one.example for those in groups.values() for one in those]
    )
    return {
        one.example: _find_patterns(
            json.dumps(keys.keys.get(one.variant_identity, {}).get(part)),
            json.dumps(values.get(one.example)),
        )
        for part, those in groups.items()
        for one in those
        if one.variant_identity is not None
    }


def load_key_patterns(
    session: Session, problem: VersionedProblem, part: str, answer: UUID
) -> tuple[str, ...]:
    """Return the patterns of one wrong answer beside the key, whether or not a mistake explains it.

    Empty if the answer or the key of its variant has no value.
    """
    record = session.scalar(
        select(Grading.record)
        .join(Answer, Answer.grading_id == Grading.id)
        .where(Answer.id == answer, Answer.part == part)
    )
    if record is None:
        return ()
    identity = VariantIdentity(record["draw_hash"], record["seed"])
    key = load_variant_keys(session, problem).keys.get(identity, {}).get(part)
    return _find_patterns(json.dumps(key), json.dumps(record["value"]))


@lru_cache(maxsize=PATTERN_CACHE_SIZE)
def _find_patterns(key: str, value: str) -> tuple[str, ...]:
    """Return the patterns of a value beside the key; both are JSON texts."""
    answer_value, key_value = from_json(json.loads(value)), from_json(json.loads(key))
    if answer_value is None or key_value is None:
        return ()
    return describe_key_resemblances(
        PartResult("", "wrong", Fraction(0), 0, value=answer_value, counted_key=key_value)
    )


def serialize_keys(
    digests: Mapping[str, Mapping[VariantIdentity, str]], unheld: Mapping[str, set[str]]
) -> dict[str, list[Any]]:
    """Return the key of each part in every variant, and whether nobody holds it, as JSON rows."""
    rows = (
        [part, *numbers, digest, int(digest in unheld[part])]
        for part, own in digests.items()
        for numbers, digest in own.items()
    )
    return {str(index): row for index, row in enumerate(rows)}


def build_keys_cte() -> CTE:
    """Return the rows of `serialize_keys`.

    A parameter holds them: SQLAlchemy would compile a `VALUES` list, and all around it, each time.
    """
    rows = func.json_each(bindparam(KEYS_PARAMETER, type_=JSON)).table_valued("key", "value")
    cells = type_coerce(rows.c.value, JSON)
    types: dict[str, Any] = {
        "part": String,
        "draw_hash": String,
        "seed": BigInteger,
        "digest": String,
        "unheld": Integer,
    }
    return select(
        *(
            cast(cells[index].as_string(), kind).label(name)
            for index, (name, kind) in enumerate(types.items())
        )
    ).cte("keys")
