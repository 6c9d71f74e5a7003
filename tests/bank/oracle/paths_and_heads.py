"""Expected values of the problems on networks with blocks, branches and heads."""

from fractions import Fraction
from itertools import pairwise
from math import exp, prod

from tests.bank.oracle.layers import grouped, normed, percent, plain
from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import Shapes, conv, count, dense, norm
from tests.bank.oracle.windows import Number, starts

Maps = tuple[int, int, int]
STAGES = (64, 128, 256, 512)


# adaptive-pooling-head


def _before_pooling(p: Params) -> Maps:
    halved = (len(range(p[side])[::2]) for side in "HW")
    height, width = (len(starts(side, 2, stride=2)) for side in halved)
    return height, width, p["M"]


def _with_head(p: Params, values: int) -> int:
    return count(conv(3, p["N"], 5), conv(p["N"], p["M"], 3), dense(values, p["K"]))


# squeeze-and-excitation


def _module(p: Params) -> list[Shapes]:
    narrow = p["C"] // p["r"]
    return [dense(p["C"], narrow), dense(narrow, p["C"])]


def _excited(p: Params) -> int:
    return normed((p["C"], p["C"], 3)) + count(*_module(p))


def _products(p: Params) -> int:
    return sum(1 for _ in range(p["C"]) for _ in range(p["C"] // p["r"])) * 2


# dense-block-parameters


def _dense_layer(p: Params, seen: int) -> int:
    wide = 4 * p["k"]
    convolutions = plain(seen, wide, 1), plain(wide, p["k"], 3)
    return count(norm(seen), convolutions[0], norm(wide), convolutions[1])


def _inputs(p: Params) -> list[int]:
    """Return the channels that each layer of the block sees, then those of its output."""
    return [p["C"] + number * p["k"] for number in range(p["n"] + 1)]


# heads-on-two-maps


def _grid(side: int, layers: int) -> int:
    for _ in range(layers):
        side = len(starts(side, 3, stride=2, padding=1))
    return side


def _head(p: Params, layers: int) -> Maps:
    numbers = p["A"] * (4 + 1 + p["K"])
    return numbers, _grid(8 * p["a"], layers), _grid(8 * p["b"], layers)


def _detector(p: Params) -> int:
    numbers = _head(p, 2)[0]
    layers = [(3, p["N"], 3), (p["N"], p["N"], 3), (p["N"], p["M"], 3)]
    heads = [(p["N"], numbers, 1), (p["M"], numbers, 1)]
    return count(*[conv(*layer) for layer in [*layers, *heads]])


def _predicted(p: Params) -> int:
    return sum(p["A"] * prod(_head(p, layers)[1:]) for layers in (2, 3))


# repeated-residual-blocks


def _convolutions(p: Params) -> list[tuple[int, int, int]]:
    return [(3, p["C"], 3), *[(p["C"], p["C"], 3)] * 2 * p["n"]]


def _rows_seen(p: Params) -> int:
    needed = {0}
    for _ in _convolutions(p):
        needed = {row + tap for row in needed for tap in (-1, 0, 1)}
    return len(needed)


# resnet-as-feature-extractor


def _stage_side(side: int, stage: int) -> int:
    side = len(starts(side, 7, stride=2, padding=3))
    side = len(starts(side, 3, stride=2, padding=1))
    for _ in range(stage - 1):
        side = len(starts(side, 3, stride=2, padding=1))
    return side


def _up_to_stage(p: Params) -> int:
    layers, before = [(3, 64, 7)], 64
    for channels in STAGES[: p["s"]]:
        layers += [(before, channels, 3), *[(channels, channels, 3)] * 3]
        if before != channels:
            layers.append((before, channels, 1))
        before = channels
    return normed(*layers)


# values-that-layers-give


def _outputs(p: Params) -> list[int]:
    area = p["H"] * p["W"]
    first, second = p["N"] * area, p["M"] * area // 4
    return [first, first, first // 4, second, second, p["M"]]


def _worst(p: Params) -> int:
    outputs = [3 * p["H"] * p["W"], *_outputs(p)]
    return max(map(sum, pairwise(outputs)))


# forward-pass-by-hand


def _affine(matrix: list[list[int]], x: list[int], shift: list[int]) -> list[int]:
    rows = zip(matrix, shift, strict=True)
    return [sum(a * b for a, b in zip(row, x, strict=True)) + extra for row, extra in rows]


def _hidden(p: Params) -> list[int]:
    return [max(0, value) for value in _affine(p["A"], p["x"], p["c"])]


def _answered(p: Params) -> list[int]:
    return _affine(p["B"], _hidden(p), p["d"])


# weight-tensor-shapes


def _grouped_weights(p: Params) -> int:
    return count(grouped(p["C"], p["N"], p["K"], p["g"])) - p["N"]


def _filter_shapes(p: Params, groups: int) -> tuple[int, ...]:
    return p["N"], p["C"] // groups, p["K"], p["K"]


# enlarging-head


def _head_rows(p: Params) -> list[dict[str, object]]:
    height, width, wide = p["H"], p["W"], 4 * p["N"]
    scores = (p["K"], 4 * height, 4 * width)
    shapes = [
        (p["C"], height + 1, width + 1),
        *[(wide, height, width)] * 2,
        (p["N"], 2 * height, 2 * width),
        (p["N"], 4 * height, 4 * width),
        scores,
    ]
    learned = [0, count(conv(p["C"], wide, 2)), 0, 0, 0, count(conv(p["N"], p["K"], 3))]
    rows = zip(shapes, learned, strict=True)
    return [{"shape": shape, "parameters": number} for shape, number in rows]


# parameters-of-normalization


def _places(p: Params) -> int:
    return sum(1 for _ in range(p["H"]) for _ in range(p["W"]))


# table-of-branches


def _branch_rows(p: Params) -> list[dict[str, object]]:
    layers = {"first": (p["C"], p["N"], 1), "in": (p["C"], p["M"], 1), "out": (p["M"], p["N"], 5)}
    learned = [count(conv(*layer)) for layer in layers.values()]
    channels = [p["N"], p["M"], p["N"], 2 * p["N"], 4, 4]
    rows = zip(channels, [*learned, 0, 0, 0], strict=True)
    return [{"shape": (c, p["H"], p["W"]), "parameters": number} for c, number in rows]


# pixels-behind-a-value


def _seen(p: Params, cell: int, layers: int) -> list[int]:
    """Return the pixels that a cell of the map after some *layers* depends on."""
    geometry = [(p["K"], p["S"], p["p"]), (p["L"], p["T"], 1), (p["M"], p["M"], 0)]
    needed = {cell}
    for kernel, stride, border in reversed(geometry[:layers]):
        needed = {at * stride - border + tap for at in needed for tap in range(kernel)}
    return sorted(needed)


def _spread(pixels: list[int]) -> int:
    return pixels[-1] - pixels[0] + 1


def _step(p: Params, layers: int) -> list[Number]:
    first, second = (_seen(p, cell, layers) for cell in (0, 1))
    return [_spread(first), second[0] - first[0], Fraction(first[0] + first[-1], 2)]


TABLE: Table = {
    "adaptive-pooling-head": {
        "maps": _before_pooling,
        "flat": lambda p: p["M"] * p["P"] ** 2,
        "parameters": lambda p: _with_head(p, p["M"] * p["P"] ** 2),
        "without": lambda p: _with_head(p, prod(_before_pooling(p))),
    },
    "squeeze-and-excitation": {
        "shape": lambda p: (p["C"], p["H"], p["W"]),
        "module": lambda p: count(*_module(p)),
        "block_parameters": _excited,
        "share": lambda p: percent(count(*_module(p)), _excited(p)),
        "operations": _products,
    },
    "dense-block-parameters": {
        "first": lambda p: _dense_layer(p, p["C"]),
        "channels": lambda p: _inputs(p)[-1],
        "last_input": lambda p: _inputs(p)[-2],
        "total": lambda p: sum(_dense_layer(p, seen) for seen in _inputs(p)[:-1]),
    },
    "heads-on-two-maps": {
        "fine": lambda p: _head(p, 2),
        "coarse": lambda p: _head(p, 3),
        "boxes": _predicted,
        "parameters": _detector,
    },
    "repeated-residual-blocks": {
        "convolutions": lambda p: len(_convolutions(p)),
        "block_parameters": lambda p: normed(*_convolutions(p)[1:3]),
        "blocks": lambda p: normed(*_convolutions(p)[1:]),
        "whole": lambda p: normed(*_convolutions(p)) + count(dense(p["C"], p["K"])),
        "field": _rows_seen,
    },
    "resnet-as-feature-extractor": {
        "features": lambda p: (
            STAGES[p["s"] - 1],
            _stage_side(32 * p["a"], p["s"]),
            _stage_side(32 * p["b"], p["s"]),
        ),
        "parameters": _up_to_stage,
        "head": lambda p: count(dense(STAGES[p["s"] - 1], p["K"])),
    },
    "values-that-layers-give": {
        "every": lambda p: sum(_outputs(p)),
        "overwritten": lambda p: sum(_outputs(p)[number] for number in (0, 2, 3, 5)),
        "peak": _worst,
        "batch": lambda p: 16 * 4 * _worst(p),
    },
    "forward-pass-by-hand": {
        "hidden": _hidden,
        "output": _answered,
        "squashed": lambda p: [1 / (1 + exp(-value)) for value in _answered(p)],
    },
    "weight-tensor-shapes": {
        "plain": lambda p: _filter_shapes(p, 1),
        "grouped": lambda p: _filter_shapes(p, p["g"]),
        "transposed": lambda p: (p["C"], p["N"] // p["g"], p["L"], p["L"]),
        "saved": lambda p: Fraction(count(plain(p["C"], p["N"], p["K"])), _grouped_weights(p)),
    },
    "enlarging-head": {
        "layers": _head_rows,
        "total": lambda p: count(conv(p["C"], 4 * p["N"], 2), conv(p["N"], p["K"], 3)),
        "scores": lambda p: p["K"] * 16 * _places(p),
    },
    "parameters-of-normalization": {
        "batch": lambda p: count(norm(p["C"])),
        "group": lambda p: count(norm(p["C"])),
        "whole": lambda p: count([(p["C"], p["H"], p["W"])] * 2),
        "averaged": lambda p: p["B"] * _places(p),
    },
    "table-of-branches": {
        "layers": _branch_rows,
        "total": lambda p: sum(int(str(row["parameters"])) for row in _branch_rows(p)),
        "direct": lambda p: count(conv(p["C"], p["N"], 1), conv(p["C"], p["N"], 5)),
    },
    "pixels-behind-a-value": {
        "field": lambda p: _spread(_seen(p, 0, 3)),
        "jump": lambda p: _seen(p, 1, 3)[0] - _seen(p, 0, 3)[0],
        "range": lambda p: [_seen(p, p["i"], 3)[0], _seen(p, p["i"], 3)[-1]],
        "steps": lambda p: [_step(p, layers) for layers in (1, 2, 3)],
    },
}
