"""Expected values of the problems about entropies, divergences and the loss of texts.

Logarithms are taken of products of powers, as of the probability of a long text, not term by term.
"""

from collections.abc import Sequence
from math import log, prod

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.windows import Number


def _coded(true: Sequence[Number], model: Sequence[Number]) -> float:
    """Return the nats for which *true* outcomes are coded by a *model*: of the typical share."""
    return -log(prod(float(q) ** float(p) for p, q in zip(true, model, strict=True)))


def _bits(nats: float) -> float:
    return nats / log(2)


def _apart(true: Sequence[Number], model: Sequence[Number]) -> float:
    return _coded(true, model) - _coded(true, true)


def _smoothed(p: Params) -> list[float]:
    other = float(p["s"]) / p["K"]
    return [1 - other * (p["K"] - 1), *[other] * (p["K"] - 1)]


def _sentence(p: Params) -> float:
    return float(prod(p["p"]))


def _together(p: Params) -> float:
    """Return the root of the inverse probability of both texts, by the share of each."""
    share = p["n"] / (p["n"] + p["m"])
    return float(p["a"] ** share * p["b"] ** (1 - share))


TABLE: Table = {
    "entropy-and-divergence": {
        "entropy": lambda p: _bits(_coded(p["p"], p["p"])),
        "crossed": lambda p: _bits(_coded(p["p"], p["q"])),
        "divergence": lambda p: _bits(_apart(p["p"], p["q"])),
        "reverse": lambda p: _apart(p["q"], p["p"]),
        "least": lambda p: _coded(_smoothed(p), _smoothed(p)),
    },
    "perplexity": {
        "sentence": _sentence,
        "loss": lambda p: -log(_sentence(p)) / 4,
        "perplexity": lambda p: _sentence(p) ** (-1 / 4),
        "untrained": lambda p: p["V"],
        "bits": lambda p: _bits(float(p["L"])),
        "per_character": lambda p: _bits(float(p["L"] / p["c"])),
        "together": _together,
    },
}
