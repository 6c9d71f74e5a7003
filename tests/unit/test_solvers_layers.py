"""Tests of activations, dense layers and normalization, against SciPy and definitions."""

from fractions import Fraction

import numpy as np
import pytest
from arrays import integers
from scipy import special, stats

from grader.errors import SolverError
from problems.registry import REGISTRY
from problems.solvers.activations import activation
from problems.solvers.dense import dense, flatten_values, matmul
from problems.solvers.normalisation import batch_norm_values, layer_norm_values

# --- activations


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", lambda x: np.where(x > 0, x, 0)),
        ("relu6", lambda x: np.clip(x, 0, 6)),
        ("leaky_relu", lambda x: np.where(x > 0, x, x / 100)),
        ("elu", lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)),
        ("sigmoid", special.expit),
        ("tanh", np.tanh),
        ("softplus", lambda x: -special.log_expit(-x)),
        ("silu", lambda x: x * special.expit(x)),
        ("gelu", lambda x: x * stats.norm.cdf(x)),
        ("softmax", lambda x: special.softmax(x, axis=-1)),
    ],
)
def test_activations_match_their_definitions(name, expected):
    x = integers(3, 4, 5)
    np.testing.assert_allclose(activation(x, name), expected(x), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "silu", "gelu", "elu", "softmax"])
@pytest.mark.parametrize("x", [[-1000, 1000], [-800.5, 0, 10**6]])
def test_activations_of_large_values_do_not_overflow(name, x):
    assert np.isfinite(activation(x, name)).all()


@pytest.mark.parametrize("name", ["relu", "relu6"])
def test_relu_of_integers_is_an_integer(name):
    assert activation([-3, 2], name).dtype == np.int64


def test_leaky_relu_of_integers_is_an_exact_fraction():
    """The result is exactly -7/100, not -0.07000000000000001."""
    assert REGISTRY.functions["activation"]((-7, 5), "leaky_relu").cells == (Fraction(-7, 100), 5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("relu", 0.5), ("sigmoid", special.expit(0.5)), ("tanh", np.tanh(0.5))],
)
def test_scalar_activation_equals_that_of_a_cell(name, expected):
    result = REGISTRY.functions["activation"](Fraction(1, 2), name)
    assert float(result) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "slope"), [("relu", 0), ("sigmoid", 0.104994), ("tanh", 0.070651)]
)
def test_scalar_activation_gradient_equals_that_of_a_cell(name, slope):
    back = REGISTRY.functions["activation_backward"](-2, 1, name)
    assert float(back) == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2, -2])
def test_softmax_normalizes_along_its_axis(axis):
    x = integers(2, 3, 4)
    np.testing.assert_allclose(activation(x, "softmax", axis=axis), special.softmax(x, axis=axis))


@pytest.mark.parametrize(
    ("arguments", "keywords", "reason"),
    [
        (([1], "swish"), {}, "name must be one of relu, relu6"),
        (([1], 3), {}, "name must be one of"),
        (([1], "softmax"), {"axis": 1}, "there is no axis 1"),
        (([1], "leaky_relu"), {"negative_slope": -1}, "negative_slope must be from 0"),
        ((3, "softmax"), {}, "x has 0 axes, so there is no axis -1"),
    ],
)
def test_invalid_activation_is_rejected(arguments, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        activation(*arguments, **keywords)


# --- fully connected layers


@pytest.mark.parametrize("batch", [(), (1,), (4,)])
def test_dense_layer_multiplies_by_transposed_weights(batch):
    x, weight, bias = integers(*batch, 5), integers(3, 5, seed=1), integers(3, seed=2)
    found = dense(x, weight, bias=bias)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, x @ weight.T + bias)


@pytest.mark.parametrize(
    ("a", "b"), [((2, 3), (3, 4)), ((2, 3), (3,)), ((3,), (3, 2)), ((3,), (3,))]
)
def test_matmul_matches_numpy(a, b):
    one, two = integers(*a), integers(*b, seed=1)
    np.testing.assert_array_equal(matmul(one, two), one @ two)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: dense([1, 2], [[1, 2, 3]]), "3 and 2 cells do not go together"),
        (lambda: dense([1], [[1]], bias=(1, 2)), "bias has 2 numbers for 1"),
        (lambda: matmul([[1, 2]], [[1, 2]]), "2 and 1 cells do not go together"),
        (lambda: matmul(np.ones((1001, 1)), np.ones((1, 1000))), "the limit is"),
    ],
)
def test_invalid_matrix_product_is_rejected(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()


def test_flattening_varies_the_last_axis_fastest():
    x = integers(2, 3, 4)
    assert flatten_values(x)[1 * 12 + 2 * 4 + 3] == x[1, 2, 3]


# --- normalisation


@pytest.mark.parametrize("axis", [None, 0, 1, 2])
def test_batch_norm_gives_each_channel_mean_0_and_variance_1(axis):
    found = batch_norm_values(integers(3, 4, 5), eps=0, axis=axis)
    others = tuple(at for at in range(3) if at != axis)
    np.testing.assert_allclose(found.mean(axis=others), 0, atol=1e-12)
    np.testing.assert_allclose(found.var(axis=others), 1)


def test_batch_norm_with_running_statistics_is_linear():
    found = batch_norm_values([[1, 2], [3, 4]], mean=(1, 3), var=(4, 9), eps=0, gamma=2, axis=0)
    np.testing.assert_allclose(found, [[0, 1], [0, 2 / 3]])


def test_batch_norm_adds_eps_under_the_root():
    assert batch_norm_values([5], mean=0, var=16, eps=9)[0] == 1


def test_layer_norm_is_the_z_score_of_each_row():
    x = integers(3, 4, 5)
    np.testing.assert_allclose(layer_norm_values(x, eps=0), stats.zscore(x, axis=-1))
    scaled = layer_norm_values(x, eps=0, gamma=(1, 2, 3, 4, 5), beta=7)
    np.testing.assert_allclose(scaled, stats.zscore(x, axis=-1) * [1, 2, 3, 4, 5] + 7)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: batch_norm_values([2, 2], eps=0), "the variance is zero"),
        (lambda: batch_norm_values([1, 2], axis=1), "there is no axis 1"),
        (lambda: batch_norm_values([[1, 2]], gamma=(1, 2)), "gamma has 2 numbers for 1"),
        (lambda: batch_norm_values([[1, 2]], gamma=(1, 2), axis=0), "gamma has 2 numbers for 1"),
        (lambda: layer_norm_values([[1, 2]], beta=(1, 2, 3)), "beta has 3 numbers for 2"),
        (lambda: layer_norm_values([[1, 2]], eps=-1), "the variance is zero"),
    ],
)
def test_invalid_normalization_is_rejected(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
