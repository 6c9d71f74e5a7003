"""Tests of counts of layers and blocks, against published totals and arrays.

They count parameters and operations.
"""

from fractions import Fraction

import numpy as np
import pytest

from grader.errors import SolverError
from problems.solvers.blocks import (
    basic_block_params,
    bottleneck_params,
    inception_channels,
    inception_params,
)
from problems.solvers.convolution_parameters import (
    conv_params,
    conv_transpose_params,
    locally_connected_params,
)
from problems.solvers.cost import conv_macs, flops, mlp_macs, separable_macs, separable_ratio
from problems.solvers.parameters import (
    batch_norm_params,
    embedding_params,
    layer_norm_params,
    linear_params,
)
from problems.solvers.transposed_values import conv_transpose2d


def chained(first, stages, block):
    """Return the parameters of stages of blocks; each stage is (how many, channels out)."""
    total, into = 0, first
    for blocks, out in stages:
        total += block(into, out, first=True) + (blocks - 1) * block(out, out, first=False)
        into = out
    return total


STEM = conv_params(3, 64, 7, bias=False) + batch_norm_params(64)


@pytest.mark.parametrize(
    ("blocks", "published"), [((2, 2, 2, 2), 11_689_512), ((3, 4, 6, 3), 21_797_672)]
)
def test_basic_blocks_sum_to_the_published_resnet18_and_resnet34_parameters(blocks, published):
    stages = tuple(zip(blocks, (64, 128, 256, 512), strict=True))
    body = chained(64, stages, lambda into, out, **_: basic_block_params(into, out))
    assert STEM + body + linear_params(512, 1000) == published


@pytest.mark.parametrize(
    ("blocks", "groups", "widening", "published"),
    [
        ((3, 4, 6, 3), 1, 1, 25_557_032),
        ((3, 4, 23, 3), 1, 1, 44_549_160),
        ((3, 8, 36, 3), 1, 1, 60_192_808),
        ((3, 4, 6, 3), 32, 2, 25_028_904),  # ResNeXt-50 32x4d
        ((3, 4, 6, 3), 1, 2, 68_883_240),  # Wide ResNet-50-2
    ],
)
def test_bottlenecks_sum_to_published_deep_resnet_parameters(blocks, groups, widening, published):
    def block(into, out, *, first):
        width = widening * out // 4
        return bottleneck_params(into, width, out, groups=groups, projection=first)

    stages = tuple(zip(blocks, (256, 512, 1024, 2048), strict=True))
    assert STEM + chained(64, stages, block) + linear_params(2048, 1000) == published


MODULES = (
    (192, (64, 96, 128, 16, 32, 32)),
    (256, (128, 128, 192, 32, 96, 64)),
    (480, (192, 96, 208, 16, 48, 64)),
    (512, (160, 112, 224, 24, 64, 64)),
    (512, (128, 128, 256, 24, 64, 64)),
    (512, (112, 144, 288, 32, 64, 64)),
    (528, (256, 160, 320, 32, 128, 128)),
    (832, (256, 160, 320, 32, 128, 128)),
    (832, (384, 192, 384, 48, 128, 128)),
)


def googlenet(*, batch_norm, kernel_size):
    keywords = {"batch_norm": batch_norm, "bias": not batch_norm}
    stem = [(3, 64, 7), (64, 64, 1), (64, 192, 3)]
    weights = sum(conv_params(*layer, bias=not batch_norm) for layer in stem)
    norms = sum(batch_norm_params(out) for _, out, _ in stem) if batch_norm else 0
    modules = sum(inception_params(*one, kernel_size=kernel_size, **keywords) for one in MODULES)
    return weights + norms + modules + linear_params(1024, 1000)


def test_inception_modules_sum_to_published_googlenet_parameters():
    without_auxiliary_heads = googlenet(batch_norm=True, kernel_size=3)
    assert without_auxiliary_heads == 6_624_904  # as torchvision builds it
    assert googlenet(batch_norm=False, kernel_size=5) == 6_998_552  # the paper's layers


def test_inception_modules_output_the_input_channels_of_the_next():
    given = [inception_channels(widths) for _, widths in MODULES]
    assert given[:-1] == [into for into, _ in MODULES[1:]]
    assert given[-1] == 1024


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (basic_block_params(64, 64), 73_984),
        (basic_block_params(64, 64, projection=True), 73_984 + 64 * 64 + 128),
        (basic_block_params(64, 64, batch_norm=False), 2 * 36_864),
        (basic_block_params(64, 64, batch_norm=False, bias=True), 2 * 36_928),
        (basic_block_params(64, 64, count="all"), 73_984 + 256),
        (bottleneck_params(256, 64, 256), 70_400),
        (bottleneck_params(64, 64, 256), 75_008),
        (inception_params(192, MODULES[0][1]), 163_696),
        (conv_transpose_params(1024, 512, 2), 2_097_664),  # the first of U-Net
        (conv_transpose_params(6, 4, 3, groups=2, bias=False), 108),
        (locally_connected_params(3, 64, 3, 30), 30 * 30 * (3 * 3 * 3 * 64) + 30 * 30 * 64),
        (locally_connected_params(3, 64, 3, 30, shared_bias=True), 1_555_264),
        (locally_connected_params(3, 64, 3, (30, 1), bias=False), 51_840),
        (embedding_params(50_257, 768), 38_597_376),
        (layer_norm_params((5, 10, 10)), 1000),
        (layer_norm_params(768, bias=False), 768),
        (mlp_macs((784, 100, 10)), 79_400),
        (flops(0), 0),
    ],
)
def test_block_counts_match_course_examples(found, expected):
    assert found == expected


def test_unshared_locally_connected_layer_with_one_position_equals_linear_layer():
    """A kernel as large as its input has one position, so both layers are the same."""
    assert locally_connected_params(3, 10, 8, 1) == linear_params(3 * 8 * 8, 10)


def test_transposed_convolution_parameters_equal_its_weight_count():
    weights = np.ones((2, 2))
    assert conv_transpose2d(np.ones((3, 3)), weights).shape == (4, 4)
    assert conv_transpose_params(1, 1, 2, bias=False) == weights.size


@pytest.mark.parametrize(("into", "out", "kernel"), [(64, 128, 5), (3, 7, (1, 3)), (1, 1, 1)])
def test_separable_ratio_equals_the_ratio_of_macs(into, out, kernel):
    costs = (separable_macs(into, out, kernel, 9), conv_macs(into, out, kernel, 9))
    assert separable_ratio(out, kernel) == Fraction(*costs)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: basic_block_params(64, 128, projection=False), "64 channels cannot be added"),
        (lambda: basic_block_params(64, 128, projection=1), "projection must be True or False"),
        (lambda: basic_block_params(64, 64, batch_norm=None), "batch_norm must be True or False"),
        (lambda: bottleneck_params(64, 30, 256, groups=4), "4 groups do not divide"),
        (lambda: bottleneck_params(64, 32, 256, count="some"), "count must be learnable or all"),
        (lambda: inception_params(192, (64, 96)), "6 numbers, not 2"),
        (lambda: inception_channels(7), "widths must be a tuple"),
        (lambda: locally_connected_params(3, 4, 3, (5,) * 3), "each of 2 axes, not 3"),
        (lambda: layer_norm_params(()), "normalized_shape must be a tuple"),
        (lambda: flops(-1), "macs must be from 0"),
        (lambda: separable_ratio(0, 3), "out_channels must be from 1"),
    ],
)
def test_invalid_block_count_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
