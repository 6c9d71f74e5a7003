"""Tests of the text of tracers for detection, losses, gradients and training."""

from fractions import Fraction

import pytest
from solution_steps import of_type, steps_as_text, steps_of

from grader.display.render import render_step
from grader.display.steps import Array, Formula, Rows, Window
from grader.errors import SolverError
from grader.values import Tensor, to_exact_number
from problems.traces.normalisation import VARIANCE_SENTENCE
from problems.traces.reals import build_real_formula, round_for_table

HALF = Fraction(1, 2)
TENTH = Fraction(1, 10)
ONE, TWO, APART = (0, 0, 4, 4), (2, 1, 6, 5), (9, 9, 12, 12)
BOXES = Tensor.from_nested([ONE, (0, 1, 4, 5), APART])
SCORES = (Fraction(9, 10), Fraction(4, 5), Fraction(7, 10))
X = Tensor.from_nested([[1, 2, 3], [4, 5, 6]])
DY = Tensor.from_nested([[1, 10]])
LARGE = Tensor((40, 40), (1,) * 1600)


def tables(solver, *arguments, **keywords):
    """Return the rows of each table in the steps of a solver."""
    return [step.rows for step in of_type(Rows, steps_of(solver, *arguments, **keywords))]


@pytest.mark.parametrize(
    ("solver", "arguments", "keywords", "text"),
    [
        ("yolo_depth", (1, 20), {}, "D = B·5 + C = 2·5 + 20 = 30"),
        ("yolo_depth", (3, 80), {}, "D = B·(5 + C) = 3·(5 + 80) = 255"),
        ("yolo_depth", (8, 80), {}, "D = 4·R + C = 4·16 + 80 = 144"),
        ("yolo_boxes", (3, 416), {}, "N = 507 + 2028 + 8112 = 10647"),
        ("ssd_depth", (20, 6), {}, "D = D_cls + D_box = 126 + 24 = 150"),
        ("rpn_depth", (9,), {"branch": "class", "scores": 1}, "D_cls = A = 9"),
        ("box_area", (ONE,), {"fmt": "xywh"}, "A = w·h = 4·4 = 16"),
        ("iou", (ONE, TWO), {}, "IoU = I/U = 6/26 = 3/13"),
        ("giou", ((0, 0, 1, 1), (2, 0, 3, 1)), {}, "GIoU = IoU - (H - U)/H = 0 - (3 - 2)/3 = -1/3"),
        ("precision", ((8, 2, 4),), {}, "P = TP/(TP + FP) = 8/(8 + 2) = 0.8"),
        ("f_score", ((8, 2, 4),), {}, "F_1 = 2·TP/(2·TP + FP + FN) = 2·8/(2·8 + 2 + 4) = 8/11"),
        ("average_precision", (SCORES, (1, 0, 1), 2), {}, "AP = 0.5·1 + 0.5·(2/3) = 5/6"),
        ("mse", ((1, 2), (3, 3)), {}, "L = (4 + 1)/2 = 2.5"),
        ("mse", ((1, 2), (3, 3)), {"reduction": "sum"}, "L = 4 + 1 = 5"),
        ("softmax_cross_entropy", ((2, 1, 0), 0), {}, "L = -ln(p_0) = -ln(0.665241) ≈ 0.407606"),
        ("cross_entropy", ((HALF, HALF), 1), {"base": 2}, "L = -log2(p_1) = -log2(0.5) = 1"),
        ("perplexity", ((HALF, HALF / 4),), {}, "PP = exp(H) = exp(1.38629) = 4"),
        ("step_lr", (TENTH, 65), {"step_size": 30}, "eta_t = eta·gamma^k = 0.1·0.1^2 = 0.001"),
        ("warmup_lr", (TENTH, 9), {"warmup_steps": 3}, "eta_t = eta = 0.1"),
        ("sgd_step", (1, 2), {"lr": TENTH}, "w_new = w - eta·g = 1 - 0.1·2 = 0.8"),
        ("momentum_velocity", (4, 10), {}, "v_new = beta·v + g = 0.9·10 + 4 = 13"),
        ("weight_penalty", ((3, -4), TENTH), {}, "R = lambda_w·S = 0.1·25 = 2.5"),
        ("recurrent_macs", ("gru", 5, 7), {"seq_len": 2}, "M = T·N = 2·252 = 504"),
        ("attention_macs", (10, 12), {"projections": False}, "M_a = M_s = 2400"),
        ("parameter_bytes", (1000,), {}, "M = n·b = 1000·4 = 4000"),
        ("training_bytes", (1000,), {}, "M = 4·n·b = 4·1000·4 = 16000"),
        ("in_unit", (2048, "KiB"), {}, "M = n/u = 2048/1024 = 2"),
        ("im2col_shape", ((3, 32, 32), 5), {}, "shape = (n_r, n_c) = 75×784"),
        ("shared_weight_gradient", ((1, 2), (10, -1)), {}, "dw = 1·10 + 2·(-1) = 8"),
    ],
)  # fmt: skip
def test_last_trace_step_is_the_textbook_formula(solver, arguments, keywords, text):
    assert steps_as_text(solver, *arguments, **keywords)[-1] == text


