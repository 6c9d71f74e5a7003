"""Tests of attention, against SciPy's softmax, loops over heads, and invariances."""

import numpy as np
import pytest
from scipy.special import softmax

from grader.errors import SolverError
from problems.solvers.attention import attention, attention_scores, attention_weights

RANDOM = np.random.default_rng(3)
QUERY, KEY = RANDOM.integers(-4, 5, (5, 6)), RANDOM.integers(-4, 5, (7, 6))
VALUE = RANDOM.integers(-4, 5, (7, 6))


def token_by_token(query, key, value, *, heads=1, scale=True, causal=False):
    """Return the output of attention, computed for one query of one head at a time."""
    output = np.zeros((len(query), value.shape[1]))
    width, wide = query.shape[1] // heads, value.shape[1] // heads
    for head in range(heads):
        columns = slice(head * width, (head + 1) * width)
        for at, row in enumerate(query[:, columns]):
            seen = at + 1 if causal else len(key)
            scores = np.array([row @ other for other in key[:seen, columns]], float)
            weights = softmax(scores / (width**0.5 if scale else 1))
            rows = value[:seen, head * wide : (head + 1) * wide]
            output[at, head * wide : (head + 1) * wide] = weights @ rows
    return output


@pytest.mark.parametrize("heads", [1, 2, 3, 6])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_attention_matches_a_token_by_token_weighted_mean(heads, scale, causal):
    keywords = {"scale": scale, "causal": causal}
    found = attention(QUERY, KEY, VALUE, num_heads=heads, **keywords)
    expected = token_by_token(QUERY, KEY, VALUE, heads=heads, **keywords)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_values_may_be_wider_than_queries():
    wide = RANDOM.integers(-4, 5, (7, 9))
    expected = token_by_token(QUERY, KEY, wide)
    np.testing.assert_allclose(attention(QUERY, KEY, wide), expected)


@pytest.mark.parametrize(("heads", "shape"), [(1, (5, 7)), (3, (3, 5, 7))])
def test_attention_weights_of_a_query_sum_to_one(heads, shape):
    weights = attention_weights(QUERY, KEY, num_heads=heads)
    assert weights.shape == shape
    np.testing.assert_allclose(weights.sum(axis=-1), 1)


def test_unscaled_attention_scores_are_exact_integers():
    found = attention_scores(QUERY, KEY, scale=False)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, QUERY @ KEY.T)


def test_attention_scores_are_divided_by_the_root_of_the_head_width():
    whole, shared = attention_scores(QUERY, KEY), attention_scores(QUERY, KEY, num_heads=6)
    np.testing.assert_allclose(whole * 6**0.5, QUERY @ KEY.T)
    np.testing.assert_array_equal(shared.sum(axis=0), QUERY @ KEY.T)


def test_unmasked_attention_ignores_key_order():
    order = RANDOM.permutation(7)
    turned = attention(QUERY, KEY[order], VALUE[order])
    np.testing.assert_allclose(turned, attention(QUERY, KEY, VALUE))


def test_causal_mask_hides_later_tokens_from_earlier_ones():
    changed = KEY.copy()
    changed[3:] += 9
    before, after = (attention_weights(QUERY, key, causal=True) for key in (KEY, changed))
    np.testing.assert_array_equal(before[:3], after[:3])
    assert (before[3:] != after[3:]).any()


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: attention_scores(QUERY, KEY[:, :4]), "rows of query and key have different"),
        (lambda: attention_scores(QUERY, KEY, num_heads=4), "4 heads do not share the 6 columns"),
        (lambda: attention(QUERY, KEY, VALUE[:5]), "there are 7 keys, but 5 values"),
        (lambda: attention(QUERY, KEY, VALUE[:, :5], num_heads=2), "the 5 columns of value"),
        (lambda: attention_weights(QUERY, KEY, causal=1), "causal must be True or False"),
        (lambda: attention_weights(QUERY, KEY, scale=None), "scale must be True or False"),
        (lambda: attention_scores([1, 2], KEY), "query must have 2 axes, not 1"),
        (lambda: attention_scores([[1e100]], [[1]]), "a number of query is too large"),
        (lambda: attention_scores(np.ones((99, 2)), np.ones((99, 2))), "the limit is 4096"),
    ],
)
def test_invalid_attention_arguments_are_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
