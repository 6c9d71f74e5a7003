"""Tests of wrong versions of solvers: they give what students give."""

from fractions import Fraction
from inspect import signature

import numpy as np
import pytest
from array_calls import ARRAY_CALLS
from detection_calls import DETECTION_CALLS
from grouped_cases import check_each
from learning_calls import LEARNING_CALLS

from grader.errors import SolverError
from grader.values import Tensor
from problems.adapters import adapt_solver
from problems.mistakes import MISTAKES, expressions
from problems.network.constructors.all_constructors import (
    batch_norm,
    branches,
    conv,
    conv_transpose,
    flatten,
    linear,
    max_pool,
    network,
    relu,
    residual,
    skip,
)
from problems.network.published.catalog import named
from problems.registry import REGISTRY, SOLVERS, WRONG_VERSIONS

SOLVER = {solver.__name__: solver for solver in SOLVERS}

X = Tensor.from_nested([[1, -2, 3, 0], [4, 5, -6, 2], [-7, 8, 9, 1]])
W = Tensor.from_nested([[1, 2], [-3, 4]])
NET = network(
    conv(8, 5, stride=2, padding=1, dilation=2), batch_norm(), relu(), max_pool(2, padding=1),
    branches(conv(6, 1), network(conv(4, 1), conv(5, 3, padding=1))),
    flatten(), linear(10),
)  # fmt: skip
SMALL = network(conv(2, 2), relu(), flatten(), linear(1))
GRAPH = network(
    skip(conv(6, 3, padding=1)), residual(conv(4, 1), shortcut=conv(4, 1)),
    conv(4, 1, groups=2, bias=False), batch_norm(), max_pool(2), flatten(), linear(10),
)  # fmt: skip
UP = network(
    conv_transpose(6, 3, stride=2, padding=1, output_padding=1, dilation=2), flatten(), linear(2),
)  # fmt: skip
IMAGE = (3, 40, 33)
STACKS = (
    NET, GRAPH, network(*NET.layers[:4]), network(NET.layers[0]), network(flatten()),
    network(*NET.layers[:4], flatten(), linear(10), linear(4)), network(*GRAPH.layers[:1]),
    network(*GRAPH.layers[1:2]), network(*GRAPH.layers[4:6]), UP,
    network(UP.layers[0]), network(conv(8, 3), conv(4, 5), max_pool(2)),
)  # fmt: skip

