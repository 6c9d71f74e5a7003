"""Kinds whose answer is an array of numbers: `vector`, `matrix` and `tensor`."""

from typing import Annotated, ClassVar, Final, Literal, TypeVar

from pydantic import Field

from grader.evaluate import Scope
from grader.kinds.base import Judgement, Kind, Samples, as_tensor, share
from grader.parts import KeyedPart
from grader.reading import Reading, Typed, read_tensor
from grader.show import show
from grader.tolerance import EXACT, Tolerance, recognised, within
from grader.values import Tensor, Value

__all__ = [
    "MatrixKind",
    "MatrixPart",
    "TensorKind",
    "TensorPart",
    "VectorKind",
    "VectorPart",
]

MAX_PLACES: Final = 10


class ArrayPart(KeyedPart):
    """A part whose answer is an array; the tolerance holds for each cell.

    With ``size: asked`` the size of the array is part of the question, so that one of another size
    is wrong. Otherwise such an answer costs nothing and is told which size is asked for.
    """

    tolerance: Tolerance = EXACT
    credit_by: Literal["cell", "all"] = "cell"
    size: Literal["given", "asked"] = "given"


T = TypeVar("T", bound=ArrayPart)


class ArrayKind(Kind[T, Tensor]):
    """An array against a key of the same shape, cell by cell."""

    rank: ClassVar[int | None]

    def read(self, typed: Typed, part: T, scope: Scope) -> Reading[Tensor]:
        """Return the array."""
        del part, scope
        return read_tensor(typed, rank=self.rank)

    def solve(self, part: T, scope: Scope) -> Value | None:
        """Return the key as a tensor."""
        return as_tensor(super().solve(part, scope))

    def judge(
        self, reading: Reading[Tensor], key: Value | None, part: T, scope: Scope
    ) -> Judgement:
        """Return the credit by cells; another size is a misfit unless the size is asked for."""
        del scope
        answer, expected = reading.value, as_tensor(key)
        if answer.shape != expected.shape:
            return _other_size(answer, expected, part)
        if answer.cells == expected.cells:
            return share((True,) * len(expected.cells), partial=True)
        cells = tuple(
            within(cell, wanted, part.tolerance, step=None)
            for cell, wanted in zip(answer.cells, expected.cells, strict=True)
        )
        return share(cells, partial=part.credit_by == "cell")

    def recognise(self, reading: Reading[Tensor], value: Value, part: T, scope: Scope) -> bool:
        """Tell whether every cell is that of *value*."""
        del part, scope
        answer, expected = reading.value, as_tensor(value)
        return answer.shape == expected.shape and all(
            cell == wanted or recognised(cell, wanted, step=None)
            for cell, wanted in zip(answer.cells, expected.cells, strict=True)
        )

    def point_out(self, reading: Reading[Tensor], cells: tuple[bool, ...]) -> str:
        """Return the places of the cells that are not right, counted from 1."""
        shape = reading.value.shape
        wrong = [at for at, right in enumerate(cells) if not right]
        places = ["(" + ", ".join(str(i + 1) for i in _index(at, shape)) + ")" for at in wrong]
        more = f" and {len(places) - MAX_PLACES} more" if len(places) > MAX_PLACES else ""
        return f"Not right: {', '.join(places[:MAX_PLACES])}{more}."

    def samples(self, part: T, key: Value | None) -> Samples:
        """Return the key, the key with every cell moved away, and broken text."""
        tensor = as_tensor(key)
        moved = tensor.map(lambda cell: cell + 1 + 2 * part.tolerance.radius(cell))
        broken = ("[[1, 2], [3]]", "[[1, ...]]", "abc", "[[nan]]")
        return Samples((show(tensor),), (show(moved),), broken)


def _index(at: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    index: list[int] = []
    for side in reversed(shape):
        at, place = divmod(at, side)
        index.append(place)
    return tuple(reversed(index))


def _other_size(answer: Tensor, expected: Tensor, part: ArrayPart) -> Judgement:
    if part.size == "asked":
        return Judgement(share((False,), partial=False).credit, remark="")
    return Judgement(
        share((False,), partial=False).credit,
        misfit=f"The answer has the size {_size(answer)}, asked is {_size(expected)}.",
    )


def _size(tensor: Tensor) -> str:
    return str(tensor.shape[0]) if len(tensor.shape) == 1 else show(tensor.shape)


class VectorPart(ArrayPart):
    """A list of numbers."""

    kind: Literal["vector"]


class VectorKind(ArrayKind[VectorPart]):
    """A vector: ``[1, 2, 3]``."""

    part: ClassVar[type[VectorPart]] = VectorPart
    rank = 1


class MatrixPart(ArrayPart):
    """A matrix of numbers."""

    kind: Literal["matrix"]


class MatrixKind(ArrayKind[MatrixPart]):
    """A matrix in any notation."""

    part: ClassVar[type[MatrixPart]] = MatrixPart
    rank = 2


class TensorPart(ArrayPart):
    """An array; *rank* is its number of axes, any where it is not said."""

    kind: Literal["tensor"]
    rank: Annotated[int, Field(ge=1, le=5)] | None = None


class TensorKind(ArrayKind[TensorPart]):
    """A tensor as nested lists."""

    part: ClassVar[type[TensorPart]] = TensorPart
    rank = None

    def read(self, typed: Typed, part: TensorPart, scope: Scope) -> Reading[Tensor]:
        """Return the array; with three axes or more, blank lines part its matrices."""
        del scope
        return read_tensor(typed, rank=part.rank)
