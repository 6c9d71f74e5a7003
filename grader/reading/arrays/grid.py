"""Table as typed: rows of cells, each cell unread.

Cells of a line are separated by tabs, ``|``, ``;`` or ``&`` outside brackets; without these, by
commas or spaces. Rows may be in Markdown, LaTeX or JSON. Frames, column names and row names are
dropped.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.arrays.latex_rows import split_latex_rows
from grader.reading.grammar.errors import truncate_line
from grader.reading.json_text import load_json
from grader.reading.lengths import check_arithmetic_length, check_text_length
from grader.reading.numbers import is_plain_number
from grader.reading.result import RawAnswer, StyledText
from grader.reading.shapes import is_plain_shape
from grader.reading.variable_names import FUNCTION

MAX_LENGTH: Final = 20_000
TABLE_FORM: Final = "one line per row, cells separated by tabs or |"


def _compile_separator(sign: str) -> re.Pattern[str]:
    """Return a pattern for finding *sign* outside brackets and quotes."""
    return re.compile(rf'"[^"]*"|[()\[\]{{}}]|(?P<sign>{sign})')


SIGNS: Final = _compile_separator(r"[\t|;]|(?<!\\)&")
BARS: Final = _compile_separator(r"[\t|]")
COMMAS: Final = _compile_separator(r",")
PARTED_COMMAS: Final = _compile_separator(r",\s+")
GAPS: Final = _compile_separator(r"\s{2,}")
BLANKS: Final = _compile_separator(r"\s+")
OPEN_ENDED: Final = lazy_regex(r"[-+*/×·÷=^−–,].*|.*[-+*/×·÷=^−–]")
"""A piece that is no cell, because a sign at its start or end joins it to another."""
RULE: Final = frozenset("|+:-=─━ \t")
LABEL: Final = lazy_regex(rf"(?:\(?\d{{1,3}}[.):]\s*)?(?!{FUNCTION})[^\W\d_]{{2}}[^=]*")
"""A row name that must be distinguished from a cell: ``conv1``, ``1. Pooling (max)``."""
NUMBERED: Final = lazy_regex(r"\s*\(?([0-9]{1,3})[.):]\s+(?=\S)")
"""A row number, as in a list: ``1.``, ``2)``."""
HEADER_WORD: Final = lazy_regex(r"[^\W\d_]+")
"""A word in a column header."""
VALUE_NAME: Final = lazy_regex(r"^[\s$]*([^\W\d_]+)(?:_?\{?[0-9]+\}?)?\s*[=:]")
"""The name before the value of a cell, such as ``r_1 = 7``."""
MIN_ABBREVIATION_LETTERS: Final = 3
"""Minimum number of letters in an abbreviation of a name."""
BAR: Final = lazy_regex(r"[|;&]")
WORD: Final = lazy_regex(r"[^\W\d_]{3}")
LETTER: Final = lazy_regex(r"[^\W\d_]")
DIGIT: Final = lazy_regex(r"\d")


def split_table_rows(
    typed: RawAnswer, *, columns: Sequence[str], rows: int
) -> list[list[RawAnswer]]:
    r"""Return the cells of each row, without its name; an empty cell is ``""``.

    *columns* are the column names. A first line of names is dropped if it makes the number of rows
    differ from *rows*, the number asked for, or if it is ruled off. The result may have too many or
    too few rows and cells.

    >>> table = "| size | n |\n|---|---|\n| (8, 8) | 448 |\n| | 0 |"
    >>> split_table_rows(table, columns=("s", "n"), rows=2)
    [['(8, 8)', '448'], ['', '0']]
    """
    if not isinstance(typed, (str, list)):
        raise AnswerError("This is not a table.", expected=TABLE_FORM)
    check_text_length(typed, MAX_LENGTH)
    json_rows = _parse_json_rows(typed) if isinstance(typed, str) else typed
    if json_rows is None:
        lines, ruled = _split_lines(str(typed))
        table_rows = _drop_empty_ends(
            [_split_line(line, len(columns)) for line in _drop_row_numbers(lines, len(columns))],
            len(columns),
        )
    else:
        ruled = False
        table_rows = [
            _read_json_row(row, number, columns) for number, row in enumerate(json_rows, start=1)
        ]
    table_rows = _drop_header(table_rows, columns, ruled=ruled, rows=rows)
    for row in table_rows:
        _refuse_column_order(
            _match_columns(_drop_row_name(row, len(columns)), VALUE_NAME, columns), columns
        )
    text_type = StyledText if isinstance(typed, StyledText) else str
    return [
        [
            text_type(cell) if isinstance(cell, str) else cell
            for cell in _drop_row_name(row, len(columns))
        ]
        for row in table_rows
    ]


def _drop_header(
    table_rows: list[list[RawAnswer]], columns: Sequence[str], *, ruled: bool, rows: int
) -> list[list[RawAnswer]]:
    """Return the rows without a first line of names; its columns must be in their order."""
    if not table_rows or not _is_header(
        table_rows[0], columns, ruled=ruled, count_differs=len(table_rows) != rows
    ):
        return table_rows
    header = _drop_row_name(table_rows[0], len(columns))
    _refuse_column_order(_match_columns(header, HEADER_WORD, columns), columns)
    return table_rows[1:]


def check_table_arithmetic(rows: Iterable[Sequence[RawAnswer]]) -> None:
    """Raise `AnswerError` if the cells of a table together hold too much arithmetic."""
    texts = [cell for row in rows for cell in row if isinstance(cell, str)]
    check_arithmetic_length(
        len(text) for text in texts if not is_plain_number(text) and not is_plain_shape(text)
    )


def _drop_row_name(row: list[RawAnswer], columns: int) -> list[RawAnswer]:
    """Return the cells of *row* without a leading row name."""
    return row[1:] if len(row) == columns + 1 else row


def _match_columns(
    row: Sequence[RawAnswer], names: re.Pattern[str], columns: Sequence[str]
) -> list[str]:
    """Return the columns that *names* finds in the cells; [] if a cell names none or several."""
    matched: list[str] = []
    for cell in row:
        words = [word.casefold() for word in names.findall(cell)] if isinstance(cell, str) else []
        named = [name for name in columns if any(_matches_column(word, name) for word in words)]
        if len(named) != 1:
            return []
        matched += named
    return matched


def _matches_column(word: str, name: str) -> bool:
    """Return whether *word* is the column *name* or an abbreviation: ``params`` for parameters."""
    name = name.casefold()
    return word == name or (
        len(word) >= MIN_ABBREVIATION_LETTERS and name.startswith(word.rstrip("s"))
    )


def _refuse_column_order(named: Sequence[str], columns: Sequence[str]) -> None:
    """Raise `AnswerError` if *named* are all the columns, but in another order."""
    if sorted(named) == sorted(columns) and [*named] != [*columns]:
        raise AnswerError(
            f"The columns are in a different order: {', '.join(named)}.",
            expected=" | ".join(columns),
        )


def _is_header(
    row: Sequence[RawAnswer], columns: Sequence[str], *, ruled: bool, count_differs: bool
) -> bool:
    """Return whether the first *row* is a header: a row of words, or any row that is ruled off."""
    cells = [cell if isinstance(cell, str) else "0" for cell in row if cell != ""]
    if any(map(DIGIT.search, cells)):
        return ruled and count_differs
    named = any(WORD.search(cell) or cell.lower() in columns for cell in cells)
    return ruled or (count_differs and named and all(map(LETTER.search, cells)))


def _parse_json_rows(text: str) -> Sequence[object] | None:
    """Return the rows of a JSON table, or None for any other text."""
    bare = text.strip()
    if not (bare.startswith(("[[", "[{", "[\n", "[ ")) and bare.endswith("]")):
        return None
    try:
        rows = load_json(bare)
    except AnswerError:
        return None
    if not isinstance(rows, list):
        return None
    return rows if all(isinstance(row, (list, dict)) for row in rows) else None


def _read_json_row(row: object, number: int, columns: Sequence[str]) -> list[RawAnswer]:
    """Return the cells of a JSON row: a list, or an object keyed by column names."""
    if isinstance(row, list):
        return row
    if not isinstance(row, dict):
        raise AnswerError(f"Row {number} is not a list of cells.", expected=", ".join(columns))
    cells = {str(name).strip().lower(): cell for name, cell in row.items()}
    missing = [name for name in columns if name.lower() not in cells]
    if missing:
        raise AnswerError(f"Row {number} has no {missing[0]}.", expected=", ".join(columns))
    extra_names = cells.keys() - {name.lower() for name in columns}
    if len(extra_names) > 1:
        raise AnswerError(
            f"Row {number} has {len(cells)} cells, one of them {truncate_line(min(extra_names))}.",
            expected=", ".join(columns),
        )
    values = (cells[name.lower()] for name in columns)
    return ["" if cell is None else cell for cell in values]


def _split_lines(text: str) -> tuple[list[str], bool]:
    """Return the rows as lines without their frame, and whether a rule follows the first."""
    lines = split_latex_rows(text) or [line for line in text.splitlines() if line.strip()]
    rules = [_is_horizontal_rule(line) for line in lines]
    content_lines = [
        _strip_outer_bars(line) for line, rule in zip(lines, rules, strict=True) if not rule
    ]
    first = rules.index(False) if content_lines else 0
    return content_lines, any(rules[first + 1 : first + 2])


def _drop_row_numbers(lines: list[str], columns: int) -> list[str]:
    """Return the lines without ``1.``, ``2.``, …, if all lines, or all but the first, have them.

    Numbers that are cells stay: with ``|`` after them, and not the tab of a word processor, they
    complete their rows.
    """
    for first in (0, 1):
        marks = [mark for line in lines[first:] if (mark := NUMBERED.match(line))]
        numbers = [int(mark[1]) for mark in marks]
        if len(numbers) > 1 and numbers == [*range(1, len(lines) - first + 1)]:
            if all(_completes_row(mark, columns) for mark in marks):
                return lines
            return [*lines[:first], *(mark.string[mark.end() :] for mark in marks)]
    return lines


def _completes_row(mark: re.Match[str], columns: int) -> bool:
    """Return whether the number that starts a row completes it to the number of columns."""
    behind = mark.string[mark.end() :]
    return bool(BAR.match(behind)) and len(_split_outside_brackets(mark.string, SIGNS)) == columns


def _is_horizontal_rule(line: str) -> bool:
    """Return whether *line* is only a rule: ``|---|:--:|``, ``+----+``."""
    return RULE.issuperset(line) and any(two in line for two in ("--", ":-", "==", "──", "━━"))


def _strip_outer_bars(line: str) -> str:
    """Return *line* without the outer bars of a Markdown table."""
    bare = line.strip()
    framed = len(bare) > 1 and bare[0] == bare[-1] == "|"
    return bare[1:-1] if framed else line


def _split_line(line: str, columns: int) -> list[RawAnswer]:
    """Return the cells of *line*; a single cell if the separator is unknown."""
    if columns == 1:
        cells = _split_outside_brackets(line, BARS)
        named = len(cells) - 1 == columns and LABEL.fullmatch(cells[0])
        return [cells[-1] if named else line.strip()]
    cells = _split_outside_brackets(line, SIGNS)
    if len(cells) > columns and line.endswith("|"):
        cells.pop()
    return [*cells] if len(cells) > 1 else [*_split_at_commas_or_spaces(line.strip(), columns)]


def _drop_empty_ends(rows: list[list[RawAnswer]], columns: int) -> list[list[RawAnswer]]:
    """Return *rows* without the empty cells caused by a separator at either end of the lines."""
    if rows and all(len(row) > columns and not row[-1] for row in rows):
        rows = [row[:-1] for row in rows]
    return [row[1:] if len(row) > columns + 1 and not row[0] else row for row in rows]


def _split_at_commas_or_spaces(line: str, columns: int) -> list[str]:
    """Return the cells between commas or spaces, if they are as many as the columns.

    A comma followed by a space separates cells before a comma without one, which may group
    thousands.
    """
    for sign in (PARTED_COMMAS, GAPS, COMMAS, BLANKS):
        cells = _split_outside_brackets(line, sign)
        if len(cells) == columns + 1 and LABEL.fullmatch(cells[0]):
            cells = cells[1:]
        if len(cells) == columns and not any(map(OPEN_ENDED.fullmatch, cells)):
            return cells
        if sign is PARTED_COMMAS and len(cells) > 1:
            break
    return [line]


def _split_outside_brackets(line: str, sign: re.Pattern[str]) -> list[str]:
    """Return the pieces of *line* between matches of *sign* outside brackets and quotes."""
    cells: list[str] = []
    start = depth = 0
    for match in sign.finditer(line):
        if match["sign"] and not depth:
            cells.append(line[start : match.start()].strip())
            start = match.end()
        depth = max(0, depth + (match[0] in "([{") - (match[0] in ")]}"))
    return [*cells, line[start:].strip()]
