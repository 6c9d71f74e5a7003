"""Table part: its rows, its columns as parts of other kinds, and the keys of its cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from grader.definitions.field_types import Expr, SnakeId
from grader.definitions.parts import KeyedPart
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.expressions.parser import Expression
from grader.kinds.base import AnswerKind
from grader.kinds.numbers import (
    IntegerKind,
    IntegerPart,
    NumberKind,
    NumberPart,
)
from grader.kinds.percents import PercentKind, PercentPart
from grader.kinds.shapes import ShapeKind, ShapePart
from grader.values import OpaqueValue, Record, Value

COLUMN_KINDS: Final[Mapping[str, AnswerKind[Any, Any]]] = {
    "integer": IntegerKind(),
    "number": NumberKind(),
    "percent": PercentKind(),
    "shape": ShapeKind(),
}
COLUMN_FIELDS: Final = frozenset(
    {"id", "kind", "key", "reason", "tolerance", "layout", "square", "share", "variables", "where"}
)
Column: TypeAlias = Annotated[
    IntegerPart | NumberPart | PercentPart | ShapePart, Field(discriminator="kind")
]


def _add_column_ids(raw: object) -> object:
    """Return the columns with their names as ids, so that each is a part of its kind."""
    if not isinstance(raw, dict):
        return raw
    return {
        name: {"id": name, **column} if isinstance(column, dict) else column
        for name, column in raw.items()
    }


class TablePart(KeyedPart):
    """A table: `rows` gives a row each, `columns` the kinds, `start` the row before the first.

    The key of a column may name ``layer`` (the row's item) and ``prev`` (the row before).
    """

    kind: Literal["table"]
    rows: Expr
    start: dict[SnakeId, Expr] = {}
    columns: Annotated[
        dict[SnakeId, Column],
        BeforeValidator(_add_column_ids, json_schema_input_type=dict[str, Any]),
        Field(min_length=1, max_length=12),
    ]
    credit_by: Literal["row", "cell", "all"] = "row"

    def needs_key(self) -> bool:
        """Return False: the columns have the keys."""
        return False

    @property
    def expressions(self) -> tuple[tuple[str, Expression], ...]:
        """Expressions of the part with their fields, for checking their names."""
        columns = [
            (f"columns.{name}.{field}", expression)
            for name, column in self.columns.items()
            for field, expression in column.expressions
        ]
        start = [(f"start.{name}", value) for name, value in self.start.items()]
        return (*super().expressions, ("rows", self.rows), *start, *columns)

    @property
    def key_variables(self) -> frozenset[str]:
        """Names that the key of a column may use in addition to parameters and parts."""
        return frozenset({"layer", "prev"})

    @model_validator(mode="after")
    def _check_column_keys(self) -> Self:
        if self.key is not None or self.accept or self.mistakes:
            raise ValueError("a table has its keys in the columns; it takes no accept or mistakes")
        for name, column in self.columns.items():
            unused = column.model_fields_set - COLUMN_FIELDS
            if unused:
                raise ValueError(f"the column {name} cannot have {min(unused)}")
            if column.key is None:
                raise ValueError(f"the column {name} has no key; a table has no thresholds")
        return self


@dataclass(frozen=True, slots=True)
class TableKey(OpaqueValue):
    """Keys of a table, and the data to compute a row from the previous one.

    Only the keys count for equality.
    """

    rows: tuple[Mapping[str, Value], ...]
    items: tuple[Value, ...] = field(compare=False)
    start: Mapping[str, Value] = field(compare=False)
    scope: Scope = field(compare=False)

    def compute_row(
        self, part: TablePart, index: int, previous: Mapping[str, Value]
    ) -> dict[str, Value]:
        """Return the keys of row *index*, given the *previous* row, or raise `SolverError`."""
        names = {**self.scope.names, "layer": self.items[index], "prev": Record(previous)}
        scope = Scope(names, self.scope.functions, self.scope.swaps)
        keys = {}
        for name, column in part.columns.items():
            key = COLUMN_KINDS[column.kind].solve(column, scope)
            if key is None:
                raise SolverError(f"the column {name} has no key")
            keys[name] = key
        return keys

    def __str__(self) -> str:
        return "\n".join(" | ".join(str(value) for value in row.values()) for row in self.rows)
