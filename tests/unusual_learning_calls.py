"""Solver calls traced differently from the examples: detection, losses, training."""

from fractions import Fraction
from itertools import product
from typing import Any, Final

from grader.values import Tensor

HALF: Final = Fraction(1, 2)
TENTH: Final = Fraction(1, 10)
A: Final = (1, 2, 9, 5)
B: Final = (3, 1, 5, 11)
FORMATS: Final = ("xyxy", "xywh", "cxcywh")
ROW: Final = Tensor((12, 4), tuple(n for at in range(12) for n in (at, 0, at + 4, 4 + at % 3)))
ROW_SCORES: Final = tuple(Fraction(n, 20) for n in (9, 3, 12, 5, 17, 8, 1, 14, 6, 2, 11, 4))
TRUTHS: Final = Tensor.from_nested([[0, 0, 4, 4], [5, 0, 9, 5]])
CONFUSION: Final = Tensor.from_nested([[50, 3, 7], [10, 20, 0], [2, 2, 6]])
MASK: Final = Tensor.from_nested([[[0, 1], [2, 2]], [[1, 1], [0, 2]]])
TRUE_MASK: Final = Tensor.from_nested([[[0, 1], [1, 2]], [[1, 0], [0, 2]]])
MORE: Final = Tensor.from_nested([[2, HALF], [4, 3]])
LESS: Final = Tensor.from_nested([[1, 3], [Fraction(1, 4), 3]])
MANY: Final = Tensor((20, 3), tuple(at * 7 % 11 for at in range(60)))
MANY_CLASSES: Final = Tensor((20,), tuple(at % 3 for at in range(20)))
SHARES: Final = Tensor.from_nested([[HALF, HALF, 0], [Fraction(1, 4), Fraction(1, 4), HALF]])
SCORES: Final = Tensor.from_nested([[3, 1, -2], [1, 4, HALF]])
X: Final = Tensor.from_nested([[1, -2, 3, 0], [4, 5, -6, 2], [-7, 8, 9, 1]])
W: Final = Tensor.from_nested([[1, 2], [-3, 4]])
MAPS: Final = Tensor.from_nested([[[1, 2, 0], [3, 1, 1]], [[0, 1, 5], [2, 2, 1]]])
FILTERS: Final = Tensor.from_nested([[[[1, 2]]], [[[3, 1]]]])
TALL: Final = Tensor((9, 12), tuple(at * 5 % 13 - 4 for at in range(108)))
KEYS: Final = Tensor.from_nested([[1, 0, 2, 1], [3, HALF, 0, 1], [1, 1, 1, 4]])
QUERIES: Final = Tensor.from_nested([[1, 2, 0, 1], [0, 1, 3, 1]])
VALUES: Final = Tensor.from_nested([[1, 5, 2, 0, 1, 1], [0, 3, 1, 7, 2, 2], [4, 1, 1, 2, 0, 3]])
BACK: Final = Tensor.from_nested([1, -2, 3, 4])
WIDE: Final = Tensor.from_nested([[-8, -1, 0, 1], [3, 7, HALF, 2]])
SLOPED: Final = ("relu6", "leaky_relu", "elu", "tanh", "softplus", "silu", "gelu", "softmax")

