"""Tracers for metrics: counts of right and wrong predictions in the metric's formula.

TP, FP, FN and TN are the true positives, false positives, false negatives and true
negatives.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import Formula, SolutionStep, TextStep, Tracer, build_formula
from grader.values import Number, Value
from problems.solvers.bounds import as_numbers, as_rows
from problems.solvers.metrics import (
    accuracy,
    class_average,
    f_score,
    precision,
    recall,
    specificity,
)
from problems.traces.sums import dot_product_formula, mean_formula
from problems.traces.tracing import TracedArguments, TraceFunction, build_table, build_tracers

COUNT_NAMES: Final = ("TP", "FP", "FN", "TN")
METRIC_FORMULAS: Final = {
    "precision": ("P", "TP/(TP + FP)"),
    "recall": ("R", "TP/(TP + FN)"),
    "f1": ("F_1", "2*TP/(2*TP + FP + FN)"),
    "specificity": ("s", "TN/(TN + FP)"),
    "accuracy": ("a", "(TP + TN)/(TP + FP + FN + TN)"),
}
METRIC_DESCRIPTIONS: Final = {
    "precision": "The share of the predicted positives that are positive:",
    "recall": "The share of the positives that were found:",
    "specificity": "The share of the negatives that were found:",
    "accuracy": "The share of all predictions that are correct:",
}
F_BETA_FORMULA: Final = "(1 + beta**2)*TP/((1 + beta**2)*TP + beta**2*FN + FP)"


def _build_metric_formula(metric: str, counts: tuple[Number, ...]) -> Formula:
    """Return the formula of *metric* with *counts* substituted."""
    name, source = METRIC_FORMULAS[metric]
    return build_formula(name, source, **dict(zip(COUNT_NAMES, counts, strict=False)))


def _make_metric_trace(metric: str) -> TraceFunction:
    """Return the trace function of a *metric* that is a ratio of counts."""

    def trace_metric(args: TracedArguments) -> Iterator[SolutionStep]:
        yield TextStep(METRIC_DESCRIPTIONS[metric])
        yield _build_metric_formula(metric, as_numbers(args.counts, "counts"))

    return trace_metric


def _trace_f_score(args: TracedArguments) -> Iterator[SolutionStep]:
    counts = as_numbers(args.counts, "counts")
    if args.beta == 1:
        yield TextStep("The harmonic mean of precision and recall, in counts:")
        yield _build_metric_formula("f1", counts)
        return
    yield TextStep("The harmonic mean of precision and recall, with recall weighted by beta:")
    known = dict(zip(COUNT_NAMES, counts, strict=False))
    yield build_formula("F", F_BETA_FORMULA, **known, beta=as_numbers((args.beta,), "beta")[0])


def _trace_class_average(args: TracedArguments) -> Iterator[SolutionStep]:
    rows = as_rows(args.matrix, "matrix")
    counts = [_class_counts(rows, index) for index in range(len(rows))]
    yield TextStep(
        "For each class, TP is on the diagonal, FP is the rest of its column, FN that of its row."
    )
    if args.average == "micro":
        yield from _trace_micro_average(args.metric, counts)
        return
    formulas = [_build_metric_formula(args.metric, three) for three in counts]
    name = formulas[0].name
    table: list[tuple[Value, ...]] = [
        (index, *three, step.number)
        for index, (three, step) in enumerate(zip(counts, formulas, strict=True))
    ]
    yield build_table(("class", *COUNT_NAMES[:3], name), table)
    scores = [step.number for step in formulas]
    if args.average == "macro":
        yield mean_formula("mean", scores)
        return
    examples = [tp + fn for tp, _, fn in counts]
    total = dot_product_formula("S", examples, scores)
    yield TextStep("Weighted by the number of examples of each class, TP + FN:")
    yield total
    yield build_formula("mean", "S/N", S=total.number, N=sum(examples))


def _class_counts(rows: tuple[tuple[Number, ...], ...], index: int) -> tuple[Number, ...]:
    """Return TP, FP and FN of class *index*, from the *rows* of a confusion matrix."""
    tp = rows[index][index]
    return tp, sum(row[index] for row in rows) - tp, sum(rows[index]) - tp


def _trace_micro_average(metric: str, counts: list[tuple[Number, ...]]) -> Iterator[SolutionStep]:
    """Yield the counts summed over all classes, then the metric of the sums."""
    sums = tuple(map(sum, zip(*counts, strict=True)))
    yield build_table(
        ("class", *COUNT_NAMES[:3]), [(index, *three) for index, three in enumerate(counts)]
    )
    yield TextStep("Added up over all classes:")
    yield _build_metric_formula(metric, sums)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        precision: _make_metric_trace("precision"),
        recall: _make_metric_trace("recall"),
        specificity: _make_metric_trace("specificity"),
        accuracy: _make_metric_trace("accuracy"),
        f_score: _trace_f_score,
        class_average: _trace_class_average,
    }
)
