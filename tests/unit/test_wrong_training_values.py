"""Tests of students' wrong values of losses, attention and training.

Tests of all solvers with calls in `learning_calls` are here too.
"""

import math
from contextlib import suppress
from fractions import Fraction

import pytest
from learning_calls import LEARNING_CALLS

from grader.errors import SolverError
from grader.values import Tensor
from problems.registry import REGISTRY

HALF, TENTH, HUNDREDTH = Fraction(1, 2), Fraction(1, 10), Fraction(1, 100)
WIDTHS = (64, 96, 128, 16, 32, 32)
SCORES = (Fraction("3.2"), Fraction("5.1"), Fraction("-1.7"))
ROWS = Tensor.from_nested([[1, 2], [3, 1]])
LOG2 = math.log(2)
SCALE = {"scale": False}
MASKS = (Tensor.from_nested([[1, 1, 1, 0]]), Tensor.from_nested([[1, 0, 0, 1]]))
NORM = {"gamma": 10, "beta": 5, "eps": 0}
BOX = ((0, 0, 0, 0), (3, 5), (116, 90))
WEIGHTED = {
    mistake: twins["attention_weights"]
    for mistake, twins in REGISTRY.wrong_versions.items()
    if {"attention", "attention_weights"} <= twins.keys()
}
PAIR = ((HALF, HALF), (TENTH, 1 - TENTH))
LOSSES = {
    "mse": ((1, 2), (3, 3)),
    "mae": ((1, 2), (3, 3)),
    "huber_loss": ((1, 2), (3, 3)),
    "hinge_loss": (ROWS, (0, 0)),
    "softmax_cross_entropy": (ROWS, (0, 0)),
    "cross_entropy": (PAIR, (0, 0)),
    "binary_cross_entropy": ((HALF, TENTH), (1, 0)),
    "entropy": PAIR[:1],
    "kl_divergence": PAIR,
    "negative_sampling_loss": ((1, 2), (HALF, 1), ROWS),
    "token_loss": ((HALF, TENTH),),
}


