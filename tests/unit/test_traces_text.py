"""Tests of the text of tracers: the words and symbols of a textbook."""

import pytest
from solution_steps import of_type, steps_as_text, steps_of
from unusual_calls import GRAPH, MAPS, SMALL, X

from grader.display.render import render_step
from grader.display.steps import Array, Formula, PooledWindow, Rows, TextStep, Window
from grader.values import Tensor
from problems.network.constructors.all_constructors import (
    conv,
    conv_transpose,
    linear,
    max_pool,
    network,
    relu,
)
from problems.network.published.catalog import named
from problems.traces.networks import OMITTED_LAYERS
from problems.traces.sizes import DROPPED_WINDOW_SENTENCE

ROW = Tensor.from_nested([[1, 2, 3]])
TAPS = Tensor.from_nested([[1, 10]])


@pytest.mark.parametrize(
    ("solver", "arguments", "keywords", "text"),
    [
        ("conv_size", (28, 5), {}, "W_out = W - K + 1 = 28 - 5 + 1 = 24"),
        ("conv_size", (28, 5), {"padding": 2}, "W_out = W + 2·P - K + 1 = 28 + 2·2 - 5 + 1 = 28"),
        (
            "conv_size", (28, 5), {"padding": (1, 2)},
            "W_out = W + P_1 + P_2 - K + 1 = 28 + 1 + 2 - 5 + 1 = 27",
        ),
        ("conv_size", (28, 5), {"dilation": 2}, "W_out = W - D·(K - 1) = 28 - 2·(5 - 1) = 20"),
        (
            "conv_size", (28, 5), {"stride": 3, "rounding": "ceil"},
            "W_out = ceil((W - K)/S) + 1 = ceil((28 - 5)/3) + 1 = 9",
        ),
        (
            "conv_size", (28, 5), {"stride": 3, "dilation": 2},
            "W_out = floor((W - D·(K - 1) - 1)/S) + 1 = floor((28 - 2·(5 - 1) - 1)/3) + 1 = 7",
        ),
        ("transposed_size", (4, 3), {}, "W_out = W - 1 + K = 4 - 1 + 3 = 6"),
        (
            "transposed_size", (4, 3), {"stride": 2, "output_padding": 1},
            "W_out = (W - 1)·S + K + A = (4 - 1)·2 + 3 + 1 = 10",
        ),
        ("same_padding", (5,), {"dilation": 3}, "P = D·(K - 1)/2 = 3·(5 - 1)/2 = 6"),
        ("flatten_size", ((4, 4, 128),), {}, "n = H·W·C = 4·4·128 = 2048"),
        ("kernel_for", (512, 504), {}, "K = W - W_out + 1 = 512 - 504 + 1 = 9"),
        ("layers_to_reach", (224, 8, 7), {}, "n = (W_1 - W_n)/d = (224 - 8)/6 = 36"),
        ("conv_params", (3, 16, 3), {"bias": False}, "N = K^2·C_in·C_out = 3^2·3·16 = 432"),
        (
            "conv_params", (8, 16, (3, 5)), {"groups": 4, "bias": False},
            "N = K_H·K_W·C_in/G·C_out = 3·5·8/4·16 = 480",
        ),
        ("conv_params", (2, 4, (3,)), {"bias": False}, "N = K·C_in·C_out = 3·2·4 = 24"),
        (
            "conv_params", (3, 4, (2, 3, 3)), {"bias": False},
            "N = K_D·K_H·K_W·C_in·C_out = 2·3·3·3·4 = 216",
        ),
        ("conv_macs", (2, 4, (3,), 10), {}, "M = L_out·K·C_in·C_out = 10·3·2·4 = 240"),
        ("mlp_params", ((784, 100, 10),), {}, "N = 78500 + 1010 = 79510"),
        ("flops", (19_200,), {}, "F = 2·M = 2·19200 = 38400"),
        ("saving_percent", (100, 30), {}, "s = 100·(1 - N_2/N_1) = 100·(1 - 30/100) = 70"),
        ("receptive_field", (((5, 2),) * 3,), {}, "r = 1 + 4 + 8 + 16 = 29"),
        ("effective_stride", (((7, 2), (3, 2), (3, 1)),), {}, "j = 2·2·1 = 4"),
        ("upsample_size", (7, 2), {}, "W_out = W·R = 7·2 = 14"),
    ],
)  # fmt: skip
def test_trace_formula_omits_terms_without_effect(solver, arguments, keywords, text):
    assert steps_as_text(solver, *arguments, **keywords)[-1] == text


