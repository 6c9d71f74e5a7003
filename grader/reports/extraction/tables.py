"""Tables of a report: their cells, rows and columns as values with names."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from grader.lazy_regex import lazy_regex
from grader.reports.extraction.clauses import DIGIT, LETTERED, WORD_CHARACTERS

ROW_LABEL: Final = lazy_regex(
    r"\(?(?:\d{1,2}\s?)?\(?(?:[a-h]|[ivx]{1,4})[).]{0,2}"
    r"|(?:\d{1,2}\.?)?\(?[a-h][).]{0,2}\(?[ivx]{1,4}[).]{0,2}|[IVX]{1,4}\.\d{1,2}[).]?"
)
"""Label in the first cell of a row: ``b``, ``(b)``, ``2b``, ``2(b)ii`` or ``II.3``."""
NUMBERED_ROW: Final = lazy_regex(r"\d{1,2}[.)]?")
SIZE_TITLE: Final = lazy_regex(
    r"height|width|depth|length|frames|channels?|rows|columns|features|[HWCDL]", re.IGNORECASE
)
PLAIN_NUMBER: Final = lazy_regex(r"[-+−]?\d+(?:\.\d+)?(?:/\d+)?")
TABLE_RULE: Final = lazy_regex(r"[\s|:+-]+")


class TableCell(NamedTuple):
    """A value in a table: its *row* as text, and the *label* and *words* of row and column."""

    text: str
    row: str
    label: str
    words: str
    row_label: str
    column: str = ""
    other_columns: str = ""


def iterate_cells(text: str) -> Iterator[TableCell]:
    """Yield the values of a Markdown table: cells, shapes of rows, and series of numbers."""
    yield from split_table(text)
    yield from find_shapes_of_rows(text)
    yield from find_series(text)


def split_table(text: str) -> Iterator[TableCell]:
    """Yield the values of a Markdown table that stand behind the first column."""
    rows = _split_rows(text)
    header = rows[0] if rows else []
    for row in rows[1:]:
        row_label = row[0].strip("*") if ROW_LABEL.fullmatch(row[0].strip("*")) else ""
        for column, cell in enumerate(row[1:], 1):
            title = header[column] if column < len(header) else ""
            is_name = column + 1 < len(row) and len(WORD_CHARACTERS.findall(cell)) > 1
            if is_name or not (DIGIT.search(cell) or LETTERED.search(cell)):
                continue
            names = [text for text in row[:column] if text and not NUMBERED_ROW.fullmatch(text)]
            name = " ".join(names[1:] if row_label and len(names) > 1 else names[:1])
            label = f"{name} {title}" if len(header) > 2 and not row_label else name  # noqa: PLR2004
            row_name = f"{header[0]} {row[0]}" if NUMBERED_ROW.fullmatch(row[0]) else row[0]
            words = f"{' '.join(names) or row_name} ; {row_name} {title}"
            others = " ; ".join(header[1:column] + header[column + 1 :])
            yield TableCell(cell, " | ".join(row), label.strip(), words, row_label, title, others)


def find_shapes_of_rows(text: str) -> Iterator[TableCell]:
    r"""Yield the shape of each row of a table that has a column for each size.

    >>> [cell.text for cell in find_shapes_of_rows("| x | height | width |\n| a | 4 | 5 |")]
    ['4×5']
    """
    header, *rows = _split_rows(text) or [[]]
    columns = [column for column, title in enumerate(header) if SIZE_TITLE.fullmatch(title)]
    for row in rows if len(columns) > 1 else ():
        sizes = [row[column].strip("*$ ") for column in columns if column < len(row)]
        if len(sizes) == len(columns) and all(map(str.isdecimal, sizes)):
            name = " ".join(row[: columns[0]])
            yield TableCell("×".join(sizes), " | ".join(row), name, f"{name} ; shape", "")


def find_series(text: str) -> Iterator[TableCell]:
    r"""Yield each column and each row that has a number in every cell, as one list.

    >>> [cell.text for cell in find_series("| box | IoU |\n| 1 | 0.5 |\n| 2 | 0.25 |")]
    ['[0.5, 0.25]']
    """
    header, *rows = _split_rows(text) or [[]]
    columns = range(1, len(header)) if _is_numbered([row[0] for row in rows]) else ()
    for column in columns:
        cells = [row[column] if column < len(row) else "" for row in rows]
        others = " ; ".join(header[1:column] + header[column + 1 :])
        yield from _join_numbers(header[column], cells, text, column=header[column], others=others)
    for row in rows if _is_numbered(header[1:]) else ():
        yield from _join_numbers(row[0], row[1:], " | ".join(row))


def _is_numbered(names: list[str]) -> bool:
    """Return whether names differ only in their numbers, as those of equal things do."""
    return len({re.sub(r"\d+|[$*_{}]", "", name) for name in names}) == 1


def _join_numbers(
    name: str, cells: list[str], row: str, *, column: str = "", others: str = ""
) -> Iterator[TableCell]:
    numbers = [cell.strip("*$ ") for cell in cells]
    if len(numbers) > 1 and name and all(map(PLAIN_NUMBER.fullmatch, numbers)):
        yield TableCell(f"[{', '.join(numbers)}]", row, name, name, "", column, others)


def _split_rows(text: str) -> list[list[str]]:
    """Return the cells of the rows of a Markdown table, of which the first may be empty."""
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for index, line in enumerate(text.splitlines())
        if line.strip() and not (TABLE_RULE.fullmatch(line) and (index or "-" in line))
    ]


def iterate_shortened_tables(text: str) -> Iterator[str]:
    """Yield a Markdown table without its first column, and without its first two.

    They number and name the rows.
    """
    rows = _split_rows(text)
    for count in (1, 2):
        if rows and all(len(row) > count for row in rows):
            lines = [" | ".join(row[count:]) for row in rows]
            yield "\n".join(lines[1:])
