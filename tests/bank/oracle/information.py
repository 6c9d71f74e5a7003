"""Expected values of problems on entropies, divergences, text losses and VAE codes.

Each logarithm is of a product of powers, like the probability of a long text, not a sum
of terms. The divergence of a code is integrated. Derivatives are complex steps.
"""

from cmath import exp as complex_exp
from collections.abc import Callable, Sequence
from math import exp, fsum, log, pi, prod, sqrt

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.windows import Number


def _coded(true: Sequence[Number], model: Sequence[Number]) -> float:
    """Return the cross entropy of *true* and *model* in nats, by the typical probability."""
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
    """Return the joint perplexity: the geometric mean of both, weighted by length."""
    share = p["n"] / (p["n"] + p["m"])
    return float(p["a"] ** share * p["b"] ** (1 - share))


WIDTH, POINTS = 40, 4000
TINY = 1e-20


def _gap(mean: float, log_var: float) -> float:
    """Return the KL divergence from the standard normal, as a sum over fine slices."""
    spread = sqrt(exp(log_var))
    terms = []
    for at in range(-POINTS, POINTS):
        step = (at + 0.5) * WIDTH / (2 * POINTS)
        z = mean + spread * step
        density = exp(-step * step / 2) / sqrt(2 * pi)
        terms.append(density * (z * z / 2 - step * step / 2 - log(spread)))
    return fsum(terms) * WIDTH / (2 * POINTS)


def _code_gap(p: Params) -> float:
    return sum(_gap(float(m), float(v)) for m, v in zip(p["mu"], p["l"], strict=True))


def _slope(function: Callable[[complex], complex], at: Number) -> float:
    return function(complex(float(at), TINY)).imag / TINY


def _code(p: Params) -> list[float]:
    given = zip(p["mu"], p["l"], p["e"], strict=True)
    return [float(m) + sqrt(exp(float(v))) * float(e) for m, v, e in given]


def _missed(p: Params) -> Number:
    return sum((x - y) ** 2 for x, y in zip(p["x"], p["y"], strict=True)) / 2


TABLE: Table = {
    "vae-code": {
        "code": _code,
        "slope": lambda p: _slope(lambda v: complex_exp(v / 2) * float(p["e"][0]), p["l"][0]),
        "divergence": _code_gap,
        "reconstruction": _missed,
        "loss": lambda p: float(_missed(p)) + _code_gap(p),
        "weighted": lambda p: float(_missed(p)) + p["b"] * _code_gap(p),
        "pull": lambda p: _slope(lambda v: (complex_exp(v) - v) / 2, p["l"][0]),
    },
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
