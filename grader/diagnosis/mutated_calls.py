"""Calls in mutated trees: functions that change a list or an array, and calls without a value.

Mutated trees call the functions of `SEQUENCE_FUNCTIONS`, which expressions of authors cannot name.
"""

from collections.abc import Mapping
from inspect import signature
from typing import Final

from grader.errors import SolverError
from grader.expressions.arithmetic import Function
from grader.expressions.tree import Call, Node, calls_in, walk
from grader.registry import Registry
from grader.values import Tensor, Value

PAIR: Final = 2


def calls_fit_signatures(tree: Node, registry: Registry) -> bool:
    """Return whether the solvers in *tree* take as many arguments, with these keywords."""
    return all(_call_fits_signature(call, registry) for call in calls_in(tree))


def _call_fits_signature(call: Call, registry: Registry) -> bool:
    solver = registry.functions.get(call.function)
    if solver is None:
        return True
    try:
        signature(solver).bind(*call.arguments, **dict(call.keywords))
    except TypeError:
        return False
    return True


def find_sequence_call(tree: Node) -> Call | None:
    """Return the call of one of `SEQUENCE_FUNCTIONS` in *tree*, None if there is none."""
    calls = (node for node in walk(tree) if isinstance(node, Call))
    return next((call for call in calls if call.function in SEQUENCE_FUNCTIONS), None)


def accepts_argument(function: str, argument: Value) -> bool:
    """Return whether *argument* is a list or an array, as *function* of this module expects."""
    if function in ARRAY_FUNCTIONS:
        return isinstance(argument, Tensor)
    return isinstance(argument, tuple) and len(argument) >= PAIR


def _swap_pair(sequence: Value) -> Value:
    first, second = _require_sequence(sequence, exact=PAIR)
    return second, first


def _repeat_item(sequence: Value, index: Value) -> Value:
    items = _require_sequence(sequence)
    return (items[_require_index(index)],) * len(items)


def _drop_item(sequence: Value, index: Value) -> Value:
    items = _require_sequence(sequence)
    position = _require_index(index)
    if position >= len(items):
        raise SolverError("there is no such item")
    position %= len(items)
    return (*items[:position], *items[position + 1 :])


def _rotate_half_turn(array: Value) -> Value:
    tensor = _require_array(array)
    return Tensor(tensor.shape, tensor.cells[::-1])


def _transpose_matrix(array: Value) -> Value:
    tensor = _require_array(array)
    if len(tensor.shape) != PAIR:
        raise SolverError("only a matrix can be transposed")
    rows, columns = tensor.shape
    cells = (
        tensor.cells[row * columns + column] for column in range(columns) for row in range(rows)
    )
    return Tensor((columns, rows), tuple(cells))


def _require_array(array: Value) -> Tensor:
    if not isinstance(array, Tensor):
        raise SolverError("only an array can be turned")
    return array


def _require_index(index: Value) -> int:
    if not isinstance(index, int):
        raise SolverError("an index is an integer")
    return index


def _require_sequence(sequence: Value, *, exact: int | None = None) -> tuple[Value, ...]:
    if not isinstance(sequence, tuple) or len(sequence) < PAIR:
        raise SolverError("only a tuple of several items has items to leave out")
    if exact is not None and len(sequence) != exact:
        raise SolverError("only the entries of a pair can be exchanged")
    return sequence


ARRAY_FUNCTIONS: Final = frozenset({"_turn", "_transpose"})
SEQUENCE_FUNCTIONS: Final[Mapping[str, Function]] = {
    "_swap": _swap_pair,
    "_repeat": _repeat_item,
    "_drop": _drop_item,
    "_turn": _rotate_half_turn,
    "_transpose": _transpose_matrix,
}
"""Functions that the mutated trees call, beside those of the registry."""
