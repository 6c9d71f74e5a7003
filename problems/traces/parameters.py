"""The way to numbers of parameters: weights, biases, and both together.

N_w and N_b are the weights and the biases, N is both; K the side of a kernel, C the channels, n the
sizes of layers, G the groups. Axes are D, H and W, or L where there is one.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Rows, Said, Step, Tracer, formula
from problems.solvers.bounds import along_axes
from problems.solvers.convolution_parameters import (
    conv_params,
    conv_transpose_params,
    locally_connected_params,
    separable_params,
)
from problems.solvers.geometry import PerAxis
from problems.solvers.parameters import (
    batch_norm_params,
    embedding_params,
    layer_norm_params,
    linear_params,
    mlp_params,
)
from problems.traces.tracing import counted_up, listed, multiplied, tracers

__all__ = ["TRACERS", "Named", "area", "grouped", "kernel_area", "layer_rows", "places"]

Named = tuple[str, dict[str, int]]
"""A piece of a formula, and the numbers of its letters."""


def area(sides: Sequence[int], letters: Sequence[str]) -> Named:
    """Return the product of *sides* as a piece of a formula.

    >>> area((3, 5), ("K_H", "K_W"))
    ('K_H*K_W', {'K_H': 3, 'K_W': 5})
    """
    return "*".join(letters), dict(zip(letters, sides, strict=True))


def kernel_area(kernel_size: PerAxis) -> Named:
    """Return the cells of a kernel: K squared where it is square, cubed where it is a cube.

    >>> kernel_area(3), kernel_area((7,))
    (('K**2', {'K': 3}), ('K', {'K': 7}))
    """
    sides = along_axes(kernel_size, "kernel_size")
    if len(set(sides)) > 1:
        return area(sides, [f"K_{letter}" for letter in "DHW"[-len(sides) :]])
    return ("K" if len(sides) == 1 else f"K**{len(sides)}"), {"K": sides[0]}


def places(kernel_size: PerAxis, sizes: PerAxis, *, index: str = "_out") -> Named:
    """Return the places of a map, whose axes are those of the kernel.

    The letters have an *index*: that of an output, unless another one is given.

    >>> places(3, 8), places((7,), 100, index="")
    (('H_out*W_out', {'H_out': 8, 'W_out': 8}), ('L', {'L': 100}))
    """
    axes = len(along_axes(kernel_size, "kernel_size"))
    letters = "L" if axes == 1 else "DHW"[-axes:]
    sides = along_axes(sizes, "the sizes", axes=axes)
    return area(sides, [f"{letter}{index}" for letter in letters])


def grouped(in_channels: int, groups: int) -> Named:
    """Return the channels that one filter sees.

    >>> grouped(32, 4)
    ('C_in/G', {'C_in': 32, 'G': 4})
    """
    return ("C_in/G" if groups > 1 else "C_in"), {"C_in": in_channels, "G": groups}


def _weighted(weights: Named, biases: Named | None) -> Iterator[Step]:
    """Yield the formulas of weights and biases, and their sum; of weights alone one formula."""
    source, numbers = weights
    if biases is None:
        yield formula("N", source, **numbers)
        return
    one, two = formula("N_w", source, **numbers), formula("N_b", biases[0], **biases[1])
    yield one
    yield two
    yield formula("N", "N_w + N_b", N_w=one.number, N_b=two.number)


def _conv(given: SimpleNamespace) -> Iterator[Step]:
    cells, kernel = kernel_area(given.kernel_size)
    seen, channels = grouped(given.in_channels, given.groups)
    own = ", and one bias" if given.bias else ""
    among = "input channel" if given.groups == 1 else "input channel of its group"
    yield Said(f"Each filter has a weight for each cell of its kernel in each {among}{own}.")
    out = given.out_channels
    weights = (f"{cells}*{seen}*C_out", {**kernel, **channels, "C_out": out})
    yield from _weighted(weights, ("C_out", {"C_out": out}) if given.bias else None)


def _conv_transpose(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("It has the weights of the convolution that goes the other way.")
    yield from _conv(given)


def _locally_connected(given: SimpleNamespace) -> Iterator[Step]:
    cells, kernel = kernel_area(given.kernel_size)
    where, sizes = places(given.kernel_size, given.output_size)
    out = {"C_out": given.out_channels}
    yield Said("Nothing is shared: each place of the output has weights of its own.")
    weights = (
        f"{where}*{cells}*C_in*C_out",
        {**sizes, **kernel, "C_in": given.in_channels, **out},
    )
    own = ("C_out", out) if given.shared_bias else (f"{where}*C_out", {**sizes, **out})
    yield from _weighted(weights, own if given.bias else None)


def _separable(given: SimpleNamespace) -> Iterator[Step]:
    cells, kernel = kernel_area(given.kernel_size)
    channels = {"C_in": given.in_channels, "C_out": given.out_channels}
    yield Said("Depthwise: one kernel for each channel. Pointwise: 1×1 kernels over all channels.")
    depthwise = f"{cells}*C_in" + (" + C_in" if given.bias else "")
    pointwise = "C_in*C_out" + (" + C_out" if given.bias else "")
    one = formula("N_d", depthwise, **kernel, **channels)
    two = formula("N_p", pointwise, **channels)
    yield one
    yield two
    yield formula("N", "N_d + N_p", N_d=one.number, N_p=two.number)


def _linear(given: SimpleNamespace) -> Iterator[Step]:
    yield Said(f"Each unit has a weight for each input{', and one bias' if given.bias else ''}.")
    sizes = {"n_in": given.in_features, "n_out": given.out_features}
    biases = ("n_out", {"n_out": given.out_features}) if given.bias else None
    yield from _weighted(("n_in*n_out", sizes), biases)


def _mlp(given: SimpleNamespace) -> Iterator[Step]:
    biases = "one bias for each unit" if given.bias else "no biases"
    yield Said(f"Each layer has a weight for each pair of an input and a unit, and {biases}.")
    counts = [(into + given.bias) * out for into, out in pairwise(given.sizes)]
    yield layer_rows(given.sizes, counts, "parameters")
    yield counted_up("N", counts)


def layer_rows(sizes: tuple[int, ...], counts: list[int], what: str) -> Rows:
    """Return the table of fully connected layers between *sizes*, and *what* is counted of each."""
    rows = zip(range(1, len(sizes)), sizes, sizes[1:], counts, strict=False)
    return listed(("layer", "inputs", "units", what), [*rows])


def _embedding(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Each of the V entries has a vector of d numbers.")
    yield formula("N", "V*d", V=given.num_embeddings, d=given.embedding_dim)


def _batch_norm(given: SimpleNamespace) -> Iterator[Step]:
    learned = given.count == "learnable"
    more = "" if learned else ", and the running mean and variance beside them"
    yield Said(f"Each channel has a scale and a shift{more}.")
    yield formula("N", "2*C" if learned else "4*C", C=given.num_features)


def _layer_norm(given: SimpleNamespace) -> Iterator[Step]:
    shape = given.normalized_shape
    yield Said(f"Each value has a scale{' and a shift' if given.bias else ''}.")
    values = multiplied("n", shape if isinstance(shape, (tuple, list)) else (shape,))
    yield values
    yield formula("N", "2*n" if given.bias else "n", n=values.number)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        conv_params: _conv,
        conv_transpose_params: _conv_transpose,
        locally_connected_params: _locally_connected,
        separable_params: _separable,
        linear_params: _linear,
        mlp_params: _mlp,
        embedding_params: _embedding,
        batch_norm_params: _batch_norm,
        layer_norm_params: _layer_norm,
    }
)
