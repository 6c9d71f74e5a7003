"""Field types for untrusted input: bounded, finite, storable, never echoed.

Narrow one with pydantic's `Field`: ``Annotated[Text, Field(max_length=500)]``.
"""

import re
import unicodedata
from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from api.http.email_addresses import ASCII_DOMAIN, has_ascii_domain, normalize_email
from api.http.schema import InvalidValue
from grader.reading import RawAnswer

MAX_TEXT_CHARACTERS: Final = 20_000
MAX_LINE_CHARACTERS: Final = 200
MAX_ANSWER_CELLS: Final = 4_096
MAX_POINTS: Final = 1_000_000
MAX_DENOMINATOR: Final = 1_000_000
MAX_DECIMAL_PLACES: Final = 6
MAX_COUNT: Final = 2**31 - 1
ALLOWED_YEARS: Final = range(1970, 2200)
NUMBER_PATTERN: Final = re.compile(
    r"([+-]?[0-9]{1,12})(?:\.([0-9]{1,12})|/([0-9]{1,12}))?", re.ASCII
)
SLUG_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
IDEMPOTENCY_KEY_PATTERN: Final = r"^[\x21-\x7e]+$"
EMAIL_PATTERN: Final = re.compile(r"[^@\s\"<>(),;:\\]{1,64}@[^@\s\"<>(),;:\\]{1,189}")
# Bidirectional control characters.
BIDI_CONTROLS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _check_storable(text: str) -> str:
    if "\0" in text:
        raise InvalidValue("must not contain the character U+0000")
    return text


def _normalize_line(text: str) -> str:
    text = unicodedata.normalize("NFC", _check_storable(text)).strip()
    if not text:
        raise InvalidValue("must not be empty")
    if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp"} for sign in text):
        raise InvalidValue("must be one line without control characters")
    if BIDI_CONTROLS.search(text):
        raise InvalidValue("must not contain characters that change the direction of text")
    return text


def _check_slug(text: str) -> str:
    if not re.fullmatch(SLUG_PATTERN, text):
        raise InvalidValue("must be lower-case letters, digits and single hyphens, such as hw-1")
    return text


def _check_idempotency_key(text: str) -> str:
    if not re.fullmatch(IDEMPOTENCY_KEY_PATTERN, text):
        raise InvalidValue("must be printable ASCII characters without spaces, such as a UUID")
    return text


def _normalize_known_email(text: str) -> str:
    text = normalize_email(_normalize_line(text))
    if not EMAIL_PATTERN.fullmatch(text):
        raise InvalidValue("must be an e-mail address")
    return text


def _normalize_new_email(text: str) -> str:
    email = _normalize_known_email(text)
    if not has_ascii_domain(text.strip()):
        raise InvalidValue(ASCII_DOMAIN)
    return email


def parse_fraction(value: object) -> Fraction:
    """Parse an exact number, such as 3, 0.5, "0.5" or "7/2".

    Raises `InvalidValue` for anything else; booleans and floats are not exact numbers.

    >>> parse_fraction("7/2")
    Fraction(7, 2)
    """
    if type(value) is Fraction:
        return value
    if type(value) is int or isinstance(value, Fraction):
        return Fraction(value)
    match = NUMBER_PATTERN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or (match[3] is not None and int(match[3]) == 0):
        raise InvalidValue('must be a number such as 7.5, or a fraction such as "7/2"')
    return Fraction(match[0])


def parse_fraction_or_percent(value: object) -> Fraction:
    """Parse a share: 0.9, "9/10" or "90%".

    >>> parse_fraction_or_percent("90%")
    Fraction(9, 10)
    """
    if isinstance(value, str) and value.rstrip().endswith("%"):
        return parse_fraction(value.rstrip()[:-1]) / 100
    return parse_fraction(value)


def serialize_fraction(value: Fraction) -> int | float | str:
    """Return *value* for JSON: a number of at most six decimals, else text such as ``"1/3"``.

    >>> [serialize_fraction(Fraction(*pair)) for pair in [(3, 1), (7, 2), (1, 3)]]
    [3, 3.5, '1/3']
    """
    if value.denominator == 1:
        return value.numerator
    if 10**MAX_DECIMAL_PLACES % value.denominator == 0 and abs(value) < MAX_POINTS:
        return float(value)
    return str(value)


def _parse_points(value: object) -> Fraction:
    return _check_range_and_denominator(parse_fraction(value), MAX_POINTS)


def _parse_credit(value: object) -> Fraction:
    credit = parse_fraction_or_percent(value)
    if not 0 <= credit <= 1:
        raise InvalidValue("must be a number from 0 to 1, such as 90%, 9/10 or 0.9")
    return _check_range_and_denominator(credit, 1)


def _check_range_and_denominator(number: Fraction, maximum: int) -> Fraction:
    if not 0 <= number <= maximum:
        raise InvalidValue(f"must be a number from 0 to {maximum:,}")
    if number.denominator > MAX_DENOMINATOR:
        raise InvalidValue(f"must be a fraction with a denominator up to {MAX_DENOMINATOR:,}")
    return number


