"""Kinds whose answer is an array of numbers: `vector`, `matrix` and `tensor`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, partial
from itertools import cycle
from operator import eq
from typing import Annotated, ClassVar, Final, Literal, TypeVar

from pydantic import Field

from grader.definitions.parts import KeyedPart
from grader.display.text import pluralize, to_text
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.grading.tolerance import (
    EXACT_TOLERANCE,
    Tolerance,
    Tolerances,
    describe_tolerance,
    find_cell_rule,
)
from grader.kinds.base import (
    RIGHT_BY_RULE,
    WRONG,
    WRONG_BY_RULE,
    AnswerKind,
    Judgement,
    NamesOfNumbers,
    RoundingMatcher,
    SampleAnswers,
    get_first_spelling,
)
from grader.kinds.comparison.arrays import (
    build_rounding_matcher,
    precise_cells_may_be_rounded,
    require_tensor_key,
    tensor_equals_value,
)
from grader.kinds.text_reading import Refusal
from grader.reading import RawAnswer, Reading, read_labeled_numbers, read_tensor
from grader.reading.equations.arrays import refuse_several_arrays
from grader.reading.restatements.pipelines import ARRAY_REWRITERS, VECTOR_REWRITERS
from grader.reading.restatements.vectors import evaluate_several_cell_equations
from grader.values import Tensor, Value, absolute_value

MAX_LISTED_CELLS: Final = 10


class ArrayPart(KeyedPart):
    """Part whose answer is an array; the tolerance holds for each cell.

    Credit is given by cell, by row (the cells along the last axis), or for all together. With
    ``size: asked`` the size is part of the question, so that an array of another size is wrong.
    Otherwise such an answer costs nothing, and the student learns the size asked for.
    """

    tolerance: Tolerances = EXACT_TOLERANCE
    credit_by: Literal["cell", "row", "all"] = "cell"
    size: Literal["given", "asked"] = "given"

    @property
    def tolerances(self) -> Iterator[Tolerance]:
        """Tolerances of the cells in order, repeated without end."""
        return cycle(self.tolerance if isinstance(self.tolerance, tuple) else (self.tolerance,))


T = TypeVar("T", bound=ArrayPart)
MATRIX_AXES: Final = 2


class ArrayKind(AnswerKind[T, Tensor]):
    """Kind of an array that is compared with a key of the same shape, cell by cell."""

    rank: ClassVar[int | None]
    rewriters = ARRAY_REWRITERS

    def read(self, typed: RawAnswer, part: T, scope: Scope) -> Reading[Tensor]:
        """Return the array."""
        del part, scope
        return read_tensor(typed, rank=self.rank)

    def get_refusals(self, part: T) -> tuple[Refusal, ...]:
        """Return the functions that refuse several arrays and equations that do not hold."""
        del part
        return (partial(refuse_several_arrays, rank=self.rank),)

    def solve(self, part: T, scope: Scope) -> Value | None:
        """Return the key as a tensor."""
        return require_tensor_key(super().solve(part, scope))

    def judge(
        self, reading: Reading[Tensor], key: Value | None, part: T, scope: Scope
    ) -> Judgement:
        """Return the credit by cells; another size is a misfit unless part of the question."""
        del scope
        answer, expected = reading.value, require_tensor_key(key)
        if answer.shape != expected.shape:
            return _judge_size_mismatch(answer, expected, part)
        if answer.cells == expected.cells:
            return RIGHT_BY_RULE["exact"]
        if isinstance(part.tolerance, Tolerance) and part.tolerance.widest_rule == "exact":
            cells = tuple(map(eq, answer.cells, expected.cells))
            return _judge_partly_right(cells, expected.shape, part)
        rules = tuple(
            "exact" if cell == wanted else find_cell_rule(cell, wanted, tolerance)
            for cell, wanted, tolerance in zip(
                answer.cells, expected.cells, part.tolerances, strict=False
            )
        )
        if None not in rules:
            return RIGHT_BY_RULE["rounding" if "rounding" in rules else "tolerance"]
        return _judge_partly_right(tuple(rule is not None for rule in rules), expected.shape, part)

    def describe_accepted(self, part: T, key: Value | None) -> str:
        """Return the accepted answers in words: the key, and the tolerance of each cell."""
        each = part.tolerance if isinstance(part.tolerance, tuple) else (part.tolerance,)
        if key is None or all(tolerance.widest_rule == "exact" for tolerance in each):
            return super().describe_accepted(part, key)
        return f"{self.format_key(key, part)}, each cell {', '.join(map(describe_tolerance, each))}"

    def matches_mistake(
        self, reading: Reading[Tensor], value: Value, part: T, scope: Scope
    ) -> bool:
        """Return whether every cell equals that of *value*."""
        del part, scope
        return tensor_equals_value(reading.value, value)

    def rounding_matcher(self, reading: Reading[Tensor]) -> RoundingMatcher | None:
        """Return a predicate: whether every cell equals that of a value, or is its rounding."""
        return build_rounding_matcher(reading.value)

    def may_be_rounding(self, reading: Reading[Tensor], value: Value | None) -> bool:
        """Return whether every cell of three figures or more may be a rounding of *value*."""
        return precise_cells_may_be_rounded(reading.value, value)

    def describe_errors(self, reading: Reading[Tensor], cells: tuple[bool, ...], part: T) -> str:
        """Return a sentence with the indices of the wrong cells, counted from 1."""
        del part
        shape = reading.value.shape
        wrong = [_format_index(index, shape) for index, right in enumerate(cells) if not right]
        return format_wrong_cells(wrong)

    def build_samples(self, part: T, key: Value | None) -> SampleAnswers:
        """Return the key, the key with every cell moved out of tolerance, and broken text."""
        tensor = require_tensor_key(key)
        moved = tuple(
            cell + 1 + 2 * max(tolerance.radius(cell), absolute_value(cell))
            for cell, tolerance in zip(tensor.cells, part.tolerances, strict=False)
        )
        broken = ("[[1, 2], [3]]", "[[1, ...]]", "abc", "[[nan]]")
        return SampleAnswers((to_text(tensor),), (to_text(Tensor(tensor.shape, moved)),), broken)


def format_wrong_cells(cells: Sequence[str]) -> str:
    """Return the sentence that lists *cells*, at most `MAX_LISTED_CELLS` of them."""
    more = f" and {len(cells) - MAX_LISTED_CELLS} more" if len(cells) > MAX_LISTED_CELLS else ""
    return f"Incorrect: {', '.join(cells[:MAX_LISTED_CELLS])}{more}."


def _judge_partly_right(
    cells: tuple[bool, ...], shape: tuple[int, ...], part: ArrayPart
) -> Judgement:
    """Return the judgement of an array in which some *cells* are wrong."""
    credit = WRONG.credit
    if part.credit_by == "cell":
        credit = _cached_fraction(sum(cells), len(cells))
    elif part.credit_by == "row":
        ends = range(0, len(cells), shape[-1])
        credit = _cached_fraction(sum(all(cells[at : at + shape[-1]]) for at in ends), len(ends))
    return Judgement(
        credit, cells=cells, rule="cells", first_wrong=_format_index(cells.index(False), shape)
    )


@lru_cache(maxsize=1024)
def _cached_fraction(right: int, of: int) -> Fraction:
    return Fraction(right, of)


def _format_index(flat_index: int, shape: tuple[int, ...]) -> str:
    """Return the index of a cell as text, counted from 1: ``(2, 3)``."""
    index: list[str] = []
    for side in reversed(shape):
        flat_index, coordinate = divmod(flat_index, side)
        index.append(str(coordinate + 1))
    return f"({', '.join(reversed(index))})"


def _judge_size_mismatch(answer: Tensor, expected: Tensor, part: ArrayPart) -> Judgement:
    if _is_matrix_in_one_row(answer, expected):
        misfit = "All numbers are in one row."
        return Judgement(WRONG.credit, form_mismatch=misfit, rule="cells")
    if part.size == "asked":
        return WRONG_BY_RULE["cells"]
    misfit = f"The answer has the size {_format_size(answer)}; it must be {_format_size(expected)}."
    return Judgement(WRONG.credit, form_mismatch=misfit, rule="cells")


def _is_matrix_in_one_row(answer: Tensor, expected: Tensor) -> bool:
    """Return whether *answer* has the cells of a matrix with several rows in a single one."""
    both_are_matrices = len(answer.shape) == len(expected.shape) == MATRIX_AXES
    return both_are_matrices and answer.shape == (1, len(expected.cells)) != expected.shape


def _format_size(tensor: Tensor) -> str:
    return str(tensor.shape[0]) if len(tensor.shape) == 1 else to_text(tensor.shape)


class VectorPart(ArrayPart):
    """A list of numbers; the tolerance may be a list too, with one for each of them.

    With `names` each number may stand beside its name, in any order.
    """

    kind: Literal["vector"]
    credit_by: Literal["cell", "all"] = "cell"
    names: NamesOfNumbers = ()


class VectorKind(ArrayKind[VectorPart]):
    """Kind of a vector: ``[1, 2, 3]``."""

    part: ClassVar[type[VectorPart]] = VectorPart
    max_characters = 65_536
    hint = "Numbers in a row, as NumPy, LaTeX or a spreadsheet writes them."
    example = "[1, 2, 3]"
    rewriters = VECTOR_REWRITERS
    rank = 1

    def read(self, typed: RawAnswer, part: VectorPart, scope: Scope) -> Reading[Tensor]:
        """Return the numbers, in the order of the part's names if the answer names them."""
        del scope
        if isinstance(typed, str) and (cells := evaluate_several_cell_equations(typed)):
            reading = read_labeled_numbers(cells.text, part.names)
            return replace(reading, notes=(*reading.notes, *cells.notes))
        return read_labeled_numbers(typed, part.names)

    def solve(self, part: VectorPart, scope: Scope) -> Value | None:
        """Return the key as a tensor.

        Raises `SolverError` if its size differs from the number of tolerances or names.
        """
        key = require_tensor_key(super().solve(part, scope))
        each = (part.tolerance, "tolerance"), (part.names, "name")
        for items, word in each:
            if isinstance(items, tuple) and items and key.shape != (len(items),):
                count, size = pluralize(len(items), word), _format_size(key)
                raise SolverError(f"there are {count}, the key has the size {size}")
        return key

    def describe_errors(
        self, reading: Reading[Tensor], cells: tuple[bool, ...], part: VectorPart
    ) -> str:
        """Return a sentence with the names of the wrong numbers, or without names the indices."""
        if not part.names:
            return super().describe_errors(reading, cells, part)
        wrong = [name for name, right in zip(part.names, cells, strict=True) if not right]
        return format_wrong_cells([get_first_spelling(name) for name in wrong])


