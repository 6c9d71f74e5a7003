"""Tests of known wrong answers: a mistake in all calls, in one, and via earlier keys."""

from dataclasses import replace
from fractions import Fraction

import pytest
from factories import BOOK, FUNCTIONS, ask, original, values

from grader.diagnosis.mistakes import AUTHOR_RANK, KnownMistakes, MistakeCandidate
from grader.registry import MistakeInfo
from grader.values import Tensor
from grader.variants.variant import solve_variant


def known(*parts, of: str = "a", **changes) -> KnownMistakes:
    """Return the known mistakes of the part *of*."""
    result: KnownMistakes = original(*parts, **changes).mistakes[of]
    return result


@pytest.mark.parametrize(
    ("key", "mistakes"),
    [
        ("weights(3, 64, 3)", {"channels_left_out": [640], "no_bias": [1728], "one_bias": [1729]}),
        ("side(64, 3, stride=2)", {"rounded_up": [32]}),
        ("side(64, 3, stride=2, padding=1)", {"rounded_up": [33], "padding_left_out": [31]}),
        ("halve(side(64, 3, stride=2))", {"rounded_up": [16]}),
        ("halve(side(64, 3, stride=2)) * 2", {"rounded_up": [32]}),
        ("halve(9) + 10 * halve(7)", {"rounded_up": [45, 35, 44]}),
        (
            "weights(3, 64, 3) + weights(64, 64, 1)",
            {
                "channels_left_out": [768, 4800, 1920],
                "no_bias": [5824, 5888],
                "one_bias": [5826, 5889],
            },
        ),
        ("63 + 1", {}),
        ("floor(7 / 2)", {}),
    ],
)
def test_mistakes_are_applied_to_all_calls_and_to_each_call_alone(key, mistakes):
    found = values(known(ask(key=key)))
    assert {name: sorted(one) for name, one in found.items()} == {
        name: sorted(one) for name, one in mistakes.items()
    }


@pytest.mark.parametrize(
    ("kind", "key", "sizes"),
    [
        ("shape", "(side(64, 3, stride=2), side(30, 3, stride=2), 5)", [(32, 15, 5)]),
        ("shape", "(5, side(W, 3, stride=2), side(H, 3, stride=2))", [(5, 32, 15)]),
        ("shape", "(side(64, 3, stride=2), 7, side(30, 3, stride=2) - 1)", [(32, 7, 14)]),
        (
            "shape", "(halve(side(64, 3, stride=2)), halve(side(30, 3, stride=2)))",
            [(16, 8), (16, 7)],
        ),
        ("shape", "(side(64, 3, stride=2), halve(7))", [(32, 4), (32, 3), (31, 4)]),
        (
            "vector", "[side(64, 3, stride=2), side(30, 3, stride=2)]",
            [(32, 15), (32, 14), (31, 15)],
        ),
        ("integer", "side(64, 3, stride=2) * side(30, 3, stride=2)", [480, 448, 465]),
    ],
)  # fmt: skip
def test_mistake_applies_to_all_axes_of_a_shape_or_none(kind, key, sizes):
    found = values(known(ask(kind, key=key), params={"W": 64, "H": 30}))["rounded_up"]
    assert [tuple(one.cells) if isinstance(one, Tensor) else one for one in found] == sizes


def test_mistakes_propagate_through_keys_of_referenced_parts():
    parts = (
        ask(id="side1", key="side(64, 3, stride=2, padding=2)"),
        ask(id="other", key="side(9, 2, stride=2)"),
        ask(id="pooled", key="halve(side1) * 10"),
        ask(id="total", key="pooled ** 2"),
    )
    assert values(known(*parts, of="total")) == {
        "rounded_up": [170**2],
        "padding_left_out": [150**2],
    }
    assert values(known(*parts, of="pooled"))["padding_left_out"] == [150]


def test_formula_variable_shadows_an_earlier_part_of_the_same_name():
    parts = (
        ask(id="n", key="side(64, 3, stride=2)"),
        ask("expression", id="f", key="2 * n", variables={"n": "1..9"}),
    )
    assert known(*parts, of="f") == KnownMistakes()


def test_only_the_eight_nearest_calls_are_tried_alone():
    key = " + ".join(f"{10**at} * halve(9)" for at in range(10))
    assert len(values(known(ask(key=key)))["rounded_up"]) == 1 + 8


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("halve(9) + halve(7)", [9]),
        ("-halve(9) - halve(7)", [-9]),
        ("halve(31) + halve(19)", [26, 25]),
        ("86 + halve(9) + 0 * halve(7)", [91]),
        ("92 + halve(9) + halve(7)", [101, 100]),
        ("93 + halve(9) + halve(7)", [102, 101]),
        ("(halve(9) + halve(7)) / 2", [Fraction(9, 2), 4]),
        ("(halve(9) + 2 * halve(7)) / 5", [Fraction(13, 5), Fraction(11, 5), Fraction(12, 5)]),
    ],
)
def test_mistake_in_one_call_is_known_only_if_its_value_is_distinctive(key, found):
    assert values(known(ask("number", key=key)))["rounded_up"] == found


def test_mistake_in_one_call_stays_known_if_a_rarer_mistake_equals_it():
    alone = known(ask(key="halve(5) + halve(7) - side(7, 3, stride=2)"))
    padded = known(ask(key="halve(5) + halve(7) - side(7, 3, stride=2, padding=1)"))
    assert values(alone) == {"rounded_up": [4]}
    assert values(padded) == {"rounded_up": [3, 2], "padding_left_out": [2]}