def _parse_datetime(value: object) -> datetime:
    instant = _parse_iso_datetime(value) if isinstance(value, str) else value
    if not isinstance(instant, datetime) or instant.tzinfo is None:
        raise InvalidValue("must be a time with its zone, such as 2026-10-31T20:00:00-04:00")
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        raise _year_error() from None
    if instant.year not in ALLOWED_YEARS:
        raise _year_error()
    return instant


def _year_error() -> InvalidValue:
    return InvalidValue(f"must be in the years {ALLOWED_YEARS[0]} to {ALLOWED_YEARS[-1]}")


def _parse_iso_datetime(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text.isascii() else None
    except ValueError:
        return None


def format_utc(value: datetime) -> str:
    """Format an instant for JSON: in UTC, with microseconds."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _check_answer(value: Any) -> RawAnswer:
    """Return *value* if it can be graded: text, a number, or lists of them within bounds."""
    cells, pending = 0, [value]
    while pending:
        item = pending.pop()
        cells += 1
        if cells > MAX_ANSWER_CELLS + 1:
            raise InvalidValue(f"must have at most {MAX_ANSWER_CELLS:,} entries")
        if isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, bool) or not isinstance(item, str | int | Fraction):
            raise InvalidValue("must be text, a number, or a list of them")
    return value  # type: ignore[no-any-return]  # the loop has seen every entry


def _serialize_answer(value: RawAnswer) -> object:
    if isinstance(value, list):
        return [_serialize_answer(item) for item in value]
    return serialize_fraction(value) if isinstance(value, Fraction) else value


NUMBER_OR_FRACTION_SCHEMA: Final = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+|/\d+)?$"}]
}
SHARE_SCHEMA: Final = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d+(\.\d+|/\d+)?\s*%?$"}]
}

Text = Annotated[str, Field(max_length=MAX_TEXT_CHARACTERS), AfterValidator(_check_storable)]
"""Any storable text of at most 20,000 characters."""

Line = Annotated[
    str, Field(min_length=1, max_length=MAX_LINE_CHARACTERS), AfterValidator(_normalize_line)
]
"""One line of visible text, trimmed, in NFC, of at most 200 characters."""

Email = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_normalize_new_email)]
"""An email address in lower case, whose domain is ASCII."""

KnownEmail = Annotated[
    str, Field(min_length=3, max_length=254), AfterValidator(_normalize_known_email)
]
"""An email address in lower case that finds an account; old accounts can have any domain."""

Slug = Annotated[
    str,
    Field(max_length=64, json_schema_extra={"pattern": SLUG_PATTERN}),
    AfterValidator(_check_slug),
]
"""A short name for URLs: lower-case letters, digits and single hyphens."""

IdempotencyKey = Annotated[
    str,
    Field(min_length=1, max_length=255, json_schema_extra={"pattern": IDEMPOTENCY_KEY_PATTERN}),
    AfterValidator(_check_idempotency_key),
]
"""An idempotency key: 1 to 255 visible ASCII characters."""

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
"""A non-negative integer that every database can store."""

Points = Annotated[
    Fraction,
    PlainValidator(_parse_points),
    PlainSerializer(serialize_fraction),
    WithJsonSchema(NUMBER_OR_FRACTION_SCHEMA | {"examples": [2, 0.5, "7/2"]}),
]
"""Points for a setting: an exact number from 0 to 1,000,000."""

Credit = Annotated[
    Fraction,
    PlainValidator(_parse_credit),
    PlainSerializer(serialize_fraction),
    WithJsonSchema(SHARE_SCHEMA | {"examples": [1, 0.5, "1/3", "90%"]}),
]
"""A share of the points: an exact number from 0 to 1, or a percentage in requests."""

Score = Annotated[
    Fraction,
    PlainValidator(parse_fraction),
    PlainSerializer(serialize_fraction),
    WithJsonSchema(NUMBER_OR_FRACTION_SCHEMA | {"examples": [1.5, "7/3"]}),
]
"""A computed exact number of any sign and size, for responses."""

UtcDatetime = Annotated[
    datetime,
    PlainValidator(_parse_datetime),
    PlainSerializer(format_utc, when_used="json"),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-10-31T20:00:00.000000Z"]}
    ),
]
"""An instant: parsed with any explicit offset, serialized in UTC with microseconds."""

Answer = Annotated[
    str | int | Fraction | list[Any],  # pydantic cannot resolve the recursive `RawAnswer`
    PlainValidator(_check_answer),
    PlainSerializer(_serialize_answer),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "number"}, {"type": "array"}],
            "examples": ["64 x 64", 64, [[1, 0], [0.5, 2]]],
        }
    ),
]
"""An answer as typed: text, a number, or lists of them with at most 4,096 entries."""
