"""Tests of two mistakes in one call: one rewrites the arguments, the other computes."""

from inspect import signature

import pytest

from grader.errors import SolverError
from grader.values import Tensor
from problems.registry import REGISTRY, WRONG_VERSIONS
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def measured(height, width, *, depth=2):
    return height * width * depth


FLAT = replace_arguments(measured, depth=1)
TALL = replace_arguments(measured, height=lambda given: given.height + given.width)


def test_argument_rewrite_has_the_name_and_signature_of_its_solver():
    assert (FLAT.__name__, signature(FLAT)) == ("measured", signature(measured))
    assert (FLAT(3, 5), TALL(3, width=5)) == (15, 80)


def test_argument_rewrite_declares_and_returns_its_arguments():
    (twin,) = build_wrong_versions(measured, {"tall": TALL})
    assert twin.rewrite.arguments == {"height"}
    assert twin.rewrite.call(3, width=5) == {"height": 8, "width": 5, "depth": 2}
    assert (
        build_wrong_versions(measured, {"other": replace_formula(measured, lambda _: 1)})[0].rewrite
        is None
    )


@pytest.mark.parametrize(
    ("one", "two", "solver", "call", "given"),
    [
        ("rounded_up", "padding_left_out", "conv_size", ((20, 3), {"stride": 2, "padding": 1}), 10),
        ("padding_left_out", "stride_left_out", "conv_size",
         ((20, 3), {"stride": 2, "padding": 1}), 18),
        ("no_bias", "input_channels_left_out", "conv_params", ((3, 16, 3), {}), 144),
        ("no_bias", "output_channels_left_out", "conv_params", ((3, 16, 3), {}), 27),
        ("one_bias", "input_channels_left_out", "conv_params", ((3, 16, 3), {}), 145),
        ("flops_for_macs", "positions_left_out", "conv_macs", ((3, 64, 5, 64), {}), 9600),
    ],
)  # fmt: skip
def test_two_combined_mistakes_yield_the_expected_value_in_either_order(
    one, two, solver, call, given
):
    arguments, keywords = call
    for pair in ((one, two), (two, one)):
        assert REGISTRY.combine_in_solver(*pair, solver)(*arguments, **keywords) == given


def test_two_mistakes_combine_on_arrays():
    x, w = (
        Tensor.from_nested([[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        Tensor.from_nested([[1, 10], [100, 1000]]),
    )
    both = REGISTRY.combine_in_solver("padding_left_out", "transposed_output", "conv2d")
    once = REGISTRY.wrong_versions["transposed_output"]["conv2d"]
    assert both(x, w, padding=1) == once(x, w)


@pytest.mark.parametrize(
    ("one", "two", "solver"),
    [
        ("rounded_up", "forgot_plus_one", "conv_size"),
        ("input_channels_left_out", "separable_for_standard", "no_such_solver"),
        ("batch_norm_all", "batch_norm_learnable", "batch_norm_params"),
        ("stride_left_out", "default_stride_one", "pool_size"),
    ],
)
def test_mistakes_that_conflict_in_formula_or_argument_do_not_combine(one, two, solver):
    assert REGISTRY.combine_in_solver(one, two, solver) is None
    assert solver not in REGISTRY.combine_mistakes(one, two)


def test_combined_mistakes_cover_every_solver_of_either_mistake():
    both = REGISTRY.combine_mistakes("no_bias", "rounded_up")
    assert (
        both.keys()
        == REGISTRY.wrong_versions["no_bias"].keys() | REGISTRY.wrong_versions["rounded_up"].keys()
    )


def test_arguments_that_cannot_be_rewritten_raise_solver_error():
    both = REGISTRY.combine_in_solver("channels_kept", "axes_swapped", "conv_shape")
    with pytest.raises(SolverError):
        both(7, 16, 3)


def test_wrong_versions_have_no_variadic_parameters() -> None:
    kinds = {
        (one.kind, twin.solver)
        for twin in WRONG_VERSIONS
        for one in signature(twin.function).parameters.values()
        if one.kind in {one.VAR_POSITIONAL, one.VAR_KEYWORD}
    }
    assert kinds == set()
