"""Expected values of problems on cells, quantized and initial weights, GPUs and noise."""

from fractions import Fraction
from itertools import count as counted
from itertools import product
from math import exp, prod, sqrt

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import count
from tests.bank.oracle.windows import Number

INPUT, FORGET, OUTPUT, CANDIDATE = range(4)
VALUES = 256
BYTES = 4
MILLION = 10**6


def _tanh(z: float) -> float:
    return (exp(2 * z) - 1) / (exp(2 * z) + 1)


def _gate(p: Params, gate: int) -> float:
    """Return a gate's sigmoid, computed by a hyperbolic tangent."""
    return (1 + _tanh(_sum(p, gate) / 2)) / 2


def _sum(p: Params, gate: int) -> float:
    return float(p["w"][gate] * p["x"] + p["u"][gate] * p["h"])


def _cell(p: Params) -> float:
    new = _gate(p, INPUT) * _tanh(_sum(p, CANDIDATE))
    return _gate(p, FORGET) * float(p["c"]) + new


def _step(p: Params) -> Fraction:
    """Return the quantization step: there is one step fewer than there are values."""
    return (Fraction(p["high"]) - Fraction(p["low"])) / (VALUES - 1)


def _nearest(wanted: Fraction) -> int:
    return min(range(VALUES), key=lambda one: abs(one - wanted))


def _zero(p: Params) -> int:
    return _nearest(-Fraction(p["low"]) / _step(p))


def _stored(p: Params) -> int:
    return _nearest(Fraction(p["w"]) / _step(p) + _zero(p))


def _together(p: Params) -> int:
    return sum(p["B"] for _ in range(p["G"]))


def _sent(p: Params) -> Fraction:
    """Return the MB that a GPU sends, summed round by round."""
    rounds = [*range(p["G"] - 1), *range(p["G"] - 1)]
    return sum((Fraction(BYTES * p["P"], p["G"]) for _ in rounds), Fraction(0))


def _thin(p: Params) -> int:
    return count([(p["D"], p["r"]), (p["r"], p["D"])])


def _adapted(p: Params, weights: int) -> int:
    """Return the weights of all adapted matrices, with *weights* in each."""
    return sum(weights for _ in range(p["L"]) for _ in ("queries", "values"))


def _moments(weights: int) -> Fraction:
    return Fraction(sum(BYTES * weights for _ in ("mean", "square")), MILLION)


def _hidden(p: Params, last: int) -> Number:
    """Return a hidden state as the sum of each input's contribution by then."""
    inputs = enumerate(reversed(p["x"][:last]))
    return sum(Fraction(p["w"]) ** age * p["u"] * one for age, one in inputs)


def _inputs(p: Params) -> int:
    """Return the fan-in of the convolution: the products that an output sums."""
    return len([*product(range(p["C"]), range(p["K"]), range(p["K"]))])


def _diffused(p: Params) -> tuple[float, float]:
    """Return the image's factor and the noise variance after three single steps."""
    picture, noise = 1.0, 0.0
    for added in map(float, p["b"][:3]):
        picture, noise = picture * sqrt(1 - added), noise * (1 - added) + added
    return picture, noise


def _noisy(p: Params, noise: str) -> float:
    picture, variance = _diffused(p)
    return picture * float(p["x"]) + sqrt(variance) * float(p[noise])


def _until_noise(p: Params) -> int:
    """Return the first step after which less than a hundredth remains."""
    left = Fraction(1)
    for step in counted(1):
        left -= left * Fraction(p["c"])
        if left < Fraction(1, 100):
            return step
    raise AssertionError


TABLE: Table = {
    "weight-initialisation": {
        "variance": lambda p: sum(Fraction(p["s"]) ** 2 for _ in range(p["n"])),
        "glorot": lambda p: sqrt(Fraction(1, p["n"] + p["m"]) * 2),
        "limit": lambda p: sqrt(Fraction(6, p["n"] + p["m"])),
        "fan_in": _inputs,
        "he": lambda p: sqrt(Fraction(2, _inputs(p))),
        "depth": lambda p: prod([Fraction(p["r"])] * p["L"]),
    },
    "diffusion-noise": {
        "kept": lambda p: 1 - _diffused(p)[1],
        "noisy": lambda p: _noisy(p, "e"),
        "ratio": lambda p: _diffused(p)[0] ** 2 / _diffused(p)[1],
        "recovered": lambda p: p["x"] + (_noisy(p, "e") - _noisy(p, "f")) / _diffused(p)[0],
        "loss": lambda p: (Fraction(p["e"]) - Fraction(p["f"])) ** 2,
        "steps": _until_noise,
    },
    "lstm-step-by-hand": {
        "input_gate": lambda p: _gate(p, INPUT),
        "forget_gate": lambda p: _gate(p, FORGET),
        "candidate": lambda p: _tanh(_sum(p, CANDIDATE)),
        "cell": _cell,
        "output_gate": lambda p: _gate(p, OUTPUT),
        "hidden": lambda p: _gate(p, OUTPUT) * _tanh(_cell(p)),
    },
    "backpropagation-through-time": {
        "h1": lambda p: _hidden(p, 1),
        "h2": lambda p: _hidden(p, 2),
        "h3": lambda p: _hidden(p, 3),
        "back": lambda p: Fraction(p["w"]) ** 2,
        "recurrent_weight": lambda p: p["u"] * (2 * p["w"] * p["x"][0] + p["x"][1]),
        "input_weight": lambda p: Fraction(_hidden(p, 3)) / p["u"],
        "factor": lambda p: prod([p["w"]] * (p["T"] - 1)),
    },
    "int8-quantisation": {
        "scale": _step,
        "zero_point": _zero,
        "code": _stored,
        "restored": lambda p: (_stored(p) - _zero(p)) * _step(p),
        "memory": lambda p: p["P"],
        "saved": lambda p: BYTES * p["P"] - p["P"],
    },
    "data-parallel-training": {
        "batch": _together,
        "steps": lambda p: len(range(_together(p), p["N"] + 1, _together(p))),
        "rate": lambda p: sum(Fraction(p["lr"]) for _ in range(p["G"])),
        "gradients": lambda p: BYTES * p["P"],
        "sent": _sent,
        "time": lambda p: _sent(p) * MILLION / (p["R"] * 10**9) * 1000,
    },
    "low-rank-adaptation": {
        "matrix": _thin,
        "model": lambda p: _adapted(p, _thin(p)),
        "share": lambda p: Fraction(100 * _thin(p), count([(p["D"], p["D"])])),
        "full": lambda p: _moments(_adapted(p, count([(p["D"], p["D"])]))),
        "adapted": lambda p: _moments(_adapted(p, _thin(p))),
    },
}
