"""Tests of values given twice: the more precise one counts, and either may be correct."""

from fractions import Fraction

import pytest
from factories import ask, mark

from grader.errors import AnswerError
from grader.kinds.numbers import read_count
from grader.reading import read_number, read_quantity, read_tensor
from grader.reading.grammar.equation_chains import CHAIN_NOTE
from grader.reading.wording.repeated_values import FULL_NOTE

F = Fraction
FULL = FULL_NOTE
CHAIN = CHAIN_NOTE
MILLION = "'M' means million."


@pytest.mark.parametrize(
    ("typed", "value", "step", "notes"),
    [
        ("13107400 ≈ 13.1M", 13_107_400, 1, (MILLION, FULL)),
        ("13107400 = 1.3e7", 13_107_400, 1, (FULL,)),
        ("65536*200 + 200 = 13107400 → 13.1M", 13_107_400, 1, (MILLION, FULL)),
        (r"$5 \cdot 10^5 + 7 \approx 5.0 \times 10^5$", 500_007, None, (FULL,)),
        ("13107400 parameters, ≈ 13.1M", 13_107_400, 1, (MILLION, FULL)),
        ("2/3 = 0.67", F(2, 3), None, (FULL,)),
        ("0.6667 = 66.7%", F(6667, 10_000), F(1, 10_000), (FULL,)),
        ("2/3, so 0.67", F(2, 3), None, (FULL,)),
        ("0.125 = 0.12", F(1, 8), F(1, 1000), (FULL,)),
        ("8.08 ≈ 8", F(202, 25), F(1, 100), (FULL,)),
        ("1234 ≈ 1200", 1234, 1, (FULL,)),
        ("13107400 (13.1M)", 13_107_400, 1, (MILLION, "'(13.1M)' was taken as a remark.")),
        ("2/3 (0.67)", F(2, 3), None, ("'(0.67)' was taken as a remark.",)),
        ("13.1M (13,107,400)", 13_107_400, 1, (MILLION, FULL)),
        ("0.67 (2/3)", F(2, 3), None, (FULL,)),
        ("13.1M parameters (13,107,400)", 13_107_400, 1, (MILLION, FULL)),
        ("13.1 million (exactly 13107400)", 13_107_400, 1, (FULL,)),
    ],
)
def test_value_followed_by_its_rounding_keeps_full_precision(typed, value, step, notes):
    reading = read_number(typed)
    assert (reading.value, reading.step) == (value, step)
    assert set(notes) <= set(reading.notes)
    assert CHAIN not in reading.notes


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("63.5 → 63", 63),  # a whole number is a result of its own
        ("63.4 = 63", 63),
        ("1234 = 1200", 1200),
        ("13107400 ≈ 13.2M", 13_200_000),
        ("13107400 = 13107400.0", 13_107_400),
        ("2/3 = 0.66", F(33, 50)),
        ("0.67 = 2/3", F(2, 3)),
        ("0.67 = 0.665 + 0", F(133, 200)),
        ("13.1M (of 13200000)", 13_100_000),
        ("13.1M parameters (13107400 and 5)", 13_100_000),
        ("IoU 0.52: 0.5", F(1, 2)),  # a colon only names
        ("§?! = 0.67", F(67, 100)),
        ("1,5 = 1.5", F(3, 2)),
    ],
)
def test_later_value_that_is_not_a_rounding_replaces_the_first(typed, value):
    reading = read_number(typed)
    assert reading.value == value
    assert reading.rounded is None


@pytest.mark.parametrize("typed", ["63.5 (64)", "13107400 (13.2M)", "1.5 (1 + 0.52)", "2 (3)"])
def test_bracket_with_another_value_or_possible_factor_is_refused(typed):
    with pytest.raises(AnswerError, match="can be read as a factor or as a remark"):
        read_number(typed)


@pytest.mark.parametrize("typed", ["0.(6)", "0.[6]", "1.(3) + 2", "2 * 0.(6)"])
def test_repeating_decimal_in_brackets_is_refused_as_a_possible_product(typed):
    with pytest.raises(AnswerError, match="may begin a repeating decimal or a product"):
        read_number(typed)


def test_repeating_decimal_in_a_cell_is_refused_as_a_possible_product():
    with pytest.raises(AnswerError, match="may begin a repeating decimal or a product"):
        read_tensor("[1, 0.(6)]", rank=1)


def test_percentage_followed_by_its_rounding_keeps_full_precision():
    assert read_number("94.037% ≈ 94%", percent=True).value == F(94_037, 1000)
    assert read_number("94.037% = 94.0%", percent=True).value == F(94_037, 1000)
    assert read_number("94.037% = 94%", percent=True).value == 94
    assert read_number("0.94037 = 94.0%", percent=True).value == 94


def test_ratio_followed_by_its_rounding_keeps_full_precision():
    reading = read_number("1000/123 = 8.13x", ratio=True)
    assert (reading.value, reading.notes[-1]) == (F(1000, 123), "'x' was read as 'times as much'.")


@pytest.mark.parametrize(
    "typed", ["8.13-fold", "8.13 fold", "8.13fold", "8.13倍", "8.13-fach", "1000/123 = 8.13-fold."]
)
def test_ratio_may_end_with_a_synonym_of_times(typed):
    reading = read_number(typed, ratio=True)
    assert (reading.rounded or reading).value == F(813, 100)
    assert reading.notes[-1].endswith("was read as 'times as much'.")


@pytest.mark.parametrize(
    "typed",
    ["8.1x (8.08)", "8.1 × (8.08)", "8.08 times (8.1).", "8.08x (8.08)", "1010/125 = 8.1x (8.08)"],
)
def test_ratio_repeated_in_brackets_is_refused_as_a_possible_product(typed):
    with pytest.raises(AnswerError, match="may be a ratio that is given twice, or a product"):
        read_number(typed, ratio=True)


