"""Expected values of the problems in the topic parameters."""

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import Shapes, chain, conv, count, dense, filters, separable
from tests.bank.oracle.windows import reach, same_padding, windows

ANY_SIZE = 100
WIDENING = [3, 16, 32, 64, 128, 256]


def _table_layers(p: Params) -> list[Shapes]:
    """Return the tensors of the five layers in the table."""
    side = p["S"]
    border = same_padding(side, p["K"])
    for _ in range(3):
        side = windows(windows(side, p["K"], padding=border), 2, stride=2)
    convolutions = chain([3, p["N1"], p["N2"], p["N3"]], p["K"])
    flat = side * side * p["N3"]
    return [*convolutions, dense(flat, p["units"]), dense(p["units"], p["classes"])]


def _shrinking(size: int, target: int, kernel: int) -> int:
    """Return how many convolutions without padding reduce *size* to *target*."""
    layers = 0
    while size > target:
        size = windows(size, kernel)
        layers += 1
    assert size == target
    return layers


def _growing(size: int, target: int, kernel: int) -> int:
    """Return how many transposed convolutions grow *size* to *target*, by counting places."""
    layers = 0
    while size < target:
        size = len({place + tap for place in range(size) for tap in range(kernel)})
        layers += 1
    assert size == target
    return layers


def _down_alike(p: Params) -> int:
    return _shrinking(p["S"], p["T"], p["D"]) - len(WIDENING[1:])


def _up_alike(p: Params) -> int:
    return _growing(p["T"], p["S"], p["U"]) - len(WIDENING[1:])


def _down_total(p: Params) -> int:
    return count(*chain([*WIDENING, *[256] * _down_alike(p)], p["D"]))


def _up_total(p: Params) -> int:
    return count(*chain([*[256] * _up_alike(p), *reversed(WIDENING)], p["U"]))


def _head(p: Params) -> tuple[int, Shapes]:
    """Return the length of the flattened vector, and the tensors of the dense layer."""
    cells = [(i, j, k) for i in range(p["H"]) for j in range(p["W"]) for k in range(p["N3"])]
    return len(cells), dense(len(cells), p["classes"])


def _standard(p: Params) -> Shapes:
    first = conv(p["N1"], p["N2"], p["K"], bias=False)
    return first + conv(p["N2"], p["N3"], p["K"], bias=False)


def _lean(p: Params) -> Shapes:
    return separable(p["N1"], p["N2"], p["K"]) + separable(p["N2"], p["N3"], p["K"])


def _side(p: Params) -> int:
    """Return the side of the input image of the last feature map."""
    return reach([(p["K"], 1)] * p["L"], cells=p["T"])


def _hidden(p: Params) -> int:
    values = _side(p) * _side(p) * 3
    assert values % 2 == 0
    return values // 2


def _mlp(p: Params) -> list[Shapes]:
    return [dense(_side(p) ** 2 * 3, _hidden(p)), dense(_hidden(p), p["classes"])]


def _cnn(p: Params) -> list[Shapes]:
    layers = _shrinking(_side(p), p["T"], p["K"])
    return [*[conv(3, 3, p["K"])] * layers, dense(p["T"] * p["T"] * 3, p["classes"])]


TABLE: Table = {
    "cnn-parameter-table": {
        "layer_1": lambda p: count(_table_layers(p)[0]),
        "layer_2": lambda p: count(_table_layers(p)[1]),
        "layer_3": lambda p: count(_table_layers(p)[2]),
        "layer_4": lambda p: count(_table_layers(p)[3]),
        "layer_5": lambda p: count(_table_layers(p)[4]),
        "total": lambda p: count(*_table_layers(p)),
        "params_symbolic": lambda p: count(filters(p["C_2"], (p["F_H"], p["F_W"], p["C_1"]))),
    },
    "encoder-decoder-parameters": {
        "down_3_16": lambda p: count(conv(3, 16, p["D"])),
        "down_16_32": lambda p: count(conv(16, 32, p["D"])),
        "down_32_64": lambda p: count(conv(32, 64, p["D"])),
        "down_64_128": lambda p: count(conv(64, 128, p["D"])),
        "down_128_256": lambda p: count(conv(128, 256, p["D"])),
        "down_256_256": lambda p: count(conv(256, 256, p["D"])),
        "down_layers_at_256": _down_alike,
        "down_total": _down_total,
        "up_256_256": lambda p: count(conv(256, 256, p["U"])),
        "up_256_128": lambda p: count(conv(256, 128, p["U"])),
        "up_128_64": lambda p: count(conv(128, 64, p["U"])),
        "up_64_32": lambda p: count(conv(64, 32, p["U"])),
        "up_32_16": lambda p: count(conv(32, 16, p["U"])),
        "up_16_3": lambda p: count(conv(16, 3, p["U"])),
        "up_layers_at_256": _up_alike,
        "up_total": _up_total,
        "total": lambda p: _down_total(p) + _up_total(p),
    },
    "fc-head-parameters": {
        "flattened": lambda p: _head(p)[0],
        "weights": lambda p: count(dense(_head(p)[0], p["classes"], bias=False)),
        "fc_params": lambda p: count(_head(p)[1]),
        "conv_params_standard": lambda p: count(_standard(p)),
        "conv_params_separable": lambda p: count(_lean(p)),
        "total_standard": lambda p: count(_standard(p), _head(p)[1]),
        "total_separable": lambda p: count(_lean(p), _head(p)[1]),
    },
    "mlp-vs-conv-parameters": {
        "hidden_params": lambda p: count(_mlp(p)[0]),
        "output_params": lambda p: count(_mlp(p)[1]),
        "mlp_total": lambda p: count(*_mlp(p)),
        "conv_layer_params": lambda p: count(_cnn(p)[0]),
        "conv_layers_needed": lambda p: len(_cnn(p)) - 1,
        "fc_params": lambda p: count(_cnn(p)[-1]),
        "conv_total": lambda p: count(*_cnn(p)),
    },
}

SHOWN: Table = {
    "cnn-parameter-table": {"P": lambda p: same_padding(ANY_SIZE, p["K"])},
    "mlp-vs-conv-parameters": {"S": _side, "hidden": _hidden},
}
