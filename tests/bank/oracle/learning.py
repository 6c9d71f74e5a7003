"""Expected values of the problems on losses, optimizer steps and schedules.

Losses use differences of scores, without a softmax. Updates keep the whole history of
gradients instead of a moving average.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import cos, exp, log, pi, sqrt

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.windows import Number

# softmax-cross-entropy


def _share(z: Sequence[Number], one: int) -> float:
    """Return the softmax of one class: 1 over the sum of all exponentials relative to it."""
    return 1 / sum(exp(other - z[one]) for other in z)


def _surprise(z: Sequence[Number], truth: int) -> float:
    return log(sum(exp(other - z[truth]) for other in z))


def _slopes(p: Params) -> list[float]:
    """Return the derivatives of log(sum(exp(z - z_y))), negative only for the true class."""
    z, truth = p["z"], p["y"]
    shares = [_share(z, one) for one in range(3)]
    others = sum(share for one, share in enumerate(shares) if one != truth)
    return [-others if one == truth else shares[one] for one in range(3)]


# binary-cross-entropy


def _yes(score: Number) -> float:
    return exp(score) / (exp(score) + 1)


def _terms(p: Params) -> list[float]:
    """Return log(1 + exp(-z)) for each label that applies, and log(1 + exp(z)) otherwise."""
    pairs = zip(p["z"], p["t"], strict=True)
    return [log(1 + exp(-score if applies else score)) for score, applies in pairs]


def _quarters(p: Params) -> list[float]:
    pairs = zip(p["z"], p["t"], strict=True)
    return [(-_yes(-score) if applies else _yes(score)) / 4 for score, applies in pairs]


# multiclass-hinge-loss


def _hinge(p: Params) -> list[Number]:
    """Return the hinge loss of each image: margin violations of the wrong classes, summed."""
    losses: list[Number] = []
    for row, truth in zip(p["S"], p["y"], strict=True):
        wrong = row[:truth] + row[truth + 1 :]
        limit = row[truth] - 1
        losses.append(sum(score - limit for score in wrong if score > limit))
    return losses


# momentum-step


def _descend(p: Params, steps: int, *, momentum: Number, ahead: bool = False) -> list[Number]:
    """Return the weights after each step, where a step sums over all gradients so far.

    With *ahead*, the last step follows Nesterov's rule: it uses its velocity once more.
    """
    weights: list[Number] = [p["w0"]]
    gradients: list[Number] = []
    for _ in range(steps):
        gradients.append(p["k"] * 2 * weights[-1])
        velocity = _velocity(gradients, momentum)
        last = ahead and len(gradients) == steps
        step = gradients[-1] + momentum * velocity if last else velocity
        weights.append(weights[-1] - Fraction(p["rate"]) * step)
    return weights


def _velocity(gradients: Sequence[Number], momentum: Number) -> Number:
    return sum(Fraction(momentum) ** age * one for age, one in enumerate(reversed(gradients)))


def _second_velocity(p: Params) -> Number:
    weights = _descend(p, 1, momentum=p["m"])
    return _velocity([p["k"] * 2 * weight for weight in weights], p["m"])


# adam-step


def _average(values: Sequence[Number], beta: Number) -> Number:
    """Return the exponential moving average of *values*, starting from 0, by weights."""
    shares = [(1 - Fraction(beta)) * Fraction(beta) ** age for age in range(len(values))]
    return sum(share * one for share, one in zip(shares, reversed(values), strict=True))


def _moments(p: Params, gradients: Sequence[Number]) -> list[Number]:
    return [_average(gradients, p["b1"]), _average([one * one for one in gradients], p["b2"])]


def _unbiased(p: Params, gradients: Sequence[Number]) -> list[Number]:
    """Return both averages with bias correction: divided by the sum of their weights."""
    given = [_average([1] * len(gradients), p[beta]) for beta in ("b1", "b2")]
    pairs = zip(_moments(p, gradients), given, strict=True)
    return [Fraction(one) / Fraction(share) for one, share in pairs]


def _adam(p: Params, *gradients: Number) -> float:
    weight = float(p["w0"])
    for step in range(len(gradients)):
        mean, square = _unbiased(p, gradients[: step + 1])
        weight -= float(p["rate"]) * float(mean) / (sqrt(square) + 1e-8)
    return weight


# learning-rate-schedules


def _on_the_cosine(p: Params, epoch: Number) -> float:
    """Return the rate on a cosine schedule: the height of a point on a half circle."""
    top, bottom = float(p["rate"]), float(p["least"])
    angle = pi * float(epoch - p["W"]) / (p["T"] - p["W"])
    return (top + bottom) / 2 + cos(angle) * (top - bottom) / 2


def _on_the_stairs(p: Params) -> Number:
    """Return the rate of a step schedule, by going through every epoch."""
    rate = Fraction(p["rate"])
    for epoch in range(1, p["late"] + 1):
        if epoch % p["every"] == 0:
            rate /= 10
    return rate


# gradient-accumulation-steps


def _seen(p: Params) -> int:
    """Return the number of images per update of the weights."""
    return sum(p["B"] for _device in range(p["G"]) for _turn in range(p["A"]))


def _updates(p: Params) -> int:
    return len(range(_seen(p), p["N"] + 1, _seen(p)))


# weight-decay

EPSILON = 1e-8


def _pulled(p: Params) -> Number:
    """Return the gradient of the loss with weight decay."""
    return Fraction(p["g"]) + Fraction(p["decay"]) * Fraction(p["w"])


def _first_of_adam(slope: Number) -> float:
    """Return Adam's first step, for which the moments are the gradient and its square."""
    return float(slope) / (abs(float(slope)) + EPSILON)


