"""Answers in forms: the input that fits a question, and what a form says as an answer.

`compose` turns fields of a form into the answers that the API takes, `input_of` turns an answer
back into fields, and the macro ``answer_input`` of ``inputs.html`` draws them. The field of a
question is ``answer.<part>``; the cells of a grid are all called ``cell.<part>``, in their order,
and ``paste.<part>`` takes the whole of it in any notation.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from api.pages.forms.form import Form
from api.pages.student.components.grids import Grid, as_rows, filled, grid_of, nested
from api.schemas.student.problem import PartAsked
from grader.reading import Style, Typed, is_blank

__all__ = [
    "Block",
    "Cell",
    "Input",
    "Line",
    "Look",
    "Mark",
    "Marks",
    "Pick",
    "cells",
    "compose",
    "composed",
    "input_of",
    "is_given",
    "looks_same",
]

Look: TypeAlias = Literal["line", "wide", "area", "words", "grid", "pick", "tick"]
Mark: TypeAlias = Literal["right", "wrong", "unread", ""]
Marks: TypeAlias = Sequence[Mark]
"""How the cells are marked, in their order; none where that is not told."""

SEPARATORS: Final = re.compile(r"[\s,;/&+(){}\[\].]+|\band\b")
LISTED: Final = ", "
HINTS: Final[Mapping[Look, str]] = {
    "grid": "Type into the cells, or paste from NumPy, LaTeX, MATLAB or a spreadsheet.",
    "pick": "Pick one.",
    "tick": "Tick all that are right.",
}
"""What is said of an input where the words of the API are about typing a text."""
WIDE: Final = frozenset({"expression"})
AREAS: Final = frozenset({"matrix", "vector", "tensor", "table"})


@dataclass(frozen=True, slots=True)
class Pick:
    """An option to pick: its text is Markdown and TeX."""

    id: str
    text: str
    picked: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a grid: *label* says where it is."""

    label: str
    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Line:
    """A row of cells with its name, empty for the rows of a matrix."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of cells; *name* says which of several blocks it is."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """The input of a question with what was typed: *look* says which of the rest there is.

    *label* names it, *text* stands in a field, or in the field for pasting where it could not be
    read into the cells of the grid.
    """

    part: str
    look: Look
    label: str
    text: str
    hint: str
    example: str
    unit: str
    picks: tuple[Pick, ...]
    blocks: tuple[Block, ...]
    grid: Grid | None


def compose(parts: Iterable[PartAsked], form: Form) -> dict[str, Typed]:
    """Return the answers of a form by part; a part about which the form says nothing is left out.

    What is cleared is the empty text, so that an older answer does not come back in its place.
    """
    return {part.id: typed for part in parts if (typed := composed(part, form)) is not None}


def composed(part: PartAsked, form: Form) -> Typed | None:
    """Return what a form says as the answer to *part*, exactly as it was typed.

    None where the form has no field of it; the empty text where nothing is typed or picked.
    """
    grid = grid_of(part)
    if grid is not None:
        return _composed_cells(part, grid, form)
    values = form.all(f"answer.{part.id}")
    if part.typing.options is not None:
        return LISTED.join(values) if form.has(f"asked.{part.id}") or values else None
    return values[0] if values else None


def _composed_cells(part: PartAsked, grid: Grid, form: Form) -> Typed | None:
    """Return what was pasted, else the cells as nested lists; half-filled ones too."""
    pasted = form.fields.get(f"paste.{part.id}", ("",))[0]
    if not is_blank(pasted):
        return pasted
    texts = form.all(f"cell.{part.id}")
    if len(texts) != grid.size:
        return None
    return "" if all(map(is_blank, texts)) else nested(texts, grid.shape)


def is_given(typed: Typed | None) -> bool:
    """Tell whether there is anything in an answer."""
    return typed is not None and not is_blank(typed)


def cells(part: PartAsked, typed: Typed, *, numbers: Style | None = None) -> tuple[str, ...] | None:
    """Return what stands in each cell of the grid of *part* for an answer in any notation.

    None where the part has no grid, or where the answer has another size or cannot be read.
    *numbers* is how the course marks decimals.
    """
    grid = grid_of(part)
    return None if grid is None else filled(grid, typed, numbers=numbers)


def input_of(
    part: PartAsked, typed: Typed | None, *, marks: Marks = (), numbers: Style | None = None
) -> Input:
    """Return the input of *part* with an answer in it."""
    grid = grid_of(part)
    look = _look(part, grid)
    given = "" if typed is None else typed
    texts = None if grid is None else filled(grid, given, numbers=numbers)
    rest = "" if texts is not None else as_rows(given)
    if grid is not None and texts is None:
        texts, marks = ("",) * grid.size, ()
    return Input(
        part=part.id,
        look=look,
        label=_label(part),
        text=rest,
        hint=HINTS.get(look, part.typing.hint),
        example=part.typing.example,
        unit=part.typing.unit or ("%" if part.kind == "percent" else ""),
        picks=_picks(part, as_rows(given)),
        blocks=() if grid is None else _blocks(grid, texts or (), marks),
        grid=grid,
    )


def looks_same(
    part: PartAsked, one: Typed | None, other: Typed | None, *, numbers: Style | None = None
) -> bool:
    """Tell whether two answers stand in the input of *part* in the same way.

    A matrix that was pasted, for one, comes back from the form in its cells.
    """
    return one == other or (
        input_of(part, one, numbers=numbers) == input_of(part, other, numbers=numbers)
    )


def _look(part: PartAsked, grid: Grid | None) -> Look:
    if grid is not None:
        return "grid"
    if part.typing.options is not None:
        return "pick" if part.kind == "choice" else "tick"
    if part.kind == "text":
        return "words"
    if part.kind in AREAS:
        return "area"
    return "wide" if part.kind in WIDE else "line"


def _label(part: PartAsked) -> str:
    """Return what the input is called: with the variables or the axes that it has."""
    if part.typing.layout:
        return f"Shape as {'×'.join(part.typing.layout)}"
    names = part.typing.variables
    if names:
        return f"{'Shape' if part.kind == 'shape' else 'Formula'} in {LISTED.join(names)}"
    return "Your answer"


def _picks(part: PartAsked, typed: str) -> tuple[Pick, ...]:
    options = part.typing.options or ()
    words = (typed, *typed.split(","), *SEPARATORS.split(typed))
    named = {word.strip().casefold() for word in words}
    return tuple(
        Pick(one.id, one.text, not named.isdisjoint({one.id.casefold(), one.text.casefold()}))
        for one in options
    )


def _blocks(grid: Grid, texts: Sequence[str], marks: Marks) -> tuple[Block, ...]:
    """Return the cells as blocks of rows: one of them, or one for each index of the first axes."""
    step = grid.height * grid.width
    several = grid.size > step
    return tuple(
        Block(
            f"Block {number}" if several else "",
            tuple(
                _line(grid, row, texts[start:], marks=marks[start:], within=number * several)
                for row in range(grid.height)
                for start in [(number - 1) * step + row * grid.width]
            ),
        )
        for number in range(1, grid.size // step + 1)
    )


def _line(grid: Grid, row: int, texts: Sequence[str], *, marks: Marks, within: int) -> Line:
    name = grid.rows[row] if grid.rows else ""
    where = [f"block {within}"] * bool(within) + [f"row {row + 1}"] * (grid.height > 1)
    return Line(
        name,
        tuple(
            Cell(
                " ".join([name or " ".join(where), _column(grid, at)]).strip(),
                texts[at],
                marks[at] if at < len(marks) else "",
            )
            for at in range(grid.width)
        ),
    )


def _column(grid: Grid, at: int) -> str:
    return grid.columns[at] if grid.columns else f"column {at + 1}"
