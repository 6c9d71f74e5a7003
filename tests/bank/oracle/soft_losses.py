"""Expected values of the problems about losses with a temperature.

They are the contrastive loss of image-text pairs and the distillation loss of a
teacher. A softmax probability is 1 / Σ exp(other − own). The divergence of two
softmaxes comes from their scores and the sums of their exponentials, not from
logarithms of probabilities.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import exp, log

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.windows import Number

THIRD = 1 / 3


def _shares(scores: Sequence[Number]) -> list[float]:
    return [1 / sum(exp(other - one) for other in scores) for one in scores]


def _surprise(scores: Sequence[Number], truth: int) -> float:
    return log(sum(exp(one - scores[truth]) for one in scores))


# contrastive-image-text-loss


def _similarities(p: Params) -> list[list[Fraction]]:
    return [[Fraction(one, 10) for one in row] for row in p["S"]]


def _logits(p: Params) -> list[list[Fraction]]:
    """Return the logits; similarities and temperature are both in tenths, which cancel."""
    return [[Fraction(one, p["t"]) for one in row] for row in p["S"]]


def _columns(p: Params) -> list[list[Fraction]]:
    return [list(column) for column in zip(*_logits(p), strict=True)]


def _own(rows: list[list[Fraction]]) -> float:
    """Return the mean over the rows of the cross-entropy of the matching pair."""
    return sum(_surprise(row, own) for own, row in enumerate(rows)) / len(rows)


# knowledge-distillation


def _softened(p: Params, scores: Sequence[Number]) -> list[Fraction]:
    return [Fraction(one, p["T"]) for one in scores]


def _apart(p: Params) -> float:
    teacher, student = _softened(p, p["z"]), _softened(p, p["v"])
    shares = _shares(teacher)
    lead = sum(q * (a - b) for q, a, b in zip(shares, teacher, student, strict=True))
    return lead - log(sum(map(exp, teacher)) / sum(map(exp, student)))


def _weight(p: Params) -> Fraction:
    return Fraction(p["n"], 10)


def _mixed(p: Params) -> float:
    soft = p["T"] * p["T"] * _apart(p)
    hard = _surprise(p["v"], p["y"])
    return hard + float(_weight(p)) * (soft - hard)


TABLE: Table = {
    "contrastive-image-text-loss": {
        "logits": _logits,
        "probs": lambda p: [_shares(row) for row in _logits(p)],
        "loss": lambda p: _own(_logits(p)),
        "back": lambda p: _own(_columns(p)),
        "both": lambda p: (_own(_logits(p)) + _own(_columns(p))) / 2,
        "untrained": lambda p: _surprise([0] * p["B"], 0),
    },
    "knowledge-distillation": {
        "teacher": lambda p: _shares(_softened(p, p["z"])),
        "student": lambda p: _shares(_softened(p, p["v"])),
        "divergence": _apart,
        "hard": lambda p: _surprise(p["v"], p["y"]),
        "loss": _mixed,
        "hot": lambda _: THIRD,
    },
}
SHOWN: Table = {
    "contrastive-image-text-loss": {"s": _similarities, "tau": lambda p: Fraction(p["t"], 10)},
    "knowledge-distillation": {"a": _weight},
}