def _steps_to_half(p: Params) -> int:
    left, steps = Fraction(1), 0
    while left > Fraction(1, 2):
        left, steps = left - left * p["rate"] * p["decay"], steps + 1
    return steps


TABLE: Table = {
    "weight-decay": {
        "gradient": _pulled,
        "sgd": lambda p: p["w"] - p["rate"] * _pulled(p),
        "factor": lambda p: 1 - Fraction(p["rate"]) * p["decay"],
        "halved": _steps_to_half,
        "coupled": lambda p: float(p["w"]) - float(p["rate"]) * _first_of_adam(_pulled(p)),
        "decoupled": lambda p: (
            float(p["w"] - p["rate"] * p["decay"] * p["w"])
            - float(p["rate"]) * _first_of_adam(p["g"])
        ),
        "stronger": lambda _: "decoupled",
    },
    "softmax-cross-entropy": {
        "probs": lambda p: [_share(p["z"], one) for one in range(3)],
        "loss": lambda p: _surprise(p["z"], p["y"]),
        "gradient": _slopes,
        "untrained": lambda p: log(p["C"]),
    },
    "binary-cross-entropy": {
        "probs": lambda p: [_yes(score) for score in p["z"]],
        "terms": _terms,
        "loss": lambda p: sum(_terms(p)) / 4,
        "gradient": _quarters,
    },
    "multiclass-hinge-loss": {
        "each": _hinge,
        "mean": lambda p: Fraction(sum(_hinge(p)), 3),
        "untrained": lambda p: sum(1 for wrong in range(p["C"]) if wrong != 0),
    },
    "momentum-step": {
        "w1": lambda p: _descend(p, 1, momentum=p["m"])[-1],
        "v2": _second_velocity,
        "w2": lambda p: _descend(p, 2, momentum=p["m"])[-1],
        "plain": lambda p: _descend(p, 2, momentum=0)[-1],
        "nesterov": lambda p: _descend(p, 2, momentum=p["m"], ahead=True)[-1],
    },
    "adam-step": {
        "first": lambda p: _moments(p, [p["g1"]]),
        "w1": lambda p: _adam(p, p["g1"]),
        "second": lambda p: _moments(p, [p["g1"], p["g2"]]),
        "corrected": lambda p: _unbiased(p, [p["g1"], p["g2"]]),
        "w2": lambda p: _adam(p, p["g1"], p["g2"]),
    },
    "learning-rate-schedules": {
        "warm": lambda p: Fraction(p["early"], p["W"]) * p["rate"],
        "cosine": lambda p: _on_the_cosine(p, p["late"]),
        "middle": lambda p: (Fraction(p["rate"]) + p["least"]) / 2,
        "steps": _on_the_stairs,
    },
    "gradient-accumulation-steps": {
        "batch": _seen,
        "updates": _updates,
        "total": lambda p: sum(_updates(p) for _ in range(p["E"])),
        "passes": lambda p: sum(p["A"] for _ in range(_updates(p))),
        "rate": lambda p: Fraction(_seen(p), 256) * p["base"],
    },
}