UNUSUAL_LEARNING_CALLS: Final[dict[str, list[Any]]] = {
    "yolo_depth": [((1, 20), {"boxes": 3}), ((11, 80), {"reg_max": 8}), ((2, 20), {})],
    "yolo_grid": [(((320, 416), 32), {})],
    "yolo_output_shapes": [
        ((5, (320, 640), 3), {"boxes": 2, "layout": "CHW"}),
        ((2, 416, 20), {}),
    ],
    "yolo_boxes": [((2, (320, 416)), {}), ((11, 320), {})],
    "ssd_depth": [((20, 4), {"branch": "box"})],
    "retinanet_depth": [((20,), {"anchors": 6, "branch": "all"})],
    "rpn_depth": [((9,), {"scores": 1, "branch": "class"}), ((), {})],
    "fcos_depth": [((80,), {"branch": name}) for name in ("class", "box", "centerness")],
    "rcnn_depth": [((20,), {"background_box": True, "branch": "all"})],
    "anchor_count": [((((10, 12), 5), 3), {})],
    "box_area": [((A,), {"fmt": fmt}) for fmt in FORMATS],
    "convert_box": [
        *(((A, one, two), {}) for one, two in product(FORMATS, repeat=2)),
        ((A, "cxcywh", "xyxy"), {"image": 20}),
    ],
    "iou": [
        *(((A, B), {"fmt": fmt}) for fmt in FORMATS),
        ((A, B), {"inclusive": True}),
        ((A, (9, 2, 12, 5)), {}),
    ],
    "giou": [((A, B), {"fmt": "cxcywh"})],
    "diou": [((A, B), {"inclusive": True})],
    "ciou": [((A, B), {"fmt": "xywh"}), (((0, 0, 2, 4), (9, 9, 10, 11)), {})],
    "iou_matrix": [((ROW, TRUTHS), {"inclusive": True}), ((ROW, ROW), {})],
    "nms": [
        ((ROW, ROW_SCORES, Fraction(1, 3)), {"strict": False, "first": 1}),
        ((ROW, ROW_SCORES, HALF), {"min_score": 1}),
        ((ROW, ROW_SCORES, HALF), {"classes": (0, 1) * 6, "fmt": "cxcywh"}),
        ((Tensor.from_nested([list(A)] * 3), (HALF, HALF, 1), 1), {}),
    ],
    "soft_nms": [
        ((ROW, ROW_SCORES), {"method": "gaussian", "sigma": Fraction(1, 5)}),
        ((ROW, ROW_SCORES), {"threshold": HALF, "fmt": "xywh"}),
        ((Tensor.from_nested([A]), (1,)), {}),
    ],
    "responsible_cell": [(((250, 100), (300, 448), (5, 7)), {})],
    "cell_offset": [(((0, 0), 448, 7), {})],
    "best_anchor": [(((30, 60), Tensor.from_nested([[10, 13], [60, 30]])), {"first": 1})],
    "decode_yolo_box": [
        (((1, -2, HALF, -1), (3, 5), (10, 13)), {"stride": 8, "version": 5}),
        (((1, -2, 0, -1), (3, 5), (HALF, 2)), {"version": 2}),
    ],
    "decode_deltas": [(((1, 2, HALF, -1), A), {"fmt": fmt}) for fmt in FORMATS],
    "anchor_deltas": [((B, A), {"fmt": fmt}) for fmt in FORMATS],
    "match_detections": [
        ((ROW, ROW_SCORES, TRUTHS), {"rule": "coco", "threshold": Fraction(1, 5)}),
        ((ROW, ROW_SCORES, TRUTHS), {"strict": True, "fmt": "xywh"}),
        (
            (Tensor.from_nested([A, A]), (1, 2), Tensor.from_nested([A])),
            {"strict": True, "threshold": 1},
        ),
    ],
    "anchor_labels": [((ROW, TRUTHS), {"fmt": "xywh", "positive": HALF, "negative": TENTH})],
    "average_precision": [
        ((ROW_SCORES, (1, 0) * 6, 7), {"method": "coco_101"}),
        (((HALF, 1), (0, 0), 3), {}),
        (((HALF, 1), (0, 0), 3), {"method": "11_point"}),
        ((tuple(range(40)), (1,) * 40, 41), {}),
    ],
    "mean_average_precision": [(((HALF, 1),), {}), (((1,) * 30,), {})],
    "f_score": [(((8, 2, 4),), {"beta": 2}), (((8, 2, 4, 6),), {"beta": HALF})],
    "class_average": [
        ((CONFUSION, metric), {"average": average})
        for metric, average in product(
            ("precision", "recall", "f1"), ("macro", "weighted", "micro")
        )
    ],
    "confusion_counts": [(((0, 1, 2, 0), (0, 2, 1, 1)), {"positive": 0})],
    "confusion_matrix": [(((0, 2), (2, 2)), {"classes": 4})],
    "top_k_accuracy": [((Tensor.from_nested([[1, 1, 1], [0, 2, 2]]), (2, 1), 1), {})],
    "pixel_accuracy": [((MASK, TRUE_MASK), {})],
    "mask_iou": [((MASK, TRUE_MASK), {"label": 2})],
    "dice": [((MASK, TRUE_MASK), {"label": 0})],
    "mean_iou": [((MASK, TRUE_MASK), {})],
    "positional_encoding": [((0, 1, 2), {"base": 2}), ((1_000, 511, 512), {})],
    "positional_encodings": [((1, 2), {"base": 3}), ((16, 16), {})],
    "step_lr": [((TENTH, 0), {"step_size": 30, "gamma": HALF})],
    "cosine_lr": [((1, 0), {"t_max": 7}), ((TENTH, 7), {"t_max": 7})],
    "mse": [((MORE, LESS), {"reduction": "none"}), ((3, HALF), {}), ((MANY, MANY), {})],
    "mae": [((MORE, LESS), {"reduction": "none"}), ((3, HALF), {"reduction": "none"})],
    "huber_loss": [((MORE, LESS), {"delta": HALF, "reduction": "none"}), ((3, 1), {})],
    "hinge_loss": [
        (((3, HALF, 2), 1), {"margin": HALF}),
        ((tuple(range(8)), 3), {"squared": True}),
        ((MANY, MANY_CLASSES), {"reduction": "none"}),
        (((3,), 0), {}),
    ],
    "smoothed_label": [((2, 3), {"smoothing": 0})],
    "softmax_cross_entropy": [
        ((SCORES, SHARES), {"reduction": "none"}),
        (((1000, 0, -1000), 0), {}),
        (((1000, 0, -1000), 2), {}),
        ((MANY, MANY_CLASSES), {"base": 10}),
        (((1, 2), 1), {"label_smoothing": HALF}),
    ],
    "cross_entropy": [
        ((SHARES, SHARES), {}),
        ((SHARES, (1, 2)), {"reduction": "none", "base": 10}),
    ],
    "binary_cross_entropy": [
        ((TENTH, 1), {"reduction": "none"}),
        (((-40, 800, HALF), (1, 1, TENTH)), {"logits": True}),
        (
            (Tensor.from_nested([[1, 0], [HALF, TENTH]]), Tensor.from_nested([[1, 0], [HALF, 1]])),
            {"base": 2},
        ),
    ],
    "kl_divergence": [(((HALF, HALF, 0), (Fraction(1, 4), HALF, Fraction(1, 4))), {"base": 10})],
    "distance": [((tuple(range(20)), (HALF,) * 20), {}), (((3,), (3,)), {})],
    "cosine_similarity": [((tuple(range(20)), (HALF,) * 20), {}), (((3,), (-2,)), {})],
    "contrastive_loss": [(((1, 2), (4, 7)), {"alike": True})],
    "skip_gram_pairs": [((1, 2), {}), ((4, 9), {}), ((5, 4), {})],
    "noise_distribution": [(((5,),), {"power": 0}), ((tuple(range(90)),), {"power": 1})],
    "negative_sampling_loss": [
        (((1, 2), (-300, 3), Tensor((20, 2), tuple(range(-20, 20)))), {"base": 10}),
    ],
    "latent_deviation": [(((HALF, -1),), {})],
    "latent_code": [((1, HALF, -2), {}), (((1, 2), (0, HALF), (3, -1)), {})],
    "code_divergence": [
        ((HALF, -1), {}),
        ((MORE, LESS), {"reduction": "mean"}),
        ((MORE, LESS), {"reduction": "none"}),
        ((TALL, TALL), {}),
    ],
    "entropy": [(((1, 0),), {}), (((TENTH,) * 10,), {"base": 10})],
    "token_loss": [
        (((TENTH,) * 20,), {"base": 2}),
        (((HALF, TENTH),), {"reduction": "none"}),
    ],
    "perplexity": [(((TENTH,) * 20,), {}), (((1,),), {})],
    "softmax_cross_entropy_gradient": [
        (((1, 2, 3), (HALF, HALF, 0)), {}),
        ((MANY, MANY_CLASSES), {}),
        ((SCORES, SHARES), {"reduction": "sum"}),
        (((1000, 0), 1), {}),
    ],
    "activation_backward": [
        *(((WIDE, Tensor.from_nested([[1, 2, 3, 4], [5, 6, 7, 8]]), name), {}) for name in SLOPED),
        ((WIDE, WIDE, "softmax"), {"axis": 0}),
        ((WIDE, WIDE, "leaky_relu"), {"negative_slope": Fraction(1, 5)}),
    ],
    "batch_norm_values": [
        ((MAPS,), {"axis": 0, "gamma": (1, 2), "beta": (0, -1)}),
        ((MAPS,), {"axis": 0, "mean": (1, 2), "var": (4, HALF)}),
        ((WIDE,), {"axis": 1, "eps": TENTH}),
        (((1, 5),), {"mean": 2, "var": 4, "eps": 0}),
        ((TALL,), {"beta": 1}),
    ],
    "layer_norm_values": [(((1, 2, 4),), {"gamma": (1, 2, 3)}), ((MAPS,), {"eps": HALF})],
    "conv2d_backward_input": [
        ((X, W), {"stride": 2, "input_size": (7, 9)}),
        ((MAPS, FILTERS), {"groups": 2}),
        ((MAPS, Tensor.from_nested([[[[1, 2]]], [[[3, 1]]]])), {"padding": (0, 1, 0, 0)}),
        ((X, Tensor.from_nested([[[1, 2]], [[0, 3]]])), {}),
    ],
    "conv2d_backward_weight": [
        ((MAPS, MAPS), {"groups": 2, "padding": 1}),
        ((MAPS, Tensor.from_nested([[1, -2], [3, HALF]])), {"kernel_size": (1, 2)}),
        ((MAPS, MAPS), {"padding": (1, 0, 0, 1), "kernel_size": (2, 2)}),
        ((TALL, W), {"dilation": 2, "kernel_size": (4, 5), "stride": 2, "padding": 0}),
        ((TALL, Tensor((2, 3), (1, 0, 2, -1, 5, 1))), {}),
        ((Tensor((18, 18), tuple(range(324))), Tensor((17, 17), tuple(range(289)))), {}),
    ],
    "conv2d_backward_bias": [((X,), {}), ((Tensor((70, 1, 2), (1, 2) * 70),), {})],
    "dense_backward_input": [((BACK, Tensor.from_nested([[1], [2], [3], [HALF]])), {})],
    "dense_backward_weight": [((Tensor((9,), tuple(range(9))), Tensor((9,), (2,) * 9)), {})],
    "dense_backward_bias": [((BACK,), {})],
    "shared_weight_gradient": [((MAPS, MAPS), {}), ((TALL, TALL), {})],
    "pool2d_backward": [
        ((X, Tensor.from_nested([[1, 2], [3, HALF]]), 2), {"padding": 0, "ceil_mode": True}),
        ((X, Tensor((2, 3), tuple(range(1, 7))), 2), {"mode": "avg", "padding": 1}),
        (
            (X, Tensor((2, 3), tuple(range(1, 7))), 2),
            {"mode": "avg", "padding": 1, "count_include_pad": False},
        ),
        ((MAPS, Tensor.from_nested([[[2]], [[-3]]]), (2, 3)), {}),
        ((TALL, Tensor((8, 11), (1,) * 88), 2), {"stride": 1}),
    ],
    "im2col": [
        ((X, 2), {"padding": "same"}),
        ((MAPS, (2, 3)), {"padding": (1, 0, 0, 0)}),
        ((TALL, 3), {}),
        ((TALL, 6), {}),
    ],
    "conv_matrix": [
        ((FILTERS, (2, 3)), {}),
        ((Tensor.from_nested([1, 2, 3]), 6), {"padding": 1, "stride": 2}),
        ((W, (3, 3)), {"padding": "same"}),
    ],
    "im2col_shape": [(((9, 8), (2, 3)), {"padding": (1, 0, 2, 1)})],
    "conv_matrix_shape": [(((6, 6), 2, (2, 3)), {"stride": (2, 1)})],
    "conv_matrix_nonzeros": [
        (((2, 9, 8), 4, (2, 3)), {"padding": (1, 2, 0, 1), "stride": 2, "dilation": (3, 1)}),
        (((9, 8), 4, 3), {"stride": 2}),
    ],
    "parameter_bytes": [((1001,), {"dtype": "int4"}), ((0,), {})],
    "activation_bytes": [
        (((3, 8, 8),), {}),
        ((Tensor.from_nested([[3, 8, 8], [4, 4, 4]]),), {"dtype": "bfloat16"}),
        ((((2, 3),) * 90,), {}),
    ],
    "training_bytes": [
        ((1000,), {"optimizer": name, "dtype": "float16"}) for name in ("sgd", "momentum", "adamw")
    ],
    "in_unit": [((0, "MB"), {}), ((3 * 10**9, "GMAC"), {}), ((12_345, "KiB"), {})],
    "bytes_of": [(("int4",), {})],
    "recurrent_params": [
        (("rnn", 5, 7), {"bias_vectors": 0}),
        (("rnn", 5, 7), {"num_layers": 3, "bidirectional": True}),
        (("gru", 5, 7), {"bidirectional": True, "bias_vectors": 0}),
    ],
    "recurrent_macs": [(("rnn", 5, 7), {}), (("rnn", 5, 7), {"bidirectional": True, "seq_len": 3})],
    "attention_params": [
        ((12, 3), {"head_dim": 5, "kdim": 7, "vdim": 9}),
        ((12,), {"output_projection": False, "bias": False}),
    ],
    "transformer_block_params": [((12, 40), {"bias": False}), ((12, 40), {"norms": 0})],
    "attention_macs": [((10, 12, 3), {"source_len": 7}), ((10, 12), {"projections": False})],
    "sgd_step": [((1, HALF), {"lr": TENTH}), ((1, HALF), {"lr": TENTH, "weight_decay": 1})],
    "momentum_velocity": [((MORE, 0), {}), ((2, 3), {"dampening": TENTH, "momentum": HALF})],
    "momentum_step": [
        ((1, 2), {"lr": TENTH, "nesterov": True}),
        ((MORE, LESS), {"lr": TENTH}),
    ],
    "adam_moments": [((2, (1, HALF)), {"betas": (0, HALF)}), ((MORE,), {})],
    "adam_step": [
        ((1, HALF), {"step": 300}),
        ((1, HALF), {"betas": (0, 0), "step": 100}),
        ((MORE, LESS), {"eps": 1}),
    ],
    "dropout_values": [((3, 1, HALF), {}), ((MORE, Tensor.from_nested([[1, 0], [0, 1]]), 0), {})],
    "dropout_mean": [((MORE, HALF), {"inverted": False})],
    "weight_penalty": [((-3, HALF), {}), ((MANY, TENTH), {"order": 1})],
    "attention_scores": [
        ((QUERIES, KEYS), {}),
        ((QUERIES, KEYS), {"num_heads": 4, "scale": False}),
        ((TALL, TALL), {"num_heads": 6}),
        ((Tensor((2, 9), (1,) * 18), Tensor((1, 9), (2,) * 9)), {}),
    ],
    "attention_weights": [((QUERIES, KEYS), {"causal": True}), ((KEYS, KEYS), {"num_heads": 4})],
    "attention": [
        ((QUERIES, KEYS, VALUES), {}),
        ((QUERIES, KEYS, VALUES), {"num_heads": 2, "scale": False}),
    ],
}
