"""Tests of formulas: equal wherever the key is defined, or a counter-example."""

import re
from fractions import Fraction

import pytest
from factories import BOOK, ask, mark, problem
from pydantic import ValidationError

from grader.expressions.evaluate import Scope
from grader.expressions.parser import parse
from grader.kinds import KINDS
from grader.variants.variant import draw_values, solve_keys

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
        (SIZE, "floor((H-K+2*P-1)/S)+1", "wrong"),
        (SIZE, "floor((H-K+2*P)/S)+1 pixels", "correct"),
        (SIZE, "floor((H-K+2P)/S)+1, where S is the stride", "correct"),
        (SIZE, "[(H-K+2P)/S]+1", "unreadable"),
        (SIZE, "1/0", "unreadable"),
        (SIZE, "9**9**9", "unreadable"),
        (SIZE, "2**2**2**2**2**2", "unreadable"),
        (SIZE, "H**999999", "unreadable"),
        (SIZE, "H/(K-1)", "wrong"),
        (SIZE, "(" * 1_000 + "H" + ")" * 1_000, "unreadable"),
        (SIZE, "*".join("H" * 250), "unreadable"),
        (SIZE, "sqrt(" * 28 + "H" + ")" * 28, "unreadable"),
        (SIZE, "floor((H-K+2*P)/S", "unreadable"),
        (SIZE, "floor((h_in-K+2*P)/S)+1", "unreadable"),
        (SIZE, "H; import os", "unreadable"),
        (COUNT, "(K²·C_in + 1)·C_out", "correct"),
        (COUNT, r"C_{out} K^2 C_{in} + C_{out}", "correct"),
        (COUNT, "K^2 C_in C_out", "wrong"),
        (COUNT, "K^3 C_in C_out + C_out", "wrong"),
        (COUNT, "K^2 C_in C_out + C_out*sqrt(C_in^2)/C_in", "correct"),
        (COUNT, "0", "wrong"),
    ],
)
def test_every_right_form_of_formula_is_accepted_and_near_misses_are_not(part, typed, status):
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
def test_counterexample_shows_value_of_student_but_never_of_key(typed, own):
    told = mark(SIZE, typed).feedback
    place = re.search(
        r"At H = (\d+), K = (\d+), P = (\d+), S = (\d+) your formula gives (.+), which", told
    )
    h, k, p, s = (int(place[at]) for at in range(1, 5))
    key = (h - k + 2 * p) // s + 1
    assert place[5] == str(own(h, k, p, s))
    assert own(h, k, p, s) != key
    assert NUMBERS.findall(told.replace(place[0], "")) == []


def test_formula_without_any_value_is_reported_and_costs_nothing():
    result = mark(SIZE, "1 / (H - H)")
    assert "has no value" in result.feedback
    assert not result.costs_attempt


def test_same_answer_gets_same_counterexample():
    assert mark(SIZE, "H").feedback == mark(SIZE, "H").feedback


def test_key_parameter_is_a_number_for_students():
    part = ask("expression", key="C * n", variables={"n": "1..9"})
    assert mark(part, "5n", params={"C": 5}).status == "correct"
    assert mark(part, "C n", params={"C": 5}).status == "unreadable"


def test_variable_hides_parameter_of_same_name():
    part = ask("expression", key="n * n", variables={"n": "1..9"})
    assert mark(part, "n²", params={"n": 5}).status == "correct"
    assert mark(part, "25", params={"n": 5}).status == "wrong"


def test_wrong_version_names_the_mistake_in_formula():
    part = ask(
        "expression",
        key="weights(C, F, K)",
        variables={"C": "2..64", "F": "2..64", "K": "2..11"},
    )
    assert mark(part, "F (C K^2 + 1)").status == "correct"
    assert mark(part, "F C K^2").mistakes == ("no_bias",)
    assert mark(part, "F C K^2 + 1").mistakes == ("one_bias",)