@pytest.mark.parametrize(
    ("typed", "product"),
    [
        ("8.1x (3.5)", F(2835, 100)),
        ("3 x (3)", 9),
        ("2x (3 + 1)", 8),
        ("8.1x(8.08)", F(65448, 1000)),
    ],
)
def test_times_sign_before_another_bracketed_number_multiplies(typed, product):
    assert read_number(typed, ratio=True).value == product


def test_count_rounded_to_an_integer_is_read_as_that_integer():
    assert read_count("62.5 ≈ 63").value == 63
    assert read_count("13107400 ≈ 13.1M").value == 13_107_400


@pytest.mark.parametrize(
    ("typed", "value", "shown"),
    [
        ("12845056 bytes ≈ 13 MB", 12_845_056, "12845056 B"),
        ("3 · 4 B = 12 B", 12, "12 B"),
        ("588 KiB = 0.6 MB", 602_112, "588 KiB"),
        ("588 KiB = 0.7 MB", 700_000, "0.7 MB"),
        ("588 = 0.6 MB", 600_000, "0.6 MB"),
        ("0.6 MB (588 KiB)", 602_112, "588 KiB"),
        ("588 KiB (0.6 MB)", 602_112, "588 KiB"),
    ],
)
def test_quantity_followed_by_its_rounding_keeps_full_precision(typed, value, shown):
    reading = read_quantity(typed, dimension="bytes")
    assert (reading.value.value, reading.text) == (value, shown)


@pytest.mark.parametrize(
    ("typed", "cells"),
    [
        ("[20/3, 0, 10] = [6.67, 0, 10]", (F(20, 3), 0, 10)),
        ("x = [20/3, 0, 10] ≈ [6.70, 0, 10]", (F(20, 3), 0, 10)),
        (r"$[0.125, 2] \approx [0.13, 2]$", (F(1, 8), 2)),
        ("[6.5, 2.5] → [6, 2]", (6, 2)),  # whole numbers are results of their own
        ("[6.5, 2.25] = [6.5, 2.4]", (F(13, 2), F(12, 5))),
        ("[2/3, 1] = [0.67, 1, 0]", (F(67, 100), 1, 0)),
        ("0.5 * [1, 2] = [0.5, 1]", (F(1, 2), 1)),
    ],
)
def test_array_followed_by_its_rounding_keeps_full_precision(typed, cells):
    reading = read_tensor(typed, rank=1)
    assert reading.value.cells == cells
    assert (FULL in reading.notes) is (reading.rounded is not None)


SIZE = ask("quantity", key=588, dimension="bytes", unit="KiB")


@pytest.mark.parametrize(
    ("part", "typed", "status"),
    [
        (ask(key=13_107_400), "13,107,400 ≈ 13.1M", "correct"),
        (ask(key=13_100_000), "13,107,400 ≈ 13.1M", "wrong"),
        (ask(key=606), "606 ≈ 600", "correct"),
        (ask(key=600), "606 ≈ 600", "wrong"),
        (ask("number", key="600"), "606 ≈ 600", "wrong"),
        *(
            (ask("number", key=full), f"{full} {sign} {short}", "wrong")
            for full, sign, short in (
                ("5", "≈", "10"),
                ("0.5", "≈", "1"),
                ("0.65", "=", "0.7"),
            )
        ),
        (ask("number", key="64"), "64 = 1e2", "wrong"),
        (ask("number", key="512"), "512 = 1k", "wrong"),
        (ask(key=13_107_401), "13,107,400 ≈ 13.1M", "wrong"),
        (ask("number", key="2/3"), "2/3 ≈ 0.67", "correct"),
        (ask("number", key="0.67"), "2/3 ≈ 0.67", "correct"),
        (ask("number", key="0.66"), "2/3 ≈ 0.67", "wrong"),
        (ask("vector", key="(2/3, 1)"), "[2/3, 1] = [0.67, 1]", "correct"),
        (ask("vector", key="(67/100, 1)"), "[2/3, 1] = [0.67, 1]", "correct"),
        (ask("vector", key="(66/100, 1)"), "[2/3, 1] = [0.67, 1]", "partial"),
        (ask("number", at_least="0.67"), "2/3 ≈ 0.67", "correct"),
        (SIZE, "602112 B ≈ 0.6 MB", "correct"),
        ({**SIZE, "key": "600000/1024"}, "602112 B ≈ 0.6 MB", "correct"),
        ({**SIZE, "key": 600}, "602112 B ≈ 0.6 MB", "wrong"),
    ],
)
def test_exact_or_rounded_value_may_be_correct(part, typed, status):
    assert mark(part, typed).status == status


def test_correct_value_carries_forward_without_revealing_which_one_it_is():
    answers = [mark(ask("number", key=key), "2/3 ≈ 0.67") for key in ("0.67", "2/3")]
    assert [one.status for one in answers] == ["correct", "correct"]
    assert [one.carries for one in answers] == [F(67, 100), F(2, 3)]
    assert {(one.read_as, one.notes, one.value) for one in answers} == {
        ("2/3", answers[0].notes, F(2, 3))
    }
    assert [one.judged_as for one in answers] == ["0.67", ""]


def test_credit_is_the_better_of_exact_and_rounded_value():
    part = ask("vector", key="(67/100, 4)")
    assert mark(part, "[2/3, 5] = [0.67, 5]").credit == mark(part, "[0.67, 5]").credit == F(1, 2)


@pytest.mark.parametrize("typed", ["0.(6)", "1/6 = 0.1(6)", "0.58(3)"])
def test_repeating_decimal_is_refused(typed):
    assert mark(ask("number", key="1/6"), typed).status == "unreadable"