def test_disjoint_boxes_have_zero_width_in_the_intersection_trace():
    assert steps_as_text("intersection_area", ONE, APART)[1] == (
        "w = max(min(x_A2, x_B2) - max(x_A1, x_B1), 0) = max(min(4, 12) - max(0, 9), 0) = 0"
    )


def test_box_conversion_trace_computes_only_missing_numbers():
    assert steps_as_text("convert_box", (1, 2, 8, 3), "xywh", "xyxy") == [
        "(x_1, y_1, w, h) = [1, 2, 8, 3]",
        "x_2 = x_1 + w = 1 + 8 = 9",
        "y_2 = y_1 + h = 2 + 3 = 5",
        "(x_1, y_1, x_2, y_2) = [1, 2, 9, 5]",
    ]


def test_nms_trace_names_the_deciding_box_and_overlap():
    assert tables("nms", BOXES, SCORES, HALF) == [
        (
            (0, Fraction(9, 10), "–", "–", "kept"),
            (1, Fraction(4, 5), Fraction(3, 5), 0, "suppressed"),
            (2, Fraction(7, 10), "–", "–", "kept"),
        )
    ]


def test_nms_trace_compares_only_boxes_of_one_class():
    (rows,) = tables("nms", BOXES, SCORES, HALF, classes=(0, 1, 0), first=1)
    assert [(row[2], row[-1]) for row in rows] == [(0, "kept"), (1, "kept"), (0, "kept")]


def test_nms_trace_lists_boxes_below_the_score_threshold_first():
    texts = steps_as_text("nms", BOXES, SCORES, HALF, min_score=Fraction(3, 4))
    assert texts[1] == "Scored below 0.75, and dropped before: 2."


def test_soft_nms_trace_lowers_scores_box_by_box():
    assert tables("soft_nms", BOXES, SCORES)[0] == (
        (2, Fraction(4, 5), Fraction(3, 5), Fraction(8, 25)),
        (3, Fraction(7, 10), 0, Fraction(7, 10)),
    )


@pytest.mark.parametrize(
    ("truths", "keywords", "decisions"),
    [
        ([ONE], {}, ["true", "false: taken", "false: too little"]),
        ([ONE], {"rule": "coco"}, ["true", "false: none is left", "false: none is left"]),
        ([ONE, APART], {"strict": True, "threshold": Fraction(3, 5)},
         ["true", "false: too little", "true"]),
    ],
)  # fmt: skip
def test_detection_trace_gives_the_reason_for_each_false_detection(truths, keywords, decisions):
    (rows,) = tables("match_detections", BOXES, SCORES, Tensor.from_nested(truths), **keywords)
    assert [row[-1] for row in rows] == decisions


def test_anchor_trace_marks_an_object_that_is_only_the_best_anchor():
    (rows,) = tables(
        "anchor_labels", Tensor.from_nested([(0, 2, 4, 6), APART]), Tensor.from_nested([ONE])
    )
    assert [row[-1] for row in rows] == ["object as the best", "background"]