@pytest.mark.parametrize("key", ["1 / (n - n)", "'text'", "unknown * n"])
def test_key_without_value_anywhere_needs_manual_review(key):
    part = ask("expression", key=key, variables={"n": "1..9"})
    assert mark(part, "n").status == "needs_review"


def test_counterexample_uses_point_computable_by_hand():
    told = mark(SIZE, "ceil((H-K+2*P)/S)").feedback
    assert told == (
        "Incorrect. At H = 1, K = 1, P = 0, S = 1 your formula gives 0, which is incorrect there."
    )


def test_value_with_many_digits_is_not_printed_in_full():
    told = mark(SIZE, "(H + 9)**200").feedback
    assert "your formula gives a number with many digits, which" in told


PAIR = ask(
    "expression",
    key="(dL_dy * w, dL_dy * x)",
    variables={"dL_dy": "-9..9", "w": "-9..9", "x": "-9..9"},
    mistakes=[{"id": "swapped", "key": "(dL_dy * x, dL_dy * w)", "say": "Which is which?"}],
)
SHARED = {**PAIR, "credit_by": "component"}


@pytest.mark.parametrize(
    ("part", "typed", "status", "credit"),
    [
        (PAIR, "[w dL/dy, x dL/dy]", "correct", 1),
        (PAIR, "(w*dL_dy; x*dL_dy)", "correct", 1),
        (PAIR, "dx = w dL/dy\ndw = x dL/dy", "correct", 1),
        (PAIR, ["w dL_dy", "x dL_dy"], "correct", 1),
        (PAIR, r"\frac{\partial L}{\partial y} w, \frac{\partial L}{\partial y} x", "correct", 1),
        (PAIR, "[w dL/dy, x]", "wrong", 0),
        (SHARED, "[w dL/dy, x]", "partial", Fraction(1, 2)),
        (SHARED, "[w, x]", "wrong", 0),
        (PAIR, "[x dL/dy, w dL/dy]", "mistake", 0),
        (PAIR, "w dL/dy", "unreadable", 0),
        (PAIR, "[w, x, w]", "unreadable", 0),
        (PAIR, "[w dL/dy, q]", "unreadable", 0),
        (PAIR, 5, "unreadable", 0),
    ],
)
def test_formula_list_is_graded_as_a_whole_or_by_component(part, typed, status, credit):
    result = mark(part, typed)
    assert (result.status, result.credit) == (status, credit)


