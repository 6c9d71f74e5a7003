"""Cells of one row of an array: their positions and numbers.

Cells separated by spaces are plain numbers, because ``2 -2`` is two of them. Cells separated by
``,``, ``&``, ``;``, ``|`` or tabs may hold arithmetic.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias, TypeGuard

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.arithmetic import read_arithmetic_cell
from grader.reading.grammar.errors import quote_span
from grader.reading.grammar.evaluation import MAX_MAGNITUDE
from grader.reading.grammar.tokens import parse_exact_number
from grader.values import Number, simplify_number

MAX_CELLS: Final = 4_096
"""Maximum number of cells in an array that a student types."""


class CellSpan(NamedTuple):
    """Position of one cell in the text; a *bare* cell is separated by spaces."""

    start: int
    end: int
    bare: bool


NestedCells: TypeAlias = CellSpan | list["NestedCells"]

WORD: Final = lazy_regex(r"\S+")
PARENTHESES_AND_COMMAS: Final = lazy_regex(r"[(),\"]")
ZERO_PADDED: Final = lazy_regex(r"0[0-9]{2}")
DECIMAL: Final = lazy_regex(r"([+-]?(?:[0-9]+|(?=\.[0-9])))(?:\.([0-9]*))?([eE][+-]?[0-9]{1,3})?")
MAX_PLAIN_CHARACTERS: Final = 60
MAX_DECIMAL_CHARACTERS: Final = 310
MAX_GLUED_CHARACTERS: Final = 400
RATIO: Final = lazy_regex(r"([+-]?[0-9]{1,300})/([0-9]{1,300})")
GLUED: Final = lazy_regex(
    r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[+-](?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))+"
)
GLUE: Final = lazy_regex(r"[0-9.][+-]")
GLUED_PIECE: Final = lazy_regex(r"[+-]?[0-9.]+")


def split_cells(text: str, start: int, end: int) -> list[NestedCells]:
    """Return the cells of the row ``text[start:end]``, split at its strongest separator."""
    row = text[start:end]
    for mark in "\t&|":
        if mark in row:
            return split_cells_at(text, start, end, mark)
    if "," in row:
        return _trim_cells(text, _split_at_commas(text, start, end))
    return [CellSpan(*word.span(), bare=True) for word in WORD.finditer(text, start, end)]


def split_cells_at(text: str, start: int, end: int, mark: str) -> list[NestedCells]:
    """Return the cells of the row ``text[start:end]``, split at *mark*."""
    pieces = []
    while (cut := text.find(mark, start, end)) >= 0:
        pieces.append((start, cut))
        start = cut + 1
    return _trim_cells(text, [*pieces, (start, end)], ends=mark != "&")


def _split_at_commas(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the pieces between commas that are outside parentheses and quotes."""
    depth = 0
    quoted = False
    pieces = []
    for match in PARENTHESES_AND_COMMAS.finditer(text, start, end):
        if match[0] == '"':
            quoted = not quoted
        elif match[0] != ",":
            depth += 1 if match[0] == "(" else -1
        elif depth == 0 and not quoted:
            pieces.append((start, match.start()))
            start = match.end()
    return [*pieces, (start, end)]


def _trim_cells(
    text: str, pieces: list[tuple[int, int]], *, ends: bool = True
) -> list[NestedCells]:
    """Return the pieces as stripped cells; with *ends*, drop empty cells at the ends."""
    if ends and len(pieces) > 1 and not text[slice(*pieces[-1])].strip():
        pieces = pieces[:-1]
    if ends and len(pieces) > 1 and not text[slice(*pieces[0])].strip() and "|" in text:
        pieces = pieces[1:]
    return [CellSpan(*_strip_span(text, start, end), bare=False) for start, end in pieces]