def test_average_precision_trace_ranks_detections_and_has_the_envelope():
    (rows,) = tables("average_precision", SCORES, (1, 0, 1), 2)
    assert [row[3:] for row in rows] == [
        (1, 1, HALF, 1), (1, HALF, HALF, Fraction(2, 3)), (2, Fraction(2, 3), 1, Fraction(2, 3)),
    ]  # fmt: skip


def test_interpolated_average_precision_trace_counts_recalls_by_height():
    (_, heights) = tables("average_precision", SCORES, (1, 0, 1), 2, method="coco_101")
    assert heights == ((1, 51), (Fraction(2, 3), 50))


@pytest.mark.parametrize(
    ("average", "last"),
    [
        ("macro", "mean = (0.8 + 2/3)/2 = 11/15"),
        ("weighted", "mean = S/N = 10/13"),
        ("micro", "R = TP/(TP + FN) = 10/(10 + 3) = 10/13"),
    ],
)
def test_class_average_trace_ends_with_the_formula_of_its_kind(average, last):
    matrix = Tensor.from_nested([[8, 2], [1, 2]])
    assert steps_as_text("class_average", matrix, "recall", average=average)[-1] == last


def test_hinge_loss_trace_contains_every_wrong_class():
    assert steps_as_text("hinge_loss", (3, 5, -1), 0)[-1] == (
        "L = max(0, s_1 - s_0 + m) + max(0, s_2 - s_0 + m)"
        " = max(0, 5 - 3 + 1) + max(0, -1 - 3 + 1) = 3"
    )


def test_softmax_trace_shifts_large_scores_before_the_exponential():
    (table,) = of_type(Rows, steps_of("softmax_cross_entropy", (1000, 0), 0))
    assert table.head[2] == "exp(z - 1000)"
    assert [row[2] for row in table.rows] == [1, 0]


def test_cross_entropy_trace_weighs_logarithms_by_target_probabilities():
    texts = steps_as_text("cross_entropy", (HALF, HALF / 2, HALF / 2), (HALF, HALF, 0))
    assert texts[-1] == "L = 0.5·0.693147 + 0.5·1.38629 ≈ 1.03972"


def test_score_gradient_trace_is_probability_minus_target():
    (rows,) = tables("softmax_cross_entropy_gradient", (0, 0), 1)
    assert [row[-3:] for row in rows] == [(HALF, 0, HALF), (HALF, 1, -HALF)]


def test_weight_gradient_trace_has_a_window_for_each_weight():
    windows = of_type(Window, steps_of("conv2d_backward_weight", X, DY))
    assert [(step.corner, step.patch.cells, step.total) for step in windows] == [
        ((0, 0), (1, 2), 21), ((0, 1), (2, 3), 32), ((1, 0), (4, 5), 54), ((1, 1), (5, 6), 65),
    ]  # fmt: skip


def test_weight_gradient_windows_are_dilated_by_the_stride():
    steps = steps_of("conv2d_backward_weight", X, DY, stride=(1, 2), kernel_size=(2, 1))
    window = of_type(Window, steps)[0]
    assert (window.patch.cells, window.dilation) == ((1, 3), (1, 2))


def test_input_gradient_trace_sums_stamped_kernels():
    steps = steps_of("conv2d_backward_input", DY, Tensor.from_nested([[1, 2]]))
    assert [step.value.cells for step in of_type(Array, steps)] == [
        (1, 2, 0), (1, 12, 20), (1, 12, 20),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keywords", "given"),
    [
        ({}, [(10, "(1, 2)", 10), (20, "(2, 3)", 20)]),
        ({"mode": "avg"}, [(10, "4 cells", Fraction(5, 2)), (20, "4 cells", 5)]),
    ],
)  # fmt: skip
def test_pooling_gradient_trace_names_the_cells_that_receive_gradient(keywords, given):
    x = Tensor.from_nested([[1, 7, 2, 0], [3, 4, 9, 5]])
    (rows,) = tables("pool2d_backward", x, Tensor.from_nested([[10, 20]]), 2, **keywords)
    assert [row[1:] for row in rows] == given


