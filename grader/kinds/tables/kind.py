"""Kind whose answer is a table: `table`, one row per layer, with cells of other kinds.

The key of a row may use the previous row (``prev.shape``). A cell is right if it follows from the
true previous row or from the student's own, so that one slip costs one row.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeAlias

from grader.display.mathml import table_element, text_element
from grader.display.steps import format_items
from grader.display.text import pluralize
from grader.errors import AnswerError, SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.kinds.arrays import format_wrong_cells
from grader.kinds.base import RIGHT_BY_RULE, AnswerKind, Judgement, SampleAnswers
from grader.kinds.comparison.arrays import judge_cells
from grader.kinds.numbers import IntegerPart
from grader.kinds.tables.listed_rows import split_undelimited_row, write_row_lines
from grader.kinds.tables.part import COLUMN_KINDS, Column, TableKey, TablePart
from grader.lazy_regex import lazy_regex
from grader.reading import RawAnswer, Reading, is_blank
from grader.reading.arrays.grid import check_table_arithmetic, split_table_rows
from grader.reading.grammar.errors import truncate_line
from grader.values import OpaqueValue, Value

MAX_ROWS: Final = 256
EMPTY_CELL: Final = "–"
NOTHING: Final = lazy_regex(
    r"\s*(?:none|nothing|zero|no(?:\s+(?:parameters?|params|weights))?|[-–—−]{1,3}|n/a)\s*\.?\s*",
    re.IGNORECASE,
)
"""Words and dashes for 0 in a column of counts."""
SQUARE_PATTERN: Final = lazy_regex(r"\s*([0-9]{1,9})\s*[x×]\s*\1\s*")

TableRow: TypeAlias = tuple[Reading[Any] | None, ...]
TableCells: TypeAlias = tuple[TableRow, ...]


class TableKind(AnswerKind[TablePart, TableCells]):
    """Kind of a table of numbers and shapes, with follow-through from the student's own rows."""

    part: ClassVar[type[TablePart]] = TablePart
    max_characters = 20_000
    hint = "A line for each row, with a bar or a tab between cells."
    reads_alone = False
    reads_by_numbers = True
    refuses_unknown_words = False
    rewriters = ()

    def solve(self, part: TablePart, scope: Scope) -> Value | None:
        """Return the keys of all rows."""
        items = _get_row_items(evaluate(part.rows.tree, scope))
        start = {name: evaluate(value.tree, scope) for name, value in part.start.items()}
        empty = TableKey((), items, start, scope)
        rows: list[Mapping[str, Value]] = []
        for index in range(len(items)):
            rows.append(empty.compute_row(part, index, rows[-1] if rows else start))
        return TableKey(tuple(rows), items, start, scope)

    def read(self, typed: RawAnswer, part: TablePart, scope: Scope) -> Reading[TableCells]:
        """Return the cells by row; an empty cell is None."""
        expected = len(_get_row_items(evaluate(part.rows.tree, scope)))
        listed = write_row_lines(typed, expected, part)
        lines = split_table_rows(listed, columns=tuple(part.columns), rows=expected)
        if len(lines) != expected:
            raise AnswerError(
                f"The table has {pluralize(len(lines), 'row')}.",
                expected=f"{pluralize(expected, 'row')}, one per layer",
            )
        check_table_arithmetic(lines)
        rows = tuple(_read_row(line, number, part, scope) for number, line in enumerate(lines, 1))
        text = "\n".join(
            " | ".join(cell.text if cell else EMPTY_CELL for cell in row) for row in rows
        )
        return Reading(rows, text=text)

    def judge(
        self, reading: Reading[TableCells], key: Value | None, part: TablePart, scope: Scope
    ) -> Judgement:
        """Return the credit by row or cell, with follow-through from the student's previous row."""
        if not isinstance(key, TableKey):
            raise SolverError("the table has no key")
        marks: list[tuple[bool, ...]] = []
        student_row = true_row = key.start
        for index, cells in enumerate(reading.value):
            followed = (
                {}
                if student_row == true_row
                else _compute_follow_through_keys(key, part, index, student_row)
            )
            true_row = key.rows[index]
            marks.append(_judge_row(cells, (true_row, followed), part, scope))
            student_row = _build_student_row(cells, true_row, part)
        rows = tuple(all(row) for row in marks)
        if all(rows):
            return RIGHT_BY_RULE["cells"]
        return _judge_partly_right(tuple(marks), rows, key, part)

    def describe_errors(
        self, reading: Reading[TableCells], cells: tuple[bool, ...], part: TablePart
    ) -> str:
        """Return a sentence with the rows and columns of the wrong cells, counted from 1."""
        del part
        width = len(reading.value[0])
        wrong = (divmod(index, width) for index, right in enumerate(cells) if not right)
        return format_wrong_cells([f"row {row + 1} column {column + 1}" for row, column in wrong])

    def to_mathml(self, value: TableCells, part: TablePart, scope: Scope) -> str:
        """Return the cells by row, with a dash for an empty cell."""
        columns = part.columns.values()
        return table_element(
            (
                COLUMN_KINDS[column.kind].to_mathml(cell.value, column, scope)
                if cell
                else text_element(EMPTY_CELL)
                for column, cell in zip(columns, row, strict=True)
            )
            for row in value
        )

    def carried_value(self, reading: Reading[TableCells]) -> Value | None:
        """Return None, because later keys compute with the true table."""
        del reading
        return None

    def build_samples(self, part: TablePart, key: Value | None) -> SampleAnswers:
        """Return the keys as lines, the same with every cell changed, and unreadable tables."""
        if not isinstance(key, TableKey):
            return SampleAnswers((), (), ("",))
        texts = [
            [COLUMN_KINDS[part.columns[name].kind].format_key(value) for name, value in row.items()]
            for row in key.rows
        ]
        right = "\n".join("\t".join(row) for row in texts)
        off = "\n".join("\t".join(f"9{cell}" for cell in row) for row in texts)
        return SampleAnswers((right,), (off,), ("abc", right + "\n1\t2\t3\t4"))


