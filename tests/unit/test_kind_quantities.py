"""Tests of numbers with units: exact conversion, rounding as typed, refused units."""

import pytest
from factories import ask, judged, mark, marked, original
from pydantic import ValidationError

from grader.kinds import KINDS
from grader.kinds.quantities import QuantityPart


def quantity(unit="MB", dimension="bytes", **fields):
    return ask("quantity", dimension=dimension, unit=unit, **fields)


EXACT = quantity(key="60954656 / 10**6")
ROUNDED = {**EXACT, "tolerance": {"rounded": 3}}
WIDE = {**EXACT, "tolerance": {"abs": "0.1"}}
WHOLE = quantity("KiB", key=574)
MACS = quantity("GMACs", "macs", key="3.6")
BARE = {**WHOLE, "bare": "unit"}


@pytest.mark.parametrize(
    ("part", "typed", "status"),
    [
        (EXACT, "60.954656 MB", "correct"),
        (EXACT, "60,954,656 bytes", "correct"),
        (EXACT, "60954.656 KB", "correct"),
        (EXACT, "487637248 bit", "correct"),
        (EXACT, "60954656/1048576 MiB", "correct"),
        (EXACT, "58.131 MiB", "wrong"),
        (EXACT, "60.95 MB", "wrong"),
        (EXACT, "60.954656", "unreadable"),
        (EXACT, 60, "unreadable"),
        (EXACT, "60.954656 GMACs", "unreadable"),
        (EXACT, "60.95 Mb", "unreadable"),
        (EXACT, "60.95 MB/s", "unreadable"),
        (EXACT, "much", "unreadable"),
        (ROUNDED, "60.95 MB", "correct"),
        (ROUNDED, "61.0 MB", "correct"),
        (ROUNDED, "60.9 MB", "wrong"),
        (ROUNDED, "61 MB", "correct"),
        (ROUNDED, "58.1 MiB", "correct"),
        (ROUNDED, "58.13 MiB", "correct"),
        (ROUNDED, "58.2 MiB", "wrong"),
        (ROUNDED, "61,000 KB", "correct"),
        (ROUNDED, "60,950 KB", "correct"),
        (ROUNDED, "60,955 KB", "correct"),
        (ROUNDED, "60,954 KB", "wrong"),
        (ROUNDED, "61000000 B", "correct"),
        (ROUNDED, "60,000 KB", "wrong"),
        (ROUNDED, "60950000 B", "correct"),
        (ROUNDED, "100.000 MB", "wrong"),
        (WIDE, "61 MB", "correct"),
        (WIDE, "61.054656 MB", "correct"),
        (WIDE, "61.054657 MB", "wrong"),
        (WIDE, "60854656 B", "correct"),
        (WIDE, "58.2 MiB", "correct"),
        (WHOLE, "574 KiB", "correct"),
        (WHOLE, "574 kibibytes", "correct"),
        (WHOLE, "587,776 B", "correct"),
        (WHOLE, "587.776 KB", "correct"),
        (WHOLE, "574 KB", "wrong"),
        (MACS, "3.6 GMACs", "correct"),
        (MACS, "3600 MMAC", "correct"),
        (MACS, "3.6e9 MACs", "correct"),
        (MACS, "7.2 GFLOPs", "unreadable"),
        (BARE, "574", "correct"),
        (BARE, 574, "correct"),
        (BARE, "574 KiB", "correct"),
        (BARE, "587776", "unreadable"),
    ],
)
def test_quantity_is_graded_in_typed_unit(part, typed, status):
    assert mark(part, typed).status == status


def test_other_dimension_is_reported_and_costs_nothing():
    result = mark(MACS, "7.2 GFLOPs")
    assert "MACs" in result.feedback
    assert "FLOPs" in result.feedback
    assert not result.costs_attempt


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("6.912 KB", ("no_bias",)),
        ("6912 B", ("no_bias",)),
        ("6.91 KB", ("no_bias",)),
        ("6.75 KiB", ("no_bias",)),
        ("20.736000000001/3 KB", ("no_bias",)),
        ("20.7361/3 KB", ()),
        ("6.9 KB", ()),
        ("6.913 KB", ()),
    ],
)
def test_quantity_mistake_is_recognized_in_any_unit(typed, ids):
    part = quantity("KB", key="4 * weights(3, 64, 3) / 1000", ignore=["one_bias"])
    assert mark(part, typed).mistakes == ids


def test_later_part_uses_number_in_unit_of_part():
    parts = (quantity("KiB", key=574), ask("number", id="b", key="2 * a"))
    results = marked(original(*parts), a="1 MiB", b="2048")
    assert results["b"].status == "follow_through"


