"""Tests of gradients, against finite differences and by the adjoint identity.

They cover convolutions, layers and losses. A convolution is linear in its input and in
its kernel, so a step of 1 gives its derivative exactly.
"""

from fractions import Fraction

import numpy as np
import pytest
from arrays import integers
from scipy import signal, special

from grader.errors import SolverError
from problems.solvers.activations import ACTIVATION_CURVES, activation, activation_backward
from problems.solvers.convolution import conv2d
from problems.solvers.dense import (
    dense,
    dense_backward_bias,
    dense_backward_input,
    dense_backward_weight,
)
from problems.solvers.gradients import (
    conv2d_backward_bias,
    conv2d_backward_input,
    conv2d_backward_weight,
    shared_weight_gradient,
)
from problems.solvers.loss_gradients import softmax_cross_entropy_gradient

GEOMETRIES = [
    {},
    {"padding": 1},
    {"stride": 2, "padding": (1, 0)},
    {"stride": (2, 3), "padding": (2, 0, 1, 1)},
    {"dilation": 2, "padding": 1},
    {"stride": 2, "dilation": (1, 2)},
    {"padding": "same"},
]


def by_steps(function, x, dy, *, step=1):
    """Return the central differences of ``sum(function(x) * dy)`` in each cell of *x*."""
    found = np.empty(x.shape)
    for cell in np.ndindex(x.shape):
        move = np.zeros(x.shape)
        move[cell] = step / 2
        found[cell] = ((function(x + move) - function(x - move)) * dy).sum() / step
    return found


# --- convolution


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("groups", [1, 2])
def test_convolution_gradients_match_finite_differences(geometry, groups):
    x, w = integers(4, 7, 8), integers(2, 4 // groups, 3, 2, seed=1)
    options = {**geometry, "groups": groups}
    dy = integers(*conv2d(x, w, **options).shape, seed=2)
    into = conv2d_backward_input(dy, w, input_size=(7, 8), **options)
    expected = by_steps(lambda one: conv2d(one, w, **options), x, dy)
    assert into.dtype == np.int64
    np.testing.assert_array_equal(into, expected)
    kernel = conv2d_backward_weight(x, dy, kernel_size=(3, 2), **options)
    expected = by_steps(lambda one: conv2d(x, one, **options), w, dy)
    assert kernel.dtype == np.int64
    np.testing.assert_array_equal(kernel, expected)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_input_gradient_is_the_adjoint_of_the_convolution(geometry):
    """<conv(x), dy> = <x, dx> for every x."""
    x, w = integers(3, 7, 8), integers(5, 3, 2, 3, seed=1)
    dy = integers(*conv2d(x, w, **geometry).shape, seed=2)
    back = conv2d_backward_input(dy, w, input_size=(7, 8), **geometry)
    assert (conv2d(x, w, **geometry) * dy).sum() == (x * back).sum()


@pytest.mark.parametrize(
    ("x", "w", "dy"),
    [
        ((5, 4), (2, 3), (4, 2)),
        ((3, 5, 4), (3, 2, 3), (4, 2)),
        ((3, 5, 4), (6, 3, 2, 3), (6, 4, 2)),
    ],
)
def test_gradients_have_the_shapes_of_input_and_kernel(x, w, dy):
    into = conv2d_backward_input(integers(*dy), integers(*w, seed=1))
    assert into.shape == x
    assert conv2d_backward_weight(integers(*x), integers(*dy)).shape == w


def test_input_gradient_matches_full_scipy_convolution():
    dy, w = integers(3, 4), integers(2, 3, seed=1)
    expected = signal.convolve2d(dy, w, mode="full")
    np.testing.assert_array_equal(conv2d_backward_input(dy, w), expected)


def test_kernel_gradient_matches_scipy_correlation():
    x, dy = integers(6, 5), integers(4, 4, seed=1)
    expected = signal.correlate2d(x, dy, mode="valid")
    np.testing.assert_array_equal(conv2d_backward_weight(x, dy), expected)


def test_cells_skipped_by_the_stride_have_zero_gradient():
    found = conv2d_backward_input([[1]], [[2, 3]], stride=2, input_size=(2, 3))
    np.testing.assert_array_equal(found, [[2, 3, 0], [0, 0, 0]])


def test_bias_gradient_sums_over_its_whole_map():
    dy = integers(3, 4, 5)
    np.testing.assert_array_equal(conv2d_backward_bias(dy), [one.sum() for one in dy])
    assert conv2d_backward_bias(dy[0]) == dy[0].sum()


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (
            lambda: conv2d_backward_input([[1]], [[1]], input_size=(0, 1)),
            "input_size must be from 1",
        ),
        (
            lambda: conv2d_backward_input([[1, 2]], [[1, 2]], input_size=2),
            r"an input of \(2, 2\) does not give an output of \(1, 2\)",
        ),
        (
            lambda: conv2d_backward_input([[1]], [[1]], input_size=9),
            "is not smaller than the stride",
        ),
        (lambda: conv2d_backward_input([1], [[1]]), "dy must have 2 or 3 axes"),
        (
            lambda: conv2d_backward_weight([[1, 2]], [[1]], stride=2),
            "kernel_size must be given",
        ),
        (lambda: conv2d_backward_weight([[1]], [[1, 2]]), "no kernel takes 1 cells to 2"),
        (
            lambda: conv2d_backward_weight([[1, 2, 3]], [[1, 2]], kernel_size=(1, 3)),
            r"dy must have the sides \(1, 1\)",
        ),
        (
            lambda: conv2d_backward_weight(np.ones((3, 2, 2)), np.ones((2, 1, 1)), groups=2),
            "groups do not divide",
        ),
        (lambda: shared_weight_gradient([1, 2], [1]), "x has the shape"),
    ],
)
def test_invalid_gradient_arguments_are_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()