class MatrixPart(ArrayPart):
    """A matrix of numbers."""

    kind: Literal["matrix"]
    tolerance: Tolerance = EXACT_TOLERANCE


class MatrixKind(ArrayKind[MatrixPart]):
    """Kind of a matrix in any notation."""

    part: ClassVar[type[MatrixPart]] = MatrixPart
    max_characters = 65_536
    hint = "Rows of numbers, as NumPy, LaTeX or a spreadsheet writes them."
    example = "[[1, 2], [3, 4]]"
    rank = 2


class TensorPart(ArrayPart):
    """An array; *rank* is its number of axes, any where it is not said."""

    kind: Literal["tensor"]
    tolerance: Tolerance = EXACT_TOLERANCE
    rank: Annotated[int, Field(ge=1, le=5)] | None = None


class TensorKind(ArrayKind[TensorPart]):
    """Kind of a tensor as nested lists."""

    part: ClassVar[type[TensorPart]] = TensorPart
    max_characters = 65_536
    hint = "Nested rows of numbers, as NumPy writes them."
    example = "[[[1, 2], [3, 4]]]"
    rank = None

    def read(self, typed: RawAnswer, part: TensorPart, scope: Scope) -> Reading[Tensor]:
        """Return the array; with three axes or more, blank lines separate its matrices."""
        del scope
        return read_tensor(typed, rank=part.rank)
