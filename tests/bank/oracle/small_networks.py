"""Expected values of the problems about small networks and single blocks.

They are computed layer by layer.
"""

from fractions import Fraction
from math import prod
from typing import Any

from tests.bank.oracle.layers import Pair, after, depthwise, grouped, normed, percent, plain, sides
from tests.bank.oracle.receptive_fields import Layer, stretch
from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import Shapes, conv, count, dense, norm, uses
from tests.bank.oracle.windows import windows

# A table of a small network.


def _table(p: Params) -> list[dict[str, Any]]:
    sizes = [(2 * p["M"] + p["K"], 2 * p["N"] + p["K"])]
    for kernel, stride, padding in ((p["K"], 1, 0), (2, 2, 0), (5, 2, 2), (3, 2, 0)):
        sizes.append(after(sizes[-1], kernel, stride=stride, padding=padding))
    _, first, pooled, second, last = sizes
    flat = prod(last) * p["N2"]
    weights = [plain(p["C"], p["N1"], p["K"]), plain(p["N1"], p["N2"], 5)]
    head = dense(flat, p["classes"])
    rows = [
        ((p["N1"], *first), count(weights[0]) + p["N1"], uses(*first, weights[0])),
        ((p["N1"], *pooled), 0, 0),
        ((p["N2"], *second), count(weights[1]) + p["N2"], uses(*second, weights[1])),
        ((p["N2"], *last), 0, 0),
        ((flat,), 0, 0),
        ((p["classes"],), count(head), count(dense(flat, p["classes"], bias=False))),
    ]
    return [{"shape": shape, "parameters": held, "macs": used} for shape, held, used in rows]


def _column(p: Params, name: str) -> int:
    return sum(row[name] for row in _table(p))


# A printed module.


def _printed(p: Params) -> Pair:
    size = sides(p, p["K"], stride=2)
    size = after(size, 3, stride=2, padding=1)
    size = after(size, 3, padding=1)
    size = after(size, 3, padding=2, dilation=2)
    return after(size, 2, stride=2)


def _printed_parameters(p: Params) -> int:
    return count(
        plain(3, p["N1"], p["K"]),
        norm(p["N1"]),
        grouped(p["N1"], p["N2"], 3, p["G"]),
        conv(p["N2"], p["N3"], 3),
        dense(2 * 2 * p["N3"], p["classes"]),
    )


# Residual, dense and inverted residual blocks.


def _branch(p: Params) -> int:
    return normed((p["C"], p["N"], 3), (p["N"], p["N"], 3))


def _projection(p: Params) -> int:
    return normed((p["C"], p["N"], 1))


def _residual_uses(p: Params) -> int:
    size = sides(p, 3, stride=2, padding=1)
    layers = [plain(p["C"], p["N"], 3), plain(p["N"], p["N"], 3), plain(p["C"], p["N"], 1)]
    return sum(uses(*size, layer) for layer in layers)


def _gathered(p: Params, layers: int) -> int:
    """Return the channels of the block's input and its first *layers* layers together."""
    return sum([p["C"], *[p["G"]] * layers])


def _dense_layer(p: Params) -> int:
    inputs, middle = _gathered(p, p["I"] - 1), 4 * p["G"]
    return count(norm(inputs), plain(inputs, middle, 1), norm(middle), plain(middle, p["G"], 3))


