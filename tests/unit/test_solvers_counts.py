"""Tests of parameter, operation and step counts, against arrays and known figures."""

from fractions import Fraction

import numpy as np
import pytest

from grader.errors import SolverError
from problems.solvers.convolution import conv2d
from problems.solvers.convolution_parameters import (
    conv_params,
    locally_connected_params,
    separable_params,
)
from problems.solvers.cost import conv_macs, linear_macs, saving_percent, separable_macs
from problems.solvers.parameters import batch_norm_params, linear_params, mlp_params
from problems.solvers.training import epochs_completed, steps_per_epoch

# --- parameters


@pytest.mark.parametrize("into", [1, 2, 6])
@pytest.mark.parametrize("out", [2, 4])
@pytest.mark.parametrize("kernel", [1, 3, (3, 5), (7,), (2, 3, 5)])
@pytest.mark.parametrize("groups", [1, 2])
def test_convolution_parameters_are_its_weights_and_biases(into, out, kernel, groups):
    if into % groups:
        return
    sides = (kernel, kernel) if isinstance(kernel, int) else kernel
    weights = np.zeros((out, into // groups, *sides))
    assert conv_params(into, out, kernel, groups=groups) == weights.size + out
    assert conv_params(into, out, kernel, groups=groups, bias=False) == weights.size


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (conv_params(3, 3, 7), 444),
        (conv_params(256, 256, 9), 5_308_672),
        (linear_params(3 * 224 * 224, 75_264), 11_329_414_656),
        (linear_params(2048, 64), 131_136),
        (mlp_params((3 * 224 * 224, 75_264, 100)), 11_336_941_156),
        (mlp_params((4, 3), bias=False), 12),
        (separable_params(64, 128, 5), 9_792),
        (separable_params(64, 128, 5, bias=True), 9_792 + 64 + 128),
        (batch_norm_params(64), 128),
        (batch_norm_params(64, count="all"), 256),
        (conv_macs(128, 256, 5, 16), 209_715_200),
        (conv_macs(128, 256, 5, (16, 8)), 104_857_600),
        (conv_macs(64, 64, 5, 32, groups=64), 1_638_400),
        (conv_params(3, 64, (3, 7, 7), bias=False), 28_224),
        (conv_macs(3, 64, (3, 7, 7), (16, 56, 56), groups=1), 28_224 * 16 * 56 * 56),
        (conv_params(80, 512, (3,)), 123_392),
        (conv_macs(80, 512, (3,), 3000), 3000 * 122_880),
        (separable_macs(8, 16, (5,), 100), 100 * (5 * 8 + 8 * 16)),
        (locally_connected_params(1, 2, (3,), 10), 10 * (3 * 2 + 2)),
        (separable_macs(128, 256, 5, 16), 9_207_808),
        (linear_macs(65_536, 200), 13_107_200),
        (saving_percent(204_800, 9_792), Fraction(3047, 32)),
        (saving_percent(Fraction(1, 2), Fraction(1, 4)), 50),
        (saving_percent(100, 150), -50),
    ],
)
def test_parameter_counts_match_course_examples(found, expected):
    assert found == expected


def test_whole_number_saving_is_an_integer():
    assert isinstance(saving_percent(4, 1), int)


def test_separable_convolution_parameters_match_its_weight_shapes():
    """The count assumes the weight shapes of a depthwise and a pointwise convolution."""
    x = np.ones((3, 6, 6))
    depthwise, pointwise = np.ones((3, 1, 3, 3)), np.ones((5, 3, 1, 1))
    mixed = conv2d(conv2d(x, depthwise, groups=3), pointwise)
    assert mixed.shape == (5, 4, 4)
    assert separable_params(3, 5, 3) == depthwise.size + pointwise.size
    assert separable_macs(3, 5, 3, 4) == 16 * (depthwise.size + pointwise.size)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: conv_params(3, 4, 3, groups=2), "2 groups do not divide 3 and 4 channels"),
        (lambda: conv_params(3, 4, 3, bias=1), "bias must be True or False"),
        (lambda: conv_params(3, 4, (3,) * 4), "kernel_size must be one to 3 numbers, not 4"),
        (lambda: conv_params(3, 4, ()), "kernel_size must be one to 3 numbers, not 0"),
        (lambda: conv_macs(3, 4, (3, 3, 3), (8, 8)), "output_size must have a number for"),
        (lambda: conv_macs(3, 4, 3, (8,)), "output_size must have a number for each of 2 axes"),
        (lambda: locally_connected_params(3, 4, (3,), (8, 8)), "each of 1 axes, not 2"),
        (lambda: conv_params(0, 4, 3), "in_channels must be from 1"),
        (lambda: linear_params(Fraction(5, 2), 4), "in_features must be a whole number"),
        (lambda: mlp_params((4,)), "at least one layer"),
        (lambda: mlp_params(()), "sizes must be a tuple"),
        (lambda: batch_norm_params(4, count="some"), "count must be learnable or all"),
        (lambda: saving_percent(0, 1), "the standard one positive"),
        (lambda: saving_percent("a", 1), "a saving is between two numbers"),
        (lambda: conv_macs(3, 4, 3, 0), "output_size must be from 1"),
    ],
)
def test_invalid_count_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()


# --- training


@pytest.mark.parametrize(("examples", "batch_size"), [(45_000, 64), (64, 64), (65, 64), (3, 64)])
def test_steps_per_epoch_match_a_loop_over_batches(examples, batch_size):
    batches = [range(examples)[at : at + batch_size] for at in range(0, examples, batch_size)]
    full = [batch for batch in batches if len(batch) == batch_size]
    assert steps_per_epoch(examples, batch_size) == len(batches)
    assert steps_per_epoch(examples, batch_size, drop_last=True) == len(full)


@pytest.mark.parametrize(
    ("steps", "epochs"), [(0, 0), (702, 0), (703, 1), (5265, 7), (7 * 703 - 1, 6)]
)
def test_only_full_epochs_count_as_completed(steps, epochs):
    assert epochs_completed(steps, 45_000, 64, drop_last=True) == epochs


def test_epochs_without_a_full_batch_are_rejected():
    with pytest.raises(SolverError, match="no steps"):
        epochs_completed(10, 3, 64, drop_last=True)