def test_equal_axes_share_one_formula():
    assert steps_as_text("conv_shape", (32, 32, 3), 16, 3)[1] == "W_out = H_out = 30"


def test_only_symbols_that_differ_between_axes_get_an_index():
    texts = steps_as_text("conv_shape", (9, 9, 3), 16, (3, 5), stride=2)
    assert texts[:2] == [
        "H_out = floor((H - K_H)/S) + 1 = floor((9 - 3)/2) + 1 = 4",
        "W_out = floor((W - K_W)/S) + 1 = floor((9 - 5)/2) + 1 = 3",
    ]


def test_depth_and_dilation_have_distinct_symbols():
    texts = steps_as_text("conv_shape", (4, 9, 9, 3), 16, 2, layout="DHWC", dilation=2)
    assert texts[:2] == [
        "D_out = D - R·(K - 1) = 4 - 2·(2 - 1) = 2",
        "H_out = H - D·(K - 1) = 9 - 2·(2 - 1) = 7",
    ]


def test_dropped_pooling_window_is_explained_in_text():
    texts = steps_as_text("pool_size", 5, 2, stride=2, padding=1, ceil_mode=True)
    assert texts == [
        "N = ceil((W + 2·P - K)/S) + 1 = ceil((5 + 2·1 - 2)/2) + 1 = 4",
        DROPPED_WINDOW_SENTENCE,
        "W_out = N - 1 = 4 - 1 = 3",
    ]


def test_convolution_trace_contains_the_padded_input_and_each_window():
    steps = steps_of("conv2d", ROW, TAPS, padding=(1, 0, 0, 0), bias=7)
    assert of_type(Array, steps)[0] == Array("X_P", Tensor.from_nested([[0, 1, 2, 3]]))
    assert [(step.corner, step.patch.cells, step.total) for step in of_type(Window, steps)] == [
        ((0, 0), (0, 1), 17), ((0, 1), (1, 2), 28), ((0, 2), (2, 3), 39),
    ]  # fmt: skip


def test_convolution_trace_contains_the_flipped_kernel():
    steps = steps_of("conv2d", ROW, TAPS, flip=True)
    assert steps[1] == Array("w'", Tensor.from_nested([[10, 1]]))
    assert of_type(Window, steps)[0].kernel == Tensor.from_nested([[10, 1]])


def test_grouped_filter_trace_uses_the_channels_of_its_group():
    filters = Tensor.from_nested([[[[1, 2]]], [[[3, 1]]]])
    windows = of_type(Window, steps_of("conv2d", MAPS, filters, groups=2))
    assert [(step.place, step.patch.cells) for step in windows[:5:4]] == [
        ((0, 0, 0), (1, 2)), ((1, 0, 0), (0, 1)),
    ]  # fmt: skip


def test_trace_of_a_large_output_contains_only_the_first_windows():
    steps = steps_of("conv2d", Tensor((20, 20), (1,) * 400), TAPS)
    assert len(of_type(Window, steps)) == 64
    assert TextStep("The other 316 cells follow in the same way.") in steps