def _strip_span(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    stripped = piece.strip()
    if not stripped:
        return end, end
    start += piece.find(stripped)
    return start, start + len(stripped)


def split_glued_cells(rows: list[list[NestedCells]], text: str) -> str:
    """Split cells such as ``2.-2.`` in place if that makes all rows equally long; return a note.

    NumPy prints no space between a point and a minus sign, and scans squeeze the columns.

    Raises `AnswerError` if the rows already have equal lengths and a cell such as ``1-5`` may be
    meant as typed.
    """
    if not GLUE.search(text):
        return ""
    glued = [cell for row in rows for cell in row if _is_glued(cell, text)]
    if not glued:
        return ""
    even = len({len(row) for row in rows}) <= 1
    minus = next((cell for cell in glued if even and not _is_numpy_print(cell, text)), None)
    if minus is not None:
        raise AnswerError(
            f"{quote_span(text, minus.start, minus.end)} can be read as a subtraction, as a range "
            "or as several cells.",
            expected="commas between the cells",
            position=minus.start,
        )
    split = [[piece for cell in row for piece in _split_glued_cell(cell, text)] for row in rows]
    if len({len(row) for row in split}) > 1:
        raise AnswerError(
            f"{quote_span(text, glued[0].start, glued[0].end)} cannot be read as one cell, and as "
            "several it makes the rows different in length.",
            expected="a space or a comma between the cells",
            position=glued[0].start,
        )
    for row, pieces in zip(rows, split, strict=True):
        row[:] = pieces
    return f"{quote_span(text, glued[0].start, glued[0].end)} was read as separate cells."


def _is_glued(cell: NestedCells, text: str) -> TypeGuard[CellSpan]:
    if (
        not isinstance(cell, CellSpan)
        or not cell.bare
        or cell.end - cell.start > MAX_GLUED_CHARACTERS
    ):
        return False
    return GLUED.fullmatch(text, cell.start, cell.end) is not None


def _is_numpy_print(cell: CellSpan, text: str) -> bool:
    """Return whether each sign in *cell* follows a point, as only NumPy prints it."""
    return all(sign[0][0] == "." for sign in GLUE.finditer(text, cell.start, cell.end))


def _split_glued_cell(cell: NestedCells, text: str) -> Iterator[NestedCells]:
    if _is_glued(cell, text):
        for piece in GLUED_PIECE.finditer(text, cell.start, cell.end):
            yield CellSpan(*piece.span(), bare=True)
    else:
        yield cell


def parse_plain_cell(raw: str) -> Number | None:
    """Return the number in the cell text *raw*, or None if it is not a plain number."""
    return _parse_decimal_cached(raw) if len(raw) <= MAX_PLAIN_CHARACTERS else None


@lru_cache(maxsize=4096)
def _parse_decimal_cached(raw: str) -> Number | None:
    return _parse_decimal(raw)


def _parse_decimal(raw: str) -> Number | None:
    match = DECIMAL.fullmatch(raw)
    if match is None:
        return _parse_ratio(raw)
    if ZERO_PADDED.fullmatch(raw):
        return None
    whole, decimals, exponent = match.groups()
    if exponent:
        try:
            value, _ = parse_exact_number(raw.lstrip("+-"), 0)
        except AnswerError:
            return None
        return None if value >= MAX_MAGNITUDE else -value if raw[0] == "-" else value
    if not decimals:
        return int(whole)
    digits, scale = int(whole + decimals), 10 ** len(decimals)
    return Fraction(digits, scale) if digits % scale else digits // scale


def _parse_ratio(raw: str) -> Number | None:
    match = RATIO.fullmatch(raw)
    return (
        simplify_number(Fraction(int(match[1]), int(match[2]))) if match and int(match[2]) else None
    )


def parse_cell(text: str, cell: CellSpan) -> Number:
    """Return the number in *cell*, which `parse_plain_cell` cannot read, or raise `AnswerError`."""
    raw = text[cell.start : cell.end]
    if ZERO_PADDED.fullmatch(raw):
        raise AnswerError(
            f"The cell '{raw}' could be the end of a number with marks between the digits.",
            expected="no marks between the digits of a number",
            position=cell.start,
        )
    if not cell.bare:
        return read_arithmetic_cell(text, cell.start, cell.end)
    number = _parse_decimal(raw) if len(raw) <= MAX_DECIMAL_CHARACTERS else _parse_ratio(raw)
    if number is not None:
        return number
    raise AnswerError(
        f"The cell {quote_span(text, cell.start, cell.end)} cannot be read.",
        expected="a plain number; put commas between the cells for arithmetic",
        position=cell.start,
    )
