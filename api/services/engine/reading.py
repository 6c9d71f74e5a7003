"""Reading of one text as an answer to a part without a key: the data of `grader read`."""

import re
from collections.abc import Mapping
from typing import Any, Final

from grader.errors import AnswerError, ProblemError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope
from grader.kinds import KINDS
from grader.reading import NumberStyle
from grader.reading.units.unit_names import DIMENSIONS, parse_unit
from problems.publish import to_json_data

STANDALONE_KINDS: Final = tuple(name for name, kind in KINDS.items() if kind.reads_alone)
"""Kinds whose answers can be read without a problem."""

WORD_PATTERN: Final = re.compile(r"[^\W\d_]+")
PLAIN_SCOPE: Final = Scope({}, FUNCTIONS)


def read_standalone_answer(
    kind: str, typed: str, variables: tuple[str, ...] = (), *, numbers: NumberStyle | None = None
) -> dict[str, object]:
    """Read a text as an answer of *kind*; raise `AnswerError` if it is unreadable.

    *variables* are the names in a formula, *numbers* is the style of decimals. Raises
    `ProblemError` for a kind that cannot be read without a problem.
    """
    if kind not in STANDALONE_KINDS:
        raise ProblemError(
            f"{kind!r} cannot be read alone; there are {', '.join(STANDALONE_KINDS)}"
        )
    definition = KINDS[kind]
    part = definition.part.model_construct(
        id="read", kind=kind, **_part_fields_for_reading(kind, typed, variables)
    )
    reading = definition.normalize_and_read(typed, numbers, part, PLAIN_SCOPE)
    rendered = definition.render(reading, part, PLAIN_SCOPE)
    value = definition.carried_value(reading)
    return {
        "kind": kind,
        "typed": typed,
        "value": rendered.text if value is None else to_json_data(value),
        "read_as": rendered.text,
        "mathml": rendered.mathml,
        "notes": list(reading.notes),
    }


def _part_fields_for_reading(
    kind: str, typed: str, variables: tuple[str, ...]
) -> Mapping[str, Any]:
    """Return the fields that reading needs; a quantity takes the dimension of its unit."""
    if kind == "expression":
        return {"variables": dict.fromkeys(variables)}
    if kind != "quantity":
        return {}
    units = filter(None, map(parse_unit, WORD_PATTERN.findall(typed)))
    dimension = next((unit.dimension for unit in units), next(iter(DIMENSIONS)))
    return {"dimension": dimension, "unit": next(iter(DIMENSIONS[dimension]))}


def serialize_reading_error(error: AnswerError) -> dict[str, object]:
    """Serialize a reading error."""
    return {"error": error.message, "expected": error.expected, "position": error.position}
