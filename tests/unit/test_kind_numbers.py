"""Tests of numbers: exact counts, percentages in two spellings, limits without a key."""

from fractions import Fraction

import pytest
from factories import ask, judged, mark, original

from grader.kinds import KINDS


def status(part, typed, **changes) -> str:
    return mark(part, typed, **changes).status


COUNT = ask(key="weights(3, 64, 3)")  # 1792
BIG = ask(key="138357544")


@pytest.mark.parametrize(
    ("part", "typed", "expected"),
    [
        (COUNT, "1792", "correct"),
        (COUNT, " 1,792 ", "correct"),
        (COUNT, "1792.0", "correct"),
        (COUNT, "3·64·3² + 64", "correct"),
        (COUNT, "1.792e3", "correct"),
        (COUNT, Fraction(1792), "correct"),
        (COUNT, "1791", "wrong"),
        (COUNT, "1793", "wrong"),
        (COUNT, "1792.000001", "wrong"),
        (COUNT, "-1792", "wrong"),
        (COUNT, "1.8k", "wrong"),
        (COUNT, "1.792", "unreadable"),
        (COUNT, "1,79", "unreadable"),
        (COUNT, "1792 or 1728", "unreadable"),
        (COUNT, True, "unreadable"),
        (COUNT, [1, 7], "unreadable"),
        (BIG, "138.4M", "wrong"),
        (BIG, "138357545", "wrong"),
        ({**BIG, "tolerance": {"rounded": 4}}, "138.4M", "correct"),
        ({**BIG, "tolerance": {"rounded": 4}}, "138M", "wrong"),
        ({**BIG, "tolerance": {"rounded": 4}}, "138.3M", "wrong"),
        ({**BIG, "tolerance": {"rel": "5%"}}, "131439667", "correct"),
        ({**BIG, "tolerance": {"rel": "5%"}}, "131439666", "wrong"),
    ],
)
def test_integer_is_exact_unless_author_allows_rounding(part, typed, expected):
    assert status(part, typed) == expected


def test_ambiguous_number_shows_both_meanings():
    feedback = mark(COUNT, "65.536").feedback
    assert "65536" in feedback
    assert "decimal" in feedback


@pytest.mark.parametrize(
    ("part", "typed", "expected"),
    [
        (ask("number", key="0.86"), "0.86", "correct"),
        (ask("number", key="0.86"), "86%", "correct"),
        (ask("number", key="0.86"), "43/50", "correct"),
        (ask("number", key="0.86"), "86", "wrong"),
        (ask("number", key="1/3"), "1/3", "correct"),
        (ask("number", key="1/3"), "0.333", "wrong"),
        (ask("number", key="1/3", tolerance={"sigfigs": 3}), "0.333", "correct"),
        (ask("number", key="1/3", tolerance={"sigfigs": 3}), "0.33", "wrong"),
        (ask("number", key="1/3", tolerance={"decimals": 2}), "0.33", "correct"),
        (ask("number", key="0", tolerance={"abs": "0.001"}), "-0.001", "correct"),
        (ask("number", key="0", tolerance={"abs": "0.001"}), "-0.0011", "wrong"),
        (ask("number", key="2.5"), "2.500", "correct"),
        (ask("number", key="sqrt(2)", tolerance={"decimals": 4}), "1.4142", "correct"),
        (ask("number", key="2.5"), "two and a half", "unreadable"),
        (ask("number", key="2.5"), "NaN", "unreadable"),
        (ask("number", key="2.5"), "inf", "unreadable"),
        (ask("number", key="2.5"), "1e999", "unreadable"),
    ],
)
def test_number_is_exact_unless_tolerance_is_set(part, typed, expected):
    assert status(part, typed) == expected


