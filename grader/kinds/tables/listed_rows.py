"""Tables without a line for each row: a list in one line, tuples, or a line for each column."""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from grader.kinds.shapes import ShapePart
from grader.kinds.tables.part import Column, TablePart
from grader.lazy_regex import lazy_regex
from grader.reading import RawAnswer

_NUMBER: Final = r"[-+]?[0-9]+(?:\.[0-9]+)?"
TUPLE: Final = lazy_regex(rf"[(\[]\s*({_NUMBER}(?:\s*[,;]\s*{_NUMBER})+)\s*[)\]]")
BETWEEN_TUPLES: Final = lazy_regex(r"[\s,;]*")
COLUMN_LINE: Final = lazy_regex(
    rf"\s*(?P<name>[^\W\d]\w*)\s*(?:[:=]|\|)\s*[(\[]?\s*"
    rf"(?P<cells>{_NUMBER}(?:(?:\s*[,;|]\s*|\s+){_NUMBER})+)\s*[)\]]?[\s|,;.]*"
)
"""The name of a column and its values from top to bottom: ``r: 9, 12, 36``."""
THOUSANDS: Final = lazy_regex(r"(?<![0-9])[0-9]{1,3},[0-9]{3}(?![0-9])")
SEPARATORS: Final = lazy_regex(r"\s*[,;|]\s*|\s+")
BARE_ROW: Final = lazy_regex(r"[0-9 \t]*[0-9](?:[ \t]+(?:[0-9]+|none|no))*[ \t]*", re.IGNORECASE)

ENCLOSED_PATTERN: Final = lazy_regex(r"[\[({].*[\])}]")
SEMICOLON: Final = lazy_regex(r"(;)")
COMMA: Final = lazy_regex(r"(,)")
SPACED_COMMA: Final = lazy_regex(r"(,\s+)")
"""Separators of listed rows; a group, so that a split keeps them."""

AXES_PATTERN: Final = lazy_regex(r"[(\[,×x]|\\times")


def write_row_lines(typed: RawAnswer, rows: int, part: TablePart) -> RawAnswer:
    """Return *typed* with a line for each of the *rows*, if it lists them in another form.

    A table of one column may be a list in one line. A table of numbers may be a list of tuples,
    ``(7, 4), (15, 8)``, or have a line for each column that begins with the column's name.
    """
    text = typed.strip() if isinstance(typed, str) else ""
    if not text or rows == 1:
        return typed
    if len(part.columns) == 1:
        (column,) = part.columns.values()
        lines = [] if "\n" in text else _split_list(text, rows, column)
    else:
        lines = _split_tuples(text, rows, len(part.columns)) or _turn_columns(text, rows, part)
    return type(typed)("\n".join(lines)) if lines else typed


def split_undelimited_row(line: list[RawAnswer], part: TablePart) -> list[RawAnswer]:
    """Return the cells of a row of blanks and sizes, ``20 14 17 500``, if the layouts tell them."""
    text = line[0] if len(line) == 1 else None
    if not isinstance(text, str) or not BARE_ROW.fullmatch(text):
        return line
    widths = [
        len(column.layout or "?") if isinstance(column, ShapePart) else 1
        for column in part.columns.values()
    ]
    pieces = text.split()
    if len(pieces) != sum(widths) or len(widths) == 1:
        return line
    ends = list(accumulate(widths))
    return ["×".join(pieces[end - width : end]) for width, end in zip(widths, ends, strict=True)]


def _split_list(text: str, rows: int, column: Column) -> list[str]:
    """Return the items of a list in one line, if there are *rows* of them.

    A semicolon separates them, or a comma outside brackets. Numbers need a space behind the comma,
    because it could group thousands.
    """
    comma = COMMA if isinstance(column, ShapePart) else SPACED_COMMA
    for body in (text, text[1:-1] if ENCLOSED_PATTERN.fullmatch(text) else ""):
        for separator in (SEMICOLON, comma):
            items = _split_outside_brackets(body, separator)
            if len(items) == rows and _are_shapes_whole(items, column):
                return items
    return []


def _split_tuples(text: str, rows: int, columns: int) -> list[str]:
    """Return a line for each tuple of numbers; [] if their number or size does not fit."""
    body = text[1:-1] if text.startswith(("[(", "[[", "((")) else text
    tuples = TUPLE.findall(body)
    cells = [re.split(r"\s*[,;]\s*", one) for one in tuples]
    if len(cells) != rows or any(len(row) != columns for row in cells):
        return []
    return [*map(" | ".join, cells)] if BETWEEN_TUPLES.fullmatch(TUPLE.sub("", body)) else []


def _turn_columns(text: str, rows: int, part: TablePart) -> list[str]:
    """Return the rows of a text with a line for each column; [] for any other text.

    Each line must begin with the whole name of its column, so their order does not matter.
    """
    if THOUSANDS.search(text):
        return []  # 9,216 is one number or two
    lines = [COLUMN_LINE.fullmatch(line) for line in text.splitlines() if line.strip()]
    values = {
        line["name"].casefold(): SEPARATORS.split(line["cells"])
        for line in lines
        if line is not None
    }
    names = [name.casefold() for name in part.columns]
    if len(lines) != len(names) or values.keys() != {*names}:
        return []
    if any(len(cells) != rows for cells in values.values()):
        return []
    return [" | ".join(row) for row in zip(*(values[name] for name in names), strict=True)]


def _are_shapes_whole(items: Sequence[str], column: Column) -> bool:
    """Return whether each of *items* is a whole shape, not one axis of a shape."""
    return not isinstance(column, ShapePart) or all(map(AXES_PATTERN.search, items))


def _split_outside_brackets(text: str, separator: re.Pattern[str]) -> list[str]:
    items, depth = [""], 0
    for piece in separator.split(text):
        if separator.fullmatch(piece) and not depth:
            items.append("")
            continue
        items[-1] += piece
        depth += sum(map(piece.count, "([{")) - sum(map(piece.count, ")]}"))
    return [item.strip() for item in items if item.strip()]
