"""Reading of one text as an answer to a part without a key: the data of `grader read`."""

import re
from collections.abc import Mapping
from typing import Any, Final

from grader.errors import AnswerError, ProblemError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope
from grader.kinds import KINDS
from grader.reading import Style
from grader.reading.units.unit_names import DIMENSIONS, unit_named
from problems.publish import plain

__all__ = ["READ", "error_record", "read_record"]

READ: Final = tuple(name for name, kind in KINDS.items() if kind.reads_alone)
"""The kinds whose answers can be read without a problem."""

WORDS: Final = re.compile(r"[^\W\d_]+")
PLAIN: Final = Scope({}, FUNCTIONS)


def read_record(
    kind: str, typed: str, variables: tuple[str, ...] = (), *, numbers: Style | None = None
) -> dict[str, object]:
    """Read a text as an answer of *kind*; raise `AnswerError` if it is unreadable.

    *variables* are the names in a formula, *numbers* is the style of decimals. Raises
    `ProblemError` for a kind that cannot be read without a problem.
    """
    if kind not in READ:
        raise ProblemError(f"{kind!r} is not read alone; there are {', '.join(READ)}")
    reads = KINDS[kind]
    part = reads.part.model_construct(id="read", kind=kind, **_fields(kind, typed, variables))
    reading = reads.read_typed(typed, numbers, part, PLAIN)
    shown = reads.render(reading, part, PLAIN)
    value = reads.carried(reading)
    return {
        "kind": kind,
        "typed": typed,
        "value": shown.text if value is None else plain(value),
        "read_as": shown.text,
        "mathml": shown.mathml,
        "notes": list(reading.notes),
    }


def _fields(kind: str, typed: str, variables: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the fields that reading needs; a quantity takes the dimension of its unit."""
    if kind == "expression":
        return {"variables": dict.fromkeys(variables)}
    if kind != "quantity":
        return {}
    units = filter(None, map(unit_named, WORDS.findall(typed)))
    dimension = next((unit.dimension for unit in units), next(iter(DIMENSIONS)))
    return {"dimension": dimension, "unit": next(iter(DIMENSIONS[dimension]))}


def error_record(error: AnswerError) -> dict[str, object]:
    """Serialize a reading error."""
    return {"error": error.message, "expected": error.expected, "position": error.position}
