"""Table as typed: rows of cells, each cell unread.

Cells of a line are separated by tabs, ``|``, ``;`` or ``&`` outside brackets; without these, by
commas or spaces. Rows may be in Markdown, LaTeX or JSON. Frames, column names and row names are
dropped.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from grader.errors import AnswerError
from grader.reading.arrays.latex_rows import latex_rows
from grader.reading.grammar.errors import shortened
from grader.reading.json_text import load_json
from grader.reading.lengths import check_arithmetic_length, check_length
from grader.reading.names import FUNCTION
from grader.reading.numbers import is_plain_number
from grader.reading.result import Styled, Typed
from grader.reading.shapes import is_plain_shape

__all__ = ["check_cells", "split_rows"]

MAX_LENGTH: Final = 20_000
FORMS: Final = "one line a row, cells with tabs or |"


def _outside(sign: str) -> re.Pattern[str]:
    """Return a pattern for finding *sign* outside brackets and quotes."""
    return re.compile(rf'"[^"]*"|[()\[\]{{}}]|(?P<sign>{sign})')


SIGNS: Final = _outside(r"[\t|;]|(?<!\\)&")
BARS: Final = _outside(r"[\t|]")
COMMAS: Final = _outside(r",")
PARTED_COMMAS: Final = _outside(r",\s+")
GAPS: Final = _outside(r"\s{2,}")
BLANKS: Final = _outside(r"\s+")
OPEN_ENDED: Final = re.compile(r"[-+*/×·÷=^−–,].*|.*[-+*/×·÷=^−–]")
"""What is no cell, because a sign joins it to what stands beside it."""
RULE: Final = frozenset("|+:-=─━ \t")
LABEL: Final = re.compile(rf"(?:\(?\d{{1,3}}[.):]\s*)?(?!{FUNCTION})[^\W\d_]{{2}}[^=]*")
"""The name of a row, where it has to be told from a cell: ``conv1``, ``1. Pooling (max)``."""
NUMBERED: Final = re.compile(r"\s*\(?([0-9]{1,3})[.):]\s+(?=\S)")
"""The number of a row, as in a list: ``1.``, ``2)``."""
HEAD: Final = re.compile(r"[^\W\d_]+")
"""The words of the head of a column."""
BESIDE: Final = re.compile(r"^[\s$]*([^\W\d_]+)(?:_?\{?[0-9]+\}?)?\s*[=:]")
"""The name before the value of a cell, such as ``r_1 = 7``."""
SHORTEST: Final = 3
"""The fewest letters that stand for a longer name."""
BAR: Final = re.compile(r"[|;&]")
WORD: Final = re.compile(r"[^\W\d_]{3}")
LETTER: Final = re.compile(r"[^\W\d_]")
DIGIT: Final = re.compile(r"\d")


def split_rows(typed: Typed, *, columns: Sequence[str], rows: int) -> list[list[Typed]]:
    r"""Return the cells of each row, without its name; an empty cell is ``""``.

    *columns* are the column names. A first line of names is dropped if it makes the number of rows
    differ from *rows*, the number asked for, or if it is ruled off. The result may have too many or
    too few rows and cells.

    >>> split_rows("| size | n |\n|---|---|\n| (8, 8) | 448 |\n| | 0 |", columns=("s", "n"), rows=2)
    [['(8, 8)', '448'], ['', '0']]
    """
    if not isinstance(typed, (str, list)) or (isinstance(typed, str) and len(typed) > MAX_LENGTH):
        raise AnswerError("This is not a table.", expected=FORMS)
    if isinstance(typed, list):
        check_length(typed, MAX_LENGTH)
    given = _given(typed) if isinstance(typed, str) else typed
    if given is None:
        lines, ruled = _lines(str(typed))
        found = _without_ends(
            [_cells(line, len(columns)) for line in _unnumbered(lines, len(columns))], len(columns)
        )
    else:
        ruled = False
        found = [_listed(row, number, columns) for number, row in enumerate(given, start=1)]
    if found and _is_header(found[0], columns, ruled=ruled, more=len(found) != rows):
        _refuse_order(_named_columns(_unnamed(found[0], len(columns)), HEAD, columns), columns)
        found = found[1:]
    for row in found:
        _refuse_order(_named_columns(_unnamed(row, len(columns)), BESIDE, columns), columns)
    text = Styled if isinstance(typed, Styled) else str
    return [
        [text(cell) if isinstance(cell, str) else cell for cell in _unnamed(row, len(columns))]
        for row in found
    ]


def check_cells(rows: Iterable[Sequence[Typed]]) -> None:
    """Raise `AnswerError` if the cells of a table together hold too much arithmetic."""
    texts = [cell for row in rows for cell in row if isinstance(cell, str)]
    check_arithmetic_length(
        len(text) for text in texts if not is_plain_number(text) and not is_plain_shape(text)
    )


def _unnamed(row: list[Typed], columns: int) -> list[Typed]:
    """Return the cells of *row* without a leading row name."""
    return row[1:] if len(row) == columns + 1 else row


def _named_columns(
    row: Sequence[Typed], names: re.Pattern[str], columns: Sequence[str]
) -> list[str]:
    """Return the columns that *names* finds in the cells; [] if a cell names none or several."""
    found: list[str] = []
    for cell in row:
        words = [word.casefold() for word in names.findall(cell)] if isinstance(cell, str) else []
        named = [name for name in columns if any(_means(word, name) for word in words)]
        if len(named) != 1:
            return []
        found += named
    return found


def _means(word: str, name: str) -> bool:
    """Return whether *word* is the column *name* or an abbreviation: ``params`` for parameters."""
    name = name.casefold()
    return word == name or (len(word) >= SHORTEST and name.startswith(word.rstrip("s")))


def _refuse_order(named: Sequence[str], columns: Sequence[str]) -> None:
    """Raise `AnswerError` if *named* are all the columns, but in another order."""
    if sorted(named) == sorted(columns) and [*named] != [*columns]:
        raise AnswerError(
            f"The columns stand in another order: {', '.join(named)}.",
            expected=" | ".join(columns),
        )


def _is_header(row: Sequence[Typed], columns: Sequence[str], *, ruled: bool, more: bool) -> bool:
    """Return whether the first *row* is a header: a row of words, or any row that is ruled off."""
    cells = [cell if isinstance(cell, str) else "0" for cell in row if cell != ""]
    if any(map(DIGIT.search, cells)):
        return ruled and more
    named = any(WORD.search(cell) or cell.lower() in columns for cell in cells)
    return ruled or (more and named and all(map(LETTER.search, cells)))


def _given(text: str) -> Sequence[object] | None:
    """Return the rows of a JSON table, or None for any other text."""
    bare = text.strip()
    if not (bare.startswith(("[[", "[{", "[\n", "[ ")) and bare.endswith("]")):
        return None
    try:
        given = load_json(bare)
    except AnswerError:
        return None
    if not isinstance(given, list):
        return None
    return given if all(isinstance(row, (list, dict)) for row in given) else None


def _listed(row: object, number: int, columns: Sequence[str]) -> list[Typed]:
    """Return the cells of a JSON row: a list, or an object keyed by column names."""
    if isinstance(row, list):
        return row
    if not isinstance(row, dict):
        raise AnswerError(f"Row {number} is no list of cells.", expected=", ".join(columns))
    cells = {str(name).strip().lower(): cell for name, cell in row.items()}
    missing = [name for name in columns if name.lower() not in cells]
    if missing:
        raise AnswerError(f"Row {number} has no {missing[0]}.", expected=", ".join(columns))
    more = cells.keys() - {name.lower() for name in columns}
    if len(more) > 1:
        raise AnswerError(
            f"Row {number} has {len(cells)} cells, one of them {shortened(min(more))}.",
            expected=", ".join(columns),
        )
    found = (cells[name.lower()] for name in columns)
    return ["" if cell is None else cell for cell in found]


def _lines(text: str) -> tuple[list[str], bool]:
    """Return the rows as lines without their frame, and whether a rule follows the first."""
    lines = latex_rows(text) or [line for line in text.splitlines() if line.strip()]
    rules = [_is_rule(line) for line in lines]
    kept = [_unframed(line) for line, rule in zip(lines, rules, strict=True) if not rule]
    first = rules.index(False) if kept else 0
    return kept, any(rules[first + 1 : first + 2])


def _unnumbered(lines: list[str], columns: int) -> list[str]:
    """Return the lines without ``1.``, ``2.``, …, if all lines, or all but the first, have them.

    Numbers that are cells stay: with ``|`` after them, and not the tab of a word processor, they
    complete their rows.
    """
    for first in (0, 1):
        marks = [mark for line in lines[first:] if (mark := NUMBERED.match(line))]
        numbers = [int(mark[1]) for mark in marks]
        if len(numbers) > 1 and numbers == [*range(1, len(lines) - first + 1)]:
            if all(_completes(mark, columns) for mark in marks):
                return lines
            return [*lines[:first], *(mark.string[mark.end() :] for mark in marks)]
    return lines


def _completes(mark: re.Match[str], columns: int) -> bool:
    """Return whether the number that starts a row completes it to the number of columns."""
    behind = mark.string[mark.end() :]
    return bool(BAR.match(behind)) and len(_split(mark.string, SIGNS)) == columns


def _is_rule(line: str) -> bool:
    """Return whether *line* is only a rule: ``|---|:--:|``, ``+----+``."""
    return RULE.issuperset(line) and any(two in line for two in ("--", ":-", "==", "──", "━━"))


def _unframed(line: str) -> str:
    """Return *line* without the outer bars of a Markdown table."""
    bare = line.strip()
    framed = len(bare) > 1 and bare[0] == bare[-1] == "|"
    return bare[1:-1] if framed else line


def _cells(line: str, columns: int) -> list[Typed]:
    """Return the cells of *line*; a single cell if the separator is unknown."""
    if columns == 1:
        cells = _split(line, BARS)
        named = len(cells) - 1 == columns and LABEL.fullmatch(cells[0])
        return [cells[-1] if named else line.strip()]
    cells = _split(line, SIGNS)
    if len(cells) > columns and line.endswith("|"):
        cells.pop()
    return [*cells] if len(cells) > 1 else [*_loose(line.strip(), columns)]


def _without_ends(rows: list[list[Typed]], columns: int) -> list[list[Typed]]:
    """Return *rows* without the empty cells caused by a separator at either end of the lines."""
    if rows and all(len(row) > columns and not row[-1] for row in rows):
        rows = [row[:-1] for row in rows]
    return [row[1:] if len(row) > columns + 1 and not row[0] else row for row in rows]


def _loose(line: str, columns: int) -> list[str]:
    """Return the cells between commas or spaces, if they are as many as the columns.

    A comma followed by a space separates cells before a comma without one, which may group
    thousands.
    """
    for sign in (PARTED_COMMAS, GAPS, COMMAS, BLANKS):
        cells = _split(line, sign)
        if len(cells) == columns + 1 and LABEL.fullmatch(cells[0]):
            cells = cells[1:]
        if len(cells) == columns and not any(map(OPEN_ENDED.fullmatch, cells)):
            return cells
        if sign is PARTED_COMMAS and len(cells) > 1:
            break
    return [line]


def _split(line: str, sign: re.Pattern[str]) -> list[str]:
    """Return the pieces of *line* between matches of *sign* outside brackets and quotes."""
    cells: list[str] = []
    start = depth = 0
    for match in sign.finditer(line):
        if match["sign"] and not depth:
            cells.append(line[start : match.start()].strip())
            start = match.end()
        depth = max(0, depth + (match[0] in "([{") - (match[0] in ")]}"))
    return [*cells, line[start:].strip()]
