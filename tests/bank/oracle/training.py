"""Expected values of the problems in the topics gradients and training."""

from fractions import Fraction

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.windows import Number


def _shared_weight(p: Params) -> Number:
    """Return w₄ after one step on a linear loss with the given derivatives per copy.

    The slope of a linear loss is its increase when the one weight behind all four
    copies grows by 1.
    """
    slopes: list[Number] = [p[f"dL_d{copy}"] for copy in "abcd"]

    def loss(weight: Number) -> Number:
        return sum(slope * copy for slope, copy in zip(slopes, [weight] * 4, strict=True))

    weight, rate = Fraction(p["w_4"]), Fraction(p["gamma"])
    return weight - rate * (loss(weight + 1) - loss(weight))


def _steps_of_an_epoch(p: Params) -> int:
    """Return how many whole batches the images give."""
    left, batches = p["examples"], 0
    while left >= p["batch"]:
        left -= p["batch"]
        batches += 1
    return batches


def _steps_logged(p: Params) -> int:
    further: int = p["further"]
    epochs = [_steps_of_an_epoch(p) for _ in range(p["finished"])]
    return sum(epochs) + further


def _epochs_completed(p: Params) -> int:
    """Return how many epochs the logged steps complete, counted step by step."""
    length, completed, inside = _steps_of_an_epoch(p), 0, 0
    for _ in range(_steps_logged(p)):
        inside += 1
        if inside == length:
            completed, inside = completed + 1, 0
    return completed


TABLE: Table = {
    "shared-weight-gradient": {"update": _shared_weight},
    "training-report": {
        "test_accuracy": lambda _: (Fraction("0.73"), 1),
        "best_test_accuracy": lambda _: (Fraction("0.80"), 1),
        "resnet_test_accuracy": lambda _: (Fraction("0.90"), 1),
        "epochs": _epochs_completed,
    },
}

SHOWN: Table = {"training-report": {"steps": _steps_logged}}
