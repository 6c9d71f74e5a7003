"""Rows of text: pieces by their baselines, with superscripts and subscripts beside their hosts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from grader.reports.documents.pages.page_glyphs import Piece, first_doubt, join_pieces

SAME_BASELINE: Final = 0.15
SMALLER: Final = 0.88
"""Size of a script, as a share of that of its host."""
RAISED, LOWERED = (0.1, 1.6), (-0.65, -0.05)
"""Distances of the baselines of superscripts and subscripts from that of the host."""
BESIDE: Final = (-0.35, 0.45)
"""Distance of a script from its host."""
MIDDLE: Final = 0.6
"""Greatest distance of the baseline of a row from that of an array in it."""
NEAR: Final = 2.0
UNCLEAR_SCRIPT: Final = "a small character of the PDF may be an exponent or an index"
CROWDED: Final = "characters are above each other in the PDF"


@dataclass(slots=True)
class Row:
    """A row of a page: its pieces on one baseline, with the scripts that belong to them."""

    pieces: list[Piece] = field(default_factory=list)
    doubt: str = ""

    @property
    def size(self) -> float:
        """The size of most of its letters."""
        sizes = sorted(piece.size for piece in self.pieces for _ in piece.text)
        return sizes[len(sizes) // 2] if sizes else self.pieces[0].size

    @property
    def baseline(self) -> float:
        """The baseline of its first piece that is no script."""
        return next((p.baseline for p in self.pieces if not p.is_script), self.pieces[0].baseline)

    @property
    def left(self) -> float:
        """Where the row starts."""
        return min(piece.left for piece in self.pieces)

    @property
    def right(self) -> float:
        """Where the row ends."""
        return max(piece.right for piece in self.pieces)

    @property
    def text(self) -> str:
        """The text of the row."""
        return join_pieces(self.pieces)

    def find_doubt(self) -> str:
        """Return what is unclear about the row, "" if nothing is."""
        return self.doubt or first_doubt(self.pieces)


def write_pieces(pieces: Sequence[Piece]) -> str:
    """Return the text of some pieces of a formula, in one line."""
    return " ".join(row.text for row in build_rows(pieces))


def build_rows(pieces: Iterable[Piece]) -> list[Row]:
    """Return the rows of some pieces, from top to bottom."""
    pieces = list(pieces)
    _place_arrays(pieces)
    rows: list[Row] = []
    for piece in sorted(pieces, key=lambda piece: (-piece.baseline, piece.left)):
        if rows and _is_same_row(rows[-1], piece):
            rows[-1].pieces.append(piece)
        else:
            rows.append(Row([piece]))
    rows = _attach_scripts(rows)
    _mark_crowded(rows)
    return sorted(rows, key=lambda row: (-row.baseline, row.left))


def _place_arrays(pieces: Sequence[Piece]) -> None:
    """Put each array on the baseline of the text beside its middle."""
    others = [piece for piece in pieces if not piece.is_array]
    for array in pieces:
        if array.is_array:
            beside = [
                other.baseline
                for other in others
                if abs(other.baseline - array.baseline) <= MIDDLE * other.size
                and (other.right <= array.left + 1 or other.left >= array.right - 1)
            ]
            array.baseline = _find_nearest(beside, array.baseline)


def _find_nearest(numbers: Sequence[float], wanted: float) -> float:
    return min(numbers, key=lambda number: abs(number - wanted), default=wanted)


def _is_same_row(row: Row, piece: Piece) -> bool:
    other = row.pieces[-1]
    return abs(other.baseline - piece.baseline) <= SAME_BASELINE * max(other.size, piece.size)


def _attach_scripts(rows: list[Row]) -> list[Row]:
    """Move the runs of small or raised pieces to the rows of their hosts."""
    order = sorted(rows, key=lambda row: max(piece.size for piece in row.pieces))
    for row in order:
        near = [
            other
            for other in rows
            if other is not row
            and other.pieces
            and abs(other.baseline - row.baseline) <= RAISED[1] * _find_largest_size(other)
        ]
        for run in _split_runs(row) if near else ():
            hosted = _find_host(run, near)
            if hosted is None:
                continue
            host_row, host = hosted
            gone = set(map(id, run))
            row.pieces = [piece for piece in row.pieces if id(piece) not in gone]
            host_row.pieces.append(_build_script(run, host))
    return [row for row in rows if row.pieces]


def _find_largest_size(row: Row) -> float:
    return max(piece.size for piece in row.pieces)


def _split_runs(row: Row) -> list[list[Piece]]:
    """Return the pieces of a row, without scripts that it has, in runs without gaps."""
    runs: list[list[Piece]] = []
    for piece in sorted(row.pieces, key=lambda piece: piece.left):
        if runs and piece.left - runs[-1][-1].right <= BESIDE[1] * piece.size:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs


def _find_host(run: Sequence[Piece], rows: Sequence[Row]) -> tuple[Row, Piece] | None:
    """Return the larger piece that a run is a script of, with its row."""
    size, left = max(piece.size for piece in run), run[0].left
    baseline = run[0].baseline
    hosts: list[tuple[float, Row, Piece]] = []
    for row in rows:
        for piece in row.pieces:
            gap = (left - piece.right) / piece.size
            offset = (baseline - piece.baseline) / piece.size
            fits = (
                RAISED[0] <= offset <= _compute_superscript_reach(piece)
                or LOWERED[0] <= offset <= LOWERED[1]
            )
            if (
                not piece.is_script
                and size <= SMALLER * piece.size
                and BESIDE[0] <= gap <= BESIDE[1]
                and fits
            ):
                hosts.append((abs(gap) + abs(offset), row, piece))
    best = min(hosts, key=lambda entry: entry[0], default=None)
    return None if best is None else best[1:]


def _compute_superscript_reach(host: Piece) -> float:
    """Return how high over the baseline of a host a superscript may stand."""
    return min(RAISED[1], max(0.9, (host.top - host.baseline) / host.size))


def _build_script(run: Sequence[Piece], host: Piece) -> Piece:
    """Return a run as the superscript or subscript of its host."""
    text = join_pieces(run)
    mark = "^" if run[0].baseline > host.baseline else "_"
    text = f"{mark}{text}" if len(text) == 1 else f"{mark}{{{text}}}"
    if mark == "^" and set(join_pieces(run)) <= {"′", "'", "*"}:
        text = join_pieces(run)
    return Piece(
        text,
        run[0].left,
        run[-1].right,
        min(piece.bottom for piece in run),
        max(piece.top for piece in run),
        host.baseline,
        host.size,
        first_doubt(run),
        is_script=True,
    )


def _mark_crowded(rows: Sequence[Row]) -> None:
    """Mark rows that overlap in height and stand near each other: a layout that is not known."""
    order = sorted(rows, key=lambda row: -row.baseline)
    for index, row in enumerate(order):
        for other in order[index + 1 : index + 4]:
            size = max(_find_largest_size(row), _find_largest_size(other))
            distance = row.baseline - other.baseline
            if distance > 0.75 * size:
                break
            if any(
                one.left - two.right <= NEAR * size and two.left - one.right <= NEAR * size
                for one in row.pieces
                for two in other.pieces
            ):
                is_small = min(_find_largest_size(row), _find_largest_size(other)) <= SMALLER * size
                row.doubt = other.doubt = UNCLEAR_SCRIPT if is_small else CROWDED