# Calls in which the mistakes of each solver show; more than one where mistakes exclude each other.
ORDINARY = {
    "forward": [
        (
            (SMALL, X),
            {
                "weights": (
                    Tensor((2, 1, 2, 2), (1, 2, 0, -1, 3, -1, 1, 0)),
                    Tensor((1, 12), tuple(range(1, 13))),
                ),
                "biases": (Tensor.from_nested([1, -1]), Tensor.from_nested([5])),
            },
        ),
    ],
    **ARRAY_CALLS,
    **LEARNING_CALLS,
    **DETECTION_CALLS,
    "conv_size": [
        ((20, 3), {"stride": 2, "padding": 1, "dilation": 2}),
        ((21, 3), {"stride": 2, "padding": 1}),
    ],
    "conv_shape": [
        (((20, 12, 3), 16, (3, 5)), {"stride": (2, 1)}),
        (((20, 12, 3), 16, 3), {"stride": 2, "padding": 1, "dilation": 2}),
        (((21, 12, 3), 16, 3), {"stride": 2, "padding": 1}),
    ],
    "same_padding": [((5,), {"dilation": 2})],
    "flatten_size": [(((7, 5, 3),), {})],
    "layers_to_reach": [
        ((20, 8, 5), {"padding": 1}),
        ((22, 4, 4), {"stride": 2}),
        ((20, 8, 3), {}),
    ],
    "transposed_layers_to_reach": [
        ((8, 20, 5), {"padding": 1}),
        ((4, 22, 4), {"stride": 2}),
        ((8, 20, 3), {}),
    ],
    "transposed_size": [((7, 3), {"stride": 2, "padding": 1, "output_padding": 1, "dilation": 2})],
    "pool_size": [
        ((21, 3), {"stride": 2, "padding": 1, "dilation": 2}),
        ((20, 4), {"padding": 1}),
        ((22, 5), {"stride": 2}),
    ],
    "pool_shape": [
        (((20, 13, 16), 3), {"stride": 2, "padding": 1}),
        (((20, 13, 16), 4), {}),
        (((20, 13, 16), (2, 3)), {}),
    ],
    "conv_params": [
        ((3, 16, 5), {}),
        ((4, 16, 5), {"groups": 2, "bias": False}),
        ((3, 16, (5, 3)), {}),
    ],
    "linear_params": [((20, 10), {}), ((20, 10), {"bias": False})],
    "mlp_params": [(((20, 10, 5),), {}), (((20, 10, 5),), {"bias": False})],
    "separable_params": [((8, 16, 3), {"bias": True}), ((8, 16, 3), {})],
    "batch_norm_params": [((8,), {}), ((8,), {"count": "all"})],
    "conv_macs": [((3, 16, 5, 9), {}), ((4, 16, 5, 9), {"groups": 2}), ((3, 16, (5, 3), 9), {})],
    "separable_macs": [((8, 16, 3, 9), {})],
    "linear_macs": [((20, 10), {})],
    "saving_percent": [((100, 30), {})],
    "steps_per_epoch": [((100, 32), {}), ((100, 32), {"drop_last": True})],
    "epochs_completed": [((14, 100, 32), {}), ((15, 100, 32), {"drop_last": True})],
    "out_shape": [
        *(
            ((layer, (6, 17, 14)), {})
            for layer in (*NET.layers[:6:3], *GRAPH.layers[:2], flatten(), UP.layers[0])
        ),
        ((conv(8, 3), (17, 14, 6)), {"layout": "HWC"}),
    ],
    "network_shape": [
        *(((net, IMAGE), {}) for net in STACKS),
        ((network(conv(8, 3)), (9, 7, 3)), {"layout": "HWC"}),
    ],
    "output_shapes": [((net, IMAGE), {}) for net in STACKS],
    "layer_params": [((layer, (6, 17, 14)), {}) for layer in (NET.layers[0], *GRAPH.layers[2:4])],
    "total_params": [
        *(((net, IMAGE), {}) for net in STACKS),
        ((NET, IMAGE), {"trainable": False}),
    ],
    "layer_macs": [((layer, (6, 17, 14)), {}) for layer in (NET.layers[0], GRAPH.layers[2])],
    "total_macs": [((net, IMAGE), {}) for net in STACKS],
    "subnetwork": [((NET,), {"stop": 4})],
    "repeat": [((4, NET), {})],
    "layer_count": [((NET,), {})],
    "depth": [((NET,), {})],
    "activation_values": [((net, IMAGE), {}) for net in STACKS],
    "peak_activation": [((NET, IMAGE), {})],
}


def value_of(function, call):
    """Return the value of *function* for *call*, or None after a `SolverError`."""
    arguments, keywords = call
    try:
        return function(*arguments, **keywords)
    except SolverError:
        return None


def by_name(twin):
    return f"{twin.mistake}-{twin.solver}"


@check_each(WRONG_VERSIONS, name=by_name)
def test_wrong_version_has_the_signature_of_its_solver(twin):
    assert signature(twin.function) == signature(SOLVER[twin.solver])


@check_each(WRONG_VERSIONS, name=by_name)
def test_wrong_version_differs_from_its_solver_on_some_ordinary_call(twin):
    solver, wrong = REGISTRY.functions[twin.solver], adapt_solver(twin.function)
    right = [solver(*arguments, **keywords) for arguments, keywords in ORDINARY[twin.solver]]
    given = [value_of(wrong, call) for call in ORDINARY[twin.solver]]
    assert any(one is not None and one != two for one, two in zip(given, right, strict=True))