@pytest.mark.parametrize(
    ("solver", "arguments"),
    [
        ("conv2d", (Tensor((40, 40), (1,) * 1600), TAPS)),
        ("conv_transpose2d", (Tensor((40, 40), (1,) * 1600), TAPS)),
        ("max_pool2d", (Tensor((80, 80), (1,) * 6400), 2)),
    ],
)
def test_oversized_trace_output_is_replaced_by_a_note(solver, arguments):
    last = steps_of(solver, *arguments)[-1]
    assert isinstance(last, TextStep)
    assert last.text.endswith("too large to be written out.")


def test_max_pooling_trace_omits_padding_and_average_pooling_counts_it():
    largest = of_type(PooledWindow, steps_of("max_pool2d", X, 2, padding=1))[0]
    mean = of_type(PooledWindow, steps_of("avg_pool2d", X, 2, padding=1))[0]
    assert (largest.corner, largest.patch.cells) == ((0, 0), (1,))
    assert (mean.corner, mean.patch.cells, mean.count) == ((0, 0), (0, 0, 0, 1), 4)


def test_transposed_trace_sums_stamps_one_by_one_and_skips_zeros():
    steps = steps_of("conv_transpose2d", Tensor.from_nested([[1, 0, 2]]), TAPS)
    assert of_type(Array, steps) == [
        Array("sum with 1·w at (1, 1)", Tensor.from_nested([[1, 10, 0, 0]])),
        Array("sum with 2·w at (1, 3)", Tensor.from_nested([[1, 10, 2, 20]])),
    ]


def test_transposed_trace_notes_the_crop_before_the_output():
    texts = steps_as_text(
        "conv_transpose2d", Tensor.from_nested([[1, 2]]), TAPS, padding=(1, 0, 0, 0)
    )
    assert texts[-2:] == ["The padding (1, 0, 0, 0) crops the sum at its ends.", "Y =\n12  20"]


def test_network_trace_is_a_table_whose_column_adds_up():
    net = network(conv(8, 3), relu(), max_pool(2), conv(4, 1))
    (_, table, total) = steps_of("total_macs", net, (3, 10, 10))
    assert [row[-1] for row in table.rows] == [13_824, 0, 0, 512]
    assert render_step(total).text == "M = 13824 + 512 = 14336"


def test_long_network_table_omits_layers_that_count_nothing():
    steps = steps_of("total_params", named("resnet18"))
    assert steps[0] == TextStep(OMITTED_LAYERS)
    assert all(row[-1] for row in of_type(Rows, steps)[0].rows)


def test_very_long_network_table_is_truncated():
    (table,) = of_type(Rows, steps_of("total_params", named("resnet152")))
    assert len(table.rows) == 65
    assert table.rows[-1] == ("…", "…")


def test_receptive_field_trace_follows_the_path_with_the_largest_field():
    table = of_type(Rows, steps_of("receptive_field", GRAPH))[0]
    assert [row[0].partition(",")[0] for row in table.rows] == [
        "convolution 3×3", "convolution 3×3", "convolution 3×3", "convolution 5×5",
        "max pooling 3×3", "max pooling 2×2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("layer", "shape", "text"),
    [
        (conv(6, 3), SMALL, "M = H_out·W_out·K^2·C_in·C_out = 4·4·3^2·4·6 = 3456"),
        (conv_transpose(6, 3), SMALL, "M = H·W·K^2·C_in·C_out = 6·6·3^2·4·6 = 7776"),
        (linear(7), (5,), "M = n_in·n_out = 5·7 = 35"),
        (relu(), SMALL, "M = 0"),
    ],
)
def test_layer_trace_uses_the_formula_of_its_kind(layer, shape, text):
    assert steps_as_text("layer_macs", layer, shape)[-1] == text


def test_filter_trace_derives_the_filter_from_equations():
    steps = steps_of("filter_from", (1, 2, 5), (5, 12))
    assert [render_step(step).text for step in of_type(Formula, steps)] == [
        "y_1 = 1·w_1 + 2·w_2 = 5", "y_2 = 2·w_1 + 5·w_2 = 12",
    ]  # fmt: skip
