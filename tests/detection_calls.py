"""Calls that reveal the mistakes of the solvers of sizes, fields, boxes and metrics.

Each solver has its positional and keyword arguments. Some need several calls, since
their mistakes exclude each other.
"""

from fractions import Fraction
from typing import Any, Final, TypeAlias

from grader.values import Tensor
from problems.network.constructors.all_constructors import conv, max_pool, network

Call: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]

LAYERS: Final = ((5, 2, 3, 1), (3, 2, 1, 1), (3, 1, 1, 0))
POOLED: Final = network(conv(8, 3, padding=1), max_pool(2), conv(8, 3))
ONE: Final = (1, 2, 9, 5)
TWO: Final = (3, 1, 5, 11)
APART: Final = (20, 21, 32, 34)
SEVERAL: Final = Tensor.from_nested([[0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4], [30, 30, 32, 33]])
OTHERS: Final = Tensor.from_nested([[1, 0, 5, 4], [12, 12, 15, 14]])
SCORES: Final = (Fraction(7, 10), Fraction(8, 10), Fraction(9, 10), Fraction(1, 10))
COUNTS: Final = (8, 2, 4, 6)
MATRIX: Final = Tensor.from_nested([[50, 3, 7], [10, 20, 0], [2, 2, 6]])
FEWER: Final = (Tensor.from_nested([[1, 0, 0]]), Tensor.from_nested([[1, 1, 1]]))
MASKS: Final = (
    Tensor.from_nested([[1, 1, 0], [0, 1, 2]]),
    Tensor.from_nested([[1, 0, 1], [1, 1, 2]]),
)
MATCHES: Final = (1, 1, 0, 1, 0)
RANKS: Final = (5, 1, 4, 2, 3)

OVERLAPPING: Final[list[Call]] = [((ONE, TWO), {}), ((ONE, APART), {})]
DETECTORS: Final[list[Call]] = [((1, 80), {}), ((3, 80), {}), ((8, 80), {})]