def test_counterexample_of_formula_list_names_component():
    assert "Formula 2: at " in mark(PAIR, "[w dL/dy, x]").feedback
    assert "The answer has 3 formulas; it needs 2." in mark(PAIR, "[w, x, w]").feedback


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key": "n", "credit_by": "component"}, "this key is one formula"),
        ({"key": "n", "credit_by": "all"}, "this key is one formula"),
        (
            {"key": "(n, n)", "accept": [{"key": "n", "reason": "an example"}]},
            "`accept.0` does not have the form of the key, which is a list of 2 formulas",
        ),
        (
            {"key": "n + 1", "mistakes": [{"id": "two", "key": "(n, n)", "say": "Hm."}]},
            "`mistakes.two` does not have the form of the key, which is one formula",
        ),
        ({"key": "n", "variables": {}}, "a formula needs `variables`"),
        ({"key": "n", "where": ["m > 1"]}, "which are not variables"),
        ({"key": "n", "where": ["n > 9"]}, "no values of the variables satisfy"),
    ],
)
def test_invalid_formula_part_options_are_rejected(changes, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        problem(ask("expression", **{"variables": {"n": "1..9"}, **changes}))


def test_equal_formulas_share_one_lookup_key_and_others_do_not():
    kind, part = KINDS["expression"], problem(COUNT).parts[0]
    scope = Scope({}, {})
    forms = ("(K²·C_in + 1)·C_out", "K K C_in C_out + C_out", "K^2 C_in C_out")
    one, same, other = (kind.lookup_key(kind.read(form, part, scope).value, part) for form in forms)
    assert one == same != other
    assert hash(one) == hash(same)
    for unsure in ("sqrt(K)", "1/(K-1)"):
        assert kind.lookup_key(kind.read(unsure, part, scope).value, part) is None


def test_key_substitutes_are_compared_at_points_of_key():
    part = problem(SIZE).parts[0]
    assert (
        part.model_copy(update={"key": parse("H // 16")}).comparison_points
        is part.comparison_points
    )
    assert part.comparison_points.points == problem(SIZE).parts[0].comparison_points.points


@pytest.mark.parametrize("rounded", ["round(x, 2)", "floor(100*x)/100", "x - x % 0.01"])
def test_rounded_real_variable_is_a_different_formula(rounded):
    for variables in ({"x": "0.0..1.0"}, {"x": "0.0..1.0", "y": "-1.0..1.0"}):
        part = ask("expression", key="x", variables=variables)
        assert mark(part, rounded).status == "wrong"


@pytest.mark.parametrize(
    ("key", "alike"), [("K**2", True), ("K**2 * n", False), ("halve(K)", False), ("K", True)]
)
def test_formula_without_numbers_is_shared_by_all_variants(key, alike):
    part = ask("expression", key=key, variables={"K": "1..11"})
    asked = problem(part, params={"n": {"choose": [2, 3]}})
    one, two = (solve_keys(asked, draw_values(asked, seed, BOOK), BOOK)[0]["a"] for seed in (1, 2))
    assert (one is two) is alike


def test_formula_with_many_powers_is_graded():
    part = ask("expression", key="n + 1", variables={"n": "1..64", "m": "1..64"})
    result = mark(part, " + ".join(f"{base}**n" for base in range(2, 42)))
    assert (result.status, result.rule) == ("wrong", "none")


@pytest.mark.parametrize(
    ("key", "typed", "status"),
    [
        ("1/(1 + exp(-n))", r"\frac{1}{1 + e^{-n}}", "correct"),
        ("1/(1 + exp(-n))", "1/(1 + e^n)", "wrong"),
        ("sqrt(n)", "n^(1/2)", "correct"),
        ("n**2", "n^(2/3)*n^(4/3)", "correct"),
        ("n**2", "(n^(1/3))^6 + 0.001", "wrong"),
        ("0*n", "sqrt(n)^2 - n", "correct"),
        ("0*n", "sqrt(n)^2 - 1.0001*n", "wrong"),
        ("n/2", "π*n/(2π)", "correct"),
    ],
)
def test_formulas_with_constants_roots_and_powers_tolerate_float_noise(key, typed, status):
    part = ask("expression", key=key, variables={"n": "1..40"})
    assert mark(part, typed).status == status


SIDE = ask("expression", square=True, key="2*i - 1", variables={"i": "1..9"})


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("2i - 1", "correct"),
        ("(2i - 1) x (2i - 1)", "correct"),
        ("F_i = (2i-1)×(2i-1)", "correct"),
        ("(2*i-1)*(2*i-1)", "correct"),
        ("(2i-1)^2", "correct"),
        ("2i-1 by 2i-1", "correct"),
        ("(2i-1) × (2i+1)", "wrong"),
        ("i × i", "wrong"),
        ("4i^2 - 4i + 1", "wrong"),
    ],
)
def test_side_of_square_may_be_typed_as_the_square(typed, status):
    assert mark(SIDE, typed).status == status


def test_square_is_mentioned_in_the_reading():
    result = mark(SIDE, "(2i-1)×(2i-1)")
    assert (result.read_as, result.notes[-1]) == (
        "2·i - 1",
        "(2·i - 1)·(2·i - 1) stands for 2·i - 1.",
    )
    plain = {**SIDE, "square": False}
    assert mark(plain, "(2i-1)×(2i-1)").status == "wrong"


def test_formula_list_cannot_be_a_square_side():
    with pytest.raises(ValidationError, match="`square` is for one formula"):
        problem({**SIDE, "key": "(i, 2*i)"})