def test_each_solver_has_at_most_one_wrong_version_for_a_mistake():
    places = [(twin.mistake, twin.solver) for twin in WRONG_VERSIONS]
    assert len(set(places)) == len(places)


def test_every_solver_mistake_has_a_wrong_version_and_vice_versa():
    in_arithmetic = {mistake.id for mistake in expressions.MISTAKES}
    assert {twin.mistake for twin in WRONG_VERSIONS} == set(MISTAKES) - in_arithmetic


@check_each(MISTAKES.values(), name=lambda mistake: mistake.id)
def test_mistake_hints_and_notes_are_sentences_and_hints_contain_no_digits(mistake):
    assert mistake.rank > 0
    assert mistake.hint.endswith(("?", "."))
    assert mistake.note.endswith(".")
    assert not any(character.isdigit() for character in mistake.hint)


def test_most_common_mistakes_rank_highest():
    ranked = sorted(MISTAKES.values(), key=lambda mistake: -mistake.rank)
    assert [mistake.id for mistake in ranked[:4]] == [
        "input_channels_left_out", "no_bias", "forgot_plus_one", "rounded_up",
    ]  # fmt: skip


# --- the values that students gave


@pytest.mark.parametrize(
    ("mistake", "solver", "call", "given"),
    [
        ("rounded_up", "conv_shape", (((128, 128, 32), 16, 3), {"stride": 2}), (64, 64, 16)),
        ("fraction_left", "conv_size", ((128, 3), {"stride": 2}), Fraction(127, 2)),
        ("forgot_plus_one", "conv_size", ((32, 5), {}), 27),
        ("padding_left_out", "conv_size", ((32, 5), {"padding": 2}), 28),
        ("padding_once", "conv_size", ((32, 5), {"padding": 2}), 30),
        ("stride_left_out", "conv_size", ((32, 5), {"stride": 2}), 28),
        ("size_over_stride", "conv_size", ((33, 5), {"stride": 2}), 16),
        ("dilation_left_out", "conv_size", ((32, 3), {"dilation": 3}), 30),
        ("channels_kept", "conv_shape", (((9, 9, 3), 8, 3), {}), (7, 7, 3)),
        ("axes_swapped", "conv_shape", (((9, 8, 3), 8, 3), {}), (6, 7, 8)),
        ("layout_swapped", "conv_shape", (((9, 8, 3), 8, 3), {}), (8, 7, 6)),
        ("layout_swapped", "conv_shape", (((3, 9, 8), 8, 3), {"layout": "CHW"}), (7, 6, 8)),
        ("default_stride_one", "pool_shape", (((8, 8, 4), 2), {}), (7, 7, 4)),
        ("channels_pooled", "pool_shape", (((8, 8, 4), 2), {}), (4, 4, 2)),
        ("flatten_without_channels", "flatten_size", (((16, 16, 256),), {}), 256),
        ("padding_of_both_sides", "same_padding", ((5,), {}), 4),
        ("forgot_minus_one", "same_padding", ((5,), {}), Fraction(5, 2)),
        ("forgot_plus_one", "kernel_for", ((512, 504), {}), 8),
        ("forgot_plus_one", "layers_to_reach", ((224, 8, 7), {}), 31),
        ("sizes_counted", "layers_to_reach", ((224, 8, 7), {}), 37),
        ("transposed_cropped", "transposed_size", ((2, 2), {}), 2),
        ("convolution_for_transposed", "transposed_size", ((4, 3), {}), 2),
        ("forgot_minus_one", "transposed_size", ((4, 3), {"stride": 2}), 11),
        ("padding_added", "transposed_size", ((4, 3), {"padding": 1}), 8),
        ("no_bias", "conv_params", ((3, 16, 3), {}), 432),
        ("one_bias", "conv_params", ((3, 16, 3), {}), 433),
        ("bias_added", "conv_params", ((3, 16, 3), {"bias": False}), 448),
        ("bias_added", "conv_transpose_params", ((3, 16, 3), {"bias": False}), 448),
        ("bias_added", "linear_params", ((20, 10), {"bias": False}), 210),
        ("bias_added", "mlp_params", (((20, 10, 5),), {"bias": False}), 265),
        ("bias_added", "separable_params", ((3, 16, 3), {"bias": False}), 94),
        ("bias_added", "attention_params", ((8, 2), {"bias": False}), 288),
        ("input_channels_left_out", "conv_params", ((3, 16, 3), {}), 160),
        ("output_channels_left_out", "conv_params", ((3, 16, 3), {}), 28),
        ("separable_for_standard", "conv_params", ((64, 128, 5), {"bias": False}), 9_792),
        ("separable_for_standard", "conv_params", ((128, 256, 5), {"bias": False}), 35_968),
        ("groups_left_out", "conv_params", ((32, 32, 3), {"groups": 32}), 9_248),
        ("groups_left_out", "conv_macs", ((32, 32, 3, 14), {"groups": 4}), 1_806_336),
        ("groups_left_out", "conv_transpose_params", ((8, 4, 2), {"groups": 4}), 132),
        ("no_bias", "mlp_params", (((784, 100, 10),), {}), 79_400),
        ("one_bias", "mlp_params", (((784, 100, 10),), {}), 79_402),
        ("input_biased", "mlp_params", (((784, 100, 10),), {}), 80_294),
        ("layer_left_out", "mlp_params", (((784, 100, 10),), {}), 78_500),
        ("depthwise_only", "separable_params", ((64, 128, 5), {}), 1_600),
        ("pointwise_only", "separable_params", ((64, 128, 5), {}), 8_192),
        ("standard_for_separable", "separable_params", ((64, 128, 5), {}), 204_800),
        ("output_channels_left_out", "conv_macs", ((3, 64, 5, 64), {}), 307_200),
        ("input_channels_left_out", "conv_macs", ((3, 64, 5, 64), {}), 6_553_600),
        ("flops_for_macs", "conv_macs", ((3, 64, 5, 64), {}), 39_321_600),
        ("positions_left_out", "conv_macs", ((3, 64, 5, 64), {}), 4_800),
        ("bias_counted", "linear_macs", ((20, 10), {}), 210),
        ("remaining_for_saved", "saving_percent", ((100, 30), {}), 30),
        ("percent_of_the_smaller", "saving_percent", ((100, 25), {}), 300),
        ("previous_stride", "receptive_field", ((((5, 2),) * 2,), {}), 13),
        ("previous_stride", "receptive_field", ((((5, 2),) * 3,), {}), 21),
        ("strides_ignored", "receptive_field", ((((5, 2),) * 3,), {}), 13),
        ("own_stride_included", "receptive_field", ((((5, 2),),), {}), 9),
        ("kernels_multiplied", "receptive_field", ((((5, 2), (3, 1), (2, 2)),), {}), 30),
        ("boxes_times_five_plus_classes", "yolo_depth", ((3, 80), {}), 95),
        ("class_scores_per_box", "yolo_depth", ((1, 80), {}), 170),
        ("objectness_left_out", "yolo_depth", ((3, 80), {}), 252),
        ("one_anchor", "yolo_depth", ((3, 80), {}), 85),
        ("last_batch_kept", "steps_per_epoch", ((45_000, 64), {"drop_last": True}), 704),
        ("parallel_layers_added", "depth", ((named("googlenet"),), {}), 58),
        ("no_bias", "total_params", ((named("vgg16"),), {}), 138_344_128),
        ("batch_norm_left_out", "total_params", ((named("resnet18"),), {}), 11_679_912),
        ("batch_norm_all", "total_params", ((named("resnet18"),), {}), 11_699_112),
        ("flatten_without_channels", "network_shape", ((network(flatten()), (8, 5, 5)), {}), (25,)),
        ("channels_kept", "out_shape", ((conv(8, 3), (3, 9, 9)), {}), (3, 7, 7)),
        ("channels_kept", "out_shape", ((conv(8, 3), (9, 7, 3)), {"layout": "HWC"}), (7, 5, 3)),
        (
            "layout_swapped",
            "out_shape",
            ((conv(8, 3), (9, 7, 3)), {"layout": "HWC"}),
            (8, 7, 5),
        ),
        (
            "layout_swapped",
            "network_shape",
            ((network(conv(8, 3)), (9, 7, 3)), {"layout": "HWC"}),
            (8, 7, 5),
        ),
        (
            "axes_swapped",
            "network_shape",
            ((network(conv(8, 3)), (9, 7, 3)), {"layout": "HWC"}),
            (5, 7, 8),
        ),
        ("input_channels_left_out", "layer_params", ((conv_transpose(8, 2), (3, 9, 9)), {}), 40),
        ("side_for_area", "layer_params", ((conv(8, 3), (4, 9, 9)), {}), 104),
        ("bias_per_input_channel", "layer_params", ((conv(8, 3), (4, 9, 9)), {}), 292),
        ("bias_in_each_channel", "layer_params", ((conv(8, 3), (4, 9, 9)), {}), 320),
        ("side_for_area", "layer_macs", ((conv(8, 3), (4, 9, 9)), {}), 4_704),
    ],
)
def test_wrong_versions_reproduce_student_sizes_and_counts(mistake, solver, call, given):
    arguments, keywords = call
    assert REGISTRY.wrong_versions[mistake][solver](*arguments, **keywords) == given


