"""Expected values of the problems on averages: of precisions, hits, losses, tokens and rows."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import exp, prod, sqrt

from tests.bank.oracle.table import Params, Table


def _mean(numbers: Iterable[Fraction | int]) -> Fraction:
    counted = list(numbers)
    return sum(counted, Fraction(0)) / len(counted)


# mean-average-precision


def _precisions(p: Params) -> list[int]:
    return [*p["a"], *p["b"], *p["c"]]


def _gain(p: Params) -> Fraction:
    raised = _precisions(p)
    raised[-1] += p["g"]
    return _mean(raised) - _mean(_precisions(p))


# sensitivity-and-specificity


def _counts(p: Params) -> list[int]:
    cases = [*zip(p["y"], p["z"], strict=True)]
    return [cases.count(case) for case in ((1, 1), (0, 1), (1, 0), (0, 0))]


def _share(cases: Sequence[bool]) -> Fraction:
    return Fraction(sum(cases), len(cases))


def _found(p: Params, label: int) -> Fraction:
    """Return the share of the pictures of a true *label* that are called so."""
    pairs = zip(p["y"], p["z"], strict=True)
    return _share([called == label for truth, called in pairs if truth == label])


def _f2(p: Params) -> Fraction:
    """Return the weighted harmonic mean of precision (1 of 5) and recall (4 of 5)."""
    pairs = zip(p["y"], p["z"], strict=True)
    precision = _share([truth == 1 for truth, called in pairs if called == 1])
    return 5 / (1 / precision + 4 / _found(p, 1))


# top-k-accuracy


def _among(p: Params, best: int) -> Fraction:
    ranks = [
        sum(score > scores[label] for score in scores)
        for scores, label in zip(p["S"], p["t"], strict=True)
    ]
    return _share([rank < best for rank in ranks])


# regression-losses


def _huber(error: Fraction) -> Fraction:
    """Return the area under the slope of the loss, which is the error up to 1, then 1."""
    inner = min(abs(error), Fraction(1))
    return inner * inner / 2 + (abs(error) - inner)


def _errors(p: Params) -> list[Fraction]:
    return [Fraction(error) for error in p["e"]]


def _squared(p: Params) -> Fraction:
    return _mean(error * error for error in _errors(p))


# comparing-language-models


def _perplexity(probabilities: Sequence[Fraction]) -> float:
    """Return the inverse of the geometric mean."""
    return float(prod(probabilities)) ** (-1 / len(probabilities))


# attention-output


def _scores(p: Params) -> list[list[int]]:
    return [
        [sum(a * b for a, b in zip(query, key, strict=True)) for key in p["K"]] for query in p["Q"]
    ]


def _row(scores: Sequence[int], values: Sequence[Sequence[int]]) -> list[float]:
    powers = [exp(score / sqrt(2)) for score in scores]
    columns = zip(*values, strict=True)
    return [
        sum(power * value for power, value in zip(powers, column, strict=True)) / sum(powers)
        for column in columns
    ]


def _causal(p: Params) -> list[list[float]]:
    return [_row(scores[:seen], p["V"][:seen]) for seen, scores in enumerate(_scores(p), start=1)]


# weight-penalty


def _penalty(p: Params, power: int) -> Fraction:
    return p["c"] * sum(abs(weight) ** power for weight in p["W"])


def _slopes(p: Params) -> list[Fraction]:
    """Return the slopes of the penalty, each between the weight less 1 and plus 1."""
    return [p["c"] * ((w + 1) ** 2 - (w - 1) ** 2) / 2 for w in p["W"]]


TABLE: Table = {
    "mean-average-precision": {
        "pascal": lambda p: _mean(p["a"]),
        "coco": lambda p: _mean(_precisions(p)),
        "car": lambda p: _mean([p[name][0] for name in "abc"]),
        "gain": _gain,
    },
    "sensitivity-and-specificity": {
        "counts": _counts,
        "sensitivity": lambda p: _found(p, 1),
        "spec": lambda p: _found(p, 0),
        "f2": _f2,
    },
    "top-k-accuracy": {
        "top1": lambda p: _among(p, 1),
        "top2": lambda p: _among(p, 2),
        "top3": lambda p: 1 - _among(p, 3),
    },
    "regression-losses": {
        "squared": _squared,
        "absolute": lambda p: _mean(map(abs, _errors(p))),
        "huber": lambda p: _mean(map(_huber, _errors(p))),
        "root": lambda p: sqrt(_squared(p)),
    },
    "comparing-language-models": {
        "first": lambda p: _perplexity(p["p"]),
        "second": lambda p: _perplexity(p["q"]),
        "better": lambda p: "one" if prod(p["p"]) > prod(p["q"]) else "two",
        "uncertain": lambda p: _perplexity([one / p["r"] for one in p["p"]]),
    },
    "attention-output": {
        "scores": _scores,
        "output": lambda p: [_row(scores, p["V"]) for scores in _scores(p)],
        "causal": _causal,
        "mean": lambda p: [_mean(column) for column in zip(*p["V"], strict=True)],
    },
    "weight-penalty": {
        "l2": lambda p: _penalty(p, 2),
        "l1": lambda p: _penalty(p, 1),
        "loss": lambda p: p["L"] + _penalty(p, 2),
        "gradient": _slopes,
        "shrunk": lambda p: p["W"][3] - p["r"] * _slopes(p)[3],
    },
}
