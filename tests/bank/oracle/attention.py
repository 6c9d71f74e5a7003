"""Expected values of problems on attention, normalization, dropout, number by number."""

import cmath
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import exp, sqrt

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.windows import Matrix, Number

Row = Sequence[Number]


def _products(queries: Matrix, keys: Matrix) -> list[list[Number]]:
    return [
        [sum(q * k for q, k in zip(query, key, strict=True)) for key in keys] for query in queries
    ]


def _weights(scores: Row) -> list[float]:
    """Return the softmax of half the scores: the width is 4, and its root 2."""
    return [1 / sum(exp(Fraction(other - score, 2)) for other in scores) for score in scores]


def _rows_of_weights(p: Params) -> list[list[float]]:
    return [_weights(row) for row in _products(p["Q"], p["K"])]


def _blend(weights: Sequence[float], values: Row) -> float:
    return sum(weight * value for weight, value in zip(weights, values, strict=True))


def _attended(p: Params) -> list[list[float]]:
    columns = list(zip(*p["V"], strict=True))
    return [[_blend(weights, column) for column in columns] for weights in _rows_of_weights(p)]


def _causal(p: Params) -> list[list[float]]:
    """Return each token's weights on itself and the tokens before, and 0 for the rest."""
    rows: list[list[float]] = []
    for at, scores in enumerate(_products(p["Q"], p["K"])):
        read = _weights(scores[: at + 1])
        rows.append(read + [0.0] * (len(scores) - len(read)))
    return rows


# positions


def _wave(position: int, pair: int, features: int) -> complex:
    """Return cosine and sine of a feature pair, as a point of the unit circle."""
    step = 1j * 10 ** (-8 * pair / features)  # 10000^(2i/d) is 10^(8i/d)
    return cmath.exp(step) ** position


def _encodings(p: Params) -> list[list[float]]:
    waves = [[_wave(at, pair, 4) for pair in range(2)] for at in range(p["n"])]
    return [[side for wave in row for side in (wave.imag, wave.real)] for row in waves]


# normalisation


def _mean(values: Row) -> Fraction:
    return Fraction(sum(values), len(values))


def _variance(values: Row) -> Fraction:
    """Return the variance: half the mean squared difference over all pairs of values."""
    pairs = list(product(values, repeat=2))
    return Fraction(sum((one - two) ** 2 for one, two in pairs), 2 * len(pairs))


def _standard(values: Row) -> list[float]:
    return [float(value - _mean(values)) / sqrt(_variance(values)) for value in values]


def _columns(p: Params) -> list[Row]:
    return list(zip(*p["X"], strict=True))


def _batch_normalised(p: Params) -> list[list[float]]:
    features = [
        [gamma * value + beta for value in _standard(column)]
        for column, gamma, beta in zip(_columns(p), p["gamma"], p["beta"], strict=True)
    ]
    return [list(row) for row in zip(*features, strict=True)]


def _layer_normalised(p: Params, row: Row) -> list[float]:
    cells = zip(_standard(row), p["gamma"], p["beta"], strict=True)
    return [gamma * value + beta for value, gamma, beta in cells]


def _running(p: Params) -> list[Fraction]:
    """Return the running means: the old ones moved a tenth of the way to the batch's."""
    pairs = zip(p["old"], _columns(p), strict=True)
    return [old + (_mean(column) - old) / 10 for old, column in pairs]


def _at_test_time(p: Params) -> list[Fraction]:
    cells = zip((4, 1), _running(p), (2, 3), p["gamma"], p["beta"], strict=True)
    return [gamma * (x - mean) / root + beta for x, mean, root, gamma, beta in cells]


# dropout-scaling


def _dropped(p: Params, *, kept_times: Number) -> list[Number]:
    pairs = zip(p["x"], p["mask"], strict=True)
    return [value * kept_times if kept else 0 for value, kept in pairs]


def _expected(p: Params, value: Number) -> Number:
    """Return the expectation of a value under dropout, over the two cases."""
    cases: list[tuple[Number, Number]] = [(p["p"], 0), (1 - p["p"], value)]
    return sum(chance * outcome for chance, outcome in cases)


TABLE: Table = {
    "positional-encoding": {
        "sine": lambda p: _wave(p["p"], p["i"], p["d"]).imag,
        "cosine": lambda p: _wave(p["p"], p["i"], p["d"]).real,
        "encodings": _encodings,
        "added": lambda p: sum(p["d"] for _ in range(128 * p["n"])),
    },
    "scaled-dot-product-attention": {
        "scores": lambda p: _products(p["Q"], p["K"]),
        "weights": _rows_of_weights,
        "output": _attended,
    },
    "causal-attention": {
        "second": lambda p: _causal(p)[1][0],
        "weights": _causal,
        "output": lambda p: [_blend(weights, p["v"]) for weights in _causal(p)],
        "computed": lambda p: sum(len(range(token + 1)) for token in range(p["n"])),
    },
    "batch-norm-forward": {
        "mean": lambda p: [_mean(column) for column in _columns(p)],
        "variance": lambda p: [_variance(column) for column in _columns(p)],
        "output": _batch_normalised,
        "running": _running,
        "test": _at_test_time,
    },
    "layer-norm-forward": {
        "mean": lambda p: [_mean(row) for row in p["X"]],
        "variance": lambda p: [_variance(row) for row in p["X"]],
        "output": lambda p: [_layer_normalised(p, row) for row in p["X"]],
        "scaled": lambda p: _layer_normalised(p, [p["c"] * value for value in p["X"][0]]),
    },
    "dropout-scaling": {
        "train": lambda p: _dropped(p, kept_times=1 / (1 - p["p"])),
        "paper_train": lambda p: _dropped(p, kept_times=1),
        "paper_test": lambda p: [_expected(p, value) for value in p["x"]],
        "kept": lambda p: sum(_expected(p, 1) for _ in range(p["n"])),
        "networks": lambda p: len(list(product((0, 1), repeat=p["u"]))),
    },
}
