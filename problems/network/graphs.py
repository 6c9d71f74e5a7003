"""The network, and the layers that hold networks: they make graphs out of sequences.

A network is a sequence of layers. A `Graph` is a layer whose networks start from the same input;
what comes out of them is concatenated, added or multiplied, or leaves the network at that place.
Graphs of this kind are values, and nest.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from problems.network.layers import Fields, Layer

__all__ = ["Branches", "CountOnly", "Gate", "Graph", "Network", "Residual", "SideOutput"]


@dataclass(frozen=True, slots=True)
class Network(Fields):
    """*layers* one after the other; ``str`` lists them, one a line.

    *size* counts all layers, nested ones included; *nesting* is how deep graphs hold graphs;
    *count_only* is the first module in it of which nothing but the parameters is known.
    """

    layers: tuple[Layer, ...]
    size: int = field(init=False, compare=False, repr=False)
    nesting: int = field(init=False, compare=False, repr=False)
    count_only: "CountOnly | None" = field(init=False, compare=False, repr=False)
    hashed: int | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        inside = [part for layer in self.layers if isinstance(layer, Graph) for part in layer.parts]
        object.__setattr__(self, "size", len(self.layers) + sum(part.size for part in inside))
        object.__setattr__(self, "nesting", max((1 + part.nesting for part in inside), default=0))
        modules = [layer for layer in self.layers if isinstance(layer, CountOnly)]
        modules += [part.count_only for part in inside if part.count_only]
        object.__setattr__(self, "count_only", modules[0] if modules else None)
        object.__setattr__(self, "hashed", None)

    def __hash__(self) -> int:
        """Return the hash, worked out once: walks of a network are looked up by it."""
        if self.hashed is None:
            object.__setattr__(self, "hashed", hash(self.layers))
        return hash(self.hashed)

    def __str__(self) -> str:
        return "\n".join(str(layer) for layer in self.layers)


class Graph(Layer, ABC):
    """A layer that holds networks; *join* says what becomes of their outputs."""

    __slots__ = ()
    join: ClassVar[str] = ""

    @property
    @abstractmethod
    def parts(self) -> tuple[Network, ...]:
        """The networks that it holds, each of which starts from the graph's input."""

    @abstractmethod
    def holding(self, parts: tuple[Network, ...]) -> "Graph":
        """Return the same graph with other *parts*."""


@dataclass(frozen=True, slots=True)
class Branches(Graph):
    """Networks whose outputs are concatenated on the channels; *crop* cuts them to the smallest."""

    networks: tuple[Network, ...]
    crop: bool = False
    join: ClassVar[str] = "concatenation"

    @property
    def parts(self) -> tuple[Network, ...]:
        """The branches."""
        return self.networks

    def holding(self, parts: tuple[Network, ...]) -> "Branches":
        """Return the same graph with other branches."""
        return Branches(parts, self.crop)

    def __str__(self) -> str:
        named = [
            f"  branch {number}:\n{_indented(network)}"
            for number, network in enumerate(self.networks, start=1)
        ]
        crop = "cropped to the smallest and " if self.crop else ""
        return "\n".join([f"branches, {crop}concatenated on the channels:", *named])


@dataclass(frozen=True, slots=True)
class Residual(Graph):
    """A network whose output is added to its input, or to what *shortcut* makes of the input."""

    network: Network
    shortcut: Network | None = None
    join: ClassVar[str] = "addition"

    @property
    def parts(self) -> tuple[Network, ...]:
        """The network and the shortcut; without one, a network of no layers."""
        return self.network, self.shortcut or Network(())

    def holding(self, parts: tuple[Network, ...]) -> "Residual":
        """Return the same graph with another network and shortcut."""
        return Residual(parts[0], parts[1] if self.shortcut else None)

    def __str__(self) -> str:
        lines = ["residual block, added to its input:", _indented(self.network)]
        if self.shortcut is not None:
            lines = [lines[0], lines[1], "  shortcut:", _indented(self.shortcut)]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Gate(Graph):
    """A network whose output multiplies its input, channel by channel or value by value."""

    network: Network
    join: ClassVar[str] = "multiplication"

    @property
    def parts(self) -> tuple[Network, ...]:
        """The network, and one of no layers for the input itself."""
        return self.network, Network(())

    def holding(self, parts: tuple[Network, ...]) -> "Gate":
        """Return the same graph with another network."""
        return Gate(parts[0])

    def __str__(self) -> str:
        return f"gate, multiplied with its input:\n{_indented(self.network)}"


@dataclass(frozen=True, slots=True)
class SideOutput(Graph):
    """A network whose output leaves here; the next layer takes what came in."""

    network: Network

    @property
    def parts(self) -> tuple[Network, ...]:
        """The network."""
        return (self.network,)

    def holding(self, parts: tuple[Network, ...]) -> "SideOutput":
        """Return the same graph with another network."""
        return SideOutput(parts[0])

    def __str__(self) -> str:
        return f"side output:\n{_indented(self.network)}"


@dataclass(frozen=True, slots=True)
class CountOnly(Graph):
    """A module whose parameters can be counted and whose output shape cannot be worked out.

    *networks* are its parts in no known order, *own_params* the parameters that it has beside
    theirs; *reason* says why nothing else is known.
    """

    networks: tuple[Network, ...]
    own_params: int = 0
    reason: str = field(default="", compare=False)
    join: ClassVar[str] = "module of its own"

    @property
    def parts(self) -> tuple[Network, ...]:
        """The parts."""
        return self.networks

    def holding(self, parts: tuple[Network, ...]) -> "CountOnly":
        """Return the same module with other parts."""
        return CountOnly(parts, self.own_params, self.reason)

    def __str__(self) -> str:
        return "\n".join(["module, in no known order:", *map(_indented, self.networks)])


def _indented(network: Network) -> str:
    return "\n".join(f"    {line}" for line in str(network).splitlines())