@pytest.mark.parametrize(
    ("mistake", "solver", "call", "given"),
    [
        ("kernel_flipped", "conv2d", (([[1, 2, 3]], [[1, 10]]), {}), [[12, 23]]),
        ("kernel_flipped", "conv2d", (([[1, 2, 3]], [[1, 10]]), {"flip": True}), [[21, 32]]),
        ("transposed_output", "conv2d", (([[1, 2, 3]], [[1, 10]]), {}), [[21], [32]]),
        ("no_bias", "conv2d", (([[1, 2, 3]], [[1, 10]]), {"bias": 5}), [[21, 32]]),
        ("overlap_overwritten", "conv_transpose2d", (([[1, 2]], [[1, 10]]), {}), [[1, 2, 20]]),
        ("kernel_flipped", "conv_transpose2d", (([[1, 2]], [[1, 10]]), {}), [[10, 21, 2]]),
        ("transposed_cropped", "conv_transpose2d", (([[1, 2]], [[1, 10]]), {}), [[1, 12]]),
        ("last_stamp_only", "transposed_running_sum", (([[1, 2]], [[1, 10]]), {"after": 2}),
         [[0, 2, 20]]),
        ("overlap_overwritten", "transposed_running_sum", (([[1, 2]], [[1, 10]]), {"after": 1}),
         [[1, 10, 0]]),
        ("average_for_max", "max_pool2d", (([[1, 2], [3, 4]], 2), {}), [[Fraction(5, 2)]]),
        ("max_for_average", "avg_pool2d", (([[1, 2], [3, 4]], 2), {}), [[4]]),
        ("default_stride_one", "max_pool2d", (([[1, 2, 3], [4, 5, 6]], 2), {}), [[5, 6]]),
    ],
)  # fmt: skip
def test_wrong_versions_reproduce_student_arrays(mistake, solver, call, given):
    (x, *others), keywords = call
    others = [Tensor.from_nested(other) if isinstance(other, list) else other for other in others]
    found = REGISTRY.wrong_versions[mistake][solver](Tensor.from_nested(x), *others, **keywords)
    assert found == Tensor.from_nested(given)