@pytest.mark.parametrize(
    ("limits", "typed", "expected"),
    [
        ({"at_least": "0.73"}, "0.73", "correct"),
        ({"at_least": "0.73"}, "73%", "correct"),
        ({"at_least": "0.73"}, "0.7299999", "wrong"),
        ({"at_least": "0.73"}, "5", "correct"),
        ({"at_most": 10}, "10", "correct"),
        ({"at_most": 10}, "10.0001", "wrong"),
        ({"at_least": 0, "at_most": 1}, "-0.1", "wrong"),
        ({"at_least": 0, "at_most": 1}, "0.5", "correct"),
        ({"between": [2, 3]}, "2", "correct"),
        ({"between": [2, 3]}, "3", "correct"),
        ({"between": [2, 3]}, "3.01", "wrong"),
        ({"between": [2, 2]}, "2", "correct"),
        ({"between": [2, 3]}, "about half", "unreadable"),
    ],
)
def test_limits_replace_key_and_are_inclusive(limits, typed, expected):
    assert status(ask("number", **limits), typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("86%", "correct"),
        ("86", "correct"),
        ("86.0 %", "correct"),
        ("86 percent", "correct"),
        ("0.86", "unreadable"),
        ("0.86%", "wrong"),
        ("85.9", "wrong"),
        ("all", "unreadable"),
    ],
)
def test_percentage_may_be_typed_with_or_without_sign(typed, expected):
    assert status(ask("percent", key="86"), typed) == expected


def test_percentage_tolerance_is_in_percent():
    part = ask("percent", key="100 * (1 - 1/3)", tolerance={"abs": "0.05"})
    assert status(part, "66.7%") == "correct"
    assert status(part, "66.6") == "wrong"


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("1728", ("no_bias",)),
        ("1730", ()),
        ("1.73k", ("no_bias",)),
    ],
)
def test_mistake_is_recognized_at_three_digits_with_any_tolerance(typed, ids):
    part = ask("number", key="weights(3, 64, 3)", tolerance={"abs": 5}, ignore=["one_bias"])
    assert mark(part, typed).mistakes == ids


@pytest.mark.parametrize("kind", ["integer", "number", "percent"])
@pytest.mark.parametrize("key", ["(1, 2)", "'text'", "1 == 1"])
def test_key_that_is_not_a_number_needs_manual_review(kind, key):
    assert status(ask(kind, key=key), "1") == "needs_review"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (COUNT, "exactly 1792"),
        ({**BIG, "tolerance": {"rounded": 4}}, "138,357,544, or rounded to 4 or more figures"),
        (ask("number", key="1/3", tolerance={"abs": "1/6"}), "from 1/6 to 0.5"),
        (ask("percent", key="86", tolerance={"decimals": 0}), "from 85.5 to 86.5"),
        (ask("number", at_least="0.73"), "at least 0.73"),
        (ask("number", at_least=0), "at least 0"),
        (ask("number", at_most=-3), "at most -3"),
        (ask("number", at_most=0), "at most 0"),
        (ask("number", between=["1/1000", "0.1"]), "from 0.001 to 0.1"),
        (ask("number", at_least=2, at_most=5), "from 2 to 5"),
        (ask("number", key="2.5"), "exactly 2.5"),
    ],
)
def test_accepted_numbers_are_described(part, said):
    variant = original(part)
    stated = variant.problem.parts[0]
    assert KINDS[stated.kind].describe_accepted(stated, variant.keys["a"]) == said


@pytest.mark.parametrize(
    ("part", "typed", "by"),
    [
        (COUNT, "1792", "exact"),
        (COUNT, "1793", "exact"),
        (COUNT, "1.8k", "exact"),
        ({**BIG, "tolerance": {"rounded": 4}}, "138.4M", "rounding"),
        ({**BIG, "tolerance": {"rounded": 4}}, "138.3M", "rounding"),
        (ask("percent", key="86", tolerance={"abs": 1}), "87", "tolerance"),
        (ask("percent", key="86", tolerance={"abs": 1}), "88", "tolerance"),
        (ask("number", at_least="0.73"), "0.8", "limits"),
        (ask("number", at_least="0.73"), "0.7", "limits"),
    ],
)
def test_deciding_rule_is_reported_for_numbers(part, typed, by):
    assert judged(part, typed).rule == by


