"""Tests of six reports that are read as every kind of file, in styles of further students."""

from collections import Counter

import pytest
from report_cases import CONVERTED, FOLDER, align, outcomes
from seed_documents import ENDINGS, convert_document

MIN_SHARE, MIN_CERTAIN_SHARE = 0.87, 0.73
"""Shares of answers that are found and right, and that are certain too.

The reports leave out labels and ask in running text, so that fewer are found than in others.
"""


@pytest.mark.parametrize("ending", ENDINGS)
def test_answers_are_found_in_every_kind_of_file_and_none_is_certainly_wrong(ending) -> None:
    counts = Counter(
        outcome
        for name in CONVERTED
        for outcome in outcomes(
            name, align(name, convert_document(FOLDER / name, ending), ending)
        ).values()
    )
    expected = sum(
        answer is not None for case in CONVERTED.values() for answer in case["answers"].values()
    )
    assert counts["right"] + counts["right?"] >= MIN_SHARE * expected
    assert counts["right"] >= MIN_CERTAIN_SHARE * expected
    assert counts["wrong"] == 0
