"""Expected values of problems on published networks: VGG, AlexNet, stems, pyramids."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from math import prod

from tests.bank.oracle.layers import Pair, after, grouped, normed, percent, plain, sides
from tests.bank.oracle.receptive_fields import Layer, stretch
from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import conv, count, dense, uses
from tests.bank.oracle.windows import windows

VGG_BLOCKS = {1: (64, 2), 2: (128, 2), 3: (256, 3), 4: (512, 3), 5: (512, 3)}


def _vgg_block(block: int) -> int:
    filters, times = VGG_BLOCKS[block]
    inputs = 3 if block == 1 else VGG_BLOCKS[block - 1][0]
    channels = [inputs, *[filters] * times]
    return count(*[conv(*pair, 3) for pair in pairwise(channels)])


def _vgg_flat() -> int:
    side = 224
    for _ in VGG_BLOCKS:
        side = windows(side, 2, stride=2)
    return side * side * VGG_BLOCKS[5][0]


def _vgg_first(p: Params) -> int:
    return count(dense(_vgg_flat(), p["D"]))


def _vgg(p: Params, flat: int) -> int:
    """Return the parameters of a VGG whose first dense layer has *flat* inputs."""
    units = [flat, p["D"], p["D"], p["classes"]]
    return sum(map(_vgg_block, VGG_BLOCKS)) + count(*[dense(*pair) for pair in pairwise(units)])


def _alexnet_width(p: Params) -> int:
    return next(w for w in range(1000) if windows(w, p["K"], stride=p["S"]) == p["M"])


def _alexnet_maps(p: Params) -> list[int]:
    first = windows(_alexnet_width(p), p["K"], stride=p["S"])
    return [first, windows(first, 3, stride=2)]


def _alexnet_zeros(p: Params) -> tuple[int, ...]:
    width = _alexnet_width(p) - p["E"]
    fits = (z for z in range(2 * p["K"]) if windows(width + z, p["K"], stride=p["S"]) == p["M"])
    return tuple(fits)


def _stem(p: Params) -> list[tuple[int, int, int]]:
    return [(3, p["A"], 3), (p["A"], p["A"], 3), (p["A"], p["N"], 3)]


def _stem_uses(p: Params, layers: Iterable[tuple[int, int, int]]) -> int:
    size = sides(p, 7, stride=2, padding=3)
    assert size == sides(p, 3, stride=2, padding=1)
    return sum(uses(*size, plain(*layer)) for layer in layers)


def _stem_a_uses(p: Params) -> int:
    return _stem_uses(p, [(3, p["N"], 7)])


def _level(p: Params, level: int) -> Pair:
    size = (p["H"], p["W"])
    for _ in range(level):
        size = after(size, 3, stride=2, padding=1)
    return size


def _cut(p: Params) -> list[int]:
    pairs = zip(_level(p, 4), _level(p, 5), strict=True)
    return [2 * coarse - fine for fine, coarse in pairs]


TABLE: Table = {
    "vgg-16-layers": {
        "flat": lambda _: _vgg_flat(),
        "convolutions": lambda p: _vgg_block(p["B"]),
        "first_dense": _vgg_first,
        "total": lambda p: _vgg(p, _vgg_flat()),
        "share": lambda p: percent(_vgg_first(p), _vgg(p, _vgg_flat())),
        "pooled": lambda p: _vgg(p, VGG_BLOCKS[5][0]),
    },
    "alexnet-first-layers": {
        "conv1": lambda p: (*[_alexnet_maps(p)[0]] * 2, p["N1"]),
        "conv1_parameters": lambda p: count(conv(3, p["N1"], p["K"])),
        "conv1_connections": lambda p: uses(*[_alexnet_maps(p)[0]] * 2, plain(3, p["N1"], p["K"])),
        "pool1": lambda p: (*[_alexnet_maps(p)[1]] * 2, p["N1"]),
        "conv2_parameters": lambda p: count(grouped(p["N1"], p["N2"], 5, 2)),
        "padding": _alexnet_zeros,
    },
    "resnet-stem": {
        "output": lambda p: (
            p["N"],
            *after(sides(p, 7, stride=2, padding=3), 3, stride=2, padding=1),
        ),
        "parameters_a": lambda p: normed((3, p["N"], 7)),
        "parameters_b": lambda p: normed(*_stem(p)),
        "operations_a": _stem_a_uses,
        "operations_b": lambda p: _stem_uses(p, _stem(p)),
        "ratio": lambda p: Fraction(_stem_uses(p, _stem(p)), _stem_a_uses(p)),
        "field_a": lambda _: stretch([Layer(7, 2), Layer(3, 2)]),
        "field_b": lambda _: stretch([Layer(3, 2), Layer(3), Layer(3), Layer(3, 2)]),
    },
    "feature-pyramid-shapes": {
        "p3": lambda p: (p["F"], *_level(p, 3)),
        "p5": lambda p: (p["F"], *_level(p, 5)),
        "p7": lambda p: (p["F"], *_level(p, 7)),
        "cut": _cut,
        "lateral": lambda p: count(
            *[conv(channels, p["F"], 1) for channels in (p["C"] // 4, p["C"] // 2, p["C"])]
        ),
        "boxes": lambda p: p["A"] * sum(prod(_level(p, level)) for level in range(3, 8)),
    },
}

SHOWN: Table = {
    "vgg-16-layers": {"before": lambda p: {3: (128, 56, 56), 4: (256, 28, 28)}[p["B"]]},
    "alexnet-first-layers": {"W": lambda p: (p["M"] - 1) * p["S"] + p["K"]},
}
