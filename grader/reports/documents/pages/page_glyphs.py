"""Glyphs of a page with their positions, and the pieces of text that they are joined to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from grader.lazy_regex import lazy_regex

SPACE_GAP: Final = 0.14
"""Width of the smallest space, as a share of the font size."""
THIN_SPACE: Final = 0.21
WIDE_GAP: Final = 0.75
"""Gap that is wider than a space, as a share of the font size."""
GROUP: Final = lazy_regex(r"\d,\d{3}")
NUMBER_PIECE: Final = lazy_regex(r"[\d,.]")
OPENING_BRACKETS: Final = frozenset("([{")


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character as a page shows it; coordinates grow to the right and upward, in points.

    *left* and *right* include the space that the font leaves, *bottom* and *top* are those of the
    ink. *has_code* says that the file tells which character it is.
    """

    text: str
    left: float
    right: float
    bottom: float
    top: float
    baseline: float
    size: float
    font: str = ""
    has_code: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line, such as the bar of a fraction."""

    left: float
    right: float
    height: float


@dataclass(frozen=True, slots=True)
class PageGlyphs:
    """A page: its size in points, its glyphs in the order of the file, and its rules."""

    width: float
    height: float
    glyphs: tuple[Glyph, ...]
    rules: tuple[Rule, ...] = ()


@dataclass(slots=True)
class Piece:
    """A piece of text with its box: a glyph, or what several were joined to.

    *doubt* says what is unclear about it, "" if nothing is. *is_array* marks an array in TeX.
    *is_script* marks a superscript or subscript.
    """

    text: str
    left: float
    right: float
    bottom: float
    top: float
    baseline: float
    size: float
    doubt: str = ""
    is_array: bool = False
    is_script: bool = False

    @property
    def center(self) -> float:
        """The middle between its left and its right."""
        return (self.left + self.right) / 2

    @property
    def height(self) -> float:
        """The height of its ink."""
        return self.top - self.bottom


def join_pieces(pieces: Iterable[Piece]) -> str:
    """Return the text of the pieces of a row, with spaces where there are gaps."""
    row = sorted(pieces, key=lambda piece: (piece.left, piece.right))
    text = ""
    for index, piece in enumerate(row):
        if index:
            before = row[index - 1]
            gap = piece.left - max(before.right, before.left)
            if _is_in_number(row, index) and gap < THIN_SPACE * piece.size:
                gap = 0.0
            is_wide = gap > SPACE_GAP * min(before.size, piece.size) and not piece.is_script
            if is_wide or piece.is_array or before.is_array:
                text += " "
        text += piece.text
    return text


def _is_in_number(row: Sequence[Piece], index: int) -> bool:
    """Return whether the piece at *index* starts the three digits behind a comma of a number.

    TeX puts a thin space behind the comma. Brackets around it make a list of two numbers.
    """
    around = [piece.text[-1:] for piece in row[max(index - 2, 0) : index + 4]]
    if GROUP.fullmatch("".join(around[:5])) is None or "".join(around[5:]).isdigit():
        return False
    before = next((p.text for p in reversed(row[:index]) if not NUMBER_PIECE.fullmatch(p.text)), "")
    return before not in OPENING_BRACKETS


def has_wide_gap(pieces: Iterable[Piece]) -> bool:
    """Return whether a row has a gap before a number that may separate two columns."""
    row = sorted(pieces, key=lambda piece: piece.left)
    return any(
        after.left - before.right >= WIDE_GAP * after.size and after.text[:1].isdigit()
        for before, after in pairwise(row)
    )


def first_doubt(pieces: Iterable[Piece]) -> str:
    """Return the first doubt of some pieces, "" if none has any."""
    return next((piece.doubt for piece in pieces if piece.doubt), "")


def enclose(pieces: Sequence[Piece], text: str, baseline: float, *, doubt: str = "") -> Piece:
    """Return a piece with *text* in the place of *pieces*, with their doubts."""
    return Piece(
        text,
        min(piece.left for piece in pieces),
        max(piece.right for piece in pieces),
        min(piece.bottom for piece in pieces),
        max(piece.top for piece in pieces),
        baseline,
        max(piece.size for piece in pieces),
        doubt or first_doubt(pieces),
        any(piece.is_array for piece in pieces),
    )
