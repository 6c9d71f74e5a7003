"""The way to numbers of operations: how often each weight is used; M are the MACs."""

from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Formula, Said, Step, Tracer, formula
from problems.solvers.cost import (
    conv_macs,
    flops,
    linear_macs,
    mlp_macs,
    saving_percent,
    separable_macs,
    separable_ratio,
)
from problems.solvers.geometry import PerAxis
from problems.traces.parameters import grouped, kernel_area, layer_rows, places
from problems.traces.tracing import counted_up, tracers

__all__ = ["TRACERS", "conv_formula"]


def conv_formula(
    channels: tuple[int, int],
    kernel_size: PerAxis,
    sizes: PerAxis,
    *,
    groups: int = 1,
    index: str = "_out",
) -> Formula:
    """Return the MACs of a convolution with *channels* in and out, at each place of these *sizes*.

    *index* says of which map they are: of the output, unless it is left out.

    >>> conv_formula((3, 64), 5, 64).value
    19660800
    """
    where, numbers = places(kernel_size, sizes, index=index)
    cells, kernel = kernel_area(kernel_size)
    seen, inner = grouped(channels[0], groups)
    every = {**numbers, **kernel, **inner, "C_out": channels[1]}
    return formula("M", f"{where}*{cells}*{seen}*C_out", **every)


def _conv(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Each weight is used once for each place of the output.")
    channels = (given.in_channels, given.out_channels)
    yield conv_formula(channels, given.kernel_size, given.output_size, groups=given.groups)


def _separable(given: SimpleNamespace) -> Iterator[Step]:
    where, sizes = places(given.kernel_size, given.output_size)
    cells, kernel = kernel_area(given.kernel_size)
    channels = {"C_in": given.in_channels, "C_out": given.out_channels}
    depthwise = formula("M_d", f"{where}*{cells}*C_in", **sizes, **kernel, **channels)
    pointwise = formula("M_p", f"{where}*C_in*C_out", **sizes, **channels)
    yield Said("The depthwise step and the pointwise one, at each place of the output:")
    yield depthwise
    yield pointwise
    yield formula("M", "M_d + M_p", M_d=depthwise.number, M_p=pointwise.number)


def _linear(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Each weight is used once.")
    yield formula("M", "n_in*n_out", n_in=given.in_features, n_out=given.out_features)


def _mlp(given: SimpleNamespace) -> Iterator[Step]:
    counts = [into * out for into, out in pairwise(given.sizes)]
    yield Said("Each weight is used once; a layer has inputs times units of them.")
    yield layer_rows(given.sizes, counts, "MACs")
    yield counted_up("M", counts)


def _flops(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("A MAC is a multiplication and an addition.")
    yield formula("F", "2*M", M=given.macs)


def _separable_ratio(given: SimpleNamespace) -> Iterator[Step]:
    cells, kernel = kernel_area(given.kernel_size)
    yield Said("The depthwise step has 1 filter for C_out, the pointwise one a 1×1 kernel.")
    yield formula("r", f"1/C_out + 1/({cells})", C_out=given.out_channels, **kernel)


def _saving_percent(given: SimpleNamespace) -> Iterator[Step]:
    yield formula("s", "100*(1 - N_2/N_1)", N_1=given.standard, N_2=given.reduced)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        conv_macs: _conv,
        separable_macs: _separable,
        linear_macs: _linear,
        mlp_macs: _mlp,
        flops: _flops,
        separable_ratio: _separable_ratio,
        saving_percent: _saving_percent,
    }
)
