"""Tests of the random stream: it never changes, and all numbers are equally likely."""

from collections import Counter
from itertools import pairwise

import pytest

from grader.variants.random_stream import MAX_RANGE, RandomStream


def numbers(key: bytes, label: str, limit: int, count: int = 8) -> list[int]:
    stream = RandomStream(key, label)
    return [stream.randbelow(limit) for _ in range(count)]


@pytest.mark.parametrize(
    ("key", "label", "limit", "drawn"),
    [
        (b"key", "seed 0", 10, [9, 7, 3, 7, 8]),
        (b"", "", 2**64, [8736612074099860805]),
        (b"grader", "0|0|W", 1000, [171, 196, 826, 202, 819, 420, 189, 497, 660, 944]),
    ],
)
def test_numbers_of_a_seed_never_change(key, label, limit, drawn):
    """The values are fixed: a change would alter every variant ever handed out."""
    assert numbers(key, label, limit, len(drawn)) == drawn


def test_stream_continues_across_hash_blocks():
    drawn = numbers(b"key", "seed 0", MAX_RANGE, 64)
    assert len(set(drawn)) == 64


@pytest.mark.parametrize("other", [(b"kez", "seed 0"), (b"key", "seed 1"), (b"key", "seed 0|")])
def test_different_key_or_label_gives_different_stream(other):
    assert numbers(b"key", "seed 0", MAX_RANGE) != numbers(*other, MAX_RANGE)


@pytest.mark.parametrize("limit", [0, -1, MAX_RANGE + 1])
def test_limit_outside_64_bit_range_raises_error(limit):
    with pytest.raises(ValueError, match=r"not between 1 and 2\*\*64"):
        RandomStream(b"key", "label").randbelow(limit)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 10, 1000, MAX_RANGE - 1, MAX_RANGE])
def test_numbers_stay_below_their_limit(limit):
    assert all(0 <= number < limit for number in numbers(b"k", "l", limit, 200))


def test_all_values_are_about_equally_frequent():
    counts = Counter(numbers(b"key", "uniform", 6, 6000))
    assert set(counts) == set(range(6))
    chi_square = sum((count - 1000) ** 2 / 1000 for count in counts.values())
    assert chi_square < 20.5  # the 99.9 % quantile with 5 degrees of freedom


def test_consecutive_numbers_are_independent():
    pairs = Counter(pairwise(numbers(b"key", "pairs", 4, 8001)))
    chi_square = sum((pairs[one, two] - 500) ** 2 / 500 for one in range(4) for two in range(4))
    assert chi_square < 37.7  # the 99.9 % quantile with 15 degrees of freedom


def test_words_that_would_bias_small_numbers_are_redrawn():
    limit = MAX_RANGE // 2 + 1
    words = numbers(b"key", "fair", MAX_RANGE, 64)
    fair = [word for word in words if word < limit]
    assert len(fair) < 48
    assert numbers(b"key", "fair", limit, len(fair)) == fair
