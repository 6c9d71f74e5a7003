"""Tests of optimizers, learning rates and dropout, against published algorithms.

The published algorithms run in floats.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

from grader.errors import SolverError
from problems.solvers.adam import adam_moments, adam_step
from problems.solvers.optimisers import momentum_step, momentum_velocity, sgd_step
from problems.solvers.regularisation import dropout_mean, dropout_values, weight_penalty
from problems.solvers.schedules import cosine_lr, step_lr, warmup_lr
from problems.solvers.weight_decay import adamw_step

HALF, TENTH = Fraction(1, 2), Fraction(1, 10)
HUNDREDTH = Fraction(1, 100)


def slope(weights):
    """Return the gradient of a bowl that is steeper along its second axis."""
    return np.array([2, 20]) * weights


# --- steps


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (sgd_step(1, 4, lr=TENTH), Fraction(3, 5)),
        (sgd_step(1, 4, lr=TENTH, weight_decay=HALF), Fraction(11, 20)),
        (momentum_velocity(4), 4),
        (momentum_velocity(4, 10), 13),
        (momentum_velocity(4, 10, dampening=Fraction(9, 10)), Fraction(47, 5)),
        (momentum_step(1, 4, lr=TENTH), Fraction(3, 5)),
        (momentum_step(1, 4, 10, lr=HUNDREDTH), Fraction(87, 100)),
        (momentum_step(1, 4, 10, lr=HUNDREDTH, momentum=0), Fraction(24, 25)),
        (momentum_step(1, 4, 10, lr=HUNDREDTH, nesterov=True), 1 - HUNDREDTH * Fraction(157, 10)),
        (adam_moments(2), (Fraction(1, 5), Fraction(1, 250))),
        (adam_moments(2, (1, 1), betas=(HALF, HALF)), (Fraction(3, 2), Fraction(5, 2))),
    ],
)
def test_rational_optimizer_steps_are_exact(found, expected):
    assert found == expected


@pytest.mark.parametrize(("momentum", "nesterov"), [(0, False), (HALF, False), (HALF, True)])
def test_twenty_momentum_steps_follow_the_pytorch_loop(momentum, nesterov):
    """``b = mu * b + g``, then ``g = g + mu * b`` or ``g = b``, then ``w = w - lr * g``."""
    weights, buffer = np.array([3.0, -1.0]), np.zeros(2)
    exact, speed = [3, -1], [0, 0]
    for _ in range(20):
        gradient = slope(weights)
        buffer = float(momentum) * buffer + gradient
        weights = weights - 0.01 * (gradient + float(momentum) * buffer if nesterov else buffer)
        given = [2 * exact[0], 20 * exact[1]]
        keywords = {"lr": HUNDREDTH, "momentum": momentum, "nesterov": nesterov}
        exact = momentum_step(exact, given, speed, **keywords).tolist()
        speed = momentum_velocity(given, speed, momentum=momentum).tolist()
    np.testing.assert_allclose(np.array(exact, float), weights, rtol=1e-12)


def test_thirty_adam_steps_follow_algorithm_1_of_the_paper():
    weights, mean, square = np.array([3.0, -1.0]), np.zeros(2), np.zeros(2)
    found, moments = weights.copy(), (np.zeros(2), np.zeros(2))
    for step in range(1, 31):
        gradient = slope(weights)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        corrected = mean / (1 - 0.9**step), square / (1 - 0.999**step)
        weights = weights - 0.05 * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)
        given = slope(found)
        found = adam_step(found, given, moments, step=step, lr=Fraction(1, 20))
        moments = tuple(one.astype(float) for one in adam_moments(given, moments))
    np.testing.assert_allclose(found, weights, rtol=1e-10)


def test_thirty_adamw_steps_follow_the_pytorch_loop():
    """Each step: ``w *= 1 - lr * decay``, then Adam with moments of the gradients alone."""
    weights, mean, square = np.array([3.0, -1.0]), np.zeros(2), np.zeros(2)
    found, moments = weights.copy(), (np.zeros(2), np.zeros(2))
    for step in range(1, 31):
        gradient = slope(weights)
        weights = weights * (1 - 0.05 * 0.1)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        divisor = np.sqrt(square / (1 - 0.999**step)) + 1e-8
        weights = weights - 0.05 * mean / (1 - 0.9**step) / divisor
        given = slope(found)
        found = adamw_step(found, given, moments, step=step, lr=HALF / 10, weight_decay=TENTH)
        moments = tuple(one.astype(float) for one in adam_moments(given, moments))
    np.testing.assert_allclose(found, weights, rtol=1e-10)


@pytest.mark.parametrize("gradient", [-1000, -1, HUNDREDTH, 7])
def test_first_adam_step_is_as_long_as_the_learning_rate(gradient):
    found = adam_step(5, gradient, lr=TENTH, eps=0)
    assert found == pytest.approx(5 - math.copysign(0.1, gradient))


def test_adam_without_memory_moves_by_the_gradient_sign():
    found = adam_step([0, 0], [9, -3], ([4, 4], [4, 4]), lr=1, betas=(0, 0), eps=0, step=7)
    np.testing.assert_array_equal(found, [-1, 1])


# --- learning rates


@pytest.mark.parametrize(
    ("epoch", "rate"), [(0, 1), (29, 1), (30, TENTH), (59, TENTH), (60, HUNDREDTH)]
)
def test_step_schedule_drops_the_rate_every_step_size_epochs(epoch, rate):
    assert step_lr(1, epoch, step_size=30) == rate


@pytest.mark.parametrize(
    ("epoch", "rate"), [(0, 1.1), (50, 0.6), (100, 0.1), (25, 0.1 + (1 + 0.5**0.5) / 2)]
)
def test_cosine_schedule_descends_from_maximum_through_middle_to_minimum(epoch, rate):
    assert cosine_lr(Fraction(11, 10), epoch, t_max=100, eta_min=TENTH) == pytest.approx(rate)


def test_cosine_schedule_follows_the_pytorch_recursion():
    """PyTorch multiplies by the ratio of ``1 + cos(pi * epoch / t_max)`` at each epoch."""
    rate = 0.5
    for epoch in range(1, 40):
        ends = [1 + math.cos(math.pi * at / 40) for at in (epoch, epoch - 1)]
        rate = 0.01 + (rate - 0.01) * ends[0] / ends[1]
        assert cosine_lr(HALF, epoch, t_max=40, eta_min=HUNDREDTH) == pytest.approx(rate)


@pytest.mark.parametrize(("step", "rate"), [(0, 0), (1, HUNDREDTH), (10, TENTH), (11, TENTH)])
def test_warmup_rises_linearly_to_the_learning_rate(step, rate):
    assert warmup_lr(TENTH, step, warmup_steps=10) == rate


# --- dropout and penalties


def test_dropout_preserves_the_mean_over_all_masks():
    """Each mask of three values is weighted by its probability."""
    x, p = [3, 4, 5], Fraction(1, 4)
    for inverted in (True, False):
        total = np.array([Fraction(0)] * 3)
        for number in range(8):
            mask = [number >> at & 1 for at in range(3)]
            chance = math.prod(1 - p if one else p for one in mask)
            total = total + chance * dropout_values(x, mask, p, inverted=inverted)
        assert total.tolist() == dropout_mean(x, p, inverted=inverted).tolist()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (weight_penalty([3, -4], TENTH), Fraction(5, 2)),
        (weight_penalty([3, -4], TENTH, half=True), Fraction(5, 4)),
        (weight_penalty([[3], [-4]], TENTH, order=1), Fraction(7, 10)),
        (weight_penalty(-2, 1), 4),
        (dropout_mean(8, HALF), 8),
        (dropout_mean(8, TENTH, inverted=False), Fraction(36, 5)),
        (dropout_values(9, 1, TENTH), 10),
    ],
)
def test_regularization_values_are_exact(found, expected):
    assert found == expected


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: sgd_step([1, 2], 3, lr=1), r"param has the shape \(2,\), grad the shape \(\)"),
        (lambda: sgd_step(1, 2, lr="x"), "lr must hold numbers"),
        (lambda: sgd_step(1, 2, lr=(1, 2)), "lr must have 0 axes, not 1"),
        (lambda: momentum_velocity([1, 2], [1, 2, 3]), r"velocity has the shape \(3,\)"),
        (lambda: momentum_step(1, 2, lr=1, nesterov=0), "nesterov must be True or False"),
        (lambda: adam_moments(1, (1, 2, 3)), "moments must be two"),
        (lambda: adam_moments(1, betas=(1, 0)), "betas must be from 0 to below 1"),
        (lambda: adam_step(1, 1, step=0), "step must be from 1"),
        (lambda: adamw_step([1], [1], weight_decay="x"), "weight_decay must hold numbers"),
        (lambda: adamw_step([1, 2], [1]), r"param has the shape \(2,\), grad the shape"),
        (lambda: adam_step(1, 0, eps=0), "the step divides by zero"),
        (lambda: adam_step(1, 1, (0, -5)), "second moment must not be negative"),
        (lambda: step_lr(1, 5, step_size=0), "step_size must be from 1"),
        (lambda: step_lr(1, -1, step_size=3), "epoch must be from 0"),
        (lambda: step_lr(1, 10**9, step_size=1), "a power has more than"),
        (lambda: cosine_lr(1, 101, t_max=100), "epoch 101 lies after the last one, 100"),
        (lambda: warmup_lr(1, 5, warmup_steps=0), "warmup_steps must be from 1"),
        (lambda: dropout_values([1], [2], HALF), "mask must hold 0 and 1"),
        (lambda: dropout_values([1], [1], 1), "p must be below 1"),
        (lambda: dropout_mean([1], -1), "p must be from 0 to 1"),
        (lambda: weight_penalty([1], 1, order=3), "order must be 1 or 2, not 3"),
    ],
)
def test_invalid_optimizer_step_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
