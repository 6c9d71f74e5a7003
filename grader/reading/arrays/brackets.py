"""Arrays in brackets, as Python, NumPy, PyTorch, MATLAB and scanned text write them."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.arrays.cells import NestedCells, split_cells
from grader.reading.grammar.errors import quote_span

MAX_DEPTH: Final = 8
PIECE: Final = lazy_regex(r"[\[\]]|[^\[\]]+")
SEPARATOR_TEXT: Final = lazy_regex(r"[\s,;]*")
OUTSIDE_TEXT: Final = lazy_regex(r"[\s,;.()>]*")
TUPLE: Final = lazy_regex(r"(?<!\w)\(([^(),]*,[^()]*)\)")
ROW: Final = lazy_regex(r"[^;\n]+")
BLANK_TUPLE: Final = lazy_regex(
    r"(?<!\w)\((\s*+[-+]?[0-9.][0-9.eE+-]*+(?:[\s;]++[-+]?[0-9.][0-9.eE+-]*+)++\s*+)\)"
)
"""Plain numbers separated by spaces in round brackets, ``(1 2 3)`` or ``(1 2; 3 4)``."""
_CELL: Final = r"\s*[-+]?[0-9.][0-9.eE+/-]*\s*"
BAR_TUPLE: Final = lazy_regex(rf"\({_CELL}(?:\|{_CELL})+\)")
"""Plain numbers with bars between them in round brackets: ``(1 | 2)``."""
BARS_TO_COMMAS: Final = str.maketrans({"(": "[", ")": "]", "|": ","})
ANGLE_BRACKETS: Final = lazy_regex(r"(?:<|⟨|\\langle\b)([^<>⟨⟩\\]*)(?:>|⟩|\\rangle\b)")


def normalize_brackets(text: str, start: int) -> str:
    """Return *text* with the brackets of tuples, ``((1, 2), (3, 4))``, and braces made square.

    Braces and angle brackets are replaced only if no square bracket follows *start*.
    """
    if "[" not in text[start:]:
        text = BLANK_TUPLE.sub(r"[\1]", ANGLE_BRACKETS.sub(_to_square_brackets, text))
        if "\\" not in text:
            text = text.translate({ord("{"): "[", ord("}"): "]"})
    if "|" in text and "[" not in text:
        text = BAR_TUPLE.sub(lambda row: row[0].translate(BARS_TO_COMMAS), text)
    for _ in range(MAX_DEPTH):
        text, count = TUPLE.subn(r"[\1]", text)
        if not count:
            break
    return text


def _to_square_brackets(angles: re.Match[str]) -> str:
    """Return the text in angle brackets in square brackets, with every position unchanged."""
    inside, end = angles.start(1) - angles.start(), angles.end() - angles.end(1)
    return "[".rjust(inside) + angles[1] + "]".ljust(end)


def parse_brackets(text: str, start: int, *, rows_by_line: bool) -> tuple[list[NestedCells], str]:
    """Return the cells of the nested brackets from *start*, and a note on a missing bracket.

    With *rows_by_line* a line break inside a single pair of brackets starts a new row, as in
    MATLAB. Several brackets without an enclosing one are the rows of one array.
    """
    end, missing = _balance_brackets(text, start)
    root: list[NestedCells] = []
    open_lists = [root]
    for piece in PIECE.finditer(text, start, end):
        if piece[0] == "[":
            _open_list(open_lists, piece.start())
        elif piece[0] == "]":
            open_lists.pop()
            if not open_lists:
                raise AnswerError("A bracket ] closes nothing.", position=piece.start())
        elif len(open_lists) == 1:
            _check_text_outside(text, piece)
        elif not SEPARATOR_TEXT.fullmatch(piece[0]):
            single = len(open_lists) - 1 == 1
            _append_cells(text, piece, open_lists[-1], by_line=rows_by_line and single)
    note = "A missing bracket was added." if missing else ""
    only = root[0] if len(root) == 1 and missing >= 0 else None
    return (only if isinstance(only, list) else root), note


def _balance_brackets(text: str, start: int) -> tuple[int, int]:
    """Return where the last paired bracket ends, and 1 if the last is missing, -1 if the first is.

    One missing bracket is forgiven, because there is only one place for it.
    """
    missing = text.count("[", start) - text.count("]", start)
    if abs(missing) > 1:
        raise AnswerError(
            f"{abs(missing)} brackets are not paired.",
            expected="a ] for each [",
            position=start,
        )
    return (text.rfind("]", start) if missing < 0 else len(text)), missing


def _open_list(open_lists: list[list[NestedCells]], position: int) -> None:
    inner: list[NestedCells] = []
    open_lists[-1].append(inner)
    open_lists.append(inner)
    if len(open_lists) > MAX_DEPTH + 1:
        raise AnswerError(
            "The brackets are nested too deeply.",
            expected=f"at most {MAX_DEPTH} levels",
            position=position,
        )


def _check_text_outside(text: str, piece: re.Match[str]) -> None:
    if not OUTSIDE_TEXT.fullmatch(piece[0]):
        raise AnswerError(
            f"{quote_span(text, *piece.span())} outside the brackets cannot be read.",
            expected="the array alone",
            position=piece.start(),
        )


def _append_cells(
    text: str, piece: re.Match[str], row: list[NestedCells], *, by_line: bool
) -> None:
    """Append the cells of one row, or of several MATLAB rows, to the innermost open list."""
    if row:
        raise AnswerError(
            f"{quote_span(text, *piece.span())} is outside the innermost brackets.",
            expected="numbers in the innermost brackets only",
            position=piece.start(),
        )
    if ";" in piece[0] or (by_line and "\n" in piece[0].strip()):
        lines = ROW.finditer(text, *piece.span())
        row.extend(split_cells(text, *line.span()) for line in lines if line[0].strip())
    else:
        row.extend(split_cells(text, *piece.span()))