def test_batch_norm_trace_omits_default_scale_and_shift():
    assert steps_as_text("batch_norm_values", (1, 3), eps=0) == [
        "mu = (1 + 3)/2 = 2",
        VARIANCE_SENTENCE,
        "v = (1 + 1)/2 = 1",
        "s = sqrt(v) = sqrt(1) = 1",
        "y = (x - mu)/s",
        "y = [-1, 1]",
    ]


def test_batch_norm_trace_does_not_compute_running_statistics():
    steps = steps_of("batch_norm_values", (1, 3), mean=2, var=4)
    assert [step.name for step in of_type(Formula, steps)] == ["s", "y"]


def test_im2col_trace_labels_columns_by_their_windows():
    assert tables("im2col", X, 2) == [(("(1, 1)", "1, 2, 4, 5"), ("(1, 2)", "2, 3, 5, 6"))]


def test_matrix_nonzeros_trace_subtracts_weights_on_the_padding():
    texts = steps_as_text("conv_matrix_nonzeros", (4, 4), 1, 3, padding=1)
    assert texts[-3:] == [
        "n_H = K_H·H_out - p_H = 3·4 - 2 = 10",
        "n_W = K_W·W_out - p_W = 3·4 - 2 = 10",
        "N = C_out·C·n_H·n_W = 1·1·10·10 = 100",
    ]


def test_sgd_trace_updates_arrays_with_one_formula():
    (_, update) = steps_as_text("sgd_step", (1, 2), (10, -10), lr=TENTH)
    assert update == "w_new = w - eta·g = w - 0.1·g = [0, 3]"


def test_adam_trace_has_exact_bias_correction():
    values = {step.name: step.value for step in of_type(Formula, steps_of("adam_step", 1, 2))}
    assert (values["c_1"], values["c_2"]) == (TENTH, Fraction(1, 1000))
    assert (values["m_c"], values["v_c"]) == (2, 4)


def test_attention_score_trace_is_a_product_feature_by_feature():
    query, key = Tensor.from_nested([[1, 2]]), Tensor.from_nested([[3, 4], [5, 6]])
    assert steps_as_text("attention_scores", query, key)[1:3] == [
        "s_1_1 = 1·3 + 2·4 = 11", "s_1_2 = 1·5 + 2·6 = 17",
    ]  # fmt: skip


def test_unscaled_attention_score_trace_has_no_root():
    steps = steps_of(
        "attention_scores", Tensor.from_nested([[1]]), Tensor.from_nested([[3]]), scale=False
    )
    assert [step.name for step in of_type(Formula, steps)] == ["s_1_1"]


@pytest.mark.parametrize(
    ("solver", "arguments"),
    [
        ("conv2d_backward_bias", (LARGE,)),
        ("conv2d_backward_bias", (Tensor((2, 40, 40), (1,) * 3200),)),
        ("dense_backward_bias", (Tensor((1600, 2), (1,) * 3200),)),
        ("shared_weight_gradient", (LARGE, LARGE)),
        ("pool2d_backward", (LARGE, Tensor((20, 20), (1,) * 400), 2)),
        ("batch_norm_values", (LARGE,)),
    ],
)
def test_trace_summarizes_sums_that_are_too_long(solver, arguments):
    steps = steps_of(solver, *arguments)
    assert len(steps) <= 5
    assert max(len(render_step(step).text) for step in steps) < 200


@pytest.mark.parametrize("source", ["(x, x)", "exp((x, x))", "ln(-x)", "exp(9**9*x)"])
def test_float_formula_without_a_real_value_raises_an_error(source):
    with pytest.raises((SolverError, ArithmeticError, ValueError)):
        build_real_formula("p", source, x=1)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (7, 7), (HALF, HALF), (Fraction(2, 3), Fraction(2, 3)), (Fraction(-6, 7), Fraction(-6, 7)),
        (Fraction(25, 51), to_exact_number(0.4902)),
        (to_exact_number(0.123456789), to_exact_number(0.1235)),
    ],
)  # fmt: skip
def test_numbers_compared_in_a_trace_table_are_rounded(number, shown):
    assert round_for_table(number) == shown
