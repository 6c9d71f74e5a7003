"""Tests of parts: their expressions by field, and the defaults for grading."""

import pytest
from factories import ask, problem


def part(*args, **fields):
    return problem(ask(*args, **fields)).parts[0]


def fields_of(one) -> list[str]:
    return [field for field, _ in one.expressions]


def test_every_expression_of_a_part_is_listed_with_its_field():
    one = part(
        key="W",
        carry="a > 0",
        prompt="{{W}}",
        accept=[{"key": "W + 1", "reason": "why", "say": "{{W}}"}],
        mistakes=[{"id": "m", "key": "W + 2", "say": "{{W}} {{K}}"}],
    )
    assert fields_of(one) == ["prompt", "key", "carry", "accept", "mistakes.m", "say", "say", "say"]


@pytest.mark.parametrize(
    ("one", "fields"),
    [
        (part("text", rubric=[{"id": "x", "points": 1, "say": "s"}], prompt="{{W}}"), ["prompt"]),
        (
            part("predicate", **{"as": ["integer"]}, accept_if="answer[0] > W", sample=5),
            ["accept_if"],
        ),
        (
            part(
                "table",
                rows="net",
                start={"c": "W"},
                columns={"c": {"kind": "integer", "key": "prev.c + layer"}},
            ),
            ["rows", "start.c", "columns.c.key"],
        ),
        (part("number", at_least="0.73"), []),
    ],
)
def test_each_kind_lists_its_own_expressions(one, fields):
    assert fields_of(one) == fields


@pytest.mark.parametrize(
    ("one", "names"),
    [
        (part(key="W"), set()),
        (part("expression", key="n + W", variables={"n": "1..9"}), {"n"}),
        (part("shape", key="(n, W)", variables={"n": "1..9"}), {"n"}),
        (part("predicate", **{"as": ["integer"]}, accept_if="True", sample=5), {"answer"}),
        (
            part("table", rows="net", columns={"c": {"kind": "integer", "key": "layer + 1"}}),
            {"layer", "prev"},
        ),
    ],
)
def test_key_variables_are_the_names_bound_by_the_part(one, names):
    assert one.key_variables == names


def test_part_title_is_stripped_and_defaults_to_empty():
    assert part(key=5, title="  Side of the input ").title == "Side of the input"
    assert part(key=5).title == ""


def test_part_defaults_to_one_point_and_full_follow_through_credit():
    one = part(key=5)
    assert (one.points, one.follow_through, one.carry, one.tolerance.radius(5)) == (1, 1, None, 0)
