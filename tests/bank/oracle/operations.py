"""Expected values of the problems on transformers, fully connected networks and biases."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from tests.bank.oracle.layers import percent
from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import Shapes, count, dense, norm

# transformer-block-cost


def _matrix_product(rows: int, inner: int, columns: int) -> int:
    return sum(inner for _ in range(rows) for _ in range(columns))


def _between_tokens(p: Params) -> int:
    scores = _matrix_product(p["n"], p["d"], p["n"])
    sums = _matrix_product(p["n"], p["n"], p["d"])
    return scores + sums


def _attention(p: Params) -> int:
    return 4 * _matrix_product(p["n"], p["d"], p["d"]) + _between_tokens(p)


def _two_layers(p: Params) -> int:
    wide = p["m"] * p["d"]
    return p["n"] * count(dense(p["d"], wide, bias=False), dense(wide, p["d"], bias=False))


def _block_operations(p: Params) -> int:
    return _attention(p) + _two_layers(p)


def _longer(p: Params) -> int:
    return _block_operations({**p, "n": p["r"] * p["n"]})


# vit-parameters


def _embedding(p: Params) -> list[Shapes]:
    patches = len([*range(0, p["a"] * p["p"], p["p"])]) ** 2
    positions = [(p["d"],)] * (patches + 1)
    return [dense(3 * p["p"] ** 2, p["d"]), [(p["d"],)], positions]


def _block(p: Params) -> list[Shapes]:
    d = p["d"]
    return [norm(d), norm(d), *[dense(d, d)] * 4, dense(d, 4 * d), dense(4 * d, d)]


def _transformer(p: Params) -> int:
    return count(*_embedding(p), *_block(p) * p["L"], norm(p["d"]), dense(p["d"], p["K"]))


# mlp-operations


def _mlp(p: Params, *, bias: bool) -> int:
    sizes = [p[name] for name in "IABK"]
    return count(*[dense(into, out, bias=bias) for into, out in pairwise(sizes)])


# bias-gradients


def _map_sums(p: Params) -> list[int]:
    return [sum(map(sum, gradient)) for gradient in p["M"]]


def _stepped(p: Params) -> list[Fraction]:
    gradients: Iterable[int] = _map_sums(p)
    return [bias - p["c"] * slope for bias, slope in zip(p["b"], gradients, strict=True)]


TABLE: Table = {
    "transformer-block-cost": {
        "attention_macs_of_a_block": _attention,
        "layers": _two_layers,
        "block": _block_operations,
        "scores": lambda p: percent(_between_tokens(p), _block_operations(p)),
        "longer": _longer,
    },
    "vit-parameters": {
        "embedding": lambda p: count(*_embedding(p)),
        "block": lambda p: count(*_block(p)),
        "total": _transformer,
        "share": lambda p: percent(p["L"] * count(*_block(p)), _transformer(p)),
    },
    "mlp-operations": {
        "macs": lambda p: _mlp(p, bias=False),
        "operations": lambda p: 2 * _mlp(p, bias=False),
        "parameters": lambda p: _mlp(p, bias=True),
        "batch": lambda p: p["n"] * _mlp(p, bias=False),
        "share": lambda p: percent(p["I"] * p["A"], _mlp(p, bias=False)),
    },
    "bias-gradients": {
        "units": lambda p: [sum(column) for column in zip(*p["G"], strict=True)],
        "convolution": _map_sums,
        "updated": _stepped,
    },
}