def test_rounded_exact_number_feedback_asks_for_all_digits():
    assert "all its digits" in mark(BIG, "138.4M").feedback
    assert "all its digits" not in mark(BIG, "138357545").feedback


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("9×9", 9),
        ("9 x 9 pixels", 9),
        (r"$9 \times 9$", 9),
        ("k = 2·4 + 1 = 9 by 9", 9),
        ("9×9.0", 9),
        ("9.00 × 9", 9),
        ("9", 9),
        ("9*9", 9),
        ("9·9", 9),
        ("9²", 9),
        ("9 × 9 = 81", 9),
        ("9×9 + 1", 82),
        ("3 × 3 = 9", 3),
        ("9.5×9.5", Fraction("90.25")),
        (9, 9),
    ],
)
def test_square_typed_for_its_side_is_read_as_side(typed, value):
    assert mark(ask("integer", key="9", square=True), typed).value == value


@pytest.mark.parametrize("typed", ["9×9", "9 × 9", "81 × 1", "81 / 2", "81 %"])
def test_size_quotient_or_percentage_is_not_a_count(typed):
    assert mark(ask("integer", key="81"), typed).status == "unreadable"


@pytest.mark.parametrize("typed", ["9*9", "9 · 9", "162/2", "162 / 2"])
def test_product_or_whole_quotient_is_a_count(typed):
    assert mark(ask("integer", key="81"), typed).status == "correct"


SHARE = ask("number", key="0.75", share=True, tolerance={"abs": "0.001"})


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("75", "unreadable"),
        ("75.0", "unreadable"),
        ("36/48 = 75", "unreadable"),
        (75, "unreadable"),
        ("75%", "correct"),
        ("3/4", "correct"),
        ("9 out of 12", "correct"),
        ("9 of 12.", "correct"),
        ("12 out of 9", "unreadable"),
        ("9 out of 0", "unreadable"),
        ("9 or 10 out of 12", "unreadable"),
        ("1", "wrong"),
        ("-0.75", "wrong"),
        ("0.7", "wrong"),
    ],
)
def test_share_above_1_needs_percent_sign(typed, expected):
    assert status(SHARE, typed) == expected


def test_number_above_1_is_read_unless_part_is_a_share():
    assert status(ask("number", key="0.75"), "75") == "wrong"


def test_count_out_of_total_is_refused_unless_part_is_a_share():
    assert status(ask("number", key="0.75"), "9 out of 12") == "unreadable"
    assert status(ask("integer", key="9"), "9 out of 12") == "unreadable"


@pytest.mark.parametrize(
    ("key", "typed", "status"),
    [
        ("671/1000", "(100 - 32.9)/100", "correct"),
        ("718/500", "5.744/4", "correct"),
        ("4203/1000", "exp(1.436)", "correct"),
        ("4203/1000", "exp(1.5)", "wrong"),
        ("1/3", "0.3", "wrong"),
        ("1/3", "3.333/10", "correct"),
    ],
)
def test_computed_value_is_rounded_to_requested_digits(key, typed, status):
    part = ask("number", key=key, tolerance={"rounded": 3})
    assert mark(part, typed).status == status


@pytest.mark.parametrize(
    ("key", "typed", "status"),
    [
        ("2", "sqrt(2)^2", "correct"),
        ("0", "sqrt(2)^2 - 2", "correct"),
        ("0", "ln(3) - ln(3)", "correct"),
        ("0", "exp(-40)", "wrong"),
        ("0", "sqrt(2) - 1.41421356", "wrong"),
        ("ln(6)", "ln(2) + ln(3)", "correct"),
        ("ln(6)", "ln(2) + ln(3) + 0.00001", "wrong"),
        ("2", "8^(1/3)", "correct"),
        ("4", "8^(2/3)", "correct"),
        ("10**12", "10^12 + 1", "wrong"),
    ],
)
def test_root_or_logarithm_is_right_up_to_float_noise(key, typed, status):
    assert mark(ask("number", key=key), typed).status == status
