"""Tests of sinusoidal encodings, against the Annotated Transformer and a rotation."""

import numpy as np
import pytest

from grader.errors import SolverError
from problems.registry import WRONG_VERSIONS
from problems.solvers.positions import positional_encoding, positional_encodings

TWIN = {(twin.mistake, twin.solver): twin.function for twin in WRONG_VERSIONS}


def annotated(length, d_model, base):
    """Return the encodings of the Annotated Transformer (Rush, 2018), in NumPy."""
    pe = np.zeros((length, d_model))
    position = np.arange(0, length)[:, np.newaxis]
    div_term = np.exp(np.arange(0, d_model, 2) * -(np.log(base) / d_model))
    pe[:, 0::2] = np.sin(position * div_term)
    pe[:, 1::2] = np.cos(position * div_term)
    return pe


@pytest.mark.parametrize(("length", "d_model", "base"), [(1, 2, 2), (7, 6, 10_000), (50, 64, 100)])
def test_positional_encodings_match_the_annotated_transformer(length, d_model, base):
    found = positional_encodings(length, d_model, base=base)
    np.testing.assert_allclose(found, annotated(length, d_model, base), atol=1e-12)
    cells = [
        [positional_encoding(row, column, d_model, base=base) for column in range(d_model)]
        for row in range(length)
    ]
    np.testing.assert_array_equal(found, cells)


def test_positional_encoding_of_a_later_position_is_a_pairwise_rotation():
    rows = positional_encodings(9, 8)
    sine, cosine = rows[:, 0::2], rows[:, 1::2]
    by_two = sine[2], cosine[2]
    np.testing.assert_allclose(sine[2:], sine[:-2] * by_two[1] + cosine[:-2] * by_two[0])
    np.testing.assert_allclose(cosine[2:], cosine[:-2] * by_two[1] - sine[:-2] * by_two[0])


@pytest.mark.parametrize(
    ("mistake", "value"),
    [
        ("positions_from_one", np.cos(3 / 10)),
        ("sines_exchanged", np.sin(2 / 10)),
        ("exponent_doubled", np.cos(2 / 1000)),
        ("frequency_of_the_feature", np.cos(2 / 10**1.5)),
        ("exponent_halved", np.cos(2 / 10**0.5)),
        ("sines_before_cosines", np.cos(2 / 10)),
        ("frequency_inverted", np.cos(2 * 10)),
        ("other_base", np.cos(2 / 10**0.5)),
        ("degrees_for_radians", np.cos(np.pi / 180 * 2 / 10)),
    ],
)
def test_positional_encoding_mistakes_yield_expected_features(mistake, value):
    """Feature 3 of 4 at position 2, with base 100, is the cosine of 2/10."""
    one, all_ = (TWIN[mistake, name] for name in ("positional_encoding", "positional_encodings"))
    assert one(2, 3, 4, base=100) == pytest.approx(value)
    assert all_(3, 4, base=100)[2][3] == pytest.approx(value)


def test_uninterleaved_encoding_mistake_puts_sines_before_cosines():
    rows, in_turn = TWIN["sines_before_cosines", "positional_encodings"](5, 6), annotated(5, 6, 1e4)
    np.testing.assert_allclose(rows, np.hstack([in_turn[:, 0::2], in_turn[:, 1::2]]), atol=1e-12)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: positional_encoding(1, 0, 3), "d_model must be even"),
        (lambda: positional_encoding(1, 4, 4), "there is no feature 4 among 4"),
        (lambda: positional_encoding(-1, 0, 4), "position must be from 0"),
        (lambda: positional_encoding(1, 0, 4, base=1), "base must be from 2"),
        (lambda: positional_encodings(0, 4), "length must be from 1"),
        (lambda: positional_encodings(1_000, 512), "cells"),
    ],
)
def test_invalid_positional_encoding_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