@pytest.mark.parametrize(
    ("mistake", "solver", "call", "keywords", "given"),
    [
        ("sum_for_mean", "mse", ((1, 2), (3, 3)), {}, 5),
        ("mean_for_sum", "mse", ((1, 2), (3, 3)), {"reduction": "sum"}, 2.5),
        ("root_taken", "mse", ((1, 2), (3, 4)), {}, 2),
        ("half_added", "mse", ((1, 2), (3, 3)), {}, 1.25),
        ("absolute_for_squared", "mse", ((1, 2), (3, 3)), {}, 1.5),
        ("signs_cancelled", "mse", ((1, 2), (3, 1)), {}, -0.5),
        ("squared_for_absolute", "mae", ((1, 2), (3, 3)), {}, 2.5),
        ("signs_cancelled", "mae", ((1, 2), (3, 1)), {}, -0.5),
        ("one_branch", "huber_loss", (0, 3), {}, 4.5),
        ("half_left_out", "huber_loss", (0, 1), {}, 1),
        ("margin_left_out", "hinge_loss", (SCORES, 0), {}, 1.9),
        ("own_class_included", "hinge_loss", (SCORES, 0), {}, 3.9),
        ("not_clipped", "hinge_loss", (SCORES, 0), {}, -1),
        ("terms_squared", "hinge_loss", ([3, 5, 4], 0), {}, 9 + 4),
        ("terms_squared", "hinge_loss", ([3, 5, 4], 0), {"squared": True}, 3 + 2),
        ("worst_class_only", "hinge_loss", ((2, 4, 3), 0), {}, 3),
        ("divided_by_classes", "hinge_loss", ((2, 4, 3), 0), {}, 5 / 3),
        ("classes_from_one", "hinge_loss", (SCORES, 1), {}, 2.9),
        ("log_base_ten", "softmax_cross_entropy", (SCORES, 0), {}, 0.886113),
        ("log_base_two", "softmax_cross_entropy", ((0, 0, 0, 0), 0), {}, 2),
        ("natural_log", "softmax_cross_entropy", ((0, 0), 0), {"base": 2}, LOG2),
        ("sign_lost", "softmax_cross_entropy", ((0, 0), 0), {}, -LOG2),
        ("softmax_left_out", "softmax_cross_entropy", ((2, 1), 0), {}, -LOG2),
        ("softmax_without_powers", "softmax_cross_entropy", ((1, 3), 0), {}, 2 * LOG2),
        ("probability_for_loss", "softmax_cross_entropy", ((0, 0), 0), {}, 0.5),
        ("smoothing_left_out", "softmax_cross_entropy", ((0, 9), 0), {"label_smoothing": 1},
         9 + math.log1p(math.exp(-9))),
        ("classes_from_one", "softmax_cross_entropy", ((9, 0), 1), {}, math.log1p(math.exp(-9))),
        ("binary_for_categorical", "cross_entropy", ((HALF, HALF), 0), {}, 2 * LOG2),
        ("classes_from_one", "cross_entropy", ((HALF / 2, HALF * 3 / 2), 1), {}, 2 * LOG2),
        ("probability_for_loss", "cross_entropy", ((HALF / 2, HALF * 3 / 2), 0), {}, 0.25),
        ("target_ignored", "cross_entropy", ((HALF / 2, HALF / 4, HALF * 5 / 4), 0), {},
         5 * LOG2 + math.log(1.6)),
        ("target_ignored", "binary_cross_entropy", ((HALF, HALF / 2), (1, 0)), {}, 1.5 * LOG2),
        ("targets_exchanged", "binary_cross_entropy", ((HALF / 2, HALF / 4), (1, 0)), {},
         (math.log(4 / 3) + 3 * LOG2) / 2),
        ("negative_term_left_out", "binary_cross_entropy", ((HALF, HALF), (1, 0)), {}, LOG2 / 2),
        ("logits_for_probabilities", "binary_cross_entropy", (HALF, 1), {"logits": True}, LOG2),
        ("sigmoid_twice", "binary_cross_entropy", (0, 0), {}, LOG2),
        ("distributions_swapped", "kl_divergence", ((HALF, HALF), (0, 1)), {}, LOG2),
        ("entropy_not_subtracted", "kl_divergence", ((HALF, HALF), (HALF, HALF)), {}, LOG2),
        ("unweighted_logarithms", "entropy", ((HALF, HALF),), {}, 2 * LOG2),
        ("even_distribution_taken", "entropy", ((0, 1, 0, 0),), {"base": 2}, 2),
        ("probabilities_averaged", "token_loss", ((HALF, 1, 0.75),), {}, math.log(4 / 3)),
        ("probabilities_averaged", "perplexity", ((HALF, 1, 0.75),), {}, 4 / 3),
        ("loss_for_perplexity", "perplexity", ((HALF, HALF),), {}, LOG2),
        ("mean_left_out", "perplexity", ((HALF, HALF),), {}, 4),
        ("bases_mixed", "perplexity", ((HALF, HALF),), {}, 2**LOG2),
        ("dropped_every_epoch", "step_lr", (1, 3), {"step_size": 2}, 0.001),
        ("dropped_once", "step_lr", (1, 7), {"step_size": 2}, 0.1),
        ("multiplied_for_power", "step_lr", (1, 7), {"step_size": 2}, 0.3),
        ("rounded_up", "step_lr", (1, 3), {"step_size": 2}, 0.01),
        ("line_for_cosine", "cosine_lr", (1, 25), {"t_max": 100}, 0.75),
        ("whole_wave", "cosine_lr", (1, 100), {"t_max": 100}, 1),
        ("degrees_for_radians", "cosine_lr", (1, 100), {"t_max": 100}, 0.999249),
        ("least_rate_left_out", "cosine_lr", (1, 50), {"t_max": 100, "eta_min": HALF}, 0.5),
        ("half_left_out", "cosine_lr", (1, 25), {"t_max": 100}, 1 + 0.5**0.5),
        ("half_left_out", "cosine_lr", (3, 50), {"t_max": 100, "eta_min": 1}, 3),
        ("one_left_out", "cosine_lr", (3, 100), {"t_max": 100, "eta_min": 1}, 0),
        ("epochs_from_one", "cosine_lr", (1, 24), {"t_max": 100}, (1 + 0.5**0.5) / 2),
        ("epochs_from_one", "warmup_lr", (1, 3), {"warmup_steps": 10}, 0.4),
        ("warmup_not_ended", "warmup_lr", (1, 30), {"warmup_steps": 10}, 3),
        ("step_added", "sgd_step", (1, 4), {"lr": TENTH}, 1.4),
        ("learning_rate_left_out", "sgd_step", (1, 4), {"lr": TENTH}, -3),
        ("weight_decay_left_out", "sgd_step", (1, 4), {"lr": TENTH, "weight_decay": 1}, 0.6),
        ("momentum_left_out", "momentum_velocity", (4, 10), {}, 4),
        ("averaged_for_summed", "momentum_velocity", (4, 10), {}, 9.4),
        ("dampening_left_out", "momentum_velocity", (4, 10), {"dampening": HALF}, 13),
        ("old_velocity_used", "momentum_step", (1, 4, 10), {"lr": HUNDREDTH}, 0.9),
        ("momentum_left_out", "momentum_step", (1, 4, 10), {"lr": HUNDREDTH}, 0.96),
        ("step_added", "momentum_step", (1, 4, 10), {"lr": HUNDREDTH}, 1.13),
        ("nesterov_added", "momentum_step", (1, 4, 10), {"lr": HUNDREDTH}, 0.843),
        ("nesterov_left_out", "momentum_step", (1, 4, 10), {"lr": HUNDREDTH, "nesterov": True},
         0.87),
        ("correction_left_out", "adam_step", (1, 2), {"lr": 1}, 1 - 0.2 / 0.004**0.5),
        ("root_left_out", "adam_step", (1, 2), {"lr": 1}, 0.5),
        ("step_added", "adam_step", (1, 2), {"lr": 1}, 2),
        ("first_moment_corrected", "adam_step", (1, 2), {"lr": 1}, 1 - 2 / 0.004**0.5),
        ("second_moment_corrected", "adam_step", (1, 2), {"lr": 1}, 0.9),
        ("old_moments_left_out", "adam_step", (3, 2, (5, 9)), {"lr": 1}, 2),
        ("correction_of_first_step", "adam_step", (1, 2), {"lr": 1, "step": 9, "eps": 0}, 0),
        ("betas_swapped", "adam_step", (1, 2, (2, 4)), {"lr": 1, "betas": (0, HALF)}, -1),
        ("decay_added", "sgd_step", (1, 4), {"lr": TENTH, "weight_decay": 1}, 0.7),
        ("decay_without_rate", "sgd_step", (1, 4), {"lr": TENTH, "weight_decay": HALF}, 0.1),
        ("decay_doubled", "sgd_step", (1, 4), {"lr": TENTH, "weight_decay": 1}, 0.4),
        ("decay_added", "adamw_step", (3, 2), {"lr": TENTH, "weight_decay": 1}, 3.2),
        ("decay_without_rate", "adamw_step", (3, 2), {"lr": TENTH, "weight_decay": HALF}, 1.4),
        ("decay_in_the_gradient", "adamw_step", (3, 2), {"lr": TENTH, "weight_decay": HALF}, 2.9),
        ("decay_after_the_step", "adamw_step", (3, 2), {"lr": TENTH, "weight_decay": 1}, 2.61),
        ("weight_decay_left_out", "adamw_step", (3, 2), {"lr": TENTH}, 2.9),
        ("learning_rate_left_out", "adamw_step", (3, 2), {"lr": TENTH, "weight_decay": HALF}, 0.5),
        ("step_added", "adamw_step", (3, 2), {"lr": TENTH, "weight_decay": 1}, 2.8),
        ("second_moment_corrected", "adamw_step", (1, 2), {"lr": 1, "weight_decay": HALF}, 0.4),
        ("half_added", "weight_penalty", ((3, 4), TENTH), {}, 1.25),
        ("half_left_out", "weight_penalty", ((3, 4), TENTH), {"half": True}, 2.5),
        ("absolute_for_squared", "weight_penalty", ((3, 4), TENTH), {}, 0.7),
        ("squared_for_absolute", "weight_penalty", ((3, 4), TENTH), {"order": 1}, 2.5),
        ("kept_for_dropped", "dropout_mean", (10, TENTH), {"inverted": False}, 1),
        ("dropout_scaled", "dropout_mean", (10, TENTH), {"inverted": False}, 10),
        ("dropout_not_scaled", "dropout_mean", (10, TENTH), {}, 9),
        ("errors_for_accuracy", "accuracy", ((8, 2, 4, 6),), {}, 0.3),
        ("specificity_for_recall", "recall", ((8, 2, 4, 6),), {}, 0.75),
        ("errors_for_accuracy", "pixel_accuracy", MASKS, {}, 0.75),
        ("recall_for_overlap", "mask_iou", MASKS, {}, 0.5),
        ("recall_for_overlap", "dice", MASKS, {}, 0.5),
        ("queries_counted", "kv_cache_bytes", (3, 5, 7, 11), {}, 3 * 3 * 5 * 7 * 11 * 2),
        ("long_format_counted", "kv_cache_bytes", (3, 5, 7, 11), {}, 2 * 3 * 5 * 7 * 11 * 4),
        ("long_format_counted", "parameter_bytes", (10,), {"dtype": "int4"}, 40),
        ("embedding_biased", "embedding_params", (10, 4), {}, 44),
        ("prefix_too_small", "in_unit", (3 * 2**20, "MiB"), {}, 3 * 2**10),
        ("prefix_too_small", "in_unit", (3 * 10**9, "GB"), {}, 3000),
        ("prefix_too_small", "in_unit", (10**9, "Mbit"), {}, 8 * 10**6),
        ("prefix_too_small", "in_unit", (2**30, "Mibit"), {}, 8 * 2**20),
        ("lstm_for_gru", "recurrent_params", ("gru", 3, 4), {"bias_vectors": 1}, 4 * 4 * 8),
    ],
)  # fmt: skip
def test_training_mistake_yields_expected_number(mistake, solver, call, keywords, given):
    found = REGISTRY.wrong_versions[mistake][solver](*call, **keywords)
    assert float(found) == pytest.approx(given, rel=1e-5)


