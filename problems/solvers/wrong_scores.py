"""Rare wrong versions of overlaps, metrics, losses and normalizations."""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number, simplify_number
from problems.solvers.bounds import as_array
from problems.solvers.boxes import box_area
from problems.solvers.cross_entropy import cross_entropy, softmax_cross_entropy
from problems.solvers.distances import distance, triplet_loss
from problems.solvers.loss_gradients import softmax_cross_entropy_gradient
from problems.solvers.losses import hinge_loss, huber_loss, mae, mse
from problems.solvers.metrics import accuracy, exact_ratio, f_score, precision, recall
from problems.solvers.normalisation import batch_norm_values, layer_norm_values
from problems.solvers.overlaps import ciou, diou, giou, intersection_area, iou
from problems.solvers.segmentation import dice, mask_iou
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

BINARY_LABELS: Final = (0, 1)

# Overlaps.


def _overlap_over_larger(args: SolverArguments) -> Number:
    """Return the intersection divided by the area of the larger box."""
    options = {"fmt": args.fmt, "inclusive": args.inclusive}
    shared = intersection_area(args.box, args.other, **options)
    return exact_ratio(shared, max(box_area(box, **options) for box in (args.box, args.other)))


def _add_penalty(solver: Callable[..., Number | float]) -> Solver:
    """Return *solver* with its penalty added to the plain IoU instead of subtracted."""
    return replace_formula(solver, lambda args: 2 * iou(**vars(args)) - solver(**vars(args)))


# Metrics.


def _counts_of_other_class(args: SolverArguments) -> tuple[int, int, int, int]:
    """Return the counts if the other class is the positive one."""
    tp, fp, fn, tn = _require_four_counts(args)
    return tn, fn, fp, tp


def _require_four_counts(args: SolverArguments) -> tuple[int, int, int, int]:
    counts = tuple(args.counts)
    if len(counts) != 4:  # noqa: PLR2004 - TP, FP, FN and TN
        raise SolverError("the true negatives are not counted")
    tp, fp, fn, tn = counts
    return tp, fp, fn, tn


def _true_positives_over_all(args: SolverArguments) -> Number:
    counts = _require_four_counts(args)
    return exact_ratio(counts[0], sum(counts))


def _true_negatives_over_all(args: SolverArguments) -> Number:
    counts = _require_four_counts(args)
    return exact_ratio(counts[3], sum(counts))


def _true_positives_over_union(args: SolverArguments) -> Number:
    if args.beta != 1:
        raise SolverError("the score is weighted")
    tp, fp, fn, *_ = args.counts
    return exact_ratio(tp, tp + fp + fn)


def _opposite_label(args: SolverArguments) -> int:
    labels = set(np.unique([args.prediction, args.target]).tolist())
    if args.label not in BINARY_LABELS or not labels <= set(BINARY_LABELS):
        raise SolverError("there are more than two classes")
    return 1 - int(args.label)


# Losses.


def _scores_for_class_targets(args: SolverArguments, name: str) -> Array:
    """Return the scores of the classes; raise `SolverError` unless the target is a class."""
    rows = np.asarray(getattr(args, name), dtype=float)
    if np.shape(args.target) != rows.shape[:-1]:
        raise SolverError("the target is not a class")
    return cast("Array", rows)


def _build_true_class_mistakes(solver: Solver, name: str) -> Mapping[str, Solver]:
    """Return the wrong versions of a loss of *name*, the scores, for another true class."""
    return {
        "most_probable_class": replace_arguments(
            solver,
            target=lambda args: _to_class_argument(
                _scores_for_class_targets(args, name).argmax(axis=-1)
            ),
        ),
        "class_zero_taken": replace_arguments(
            solver,
            target=lambda args: _to_class_argument(
                np.zeros(_scores_for_class_targets(args, name).shape[:-1])
            ),
        ),
    }


def _to_class_argument(classes: Array) -> object:
    whole = classes.astype(int)
    return whole if whole.ndim else int(whole)


def _make_version_divided_by_class_count(solver: Callable[..., object], name: str) -> Solver:
    """Return *solver* with the sum of its losses divided by the classes, not the examples."""

    def formula(args: SolverArguments) -> object:
        rows = _scores_for_class_targets(args, name)
        if args.reduction != "mean" or rows.ndim == 1:
            raise SolverError("there is no mean over examples")
        total = np.asarray(solver(**{**vars(args), "reduction": "sum"}))
        return (total / rows.shape[-1])[()]

    return replace_formula(solver, formula)


def _error_wrong_versions(solver: Callable[..., Number]) -> Mapping[str, Solver]:
    """Return the wrong versions of a mean error with another number of terms."""

    def divide(count_terms: Callable[[tuple[int, ...]], int]) -> Solver:
        def formula(args: SolverArguments) -> Number:
            if args.reduction != "mean":
                raise SolverError("no mean is asked for")
            terms = count_terms(np.shape(args.prediction))
            total = solver(**{**vars(args), "reduction": "sum"})
            return simplify_number(Fraction(total) / terms)

        return replace_formula(solver, formula)

    return {
        "divided_by_one_less": divide(_count_terms_minus_one),
        "divided_by_rows": divide(lambda shape: _row_and_column_counts(shape)[0]),
        "divided_by_columns": divide(_column_count),
    }


