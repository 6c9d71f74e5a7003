"""Networks, and the layers that hold them: branches, skips, residual blocks, gates, outputs."""

from typing import Final, TypeVar

from grader.book import Solver
from grader.errors import SolverError
from problems.network.constructors.elementwise import batch_norm, identity, relu, sigmoid
from problems.network.constructors.layers import conv, global_avg_pool
from problems.network.graphs import Branches, Gate, Graph, Network, Residual, SideOutput
from problems.network.layers import Layer
from problems.solvers.bounds import flag, whole

__all__ = [
    "MAX_LAYERS",
    "MAX_NESTING",
    "SOLVERS",
    "branches",
    "dense_block",
    "gate",
    "network",
    "residual",
    "side_output",
    "skip",
    "squeeze_excitation",
]

MAX_LAYERS: Final = 2000
MAX_NESTING: Final = 40

G = TypeVar("G", bound=Graph)


def branches(*networks: Network | Layer, crop: bool = False) -> Branches:
    """Return *networks* side by side, concatenated on the channels.

    Their heights and widths must agree, or *crop* cuts all to the smallest.

    >>> len(branches(conv(8, 1), network(conv(4, 1), conv(8, 3, padding=1))).networks)
    2
    """
    if not networks:
        raise SolverError("branches need at least one network")
    parts = tuple(network(branch) for branch in networks)
    return _bounded(Branches(parts, flag(crop, "crop")))


def skip(main: Network | Layer, *, crop: bool = False) -> Branches:
    """Return *main* with its input concatenated before its output, as in U-Net and DenseNet.

    >>> str(skip(conv(8, 3, padding=1))).splitlines()[2].strip()
    'the input itself'
    """
    return branches(identity(), main, crop=crop)


def residual(main: Network | Layer, *, shortcut: Network | Layer | None = None) -> Residual:
    """Return *main* with its input, or what *shortcut* makes of it, added to its output.

    >>> residual(conv(8, 3, padding=1)).shortcut is None
    True
    """
    return _bounded(Residual(network(main), None if shortcut is None else network(shortcut)))


def gate(main: Network | Layer) -> Gate:
    """Return *main* with its output multiplied with its input, channel by channel or everywhere.

    >>> str(gate(conv(1, 1))).splitlines()[0]
    'gate, multiplied with its input:'
    """
    return _bounded(Gate(network(main)))


def squeeze_excitation(channels: int, squeezed: int) -> Gate:
    """Return the gate of mean, 1×1 convolution to *squeezed* channels, ReLU, and back, sigmoid.

    Source: Hu et al., Squeeze-and-Excitation Networks (2018), with biases, as torchvision has it.

    >>> len(squeeze_excitation(64, 16).network.layers)
    5
    """
    wide, narrow = whole(channels, "channels"), whole(squeezed, "squeezed")
    down, up = conv(narrow, 1, in_channels=wide), conv(wide, 1, in_channels=narrow)
    return gate(network(global_avg_pool(), down, relu(), up, sigmoid()))


def dense_block(layers: int, growth_rate: int, *, bottleneck: int = 4) -> Network:
    """Return so many dense layers, each of which adds *growth_rate* channels to its input.

    A layer is batch normalisation, ReLU, 1×1 convolution to ``bottleneck * growth_rate`` channels,
    and the same with a 3×3 convolution. Source: Huang et al., Densely Connected Convolutional
    Networks (2017), DenseNet-B.

    >>> len(dense_block(6, 32).layers)
    6
    """
    growth = whole(growth_rate, "growth_rate")
    width = whole(bottleneck, "bottleneck") * growth
    if whole(layers, "layers") > MAX_LAYERS:
        raise SolverError(f"a network has at most {MAX_LAYERS} layers")
    grown = skip(
        network(
            *(batch_norm(), relu(), conv(width, 1, bias=False)),
            *(batch_norm(), relu(), conv(growth, 3, padding=1, bias=False)),
        )
    )
    return network(*(grown,) * layers)


def side_output(main: Network | Layer) -> SideOutput:
    """Return *main* beside the network: an output that leaves here, such as a detection head.

    The next layer takes what came in.

    >>> str(side_output(conv(255, 1))).splitlines()[0]
    'side output:'
    """
    return _bounded(SideOutput(network(main)))


def network(*layers: Network | Layer) -> Network:
    """Return the network of *layers* one after the other; a network among them is spliced in.

    >>> len(network(conv(8, 3), network(relu(), identity()), conv(2, 1)).layers)
    4
    """
    flat: list[Layer] = []
    for layer in layers:
        if isinstance(layer, Network):
            flat.extend(layer.layers)
        elif isinstance(layer, Layer):
            flat.append(layer)
        else:
            raise SolverError(f"{layer} is not a layer")
    if not flat:
        raise SolverError("a network has at least one layer")
    found = Network(tuple(flat))
    if found.size > MAX_LAYERS:
        raise SolverError(f"a network has at most {MAX_LAYERS} layers")
    return found


def _bounded(graph: G) -> G:
    """Return *graph* unless it holds too many layers, or nests too deep."""
    if 1 + sum(part.size for part in graph.parts) > MAX_LAYERS:
        raise SolverError(f"a network has at most {MAX_LAYERS} layers")
    if max(part.nesting for part in graph.parts) >= MAX_NESTING:
        raise SolverError(f"graphs nest at most {MAX_NESTING} deep")
    return graph


SOLVERS: Final[tuple[Solver, ...]] = (
    network,
    branches,
    skip,
    residual,
    gate,
    squeeze_excitation,
    dense_block,
    side_output,
)
