"""Kind whose answer is a table: `table`, one row per layer, with cells of other kinds.

The key of a row may use the previous row (``prev.shape``). A cell is right if it follows from the
true previous row or from the student's own, so that one slip costs one row.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from grader.definitions.fields import Expr, SnakeId
from grader.definitions.parts import KeyedPart
from grader.display.mathml import mtable, words
from grader.display.steps import itemised
from grader.display.text import counted
from grader.errors import AnswerError, SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import Expression
from grader.kinds.arrays import not_right
from grader.kinds.base import RIGHT_BY, Judgement, Kind, Samples, share
from grader.kinds.numbers import (
    IntegerKind,
    IntegerPart,
    NumberKind,
    NumberPart,
    PercentKind,
    PercentPart,
)
from grader.kinds.shapes import ShapeKind, ShapePart
from grader.reading import Reading, Typed, is_blank
from grader.reading.arrays.grid import check_cells, split_rows
from grader.reading.grammar.errors import shortened
from grader.values import Opaque, Record, Value

__all__ = ["TableKind", "TablePart"]

MAX_ROWS: Final = 256
EMPTY: Final = "–"
SIZE: Final = re.compile(r"\s*([0-9]{1,9})\s*[x×]\s*\1\s*")

COLUMN_KINDS: Final[Mapping[str, Kind[Any, Any]]] = {
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


def _name_columns(given: object) -> object:
    """Return the columns with their names as ids, so that each is a part of its kind."""
    if not isinstance(given, dict):
        return given
    return {
        name: {"id": name, **column} if isinstance(column, dict) else column
        for name, column in given.items()
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
        BeforeValidator(_name_columns, json_schema_input_type=dict[str, Any]),
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
    def variables_of_key(self) -> frozenset[str]:
        """Names that the key of a column may use besides parameters and parts."""
        return frozenset({"layer", "prev"})

    @model_validator(mode="after")
    def _keys_stand_in_columns(self) -> Self:
        if self.key is not None or self.accept or self.mistakes:
            raise ValueError("a table has its keys in the columns; it takes no accept or mistakes")
        for name, column in self.columns.items():
            unused = column.model_fields_set - COLUMN_FIELDS
            if unused:
                raise ValueError(f"the column {name} cannot have {min(unused)}")
            if column.key is None:
                raise ValueError(f"the column {name} has no key; a table has no thresholds")
        return self


Row: TypeAlias = tuple[Reading[Any] | None, ...]
Cells: TypeAlias = tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class TableKey(Opaque):
    """Keys of a table, and the data to compute a row from the previous one.

    Only the keys count for equality.
    """

    rows: tuple[Mapping[str, Value], ...]
    items: tuple[Value, ...] = field(compare=False)
    start: Mapping[str, Value] = field(compare=False)
    scope: Scope = field(compare=False)

    def row(self, part: TablePart, at: int, previous: Mapping[str, Value]) -> dict[str, Value]:
        """Return the keys of row *at*, computed from the *previous* row, or raise `SolverError`."""
        names = {**self.scope.names, "layer": self.items[at], "prev": Record(previous)}
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


class TableKind(Kind[TablePart, Cells]):
    """Kind of a table of numbers and shapes, with follow-through from the student's own rows."""

    part: ClassVar[type[TablePart]] = TablePart
    max_characters = 20_000
    hint = "A line for each row, with a bar or a tab between cells."
    reads_alone = False
    reads_by_numbers = True

    def solve(self, part: TablePart, scope: Scope) -> Value | None:
        """Return the keys of all rows."""
        items = _items(evaluate(part.rows.tree, scope))
        start = {name: evaluate(value.tree, scope) for name, value in part.start.items()}
        empty = TableKey((), items, start, scope)
        rows: list[Mapping[str, Value]] = []
        for at in range(len(items)):
            rows.append(empty.row(part, at, rows[-1] if rows else start))
        return TableKey(tuple(rows), items, start, scope)

    def read(self, typed: Typed, part: TablePart, scope: Scope) -> Reading[Cells]:
        """Return the cells by row; an empty cell is None."""
        expected = len(_items(evaluate(part.rows.tree, scope)))
        lines = split_rows(typed, columns=tuple(part.columns), rows=expected)
        if len(lines) != expected:
            raise AnswerError(
                f"The table has {counted(len(lines), 'row')}.",
                expected=f"{counted(expected, 'row')}, one a layer",
            )
        check_cells(lines)
        rows = tuple(_row(line, number, part, scope) for number, line in enumerate(lines, 1))
        shown = "\n".join(" | ".join(cell.shown if cell else EMPTY for cell in row) for row in rows)
        return Reading(rows, shown=shown)

    def judge(
        self, reading: Reading[Cells], key: Value | None, part: TablePart, scope: Scope
    ) -> Judgement:
        """Return the credit by row or cell, with follow-through from the student's previous row."""
        if not isinstance(key, TableKey):
            raise SolverError("the table has no key")
        marks: list[tuple[bool, ...]] = []
        own = true = key.start
        for at, cells in enumerate(reading.value):
            followed = {} if own == true else _followed(key, part, at, own)
            true = key.rows[at]
            marks.append(_marks(cells, (true, followed), part, scope))
            own = _own_row(cells, true, part)
        rows = tuple(all(row) for row in marks)
        if all(rows):
            return RIGHT_BY["cells"]
        return _partly(tuple(marks), rows, key, part)

    def point_out(self, reading: Reading[Cells], cells: tuple[bool, ...]) -> str:
        """Return a sentence with the rows and columns of the wrong cells, counted from 1."""
        width = len(reading.value[0])
        wrong = (divmod(at, width) for at, right in enumerate(cells) if not right)
        return not_right([f"row {row + 1} column {column + 1}" for row, column in wrong])

    def draw(self, value: Cells, part: TablePart, scope: Scope) -> str:
        """Return the cells by row, with a dash for an empty cell."""
        columns = part.columns.values()
        return mtable(
            (
                COLUMN_KINDS[column.kind].draw(cell.value, column, scope) if cell else words(EMPTY)
                for column, cell in zip(columns, row, strict=True)
            )
            for row in value
        )

    def carried(self, reading: Reading[Cells]) -> Value | None:
        """Return None, because later keys compute with the true table."""
        del reading
        return None

    def samples(self, part: TablePart, key: Value | None) -> Samples:
        """Return the keys as lines, the same with every cell changed, and unreadable tables."""
        if not isinstance(key, TableKey):
            return Samples((), (), ("",))
        shows = [
            [COLUMN_KINDS[part.columns[name].kind].show(value) for name, value in row.items()]
            for row in key.rows
        ]
        right = "\n".join("\t".join(row) for row in shows)
        off = "\n".join("\t".join(f"9{cell}" for cell in row) for row in shows)
        return Samples((right,), (off,), ("abc", right + "\n1\t2\t3\t4"))