@pytest.mark.parametrize(
    ("part", "shown", "accepted"),
    [
        (WHOLE, "574 KiB", "exactly 574 KiB"),
        (WIDE, "60.954656 MB", "from 60.854656 MB to 61.054656 MB"),
        (ROUNDED, "60.954656 MB", "60.954656 MB, or rounded to 3 or more figures"),
        (MACS, "3.6 GMAC", "exactly 3.6 GMAC"),
    ],
)
def test_quantity_key_is_shown_in_its_unit(part, shown, accepted):
    variant = original(part)
    stated, kind = variant.problem.parts[0], KINDS["quantity"]
    assert kind.format_key(variant.keys["a"], stated) == shown
    assert kind.describe_accepted(stated, variant.keys["a"]) == accepted


@pytest.mark.parametrize(
    ("part", "typed", "by"),
    [
        (ROUNDED, "60.954656 MB", "exact"),
        (ROUNDED, "60.95 MB", "rounding"),
        (ROUNDED, "60.9 MB", "rounding"),
        (WIDE, "61 MB", "tolerance"),
        (WIDE, "62 MB", "tolerance"),
        (WHOLE, "575 KiB", "exact"),
    ],
)
def test_deciding_rule_is_reported_for_quantities(part, typed, by):
    assert judged(part, typed).rule == by


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unit": "MAC"}, "'MAC' is not a unit of bytes; there are B, KB"),
        ({"unit": "mb"}, "'mb' is not a unit of bytes"),
        ({"unit": ""}, "'' is not a unit of bytes"),
        ({"dimension": "metres"}, "Input should be 'bytes'"),
        ({"bare": "MB"}, "Input should be 'refused' or 'unit'"),
    ],
)
def test_unit_of_other_dimension_is_rejected_with_one_message(change, said):
    with pytest.raises(ValidationError, match=said) as refused:
        QuantityPart.model_validate({**WHOLE, **change})
    assert refused.value.error_count() == 1


@pytest.mark.parametrize("key", ["(1, 2)", "'text'", "1 == 1"])
def test_quantity_key_that_is_not_a_number_needs_manual_review(key):
    assert mark({**WHOLE, "key": key}, "1 KiB").status == "needs_review"


@pytest.mark.parametrize(
    ("key", "typed", "status"),
    [
        ("1234567/1048576", "1206 KiB", "correct"),
        ("1234567/1048576", "1210 KiB", "correct"),
        ("1234567/1048576", "1200 KiB", "wrong"),
        ("1234567/1048576", "1.18 MiB", "correct"),
        ("1234567/1048576", "1234567/1024 KiB", "correct"),
        ("1234567/1048576", "1.23 MB", "correct"),
        ("1048000/1048576", "1.05 MB", "correct"),
        ("1048000/1048576", "1.04 MB", "wrong"),
    ],
)
def test_significant_digits_count_in_typed_unit(key, typed, status):
    part = quantity("MiB", key=key, tolerance={"rounded": 3})
    assert mark(part, typed).status == status


def test_tolerance_is_measured_in_unit_of_part():
    part = quantity("MiB", key="2", tolerance={"abs": "0.5", "rounded": 3})
    assert mark(part, "2458 KiB").status == "correct"
    assert mark(part, "2600 KiB").status == "wrong"


BINARY = quantity("KiB", key=588, prefixes="binary")


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("588 KB", "correct"),
        ("588kB", "correct"),
        ("588 kilobytes", "correct"),
        (r"\SI{588}{\kilo\byte}", "correct"),
        ("588 KB (602112 B)", "correct"),
        ("588 KiB", "correct"),
        ("602112 bytes", "correct"),
        ("602.112 KB", "wrong"),
        ("588 Kbit", "wrong"),
        ("588 kb", "unreadable"),
        ("588 KB (602.112 KB)", "unreadable"),
    ],
)
def test_byte_prefixes_are_binary_if_question_says_so(typed, status):
    assert mark(BINARY, typed).status == status
    assert mark(quantity("KiB", key=588), "588 KB").status == "wrong"


def test_significant_digits_count_in_typed_unit_with_binary_prefixes():
    part = quantity("MiB", key="1.25", prefixes="binary", tolerance={"rounded": 3})
    assert mark(part, "1280 KB").status == "correct"
    assert mark(part, "1.25 MB").status == "correct"
    assert mark(part, "1.311 MB").status == "wrong"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"unit": "KB"}, "with `prefixes: binary` write the unit as KiB"),
        ({"unit": "MMACs", "dimension": "macs"}, "`prefixes: binary` is for a number of bytes"),
    ],
)
def test_binary_prefixes_require_bytes_in_binary_units(fields, message):
    with pytest.raises(ValidationError, match=message):
        QuantityPart.model_validate({**BINARY, "id": "a", **fields})