def test_shared_weight_gradient_equals_that_of_a_1x1_kernel():
    x, dy = integers(4, 5), integers(4, 5, seed=1)
    assert shared_weight_gradient(x, dy) == conv2d_backward_weight(x, dy)[0, 0]


# --- fully connected layers


@pytest.mark.parametrize("batch", [(), (4,)])
def test_dense_layer_gradients_match_finite_differences(batch):
    x, weight, bias = integers(*batch, 5), integers(3, 5, seed=1), integers(3, seed=2)
    dy = integers(*batch, 3, seed=3)
    into = by_steps(lambda one: dense(one, weight, bias=bias), x, dy)
    np.testing.assert_array_equal(dense_backward_input(dy, weight), into)
    weights = by_steps(lambda one: dense(x, one, bias=bias), weight, dy)
    np.testing.assert_array_equal(dense_backward_weight(x, dy), weights)
    biases = by_steps(lambda one: dense(x, weight, bias=one), bias, dy)
    np.testing.assert_array_equal(dense_backward_bias(dy), biases)


def test_vector_and_batch_cannot_be_mixed():
    with pytest.raises(SolverError, match="both be vectors or both be batches"):
        dense_backward_weight([1, 2], [[1, 2]])


# --- activations


@pytest.mark.parametrize("name", [*ACTIVATION_CURVES, "leaky_relu"])
def test_activation_gradients_match_finite_differences(name):
    """No cell lies near a kink of a ReLU."""
    x, dy = np.linspace(-7.3, 7.9, 21).reshape(3, 7), integers(3, 7)
    expected = by_steps(lambda one: activation(one, name), x, dy, step=1e-4)
    np.testing.assert_allclose(activation_backward(x, dy, name), expected, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_gradient_matches_finite_differences(axis):
    x, dy = np.linspace(-2, 3, 12).reshape(3, 4), integers(3, 4)
    expected = by_steps(lambda one: activation(one, "softmax", axis=axis), x, dy, step=1e-4)
    found = activation_backward(x, dy, "softmax", axis=axis)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_relu_gradient_keeps_integers_and_is_zero_at_zero():
    found = activation_backward([[-1, 0, 2]], [[5, 6, 7]], "relu")
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, [[0, 0, 7]])


def test_gradient_of_another_shape_is_rejected():
    with pytest.raises(SolverError, match="dy must have the shape"):
        activation_backward([1, 2], [1], "relu")


# --- the loss


@pytest.mark.parametrize("target", [0, 2, (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4))])
def test_cross_entropy_gradient_matches_finite_differences(target):
    scores = np.array([0.3, -1.2, 2.0])
    wanted = np.eye(3)[target] if isinstance(target, int) else np.array(target, float)

    def loss(one):
        return -(wanted * special.log_softmax(one)).sum()

    expected = by_steps(loss, scores, 1, step=1e-4)
    found = softmax_cross_entropy_gradient(scores, target)
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize(("reduction", "divisor"), [("mean", 2), ("sum", 1)])
def test_cross_entropy_gradient_of_a_batch_is_averaged_or_summed(reduction, divisor):
    scores, classes = np.array([[1.0, 2, 3], [0, 0, 5]]), (2, 0)
    alone = [
        softmax_cross_entropy_gradient(row, one) for row, one in zip(scores, classes, strict=True)
    ]
    for target in (classes, np.eye(3)[list(classes)]):
        found = softmax_cross_entropy_gradient(scores, target, reduction=reduction)
        np.testing.assert_allclose(found * divisor, alone)


@pytest.mark.parametrize(
    ("logits", "target", "reason"),
    [
        ([1, 2], 2, "target must be from 0 to 1: there are 2 classes"),
        ([1, 2], -1, "target must be from 0"),
        ([[1, 2]], 0, "target must be 1 classes, one for each row, counted from 0"),
        ([[1, 2]], (2,), "target must be from 0 to 1"),
        ([1, 2], (1, 0, 0), "target must be one class"),
        ([1, 2], (0.5, 0.6), "each row of target must add up to 1"),
    ],
)
def test_invalid_target_class_is_rejected(logits, target, reason):
    with pytest.raises(SolverError, match=reason):
        softmax_cross_entropy_gradient(logits, target)
