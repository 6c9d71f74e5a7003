"""A network read from the text that PyTorch prints for a module.

A printed module shows its layers but not how ``forward`` calls them: it is read as one layer after
the other, and where the text shows no flatten there is none. Parameters can be counted all the
same, since every layer that has some prints the channels that it takes.
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from grader.book import Solver
from grader.errors import SolverError
from grader.values import exact
from problems.network import build
from problems.network.layers import Layer, Network

__all__ = ["MAX_TEXT", "SOLVERS", "torch_module"]

MAX_TEXT: Final = 100_000
MAX_LINE: Final = 500
CONTAINER: Final = "Sequential"
LINE: Final = re.compile(r"(?:\(\w+\): )?(?P<type>\w+)\((?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class _Reader:
    """How one type of layer is read: what makes it, and what its printed arguments mean.

    *positional* names the arguments printed without a name, *only* the values that are understood,
    *ignored* the arguments that change neither shapes nor counts.
    """

    make: Callable[..., Layer]
    positional: tuple[str, ...] = ()
    only: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()

    def read(self, positional: list[Any], named: dict[str, Any]) -> Layer:
        """Return the layer, or raise `ValueError` or `TypeError` for other arguments."""
        given = dict(zip(self.positional, positional, strict=True)) | named
        for name, understood in self.only.items():
            if given.pop(name, understood[0]) not in understood:
                raise ValueError(name)
        return self.make(**{name: given[name] for name in given if name not in self.ignored})


CHANNELS: Final = ("in_channels", "out_channels")
NORM: Final = _Reader(
    build.batch_norm,
    ("num_features",),
    {"affine": (True,)},
    frozenset({"eps", "momentum", "track_running_stats"}),
)
DROPOUT: Final = _Reader(build.dropout, ignored=frozenset({"inplace"}))

READERS: Final[dict[str, _Reader]] = {
    "AdaptiveAvgPool2d": _Reader(build.global_avg_pool, only={"output_size": ((1, 1), 1)}),
    "AvgPool2d": _Reader(build.avg_pool),
    "BatchNorm1d": NORM,
    "BatchNorm2d": NORM,
    "Conv2d": _Reader(build.conv, CHANNELS),
    "ConvTranspose2d": _Reader(build.conv_transpose, CHANNELS),
    "Dropout": DROPOUT,
    "Dropout2d": DROPOUT,
    "Flatten": _Reader(build.flatten, only={"start_dim": (1,), "end_dim": (-1,)}),
    "Linear": _Reader(build.linear),
    "MaxPool2d": _Reader(build.max_pool, only={"dilation": (1,)}),
    "ReLU": _Reader(build.relu, ignored=frozenset({"inplace"})),
    "Sigmoid": _Reader(build.sigmoid),
    "Softmax": _Reader(build.softmax, ignored=frozenset({"dim"})),
}


def torch_module(text: str) -> Network:
    r"""Return the network of a printed PyTorch module, its containers spliced into one sequence.

    Containers inside of the module must be ``Sequential``. A line that cannot be read, or a type of
    layer that is not known, is a `SolverError` that names the line.

    >>> print(torch_module("Net(\n  (0): Linear(in_features=4, out_features=2, bias=True)\n)"))
    fully connected, 2 units
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise SolverError(f"a printed module is a text of at most {MAX_TEXT} characters")
    layers: list[Layer] = []
    open_containers = 0
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped == ")" and open_containers:
            open_containers -= 1
        elif (found := _opened(stripped)) is not None:
            if open_containers and found != CONTAINER:
                raise _unread(number, stripped, f"a {found} inside a module says no order")
            open_containers += 1
        elif stripped:
            layers.append(_leaf(number, stripped))
    if open_containers:
        raise SolverError(f"the printed module ends before {open_containers} bracket(s) close")
    return build.network(*layers)


def _opened(line: str) -> str | None:
    """Return the type of the container that *line* opens, or None."""
    match = LINE.fullmatch(line)
    return match["type"] if match and not match["rest"] else None


def _leaf(number: int, line: str) -> Layer:
    """Return the layer that *line* spells."""
    match = LINE.fullmatch(line) if len(line) <= MAX_LINE else None
    if match is None or not match["rest"].endswith(")"):
        raise _unread(number, line, "it is not a printed layer")
    reader = READERS.get(match["type"])
    if reader is None:
        raise _unread(number, line, f"{match['type']} is not a known layer")
    try:
        return reader.read(*_arguments(match["rest"][:-1]))
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise _unread(number, line, "its arguments are not understood") from error
    except SolverError as error:
        raise _unread(number, line, str(error)) from error


def _unread(number: int, line: str, reason: str) -> SolverError:
    return SolverError(f"line {number} of the printed module, {line[:80]!r}: {reason}")


def _arguments(text: str) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and the named arguments of a printed layer."""
    call = ast.parse(f"f({text})", mode="eval").body
    if not isinstance(call, ast.Call):
        raise TypeError(text)
    named = {str(word.arg): _literal(word.value) for word in call.keywords}
    return [_literal(item) for item in call.args], named


def _literal(node: ast.expr) -> object:
    """Return the value of a literal, a decimal as an exact fraction."""
    value: object = ast.literal_eval(node)
    return exact(value) if isinstance(value, float) else value


SOLVERS: Final[tuple[Solver, ...]] = (torch_module,)
