"""Field types for untrusted input: bounded, finite, storable, never echoed.

Narrow one with pydantic's `Field`: ``Annotated[Text, Field(max_length=500)]``.
"""

import re
import unicodedata
from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from api.http.schema import Refused
from grader.reading import Typed

__all__ = [
    "Answer",
    "Count",
    "Credit",
    "Email",
    "Key",
    "Line",
    "Points",
    "Score",
    "Slug",
    "Text",
    "When",
    "exact",
    "share",
    "told",
    "zulu",
]

MAX_TEXT: Final = 20_000
MAX_LINE: Final = 200
MAX_CELLS: Final = 4_096
MAX_POINTS: Final = 1_000_000
MAX_DENOMINATOR: Final = 1_000_000
MAX_PLACES: Final = 6
LARGEST_COUNT: Final = 2**31 - 1
YEARS: Final = range(1970, 2200)
WRITTEN: Final = re.compile(r"([+-]?[0-9]{1,12})(?:\.([0-9]{1,12})|/([0-9]{1,12}))?", re.ASCII)
SLUG: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
KEY: Final = r"^[\x21-\x7e]+$"
ADDRESS: Final = re.compile(r"[^@\s\"<>(),;:\\]{1,64}@[^@\s\"<>(),;:\\]{1,189}")
# Bidirectional control characters.
TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _storable(text: str) -> str:
    if "\0" in text:
        raise Refused("must not hold the character U+0000")
    return text


def _line(text: str) -> str:
    text = unicodedata.normalize("NFC", _storable(text)).strip()
    if not text:
        raise Refused("must not be empty")
    if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp"} for sign in text):
        raise Refused("must be one line without control characters")
    if TURNING.search(text):
        raise Refused("must not hold marks that turn the direction of text")
    return text


def _slug(text: str) -> str:
    if not re.fullmatch(SLUG, text):
        raise Refused("must be lower-case letters, digits and single hyphens, such as hw-1")
    return text


def _key(text: str) -> str:
    if not re.fullmatch(KEY, text):
        raise Refused("must be visible ASCII characters without blanks, such as a UUID")
    return text


def _email(text: str) -> str:
    text = _line(text).casefold()
    if not ADDRESS.fullmatch(text):
        raise Refused("must be an e-mail address")
    return text


def exact(value: object) -> Fraction:
    """Parse an exact number, such as 3, 0.5, "0.5" or "7/2".

    Raises `Refused` for anything else; booleans and floats are not exact numbers.

    >>> exact("7/2")
    Fraction(7, 2)
    """
    if type(value) is Fraction:
        return value
    if type(value) is int or isinstance(value, Fraction):
        return Fraction(value)
    found = WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or (found[3] is not None and int(found[3]) == 0):
        raise Refused('must be a number such as 7.5, or a fraction such as "7/2"')
    return Fraction(found[0])


def share(value: object) -> Fraction:
    """Parse a share: 0.9, "9/10" or "90%".

    >>> share("90%")
    Fraction(9, 10)
    """
    if isinstance(value, str) and value.rstrip().endswith("%"):
        return exact(value.rstrip()[:-1]) / 100
    return exact(value)


def told(value: Fraction) -> int | float | str:
    """Return *value* for JSON: a number of at most six decimals, else text such as ``"1/3"``.

    >>> [told(Fraction(3)), told(Fraction(7, 2)), told(Fraction(1, 3))]
    [3, 3.5, '1/3']
    """
    if value.denominator == 1:
        return value.numerator
    if 10**MAX_PLACES % value.denominator == 0 and abs(value) < MAX_POINTS:
        return float(value)
    return str(value)


def _points(value: object) -> Fraction:
    return _within(exact(value), MAX_POINTS)


def _credit(value: object) -> Fraction:
    credit = share(value)
    if not 0 <= credit <= 1:
        raise Refused("must be a number from 0 to 1; write nine tenths as 90%, 9/10 or 0.9")
    return _within(credit, 1)


