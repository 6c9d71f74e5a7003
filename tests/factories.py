"""A small registry and problems for tests of the engine, independent of the bank.

The solvers are of the same kinds as the real ones, and few enough to check by hand.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings

from grader.definitions.problem import Problem
from grader.diagnosis.mistakes import KnownMistakes
from grader.errors import SolverError
from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.kinds import KINDS, Judgement
from grader.registry import MistakeInfo, Registry
from grader.values import Number, OpaqueValue, Record, Tensor, Value
from grader.variants.variant import Variant, solve_variant

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Settings of property tests that keep a busy machine from failing them."""


def side(size: int, kernel: int, *, stride: int = 1, padding: int = 0) -> int:
    """Return the number of windows that fit along a side."""
    if kernel > size + 2 * padding:
        raise SolverError("the window is larger than the image")
    return (size - kernel + 2 * padding) // stride + 1


def side_rounded_up(size: int, kernel: int, *, stride: int = 1, padding: int = 0) -> int:
    """Return the side with the quotient rounded up."""
    return -((size - kernel + 2 * padding) // -stride) + 1


def side_unpadded(size: int, kernel: int, *, stride: int = 1, padding: int = 0) -> int:
    """Return the side without padding."""
    del padding
    return side(size, kernel, stride=stride)


def halve(size: int) -> int:
    """Return half the size, rounded down."""
    return size // 2


def middle(size: int, *, padding: int = 0) -> int:
    """Return half of a side, rounded up, plus the padding."""
    return (size + 1) // 2 + padding


def weights(channels: int, filters: int, kernel: int, *, bias: bool = True) -> int:
    """Return the number of parameters of a convolution."""
    return channels * kernel**2 * filters + (filters if bias else 0)


def scale(x: Tensor, factor: Number) -> Tensor:
    """Return a tensor with every cell multiplied by *factor*."""
    return x.map(lambda cell: cell * factor)


def plus(x: Tensor, number: Number) -> Tensor:
    """Return a tensor with *number* added to every cell."""
    return x.map(lambda cell: cell + number)


def transposed(x: Tensor) -> Tensor:
    """Return the transpose of a matrix."""
    height, width = x.shape
    cells = (x.cells[row * width + column] for column in range(width) for row in range(height))
    return Tensor((width, height), tuple(cells))


def broken(*arguments: Value) -> Value:
    """Raise `SolverError`, as a solver does for impossible arguments."""
    raise SolverError(f"the solver cannot take {len(arguments)} values")


@dataclass(frozen=True, slots=True)
class Net(OpaqueValue):
    """A network whose layers are values."""

    layers: tuple[Value, ...]

    def get_field(self, name: str) -> Value:
        if name == "layers":
            return self.layers
        raise KeyError(name)

    def __str__(self) -> str:
        return f"net of {len(self.layers)}"


FUNCTIONS = {
    "side": side,
    "halve": halve,
    "middle": middle,
    "weights": weights,
    "scale": scale,
    "plus": plus,
    "broken": broken,
    "network": lambda *layers: Net(layers),
    "record": lambda: Record({"side": 5}),
}
TWINS = {
    "rounded_up": {"side": side_rounded_up, "halve": lambda size: -(size // -2)},
    "padding_left_out": {"side": side_unpadded, "middle": lambda size, **_: middle(size)},
    "no_bias": {"weights": lambda *sizes, bias=True: weights(*sizes, bias=bias and False)},
    "one_bias": {"weights": lambda *sizes, bias=True: weights(*sizes, bias=False) + bias},
    "channels_left_out": {
        "weights": lambda channels, *sizes, bias=True: weights(channels**0, *sizes, bias=bias)
    },
    "transposed_output": {"scale": lambda x, factor: transposed(scale(x, factor))},
    "sign_flipped": {"plus": lambda x, number: plus(x, -number)},
}
RANKS = {
    "channels_left_out": 61,
    "no_bias": 44,
    "rounded_up": 41,
    "padding_left_out": 35,
    "one_bias": 20,
    "transposed_output": 14,
    "sign_flipped": 14,
}
BOOK = Registry(
    FUNCTIONS,
    TWINS,
    {name: MistakeInfo(name, rank, f"Hint: {name}.", "") for name, rank in RANKS.items()},
)


def ask(kind: str = "integer", /, **fields: Any) -> dict[str, Any]:
    """Return a part as a problem file states it, with the id ``a``.

    A part with a key gets a reason for it.
    """
    keyed = {"reason": "a toy"} if "key" in fields else {}
    return {"id": "a", "kind": kind, **keyed, **fields}


def raw(*parts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a problem as its file states it."""
    return {
        "id": "toy",
        "title": "A toy problem",
        "topic": "toys",
        "difficulty": 1,
        "statement": "Reckon.",
        "parts": list(parts) or [ask(key=63)],
        **changes,
    }


def problem(*parts: dict[str, Any], **changes: Any) -> Problem:
    return Problem.model_validate(raw(*parts, **changes))


def original(*parts: dict[str, Any], book: Registry = BOOK, **changes: Any) -> Variant:
    """Return the textbook variant of a problem with *parts*."""
    return solve_variant(problem(*parts, **changes), None, book)


def marked(variant: Variant, *, book: Registry = BOOK, carried: Any = None, **answers: Any) -> Any:
    """Return the results of *answers* by part."""
    results = grade(variant, answers, registry=book, carried=carried)
    return {result.part: result for result in results}


def mark(part: dict[str, Any], typed: Any, **changes: Any) -> PartResult:
    """Return the result of *typed* as the answer to a problem with only *part*."""
    result: PartResult = marked(original(part, **changes), **{part["id"]: typed})[part["id"]]
    return result


def values(found: KnownMistakes) -> dict[str, list[Value]]:
    """Return the wrong answers by the ids of the mistakes that lead to them."""
    by_mistake: dict[str, list[Value]] = {}
    for one in found.candidates:
        by_mistake.setdefault(" ".join(one.ids), []).append(one.value)
    return by_mistake


def judged(part: dict[str, Any], typed: Any, **changes: Any) -> Judgement:
    """Return the judgement of *typed* by the kind of *part*, without any other check."""
    variant = original(part, **changes)
    stated, scope = variant.problem.parts[0], variant.student_scope(BOOK)
    kind = KINDS[stated.kind]
    reading = kind.read(typed, stated, scope)
    return kind.judge(reading, variant.keys.get(stated.id), stated, scope)
