"""A network read from the text that PyTorch prints for a module.

A printed module shows its layers but not how ``forward`` calls them. `Sequential` containers are
one layer after the other, and so is what the outermost module holds; where the text shows no
flatten there is none. Of torchvision's classes it is known what they do, so that their residual
blocks, branches and flattens are in their place. Of every other class inside of another one the
order is not known: its parameters can be counted, since every layer that has some prints the
channels that it takes, and its shapes cannot.

Parameters that a class has beside its children (``nn.Parameter``) are not printed. Classes of
PyTorch and torchvision with such parameters are refused; those of other classes are not counted.
A layer that a module prints in two places is counted twice.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from grader.book import Solver
from grader.errors import SolverError
from problems.network.build import MAX_LAYERS, identity, network
from problems.network.graphs import CountOnly, Network
from problems.network.torch_layers import LAYERS, read_layer
from problems.network.torch_modules import INSIDE, OUTERMOST, matching

__all__ = ["MAX_TEXT", "SOLVERS", "torch_module"]

MAX_TEXT: Final = 200_000
MAX_LINE: Final = 500
MAX_OPEN: Final = 40
LINE: Final = re.compile(
    r"(?:\((?P<name>[^\s()]+)\): )?(?:(?P<times>[1-9][0-9]{0,3}) x )?"
    r"(?P<kind>\w+)(?:\((?P<rest>.*))?"
)
# Containers that call their children one after the other.
SEQUENTIAL: Final = frozenset(
    {
        "Conv2dNormActivation",
        "ConvBNActivation",
        "ConvBNReLU",
        "ConvNormActivation",
        "Sequential",
        "_DenseBlock",
    }
)
# Containers whose children are called by whoever holds them.
LISTS: Final = frozenset({"ModuleDict", "ModuleList"})
# Classes with parameters that are none of their children's.
UNPRINTED: Final = frozenset(
    {
        "MultiheadAttention",
        "RelativePositionalMultiHeadAttention",
        "ShiftedWindowAttention",
        "ShiftedWindowAttentionV2",
        "VisionTransformer",
    }
)


@dataclass(slots=True)
class _Open:
    """A module whose children are being read."""

    number: int
    line: str
    name: str
    kind: str
    times: int = 1
    children: dict[str, Network] = field(default_factory=dict)

    def add(self, name: str, child: Network, times: int) -> None:
        """Add a child, so many *times*; one without a name has its place for one."""
        if times * child.size > MAX_LAYERS:
            raise SolverError(f"a network has at most {MAX_LAYERS} layers")
        self.children[name or str(len(self.children))] = network(*[child] * times)


def torch_module(text: str) -> Network:
    r"""Return the network of a printed PyTorch module.

    Shapes are known where the modules inside of the outermost one are ``Sequential`` or classes of
    torchvision, and the total of the parameters wherever all layers are known. A line that cannot
    be read, or a type of layer that is not known, is a `SolverError` that names it.

    >>> print(torch_module("Net(\n  (0): Linear(in_features=4, out_features=2, bias=True)\n)"))
    fully connected, 2 units
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise SolverError(f"a printed module is a text of at most {MAX_TEXT} characters")
    outermost = _Open(0, "", "", "")
    stack = [outermost]
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped == ")" and len(stack) > 1:
            closed = stack.pop()
            stack[-1].add(closed.name, _closed(closed, inside=len(stack) > 1), closed.times)
        elif stripped:
            _read(stack, number, stripped)
    if len(stack) > 1:
        raise SolverError(f"the printed module ends before {len(stack) - 1} bracket(s) close")
    return network(*outermost.children.values())


def _read(stack: list[_Open], number: int, line: str) -> None:
    """Read a *line* that opens a module or is a layer."""
    match = LINE.fullmatch(line) if len(line) <= MAX_LINE else None
    if match is None:
        raise _unread(number, line, "it is not a printed layer")
    name, kind, rest = match["name"] or "", match["kind"], match["rest"]
    times = int(match["times"] or 1)
    if rest == "":
        if len(stack) > MAX_OPEN:
            raise _unread(number, line, f"modules nest at most {MAX_OPEN} deep")
        stack.append(_Open(number, line, name, kind, times))
    elif not (rest is None and kind == "None" and name):
        stack[-1].add(name, _leaf(number, line, kind, rest or ""), times)


def _closed(module: _Open, *, inside: bool) -> Network:
    """Return the network of a *module* whose children are all read."""
    kind, children = module.kind, module.children
    if kind in UNPRINTED:
        reason = f"a {kind} has parameters that its print does not show"
        raise _unread(module.number, module.line, reason)
    try:
        known = INSIDE if inside else {**INSIDE, **OUTERMOST}
        assembled = matching(known, kind, children)
        if assembled is not None:
            return assembled(children)
        if kind in SEQUENTIAL or not (inside or kind in LISTS):
            return network(*children.values())
    except SolverError as error:
        raise _unread(module.number, module.line, str(error)) from error
    if kind in INSIDE:
        reason = f"its children are not those of torchvision's {kind}"
    else:
        reason = f"a {kind} inside a module says no order"
    unread = _unread(module.number, module.line, reason)
    return network(CountOnly(tuple(children.values()), reason=str(unread)))


def _leaf(number: int, line: str, kind: str, rest: str) -> Network:
    """Return the network of the layer that *line* spells; an empty container changes nothing."""
    if not rest.endswith(")"):
        raise _unread(number, line, "it is not a printed layer")
    if kind in SEQUENTIAL | LISTS and rest == ")":
        return network(identity())
    if kind not in LAYERS:
        raise _unread(number, line, f"{kind} is not a known layer")
    try:
        return network(read_layer(kind, rest[:-1]))
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise _unread(number, line, "its arguments are not understood") from error
    except SolverError as error:
        raise _unread(number, line, str(error)) from error


def _unread(number: int, line: str, reason: str) -> SolverError:
    return SolverError(f"line {number} of the printed module, {line[:80]!r}: {reason}")


SOLVERS: Final[tuple[Solver, ...]] = (torch_module,)
