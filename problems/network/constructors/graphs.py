"""Networks and composite layers: branches, skips, residuals, gates, side outputs."""

from typing import Final, TypeVar

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.network.constructors.elementwise import batch_norm, identity, relu, sigmoid
from problems.network.constructors.layers import conv, global_avg_pool
from problems.network.graphs import Branches, CompositeLayer, Gate, Network, Residual, SideOutput
from problems.network.layers import Layer
from problems.solvers.bounds import as_integer, require_bool
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments

MAX_LAYERS: Final = 2000
MAX_NESTING: Final = 40

G = TypeVar("G", bound=CompositeLayer)


def branches(*networks: Network | Layer, crop: bool = False) -> Branches:
    """Return parallel *networks*, with their outputs concatenated along the channels.

    Their heights and widths must match, unless *crop* cuts all to the smallest.

    >>> len(branches(conv(8, 1), network(conv(4, 1), conv(8, 3, padding=1))).networks)
    2
    """
    if not networks:
        raise SolverError("branches need at least one network")
    parts = tuple(network(branch) for branch in networks)
    return _require_within_limits(Branches(parts, require_bool(crop, "crop")))


def skip(main: Network | Layer, *, crop: bool = False) -> Branches:
    """Return *main* with its input concatenated before its output.

    U-Net and DenseNet use such skips. *crop* cuts both to the smaller size.

    >>> str(skip(conv(8, 3, padding=1))).splitlines()[2].strip()
    'the input itself'
    """
    return branches(identity(), main, crop=crop)


def residual(main: Network | Layer, *, shortcut: Network | Layer | None = None) -> Residual:
    """Return a residual block: the output of *main* plus its input.

    With a *shortcut*, the output of the shortcut takes the place of the input.

    >>> residual(conv(8, 3, padding=1)).shortcut is None
    True
    """
    return _require_within_limits(
        Residual(network(main), None if shortcut is None else network(shortcut))
    )


def gate(main: Network | Layer) -> Gate:
    """Return a gate: the output of *main* times its input, per channel or per value.

    >>> str(gate(conv(1, 1))).splitlines()[0]
    'gate, multiplied with its input:'
    """
    return _require_within_limits(Gate(network(main)))


def squeeze_excitation(channels: int, squeezed: int) -> Gate:
    """Return a squeeze-and-excitation gate with *squeezed* hidden channels.

    It consists of the mean of each channel, a 1×1 convolution to *squeezed* channels,
    ReLU, a 1×1 convolution back to *channels*, and sigmoid. Source: Hu et al.,
    Squeeze-and-Excitation Networks (2018), with biases, as in torchvision.

    >>> len(squeeze_excitation(64, 16).network.layers)
    5
    """
    wide, narrow = as_integer(channels, "channels"), as_integer(squeezed, "squeezed")
    down, up = conv(narrow, 1, in_channels=wide), conv(wide, 1, in_channels=narrow)
    return gate(network(global_avg_pool(), down, relu(), up, sigmoid()))


def dense_block(layers: int, growth_rate: int, *, bottleneck: int = 4) -> Network:
    """Return a sequence of dense *layers*, each of which adds *growth_rate* channels.

    Each layer is batch normalization, ReLU, a 1×1 convolution to ``bottleneck *
    growth_rate`` channels, and the same with a 3×3 convolution to *growth_rate*
    channels. Source: Huang et al., Densely Connected Convolutional Networks (2017),
    DenseNet-B.

    >>> len(dense_block(6, 32).layers)
    6
    """
    growth = as_integer(growth_rate, "growth_rate")
    width = as_integer(bottleneck, "bottleneck") * growth
    if as_integer(layers, "layers") > MAX_LAYERS:
        raise SolverError(f"a network has at most {MAX_LAYERS} layers")
    dense_layer = skip(
        network(
            *(batch_norm(), relu(), conv(width, 1, bias=False)),
            *(batch_norm(), relu(), conv(growth, 3, padding=1, bias=False)),
        )
    )
    return network(*(dense_layer,) * layers)


def side_output(main: Network | Layer) -> SideOutput:
    """Return *main* as a side output of the network, such as a detection head.

    The next layer takes the same input as *main*.

    >>> str(side_output(conv(255, 1))).splitlines()[0]
    'side output:'
    """
    return _require_within_limits(SideOutput(network(main)))


def network(*layers: Network | Layer) -> Network:
    """Return the network of *layers* in sequence; a network among them is spliced in.

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
    result = Network(tuple(flat))
    if result.size > MAX_LAYERS:
        raise SolverError(f"a network has at most {MAX_LAYERS} layers")
    return result


def subnetwork(net: Network, *, start: int = 0, stop: int | None = None) -> Network:
    """Return the layers of *net* from *start* up to, but not including, *stop*.

    Layers count from 0, and negative numbers count from the end, as in a slice of a list.
    A block, such as a residual block, is one layer.

    >>> str(subnetwork(network(conv(8, 3), relu(), conv(2, 1)), stop=2)).splitlines()
    ['convolution 3×3, 8 filters, stride 1', 'ReLU']
    """
    if not isinstance(net, Network):
        raise SolverError(f"{net} is not a network")
    count = len(net.layers)
    first = _as_layer_index(start, "start", count)
    last = count if stop is None else _as_layer_index(stop, "stop", count)
    if first >= last:
        raise SolverError(f"no layer lies from {start} up to {stop} in {count} layers")
    return Network(net.layers[first:last])


def _as_layer_index(value: int, what: str, count: int) -> int:
    """Return *value* as an index from 0 to *count*; a negative one counts from the end."""
    index = as_integer(value, what, least=-MAX_LAYERS)
    if abs(index) > count:
        raise SolverError(f"{what} is {index}, but the network has {count} layers")
    return index if index >= 0 else count + index


def repeat(times: int, block: Network | Layer) -> Network:
    """Return the network that applies *block* a number of *times* in sequence.

    Each copy has weights of its own. A network among the layers of `network` is spliced in.

    >>> len(network(repeat(3, network(conv(8, 3, padding=1), relu())), relu()).layers)
    7
    """
    copies = as_integer(times, "times")
    if copies > MAX_LAYERS:
        raise SolverError(f"a network has at most {MAX_LAYERS} layers")
    return network(*(block,) * copies)


def _require_within_limits(graph: G) -> G:
    """Return *graph*; raise `SolverError` if it has too many layers or nests too deeply."""
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
    subnetwork,
    repeat,
)

# What students do instead.


def _shift_slice_stop(args: SolverArguments, layers: int) -> int:
    """Return the end of the cut, moved by a number of *layers*."""
    count = len(args.net.layers)
    stop = count if args.stop is None else _as_layer_index(args.stop, "stop", count)
    return stop + layers


def _one_repetition_fewer(args: SolverArguments) -> int:
    """Return one repetition fewer; raise `SolverError` for one or two, where it says nothing."""
    if args.times <= 2:  # noqa: PLR2004 - one fewer than two is a single block
        raise SolverError("a block that is repeated twice is left out entirely, or counted once")
    return int(args.times) - 1


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        subnetwork,
        {
            "cut_one_layer_early": replace_arguments(
                subnetwork, stop=lambda args: _shift_slice_stop(args, -1)
            ),
            "cut_one_layer_late": replace_arguments(
                subnetwork, stop=lambda args: _shift_slice_stop(args, 1)
            ),
        },
    ),
    *build_wrong_versions(
        repeat,
        {
            "block_counted_once": replace_arguments(repeat, times=1),
            "one_block_fewer": replace_arguments(repeat, times=_one_repetition_fewer),
        },
    ),
)
