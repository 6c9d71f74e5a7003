"""JSON of a request or of a JSON Lines file, parsed exactly and within limits."""

import json
import re
from fractions import Fraction
from itertools import islice
from typing import Any, Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex

MAX_LENGTH: Final = 1_000_000
MAX_DEPTH: Final = 20
MAX_DIGITS: Final = 400
MAX_MAGNITUDE: Final = 10**309
MIN_EXPONENT: Final = -1000
MAX_EXPONENT_CHARACTERS: Final = 5
LONG_DIGITS: Final = lazy_regex(r"[0-9]{309}")
BRACKETS: Final = lazy_regex(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def load_json(text: str) -> object:
    """Return the value of a JSON document; numbers with a point or an exponent become a `Fraction`.

    Raises `AnswerError` for invalid JSON, NaN, Infinity, a number beyond 10^309 or 400 digits, a
    duplicate key, nesting deeper than 20, or a text over 1,000,000 characters.

    >>> load_json('{"a": [1, 0.1]}')
    {'a': [1, Fraction(1, 10)]}
    """
    if len(text) > MAX_LENGTH:
        raise AnswerError(f"The JSON has {len(text):,} characters.", expected="fewer")
    _check_depth(text)
    try:
        return json.loads(
            text,
            parse_int=_parse_int if LONG_DIGITS.search(text) else None,
            parse_float=_parse_decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_build_object,
        )
    except json.JSONDecodeError as error:
        raise AnswerError(f"This is not JSON: {error.msg}.", position=error.pos) from error


def has_more_containers(text: str, limit: int) -> bool:
    """Return whether a JSON text has more than *limit* arrays and objects.

    Each takes about 100 bytes when it is parsed, however short its text.

    >>> text = '{"a": [1, [2]], "[": "{"}'
    >>> has_more_containers(text, 2), has_more_containers(text, 3)
    (True, False)
    """
    starts = (True for match in BRACKETS.finditer(text) if match[0] in "[{")
    return next(islice(starts, limit, None), False)


def _check_depth(text: str) -> None:
    depth = 0
    for match in BRACKETS.finditer(text):
        if match[0] in "[{":
            depth += 1
        elif match[0] in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise AnswerError(
                f"The JSON is nested deeper than {MAX_DEPTH}.", position=match.start()
            )


def _parse_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _out_of_range_error(digits)
    value = int(digits)
    if abs(value) >= MAX_MAGNITUDE:
        raise _out_of_range_error(digits)
    return value


def _parse_decimal(digits: str) -> Fraction:
    mantissa, _, exponent = digits.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > MAX_EXPONENT_CHARACTERS:
        raise _out_of_range_error(digits)
    if not MIN_EXPONENT <= int(exponent or 0) <= -MIN_EXPONENT:
        raise _out_of_range_error(digits)
    value = Fraction(digits)
    if abs(value) >= MAX_MAGNITUDE:
        raise _out_of_range_error(digits)
    return value


def _out_of_range_error(digits: str) -> AnswerError:
    excerpt = digits if len(digits) <= len("1e999999999") else f"{digits[:10]}…"
    return AnswerError(f"The number {excerpt} is out of range.", expected="a number below 10^309")


def _refuse_constant(name: str) -> object:
    raise AnswerError(f"{name} is not a number.", expected="a finite number")


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise AnswerError(f"The key {name[:40]!r} occurs twice.", expected="each key once")
        result[name] = value
    return result