def _transition(p: Params) -> int:
    inputs = _gathered(p, p["L"])
    return count(norm(inputs), plain(inputs, inputs // 2, 1))


def _connections(p: Params) -> int:
    ends = range(p["l"] + 1)
    return len([(start, end) for start in ends for end in ends if start < end])


def _inverted(p: Params) -> list[Shapes]:
    middle = p["T"] * p["C"]
    return [plain(p["C"], middle, 1), depthwise(middle, p["K"]), plain(middle, p["O"], 1)]


def _strided(p: Params) -> Pair:
    return sides(p, p["K"], stride=2, padding=p["K"] // 2)


def _inverted_uses(p: Params) -> int:
    widen, deep, narrow = _inverted(p)
    return uses(p["H"], p["W"], widen) + uses(*_strided(p), deep) + uses(*_strided(p), narrow)


def _inverted_saving(p: Params) -> Fraction:
    widen, _, narrow = _inverted(p)
    full = count(widen, plain(p["T"] * p["C"], p["T"] * p["C"], p["K"]), narrow)
    return percent(full - count(*_inverted(p)), full)


def _shortcut(p: Params) -> str:
    same = p["O"] == p["O2"], p["S2"] == 1
    names = {(True, True): "added", (False, True): "channels", (True, False): "size"}
    return names.get(same, "both")


# What learns.


def _stages(p: Params) -> list[Shapes]:
    return [plain(p["C"], p["N1"], p["K"]), norm(p["N1"]), conv(p["N1"], p["N2"], 3)]


def _flat(p: Params) -> int:
    pooled = windows(windows(p["S"], 2, stride=2), 2, stride=2)
    return pooled * pooled * p["N2"]


def _learnable(p: Params) -> int:
    return count(*_stages(p), dense(_flat(p), p["classes"]))


# Branches.


def _branches(p: Params) -> list[list[tuple[int, int, int]]]:
    """Return the convolutions (in, out, kernel) of each branch of a later block."""
    inputs = p["A"] + p["B"] + p["D"] + p["E"]
    return [
        [(inputs, p["A"], 1)],
        [(inputs, 16, 1), (16, p["B"], p["K"])],
        [(inputs, 8, 1), (8, p["D"], 3), (p["D"], p["D"], 3)],
        [(inputs, p["E"], 1)],
    ]


def _deepest(p: Params) -> int:
    return 1 + p["M"] * max(map(len, _branches(p))) + 1


def _weighted(p: Params) -> int:
    return 1 + p["M"] * sum(map(len, _branches(p))) + 1


def _widest(p: Params) -> int:
    """Return the largest receptive field, along the widest branch of each block."""
    paths = [[Layer(kernel) for _, _, kernel in branch] for branch in _branches(p)]
    paths[3].insert(0, Layer(3))
    return max(stretch([Layer(7, 2), Layer(2, 2), *path * p["M"]]) for path in paths)


TABLE: Table = {
    "small-cnn-layer-table": {
        "layers": _table,
        "total_parameters": lambda p: _column(p, "parameters"),
        "total_operations": lambda p: _column(p, "macs"),
        "share": lambda p: percent(_table(p)[0]["macs"], _column(p, "macs")),
    },
    "printed-module": {
        "features_shape": lambda p: (p["N3"], *_printed(p)),
        "grouped": lambda p: count(grouped(p["N1"], p["N2"], 3, p["G"])),
        "parameters": _printed_parameters,
        "without_pooling": lambda p: p["N3"] * prod(_printed(p)),
    },
    "residual-block-shapes-and-parameters": {
        "output": lambda p: (p["N"], *sides(p, 3, stride=2, padding=1)),
        "branch_parameters": _branch,
        "shortcut_parameters": _projection,
        "total": lambda p: _branch(p) + _projection(p),
        "next_block": lambda p: normed(*[(p["N"], p["N"], 3)] * 2),
        "operations": _residual_uses,
    },
    "dense-block-channels": {
        "inputs": lambda p: _gathered(p, p["I"] - 1),
        "layer_parameters": _dense_layer,
        "block_output": lambda p: _gathered(p, p["L"]),
        "transition_shape": lambda p: (_gathered(p, p["L"]) // 2, *sides(p, 2, stride=2)),
        "transition_parameters": _transition,
        "formula": _connections,
    },
    "inverted-residual-block": {
        "depthwise_shape": lambda p: (p["T"] * p["C"], *_strided(p)),
        "depthwise_parameters": lambda p: count(_inverted(p)[1]),
        "parameters": lambda p: count(*_inverted(p)),
        "operations": _inverted_uses,
        "saving": _inverted_saving,
        "shortcut": _shortcut,
    },
    "which-layers-learn": {
        "learning": lambda _: ("conv1", "bn1", "conv2", "fc"),
        "tensors": lambda p: tuple(
            sorted([(p["N1"], p["C"], p["K"], p["K"]), (p["N2"], p["N1"], 3, 3)])
        ),
        "learnable": _learnable,
        "stored": lambda p: _learnable(p) + count(norm(p["N1"])),
        "fine_tuning": lambda p: count(_stages(p)[2], dense(_flat(p), p["M"])),
    },
    "depth-of-branches": {
        "weighted": _weighted,
        "depth": _deepest,
        "field": _widest,
        "channels": lambda p: sum(branch[-1][1] for branch in _branches(p)),
        "second_block": lambda p: count(
            *[conv(*layer) for branch in _branches(p) for layer in branch]
        ),
    },
}

SHOWN: Table = {
    "small-cnn-layer-table": {
        "H": lambda p: 2 * p["M"] + p["K"],
        "W": lambda p: 2 * p["N"] + p["K"],
    },
    "inverted-residual-block": {"middle": lambda p: p["T"] * p["C"]},
}
