"""Expected values of the problems in the topic metrics.

Every ratio is counted in a list of single cases, not by the formula of the statement.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from tests.bank.oracle.table import Params, Table

Case = tuple[int, int]
"""A case: the true and the predicted label."""


def _share(cases: Iterable[bool]) -> Fraction:
    """Return the share of true values."""
    counted = list(cases)
    return Fraction(counted.count(True), len(counted))


def _precision(cases: Iterable[Case], label: int) -> Fraction:
    return _share(truth == label for truth, predicted in cases if predicted == label)


def _recall(cases: Iterable[Case], label: int) -> Fraction:
    return _share(predicted == label for truth, predicted in cases if truth == label)


def _accuracy(cases: Iterable[Case]) -> Fraction:
    return _share(truth == predicted for truth, predicted in cases)


def _mean(numbers: Iterable[Fraction]) -> Fraction:
    counted = list(numbers)
    return sum(counted, Fraction(0)) / len(counted)


# precision-recall-f1


def _parts_of_a_machine(p: Params) -> list[Case]:
    cases = {(1, 1): p["TP"], (0, 1): p["FP"], (1, 0): p["FN"], (0, 0): p["TN"]}
    return [case for case, times in cases.items() for _ in range(times)]


def _f1(p: Params) -> Fraction:
    """Return the harmonic mean: the inverse of the mean of the inverses."""
    cases = _parts_of_a_machine(p)
    return 1 / _mean([1 / _precision(cases, 1), 1 / _recall(cases, 1)])


# average-precision


def _ranked(p: Params) -> list[int]:
    """Return the matches by descending score."""
    pairs = sorted(zip(p["scores"], p["matches"], strict=True), reverse=True)
    return [match for _, match in pairs]


def _curve(p: Params) -> list[list[Fraction]]:
    ranked = _ranked(p)
    cats = p["matches"].count(1) + p["missed"]
    seen = [ranked[: rank + 1] for rank in range(len(ranked))]
    return [[Fraction(one.count(1), cats), _share(match == 1 for match in one)] for one in seen]


def _filled(p: Params, recall: Fraction) -> Fraction:
    """Return the maximum precision at *recall* or more, or 0 if never reached."""
    return max((right for reached, right in _curve(p) if reached >= recall), default=Fraction(0))


def _area(p: Params) -> Fraction:
    """Return the mean interpolated precision over all cats; an undetected cat counts 0."""
    cats = p["matches"].count(1) + p["missed"]
    return _mean(_filled(p, Fraction(number + 1, cats)) for number in range(cats))


# confusion-matrix


def _pictures(p: Params) -> list[Case]:
    return list(zip(p["labels"], p["predicted"], strict=True))


# dice-and-iou


def _pixels(p: Params) -> list[Case]:
    rows = zip(p["T"], p["P"], strict=True)
    return [case for row in rows for case in zip(*row, strict=True)]


def _jaccard(cases: Iterable[Case], label: int) -> Fraction:
    return _share(truth == predicted for truth, predicted in cases if label in (truth, predicted))


def _dice(cases: list[Case]) -> Fraction:
    """Return the Dice coefficient: the share of both masks' marks on shared pixels."""
    return _share(truth == predicted for truth, predicted in _marks(cases))


def _marks(cases: list[Case]) -> Iterator[Case]:
    for case in cases:
        yield from [case] * sum(case)


def _dice_of_iou(point: Mapping[str, Fraction]) -> Fraction:
    """Return the Dice coefficient of masks with IoU J = shared cells / covered cells."""
    both, either = point["J"].numerator, point["J"].denominator
    return Fraction(both + both, both + either)


TABLE: Table = {
    "precision-recall-f1": {
        "prec": lambda p: _precision(_parts_of_a_machine(p), 1),
        "rec": lambda p: _recall(_parts_of_a_machine(p), 1),
        "f1": _f1,
        "acc": lambda p: _accuracy(_parts_of_a_machine(p)),
        "lazy": lambda p: _accuracy([(truth, 0) for truth, _ in _parts_of_a_machine(p)]),
    },
    "average-precision": {
        "curve": _curve,
        "area": _area,
        "eleven": lambda p: _mean(_filled(p, Fraction(tenth, 10)) for tenth in range(11)),
    },
    "confusion-matrix": {
        "matrix": lambda p: [
            [_pictures(p).count((truth, predicted)) for predicted in range(3)] for truth in range(3)
        ],
        "acc": lambda p: _accuracy(_pictures(p)),
        "prec": lambda p: _precision(_pictures(p), 1),
        "rec": lambda p: _recall(_pictures(p), 1),
        "macro": lambda p: _mean(_recall(_pictures(p), label) for label in range(3)),
    },
    "dice-and-iou": {
        "counts": lambda p: [_pixels(p).count(case) for case in ((1, 1), (0, 1), (1, 0))],
        "overlap": lambda p: _jaccard(_pixels(p), 1),
        "coefficient": lambda p: _dice(_pixels(p)),
        "formula": _dice_of_iou,
        "acc": lambda p: _accuracy(_pixels(p)),
        "mean": lambda p: _mean(_jaccard(_pixels(p), label) for label in (0, 1)),
    },
}
