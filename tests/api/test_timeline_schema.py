"""Tests of the schemas of timelines and extensions: valid input, refusals and reasons."""

import json
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from api.schemas.assignments.timeline import ExtensionSpec, LateStep, TimelineSpec
from api.services.assignments.timeline import to_naive_local_times

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")


def due(spec: TimelineSpec) -> str:
    return spec.model_dump()["due"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2026-11-27T23:59", "2026-11-27 23:59"),
        ("  2026-11-27 23:59:00 ", "2026-11-27 23:59"),
        ("2026-11-27 23:59:59", "2026-11-27 23:59:59"),
        ("2026-11-27 23:59:00.5", "2026-11-27 23:59:00.500000"),
        ("2026-11-27T22:59:00Z", "2026-11-27 23:59"),
        ("2026-11-28 04:29 +05:30", "2026-11-27 23:59"),
        ("2026-11-27T17:59:00-0500", "2026-11-27 23:59"),
        (datetime(2026, 11, 27, 22, 59, tzinfo=UTC), "2026-11-27 23:59"),
        (datetime(2026, 11, 27, 17, 59, tzinfo=NEW_YORK), "2026-11-27 23:59"),
    ],
)
def test_time_with_offset_is_converted_to_local_time_of_course(given, shown):
    assert due(to_naive_local_times(TimelineSpec(due=given), BERLIN)) == shown


@pytest.mark.parametrize(
    "given",
    [
        *("", "soon", "2026-11-27", "23:59", "27.11.2026 23:59", "2026-11-27 24:00", 1795820340),
        *("2026-02-29 12:00", "2026-13-01 12:00", "2026-11-27 23:59:60", "2026-11-27 23:59+25:00"),
        *("٢٠٢٦-11-27 23:59", "2026-11-27 23:59 CET", "1889-11-27 23:59", "2300-01-01 00:00"),
        *("2026-11-27 23:59" + " " * 9 + "Z", True, {}, ["2026-11-27 23:59"]),
    ],
)
def test_value_without_valid_date_and_time_is_rejected(given):
    with pytest.raises(
        ValidationError, match=r"is not a valid date and time|no time of day|the years"
    ):
        TimelineSpec(due=given)


@pytest.mark.parametrize(
    ("credit", "exact", "shown"),
    [
        (0.9, Fraction(9, 10), "90%"),
        ("90%", Fraction(9, 10), "90%"),
        (" 87.5 % ", Fraction(7, 8), "87.5%"),
        ("1/3", Fraction(1, 3), "1/3"),
        (Fraction(2, 3), Fraction(2, 3), "2/3"),
        ("0.1", Fraction(1, 10), "10%"),
        (0, Fraction(0), "0%"),
        (1, Fraction(1), "100%"),
    ],
)
def test_credit_is_exact_and_displayed_as_written(credit, exact, shown):
    step = LateStep(days=1, credit=credit)
    assert step.credit == exact
    assert step.model_dump()["credit"] == shown
    assert LateStep(days=1, credit=shown) == step


@pytest.mark.parametrize(
    "credit",
    [
        90,
        1.5,
        -0.1,
        "110%",
        "-1%",
        True,
        "",
        "%",
        "1/0",
        "nan",
        float("nan"),
        float("inf"),
        "9/10%%",
    ],
)
def test_invalid_credit_is_rejected(credit):
    with pytest.raises(ValidationError, match=r"credit|between 0 and 1"):
        LateStep(days=1, credit=credit)


def step(credit: object = "50%", **end: object) -> dict[str, object]:
    return {**end, "credit": credit}


DUE = "2026-11-27 23:59"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"due": DUE, "release": "2026-11-28 00:00"}, "due .* is before release"),
        ({"due": DUE, "close": "2026-11-27 23:58"}, "close .* is before due"),
        ({"release": DUE, "close": "2026-11-27 23:58"}, "close .* is before release"),
        ({"late": [step(days=1)]}, "late steps are relative to due"),
        ({"late_days": 2}, "late days are relative to due"),
        ({"close": {"days": 2}}, "such a close"),
        ({"due": DUE, "late": [step(until=DUE)]}, "late step 1 .* not after due"),
        ({"due": DUE, "late": [step(days=2), step(days=1)]}, "late step 2 .* not after step 1"),
        ({"due": DUE, "late": [step(days=1), step(hours=24)]}, "late step 2 .* not after step 1"),
        (
            {"due": DUE, "late": [step(days=1), step(until="2026-11-28 12:00")]},
            "late step 2 .* not after step 1",
        ),
        ({"due": DUE, "late": [step("50%", days=1), step("60%", days=2)]}, "gives 60%, more"),
        ({"due": DUE, "late": [step()]}, "either at a time or some days"),
        ({"due": DUE, "late": [step(days=0)]}, "either at a time or some days"),
        ({"due": DUE, "late": [step(days=1, until="2026-12-01 12:00")]}, "either at a time"),
        ({"due": DUE, "close": {}}, "set the days or hours"),
        ({"due": DUE, "close": {"weeks": 1}}, "Extra inputs"),
        ({"due": DUE, "late_days": -1}, "greater than or equal to 0"),
        ({"due": DUE, "late_days": True}, "valid integer"),
        ({"due": DUE, "late": [step(days=1)] * 51}, "at most 50"),
        ({"deadline": DUE}, "Extra inputs"),
    ],
)
def test_contradictory_timeline_is_rejected(given, said):
    with pytest.raises(ValidationError, match=said):
        TimelineSpec(**given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "gives nothing"),
        ({"days": 0, "reason": "ill"}, "gives nothing"),
        ({"due": DUE, "days": 1}, "either due or"),
        ({"attempts": 1, "unlimited_attempts": True}, "not both"),
        ({"attempts": 0}, "greater than or equal"),
        ({"days": -1}, "greater than or equal"),
        ({"days": 1, "unlimited_attempts": "yes"}, "valid boolean"),
        ({"days": 1, "reason": "x" * 501}, "at most 500"),
    ],
)
def test_empty_or_conflicting_extension_is_rejected(given, said):
    with pytest.raises(ValidationError, match=said):
        ExtensionSpec(**given)


@pytest.mark.parametrize("model", [TimelineSpec, ExtensionSpec])
def test_every_example_round_trips_through_json(model):
    examples = model.model_json_schema()["examples"]
    assert examples
    for example in examples:
        spec = model.model_validate_json(json.dumps(example))
        assert model.model_validate_json(spec.model_dump_json()) == spec
        assert model(**spec.model_dump()) == spec
