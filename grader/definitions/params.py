"""Parameters of a problem: how they are drawn, and their values in the textbook variant.

A parameter is a choice, integers (one, or a tensor of them), a network, or a constant. `original`
is the value of the textbook variant.
"""

from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, Tag, WithJsonSchema, model_validator

from grader.definitions.field_types import ConstantValue, Expr, Prose, StrictModel
from grader.display.text import to_text
from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import Expression
from grader.expressions.tree import Call, Name
from grader.values import Tensor, Value
from grader.variants.random_stream import MAX_RANGE, RandomStream

MAX_DRAWN_CELLS = 4096


class Choose(StrictModel):
    """A choice among listed values, all equally likely."""

    choose: Annotated[tuple[ConstantValue, ...], Field(min_length=2, max_length=1000)]
    original: ConstantValue = None

    def draw(self, stream: RandomStream, scope: Scope) -> Value:
        """Draw one of the choices."""
        del scope
        return self.choose[stream.randbelow(len(self.choose))]  # type: ignore[return-value]

    def original_value(self, scope: Scope) -> Value:
        """Return the original value."""
        del scope
        return self.original  # type: ignore[return-value]


class Integers(StrictModel):
    """An integer between two limits, both included; with `shape`, a tensor of integers."""

    integers: tuple[Expr, Expr]
    shape: Annotated[tuple[Expr, ...], Field(max_length=5)] = ()
    original: ConstantValue = None

    def draw(self, stream: RandomStream, scope: Scope) -> Value:
        """Draw an integer, or a tensor of the evaluated shape."""
        low, high = (_evaluate_integer(limit, scope) for limit in self.integers)
        if high < low:
            raise SolverError(f"there is no integer between {low} and {high}")
        if high - low >= MAX_RANGE:
            raise SolverError("too many integers to draw from; the limits lie over 2**64 apart")
        shape = tuple(_evaluate_integer(side, scope) for side in self.shape)
        if not shape:
            return low + stream.randbelow(high - low + 1)
        cells = 1
        for side in shape:
            cells *= side
        if min(shape) < 1 or cells > MAX_DRAWN_CELLS:
            raise SolverError(f"a shape of {shape} is empty or has over {MAX_DRAWN_CELLS} cells")
        drawn = tuple(low + stream.randbelow(high - low + 1) for _ in range(cells))
        return Tensor(shape, drawn)

    def original_value(self, scope: Scope) -> Value:
        """Return the original value: a tensor if a shape is given."""
        original: Value = self.original  # type: ignore[assignment]
        if not self.shape:
            if isinstance(original, bool) or not isinstance(original, int):
                raise SolverError(f"the original {to_text(original)} is not a whole number")
            return original
        tensor = original if isinstance(original, Tensor) else Tensor.from_nested(original)
        shape = tuple(_evaluate_integer(side, scope) for side in self.shape)
        if tensor.shape != shape:
            raise SolverError(f"the original has the shape {tensor.shape}, declared is {shape}")
        return tensor


DrawnParam: TypeAlias = Choose | Integers
"""Types of drawn parameters; other parameters are the same for every seed."""


class Network(StrictModel):
    """A network as a list of layers, each an expression such as ``conv(16, 3, padding=1)``."""

    network: Annotated[tuple[Expr, ...], Field(min_length=1, max_length=1000)]

    def build_value(self, scope: Scope) -> Value:
        """Return the network value."""
        layers = [evaluate(layer.tree, scope) for layer in self.network]
        return _call_function(scope, "network", *layers)


class Torch(StrictModel):
    """A network in the format in which PyTorch prints a module; ``{{name}}`` is filled in."""

    torch: Prose

    def build_value(self, scope: Scope) -> Value:
        """Return the network value."""
        return _call_function(scope, "torch_module", self.torch.fill(scope))


class Named(StrictModel):
    """A published network, by name, such as ``vgg16``."""

    named: str

    def build_value(self, scope: Scope) -> Value:
        """Return the network value."""
        return _call_function(scope, "named", self.named)


class ConstantParam(StrictModel):
    """A value that never changes; the file holds it without a wrapper: ``C: 80``."""

    value: ConstantValue

    @model_validator(mode="before")
    @classmethod
    def _wrap_value(cls, raw: object) -> object:
        return {"value": raw}

    def build_value(self, scope: Scope) -> Value:
        """Return the constant."""
        del scope
        return self.value  # type: ignore[return-value]


def _discriminate_param(raw: object) -> str:
    if isinstance(raw, dict):
        for kind in ("choose", "integers", "network", "torch", "named"):
            if kind in raw:
                return kind
        return "choose"
    return "constant"


Param: TypeAlias = Annotated[
    Annotated[Choose, Tag("choose")]
    | Annotated[Integers, Tag("integers")]
    | Annotated[Network, Tag("network")]
    | Annotated[Torch, Tag("torch")]
    | Annotated[Named, Tag("named")]
    | Annotated[
        ConstantParam,
        WithJsonSchema({"type": ["number", "string", "boolean", "array"]}),
        Tag("constant"),
    ],
    Discriminator(_discriminate_param),
]


def _evaluate_integer(expression: Expression, scope: Scope) -> int:
    value = evaluate(expression.tree, scope)
    if isinstance(value, bool) or not isinstance(value, int):
        raise SolverError(f"{expression.source!r} is not a whole number")
    return value


def _call_function(scope: Scope, name: str, *arguments: Value) -> Value:
    """Return the result of the function *name*; it fails in the same way as a solver."""
    arguments_by_name = {f"argument {index}": value for index, value in enumerate(arguments)}
    call = Call(name, tuple(Name(one) for one in arguments_by_name))
    return evaluate(call, Scope(arguments_by_name, scope.functions))