DETECTION_CALLS: Final[dict[str, list[Call]]] = {
    "same_padding_ends": [((224, 7), {"stride": 2, "dilation": 2}), ((20, 4), {"stride": 3})],
    "transposed_shape": [
        (
            ((7, 9, 16), 8, 4),
            {"stride": 3, "padding": 1, "output_padding": 2, "dilation": 2},
        )
    ],
    "upsample_shape": [(((7, 9, 16), 2), {})],
    "pixel_shuffle_shape": [(((7, 9, 16), 2), {})],
    "pixel_unshuffle_shape": [(((8, 6, 16), 2), {})],
    "crop_margins": [((65, 56), {})],
    "kernel_for": [
        ((33, 10), {"stride": 3, "padding": 1}),
        ((33, 27), {"dilation": 2}),
    ],
    "padding_for": [((32, 16, 5), {"stride": 2}), ((32, 32, 5), {"dilation": 2})],
    "stride_for": [((12, 4, 5), {"padding": 4}), ((20, 4, 5), {"dilation": 2})],
    "filter_from": [
        (((1, 2, 4, 7, 3), (5, 10, 18, 13)), {}),
        (((1, 2, 4, 7), (5, 18)), {"stride": 2, "kernel_size": 2}),
        (((2, 3, 1, 5, 4), (4, 12)), {"padding": 1, "stride": 3, "kernel_size": 2}),
    ],
    "receptive_field": [((LAYERS,), {}), ((POOLED,), {})],
    "effective_stride": [((LAYERS,), {}), ((POOLED,), {}), ((((3, 2), (3, 3)),), {})],
    "field_centre": [((LAYERS, 3), {})],
    "field_range": [((LAYERS, 3), {}), ((POOLED, 3), {})],
    "receptive_field_trace": [((LAYERS,), {})],
    "layers_for_field": [((40, 3), {}), ((40, 3), {"stride": 2}), ((40, 3), {"dilation": 2})],
    "yolo_depth": DETECTORS,
    "yolo_box_depth": [((5, 80), {}), ((8, 80), {})],
    "yolo_output_shapes": [((version, 640, 80), {}) for version in (1, 3, 8)],
    "yolo_boxes": [((3, 416), {})],
    "ssd_depth": [((20, 6), {})],
    "retinanet_depth": [
        ((20,), {"branch": "all"}),
        ((20,), {"branch": "box"}),
    ],
    "rpn_depth": [((9,), {})],
    "fcos_depth": [((80,), {})],
    "rcnn_depth": [((20,), {"branch": "all"})],
    "pyramid_grids": [((300, (8, 16)), {})],
    "anchor_count": [(((38, 19), (4, 6)), {})],
    "box_area": [((ONE,), {})],
    "convert_box": [((ONE, "xyxy", "cxcywh"), {"image": (20, 40)})],
    "intersection_area": OVERLAPPING,
    "union_area": OVERLAPPING,
    "iou": OVERLAPPING,
    "giou": OVERLAPPING,
    "diou": OVERLAPPING,
    "ciou": OVERLAPPING,
    "iou_matrix": [((SEVERAL, OTHERS), {})],
    "nms": [
        ((SEVERAL, SCORES, Fraction(3, 10)), {"min_score": Fraction(1, 5)}),
        ((SEVERAL, SCORES, Fraction(1, 3)), {}),
        ((SEVERAL, SCORES, Fraction(1, 4)), {"classes": (0, 1, 0, 1)}),
        (
            (
                Tensor.from_nested([[0, 0, 4, 4], [9, 9, 13, 13]]),
                (Fraction(1, 2), 1),
                Fraction(1, 2),
            ),
            {},
        ),
        (
            (Tensor.from_nested([[0, 0, 8, 8], [1, 1, 3, 3]]), (Fraction(1, 2), 1), Fraction(1, 2)),
            {},
        ),
        ((Tensor.from_nested([[10, 10, 14, 14], [12, 10, 16, 14]]), (2, 1), Fraction(1, 2)), {}),
        (
            (
                Tensor.from_nested([[0, 0, 4, 4], [20, 20, 24, 24], [0, 1, 4, 5]]),
                (1, Fraction(1, 2), Fraction(1, 3)),
                Fraction(1, 2),
            ),
            {},
        ),
        ((Tensor.from_nested([[0, 0, 4, 4], [0, 0, 4, 4]]), (2, 1), Fraction(1, 4)), {}),
    ],
    "soft_nms": [((SEVERAL, SCORES), {})],
    "responsible_cell": [(((250, 100), (448, 448), 7), {})],
    "cell_offset": [(((250, 100), (448, 448), 7), {})],
    "best_anchor": [(((30, 60), Tensor.from_nested([[10, 13], [31, 58], [90, 90]])), {})],
    "decode_yolo_box": [(((1, 2, 1, -1), (3, 5), (10, 13)), {"stride": 32})],
    "decode_deltas": [
        (((1, 2, 1, -1), ONE), {"variances": (Fraction(1, 10), Fraction(1, 5))}),
    ],
    "anchor_deltas": [((TWO, ONE), {"variances": (Fraction(1, 10), Fraction(1, 5))})],
    "match_detections": [
        ((SEVERAL, SCORES, Tensor.from_nested([[0, 0, 4, 4], [2, 0, 6, 4]])), {}),
        ((Tensor.from_nested([[0, 0, 4, 4]] * 2), (1, 2), Tensor.from_nested([[0, 0, 4, 4]])), {}),
        ((Tensor.from_nested([[0, 0, 4, 4]]), (1,), Tensor.from_nested([[0, 0, 4, 8]])), {}),
        ((Tensor.from_nested([[0, 0, 4, 4]]), (1,), Tensor.from_nested([[1, 0, 5, 4]])), {}),
        ((Tensor.from_nested([[0, 0, 8, 8]]), (1,), Tensor.from_nested([[1, 1, 3, 3]])), {}),
        ((Tensor.from_nested([[0, 0, 2, 2]]), (1,), Tensor.from_nested([[5, 5, 9, 9]])), {}),
        ((Tensor.from_nested([[8, 8, 9, 9]]), (1,), Tensor.from_nested([[7, 7, 8, 8]])), {}),
    ],
    "anchor_labels": [
        ((SEVERAL, OTHERS), {}),
        ((SEVERAL, OTHERS), {"keep_best": False, "positive": Fraction(1, 2)}),
        ((SEVERAL, OTHERS), {"keep_best": False}),
        ((SEVERAL, Tensor.from_nested([[1, 1, 3, 3]])), {}),
        ((Tensor.from_nested([[0, 0, 4, 4]]), Tensor.from_nested([[5, 5, 9, 9]])), {}),
    ],
    "precision_recall_curve": [((RANKS, MATCHES, 5), {})],
    "average_precision": [
        ((RANKS, MATCHES, 5), {}),
        ((RANKS, MATCHES, 5), {"method": "11_point"}),
        ((RANKS, MATCHES, 7), {}),
    ],
    "mean_average_precision": [
        ((Tensor.from_nested([[Fraction(1, 2), Fraction(1, 3)], [1, 0]]),), {})
    ],
    "confusion_counts": [(((1, 1, 0, 0, 1, 1), (1, 0, 1, 0, 1, 0)), {})],
    "confusion_matrix": [(((0, 0, 1), (0, 1, 1)), {"classes": 2})],
    "precision": [((COUNTS,), {})],
    "recall": [((COUNTS,), {})],
    "specificity": [((COUNTS,), {})],
    "accuracy": [((COUNTS,), {}), (((8, 2, 4, 9),), {})],
    "f_score": [((COUNTS,), {})],
    "class_average": [((MATRIX, "precision"), {}), ((MATRIX, "recall"), {})],
    "top_k_accuracy": [((Tensor.from_nested([[5, 3, 2], [1, 6, 3]]), (1, 1), 2), {})],
    "pixel_accuracy": [(FEWER, {}), (MASKS, {})],
    "mask_iou": [(MASKS, {}), (MASKS[::-1], {}), (FEWER, {})],
    "dice": [(MASKS, {}), (MASKS[::-1], {}), (FEWER, {})],
    "mean_iou": [(MASKS, {})],
}
