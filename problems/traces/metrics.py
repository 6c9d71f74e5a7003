"""The way to metrics: the counts of right and wrong predictions, put into the formula.

TP, FP, FN and TN are true and false positives and negatives.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Formula, Said, Step, Tracer, formula
from grader.values import Number, Value
from problems.solvers.bounds import numbers, rows_of
from problems.solvers.metrics import (
    accuracy,
    class_average,
    f_score,
    precision,
    recall,
    specificity,
)
from problems.traces.sums import averaged, dotted
from problems.traces.tracing import Steps, listed, tracers

__all__ = ["TRACERS"]

COUNTS: Final = ("TP", "FP", "FN", "TN")
SOURCES: Final = {
    "precision": ("P", "TP/(TP + FP)"),
    "recall": ("R", "TP/(TP + FN)"),
    "f1": ("F_1", "2*TP/(2*TP + FP + FN)"),
    "specificity": ("s", "TN/(TN + FP)"),
    "accuracy": ("a", "(TP + TN)/(TP + FP + FN + TN)"),
}
SHARES: Final = {
    "precision": "Of what was predicted positive, the share that is:",
    "recall": "Of what is positive, the share that was found:",
    "specificity": "Of what is negative, the share that was found:",
    "accuracy": "Of all predictions, the share that is right:",
}
WEIGHTED_F: Final = "(1 + beta**2)*TP/((1 + beta**2)*TP + beta**2*FN + FP)"


def _put(metric: str, counts: tuple[Number, ...]) -> Formula:
    """Return the formula of a *metric* with *counts* put into it."""
    name, source = SOURCES[metric]
    return formula(name, source, **dict(zip(COUNTS, counts, strict=False)))


def _share(metric: str) -> Steps:
    """Return what gives the steps of a *metric* that is a share."""

    def steps(given: SimpleNamespace) -> Iterator[Step]:
        yield Said(SHARES[metric])
        yield _put(metric, numbers(given.counts, "counts"))

    return steps


def _f_score(given: SimpleNamespace) -> Iterator[Step]:
    counts = numbers(given.counts, "counts")
    if given.beta == 1:
        yield Said("The harmonic mean of precision and recall, in counts:")
        yield _put("f1", counts)
        return
    yield Said("The harmonic mean of precision and recall, the recall beta times as dear:")
    known = dict(zip(COUNTS, counts, strict=False))
    yield formula("F", WEIGHTED_F, **known, beta=numbers((given.beta,), "beta")[0])


def _class_average(given: SimpleNamespace) -> Iterator[Step]:
    rows = rows_of(given.matrix, "matrix")
    counts = [_of_class(rows, at) for at in range(len(rows))]
    yield Said(
        "Of each class, TP is on the diagonal, FP the rest of its column, FN that of its row."
    )
    if given.average == "micro":
        yield from _micro(given.metric, counts)
        return
    found = [_put(given.metric, three) for three in counts]
    name = found[0].name
    table: list[tuple[Value, ...]] = [
        (at, *three, step.number)
        for at, (three, step) in enumerate(zip(counts, found, strict=True))
    ]
    yield listed(("class", *COUNTS[:3], name), table)
    scores = [step.number for step in found]
    if given.average == "macro":
        yield averaged("mean", scores)
        return
    examples = [tp + fn for tp, _, fn in counts]
    total = dotted("S", examples, scores)
    yield Said("Weighted by the examples of each class, TP + FN:")
    yield total
    yield formula("mean", "S/N", S=total.number, N=sum(examples))


def _of_class(rows: tuple[tuple[Number, ...], ...], at: int) -> tuple[Number, ...]:
    """Return TP, FP and FN of a class."""
    tp = rows[at][at]
    return tp, sum(row[at] for row in rows) - tp, sum(rows[at]) - tp


def _micro(metric: str, counts: list[tuple[Number, ...]]) -> Iterator[Step]:
    """Yield the counts added up over all classes, and the metric of the sums."""
    sums = tuple(map(sum, zip(*counts, strict=True)))
    yield listed(("class", *COUNTS[:3]), [(at, *three) for at, three in enumerate(counts)])
    yield Said("Added up over all classes:")
    yield _put(metric, sums)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        precision: _share("precision"),
        recall: _share("recall"),
        specificity: _share("specificity"),
        accuracy: _share("accuracy"),
        f_score: _f_score,
        class_average: _class_average,
    }
)
