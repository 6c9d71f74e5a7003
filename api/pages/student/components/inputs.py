"""Answers in forms: the input for each question, and the parsing of posted answers.

`parse_form_answers` converts form fields to the answers of the API, `build_input`
converts an answer back to fields, and the macro ``answer_input`` of ``inputs.html``
renders them. The field of a question is ``answer.<part>``. The cells of a grid are all
named ``cell.<part>``, in order, and ``paste.<part>`` takes the whole answer in any
notation.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from api.pages.forms.form import PostedForm
from api.pages.student.components.grids import (
    AnswerGrid,
    build_grid,
    cell_texts_for_grid,
    format_answer,
    nest_texts,
)
from api.schemas.student.problem import PartAsked
from grader.reading import NumberStyle, RawAnswer, is_blank

InputWidget: TypeAlias = Literal["line", "wide", "area", "words", "grid", "pick", "tick"]
CellMark: TypeAlias = Literal["right", "wrong", "unread", ""]
CellMarks: TypeAlias = Sequence[CellMark]
"""Marks of the cells of a grid, in order; empty if none are shown."""

SEPARATORS: Final = re.compile(r"[\s,;/&+(){}\[\].]+|\band\b")
LIST_SEPARATOR: Final = ", "
WIDGET_HINTS: Final[Mapping[InputWidget, str]] = {
    "grid": "Type into the cells, or paste from NumPy, LaTeX, MATLAB or a spreadsheet.",
    "pick": "Pick one.",
    "tick": "Select all correct options.",
}
"""Hints that replace those of the API, whose wording assumes a text field."""
WIDE_KINDS: Final = frozenset({"expression"})
AREA_KINDS: Final = frozenset({"matrix", "vector", "tensor", "table"})


@dataclass(frozen=True, slots=True)
class InputOption:
    """An option to select; *text* is Markdown and TeX."""

    id: str
    text: str
    picked: bool


@dataclass(frozen=True, slots=True)
class InputCell:
    """A cell of a grid; *label* describes its position."""

    label: str
    text: str
    mark: CellMark


@dataclass(frozen=True, slots=True)
class InputRow:
    """A row of cells and its name, which is empty in a matrix."""

    name: str
    cells: tuple[InputCell, ...]


@dataclass(frozen=True, slots=True)
class InputBlock:
    """A block of rows; *name* identifies it if there are several blocks."""

    name: str
    lines: tuple[InputRow, ...]


@dataclass(frozen=True, slots=True)
class AnswerInput:
    """The input of a part, filled with an answer.

    *widget* determines which of the other fields are used. *label* names the input.
    *text* fills the text field, or the paste field if the answer does not fit into the
    grid.
    """

    part: str
    widget: InputWidget
    label: str
    text: str
    hint: str
    example: str
    unit: str
    picks: tuple[InputOption, ...]
    blocks: tuple[InputBlock, ...]
    grid: AnswerGrid | None


def parse_form_answers(parts: Iterable[PartAsked], form: PostedForm) -> dict[str, RawAnswer]:
    """Return the answers in a form by part, without the parts that have no field in it.

    A cleared input gives the empty text, so that the previous answer does not reappear.
    """
    return {
        part.id: typed for part in parts if (typed := parse_form_answer(part, form)) is not None
    }


def parse_form_answer(part: PartAsked, form: PostedForm) -> RawAnswer | None:
    """Return the answer to *part* in a form, exactly as typed.

    None if the form has no field for the part; the empty text if nothing is typed or
    selected.
    """
    grid = build_grid(part)
    if grid is not None:
        return _parse_form_cells(part, grid, form)
    values = form.get_all(f"answer.{part.id}")
    if part.typing.options is not None:
        return LIST_SEPARATOR.join(values) if form.has(f"asked.{part.id}") or values else None
    return values[0] if values else None


def _parse_form_cells(part: PartAsked, grid: AnswerGrid, form: PostedForm) -> RawAnswer | None:
    """Return the pasted text if there is one, else the cells as nested lists.

    Some of the cells may be empty. None if the form has another number of cells.
    """
    pasted = form.fields.get(f"paste.{part.id}", ("",))[0]
    if not is_blank(pasted):
        return pasted
    texts = form.get_all(f"cell.{part.id}")
    if len(texts) != grid.cell_count:
        return None
    return "" if all(map(is_blank, texts)) else nest_texts(texts, grid.shape)


def shows_reading(field: AnswerInput) -> bool:
    """Return whether an input itself shows how its answer is read."""
    return field.widget in {"words", "pick", "tick"} or (field.widget == "grid" and not field.text)


def has_content(typed: RawAnswer | None) -> bool:
    """Return whether an answer is not blank."""
    return typed is not None and not is_blank(typed)


def build_input(
    part: PartAsked,
    typed: RawAnswer | None,
    *,
    marks: CellMarks = (),
    decimal_style: NumberStyle | None = None,
) -> AnswerInput:
    """Return the input of *part*, filled with the answer *typed*."""
    grid = build_grid(part)
    widget = _choose_widget(part, grid)
    answer = "" if typed is None else typed
    texts = None if grid is None else cell_texts_for_grid(grid, answer, decimal_style=decimal_style)
    rest = "" if texts is not None else format_answer(answer)
    if grid is not None and texts is None:
        texts, marks = ("",) * grid.cell_count, ()
    return AnswerInput(
        part=part.id,
        widget=widget,
        label=_input_label(part),
        text=rest,
        hint=WIDGET_HINTS.get(widget, part.typing.hint),
        example=part.typing.example,
        unit=part.typing.unit or "",
        picks=_build_options(part, format_answer(answer)),
        blocks=() if grid is None else _build_blocks(grid, texts or (), marks),
        grid=grid,
    )


def is_same_input(
    part: PartAsked,
    first: RawAnswer | None,
    second: RawAnswer | None,
    *,
    decimal_style: NumberStyle | None = None,
) -> bool:
    """Return whether two answers fill the input of *part* identically.

    For example, the form returns a pasted matrix as cells.
    """
    return first == second or (
        build_input(part, first, decimal_style=decimal_style)
        == build_input(part, second, decimal_style=decimal_style)
    )


def _choose_widget(part: PartAsked, grid: AnswerGrid | None) -> InputWidget:
    if grid is not None:
        return "grid"
    if part.typing.options is not None:
        return "pick" if part.kind == "choice" else "tick"
    if part.kind == "text":
        return "words"
    if part.kind in AREA_KINDS:
        return "area"
    return "wide" if part.kind in WIDE_KINDS else "line"


def _input_label(part: PartAsked) -> str:
    """Return the label of an input, with the names of its axes or variables."""
    if part.typing.layout:
        return f"Shape as {'×'.join(part.typing.layout)}"
    names = part.typing.variables
    if names:
        return f"{'Shape' if part.kind == 'shape' else 'Formula'} in {LIST_SEPARATOR.join(names)}"
    return "Your answer"


def _build_options(part: PartAsked, typed: str) -> tuple[InputOption, ...]:
    options = part.typing.options or ()
    words = (typed, *typed.split(","), *SEPARATORS.split(typed))
    names = {word.strip().casefold() for word in words}
    return tuple(
        InputOption(
            option.id,
            option.text,
            not names.isdisjoint({option.id.casefold(), option.text.casefold()}),
        )
        for option in options
    )


def _build_blocks(
    grid: AnswerGrid, texts: Sequence[str], marks: CellMarks
) -> tuple[InputBlock, ...]:
    """Return the cells as blocks of rows, one block per index of the leading axes."""
    step = grid.height * grid.width
    several = grid.cell_count > step
    return tuple(
        InputBlock(
            f"Block {number}" if several else "",
            tuple(
                _build_row(
                    grid, row, texts[start:], marks=marks[start:], block_number=number * several
                )
                for row in range(grid.height)
                for start in [(number - 1) * step + row * grid.width]
            ),
        )
        for number in range(1, grid.cell_count // step + 1)
    )


def _build_row(
    grid: AnswerGrid, row: int, texts: Sequence[str], *, marks: CellMarks, block_number: int
) -> InputRow:
    name = grid.rows[row] if grid.rows else ""
    position_words = [f"block {block_number}"] * bool(block_number) + [f"row {row + 1}"] * (
        grid.height > 1
    )
    return InputRow(
        name,
        tuple(
            InputCell(
                " ".join([name or " ".join(position_words), _column_label(grid, index)]).strip(),
                texts[index],
                marks[index] if index < len(marks) else "",
            )
            for index in range(grid.width)
        ),
    )


def _column_label(grid: AnswerGrid, index: int) -> str:
    return grid.columns[index] if grid.columns else f"column {index + 1}"