def test_wrong_versions_accept_the_fractional_size_of_an_earlier_mistake():
    halves = REGISTRY.wrong_versions["fraction_left"]
    carried = halves["pool_size"](halves["conv_size"](128, 3, stride=2), 2)
    assert carried == Fraction(127, 4)


@pytest.mark.parametrize(
    ("mistake", "solver", "call"),
    [
        ("size_over_stride", "conv_size", ((20, 3), {})),
        ("padding_once", "conv_size", ((3, 5), {"padding": 1})),
        ("stride_left_out", "pool_size", ((20, 2), {})),
        ("default_stride_one", "pool_size", ((20, 2), {"stride": 2})),
        ("separable_for_standard", "conv_params", ((8, 16, 3), {"groups": 2})),
        ("separable_for_standard", "conv_macs", ((8, 16, 3, 9), {"groups": 8})),
        ("side_for_area", "conv_params", ((8, 16, 1), {})),
        ("bias_per_input_channel", "conv_params", ((8, 8, 3), {})),
        ("bias_in_each_channel", "conv_params", ((1, 8, 3), {})),
        ("bias_in_each_channel", "conv_params", ((4, 8, 3), {"bias": False})),
        ("side_for_area", "conv_params", ((8, 16, (3,)), {})),
        ("side_for_area", "conv_params", ((8, 16, (3, 5)), {})),
        ("output_projection_left_out", "attention_macs", ((9, 8), {"projections": False})),
        ("layer_left_out", "receptive_field", ((((5, 2),),), {})),
        ("layer_left_out", "receptive_field", ((NET,), {})),
        ("pooling_left_out", "receptive_field", ((((5, 2), (2, 2)),), {})),
        ("kernels_added", "receptive_field", ((((5, 1), (3, 1)),), {})),
        ("forgot_plus_one", "layers_to_reach", ((64, 8, 4), {"stride": 2, "padding": 1})),
        ("transposed_cropped", "conv_transpose2d", ((X, W), {"stride": 3})),
        ("flatten_without_channels", "total_params", ((named("vgg16"),), {})),
    ],
)
def test_inapplicable_mistake_has_no_value(mistake, solver, call):
    arguments, keywords = call
    with pytest.raises(SolverError):
        REGISTRY.wrong_versions[mistake][solver](*arguments, **keywords)