@pytest.mark.parametrize(
    ("mistake", "solver", "call", "keywords", "given"),
    [
        ("scale_left_out", "attention_scores", (ROWS, ROWS), {}, [[5, 5], [5, 10]]),
        ("scaled_by_width", "attention_scores", (ROWS, ROWS), {}, [[2.5, 2.5], [2.5, 5]]),
        ("scale_added", "attention_scores", (ROWS, ROWS), SCALE,
         [[12.5**0.5, 12.5**0.5], [12.5**0.5, 50**0.5]]),
        ("key_not_transposed", "attention_scores", (ROWS, ROWS), SCALE, [[7, 4], [6, 7]]),
        ("one_head", "attention_scores", (ROWS, ROWS), {**SCALE, "num_heads": 2},
         [[5, 5], [5, 10]]),
        ("softmax_left_out", "attention_weights", (ROWS, ROWS), SCALE, [[5, 5], [5, 10]]),
        ("softmax_without_powers", "attention_weights", (ROWS, ROWS), SCALE,
         [[1 / 2] * 2, [1 / 3, 2 / 3]]),
        ("other_axis", "attention_weights", (ROWS, ROWS), SCALE,
         [[1 / 2, 0.006693], [1 / 2, 0.993307]]),
        ("mask_ignored", "attention_weights", (ROWS, ROWS), {**SCALE, "causal": True},
         [[1 / 2] * 2, [0.006693, 0.993307]]),
        ("masked_after_softmax", "attention_weights", (ROWS, ROWS), {**SCALE, "causal": True},
         [[1 / 2, 0], [0.006693, 0.993307]]),
        ("masked_by_zeros", "attention_weights", (ROWS, ROWS), {**SCALE, "causal": True},
         [[0.993307, 0.006693], [0.006693, 0.993307]]),
        ("mask_reversed", "attention_weights", (ROWS, ROWS), {**SCALE, "causal": True},
         [[1 / 2] * 2, [0, 1]]),
        ("softmax_over_all", "attention_weights", (ROWS, ROWS), SCALE,
         [[0.0066043] * 2, [0.0066043, 0.9801870]]),
        ("softmax_over_all", "activation", (ROWS, "softmax"), {},
         [[0.0825945, 0.2245152], [0.6102957, 0.0825945]]),
        ("exponent_sign", "activation", ((1, 0), "sigmoid"), {}, [0.268941, 0.5]),
        ("exponent_sign", "activation", ((1, 0), "softmax"), {}, [0.268941, 0.731059]),
        ("softmax_for_sigmoid", "activation", ((1, 0), "sigmoid"), {}, [0.731059, 0.268941]),
        ("sigmoid_for_softmax", "activation", ((1, 0), "softmax"), {}, [0.731059, 0.5]),
        ("tanh_for_sigmoid", "activation", ((1, 0), "sigmoid"), {}, [0.761594, 0]),
        ("sigmoid_for_tanh", "activation", ((1, 0), "tanh"), {}, [0.731059, 0.5]),
        ("shift_left_out", "batch_norm_values", ((1, 3),), NORM, [-10, 10]),
        ("norm_scale_left_out", "batch_norm_values", ((1, 3),), NORM, [4, 6]),
        ("scale_and_shift_exchanged", "layer_norm_values", ((1, 3),), NORM, [5, 15]),
        ("sigmoid_for_exponential", "decode_yolo_box", BOX, {"stride": 2}, [11, 7, 58, 45]),
        ("anchor_left_out", "decode_yolo_box", BOX, {"stride": 2}, [11, 7, 1, 1]),
        ("multiplied_for_divided", "dropout_values", ((3, 4), (0, 1), TENTH), {}, [0, 3.6]),
        ("mask_inverted", "dropout_values", ((3, 4), (0, 1), HALF), {}, [6, 0]),
        ("old_moments_left_out", "adam_moments", (10, (5, 9)), {}, [1, 0.1]),
        ("windows_overwritten", "pool2d_backward", ([[1, 9, 2], [3, 4, 5]], [[10, 20]], 2),
         {"stride": 1}, [[0, 20, 0], [0, 0, 0]]),
        ("softmax_left_out", "attention", (ROWS, ROWS, ROWS), SCALE, [[20, 15], [35, 20]]),
        ("other_axis", "attention", (ROWS, ROWS, ROWS), SCALE,
         [[0.520079, 1.006693], [3.479921, 1.993307]]),
        ("kept_for_dropped", "dropout_values", ((3, 4), (0, 1), TENTH), {}, [0, 40]),
        ("dropout_not_scaled", "dropout_values", ((3, 4), (0, 1), HALF), {}, [0, 4]),
        ("dropout_scaled", "dropout_values", ((3, 4), (0, 1), HALF), {"inverted": False}, [0, 8]),
        ("smoothed_over_others", "smoothed_label", (1, 3), {"smoothing": TENTH}, [0.05, 0.9, 0.05]),
        ("smoothing_left_out", "smoothed_label", (1, 3), {"smoothing": TENTH}, [0, 1, 0]),
        ("classes_from_one", "smoothed_label", (1, 3), {"smoothing": 0}, [1, 0, 0]),
        ("betas_swapped", "adam_moments", (10,), {}, [0.01, 10]),
        ("old_and_new_exchanged", "adam_moments", (10,), {}, [9, 99.9]),
        ("square_left_out", "adam_moments", (10,), {}, [1, 0.01]),
    ],
)  # fmt: skip
def test_training_mistake_yields_expected_array(mistake, solver, call, keywords, given):
    found = REGISTRY.wrong_versions[mistake][solver](*call, **keywords)
    numbers = found.to_array() if isinstance(found, Tensor) else [float(one) for one in found]
    assert numbers == pytest.approx(Tensor.from_nested(given).to_array(), rel=1e-4)


