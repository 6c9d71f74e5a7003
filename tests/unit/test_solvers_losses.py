"""Tests of losses, against SciPy, published lecture notes and their definitions."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import special, stats

from grader.errors import SolverError
from problems.solvers.cross_entropy import (
    binary_cross_entropy,
    cross_entropy,
    softmax_cross_entropy,
)
from problems.solvers.divergence import entropy, kl_divergence, perplexity, token_loss
from problems.solvers.losses import hinge_loss, huber_loss, mae, mse, smoothed_label

HALF, TENTH = Fraction(1, 2), Fraction(1, 10)
# Three images scored for cat, car and frog, as the CS231n lectures on losses have them.
SCORES = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]
RANDOM = np.random.default_rng(7)
LOGITS = RANDOM.normal(0, 3, (6, 5)).round(2)
LABELS = RANDOM.integers(0, 5, 6)
ONE, TWO = RANDOM.dirichlet(np.ones(5), 2)


# --- losses that are fractions


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (mse([0.1, 0.2], [0.4, 0.2]), Fraction(9, 200)),
        (mse(3, 5), 4),
        (mse([[1, 2], [3, 4]], [[1, 2], [3, 8]]), 4),
        (mse([1, 2], [3, 3], reduction="sum"), 5),
        (mae([0.1, 0.2], [0.4, 0.2]), Fraction(3, 20)),
        (mae([-1, 1], [1, -1]), 2),
        (huber_loss([0, 0, 0], [1, 2, HALF], reduction="sum"), HALF + Fraction(3, 2) + HALF / 4),
        (huber_loss(0, 3, delta=2), 4),
        (hinge_loss(SCORES[0], 0), Fraction("2.9")),
        (hinge_loss(SCORES[1], 1), 0),
        (hinge_loss(SCORES[2], 2), Fraction("12.9")),
        (hinge_loss(SCORES, (0, 1, 2)), Fraction("15.8") / 3),
        (hinge_loss(SCORES[2], 2, squared=True), Fraction("6.3") ** 2 + Fraction("6.6") ** 2),
        (hinge_loss([0, 0, 0], 1), 2),
        (hinge_loss([0, 0, 0], 1, margin=HALF), 1),
    ],
)
def test_losses_of_fractions_are_exact(found, expected):
    assert found == expected


def test_unreduced_losses_keep_the_shape_of_their_terms():
    assert mse([[1, 2]], [[3, 3]], reduction="none").tolist() == [[4, 1]]
    assert hinge_loss([[0, 1], [5, 1]], [0, 0], reduction="none").tolist() == [2, 0]


@pytest.mark.parametrize("delta", [0.25, 1.0, 3.0])
def test_huber_loss_matches_scipy(delta):
    errors = LOGITS[0]
    found = huber_loss(errors, np.zeros(5), delta=delta)
    assert float(found) == pytest.approx(special.huber(delta, errors).mean())


@pytest.mark.parametrize("smoothing", [0, TENTH, 1])
def test_smoothed_label_sums_to_one_and_becomes_uniform(smoothing):
    label = smoothed_label(2, 5, smoothing=smoothing)
    assert sum(label) == 1
    assert label[2] - label[0] == 1 - smoothing
    assert len({label[at] for at in (0, 1, 3, 4)}) == 1


# --- losses of probabilities


@pytest.mark.parametrize("base", [None, 2, 10])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_softmax_cross_entropy_matches_scipy(base, reduction):
    terms = -special.log_softmax(LOGITS, axis=1)[np.arange(6), LABELS]
    expected = getattr(terms, reduction)() / np.log(base or np.e)
    found = softmax_cross_entropy(LOGITS, LABELS, base=base, reduction=reduction)
    assert found == pytest.approx(expected, rel=1e-12)


def test_softmax_loss_matches_the_lecture():
    assert round(softmax_cross_entropy(SCORES[0], 0), 2) == 2.04
    assert round(softmax_cross_entropy(SCORES[0], 0, base=10), 2) == 0.89  # an older slide's


def test_large_scores_do_not_overflow():
    assert softmax_cross_entropy([1000, 0], 1) == 1000
    assert softmax_cross_entropy([1000, 0], 0) == 0
    assert binary_cross_entropy(-1000, 1, logits=True) == 1000


def test_equal_scores_yield_the_log_of_the_number_of_classes():
    assert softmax_cross_entropy([7] * 10, 3) == pytest.approx(np.log(10))


def test_softmax_cross_entropy_is_cross_entropy_of_softmax():
    probabilities = special.softmax(LOGITS, axis=1)
    expected = cross_entropy(probabilities, LABELS)
    assert softmax_cross_entropy(LOGITS, LABELS) == pytest.approx(expected)


def test_label_smoothing_equals_cross_entropy_with_smoothed_labels():
    labels = np.array([smoothed_label(int(one), 5, smoothing=TENTH) for one in LABELS], float)
    expected = softmax_cross_entropy(LOGITS, labels)
    found = softmax_cross_entropy(LOGITS, LABELS, label_smoothing=TENTH)
    assert found == pytest.approx(expected)


def test_binary_cross_entropy_equals_two_class_cross_entropy():
    scores, targets = LOGITS[:, 0], LABELS % 2
    pairs = np.stack([np.zeros(6), scores], axis=1)
    expected = softmax_cross_entropy(pairs, targets)
    assert binary_cross_entropy(scores, targets, logits=True) == pytest.approx(expected)
    assert binary_cross_entropy(special.expit(scores), targets) == pytest.approx(expected)


@pytest.mark.parametrize("target", [0, HALF, 1])
def test_binary_cross_entropy_matches_its_definition(target):
    expected = -(special.xlogy(float(target), 0.3) + special.xlogy(float(1 - target), 0.7))
    assert binary_cross_entropy(Fraction(3, 10), target) == pytest.approx(expected)


@pytest.mark.parametrize("base", [None, 2, 10])
def test_kl_divergence_matches_scipy(base):
    assert kl_divergence(ONE, TWO, base=base) == pytest.approx(stats.entropy(ONE, TWO, base))
    assert kl_divergence(ONE, ONE) == 0


@pytest.mark.parametrize("base", [None, 2, 10])
def test_entropy_matches_scipy(base):
    assert entropy(ONE, base=base) == pytest.approx(stats.entropy(ONE, base=base))
    assert entropy([0, 1, 0]) == 0


def test_cross_entropy_is_entropy_plus_kl_divergence():
    """Cover and Thomas, theorem 5.4.3: coding p with a code for q costs H(p) + D(p||q)."""
    expected = cross_entropy(TWO, ONE, base=2)
    assert entropy(ONE, base=2) + kl_divergence(ONE, TWO, base=2) == pytest.approx(expected)


@pytest.mark.parametrize(("reduction", "divisor"), [("mean", 3), ("sum", 1)])
def test_token_loss_depends_only_on_the_probability_of_the_whole_text(reduction, divisor):
    """A text of probability 2**-9 has nine bits, however its tokens share them."""
    found = token_loss([HALF, Fraction(1, 2**5), Fraction(1, 2**3)], base=2, reduction=reduction)
    assert found == pytest.approx(9 / divisor)


def test_zero_probability_class_adds_nothing_to_the_kl_divergence():
    assert kl_divergence([0, 1], [HALF, HALF], base=2) == 1


def test_perplexity_of_a_uniform_guess_is_the_number_of_choices():
    assert perplexity([Fraction(1, 50)] * 8) == pytest.approx(50)
    assert perplexity([HALF, Fraction(1, 8)]) == pytest.approx(1 / stats.gmean([1 / 2, 1 / 8]))


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: mse([1, 2], [1, 2, 3]), r"prediction has the shape \(2,\), target the shape"),
        (lambda: mse([1, 2], 3), r"target the shape \(\)"),
        (lambda: mse([[1, 2], [3]], [1]), "prediction is ragged"),
        (lambda: mse("x", "y"), "prediction must hold numbers"),
        (lambda: mse([0] * 2000, [0] * 2000), "prediction would have 2000 cells"),
        (lambda: mse([Fraction(1, 3**400)], [1]), "numbers of prediction have too many digits"),
        (lambda: mse(1, 2, reduction="max"), "reduction must be mean, sum or none, not max"),
        (lambda: huber_loss(1, 2, delta=0), "delta must be positive"),
        (lambda: hinge_loss([1, 2], 2), "target must be from 0 to 1: there are 2 classes"),
        (lambda: hinge_loss([1, 2], -1), "target must be from 0 to 1"),
        (lambda: hinge_loss([1, 2], [0, 1]), "target must be one class, counted from 0"),
        (lambda: hinge_loss([[1, 2]], 1), "target must be 1 classes, one for each row"),
        (lambda: hinge_loss([1, 2], 0.5), "target must be one class"),
        (lambda: hinge_loss([1, 2], 0, squared=1), "squared must be True or False"),
        (lambda: smoothed_label(4, 4, smoothing=TENTH), "target must be from 0 to 3"),
        (lambda: smoothed_label(0, 4, smoothing=2), "smoothing must be from 0 to 1"),
        (lambda: smoothed_label(0, 10**6, smoothing=0), "the limit is 1000"),
        (lambda: softmax_cross_entropy([1, 2], 0, base=3), "base must be None .natural., 2 or 10"),
        (lambda: softmax_cross_entropy([1, 2], [1, 1]), "each row of target must add up to 1"),
        (lambda: softmax_cross_entropy([1e300, 2], 0), "a number of logits is too large"),
        (
            lambda: cross_entropy([1, 2], 0),
            r"probabilities must be from 0 to 1; activation\(z, 'softmax'\) makes",
        ),
        (lambda: binary_cross_entropy(2, 1), "must be from 0 to 1$"),
        (lambda: cross_entropy([0.5, 0.4], 0), "each row of probabilities must add up to 1"),
        (lambda: cross_entropy([1, 0], 1), "the loss is infinite"),
        (lambda: binary_cross_entropy(0, 1), "the loss is infinite"),
        (lambda: binary_cross_entropy(0.5, 2), "numbers of target must be from 0 to 1"),
        (lambda: binary_cross_entropy([0.5], 1), r"target has the shape \(\), not \(1,\)"),
        (lambda: kl_divergence([0.5, 0.5], [1, 0]), "the loss is infinite"),
        (lambda: kl_divergence([1], [0.5, 0.5]), r"p has the shape \(1,\), q the shape"),
        (lambda: entropy([[0.5, 0.5]]), r"p has the shape \(1, 2\)"),
        (lambda: entropy([0.5, 0.4]), "each row of p must add up to 1"),
        (lambda: token_loss([0.5, 0]), "the loss is infinite"),
        (lambda: token_loss([0.5], reduction="max"), "reduction must be mean, sum or none"),
        (lambda: perplexity([0.5, 0]), "the loss is infinite"),
        (lambda: perplexity([[0.5]]), "probabilities must have 1 axes"),
    ],
)
def test_invalid_loss_arguments_are_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
