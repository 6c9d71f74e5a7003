"""Tests of the published seeds: each one shows every mistake that any draw can show."""

from fractions import Fraction

import pytest
from factories import BOOK, Net, ask, problem
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import DrawError, ProblemError
from grader.values import Record, Tensor
from grader.variants.variant import draw_values
from problems.publish import MAX_CONSECUTIVE_REPEATS, NO_DRAW, publish_problem, to_json_data

WIDE = {"W": {"integers": [1, 10**9]}}


def published(*parts, limit: int = 4, **changes):
    return publish_problem(problem(*parts, **changes), BOOK, limit=limit)


def drawn(publication) -> list:
    return [tuple(one.names.values()) for one in publication.variants]


@pytest.mark.parametrize("params", [{}, {"W": 64}])
def test_problem_without_drawn_parameters_has_no_seeds(params):
    publication = published(params=params)
    assert publication.variants == ()
    assert (publication.report.seeds, publication.report.walked) == ((), 0)


@given(st.integers(1, 8))
def test_publication_stops_at_the_requested_number_of_seeds(limit):
    publication = published(ask(key="W + 1"), params=WIDE, limit=limit)
    assert publication.report.seeds == tuple(range(limit))
    assert [one.seed for one in publication.variants] == list(range(limit))
    assert publication.report.walked == limit


def test_mistakes_that_no_draw_reveals_are_inert():
    key = "side(W, 3, stride=2, padding=1)"
    publication = published(
        ask(key=key, mistakes=[{"id": "same", "key": key, "say": "No."}]),
        params={"W": {"choose": [6, 8, 10]}},
    )
    assert publication.report.inert == {"a": {"same"}}
    assert all(
        {"rounded_up", "padding_left_out"} <= {name for one in known for name in one.ids}
        for variant in publication.variants
        for known in [variant.mistakes["a"].candidates]
    )


def test_failed_draw_does_not_make_an_inert_mistake_live():
    publication = published(ask(key="side(W, 3)"), params={"W": {"choose": [1, 5, 6, 7]}})
    assert {value for (value,) in drawn(publication)} == {5, 6, 7}
    assert publication.report.inert == {"a": {"rounded_up", "padding_left_out"}}
    assert publication.report.refused["a: the window is larger than the image"] == 1


def test_seed_whose_numbers_hide_a_mistake_is_refused_with_reason():
    publication = published(ask(key="halve(W)"), params={"W": {"choose": [6, 7, 8, 9]}})
    assert {value for (value,) in drawn(publication)} == {7, 9}
    assert publication.report.refused["a: rounded_up gives the key"] == 2
    assert publication.report.inert == {}


def test_ignored_mistake_refuses_no_seed():
    part = ask(key="halve(W)", ignore=["rounded_up"])
    publication = published(part, params={"W": {"choose": [6, 7, 8, 9]}})
    assert {value for (value,) in drawn(publication)} == {6, 7, 8, 9}


def test_repeated_numbers_are_published_once_and_end_the_search():
    publication = published(ask(key="W + 1"), params={"W": {"choose": [1, 2]}})
    assert sorted(drawn(publication)) == [(1,), (2,)]
    assert publication.report.refused == {"the numbers repeat": publication.report.walked - 2}
    assert publication.report.walked <= MAX_CONSECUTIVE_REPEATS + 20


def test_numbers_of_the_original_are_not_published():
    params = {"W": {"choose": [1, 2, 3], "original": 2}}
    assert sorted(drawn(published(ask(key="W + 1"), params=params))) == [(1,), (3,)]


def test_numbers_of_the_original_are_published_if_no_others_exist():
    params = {"W": {"choose": [6, 7], "original": 7}}
    publication = published(ask(key="halve(W)"), params=params)
    assert drawn(publication) == [(7,)]
    assert "a: rounded_up gives the key" in publication.report.refused


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([ask(key="broken(W)")], "a: the solver cannot take 1 values (2)"),
        (
            [ask(key="halve(W)"), ask(id="b", key="broken(W)")],
            "b: the solver cannot take 1 values (2), for example with W = ",
        ),
    ],
)
def test_reasons_are_counted_if_no_seed_discriminates(parts, reason):
    with pytest.raises(ProblemError) as caught:
        published(*parts, params={"W": {"choose": [6, 7]}})
    assert caught.value.message.startswith("no seed discriminates: the numbers repeat (")
    assert reason in caught.value.message
    assert caught.value.message.endswith("; widen params or `ignore` a mistake")


def test_mutually_exclusive_mistakes_are_muted_where_they_give_the_key():
    parts = [ask(key="halve(W)"), ask(id="b", key="halve(W + 1)")]
    publication = published(*parts, params={"W": {"choose": [6, 7]}})
    assert sorted(drawn(publication)) == [(6,), (7,)]
    assert publication.report.muted == {"a": {"rounded_up": 1}, "b": {"rounded_up": 1}}
    for variant in publication.variants:
        muted, live = ("a", "b") if variant.names["W"] == 6 else ("b", "a")
        named = {part: [one.ids for one in variant.mistakes[part].candidates] for part in "ab"}
        assert ("rounded_up",) not in named[muted]
        assert ("rounded_up",) in named[live]