@pytest.mark.parametrize("mistake", sorted(WEIGHTED))
def test_attention_output_uses_the_wrong_weights_of_the_same_mistake(mistake):
    """A mistake in the weights is the same mistake in the output of attention."""
    keywords = {"causal": True, "scale": mistake != "scale_added"}
    weights = WEIGHTED[mistake](ROWS, ROWS, **keywords).to_array()
    found = REGISTRY.wrong_versions[mistake]["attention"](ROWS, ROWS, ROWS, **keywords).to_array()
    assert found == pytest.approx(weights @ ROWS.to_array())


@pytest.mark.parametrize("solver", sorted(REGISTRY.wrong_versions["log_base_ten"]))
def test_logarithm_mistakes_change_the_unit_of_the_loss(solver):
    call = LOSSES[solver]
    nats = float(REGISTRY.functions[solver](*call))
    given = {
        name: REGISTRY.wrong_versions[name][solver] for name in ("log_base_ten", "log_base_two")
    }
    assert float(given["log_base_ten"](*call)) == pytest.approx(nats / math.log(10))
    assert float(given["log_base_two"](*call)) == pytest.approx(nats / LOG2)
    assert float(REGISTRY.wrong_versions["natural_log"][solver](*call, base=2)) == pytest.approx(
        nats
    )
    assert REGISTRY.wrong_versions["sign_lost"][solver](*call) == -REGISTRY.functions[solver](*call)


