"""Networks parsed from the text that PyTorch prints for a module.

A printed module shows its layers but not how ``forward`` calls them. `Sequential`
containers and the outermost module call their children in order; where the text shows
no flatten, there is none. Torchvision's classes are known, so their residual blocks,
branches and flattens are restored. The order inside any other nested class is unknown:
its parameters can be counted, because every layer with parameters prints its input
channels, but its shapes cannot be computed.

PyTorch does not print the parameters of a class itself (``nn.Parameter``).
Classes of PyTorch and torchvision in `MODULES_WITH_UNPRINTED_PARAMS` are rejected; the
own parameters of unknown classes are not counted. A layer that a module prints in two
places is counted twice.
"""

from dataclasses import dataclass, field
from typing import Final

from grader.errors import SolverError
from grader.lazy_regex import lazy_regex
from grader.registry import Solver
from problems.network.constructors.all_constructors import MAX_LAYERS, identity, network
from problems.network.graphs import CountOnly, Network
from problems.network.pytorch.layer_parser import LAYER_READERS, read_layer
from problems.network.pytorch.torchvision_classes import (
    INNER_CLASSES,
    OUTERMOST_CLASSES,
    find_assembler,
)

NOT_A_LAYER: Final = "it is not a printed layer"
MAX_TEXT_CHARACTERS: Final = 200_000
MAX_LINE_CHARACTERS: Final = 500
MAX_OPEN_MODULES: Final = 40
LINE_PATTERN: Final = lazy_regex(
    r"(?:\((?P<name>[^\s()]+)\): )?(?:(?P<times>[1-9][0-9]{0,3}) x )?"
    r"(?P<kind>\w+)(?:\((?P<rest>.*))?"
)
# Containers that call their children one after the other.
SEQUENTIAL_CONTAINERS: Final = frozenset(
    {
        "Conv2dNormActivation",
        "ConvBNActivation",
        "ConvBNReLU",
        "ConvNormActivation",
        "Sequential",
        "_DenseBlock",
    }
)
# Containers without a forward pass: their parent calls the children.
LIST_CONTAINERS: Final = frozenset({"ModuleDict", "ModuleList"})
# Classes with parameters that are none of their children's.
MODULES_WITH_UNPRINTED_PARAMS: Final = frozenset(
    {
        "MultiheadAttention",
        "RelativePositionalMultiHeadAttention",
        "ShiftedWindowAttention",
        "ShiftedWindowAttentionV2",
        "VisionTransformer",
    }
)


@dataclass(slots=True)
class _OpenModule:
    """A module whose closing bracket has not been read yet."""

    number: int
    line: str
    name: str
    kind: str
    times: int = 1
    children: dict[str, Network] = field(default_factory=dict)

    def add_child(self, name: str, child: Network, times: int) -> None:
        """Add *child* repeated *times* times; an unnamed child is named by its index."""
        if times * child.size > MAX_LAYERS:
            raise SolverError(f"a network has at most {MAX_LAYERS} layers")
        self.children[name or str(len(self.children))] = network(*[child] * times)


def torch_module(text: str) -> Network:
    r"""Return the network of a printed PyTorch module.

    Shapes can be computed if all modules inside the outermost one are ``Sequential`` or
    torchvision classes, and total parameters if all layers are known. A line that
    cannot be parsed, or an unknown layer type, raises a `SolverError` that names it.

    >>> print(torch_module("Net(\n  (0): Linear(in_features=4, out_features=2, bias=True)\n)"))
    fully connected, 2 units
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT_CHARACTERS:
        raise SolverError(f"a printed module is a text of at most {MAX_TEXT_CHARACTERS} characters")
    outermost = _OpenModule(0, "", "", "")
    stack = [outermost]
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped == ")" and len(stack) > 1:
            module = stack.pop()
            stack[-1].add_child(
                module.name, _assemble_module(module, inside=len(stack) > 1), module.times
            )
        elif stripped:
            _parse_line_onto_stack(stack, number, stripped)
    if len(stack) > 1:
        raise SolverError(f"the printed module ends before {len(stack) - 1} bracket(s) close")
    return network(*outermost.children.values())


def _parse_line_onto_stack(stack: list[_OpenModule], number: int, line: str) -> None:
    """Parse a *line* that opens a module or describes a layer."""
    match = LINE_PATTERN.fullmatch(line) if len(line) <= MAX_LINE_CHARACTERS else None
    if match is None:
        raise _line_error(number, line, NOT_A_LAYER)
    name, kind, rest = match["name"] or "", match["kind"], match["rest"]
    times = int(match["times"] or 1)
    if rest == "":
        if len(stack) > MAX_OPEN_MODULES:
            raise _line_error(number, line, f"modules nest at most {MAX_OPEN_MODULES} deep")
        stack.append(_OpenModule(number, line, name, kind, times))
    elif not (rest is None and kind == "None" and name):
        stack[-1].add_child(name, _parse_layer_line(number, line, kind, rest or ""), times)


def _assemble_module(module: _OpenModule, *, inside: bool) -> Network:
    """Return the network of a *module* whose children have all been read."""
    kind, children = module.kind, module.children
    if kind in MODULES_WITH_UNPRINTED_PARAMS:
        reason = f"a {kind} has parameters that its print does not show"
        raise _line_error(module.number, module.line, reason)
    try:
        classes = INNER_CLASSES if inside else {**INNER_CLASSES, **OUTERMOST_CLASSES}
        assemble = find_assembler(classes, kind, children)
        if assemble is not None:
            return assemble(children)
        if kind in SEQUENTIAL_CONTAINERS or not (inside or kind in LIST_CONTAINERS):
            return network(*children.values())
    except SolverError as error:
        raise _line_error(module.number, module.line, str(error)) from error
    if kind in INNER_CLASSES:
        reason = f"its children are not those of torchvision's {kind}"
    else:
        reason = f"a {kind} inside a module says no order"
    reading_error = _line_error(module.number, module.line, reason)
    return network(CountOnly(tuple(children.values()), reason=str(reading_error)))


def _parse_layer_line(number: int, line: str, kind: str, rest: str) -> Network:
    """Return the network of the layer in *line*; an empty container is the identity."""
    if not rest.endswith(")"):
        raise _line_error(number, line, NOT_A_LAYER)
    if kind in SEQUENTIAL_CONTAINERS | LIST_CONTAINERS and rest == ")":
        return network(identity())
    if kind not in LAYER_READERS:
        raise _line_error(number, line, f"{kind} is not a known layer")
    try:
        return network(read_layer(kind, rest[:-1]))
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise _line_error(number, line, "its arguments are not understood") from error
    except SolverError as error:
        raise _line_error(number, line, str(error)) from error


def _line_error(number: int, line: str, reason: str) -> SolverError:
    return SolverError(f"line {number} of the printed module, {line[:80]!r}: {reason}")


SOLVERS: Final[tuple[Solver, ...]] = (torch_module,)
