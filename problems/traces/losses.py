"""The way to losses: what each number or each example adds, then their mean or their sum L."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Array, Said, Step, Tracer, formula
from grader.display.text import GREEK, show
from grader.values import Array as NumpyArray
from grader.values import Number, Tensor, Value, exact
from problems.solvers.exact_arrays import Exact, exact_array, exact_number, matching
from problems.solvers.losses import (
    hinge_loss,
    huber_loss,
    mae,
    mse,
    smoothed_label,
    target_classes,
)
from problems.traces.sums import averaged
from problems.traces.tracing import counted_up, listed, shown, tracers

__all__ = ["TRACERS", "numbered", "reduced_to"]

DELTA: Final = GREEK["delta"]
MAX_CLASSES: Final = 6
MAX_EXAMPLES: Final = 16


def reduced_to(losses: Exact | NumpyArray, reduction: str) -> Step:
    """Return the step that makes one loss of all, or that shows each.

    >>> reduced_to(np.array([1.0, 2.0]), "mean").value
    Fraction(3, 2)
    """
    if reduction == "none":
        return shown("L", np.asarray(losses))
    cells = np.ravel(losses).tolist()
    return averaged("L", cells) if reduction == "mean" else counted_up("L", map(exact, cells))


def numbered(name: str, index: int, *, several: bool) -> str:
    """Return a name with an index where there are *several*.

    >>> numbered("L", 0, several=True)
    'L_1'
    """
    return f"{name}_{index + 1}" if several else name


def _difference(given: SimpleNamespace) -> Exact:
    one, two = matching(given.prediction, given.target, ("prediction", "target"))
    return np.asarray(one - two)


def _mse(given: SimpleNamespace) -> Iterator[Step]:
    apart = _difference(given)
    yield Said("Prediction minus target, and its square:")
    yield shown("d", apart)
    squares = np.asarray(apart**2)
    yield shown("d²", squares)
    yield reduced_to(squares, given.reduction)


def _mae(given: SimpleNamespace) -> Iterator[Step]:
    apart = _difference(given)
    yield Said("Prediction minus target, and its size:")
    yield shown("d", apart)
    sizes = np.asarray(abs(apart))
    yield shown("|d|", sizes)
    yield reduced_to(sizes, given.reduction)


def _huber(given: SimpleNamespace) -> Iterator[Step]:
    sizes = np.asarray(abs(_difference(given)))
    turn = exact_number(given.delta, "delta")
    losses = np.asarray(np.where(sizes <= turn, sizes**2 / 2, turn * (sizes - turn / 2)))
    rows: list[tuple[Value, ...]] = [
        (
            exact(size),
            "d²/2" if size <= turn else f"{DELTA}·(|d| - {DELTA}/2)",
            exact(loss),
        )
        for size, loss in zip(sizes.ravel().tolist(), losses.ravel().tolist(), strict=True)
    ]
    yield Said(
        f"d is prediction minus target; beyond {DELTA} = {show(exact(turn))} the loss is a line."
    )
    yield listed(("|d|", "formula", "loss"), rows)
    yield reduced_to(losses, given.reduction)


def _hinge(given: SimpleNamespace) -> Iterator[Step]:
    scores = exact_array(given.scores, "scores", ranks=(1, 2))
    rows = scores.reshape(-1, scores.shape[-1])
    classes = target_classes(given.target, scores.shape).ravel().tolist()
    losses = hinge_loss(
        given.scores,
        given.target,
        margin=given.margin,
        squared=given.squared,
        reduction="none",
    )
    square = ", squared" if given.squared else ""
    yield Said(f"Each wrong class adds by how much it comes nearer than the margin m{square}.")
    for at, (row, right) in enumerate(zip(rows.tolist(), classes, strict=True)):
        name = numbered("L", at, several=scores.ndim > 1)
        if at == MAX_EXAMPLES:
            yield Said(f"The other {len(rows) - at} examples follow in the same way.")
            break
        yield from _example(name, [exact(score) for score in row], right, given)
    if scores.ndim > 1:
        yield reduced_to(losses, given.reduction)


def _example(name: str, scores: list[Number], right: int, given: SimpleNamespace) -> Iterator[Step]:
    """Yield the loss of one example: all its terms where they are few."""
    margin = exact(exact_number(given.margin, "margin"))
    power = "**2" if given.squared else ""
    terms = [f"max(0, s_{j} - s_{right} + m){power}" for j in range(len(scores)) if j != right]
    known = {f"s_{j}": score for j, score in enumerate(scores)}
    if 0 < len(terms) < MAX_CLASSES:
        yield formula(name, " + ".join(terms), **known, m=margin)
        return
    near = (max(score - scores[right] + margin, 0) for score in scores)
    order = 2 if given.squared else 1
    yield counted_up(name, (by**order for at, by in enumerate(near) if at != right))


def _smoothed(given: SimpleNamespace) -> Iterator[Step]:
    known = {"eps": exact_number(given.smoothing, "smoothing"), "C": given.num_classes}
    yield Said(
        "eps of the probability is spread evenly over all classes, the right one among them."
    )
    yield formula("t_other", "eps/C", **known)
    yield formula("t_right", "1 - eps + eps/C", **known)
    yield Array("t", Tensor.from_array(given.result))


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        mse: _mse,
        mae: _mae,
        huber_loss: _huber,
        hinge_loss: _hinge,
        smoothed_label: _smoothed,
    }
)
