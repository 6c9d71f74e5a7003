"""Tests that blind wrong values are named, rightly, and that none of them is accepted."""

import pytest

from tests.bank.blind_wrong_values import (
    COLLECTIONS,
    count_named_without_authors,
    count_outcomes,
)


@pytest.mark.parametrize(
    ("collection", "nameable", "others", "problems"),
    [("first", 900, 100, 140), ("second", 330, 10, 40), ("third", 120, 0, 40)],
)
def test_collection_has_enough_values_and_problems(
    collection: str, nameable: int, others: int, problems: int
) -> None:
    values = COLLECTIONS[collection]
    count = sum(value["nameable"] for value in values)
    assert count >= nameable
    assert len(values) - count >= others
    assert len({value["problem"] for value in values}) >= problems


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_no_wrong_value_is_accepted(collection: str) -> None:
    outcomes = count_outcomes(collection)
    assert outcomes[True, "accepted"] + outcomes[False, "accepted"] == 0


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_most_nameable_values_are_named_correctly(collection: str) -> None:
    outcomes = count_outcomes(collection)
    nameable = sum(value["nameable"] for value in COLLECTIONS[collection])
    assert outcomes[True, "fitting"] / nameable >= 0.85


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_few_named_mistakes_are_misleading(collection: str) -> None:
    outcomes = count_outcomes(collection)
    misleading = outcomes[True, "misleading"] + outcomes[False, "misleading"]
    assert misleading / len(COLLECTIONS[collection]) <= 0.02


def test_engine_alone_names_most_nameable_values() -> None:
    named, nameable = count_named_without_authors()
    assert named / nameable >= 0.75
