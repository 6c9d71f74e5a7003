"""A formula: equal wherever the key is defined, else a counter-example of the student's own."""

import re

import pytest
from factories import ask, mark

SIZE = ask(
    "expression",
    key="floor((H - K + 2*P) / S) + 1",
    variables={"H": "1..64", "K": "1..11", "P": "0..5", "S": "1..4"},
    where=["K <= H + 2*P"],
)
COUNT = ask(
    "expression",
    key="K**2 * C_in * C_out + C_out",
    variables={"K": "1..11", "C_in": "1..64", "C_out": "1..64"},
)


@pytest.mark.parametrize(
    ("part", "typed", "status"),
    [
        (SIZE, "floor((H-K+2*P)/S)+1", "correct"),
        (SIZE, "floor((H-K+2*P+S)/S)", "correct"),
        (SIZE, "ceil((H-K+2*P+1)/S)", "correct"),
        (SIZE, r"\lfloor \frac{H - K + 2P}{S} \rfloor + 1", "correct"),
        (SIZE, "(H − K + 2P)//S + 1", "correct"),
        (SIZE, "⌊(H-K+2P)/S⌋ + 1", "correct"),
        (SIZE, "N = ⌊(H-K+2P)/S + 1⌋", "correct"),
        (SIZE, "ceil((H-K+2*P)/S)", "wrong"),
        (SIZE, "round((H-K+2*P)/S)+1", "wrong"),
        (SIZE, "(H-K+2*P)/S+1", "wrong"),
        (SIZE, "floor((H-K+P)/S)+1", "wrong"),
        (SIZE, "1/0", "wrong"),
        (SIZE, "9**9**9", "wrong"),
        (SIZE, "floor((H-K+2*P)/S", "unreadable"),
        (SIZE, "floor((h_in-K+2*P)/S)+1", "unreadable"),
        (SIZE, "H; import os", "unreadable"),
        (COUNT, "(K²·C_in + 1)·C_out", "correct"),
        (COUNT, r"C_{out} K^2 C_{in} + C_{out}", "correct"),
        (COUNT, "K^2 C_in C_out", "wrong"),
        (COUNT, "K^3 C_in C_out + C_out", "wrong"),
        (COUNT, "0", "wrong"),
    ],
)
def test_every_right_form_of_a_formula_is_accepted_and_no_near_miss_is(part, typed, status):
    assert mark(part, typed).status == status


NUMBERS = re.compile(r"-?\d+(?:/\d+)?(?:\.\d+)?")


@pytest.mark.parametrize(
    ("typed", "own"),
    [
        ("ceil((H-K+2*P)/S)", lambda h, k, p, s: -((h - k + 2 * p) // -s)),
        ("round((H-K+2*P)/S)+1", lambda h, k, p, s: (2 * (h - k + 2 * p) + s) // (2 * s) + 1),
        ("0 * H", lambda h, k, p, s: 0 * (h + k + p + s)),
        ("H + 1000", lambda h, k, p, s: h + 1000 + 0 * (k + p + s)),
    ],
)
def test_a_counter_example_shows_the_students_own_value_and_never_the_keys(typed, own):
    told = mark(SIZE, typed).feedback
    place = re.search(
        r"At H = (\d+), K = (\d+), P = (\d+), S = (\d+) your formula gives (.+), which", told
    )
    h, k, p, s = (int(place[at]) for at in range(1, 5))
    key = (h - k + 2 * p) // s + 1
    assert place[5] == str(own(h, k, p, s))
    assert own(h, k, p, s) != key
    assert NUMBERS.findall(told.replace(place[0], "")) == []


def test_a_formula_without_a_value_is_told_so():
    told = mark(SIZE, "1 / (H - H)").feedback
    assert "your formula has no value" in told


def test_the_same_answer_meets_the_same_counter_example_every_time():
    assert mark(SIZE, "H").feedback == mark(SIZE, "H").feedback


def test_a_parameter_in_the_key_is_a_number_to_the_student():
    part = ask("expression", key="C * n", variables={"n": "1..9"})
    assert mark(part, "5n", params={"C": 5}).status == "correct"
    assert mark(part, "C n", params={"C": 5}).status == "unreadable"


def test_a_variable_hides_a_parameter_of_the_same_name():
    part = ask("expression", key="n * n", variables={"n": "1..9"})
    assert mark(part, "n²", params={"n": 5}).status == "correct"
    assert mark(part, "25", params={"n": 5}).status == "wrong"


def test_a_twin_names_the_mistake_in_a_formula():
    part = ask(
        "expression",
        key="weights(C, F, K)",
        variables={"C": "2..64", "F": "2..64", "K": "2..11"},
    )
    assert mark(part, "F (C K^2 + 1)").status == "correct"
    assert mark(part, "F C K^2").mistakes == ("no_bias",)
    assert mark(part, "F C K^2 + 1").mistakes == ("one_bias",)


@pytest.mark.parametrize("key", ["1 / (n - n)", "(n, n)", "'text'", "unknown * n"])
def test_a_key_without_a_value_anywhere_goes_to_a_person(key):
    part = ask("expression", key=key, variables={"n": "1..9"})
    assert mark(part, "n").status == "needs_review"
