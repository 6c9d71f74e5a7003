"""Tracers for predictions and masks: counts, and ratios of counts."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.display.steps import Array, SolutionStep, TextStep, Tracer, build_formula
from grader.values import Array as NumpyArray
from grader.values import Number, Tensor, Value, to_exact_number
from problems.solvers.bounds import as_array, as_numbers, as_rows
from problems.solvers.predictions import confusion_counts, confusion_matrix, top_k_accuracy
from problems.solvers.segmentation import dice, mask_iou, mean_iou, pixel_accuracy
from problems.traces.sums import mean_formula
from problems.traces.tracing import TracedArguments, build_table, build_tracers

OUTCOMES: Final = {
    (True, True): "TP",
    (False, True): "FP",
    (True, False): "FN",
    (False, False): "TN",
}
MASK_RANKS: Final = (1, 2, 3)


def _trace_confusion_counts(args: TracedArguments) -> Iterator[SolutionStep]:
    true, predicted = as_numbers(args.labels, "labels"), as_numbers(args.predictions, "predictions")
    rows = [
        (index, one, two, OUTCOMES[one == args.positive, two == args.positive])
        for index, (one, two) in enumerate(zip(true, predicted, strict=True), start=1)
    ]
    yield TextStep(f"Positive is class {args.positive}; true or false says whether it was right.")
    yield build_table(("example", "label", "prediction", "outcome"), rows)
    yield Array("(TP, FP, FN, TN)", Tensor.from_nested(args.result))


def _trace_confusion_matrix(args: TracedArguments) -> Iterator[SolutionStep]:
    true, predicted = as_numbers(args.labels, "labels"), as_numbers(args.predictions, "predictions")
    yield TextStep("Each example adds 1 to the row of its label and the column of its prediction.")
    rows = [
        (index, one, two)
        for index, (one, two) in enumerate(zip(true, predicted, strict=True), start=1)
    ]
    yield build_table(("example", "row", "column"), rows)
    yield Array("M", args.result)


def _trace_top_k_accuracy(args: TracedArguments) -> Iterator[SolutionStep]:
    rows: list[tuple[Value, ...]] = []
    hits = 0
    labels = as_numbers(args.labels, "labels")
    for index, (row, label) in enumerate(zip(as_rows(args.scores, "scores"), labels, strict=True)):
        order = sorted(range(len(row)), key=lambda item: -row[item])
        rank = order.index(int(label)) + 1
        hits += rank <= args.k
        rows.append((index + 1, label, row[int(label)], rank, "yes" if rank <= args.k else "no"))
    yield TextStep("The rank of the true class among the scores of its example:")
    yield build_table(("example", "label", "its score", "rank", f"in the top {args.k}"), rows)
    yield build_formula("a", "h/n", h=hits, n=len(rows))


def _trace_pixel_accuracy(args: TracedArguments) -> Iterator[SolutionStep]:
    predicted, true = _parse_masks(args)
    yield TextStep("The cells with the correct class, divided by all cells:")
    yield build_formula("a", "h/n", h=int((predicted == true).sum()), n=true.size)


def _parse_masks(args: TracedArguments) -> tuple[NumpyArray, NumpyArray]:
    predicted = as_array(args.prediction, "prediction", ranks=MASK_RANKS)
    return predicted, as_array(args.target, "target", ranks=MASK_RANKS)


def _count_class_cells(args: TracedArguments, label: Number) -> dict[str, int]:
    """Return TP, FP and FN of class *label*, over the cells of both masks."""
    predicted, true = (mask == label for mask in _parse_masks(args))
    return {
        "TP": int((predicted & true).sum()),
        "FP": int((predicted & ~true).sum()),
        "FN": int((true & ~predicted).sum()),
    }


def _trace_mask_iou(args: TracedArguments) -> Iterator[SolutionStep]:
    yield _describe_class_counts(args.label)
    yield build_formula("IoU", "TP/(TP + FP + FN)", **_count_class_cells(args, args.label))


def _describe_class_counts(label: Number) -> TextStep:
    return TextStep(
        f"Cells of class {label}: TP in both masks, FP and FN in one (predicted, true)."
    )


def _trace_dice(args: TracedArguments) -> Iterator[SolutionStep]:
    yield _describe_class_counts(args.label)
    yield build_formula("Dice", "2*TP/(2*TP + FP + FN)", **_count_class_cells(args, args.label))


def _trace_mean_iou(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("For each class, the cells in both masks divided by those in at least one:")
    rows, scores = [], []
    for label in map(to_exact_number, np.union1d(*_parse_masks(args)).tolist()):
        areas = _count_class_cells(args, label)
        iou = build_formula("IoU", "TP/(TP + FP + FN)", **areas)
        rows.append((label, *areas.values(), iou.number))
        scores.append(iou.number)
    yield build_table(("class", "TP", "FP", "FN", "IoU"), rows)
    yield mean_formula("mIoU", scores)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        confusion_counts: _trace_confusion_counts,
        confusion_matrix: _trace_confusion_matrix,
        top_k_accuracy: _trace_top_k_accuracy,
        pixel_accuracy: _trace_pixel_accuracy,
        mask_iou: _trace_mask_iou,
        dice: _trace_dice,
        mean_iou: _trace_mean_iou,
    }
)
