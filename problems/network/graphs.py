"""Networks, and the composite layers that turn sequences of layers into graphs.

A network is a sequence of layers. A `CompositeLayer` holds networks that start from the
same input; their outputs are concatenated, added or multiplied, or leave the network
there. Composite layers are values, and can be nested.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from problems.network.layers import DataclassValue, Layer


@dataclass(frozen=True, slots=True)
class Network(DataclassValue):
    """A sequence of *layers*; ``str`` lists them, one per line.

    *size* counts all layers, nested ones included; *nesting* is the depth of nested
    composite layers; *count_only* is the first module for which only the parameters are
    known.
    """

    layers: tuple[Layer, ...]
    size: int = field(init=False, compare=False, repr=False)
    nesting: int = field(init=False, compare=False, repr=False)
    count_only: "CountOnly | None" = field(init=False, compare=False, repr=False)
    hashed: int | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        inside = [
            part
            for layer in self.layers
            if isinstance(layer, CompositeLayer)
            for part in layer.parts
        ]
        object.__setattr__(self, "size", len(self.layers) + sum(part.size for part in inside))
        object.__setattr__(self, "nesting", max((1 + part.nesting for part in inside), default=0))
        modules = [layer for layer in self.layers if isinstance(layer, CountOnly)]
        modules += [part.count_only for part in inside if part.count_only]
        object.__setattr__(self, "count_only", modules[0] if modules else None)
        object.__setattr__(self, "hashed", None)

    def __hash__(self) -> int:
        """Return the hash, computed once because walks are cached by network."""
        if self.hashed is None:
            object.__setattr__(self, "hashed", hash(self.layers))
        return hash(self.hashed)

    def __str__(self) -> str:
        return "\n".join(str(layer) for layer in self.layers)


class CompositeLayer(Layer, ABC):
    """A layer that holds networks; *join* names the way their outputs are combined."""

    __slots__ = ()
    join: ClassVar[str] = ""

    @property
    @abstractmethod
    def parts(self) -> tuple[Network, ...]:
        """The networks of the layer, each of which starts from the layer's input."""

    @abstractmethod
    def with_parts(self, parts: tuple[Network, ...]) -> "CompositeLayer":
        """Return the same layer with other *parts*."""


@dataclass(frozen=True, slots=True)
class Branches(CompositeLayer):
    """Networks with outputs concatenated on the channels; *crop* cuts to the smallest."""

    networks: tuple[Network, ...]
    crop: bool = False
    join: ClassVar[str] = "concatenation"

    @property
    def parts(self) -> tuple[Network, ...]:
        """The branches."""
        return self.networks

    def with_parts(self, parts: tuple[Network, ...]) -> "Branches":
        """Return the same layer with other branches."""
        return Branches(parts, self.crop)

    def __str__(self) -> str:
        sections = [
            f"  branch {number}:\n{_indent_description(network)}"
            for number, network in enumerate(self.networks, start=1)
        ]
        crop = "cropped to the smallest and " if self.crop else ""
        return "\n".join([f"branches, {crop}concatenated on the channels:", *sections])


@dataclass(frozen=True, slots=True)
class Residual(CompositeLayer):
    """A network whose output is added to its input, or to *shortcut* of its input."""

    network: Network
    shortcut: Network | None = None
    join: ClassVar[str] = "addition"

    @property
    def parts(self) -> tuple[Network, ...]:
        """The network and the shortcut; an empty network if there is no shortcut."""
        return self.network, self.shortcut or Network(())

    def with_parts(self, parts: tuple[Network, ...]) -> "Residual":
        """Return the same layer with another network and shortcut."""
        return Residual(parts[0], parts[1] if self.shortcut else None)

    def __str__(self) -> str:
        lines = ["residual block, added to its input:", _indent_description(self.network)]
        if self.shortcut is not None:
            lines = [lines[0], lines[1], "  shortcut:", _indent_description(self.shortcut)]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Gate(CompositeLayer):
    """A network whose output multiplies its input, per channel or per value."""

    network: Network
    join: ClassVar[str] = "multiplication"

    @property
    def parts(self) -> tuple[Network, ...]:
        """The network, and an empty one for the input itself."""
        return self.network, Network(())

    def with_parts(self, parts: tuple[Network, ...]) -> "Gate":
        """Return the same layer with another network."""
        return Gate(parts[0])

    def __str__(self) -> str:
        return f"gate, multiplied with its input:\n{_indent_description(self.network)}"


@dataclass(frozen=True, slots=True)
class SideOutput(CompositeLayer):
    """A network with a separate output; the next layer takes the same input."""

    network: Network

    @property
    def parts(self) -> tuple[Network, ...]:
        """The network."""
        return (self.network,)

    def with_parts(self, parts: tuple[Network, ...]) -> "SideOutput":
        """Return the same layer with another network."""
        return SideOutput(parts[0])

    def __str__(self) -> str:
        return f"side output:\n{_indent_description(self.network)}"


@dataclass(frozen=True, slots=True)
class CountOnly(CompositeLayer):
    """A module with countable parameters and an unknown output shape.

    *networks* are its parts, in unknown order; *own_params* are the parameters outside
    them; *reason* explains why nothing else is known.
    """

    networks: tuple[Network, ...]
    own_params: int = 0
    reason: str = field(default="", compare=False)
    join: ClassVar[str] = "module of its own"

    @property
    def parts(self) -> tuple[Network, ...]:
        """The parts, in unknown order."""
        return self.networks

    def with_parts(self, parts: tuple[Network, ...]) -> "CountOnly":
        """Return the same module with other parts."""
        return CountOnly(parts, self.own_params, self.reason)

    def __str__(self) -> str:
        return "\n".join(["module, in no known order:", *map(_indent_description, self.networks)])


def _indent_description(network: Network) -> str:
    return "\n".join(f"    {line}" for line in str(network).splitlines())