def _count_terms_minus_one(shape: tuple[int, ...]) -> int:
    count = math.prod(shape)
    if count == 1:
        raise SolverError("there is one term")
    return count - 1


def _row_and_column_counts(shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) != 2:  # noqa: PLR2004 - examples and features
        raise SolverError("the values have no rows and columns")
    return shape[0], shape[1]


def _column_count(shape: tuple[int, ...]) -> int:
    rows, columns = _row_and_column_counts(shape)
    if rows == columns:
        raise SolverError("there are as many rows")
    return columns


def _distance_difference(args: SolverArguments) -> Number:
    """Return the difference of the distances, without the margin and not cut off at 0."""
    near, far = (
        distance(args.anchor, other, squared=args.squared)
        for other in (args.positive, args.negative)
    )
    return simplify_number(Fraction(near) - Fraction(far))


# Normalizations.


def _normalize_other_axis(args: SolverArguments) -> Array:
    """Return a batch (B, C) normalized with the statistics of each example."""
    if args.axis is None or np.ndim(args.x) != 2:  # noqa: PLR2004 - examples and features
        raise SolverError("there is no other axis")
    if args.mean is not None or args.var is not None:
        raise SolverError("the statistics are given")
    options = {"gamma": args.gamma, "beta": args.beta}
    cells = batch_norm_values(args.x, eps=args.eps, axis=1 - args.axis)
    neutral = {"mean": 0, "var": 1, "eps": 0, "axis": args.axis}
    return batch_norm_values(cells, **neutral, **options)


def _normalize_columns(args: SolverArguments) -> Array:
    """Return layer normalization with the statistics of the columns."""
    if np.ndim(args.x) != 2:  # noqa: PLR2004 - examples and features
        raise SolverError("there is no other axis")
    cells = batch_norm_values(args.x, eps=args.eps, axis=1)
    return batch_norm_values(cells, mean=0, var=1, eps=0, axis=1, gamma=args.gamma, beta=args.beta)


def _normalize_over_all(args: SolverArguments) -> Array:
    """Return layer normalization with the statistics of all values together."""
    if np.ndim(args.x) == 1:
        raise SolverError("there is one row")
    cells = batch_norm_values(as_array(args.x, "x", ranks=(2, 3, 4)), eps=args.eps)
    last = cells.ndim - 1
    return batch_norm_values(
        cells, mean=0, var=1, eps=0, axis=last, gamma=args.gamma, beta=args.beta
    )


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(iou, {"over_larger_box": replace_formula(iou, _overlap_over_larger)}),
    *(
        version
        for solver in (giou, diou, ciou)
        for version in build_wrong_versions(solver, {"penalty_added": _add_penalty(solver)})
    ),
    *(
        version
        for solver in (precision, recall)
        for version in build_wrong_versions(
            solver, {"hits_over_all": replace_formula(solver, _true_positives_over_all)}
        )
    ),
    *build_wrong_versions(
        precision,
        {"other_class_positive": replace_arguments(precision, counts=_counts_of_other_class)},
    ),
    *build_wrong_versions(
        f_score,
        {
            "other_class_positive": replace_arguments(f_score, counts=_counts_of_other_class),
            "overlap_for_f_score": replace_formula(f_score, _true_positives_over_union),
        },
    ),
    *build_wrong_versions(
        accuracy, {"true_positives_left_out": replace_formula(accuracy, _true_negatives_over_all)}
    ),
    *(
        version
        for solver in (mask_iou, dice)
        for version in build_wrong_versions(
            solver, {"other_class_positive": replace_arguments(solver, label=_opposite_label)}
        )
    ),
    *(
        version
        for solver in (mse, mae, huber_loss)
        for version in build_wrong_versions(solver, _error_wrong_versions(solver))
    ),
    *build_wrong_versions(
        softmax_cross_entropy,
        {
            **_build_true_class_mistakes(softmax_cross_entropy, "logits"),
            "divided_by_class_count": _make_version_divided_by_class_count(
                softmax_cross_entropy, "logits"
            ),
        },
    ),
    *build_wrong_versions(
        cross_entropy,
        {
            **_build_true_class_mistakes(cross_entropy, "probabilities"),
            "divided_by_class_count": _make_version_divided_by_class_count(
                cross_entropy, "probabilities"
            ),
        },
    ),
    *build_wrong_versions(
        softmax_cross_entropy_gradient,
        _build_true_class_mistakes(softmax_cross_entropy_gradient, "logits"),
    ),
    *build_wrong_versions(hinge_loss, _build_true_class_mistakes(hinge_loss, "scores")),
    *build_wrong_versions(
        triplet_loss, {"distances_compared": replace_formula(triplet_loss, _distance_difference)}
    ),
    *build_wrong_versions(
        batch_norm_values,
        {"statistics_of_other_axis": replace_formula(batch_norm_values, _normalize_other_axis)},
    ),
    *build_wrong_versions(
        layer_norm_values,
        {
            "statistics_of_other_axis": replace_formula(layer_norm_values, _normalize_columns),
            "statistics_over_all": replace_formula(layer_norm_values, _normalize_over_all),
        },
    ),
)