def _judge_partly_right(
    marks: tuple[tuple[bool, ...], ...], rows: tuple[bool, ...], key: TableKey, part: TablePart
) -> Judgement:
    """Return the judgement of a table with a wrong cell, and name its first wrong row."""
    cells = tuple(cell for row in marks for cell in row)
    counts = cells if part.credit_by == "cell" else rows
    credit = judge_cells(counts, partial=part.credit_by != "all").credit
    first = rows.index(False)
    row_name = f"row {first + 1} ({truncate_line(format_items(key.items[first]))})"
    column = list(part.columns)[marks[first].index(False)]
    remark = f"The first row that does not fit is {row_name}." if part.show == "cells" else ""
    return Judgement(credit, remark, cells=cells, rule="cells", first_wrong=f"{row_name}, {column}")


def _get_row_items(value: Value) -> tuple[Value, ...]:
    """Return the items of the rows: of a tuple, or the layers of a network."""
    if isinstance(value, OpaqueValue):
        try:
            value = value.get_field("layers")
        except KeyError as error:
            raise SolverError("the rows are neither a tuple nor a network") from error
    if not isinstance(value, tuple) or not 1 <= len(value) <= MAX_ROWS:
        raise SolverError(f"a table has 1 to {MAX_ROWS} rows")
    return value


def _read_row(line: list[RawAnswer], number: int, part: TablePart, scope: Scope) -> TableRow:
    line = split_undelimited_row(line, part)
    if len(line) != len(part.columns):
        cells = pluralize(len(part.columns), "cell")
        raise AnswerError(
            f"Row {number} has {pluralize(len(line), 'cell')}.",
            expected=f"{cells}, with bars: {' | '.join(part.columns)}",
        )
    read: list[Reading[Any] | None] = []
    for (name, column), cell in zip(part.columns.items(), line, strict=True):
        try:
            kind = COLUMN_KINDS[column.kind]
            _reject_square_size(cell, column)
            text = _replace_word_for_zero(cell, column)
            read.append(None if is_blank(cell) else kind.read(text, column, scope))
        except AnswerError as error:
            raise AnswerError(
                f"Row {number}, {name}: {error.message}", expected=error.expected
            ) from error
    return tuple(read)


def _replace_word_for_zero(cell: RawAnswer, column: Column) -> RawAnswer:
    """Return "0" for a word or a dash that stands for zero in a column of counts, else *cell*."""
    counts = isinstance(column, IntegerPart) and isinstance(cell, str)
    return "0" if counts and NOTHING.fullmatch(cell) else cell  # type: ignore[arg-type]


def _reject_square_size(cell: RawAnswer, column: Column) -> None:
    """Raise `AnswerError` for ``7×7`` in a column of whole numbers: a side or a product."""
    if not isinstance(cell, str) or not isinstance(column, IntegerPart) or column.square:
        return
    if size := SQUARE_PATTERN.fullmatch(cell):
        raise AnswerError(
            f"'{cell.strip()}' can be read as a size or as a product.",
            expected=f"{size[1]} for the side, the product itself for the other",
        )


def _compute_follow_through_keys(
    key: TableKey, part: TablePart, index: int, student_row: Mapping[str, Value]
) -> Mapping[str, Value]:
    """Return the keys of a row computed from the student's previous row; {} if that fails."""
    try:
        return key.compute_row(part, index, student_row)
    except SolverError:
        return {}


def _judge_row(
    cells: TableRow, keys: tuple[Mapping[str, Value], ...], part: TablePart, scope: Scope
) -> tuple[bool, ...]:
    return tuple(
        cell is not None
        and any(
            COLUMN_KINDS[column.kind].judge(cell, key[name], column, scope).is_right
            for key in keys
            if name in key
        )
        for (name, column), cell in zip(part.columns.items(), cells, strict=True)
    )


def _build_student_row(
    cells: TableRow, true_row: Mapping[str, Value], part: TablePart
) -> Mapping[str, Value]:
    """Return the student's row; empty cells and cells of another form get the true value."""
    student_row = dict(true_row)
    for (name, column), cell in zip(part.columns.items(), cells, strict=True):
        may_carry = COLUMN_KINDS[column.kind].can_carry_forward
        if cell is not None and may_carry(cell.value, true_row[name]):
            student_row[name] = cell.value
    return student_row