def _partly(
    marks: tuple[tuple[bool, ...], ...], rows: tuple[bool, ...], key: TableKey, part: TablePart
) -> Judgement:
    """Return the judgement of a table with a wrong cell, and name its first wrong row."""
    cells = tuple(cell for row in marks for cell in row)
    counts = cells if part.credit_by == "cell" else rows
    credit = share(counts, partial=part.credit_by != "all").credit
    first = rows.index(False)
    named = f"row {first + 1} ({shortened(itemised(key.items[first]))})"
    column = list(part.columns)[marks[first].index(False)]
    remark = f"The first row that does not fit is {named}." if part.show == "cells" else ""
    return Judgement(credit, remark, cells=cells, by="cells", place=f"{named}, {column}")


def _items(value: Value) -> tuple[Value, ...]:
    """Return the items of the rows: of a tuple, or the layers of a network."""
    if isinstance(value, Opaque):
        try:
            value = value.field("layers")
        except KeyError as error:
            raise SolverError("the rows are neither a tuple nor a network") from error
    if not isinstance(value, tuple) or not 1 <= len(value) <= MAX_ROWS:
        raise SolverError(f"a table has 1 to {MAX_ROWS} rows")
    return value


def _row(line: list[Typed], number: int, part: TablePart, scope: Scope) -> Row:
    if len(line) != len(part.columns):
        raise AnswerError(
            f"Row {number} has {counted(len(line), 'cell')}.",
            expected=f"{counted(len(part.columns), 'cell')}, with bars: {' | '.join(part.columns)}",
        )
    read: list[Reading[Any] | None] = []
    for (name, column), cell in zip(part.columns.items(), line, strict=True):
        try:
            kind = COLUMN_KINDS[column.kind]
            _refuse_size(cell, column)
            read.append(None if is_blank(cell) else kind.read(cell, column, scope))
        except AnswerError as error:
            raise AnswerError(
                f"Row {number}, {name}: {error.message}", expected=error.expected
            ) from error
    return tuple(read)


def _refuse_size(cell: Typed, column: Column) -> None:
    """Raise `AnswerError` for ``7×7`` in a column of whole numbers: a side or a product."""
    if not isinstance(cell, str) or not isinstance(column, IntegerPart) or column.square:
        return
    if size := SIZE.fullmatch(cell):
        raise AnswerError(
            f"'{cell.strip()}' can be read as a size or as a product.",
            expected=f"{size[1]} for the side, the product itself for the other",
        )


def _followed(
    key: TableKey, part: TablePart, at: int, own: Mapping[str, Value]
) -> Mapping[str, Value]:
    """Return the keys of a row computed from the student's previous row; {} if that fails."""
    try:
        return key.row(part, at, own)
    except SolverError:
        return {}


def _marks(
    cells: Row, keys: tuple[Mapping[str, Value], ...], part: TablePart, scope: Scope
) -> tuple[bool, ...]:
    return tuple(
        cell is not None
        and any(
            COLUMN_KINDS[column.kind].judge(cell, key[name], column, scope).right
            for key in keys
            if name in key
        )
        for (name, column), cell in zip(part.columns.items(), cells, strict=True)
    )


def _own_row(cells: Row, true: Mapping[str, Value], part: TablePart) -> Mapping[str, Value]:
    """Return the student's row; empty cells and cells of another form get the true value."""
    own = dict(true)
    for (name, column), cell in zip(part.columns.items(), cells, strict=True):
        may_carry = COLUMN_KINDS[column.kind].may_carry
        if cell is not None and may_carry(cell.value, true[name]):
            own[name] = cell.value
    return own
