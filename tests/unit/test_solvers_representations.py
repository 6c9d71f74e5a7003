"""Learned vectors: codes, distances and word vectors, against SciPy and published formulas."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.spatial.distance import cdist

from grader.errors import SolverError
from grader.values import Tensor
from problems.book import BOOK
from problems.solvers.distances import (
    contrastive_loss,
    cosine_similarity,
    distance,
    triplet_loss,
)
from problems.solvers.latents import code_divergence, latent_code, latent_deviation

HALF = Fraction(1, 2)
E, LOG2 = math.e, math.log(2)

# --- codes


@pytest.mark.parametrize(("mean", "log_var"), [(0, 0), (0.8, -1.2), (-2, 0.7), (HALF, 2)])
def test_the_divergence_of_a_code_is_the_integral(mean, log_var):
    code = stats.norm(float(mean), math.exp(log_var / 2))

    def slice_(z):
        return code.pdf(z) * (code.logpdf(z) - stats.norm.logpdf(z))

    expected, _ = integrate.quad(slice_, -40, 40, limit=500, points=[float(mean)])
    assert code_divergence(mean, log_var) == pytest.approx(expected, abs=1e-9)


def test_the_divergence_adds_up_over_dimensions():
    each = code_divergence([1, -2], [HALF, -1], reduction="none")
    assert each.tolist() == [code_divergence(1, HALF), code_divergence(-2, -1)]
    assert code_divergence([1, -2], [HALF, -1]) == pytest.approx(each.sum())
    assert code_divergence([1, -2], [HALF, -1], reduction="mean") == pytest.approx(each.mean())


def test_the_code_lies_in_its_distribution_where_the_noise_lies_in_the_standard_one():
    mean, log_var, noise = np.array([0.8, -0.5]), np.array([-1.2, 0.6]), np.array([0.4, -1.2])
    expected = stats.norm.ppf(stats.norm.cdf(noise), mean, np.sqrt(np.exp(log_var)))
    np.testing.assert_allclose(latent_code(mean, log_var, noise), expected)
    np.testing.assert_allclose(latent_deviation(log_var) ** 2, np.exp(log_var))


# --- pairs and triplets

POINTS = np.random.default_rng(7).integers(-9, 9, (5, 4))


@pytest.mark.parametrize(("metric", "squared"), [("euclidean", False), ("sqeuclidean", True)])
def test_distances_are_those_of_scipy(metric, squared):
    found = [[float(distance(x, y, squared=squared)) for y in POINTS] for x in POINTS]
    np.testing.assert_allclose(found, cdist(POINTS, POINTS, metric), rtol=1e-12)


def test_similarities_are_those_of_scipy():
    found = [[float(cosine_similarity(x, y)) for y in POINTS] for x in POINTS]
    np.testing.assert_allclose(found, 1 - cdist(POINTS, POINTS, "cosine"), rtol=1e-12)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (triplet_loss([0, 0], [3, 4], [6, 8], margin=2), 0),
        (triplet_loss([0, 0], [3, 4], [6, 8], margin=7), 2),
        (triplet_loss([0, 0], [1, 2], [2, 2], margin=HALF, squared=True), 0),
        (triplet_loss([0, 0], [1, 2], [1, 2], margin=HALF), HALF),
        (contrastive_loss([0, 0], [3, 4], alike=True), Fraction(25, 2)),
        (contrastive_loss([0, 0], [3, 4], alike=False, margin=5), 0),
        (contrastive_loss([0, 0], [3, 4], alike=False, margin=8), Fraction(9, 2)),
        (contrastive_loss([1, 1], [1, 1], alike=False), HALF),
    ],
)
def test_losses_of_pairs_and_triplets_are_exact(found, expected):
    assert found == expected


# --- mistakes


@pytest.mark.parametrize(
    ("mistake", "solver", "call", "keywords", "given"),
    [
        ("distance_squared", "distance", ((0, 0), (3, 4)), {}, 25),
        ("distance_not_squared", "distance", ((0, 0), (3, 4)), {"squared": True}, 5),
        ("absolute_for_squared", "distance", ((0, 0), (3, -4)), {}, 7),
        ("lengths_not_divided", "cosine_similarity", ((3, 4), (4, 3)), {}, 24),
        ("lengths_not_rooted", "cosine_similarity", ((3, 4), (4, 3)), {}, 24 / 625),
        ("margin_forgotten", "triplet_loss", ((0,), (5,), (3,)), {"margin": 4}, 2),
        ("margin_subtracted", "triplet_loss", ((0,), (5,), (3,)), {"margin": HALF}, 1.5),
        ("negative_loss_kept", "triplet_loss", ((0,), (3,), (5,)), {}, -1),
        ("pairs_exchanged", "triplet_loss", ((0,), (3,), (5,)), {}, 3),
        ("distance_squared", "triplet_loss", ((0,), (3,), (2,)), {}, 6),
        ("distance_not_squared", "triplet_loss", ((0,), (3,), (2,)), {"squared": True}, 2),
        ("half_left_out", "contrastive_loss", ((0,), (3,)), {"alike": True}, 9),
        ("pairs_exchanged", "contrastive_loss", ((0,), (3,)), {"alike": False}, 4.5),
        ("negative_loss_kept", "contrastive_loss", ((0,), (3,)), {"alike": False}, 2),
        ("lack_not_squared", "contrastive_loss", ((0,), (3,)), {"alike": False, "margin": 6}, 1.5),
        ("distance_squared", "contrastive_loss", ((0,), (2,)), {"alike": False, "margin": 7}, 1.5),
        ("variance_for_deviation", "latent_deviation", (1,), {}, E),
        ("log_variance_sign", "latent_deviation", (2,), {}, 1 / E),
        ("variance_for_deviation", "latent_code", (3, 1, 2), {}, 3 + 2 * E),
        ("log_variance_sign", "latent_code", (3, 2, 2), {}, 3 + 2 / E),
        ("log_variance_kept", "latent_code", (3, -2, 2), {}, -1),
        ("noise_subtracted", "latent_code", (3, 0, 2), {}, 1),
        ("half_left_out", "code_divergence", (3, 0), {}, 9),
        ("sign_lost", "code_divergence", (3, 0), {}, -4.5),
        ("mean_for_sum", "code_divergence", ((3, 0), (0, 0)), {}, 2.25),
        ("variance_for_deviation", "code_divergence", (0, 1), {}, (E**2 - 3) / 2),
        ("log_variance_sign", "code_divergence", (0, 1), {}, 1 / E / 2),
        ("deviation_for_variance", "code_divergence", (0, 2), {}, (E - 3) / 2),
        ("one_not_subtracted", "code_divergence", ((3, 0), (0, 0)), {}, 5.5),
        ("logarithm_added", "code_divergence", (0, 1), {}, E / 2),
        ("mean_not_squared", "code_divergence", (3, 0), {}, 1.5),
        ("code_mean_left_out", "code_divergence", (3, 1), {}, (E - 2) / 2),
    ],
)  # fmt: skip
def test_a_twin_gives_what_students_give(mistake, solver, call, keywords, given):
    found = BOOK.twins[mistake][solver](*call, **keywords)
    numbers = found.array() if isinstance(found, Tensor) else float(found)
    assert numbers == pytest.approx(given, rel=1e-9)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: distance([1, 2], [1]), r"x has the shape \(2,\), y the shape \(1,\)"),
        (lambda: distance([[1]], [[2]]), "x must have 1 axes, not 2"),
        (lambda: distance([1], [2], squared=1), "squared must be True or False"),
        (lambda: cosine_similarity([0, 0], [1, 2]), "a vector of zeros has no direction"),
        (lambda: triplet_loss([0], [1], [2], margin=-1), "margin must not be negative"),
        (lambda: contrastive_loss([0], [1], alike=1), "alike must be True or False"),
        (
            lambda: BOOK.twins["lack_not_squared"]["contrastive_loss"]([0], [1], alike=True),
            "a pair that is alike has no margin",
        ),
        (lambda: latent_deviation(301), "log_var must be from -300 to 300"),
        (lambda: latent_code([1, 2], 0, 0), r"mean has the shape \(2,\), log_var the shape \(\)"),
        (lambda: latent_code(1, 0, [1]), r"noise has the shape \(1,\)"),
        (lambda: code_divergence([1], [0], reduction="max"), "reduction must be mean, sum or none"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
