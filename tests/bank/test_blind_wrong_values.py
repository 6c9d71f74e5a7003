"""Tests that blind wrong values are named, rightly, and that none of them is accepted."""

from tests.bank.blind_wrong_values import VALUES, count_outcomes


def test_the_collection_is_large() -> None:
    nameable = sum(value["nameable"] for value in VALUES)
    assert nameable >= 900
    assert len(VALUES) - nameable >= 100
    assert len({value["problem"] for value in VALUES}) >= 140


def test_no_wrong_value_is_accepted() -> None:
    outcomes = count_outcomes()
    assert outcomes[True, "accepted"] + outcomes[False, "accepted"] == 0


def test_most_nameable_values_get_a_fitting_name() -> None:
    outcomes = count_outcomes()
    nameable = sum(value["nameable"] for value in VALUES)
    assert outcomes[True, "fitting"] / nameable >= 0.85


def test_few_names_mislead() -> None:
    outcomes = count_outcomes()
    misleading = outcomes[True, "misleading"] + outcomes[False, "misleading"]
    assert misleading / len(VALUES) <= 0.02
