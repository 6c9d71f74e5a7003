"""Tests of how pages format numbers, shares, counts and times."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from api.pages.layout.formatting import (
    format_count,
    format_number,
    format_points,
    format_share,
    page_zone,
    part_name,
    render_moment,
)
from api.schemas.student.assignments import Moment

THIN = "\N{NARROW NO-BREAK SPACE}"
AT = datetime(2026, 11, 2, 12, 5, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (-0.001, "0"),
        (-3, "\N{MINUS SIGN}3"),
        (Fraction(-1, 3), "\N{MINUS SIGN}0.33"),
        (100, "100"),
        (1000, "1,000"),
        (1234567.5, "1,234,567.5"),
        (Fraction(2, 3), "0.67"),
        (0.1 + 0.2, "0.3"),
    ],
)
def test_numbers_use_minus_sign_thousands_commas_and_two_decimals(value, expected):
    assert format_number(value) == expected


@pytest.mark.parametrize(
    ("write", "value", "expected"),
    [
        (format_points, None, "–"),
        (format_points, 0, "0"),
        (format_points, Fraction(7, 2), "3.5"),
        (format_share, None, "–"),
        (format_share, Fraction(3, 4), f"75{THIN}%"),
        (format_share, Fraction(-1, 100), f"\N{MINUS SIGN}1{THIN}%"),
        (format_share, 0, f"0{THIN}%"),
    ],
)
def test_missing_values_render_as_dash_and_zero_as_zero(write, value, expected):
    assert write(value) == expected


@pytest.mark.parametrize(
    ("count", "words", "expected"),
    [
        (0, ["attempt"], "0 attempts"),
        (1, ["attempt"], "1 attempt"),
        (2, ["try"], "2 tries"),
        (2, ["reply", "replies"], "2 replies"),
        (1200, ["answer"], "1,200 answers"),
    ],
)
def test_count_agrees_with_its_noun(count, words, expected):
    assert format_count(count, *words) == expected


def test_time_element_has_escaped_text_and_relative_time():
    told = Moment(at=AT, text="Mon 2 Nov 2026, 13:05 <b>CET</b>", relative="in 2 days")
    assert render_moment(told) == (
        '<time datetime="2026-11-02T12:05:59+00:00">Mon 2 Nov 2026, 13:05 &lt;b&gt;CET&lt;/b&gt;'
        '</time> <span class="muted">(in 2 days)</span>'
    )
    assert render_moment(None) == ""


@pytest.mark.parametrize(
    ("at", "text", "shown"),
    [
        ("2026-11-02T12:05", "Mon 2 Nov 2026, 13:05 Europe/Berlin (CET)", "Mon 2 Nov 2026, 13:05"),
        ("2026-11-02T12:05", "Mon 2 Nov 2026, 21:05 Asia/Tokyo (JST)", None),
        ("2026-10-25T00:30", "Sun 25 Oct 2026, 02:30 Europe/Berlin (CEST)", None),
        ("2026-10-25T01:30", "Sun 25 Oct 2026, 02:30 Europe/Berlin (CET)", None),
    ],
)
def test_page_time_zone_is_omitted_except_at_ambiguous_local_times(at, text, shown):
    moment = Moment(at=datetime.fromisoformat(f"{at}:00+00:00"), text=text, relative="now")
    reset = page_zone.set("Europe/Berlin")
    try:
        assert f">{shown or text}</time>" in render_moment(moment)
    finally:
        page_zone.reset(reset)


def test_part_name_is_derived_from_its_id():
    assert part_name("window_0_1") == "Window 0 1"


def test_part_name_is_its_title_if_present():
    assert part_name("acc", "accuracy of the mask") == "accuracy of the mask"