def _within(number: Fraction, most: int) -> Fraction:
    if not 0 <= number <= most:
        raise Refused(f"must be a number from 0 to {most:,}")
    if number.denominator > MAX_DENOMINATOR:
        raise Refused(f"must be a fraction with a denominator up to {MAX_DENOMINATOR:,}")
    return number


def _when(value: object) -> datetime:
    moment = _instant(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise Refused("must be a time with its zone, such as 2026-10-31T20:00:00-04:00")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise _out_of_years() from None
    if moment.year not in YEARS:
        raise _out_of_years()
    return moment


def _out_of_years() -> Refused:
    return Refused(f"must lie in the years {YEARS[0]} to {YEARS[-1]}")


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text.isascii() else None
    except ValueError:
        return None


def zulu(value: datetime) -> str:
    """Format an instant for JSON: in UTC, with microseconds."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _answer(value: Any) -> Typed:
    """Return *value* if it can be graded: text, a number, or lists of them within bounds."""
    cells, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        cells += 1
        if cells > MAX_CELLS + 1:
            raise Refused(f"must have at most {MAX_CELLS:,} entries")
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, bool) or not isinstance(item, str | int | Fraction):
            raise Refused("must be text, a number, or a list of them")
    return value  # type: ignore[no-any-return]  # the loop has seen every entry


def _shown(value: Typed) -> object:
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return told(value) if isinstance(value, Fraction) else value


NUMBER_OR_FRACTION: Final = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+|/\d+)?$"}]
}
SHARE: Final = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d+(\.\d+|/\d+)?\s*%?$"}]
}

Text = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_storable)]
"""Any text that can be stored, of at most 20,000 characters."""

Line = Annotated[str, Field(min_length=1, max_length=MAX_LINE), AfterValidator(_line)]
"""One line of visible text, trimmed, in normal form C, of at most 200 characters."""

Email = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_email)]
"""An e-mail address in lower case."""

Slug = Annotated[
    str, Field(max_length=64, json_schema_extra={"pattern": SLUG}), AfterValidator(_slug)
]
"""A short name for addresses: lower-case letters, digits and single hyphens."""

Key = Annotated[
    str,
    Field(min_length=1, max_length=255, json_schema_extra={"pattern": KEY}),
    AfterValidator(_key),
]
"""An idempotency key: 1 to 255 visible ASCII characters."""

Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
"""A whole number from 0 that every database stores."""

Points = Annotated[
    Fraction,
    PlainValidator(_points),
    PlainSerializer(told),
    WithJsonSchema(NUMBER_OR_FRACTION | {"examples": [2, 0.5, "7/2"]}),
]
"""Points as they are set: exact, from 0 to 1,000,000."""

Credit = Annotated[
    Fraction,
    PlainValidator(_credit),
    PlainSerializer(told),
    WithJsonSchema(SHARE | {"examples": [1, 0.5, "1/3", "90%"]}),
]
"""A share of the points: exact, from 0 to 1; read as a percentage too."""

Score = Annotated[
    Fraction,
    PlainValidator(exact),
    PlainSerializer(told),
    WithJsonSchema(NUMBER_OR_FRACTION | {"examples": [1.5, "7/3"]}),
]
"""An exact number that was computed, of any sign and size; for answers of the service."""

When = Annotated[
    datetime,
    PlainValidator(_when),
    PlainSerializer(zulu, when_used="json"),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-10-31T20:00:00.000000Z"]}
    ),
]
"""An instant: read with any offset, never without one, and told in UTC with microseconds."""

Answer = Annotated[
    str | int | Fraction | list[Any],  # pydantic cannot resolve the recursive `Typed`
    PlainValidator(_answer),
    PlainSerializer(_shown),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "number"}, {"type": "array"}],
            "examples": ["64 x 64", 64, [[1, 0], [0.5, 2]]],
        }
    ),
]
"""An answer as it was typed: text, a number, or lists of them with at most 4,096 entries."""
