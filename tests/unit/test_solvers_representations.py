"""Tests of codes, distances and word vectors, against SciPy and published formulas."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate, special, stats
from scipy.spatial.distance import cdist

from grader.errors import SolverError
from grader.values import Tensor
from problems.registry import REGISTRY
from problems.solvers.distances import (
    contrastive_loss,
    cosine_similarity,
    distance,
    triplet_loss,
)
from problems.solvers.latents import code_divergence, latent_code, latent_deviation
from problems.solvers.words import (
    negative_sampling_loss,
    noise_distribution,
    skip_gram_pairs,
    skip_gram_params,
)

HALF = Fraction(1, 2)
E, LOG2 = math.e, math.log(2)
SAMPLES = ("negative_sampling_loss", ((1, 0), (0, 1), ((1, 5), (-1, 7))))

# --- codes


@pytest.mark.parametrize(("mean", "log_var"), [(0, 0), (0.8, -1.2), (-2, 0.7), (HALF, 2)])
def test_code_divergence_matches_the_numerical_integral(mean, log_var):
    code = stats.norm(float(mean), math.exp(log_var / 2))

    def slice_(z):
        return code.pdf(z) * (code.logpdf(z) - stats.norm.logpdf(z))

    expected, _ = integrate.quad(slice_, -40, 40, limit=500, points=[float(mean)])
    assert code_divergence(mean, log_var) == pytest.approx(expected, abs=1e-9)


def test_code_divergence_sums_over_dimensions():
    each = code_divergence([1, -2], [HALF, -1], reduction="none")
    assert each.tolist() == [code_divergence(1, HALF), code_divergence(-2, -1)]
    assert code_divergence([1, -2], [HALF, -1]) == pytest.approx(each.sum())
    assert code_divergence([1, -2], [HALF, -1], reduction="mean") == pytest.approx(each.mean())


def test_latent_code_keeps_the_quantile_of_its_noise():
    mean, log_var, noise = np.array([0.8, -0.5]), np.array([-1.2, 0.6]), np.array([0.4, -1.2])
    expected = stats.norm.ppf(stats.norm.cdf(noise), mean, np.sqrt(np.exp(log_var)))
    np.testing.assert_allclose(latent_code(mean, log_var, noise), expected)
    np.testing.assert_allclose(latent_deviation(log_var) ** 2, np.exp(log_var))


# --- pairs and triplets

POINTS = np.random.default_rng(7).integers(-9, 9, (5, 4))


@pytest.mark.parametrize(("metric", "squared"), [("euclidean", False), ("sqeuclidean", True)])
def test_distances_match_scipy(metric, squared):
    found = [[float(distance(x, y, squared=squared)) for y in POINTS] for x in POINTS]
    np.testing.assert_allclose(found, cdist(POINTS, POINTS, metric), rtol=1e-12)


def test_cosine_similarities_match_scipy():
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
def test_pair_and_triplet_losses_are_exact(found, expected):
    assert found == expected


# --- word vectors


@pytest.mark.parametrize("length", range(1, 9))
@pytest.mark.parametrize("window", [1, 2, 5, 20])
def test_skip_gram_pairs_match_a_loop_over_the_text(length, window):
    places = np.arange(length)
    apart = abs(places[:, None] - places)
    assert skip_gram_pairs(length, window) == ((apart > 0) & (apart <= window)).sum()


def test_skip_gram_model_has_two_embedding_tables():
    assert skip_gram_params(692_000, 300) == 2 * 207_600_000


def test_negative_samples_are_drawn_by_counts_to_the_power_of_three_quarters():
    counts = np.array([5, 0, 90, 17])
    found = noise_distribution(counts)
    assert found.sum() == pytest.approx(1)
    ratio = math.log(found[2] / found[3]) / math.log(90 / 17)
    assert (found[1], ratio) == pytest.approx((0, 0.75))


@pytest.mark.parametrize("base", [None, 2])
def test_negative_sampling_loss_matches_scipy_sigmoids(base):
    centre, context, negatives = POINTS[0] / 9, POINTS[1] / 9, POINTS[2:] / 9
    logs = special.log_expit(context @ centre) + special.log_expit(-negatives @ centre).sum()
    found = negative_sampling_loss(centre, context, negatives, base=base)
    assert found == pytest.approx(-logs / math.log(base or E))


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
        ("distance_squared", "contrastive_loss", ((0,), (2,)), {"alike": False, "margin": 7}, 4.5),
        ("one_table", "skip_gram_params", (100, 7), {}, 700),
        ("output_biased", "skip_gram_params", (100, 7), {}, 1500),
        ("text_without_ends", "skip_gram_pairs", (10, 2), {}, 40),
        ("centre_counted", "skip_gram_pairs", (10, 2), {}, 44),
        ("one_side", "skip_gram_pairs", (10, 2), {}, 17),
        ("power_left_out", "noise_distribution", ((16, 48),), {}, [0.25, 0.75]),
        ("powers_not_divided", "noise_distribution", ((16, 81),), {}, [8, 27]),
        ("even_samples", "noise_distribution", ((16, 81),), {}, [0.5, 0.5]),
        ("negatives_as_contexts", *SAMPLES, {}, LOG2 + math.log1p(1 / E) + math.log1p(E)),
        ("negatives_left_out", *SAMPLES, {}, LOG2),
        ("negatives_averaged", *SAMPLES, {}, LOG2 + (math.log1p(E) + math.log1p(1 / E)) / 2),
        ("softmax_for_sigmoid", *SAMPLES, {}, math.log(1 + E + 1 / E)),
        ("exponent_not_halved", "latent_deviation", (1,), {}, E),
        ("log_variance_sign", "latent_deviation", (2,), {}, 1 / E),
        ("exponent_not_halved", "latent_code", (3, 1, 2), {}, 3 + 2 * E),
        ("log_variance_sign", "latent_code", (3, 2, 2), {}, 3 + 2 / E),
        ("log_variance_kept", "latent_code", (3, -2, 2), {}, -1),
        ("noise_subtracted", "latent_code", (3, 0, 2), {}, 1),
        ("half_left_out", "code_divergence", (3, 0), {}, 9),
        ("sign_lost", "code_divergence", (3, 0), {}, -4.5),
        ("mean_for_sum", "code_divergence", ((3, 0), (0, 0)), {}, 2.25),
        ("exponent_not_halved", "code_divergence", (0, 1), {}, (E**2 - 3) / 2),
        ("log_variance_sign", "code_divergence", (0, 1), {}, 1 / E / 2),
        ("deviation_for_variance", "code_divergence", (0, 2), {}, (E - 3) / 2),
        ("one_not_subtracted", "code_divergence", ((3, 0), (0, 0)), {}, 5.5),
        ("logarithm_added", "code_divergence", (0, 1), {}, E / 2),
        ("mean_not_squared", "code_divergence", (3, 0), {}, 1.5),
        ("code_mean_left_out", "code_divergence", (3, 1), {}, (E - 2) / 2),
    ],
)  # fmt: skip
def test_representation_mistakes_reproduce_student_answers(mistake, solver, call, keywords, given):
    found = REGISTRY.wrong_versions[mistake][solver](*call, **keywords)
    numbers = found.to_array() if isinstance(found, Tensor) else float(found)
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
            lambda: REGISTRY.wrong_versions["lack_not_squared"]["contrastive_loss"](
                [0], [1], alike=True
            ),
            "a pair that is alike has no margin",
        ),
        (lambda: skip_gram_pairs(0, 2), "length must be from 1"),
        (lambda: noise_distribution([0, 0]), "counts must not be negative, nor all be 0"),
        (lambda: noise_distribution([1, 2], power=2), "power must be from 0 to 1"),
        (
            lambda: negative_sampling_loss([1, 2], [1], [[1, 2]]),
            r"centre has the shape \(2,\), context \(1,\)",
        ),
        (lambda: latent_deviation(301), "log_var must be from -300 to 300"),
        (lambda: latent_code([1, 2], 0, 0), r"mean has the shape \(2,\), log_var the shape \(\)"),
        (lambda: latent_code(1, 0, [1]), r"noise has the shape \(1,\)"),
        (lambda: code_divergence([1], [0], reduction="max"), "reduction must be mean, sum or none"),
    ],
)
def test_invalid_representation_arguments_are_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
