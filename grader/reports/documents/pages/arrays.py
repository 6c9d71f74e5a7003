"""Arrays between tall brackets: their rows by baselines, their columns by gaps."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from grader.reports.documents.pages.page_glyphs import Piece, enclose, first_doubt
from grader.reports.documents.pages.stacked_formulas import AXIS, PieceWriter

TALL: Final = 1.3
"""Height of a tall bracket, as a multiple of the font size."""
ROW_GAP: Final = 0.55
"""Greatest distance of a row from the others or from the brackets."""
CELL_GAP: Final = 0.42
"""Smallest gap between columns; signs of operations have smaller ones."""
SAME_BASELINE: Final = 0.2
NEAREST_ROW, ROW_PITCH, UNEVEN = 0.9, 1.6, 0.6
"""Distances of the nearest row from a short bracket and between rows, and how uneven they are."""
PAIRS: Final = {"[": "])", "(": ")", "⌊": "⌋", "⌈": "⌉"}
"""Opening brackets with those that may close them; LibreOffice closes arrays with ``)``."""
CLOSING: Final = frozenset("])⌋⌉")
UNEVEN_ROWS: Final = "the rows of the array have different lengths in the PDF"
MAX_BRACKETS: Final = 300


def join_arrays(pieces: list[Piece], write: PieceWriter) -> list[Piece]:
    """Return the pieces of a page; each array in tall brackets is one piece of TeX."""
    pieces = _join_bracket_pieces(_unscale_brackets(pieces))
    _stretch_brackets(pieces)
    while True:
        brackets = [piece for piece in pieces if _is_tall(piece)][:MAX_BRACKETS]
        pair = _find_inner_pair(brackets)
        if pair is None:
            return pieces
        taken, joined = _join_pair(pieces, *pair, write)
        gone = set(map(id, taken))
        pieces = [*(piece for piece in pieces if id(piece) not in gone), *joined]


def _unscale_brackets(pieces: list[Piece]) -> list[Piece]:
    """Give brackets that were made tall by their font size the size of the other pieces."""
    sizes = sorted(piece.size for piece in pieces)
    usual = sizes[len(sizes) // 2] if sizes else 0.0
    for piece in pieces:
        if (piece.text in PAIRS or piece.text in CLOSING) and piece.size > TALL * usual:
            piece.size = usual
    return pieces


def _stretch_brackets(pieces: Sequence[Piece]) -> None:
    """Give a pair of short brackets around the middle of some rows the height of the rows.

    A font without tall brackets draws arrays so.
    """
    order = sorted(pieces, key=lambda piece: piece.center)
    centers = [piece.center for piece in order]
    brackets = [piece for piece in order if piece.text in PAIRS or piece.text in CLOSING]
    brackets.sort(key=lambda piece: -round(piece.baseline))
    for left, right in pairwise(brackets[:MAX_BRACKETS]):
        is_pair = right.text in PAIRS.get(left.text, ()) and not _is_tall(left)
        if not is_pair or abs(left.baseline - right.baseline) > SAME_BASELINE * left.size:
            continue
        inside = order[bisect_right(centers, left.right) : bisect_left(centers, right.left)]
        rows = _find_rows_around(inside, left)
        beside = [
            piece
            for bracket in (left, right)
            for piece in order[
                bisect_left(centers, bracket.left - bracket.size) : bisect_right(
                    centers, bracket.right + bracket.size
                )
            ]
            if piece.left < bracket.right
            and piece.right > bracket.left
            and abs(piece.baseline - bracket.baseline) > SAME_BASELINE * bracket.size
        ]
        if _is_array(rows, beside):
            box = enclose([piece for row in rows for piece in row], "", 0)
            left.top = right.top = box.top
            left.bottom = right.bottom = box.bottom


def _find_rows_around(pieces: Sequence[Piece], bracket: Piece) -> list[list[Piece]]:
    """Return the rows of pieces that a bracket is in the middle of, from top to bottom."""
    size, baseline = bracket.size, bracket.baseline
    rows = split_rows(pieces) if pieces else []
    near = [row for row in rows if abs(row[0].baseline - baseline) <= NEAREST_ROW * size]
    if not near:
        return []
    first = last = rows.index(near[0])
    while first and rows[first - 1][0].baseline - rows[first][0].baseline <= ROW_PITCH * size:
        first -= 1
    while (
        last + 1 < len(rows)
        and rows[last][0].baseline - rows[last + 1][0].baseline <= ROW_PITCH * size
    ):
        last += 1
    while last > first:
        above, below = rows[first][0].baseline - baseline, baseline - rows[last][0].baseline
        if abs(above - below) <= UNEVEN * size:
            break
        first, last = (first + 1, last) if above > below else (first, last - 1)
    return rows[first : last + 1]


def _is_array(rows: Sequence[Sequence[Piece]], beside: Sequence[Piece]) -> bool:
    """Return whether rows have the same number of cells, and no text over or under a bracket."""
    if len(rows) < 2 or len({len(split_cells(row)) for row in rows}) > 1:  # noqa: PLR2004
        return False
    low, high = rows[-1][0].baseline, rows[0][0].baseline
    return not any(low - 1 <= piece.baseline <= high + 1 for piece in beside)


def _is_tall(piece: Piece) -> bool:
    is_bracket = piece.text in PAIRS or piece.text in CLOSING
    return is_bracket and piece.height >= TALL * piece.size


def _join_bracket_pieces(pieces: list[Piece]) -> list[Piece]:
    """Join the pieces of one extensible bracket, which stand above each other."""
    brackets = [piece for piece in pieces if piece.text in "[]()" and piece.text]
    brackets.sort(key=lambda piece: (piece.text, round(piece.left), -piece.top))
    gone: set[int] = set()
    joined: list[Piece] = []
    group: list[Piece] = []
    for bracket in [*brackets, None]:
        if (
            bracket is not None
            and group
            and bracket.text == group[-1].text
            and abs(bracket.left - group[-1].left) <= SAME_BASELINE * bracket.size
            and -0.3 * bracket.size <= group[-1].bottom - bracket.top <= 0.12 * bracket.size
        ):
            group.append(bracket)
            continue
        if len(group) > 1:
            gone |= set(map(id, group))
            joined.append(enclose(group, group[0].text, group[0].baseline))
        group = [] if bracket is None else [bracket]
    return [*(piece for piece in pieces if id(piece) not in gone), *joined]


def _find_inner_pair(brackets: Sequence[Piece]) -> tuple[Piece, Piece] | None:
    """Return the narrowest pair of tall brackets that face each other at one height."""
    pairs = [
        (left, right)
        for left in brackets
        for right in brackets
        if right.text in PAIRS.get(left.text, ())
        and left.right <= right.left + 1
        and min(left.top, right.top) - max(left.bottom, right.bottom)
        >= 0.5 * min(left.height, right.height)
    ]
    return min(pairs, key=lambda pair: pair[1].left - pair[0].right, default=None)


def _join_pair(
    pieces: Sequence[Piece], left: Piece, right: Piece, write: PieceWriter
) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces of a pair of brackets, and what replaces them."""
    inside = _find_inside(pieces, left, right)
    taken = [left, right, *inside]
    if not inside:  # no pair of brackets: an unknown formula
        return taken, [enclose([left, right], f"{left.text}{right.text}", left.baseline)]
    rows = split_rows(inside)
    cells = [split_cells(row) for row in rows]
    size = max(piece.size for piece in inside)
    box = enclose(taken, "", 0)
    baseline = (box.top + box.bottom) / 2 - AXIS * size
    if left.text in "⌊⌈" or (len(rows) == 1 and (left.text == "(" or len(cells[0]) == 1)):
        text = f"{left.text}{write(inside)}{right.text}"
        joined = enclose(inside, text, rows[0][0].baseline if len(rows) == 1 else baseline)
        joined.left, joined.right = left.left, right.right
        joined.doubt = first_doubt(inside) or ("" if len(rows) == 1 else UNEVEN_ROWS)
        return taken, [joined]
    is_even = len({len(row) for row in cells}) == 1
    name = "bmatrix" if left.text == "[" else "pmatrix"
    body = r" \\ ".join(" & ".join(write(cell) for cell in row) for row in cells)
    joined = enclose(taken, rf"\begin{{{name}}} {body} \end{{{name}}}", baseline)
    joined.size, joined.is_array = size, True
    joined.doubt = first_doubt(inside) or ("" if is_even else UNEVEN_ROWS)
    return taken, [joined]


