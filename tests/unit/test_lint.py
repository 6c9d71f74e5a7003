"""Tests of the tolerance lint: a tolerance that accepts a known mistake is refused."""

import pytest
from factories import BOOK, ask, original, problem

from grader.errors import ProblemError
from problems.checks.checker import check_problem
from problems.checks.lint import (
    describe_accepted_by_part,
    find_repeating_decimals,
    find_tolerated_mistakes,
    find_untypable_keys,
    find_wide_tolerances,
)
from problems.publish import publish_problem

SIDE = "side(64, 3, stride=2)"  # 31, or 32 rounded up
WIDE = {"abs": 1}
OWN = {"id": "own", "key": "100", "say": "No."}


def refused(part) -> list[str]:
    return [*find_wide_tolerances(original(part, params={"X": [[1, 2], [3, 4]]}), BOOK)]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (
            ask(key=SIDE, tolerance=WIDE),
            (
                "parts.a.tolerance: rounded_up gives 32; correct: from 30 to 32 "
                "(original); "
                "tighten the tolerance, or `ignore: [rounded_up]`"
            ),
        ),
        (
            ask("number", key="101", tolerance={"rel": "1%"}, mistakes=[OWN]),
            (
                "parts.a.tolerance: own gives 100; correct: from 99.99 to "
                "102.01 (original); "
                "tighten the tolerance, or remove the mistake"
            ),
        ),
        (
            ask("percent", key=SIDE, tolerance=WIDE),
            "rounded_up gives 32; correct: from",
        ),
        (ask(key="64 - side(64, 3, stride=2)", tolerance={"rounded": 1}), ""),
        (
            ask("quantity", dimension="bytes", unit="kB", key=SIDE, tolerance=WIDE),
            "rounded_up gives 32 KB; correct: from 30 KB to 32 KB",
        ),
        (
            ask("set", key=f"({SIDE}, 5)", tolerance=WIDE),
            "rounded_up gives {5, 32}; correct: {5, 31}, each within 1",
        ),
        (
            ask("vector", key=f"[{SIDE}, 5]", tolerance=[WIDE, {"abs": 0}]),
            "rounded_up gives [32, 5]; correct: [31, 5], each cell within 1, exactly",
        ),
        (
            ask("matrix", key="plus(X, 1)", tolerance={"abs": 2}),
            "sign_flipped gives [[0, 1], [2, 3]]; correct:",
        ),
        (
            ask(
                "table",
                rows="(63, 63)",
                columns={"n": {"kind": "integer", "key": "halve(layer)", "tolerance": WIDE}},
            ),
            "rounded_up gives 32; 32; correct: n within 1",
        ),
    ],
)
def test_lint_reports_mistakes_accepted_by_tolerance_with_value_and_interval(part, said):
    found = refused(part)
    assert [said in one for one in found] == ([True] if said else [])


@pytest.mark.parametrize(
    "part",
    [
        ask(key=SIDE),
        ask(key=SIDE, tolerance={"abs": 1}, ignore=["rounded_up"]),
        ask(key=SIDE, tolerance={"abs": "0.5"}),
        ask("number", at_least=5),
        ask("shape", key=f"({SIDE}, 3)"),
        ask("matrix", key="plus(X, 1)", tolerance={"abs": 1}),
        ask("matrix", key="scale(X, 2)", tolerance={"abs": "0.1"}),
        ask("integer", key="broken()", tolerance=WIDE),
        ask("percent", key="1", tolerance=WIDE, mistakes=[{**OWN, "key": "0.5"}]),  # not readable
        ask("integer", key="side(3, 64)", tolerance=WIDE),  # no key, but rounded up a value
    ],
)
def test_tolerances_that_reject_every_mistake_pass_lint(part):
    assert refused(part) == []


def test_mistake_accepted_in_several_calls_is_reported_once():
    part = ask(key=f"{SIDE} + {SIDE} + halve(9)", tolerance={"abs": 3})
    assert len([*find_tolerated_mistakes(original(part), BOOK)]) > 1
    assert len(refused(part)) == 1


