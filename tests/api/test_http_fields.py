"""Tests of the shared field types, with values that bypass the JSON reader."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from api.http.field_types import (
    Answer,
    Credit,
    Line,
    Points,
    Score,
    Slug,
    Text,
    UtcDatetime,
    parse_fraction,
    serialize_fraction,
)
from api.http.schema import InvalidValue, Schema
from api.schemas.assignments.timeline import LateCredit

EAST = timezone(timedelta(hours=14))
WEST = timezone(timedelta(hours=-12))


def read(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def write(kind: Any, value: object) -> Any:
    return json.loads(TypeAdapter(kind).dump_json(value))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Text, "a\0b"),
        (Line, "a\u2028b"),
        (Line, "\x85"),
        (Line, "a\x7f"),
        (Slug, "HW 1"),
        (Slug, "hw--1"),
        (Slug, "hw-1\n"),
        (Slug, ""),
        (Points, 0.5),
        (Points, float("nan")),
        (Points, Fraction(-1, 10**9)),
        (Points, Fraction(1, 10**7)),
        (Credit, Fraction(10**9 + 1, 10**9)),
        (Credit, "1.000001"),
        (Credit, "-0.1"),
        (Score, "1e5"),
        (Score, "1/2/3"),
        (Score, "0x10"),
        (Score, "½"),
        (Score, "٦٣"),
        (Score, "1,5"),
        (Score, "1" * 13),
        (Score, "/2"),
        (Score, ""),
        (UtcDatetime, datetime(2026, 1, 1)),  # noqa: DTZ001  # naive is the point
        (UtcDatetime, datetime(1969, 12, 31, tzinfo=UTC)),
        (UtcDatetime, datetime(1970, 1, 1, tzinfo=EAST)),
        (UtcDatetime, datetime(2199, 12, 31, 23, tzinfo=WEST)),
        (UtcDatetime, datetime(9999, 12, 31, 23, tzinfo=WEST)),
        (UtcDatetime, datetime(1, 1, 1, tzinfo=EAST)),
        (UtcDatetime, "2026-01-01T00:00:00z junk"),
        (UtcDatetime, "٢٠٢٦-01-01T00:00:00Z"),
        (UtcDatetime, ""),
        (Answer, 1.5),
        (Answer, (1, 2)),
        (Answer, b"1"),
        (Answer, [[[]] * 4096, 1]),
    ],
)
def test_values_that_cannot_be_stored_or_graded_get_our_error_message(kind, value):
    with pytest.raises(ValidationError) as refused:
        read(kind, value)
    [error] = refused.value.errors()
    assert isinstance(error["ctx"]["error"], InvalidValue)


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (Points, 10**6, Fraction(10**6)),
        (Points, "0", Fraction(0)),
        (Points, "+2.50", Fraction(5, 2)),
        (Credit, "1/3", Fraction(1, 3)),
        (Credit, Fraction(1, 10**6), Fraction(1, 10**6)),
        (Score, Fraction(-(10**40), 3), Fraction(-(10**40), 3)),
        (UtcDatetime, datetime(2026, 1, 1, 2, tzinfo=EAST), datetime(2025, 12, 31, 12, tzinfo=UTC)),
        (UtcDatetime, "2026-10-31T20:00:00+05:45", datetime(2026, 10, 31, 14, 15, tzinfo=UTC)),
        (Answer, [[1, Fraction(1, 3)], "x"], [[1, Fraction(1, 3)], "x"]),
        (Answer, [0] * 4096, [0] * 4096),
        (Answer, "", ""),
        (Answer, [], []),
    ],
)
def test_valid_values_are_parsed_exactly(kind, value, found):
    assert read(kind, value) == found


def test_decimals_in_an_answer_are_serialized_as_numbers():
    assert write(Answer, [[1, Fraction(1, 2)], Fraction(1, 3), "x"]) == [[1, 0.5], "1/3", "x"]


def test_times_are_serialized_in_utc_with_microseconds():
    assert write(UtcDatetime, datetime(2026, 1, 1, 2, tzinfo=EAST)) == "2025-12-31T12:00:00.000000Z"


@given(st.fractions(-(10**6), 10**6, max_denominator=10**6))
def test_serialized_fractions_are_parsed_back_unchanged(value):
    text = json.dumps(serialize_fraction(value))
    assert parse_fraction(json.loads(text, parse_float=Fraction)) == value


@given(st.text())
def test_arbitrary_text_does_not_crash_the_fraction_parser(text):
    with suppress(InvalidValue):
        assert isinstance(parse_fraction(text), Fraction)


class Colour(StrEnum):
    RED = "red"


class Inner(Schema):
    """Nested model whose fields are named like parts of a core schema."""

    type: int = 0
    default: int = 0
    metadata: int = 0
    strict: bool = False


class Outer(Schema):
    """Model with plain annotations in every possible position."""

    one: int = 0
    maybe: int | None = None
    either: int | str = 0
    pairs: dict[str, int] = {}
    many: tuple[int, ...] = ()
    two: tuple[int, str] = (0, "")
    inner: Inner = Inner()
    inners: list[Inner] = []
    colour: Colour = Colour.RED
    size: Literal["s", "m"] = "s"
    share: float = 0.0
    id: UUID = UUID(int=0)
    itself: "Outer | None" = None


@pytest.mark.parametrize(
    "given",
    [
        {"one": True},
        {"one": "1"},
        {"one": 1.0},
        {"one": Fraction(1)},
        {"maybe": True},
        {"maybe": "1"},
        {"either": True},
        {"either": 1.0},
        {"pairs": {"a": True}},
        {"pairs": {1: 1}},
        {"many": [1, "2"]},
        {"two": [True, "x"]},
        {"two": [1, 2]},
        {"inner": {"type": True}},
        {"inner": {"default": "1"}},
        {"inner": {"metadata": "1"}},
        {"inner": {"strict": 1}},
        {"inners": [{"type": "1"}]},
        {"itself": {"one": True}},
        {"itself": {"itself": {"inner": {"type": "1"}}}},
        {"share": "1"},
        {"share": True},
        {"share": float("nan")},
        {"share": float("inf")},
        {"colour": "blue"},
        {"size": "l"},
        {"id": "x"},
        {"id": 1},
        {"more": 1},
        {"inner": {"more": 1}},
    ],
)
def test_values_of_another_type_are_rejected_at_any_depth(given):
    with pytest.raises(ValidationError):
        Outer.model_validate(given)


def test_strings_parse_as_ids_and_enum_members_and_lists_as_tuples():
    found = Outer.model_validate(
        {"colour": "red", "id": str(UUID(int=5)), "many": [1, 2], "either": "x", "maybe": None}
    )
    assert (found.colour, found.id, found.many) == (Colour.RED, UUID(int=5), (1, 2))
    assert found.either == "x"


def test_schemas_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Inner().type = 1


@pytest.mark.parametrize(
    ("written", "credit"),
    [("90%", "9/10"), (" 12.5 % ", "1/8"), ("100%", "1"), ("9/10", "9/10"), ("0.9", "9/10")],
)
def test_credit_is_parsed_as_a_percentage_in_every_notation(written, credit):
    assert read(Credit, written) == read(LateCredit, written) == Fraction(credit)


@pytest.mark.parametrize("written", ["%", "101%", "-1%", "9/10%%", "1e1%"])
def test_credit_outside_zero_to_one_hundred_percent_is_rejected(written):
    with pytest.raises(ValidationError):
        read(Credit, written)