def _find_inside(pieces: Sequence[Piece], left: Piece, right: Piece) -> list[Piece]:
    """Return the pieces between two brackets, whose boxes may be smaller than what is drawn."""
    between = [
        piece
        for piece in pieces
        if left.right - 1 <= piece.center <= right.left + 1 and piece not in (left, right)
    ]
    low, high = min(left.bottom, right.bottom), max(left.top, right.top)
    inside: list[Piece] = []
    waiting = between
    while True:
        adjacent = [
            piece
            for piece in waiting
            if piece.bottom <= high + ROW_GAP * piece.size
            and piece.top >= low - ROW_GAP * piece.size
            and (inside or (piece.bottom <= high and piece.top >= low))
        ]
        if not adjacent:
            return inside
        inside += adjacent
        gone = set(map(id, adjacent))
        waiting = [piece for piece in waiting if id(piece) not in gone]
        low = min(low, *(piece.bottom for piece in adjacent))
        high = max(high, *(piece.top for piece in adjacent))


def split_rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the rows of an array from top to bottom; scripts belong to the row of their host."""
    largest = max(piece.size for piece in pieces)
    hosts = [piece for piece in pieces if piece.size >= 0.85 * largest] or list(pieces)
    rows: list[list[Piece]] = []
    for piece in sorted(hosts, key=lambda piece: -piece.baseline):
        if rows and rows[-1][0].baseline - piece.baseline <= SAME_BASELINE * largest:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    known = set(map(id, hosts))
    baselines = [row[0].baseline for row in rows]
    for piece in pieces:
        if id(piece) not in known:
            nearest = min(range(len(rows)), key=lambda i: abs(baselines[i] - piece.baseline))
            rows[nearest].append(piece)
    return rows


def split_cells(row: Sequence[Piece]) -> list[list[Piece]]:
    """Return the cells of a row, from left to right."""
    cells: list[list[Piece]] = []
    for piece in sorted(row, key=lambda piece: piece.left):
        if cells:
            before = max(one.right for one in cells[-1])
            if piece.left - before <= CELL_GAP * piece.size:
                cells[-1].append(piece)
                continue
        cells.append([piece])
    return cells