def test_no_mistake_is_muted_if_some_seed_distinguishes_all_from_the_key():
    publication = published(ask(key="halve(W)"), params={"W": {"choose": [6, 7, 8]}})
    assert drawn(publication) == [(7,)]
    assert publication.report.muted == {}


@pytest.mark.parametrize(
    ("part", "params", "explanation"),
    [
        (
            ask(key="halve(W)"),
            {"W": {"choose": [6, 7]}},
            'always W = 6; `require: ["W != 6"]` leaves such draws out',
        ),
        (
            ask(key="W + K", mistakes=[{"id": "twice", "key": "2*W", "say": "No."}]),
            {"W": {"integers": [4, 6]}, "K": {"integers": [4, 6]}},
            'always W = K; `require: ["W != K"]` leaves such draws out',
        ),
        (
            ask(key="halve(W)"),
            {"W": {"choose": [6, 7, 8, 9]}},
            "for example with W = ",
        ),
    ],
)
def test_common_values_of_refused_draws_are_explained(part, params, explanation):
    report = published(part, params=params).report
    [(reason, text)] = report.explanations.items()
    assert reason.endswith("gives the key")
    assert text.startswith(explanation)


def test_seeds_without_a_draw_are_skipped_and_counted_without_renumbering():
    params = {"W": {"integers": [0, 999]}, "K": {"integers": [1, 10**9]}}
    rare = published(ask(key="W + K"), params=params, require=["W < 2"], limit=40)
    failed = rare.report.refused[NO_DRAW]
    assert 0 < failed == rare.report.walked - 40
    stated = problem(ask(key="W + K"), params=params, require=["W < 2"])
    for variant in rare.variants:
        assert variant.names == draw_values(stated, variant.seed, BOOK)


def test_first_seeds_without_a_draw_do_not_reject_the_problem():
    stated = {
        "params": {"W": {"integers": [0, 999]}, "K": {"integers": [1, 10**9]}},
        "require": ["W == 148"],
    }
    for seed in range(4):
        with pytest.raises(DrawError):
            draw_values(problem(ask(key="W + K"), **stated), seed, BOOK)
    publication = published(ask(key="W + K"), **stated, limit=40)
    assert len(publication.variants) == 40
    assert publication.report.seeds[0] == 4
    assert [*published(ask(key="W + K"), **stated, limit=1).report.seeds] == [4]


@pytest.mark.parametrize("bound", ["W < 0", "W == 777 and K == 5"])
def test_problem_is_rejected_if_most_seeds_have_no_draw(bound):
    params = {"W": {"integers": [0, 999]}, "K": {"integers": [1, 10]}}
    with pytest.raises(ProblemError, match="none of 1000 draws satisfies `require`") as caught:
        published(ask(key="W + K"), params=params, require=[bound], limit=40)
    assert caught.value.field == "require"


def test_seed_search_stops_after_4000_refused_seeds():
    with pytest.raises(ProblemError, match=r"cannot take 1 values \(4000\)"):
        published(ask(key="broken(W)"), params=WIDE)


def test_mistakes_that_no_variant_distinguishes_are_reported_together():
    publication = published(
        ask(key="W + 1"),
        ask(
            id="b",
            key="W + K",
            mistakes=[
                {"id": "one", "key": "W - K", "say": "No."},
                {"id": "two", "key": "W - K", "say": "No."},
                {"id": "three", "key": "W * K", "say": "No."},
            ],
        ),
        params={**WIDE, "K": {"choose": [3, 5]}},
    )
    assert publication.report.together == {"b": (("one", "two"),)}


def test_mistakes_that_one_variant_distinguishes_are_not_reported_together():
    mistakes = [
        {"id": "one", "key": "W * W", "say": "No."},
        {"id": "two", "key": "2 * W", "say": "No."},
    ]
    publication = published(ask(key="W + 1", mistakes=mistakes), params={"W": {"choose": [2, 3]}})
    assert sorted(drawn(publication)) == [(2,), (3,)]
    assert publication.report.together == {}


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (None, None),
        (True, True),
        (5, 5),
        ("a", "a"),
        (Fraction(1, 3), "1/3"),
        ((1, Fraction(1, 2)), [1, "1/2"]),
        (((1, 2), "a"), [[1, 2], "a"]),
        (Tensor((2, 1), (1, Fraction(1, 3))), [[1], ["1/3"]]),
        (Net((1, 2)), "net of 2"),
        (Record({"side": 5}), str(Record({"side": 5}))),
    ],
)
def test_values_of_every_type_convert_to_json_data(value, data):
    told = to_json_data(value)
    assert told == data
    assert type(told) is type(data)
