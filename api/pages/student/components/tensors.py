"""Arrays in the problem text, to display and to copy into a program."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.schemas.student.problem import ProblemNumber


@dataclass(frozen=True, slots=True)
class TensorDisplay:
    """An array in the problem text: its displayed rows, and *text* to copy."""

    name: str
    size: str
    blocks: tuple[tuple[tuple[str, ...], ...], ...]
    text: str


def build_tensor_displays(values: Sequence[ProblemNumber]) -> tuple[TensorDisplay, ...]:
    """Return a display of each array among *values*, without the scalars."""
    return tuple(_build_tensor_display(value) for value in values if value.shape)


def _build_tensor_display(tensor: ProblemNumber) -> TensorDisplay:
    rows = tensor.value if len(tensor.shape) > 1 else [tensor.value]
    blocks = [rows]
    for _ in tensor.shape[2:]:
        blocks = [inner for block in blocks for inner in block]
    return TensorDisplay(
        name=tensor.name,
        size=" × ".join(map(str, tensor.shape)),
        blocks=tuple(tuple(tuple(map(_format_cell, row)) for row in block) for block in blocks),
        text=tensor.text,
    )


def _format_cell(cell: object) -> str:
    return str(cell).replace("-", "\N{MINUS SIGN}")