# --- seeds: the wrong answers with a cause are explained by that cause alone


def explanations(solver, *arguments, value, **keywords):
    """Return the mistakes of the highest rank that give *value* for one call."""
    found = {}
    for mistake, functions in REGISTRY.wrong_versions.items():
        if solver in functions and value_of(functions[solver], (arguments, keywords)) == value:
            found[mistake] = MISTAKES[mistake].rank
    return {mistake for mistake, rank in found.items() if rank == max(found.values())}


def test_real_wrong_answers_are_explained_by_their_cause():
    rounded = explanations("conv_shape", (128, 128, 32), 16, 3, stride=2, value=(64, 64, 16))
    assert rounded == {"rounded_up"}
    assert explanations("receptive_field", ((5, 2),) * 3, value=21) == {"previous_stride"}
    assert explanations("conv_macs", 3, 64, 5, 64, value=307_200) == {"output_channels_left_out"}
    standard = explanations("conv_params", 64, 128, 5, bias=False, value=9_792)
    assert standard == {"separable_for_standard"}


@pytest.mark.parametrize("value", [13_303_808, 60_817_408])
def test_mixture_of_formulas_is_not_explained(value):
    assert not explanations("conv_macs", 64, 128, 5, 32, value=value)
    assert not explanations("conv_macs", 128, 256, 5, 16, value=value)


def test_wrong_versions_do_not_modify_their_arguments():
    x = np.arange(12).reshape(3, 4)
    for twin in WRONG_VERSIONS:
        if twin.solver in {"conv2d", "conv_transpose2d"}:
            value_of(twin.function, ((x, [[1, 2], [3, 4]]), {}))
    np.testing.assert_array_equal(x, np.arange(12).reshape(3, 4))
