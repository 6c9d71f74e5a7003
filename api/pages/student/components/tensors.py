"""The arrays that a text names: to look at, and to copy into a program."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.schemas.student.problem import Given

__all__ = ["Tensor", "tensors"]


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array that the text names: its rows as they are shown, and a text to copy."""

    name: str
    size: str
    blocks: tuple[tuple[tuple[str, ...], ...], ...]
    text: str


def tensors(given: Sequence[Given]) -> tuple[Tensor, ...]:
    """Return the arrays among the values that the text names."""
    return tuple(_tensor(one) for one in given if one.shape)


def _tensor(one: Given) -> Tensor:
    rows = one.value if len(one.shape) > 1 else [one.value]
    blocks = [rows]
    for _ in one.shape[2:]:
        blocks = [inner for block in blocks for inner in block]
    return Tensor(
        name=one.name,
        size=" × ".join(map(str, one.shape)),
        blocks=tuple(tuple(tuple(map(_shown, row)) for row in block) for block in blocks),
        text=one.text,
    )


def _shown(cell: object) -> str:
    return str(cell).replace("-", "\N{MINUS SIGN}")
