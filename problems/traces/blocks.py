"""The way to the parameters of blocks: a table of their convolutions, and the sum."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Rows, Said, Step, Tracer, formula
from problems.solvers.blocks import (
    basic_block_params,
    bottleneck_params,
    inception_channels,
    inception_params,
)
from problems.solvers.convolution_parameters import conv_params
from problems.solvers.parameters import batch_norm_params
from problems.traces.tracing import counted_up, tracers

__all__ = ["TRACERS"]

Conv = tuple[str, int, int, int, int]
"""A convolution of a block: its name, the channels in and out, its kernel, its groups."""


def _block(given: SimpleNamespace, convs: list[Conv]) -> Iterator[Step]:
    """Yield the table of the convolutions, the normalisation after each among them, and the sum."""
    rows = []
    for name, into, out, kernel, groups in convs:
        weights = conv_params(into, out, kernel, bias=given.bias, groups=groups)
        norm = batch_norm_params(out, count=given.count) if given.batch_norm else 0
        own = (weights, norm) if given.batch_norm else (weights,)
        rows.append((name, f"{kernel}×{kernel}", into // groups, out, *own))
    normed = ("batch norm",) if given.batch_norm else ()
    yield Said(f"{'Weights and biases' if given.bias else 'Weights'}: kernel times in times out.")
    yield Rows(("convolution", "kernel", "in", "out", "parameters", *normed), tuple(rows))
    yield counted_up("N", [count for row in rows for count in row[4:]])


def _shortcut(given: SimpleNamespace) -> list[Conv]:
    """Return the projection of a residual block, if it has one."""
    changed = given.in_channels != given.out_channels
    if changed if given.projection is None else given.projection:
        return [("shortcut", given.in_channels, given.out_channels, 1, 1)]
    return []


def _basic(given: SimpleNamespace) -> Iterator[Step]:
    into, out = given.in_channels, given.out_channels
    main = [("first", into, out, 3, 1), ("second", out, out, 3, 1)]
    yield from _block(given, main + _shortcut(given))


def _bottleneck(given: SimpleNamespace) -> Iterator[Step]:
    into, width, out = given.in_channels, given.width, given.out_channels
    main = [
        ("reduce", into, width, 1, 1),
        ("middle", width, width, 3, given.groups),
        ("expand", width, out, 1, 1),
    ]
    yield from _block(given, main + _shortcut(given))


def _inception(given: SimpleNamespace) -> Iterator[Step]:
    single, reduced, three, squeezed, five, pooled = given.widths
    kernel, into = given.kernel_size, given.in_channels
    yield from _block(
        given,
        [
            ("1×1", into, single, 1, 1),
            ("3×3 reduce", into, reduced, 1, 1),
            ("3×3", reduced, three, 3, 1),
            (f"{kernel}×{kernel} reduce", into, squeezed, 1, 1),
            (f"{kernel}×{kernel}", squeezed, five, kernel, 1),
            ("pool projection", into, pooled, 1, 1),
        ],
    )


def _inception_channels(given: SimpleNamespace) -> Iterator[Step]:
    single, _, three, _, five, pooled = given.widths
    yield Said("The outputs of the four branches are concatenated; a reduction is inside of one.")
    yield formula("C", "C_1 + C_3 + C_5 + C_P", C_1=single, C_3=three, C_5=five, C_P=pooled)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        basic_block_params: _basic,
        bottleneck_params: _bottleneck,
        inception_params: _inception,
        inception_channels: _inception_channels,
    }
)