@pytest.mark.parametrize(
    "solver", sorted(LOSSES.keys() & REGISTRY.wrong_versions["sum_for_mean"].keys())
)
def test_sum_mistake_multiplies_the_mean_by_the_number_of_examples(solver):
    call = LOSSES[solver]
    mean = float(REGISTRY.functions[solver](*call))
    total = float(REGISTRY.wrong_versions["sum_for_mean"][solver](*call))
    assert total == pytest.approx(2 * mean)
    assert float(
        REGISTRY.wrong_versions["mean_for_sum"][solver](*call, reduction="sum")
    ) == pytest.approx(mean)


@pytest.mark.parametrize(
    ("mistake", "solver", "call", "keywords"),
    [
        ("batch_norm_left_out", "basic_block_params", (8, 8), {"batch_norm": False}),
        ("biased_before_batch_norm", "inception_params", (192, WIDTHS), {}),
        ("one_gate_left_out", "recurrent_params", ("rnn", 3, 4), {}),
        ("heads_unshared", "attention_params", (12, 3), {"head_dim": 5}),
        ("positions_left_out", "attention_macs", (5, 12), {"projections": False}),
        ("one_moment", "training_bytes", (10,), {"optimizer": "sgd"}),
        ("short_copies_only", "training_bytes", (10,), {}),
        ("long_copy_left_out", "training_bytes", (10,), {}),
        ("decimal_for_binary", "in_unit", (10, "MB"), {}),
        ("prefix_too_small", "in_unit", (10, "B"), {}),
        ("binary_for_decimal", "in_unit", (10, "MiB"), {}),
        ("bits_for_bytes", "in_unit", (10, "GMAC"), {}),
        ("multiplied_for_power", "step_lr", (1, 1), {"step_size": 2}),
        ("smoothed_over_others", "smoothed_label", (0, 1), {"smoothing": 0}),
        ("softmax_left_out", "softmax_cross_entropy", ((-1, 1), 0), {}),
        ("softmax_without_powers", "softmax_cross_entropy", ((-1, 1), 0), {}),
        ("scaled_by_width", "attention_scores", (ROWS, ROWS), SCALE),
        ("masked_after_softmax", "attention_weights", (ROWS, ROWS), {}),
        ("masked_by_zeros", "attention_weights", (ROWS, ROWS), {}),
        ("mask_reversed", "attention_weights", (ROWS, ROWS), {}),
        (
            "mask_reversed",
            "attention_weights",
            (ROWS, Tensor.from_nested([[1, 2]])),
            {"causal": True},
        ),
        ("softmax_over_all", "activation", ((1, 2), "softmax"), {}),
        ("exponent_sign", "activation", ((1, 2), "relu"), {}),
        ("softmax_for_sigmoid", "activation", (1, "sigmoid"), {}),
        ("tanh_for_sigmoid", "activation", (1, "relu"), {}),
        ("multiplied_for_divided", "dropout_values", ((3,), (1,), HALF), {"inverted": False}),
        ("lstm_for_gru", "recurrent_params", ("rnn", 3, 4), {}),
        ("long_format_counted", "parameter_bytes", (10,), {}),
        ("sigmoid_for_exponential", "decode_yolo_box", BOX, {"version": 5}),
        ("key_not_transposed", "attention_scores", (ROWS, Tensor.from_nested([[1, 2]])), {}),
    ],
)
def test_inapplicable_training_mistake_has_no_value(mistake, solver, call, keywords):
    with pytest.raises(SolverError):
        REGISTRY.wrong_versions[mistake][solver](*call, **keywords)


HOSTILE = [
    0, -1, HALF, 10**30, Fraction(1, 3**900), True, None, "x", (), ((1, 2), (3,)), (1,) * 3000,
    Tensor.from_nested([[0, 0], [0, 0]]), Tensor.from_nested([[10**300, 1], [1, -(10**300)]]),
]  # fmt: skip


@pytest.mark.parametrize("solver", sorted(LEARNING_CALLS))
def test_hostile_argument_raises_only_solver_errors(solver):
    twins = [
        functions[solver] for functions in REGISTRY.wrong_versions.values() if solver in functions
    ]
    for arguments, keywords in LEARNING_CALLS[solver]:
        for bad in HOSTILE:
            calls = [
                ((*arguments[:at], bad, *arguments[at + 1 :]), keywords)
                for at in range(len(arguments))
            ]
            calls += [(arguments, {**keywords, word: bad}) for word in keywords]
            for function in (REGISTRY.functions[solver], *twins):
                for given, named in calls:
                    with suppress(SolverError):
                        function(*given, **named)
