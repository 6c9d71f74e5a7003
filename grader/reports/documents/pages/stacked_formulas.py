"""Fractions and roots: pieces above and below a rule, joined to one piece."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reports.documents.pages.page_glyphs import Piece, Rule, enclose

PieceWriter = Callable[[Sequence[Piece]], str]
"""Function that returns the text of pieces of a formula, with its scripts."""

MAX_RULES: Final = 400
AXIS: Final = 0.25
"""Height of the bar of a fraction over the baseline, as a share of the font size."""
NEAR: Final = 0.65
"""Greatest distance of a numerator or denominator from the bar."""
SIDE: Final = 0.3
OVERHANG: Final = 1.1
"""How much longer than its numerator and denominator the bar of a fraction may be."""
WIDE_GAP: Final = 1.0
SIMPLE: Final = lazy_regex(r"[A-Za-z]\w?|\d+")
ROOT: Final = "√"


def join_stacked(pieces: list[Piece], rules: Sequence[Rule], write: PieceWriter) -> list[Piece]:
    """Return the pieces of a page; each root and each fraction is one piece, inner ones first."""
    for rule in sorted(rules, key=lambda rule: rule.right - rule.left)[:MAX_RULES]:
        joined = _join_root(pieces, rule, write) or _join_fraction(pieces, rule, write)
        if joined:
            taken, piece = joined
            gone = set(map(id, taken))
            pieces = [*(one for one in pieces if id(one) not in gone), piece]
    return pieces


def _join_root(
    pieces: Sequence[Piece], rule: Rule, write: PieceWriter
) -> tuple[list[Piece], Piece] | None:
    """Return the pieces of the root that *rule* covers, and the piece that replaces them."""
    sign = next(
        (
            piece
            for piece in pieces
            if piece.text == ROOT
            and abs(piece.right - rule.left) <= SIDE * piece.size
            and abs(piece.top - rule.height) <= SIDE * piece.size
        ),
        None,
    )
    if sign is None:
        return None
    lowest = min(sign.bottom, rule.height - sign.size) - SIDE * sign.size
    inside = [
        piece
        for piece in pieces
        if rule.left - 1 <= piece.center <= rule.right + 1
        and lowest <= piece.bottom
        and piece.top <= rule.height + 1
        and piece is not sign
    ]
    if not inside:
        return None
    baseline = max(inside, key=lambda piece: piece.size).baseline
    joined = enclose([sign, *inside], f"sqrt({write(inside)})", baseline)
    joined.size = max(piece.size for piece in inside)
    return [sign, *inside], joined


def _join_fraction(
    pieces: Sequence[Piece], rule: Rule, write: PieceWriter
) -> tuple[list[Piece], Piece] | None:
    """Return the pieces above and below the bar *rule*, and the fraction that replaces them."""
    above = _find_side(pieces, rule, lambda piece: piece.bottom - rule.height)
    below = _find_side(pieces, rule, lambda piece: rule.height - piece.top)
    if not above or not below:
        return None
    size = max(piece.size for piece in (*above, *below))
    if not _is_fraction_bar(rule, above, below, size) or _is_row_of_text(
        pieces, rule, (*above, *below)
    ):
        return None
    text = (
        f"{_add_brackets_unless_simple(write(above))}/{_add_brackets_unless_simple(write(below))}"
    )
    return [*above, *below], enclose([*above, *below], text, rule.height - AXIS * size)


def _find_side(
    pieces: Sequence[Piece], rule: Rule, distance: Callable[[Piece], float]
) -> list[Piece]:
    """Return the pieces at one side of a bar: the nearest ones, and what stands beside these."""
    near = [
        piece
        for piece in pieces
        if rule.left - SIDE * piece.size <= piece.center <= rule.right + SIDE * piece.size
        and -0.2 * piece.size <= distance(piece) <= 1.2 * piece.size
    ]
    first = [piece for piece in near if distance(piece) <= NEAR * piece.size]
    if not first:
        return []
    low = min(piece.bottom for piece in first)
    high = max(piece.top for piece in first)
    return [piece for piece in near if piece.bottom < high and piece.top > low]


def _is_fraction_bar(
    rule: Rule, above: Sequence[Piece], below: Sequence[Piece], size: float
) -> bool:
    """Return whether a bar is about as long as the longer side, and both lie about its middle."""
    middle = (rule.left + rule.right) / 2
    longest = 0.0
    for side in (above, below):
        left, right = min(p.left for p in side), max(p.right for p in side)
        longest = max(longest, right - left)
        if abs((left + right) / 2 - middle) > NEAR * size:
            return False
        ordered = sorted(side, key=lambda piece: piece.left)
        if any(after.left - before.right > WIDE_GAP * size for before, after in pairwise(ordered)):
            return False
    return -SIDE * size <= rule.right - rule.left - longest + SIDE * size <= OVERHANG * size + 1


def _is_row_of_text(pieces: Sequence[Piece], rule: Rule, sides: Sequence[Piece]) -> bool:
    """Return whether the row of a side goes on beside the bar, as a row of underlined text does."""
    inside = set(map(id, sides))
    baselines = [piece.baseline for piece in sides]
    return any(
        id(piece) not in inside
        and any(abs(piece.baseline - baseline) < 0.05 * piece.size for baseline in baselines)
        and (
            0 <= rule.left - piece.right <= WIDE_GAP * piece.size
            or 0 <= piece.left - rule.right <= WIDE_GAP * piece.size
        )
        for piece in pieces
    )


def _add_brackets_unless_simple(text: str) -> str:
    return text if SIMPLE.fullmatch(text) else f"({text})"
