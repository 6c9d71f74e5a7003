"""Tests of rare mistakes in array values: what students give, computed by hand."""

from dataclasses import replace
from fractions import Fraction

import pytest
from factories import BOOK, ask, original

from grader.diagnosis.mistakes import find_known_mistakes
from grader.errors import SolverError
from grader.registry import MistakeInfo
from grader.values import Tensor
from problems.registry import REGISTRY

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
ROW = [1, -2, 3, 4]
MAP = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
RGB = [[[1, 2]], [[3, 4]], [[5, 6]]]
POOL = [[6, 1, 2, 0], [3, 5, 9, 4]]


def tensor(value):
    """Return a list as a tensor; a tuple of numbers stays a vector."""
    return Tensor.from_nested(value) if isinstance(value, list) else value


def given(mistake, solver, *arguments, **keywords):
    """Return the answer of a student who makes the *mistake*."""
    named = {name: tensor(value) for name, value in keywords.items()}
    return REGISTRY.wrong_versions[mistake][solver](*map(tensor, arguments), **named)


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords", "answer"),
    [
        ("strided_result_cropped", "conv1d", [[1, 2, 3, 4], [1, 1]], {"stride": 2}, [3, 5]),
        ("strided_result_cropped", "max_pool2d", [POOL, 2], {}, [[6, 9]]),
        ("strided_result_cropped", "avg_pool2d", [POOL, 2], {}, [[15 * QUARTER, 17 * QUARTER]]),
        ("window_over_the_edge", "conv1d", [[1, 2, 3, 4], [1, 1, 1]], {"stride": 2}, [6, 7]),
        ("window_over_the_edge", "conv2d", [MAP, [[1, 1], [1, 1]]], {"stride": 2},
         [[12, 9], [15, 9]]),
        ("stride_for_dilation", "conv1d", [[1, 2, 3, 4], [1, 1]], {"stride": 2}, [4, 6]),
        ("stride_for_dilation", "conv1d", [[1, 2, 3, 4], [1, 1]], {"dilation": 2}, [3, 7]),
        ("absolute_values_taken", "conv1d", [ROW, [1, 1]], {}, [1, 1, 7]),
        ("absolute_values_taken", "activation", [ROW, "relu"], {}, [1, 2, 3, 4]),
        ("negative_part_kept", "activation", [ROW, "relu"], {}, [0, -2, 0, 0]),
        ("relu_applied", "conv1d", [ROW, [1, 1]], {}, [0, 1, 7]),
        ("relu_applied", "dense", [[[1, -1]], [[2, 1], [0, 3]]], {}, [[1, 0]]),
        ("result_negated", "conv1d", [ROW, [1, 1]], {}, [1, -1, -7]),
        ("last_channel_only", "conv2d", [RGB, [[1, 1]]], {}, [[11]]),
        ("middle_channel_only", "conv2d", [RGB, [[1, 1]]], {}, [[7]]),
        ("first_channel_left_out", "conv2d", [RGB, [[[1, 0]], [[1, 0]], [[0, 1]]]], {}, [[9]]),
        ("middle_channel_left_out", "conv2d", [RGB, [[1, 1]]], {"bias": 1}, [[15]]),
        ("last_channel_left_out", "conv2d", [RGB, [[1, 1]]], {}, [[10]]),
        ("one_filter_for_all", "conv2d", [[[1, 2]], [[[[1, 0]]], [[[0, 1]]]]], {"bias": (5, 7)},
         [[[6]], [[8]]]),
        ("filters_exchanged", "conv2d", [[[1, 2]], [[[[1, 0]]], [[[0, 1]]]]], {"bias": (5, 7)},
         [[[9]], [[6]]]),
        ("minimum_for_maximum", "max_pool2d", [POOL, 2], {}, [[1, 0]]),
        ("minimum_for_maximum", "max_pool2d", [[[3]], 2], {"padding": 1, "stride": 1},
         [[3, 3], [3, 3]]),
        ("minimum_for_maximum", "global_pool2d", [RGB], {"mode": "max"}, [1, 3, 5]),
        ("divided_by_side", "avg_pool2d", [POOL, 2], {}, [[15 * HALF, 15 * HALF]]),
        ("divided_by_side", "pool2d_backward", [[[1, 2], [3, 4]], [[8]], 2], {"mode": "avg"},
         [[4, 4], [4, 4]]),
        ("means_rounded", "avg_pool2d", [POOL, 2], {}, [[4, 4]]),
        ("means_cut_off", "avg_pool2d", [POOL, 2], {}, [[3, 3]]),
        ("means_rounded", "global_pool2d", [RGB], {}, [2, 4, 6]),
        ("kernel_not_scaled", "conv_transpose1d", [[2, 3], [1, 10]], {}, [1, 11, 10]),
        ("kernel_not_scaled", "transposed_running_sum", [[[2, 3]], [[1, 10]]], {"after": 1},
         [[1, 10, 0]]),
        ("stopped_one_step_early", "conv_transpose1d", [[2, 3], [1, 10]], {}, [2, 20, 0]),
        ("stopped_one_step_early", "transposed_running_sum", [[[2, 3]], [[1, 10]]], {"after": 2},
         [[2, 20, 0]]),
        ("one_step_too_far", "transposed_running_sum", [[[2, 3]], [[1, 10]]], {"after": 1},
         [[2, 23, 30]]),
        ("gradient_negated", "conv2d_backward_weight", [[[1, 2]], [[3]]], {}, [[-3, -6]]),
        ("gradient_negated", "conv2d_backward_input", [[[3]], [[1, 2]]], {}, [[-3, -6]]),
        ("gradient_negated", "shared_weight_gradient", [[1, 2], [3, 4]], {}, -11),
        ("mean_over_positions", "conv2d_backward_weight", [[[1, 2, 3]], [[1, 1]]], {},
         [[3 * HALF, 5 * HALF]]),
        ("maxima_for_gradients", "pool2d_backward", [[[1, 2], [7, 4]], [[8]], 2], {},
         [[0, 0], [7, 0]]),
    ],
)  # fmt: skip
def test_rare_mistakes_in_arrays_reproduce_student_answers(
    mistake, solver, arguments, keywords, answer
):
    assert given(mistake, solver, *arguments, **keywords) == tensor(answer)


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords"),
    [
        ("window_over_the_edge", "conv1d", [[1, 2, 3, 4], [1, 1]], {"stride": 2}),
        ("stride_for_dilation", "conv1d", [[1, 2, 3, 4], [1, 1]], {}),
        ("last_channel_only", "conv1d", [ROW, [1, 1]], {}),
        ("middle_channel_only", "conv2d", [RGB[:2], [[1, 1]]], {}),
        ("one_filter_for_all", "conv2d", [MAP, [[1, 1]]], {}),
        ("minimum_for_maximum", "global_pool2d", [RGB], {}),
        ("divided_by_side", "avg_pool2d", [POOL, (1, 2)], {}),
        ("negative_part_kept", "activation", [ROW, "tanh"], {}),
        ("maxima_for_gradients", "pool2d_backward", [[[1, 2]], [[8]], (1, 2)], {"mode": "avg"}),
        ("stopped_one_step_early", "transposed_running_sum", [[[2, 3]], [[1]]], {"after": 1}),
    ],
)
def test_inapplicable_rare_mistakes_in_arrays_have_no_value(mistake, solver, arguments, keywords):
    with pytest.raises(SolverError):
        given(mistake, solver, *arguments, **keywords)


# --- what rare mistakes may not do


def rare_book(**wrong_versions):
    """Return the small registry with *wrong_versions* of `halve` as its only mistakes, all rare."""
    return replace(
        BOOK,
        wrong_versions={name: {"halve": function} for name, function in wrong_versions.items()},
        mistakes={name: MistakeInfo(name, 1, name, "") for name in wrong_versions},
    )


def known(key, book):
    variant = original(ask(key=key), book=book)
    return find_known_mistakes(variant.problem, variant.names, variant.keys, book)["a"]


def test_rare_mistake_that_gives_the_key_is_neither_known_nor_hidden():
    found = known("halve(100)", rare_book(same=lambda size: size // 2, twice=lambda size: size))
    assert [(one.ids, one.value) for one in found.candidates] == [(("twice",), 100)]
    assert found.hidden == frozenset()


@pytest.mark.parametrize(("size", "named"), [(29, False), (30, True), (-30, True)])
def test_small_integers_match_no_rare_mistake(size, named):
    found = known("halve(100)", rare_book(other=lambda _size: size))
    assert bool(found.candidates) is named
