"""Tracers for losses: the term of each number or example, then their mean or sum L."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.display.steps import Array, SolutionStep, TextStep, Tracer, build_formula
from grader.display.text import GREEK, to_text
from grader.values import Array as NumpyArray
from grader.values import Number, Tensor, Value, to_exact_number
from problems.solvers.exact_arrays import (
    FractionArray,
    as_fraction,
    as_fraction_array,
    as_matching_arrays,
)
from problems.solvers.losses import (
    as_target_classes,
    hinge_loss,
    huber_loss,
    mae,
    mse,
    smoothed_label,
)
from problems.traces.sums import mean_formula
from problems.traces.tracing import (
    TracedArguments,
    build_table,
    build_tracers,
    show_array,
    sum_formula,
)

DELTA: Final = GREEK["delta"]
MAX_CLASSES: Final = 6
MAX_EXAMPLES: Final = 16


def build_reduction_step(losses: FractionArray | NumpyArray, reduction: str) -> SolutionStep:
    """Return the step that reduces *losses* to their mean or sum, or shows each loss.

    >>> build_reduction_step(np.array([1.0, 2.0]), "mean").value
    Fraction(3, 2)
    """
    if reduction == "none":
        return show_array("L", np.asarray(losses))
    cells = np.ravel(losses).tolist()
    return (
        mean_formula("L", cells)
        if reduction == "mean"
        else sum_formula("L", map(to_exact_number, cells))
    )


def format_indexed_name(name: str, index: int, *, several: bool) -> str:
    """Return *name* with an index, counted from 1, if there are *several*.

    >>> format_indexed_name("L", 0, several=True)
    'L_1'
    """
    return f"{name}_{index + 1}" if several else name


def _compute_difference(args: TracedArguments) -> FractionArray:
    prediction, target = as_matching_arrays(args.prediction, args.target, ("prediction", "target"))
    return np.asarray(prediction - target)


def _trace_mse(args: TracedArguments) -> Iterator[SolutionStep]:
    differences = _compute_difference(args)
    yield TextStep("Prediction minus target, and its square:")
    yield show_array("d", differences)
    squares = np.asarray(differences**2)
    yield show_array("d²", squares)
    yield build_reduction_step(squares, args.reduction)


def _trace_mae(args: TracedArguments) -> Iterator[SolutionStep]:
    differences = _compute_difference(args)
    yield TextStep("Prediction minus target, and its absolute value:")
    yield show_array("d", differences)
    sizes = np.asarray(abs(differences))
    yield show_array("|d|", sizes)
    yield build_reduction_step(sizes, args.reduction)


def _trace_huber_loss(args: TracedArguments) -> Iterator[SolutionStep]:
    sizes = np.asarray(abs(_compute_difference(args)))
    delta = as_fraction(args.delta, "delta")
    losses = np.asarray(np.where(sizes <= delta, sizes**2 / 2, delta * (sizes - delta / 2)))
    rows: list[tuple[Value, ...]] = [
        (
            to_exact_number(size),
            "d²/2" if size <= delta else f"{DELTA}·(|d| - {DELTA}/2)",
            to_exact_number(loss),
        )
        for size, loss in zip(sizes.ravel().tolist(), losses.ravel().tolist(), strict=True)
    ]
    yield TextStep(
        f"d is prediction minus target; beyond {DELTA} = {to_text(to_exact_number(delta))} "
        "the loss is a line."
    )
    yield build_table(("|d|", "formula", "loss"), rows)
    yield build_reduction_step(losses, args.reduction)


def _trace_hinge_loss(args: TracedArguments) -> Iterator[SolutionStep]:
    scores = as_fraction_array(args.scores, "scores", ranks=(1, 2))
    rows = scores.reshape(-1, scores.shape[-1])
    classes = as_target_classes(args.target, scores.shape).ravel().tolist()
    losses = hinge_loss(
        args.scores,
        args.target,
        margin=args.margin,
        squared=args.squared,
        reduction="none",
    )
    square = ", squared" if args.squared else ""
    yield TextStep(
        f"Each wrong class contributes the amount by which it violates the margin m{square}."
    )
    for index, (row, right) in enumerate(zip(rows.tolist(), classes, strict=True)):
        name = format_indexed_name("L", index, several=scores.ndim > 1)
        if index == MAX_EXAMPLES:
            yield TextStep(f"The other {len(rows) - index} examples follow in the same way.")
            break
        yield from _trace_hinge_example(
            name, [to_exact_number(score) for score in row], right, args
        )
    if scores.ndim > 1:
        yield build_reduction_step(losses, args.reduction)


def _trace_hinge_example(
    name: str, scores: list[Number], right: int, args: TracedArguments
) -> Iterator[SolutionStep]:
    """Yield the hinge loss of one example, in full if there are few classes."""
    margin = to_exact_number(as_fraction(args.margin, "margin"))
    power = "**2" if args.squared else ""
    terms = [f"max(0, s_{j} - s_{right} + m){power}" for j in range(len(scores)) if j != right]
    known = {f"s_{j}": score for j, score in enumerate(scores)}
    if 0 < len(terms) < MAX_CLASSES:
        yield build_formula(name, " + ".join(terms), **known, m=margin)
        return
    near = (max(score - scores[right] + margin, 0) for score in scores)
    order = 2 if args.squared else 1
    yield sum_formula(name, (by**order for index, by in enumerate(near) if index != right))


def _trace_smoothed_label(args: TracedArguments) -> Iterator[SolutionStep]:
    known = {"eps": as_fraction(args.smoothing, "smoothing"), "C": args.num_classes}
    yield TextStep(
        "eps of the probability is spread evenly over all classes, including the true one."
    )
    yield build_formula("t_other", "eps/C", **known)
    yield build_formula("t_right", "1 - eps + eps/C", **known)
    yield Array("t", Tensor.from_array(args.result))


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        mse: _trace_mse,
        mae: _trace_mae,
        huber_loss: _trace_huber_loss,
        hinge_loss: _trace_hinge_loss,
        smoothed_label: _trace_smoothed_label,
    }
)
