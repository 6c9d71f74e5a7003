"""The way from predictions and masks to counts, and to the shares that are made of them."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Array, Said, Step, Tracer, formula
from grader.values import Array as NumpyArray
from grader.values import Number, Tensor, Value, exact
from problems.solvers.bounds import array, numbers, rows_of
from problems.solvers.predictions import confusion_counts, confusion_matrix, top_k_accuracy
from problems.solvers.segmentation import dice, mask_iou, mean_iou, pixel_accuracy
from problems.traces.sums import averaged
from problems.traces.tracing import listed, tracers

__all__ = ["TRACERS"]

OUTCOMES: Final = {
    (True, True): "TP",
    (False, True): "FP",
    (True, False): "FN",
    (False, False): "TN",
}
MASKS: Final = (1, 2, 3)


def _counts(given: SimpleNamespace) -> Iterator[Step]:
    true, found = numbers(given.labels, "labels"), numbers(given.predictions, "predictions")
    rows = [
        (at, one, two, OUTCOMES[one == given.positive, two == given.positive])
        for at, (one, two) in enumerate(zip(true, found, strict=True), start=1)
    ]
    yield Said(f"Positive is class {given.positive}; true or false says whether it was right.")
    yield listed(("example", "label", "prediction", "outcome"), rows)
    yield Array("(TP, FP, FN, TN)", Tensor.of(given.result))


def _matrix(given: SimpleNamespace) -> Iterator[Step]:
    true, found = numbers(given.labels, "labels"), numbers(given.predictions, "predictions")
    yield Said("Each example adds 1 to the row of its label and the column of its prediction.")
    rows = [(at, one, two) for at, (one, two) in enumerate(zip(true, found, strict=True), start=1)]
    yield listed(("example", "row", "column"), rows)
    yield Array("M", given.result)


def _top_k(given: SimpleNamespace) -> Iterator[Step]:
    rows: list[tuple[Value, ...]] = []
    hits = 0
    labels = numbers(given.labels, "labels")
    for at, (row, label) in enumerate(zip(rows_of(given.scores, "scores"), labels, strict=True)):
        order = sorted(range(len(row)), key=lambda one: -row[one])
        rank = order.index(int(label)) + 1
        hits += rank <= given.k
        rows.append((at + 1, label, row[int(label)], rank, "yes" if rank <= given.k else "no"))
    yield Said("The rank of the true class among the scores of its example:")
    yield listed(("example", "label", "its score", "rank", f"in the top {given.k}"), rows)
    yield formula("a", "h/n", h=hits, n=len(rows))


def _pixel_accuracy(given: SimpleNamespace) -> Iterator[Step]:
    found, true = _masks(given)
    yield Said("The cells whose class is right, over all cells:")
    yield formula("a", "h/n", h=int((found == true).sum()), n=true.size)


def _masks(given: SimpleNamespace) -> tuple[NumpyArray, NumpyArray]:
    found = array(given.prediction, "prediction", ranks=MASKS)
    return found, array(given.target, "target", ranks=MASKS)


def _areas(given: SimpleNamespace, label: Number) -> dict[str, int]:
    """Return how many cells have class *label* in both masks, and in one alone."""
    found, true = (mask == label for mask in _masks(given))
    return {
        "TP": int((found & true).sum()),
        "FP": int((found & ~true).sum()),
        "FN": int((true & ~found).sum()),
    }


def _mask_iou(given: SimpleNamespace) -> Iterator[Step]:
    yield _counted(given.label)
    yield formula("IoU", "TP/(TP + FP + FN)", **_areas(given, given.label))


def _counted(label: Number) -> Said:
    return Said(f"Cells of class {label}: TP in both masks, FP and FN in one (predicted, true).")


def _dice(given: SimpleNamespace) -> Iterator[Step]:
    yield _counted(given.label)
    yield formula("Dice", "2*TP/(2*TP + FP + FN)", **_areas(given, given.label))


def _mean_iou(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("For each class, the cells in both masks over those in at least one:")
    rows, scores = [], []
    for label in map(exact, np.union1d(*_masks(given)).tolist()):
        areas = _areas(given, label)
        found = formula("IoU", "TP/(TP + FP + FN)", **areas)
        rows.append((label, *areas.values(), found.number))
        scores.append(found.number)
    yield listed(("class", "TP", "FP", "FN", "IoU"), rows)
    yield averaged("mIoU", scores)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        confusion_counts: _counts,
        confusion_matrix: _matrix,
        top_k_accuracy: _top_k,
        pixel_accuracy: _pixel_accuracy,
        mask_iou: _mask_iou,
        dice: _dice,
        mean_iou: _mean_iou,
    }
)