def test_ignored_mistakes_are_not_candidates():
    found = known(ask(key="weights(3, 64, 3)", ignore=["no_bias", "channels_left_out"]))
    assert list(values(found)) == ["one_bias"]


@pytest.mark.parametrize(
    ("part", "hidden"),
    [
        (ask(key="side(65, 3, stride=2)"), {"rounded_up", "padding_left_out"}),
        (ask(key="side(64, 3, stride=2)"), {"padding_left_out"}),
        (ask(key="weights(1, 64, 3)"), {"channels_left_out"}),
        (ask(key="weights(1, 1, 3)"), {"channels_left_out", "one_bias"}),
        (ask(key="halve(9) - halve(9) + halve(8)"), set()),
        (ask(key="halve(8) + halve(6)"), {"rounded_up"}),
        (ask(key="scale(X, 2)", kind="matrix"), {"transposed_output"}),
        (ask(key=5, mistakes=[{"id": "m", "key": 5, "say": ""}]), {"m"}),
        (
            ask(
                "table", rows="(65, 33)", columns={"c": {"kind": "integer", "key": "halve(layer)"}}
            ),
            set(),
        ),
        (
            ask(
                "table", rows="(64, 32)", columns={"c": {"kind": "integer", "key": "halve(layer)"}}
            ),
            {"rounded_up"},
        ),
    ],
)
def test_mistake_that_always_yields_the_key_is_hidden(part, hidden):
    part["kind"] = part.get("kind", "integer")
    assert known(part, params={"X": [[1, 2], [2, 1]]}).hidden == hidden


def test_wrong_version_that_fails_is_neither_known_nor_hidden():
    assert known(ask(key="side(2, 3, padding=1)")) == KnownMistakes((), frozenset({"rounded_up"}))


def test_mistake_that_breaks_an_earlier_part_is_tried_only_in_single_calls():
    """The mistake has no answer if made in all calls, but has one in one call of the last."""
    twice = "b + side(64, 3, padding=1) * side(64, 3, padding=1)"
    parts = (
        ask(key="side(2, 3, padding=1)"),
        ask(id="b", key="a + 5"),
        ask(id="c", key=twice),
    )
    assert "padding_left_out" not in values(known(*parts, of="b"))
    assert values(known(*parts, of="c"))["padding_left_out"] == [7 + 62 * 64]


def test_candidates_are_ordered_by_rank_with_author_mistakes_first():
    found = known(
        ask(
            key="weights(3, 64, 3)",
            mistakes=[{"id": "my_own", "key": "27", "say": "{{W}} again.", "credit": "1/4"}],
        ),
        params={"W": 5},
    )
    ranks = [one.rank for one in found.candidates]
    assert ranks == sorted(ranks, reverse=True) == [AUTHOR_RANK, 61, 44, 20]
    first = found.candidates[0]
    assert (first.ids, first.hint, first.credit) == (("my_own",), "5 again.", 0.25)
    assert found.candidates[1].hint == "Hint: channels_left_out."


@pytest.mark.parametrize("key", ["broken()", "1 / (a - a)", "unknown"])
def test_author_mistake_that_cannot_be_computed_is_omitted(key):
    part = ask(key="side(64, 3)", mistakes=[{"id": "m", "key": key, "say": ""}])
    assert "m" not in values(known(part))


def test_author_mistake_whose_hint_cannot_be_filled_is_omitted():
    part = ask(key="side(64, 3)", mistakes=[{"id": "m", "key": "5", "say": "{{1 / 0}}"}])
    assert "m" not in values(known(part))


def test_parts_without_a_single_key_have_no_known_mistakes():
    assert (
        known(ask("predicate", **{"as": ["integer"]}, accept_if="True", sample=1))
        == KnownMistakes()
    )
    assert known(ask("text", rubric=[{"id": "x", "points": 1, "say": "s"}])) == KnownMistakes()
    assert known(ask("number", at_least=1)) == KnownMistakes()


def test_two_mistakes_with_the_same_value_are_both_candidates():
    twins = {"one": {"halve": lambda size: size}, "two": {"halve": lambda size: size}}
    info = {name: MistakeInfo(name, 5, name, "") for name in twins}
    found = known(ask(key="halve(9)"), book=replace(BOOK, wrong_versions=twins, mistakes=info))
    assert [(one.ids, one.value) for one in found.candidates] == [(("one",), 9), (("two",), 9)]


def test_mistake_in_a_table_applies_to_every_row():
    column = {"kind": "integer", "key": "weights(prev.c, layer, 1)"}
    part = ask("table", rows="(2, 3)", start={"c": "4"}, columns={"c": column})
    found = known(part)
    assert [(one.ids, [row["c"] for row in one.value.rows]) for one in found.candidates] == [
        (("channels_left_out",), [4, 6]),
        (("no_bias",), [8, 24]),
        (("one_bias",), [9, 28]),
    ]


def test_candidate_has_zero_credit_by_default():
    assert MistakeCandidate(("no_bias",), 5, 1, "").credit == 0
    assert set(FUNCTIONS) == set(BOOK.functions)


def test_mistakes_are_computed_only_for_requested_parts():
    parts = ask(key="side(64, 3, stride=2)"), ask(id="b", key="side(a, 3, stride=2)")
    whole = original(*parts)
    some = solve_variant(whole.problem, None, BOOK, parts={"b"})
    assert some.mistakes == {"b": whole.mistakes["b"]}
    assert some.mistakes["b"].candidates
    assert some.keys == whole.keys
