"""A network read from the text that PyTorch prints for a module.

A printed module shows its layers but not how ``forward`` calls them. `Sequential` containers are
one layer after the other, and so is what the outermost module holds; where the text shows no
flatten there is none. Of torchvision's classes it is known what they do, so that their residual
blocks, branches and flattens are in their place. Parameters can always be counted, since every
layer that has some prints the channels that it takes.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from grader.book import Solver
from grader.errors import SolverError
from problems.network.build import identity, network
from problems.network.graphs import Network
from problems.network.torch_layers import LAYERS, read_layer
from problems.network.torch_modules import INSIDE, OUTERMOST, matching

__all__ = ["MAX_TEXT", "SOLVERS", "torch_module"]

MAX_TEXT: Final = 200_000
MAX_LINE: Final = 500
MAX_OPEN: Final = 40
LINE: Final = re.compile(r"(?:\((?P<name>\w+)\): )?(?P<kind>\w+)(?:\((?P<rest>.*))?")
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


@dataclass(slots=True)
class _Open:
    """A module whose children are being read."""

    number: int
    line: str
    name: str
    kind: str
    children: dict[str, Network] = field(default_factory=dict)

    def add(self, name: str, child: Network) -> None:
        """Add a child; one without a name has its place for one."""
        self.children[name or str(len(self.children))] = child


def torch_module(text: str) -> Network:
    r"""Return the network of a printed PyTorch module.

    Modules inside of the outermost one must be ``Sequential`` or classes of torchvision. A line
    that cannot be read, or a type of layer that is not known, is a `SolverError` that names it.

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
            stack[-1].add(closed.name, _closed(closed, inside=len(stack) > 1))
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
    if rest == "":
        if len(stack) > MAX_OPEN:
            raise _unread(number, line, f"modules nest at most {MAX_OPEN} deep")
        stack.append(_Open(number, line, name, kind))
    elif not (rest is None and kind == "None" and name):
        stack[-1].add(name, _leaf(number, line, kind, rest or ""))


def _closed(module: _Open, *, inside: bool) -> Network:
    """Return the network of a *module* whose children are all read."""
    try:
        known = INSIDE if inside else {**INSIDE, **OUTERMOST}
        assembled = matching(known, module.kind, module.children)
        if assembled is not None:
            return assembled(module.children)
        if module.kind in SEQUENTIAL or not inside:
            return network(*module.children.values())
    except SolverError as error:
        raise _unread(module.number, module.line, str(error)) from error
    if module.kind in INSIDE:
        reason = f"its children are not those of torchvision's {module.kind}"
    else:
        reason = f"a {module.kind} inside a module says no order"
    raise _unread(module.number, module.line, reason)


def _leaf(number: int, line: str, kind: str, rest: str) -> Network:
    """Return the network of the layer that *line* spells; an empty container changes nothing."""
    if not rest.endswith(")"):
        raise _unread(number, line, "it is not a printed layer")
    if kind in SEQUENTIAL and rest == ")":
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