def test_seeds_whose_tolerance_accepts_a_mistake_are_not_published():
    """Rounded up, a side of 320 is within 1% of the key; a side of 5 is not."""
    toy = problem(
        ask(key="side(W, 3, stride=2)", tolerance={"rel": "1%"}),
        params={"W": {"choose": [8, 10, 640, 642], "original": 12}},
    )
    found = publish_problem(toy, BOOK, limit=9)
    assert {variant.names["W"] for variant in found.variants} == {8, 10}
    assert found.report.refused["a: the tolerance takes rounded_up for right"] == 2


def test_problem_whose_tolerance_accepts_a_mistake_at_every_seed_is_rejected():
    toy = problem(
        ask(key="side(W, 3, stride=2)", tolerance={"rel": "1%"}),
        params={"W": {"choose": [640, 642]}},
    )
    with pytest.raises(ProblemError, match="the tolerance takes rounded_up for right"):
        publish_problem(toy, BOOK)


def test_accepted_answers_are_described_for_each_part_with_tolerance():
    table = ask(
        "table",
        id="c",
        rows="(1, 2)",
        columns={
            "n": {"kind": "number", "key": "layer / 3", "tolerance": {"decimals": 2}},
            "m": {"kind": "integer", "key": "layer"},
        },
    )
    variant = original(ask(key=100, tolerance={"rel": "5%"}), ask(id="b", key=5), table)
    assert describe_accepted_by_part(variant) == {"a": "from 95 to 105", "c": "n to 2 decimals"}
    assert describe_accepted_by_part(original(ask(key="broken()", tolerance=WIDE))) == {}


def test_check_report_lists_tolerance_errors_or_accepted_answers():
    toy = problem(ask(key=SIDE, tolerance=WIDE))
    report = check_problem(toy, file="", registry=BOOK)
    assert report.errors == tuple(refused(ask(key=SIDE, tolerance=WIDE)))
    right = check_problem(problem(ask(key=SIDE, tolerance={"abs": "0.5"})), file="", registry=BOOK)
    assert (report.accepted, right.accepted) == ({}, {"a": "from 30.5 to 31.5"})


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (ask("number", key="sqrt(2)"), "1.4142135623730951"),
        (ask("vector", key="[1, sqrt(2)]"), "1.4142135623730951"),
        (ask("number", key="sqrt(2)", tolerance={"rounded": 3}), ""),
        (ask("number", key="2500/49"), ""),
        (ask("number", key="1/8"), ""),
    ],
)
def test_irrational_key_needs_a_tolerance(part, shown):
    found = [*find_untypable_keys(original(part))]
    assert [shown in one for one in found] == ([True] if shown else [])
    assert all("give a tolerance" in one for one in found)


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (ask("number", key="W/7"), "64/7"),
        (ask("percent", key="W/7"), "64/7"),
        (ask("vector", key="[1, W/7]"), "64/7"),
        (ask("number", key="W/7", tolerance={"rounded": 3}), ""),
        (ask("number", key="W/8"), ""),
        (ask("number", key="W/2**29"), ""),
        (ask("number", key="W/2**40"), ""),
        (ask("integer", key="W"), ""),
    ],
)
def test_repeating_decimal_key_without_tolerance_is_reported(part, shown):
    one = original(part, params={"W": 64})
    found = [*find_repeating_decimals([one, one])]
    assert [f"no decimal is {shown} (original)" in one for one in found] == (
        [True] if shown else []
    )


def test_repeating_decimal_warning_names_the_seed():
    toy = problem(ask("number", key="1/W"), params={"W": {"choose": [4, 3, 5], "original": 4}})
    report = check_problem(toy, file="", registry=BOOK)
    assert [one for one in report.warnings if "parts.a.key: no decimal is 1/3 (seed " in one]
