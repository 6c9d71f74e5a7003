"""Tests of the request digest, which detects another request under the same key."""

import hashlib
import json
from fractions import Fraction
from uuid import UUID

import pytest

from api.services.submissions.pending_submissions import compute_fingerprint

PROBLEM, STUDENT = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    "answers",
    [
        {"side": "64"},
        {"side": 'a "quote", ½ and \\times\n', "area": "3 × 3"},
        {"side": 64, "rate": Fraction(1, 10)},
        {"z": [[1, Fraction(1, 2)], ["x", 2]], "a": -1},
    ],
)
def test_fingerprint_is_sha256_of_sorted_json(answers):
    told = json.dumps([str(PROBLEM), str(STUDENT), answers], sort_keys=True, default=str)
    assert (
        compute_fingerprint(PROBLEM, STUDENT, answers) == hashlib.sha256(told.encode()).hexdigest()
    )
