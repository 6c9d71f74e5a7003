"""The catalogue of bad inputs: what is sent at which door of `doors`, and what is answered.

A row is what plain frameworks take, choke on or repeat. docs/reliability.md has a table of the same
rows.
"""

import json

__all__ = ["CANARY", "CASES"]

MEBIBYTE = 1024 * 1024
CANARY = "zqcanary"


def quoted(text: str) -> bytes:
    return json.dumps(text).encode()


def answer(read: str) -> tuple[int, str]:
    """Return what becomes of an answer that is taken: it is stored, and has this status."""
    return 201, read


UNREADABLE, WRONG, RIGHT = answer("unreadable"), answer("wrong"), answer("correct")
INVALID, GONE, LARGE = (422, "invalid"), (404, "not_found"), (413, "too_large")
INFINITE, TWICE, DEEP = (422, "not_finite"), (422, "duplicate_key"), (422, "too_deep")
BROKEN, FILE_FAULT = (422, "bad_json"), (422, "invalid_problem")

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
CASES: dict[str, list[tuple[str, bytes, tuple[int, str]]]] = {
    "NaN, Infinity, 1e400 as a number": [
        ("answer", b"NaN", INFINITE),
        ("answer", b"-Infinity", INFINITE),
        ("matrix", b"[[1, 1e400]]", INFINITE),
        ("points", b"1e400", INFINITE),
        ("whole number", b"Infinity", INFINITE),
    ],
    "numbers that are not finite, as text": [
        ("answer", b'"1e400"', UNREADABLE),
        ("answer", b'"nan"', UNREADABLE),
        ("answer", b'"-inf"', UNREADABLE),
        ("points", b'"nan"', INVALID),
        ("points", b'"1e400"', INVALID),
    ],
    "one type for another": [
        ("answer", b"true", INVALID),
        ("answer", b"null", INVALID),
        ("answer", b"{}", INVALID),
        ("answer", b'" 9 "', RIGHT),
        ("answer", b"9.0", RIGHT),
        ("whole number", b"true", INVALID),
        ("whole number", b'"3"', INVALID),
        ("whole number", b"3.0", INVALID),
        ("points", b'"1_000"', INVALID),
    ],
    "digits and signs of other scripts": [
        ("answer", '"٩"'.encode(), UNREADABLE),
        ("answer", '"９"'.encode(), UNREADABLE),
        ("answer", '"3²"'.encode(), RIGHT),
        ("answer", '"\u202e9"'.encode(), UNREADABLE),
        ("answer", '"\u22129"'.encode(), WRONG),
        ("answer", '"\u00a09"'.encode(), RIGHT),
        ("answer", b'"9,0"', UNREADABLE),
        ("answer", b'"1,000"', WRONG),
        ("points", '"٣"'.encode(), INVALID),
        ("title", '"\u202eevil"'.encode(), INVALID),
    ],
    "whole numbers of 30 digits and more": [
        ("place", b"9" * 30, INVALID),
        ("position", b"9" * 30, INVALID),
        ("limit", b"9" * 5_000, INVALID),
        ("whole number", b"9" * 30, INVALID),
        ("whole number", b"9" * 5_000, INFINITE),
        ("answer", b"9" * 30, WRONG),
        ("answer", b"9" * 5_000, INFINITE),
        ("answer", quoted("9" * 5_000), UNREADABLE),
    ],
    "U+0000": [
        ("text", b'"\\u0000"', INVALID),
        ("title", b'"a\\u0000b"', INVALID),
        ("file", b'"assignments/\\u0000.yaml"', INVALID),
        ("roster", b"name,email\nBo\x00,bo@example.edu\n", INVALID),
        ("limit", b"%00", INVALID),
    ],
    "half of a surrogate pair": [
        ("text", b'"\\ud800"', INVALID),
        ("title", b'"\\udfff\\ud800"', INVALID),
        ("any answer", b'{"\\ud800": "9"}', INVALID),
        ("text", b'"\xed\xa0\x80"', BROKEN),
    ],
    "bytes that are no UTF-8, JSON that is none": [
        ("text", b'"\xff"', BROKEN),
        ("text", b'"\\x"', BROKEN),
        ("answer", b"01", BROKEN),
        ("answer", b"'9'", BROKEN),
        ("roster", b"name,email\n\xff\xfe\x00,bo@example.edu\n", INVALID),
        ("problem", b"\xff\xfe", FILE_FAULT),
    ],
    "deep nesting": [
        ("matrix", b"[" * 100_000, DEEP),
        ("matrix", b"[" * 30 + b"1" + b"]" * 30, DEEP),
        ("any answer", b'{"a":' * 5_000, DEEP),
    ],
    "a key twice": [
        ("any answer", b'{"a_integer": "8", "a_integer": "9"}', TWICE),
        ("title", b'"A", "title": "B"', TWICE),
        ("any answer", b'{"a_integer": "8", "a\\u005finteger": "9"}', TWICE),
    ],
    "a matrix of a million": [
        ("matrix", b"[[" + b"1," * 999_999 + b"1]]", LARGE),
        ("matrix", b"[" + b"[1]," * 9_999 + b"[1]]", LARGE),
        ("matrix", b"[" + b"1," * 4_096 + b"1]", INVALID),
        ("matrix", b"[[1, 2], [3]]", UNREADABLE),
        ("matrix", quoted("[[" + "1," * 9_000 + "1]]"), UNREADABLE),
    ],
    "200,000 bad cells": [
        ("matrix", b"[" + b'"zqcanary",' * 199_999 + b'"zqcanary"]', LARGE),
        (
            "any answer",
            b"{" + b",".join(b'"zqcanary%d":[]' % n for n in range(5_000)) + b"}",
            INVALID,
        ),
    ],
    "a body over the cap": [
        ("answer", b'"' + b"x" * (300 * 1024) + b'"', LARGE),
        ("problem", b"x" * (300 * 1024), LARGE),
        ("roster", b"x" * (11 * MEBIBYTE), LARGE),
        ("sheet", b"x" * (21 * MEBIBYTE), LARGE),
    ],
    "arithmetic that never ends": [
        ("answer", b'"9**9**9"', UNREADABLE),
        ("answer", b'"9^9^9^9"', UNREADABLE),
        ("answer", b'"factorial(10**7)"', UNREADABLE),
        ("formula", b'"(n+n+n+n+n+n+n+n)^30"', WRONG),
        ("formula", b'"n^(n^(n^n))"', UNREADABLE),
        ("answer", quoted("*".join(["9^1000"] * 60)), UNREADABLE),
        ("key", b"W**9**9**9", FILE_FAULT),
        ("key", b"*".join([b"W**9000"] * 20), FILE_FAULT),
        ("key", b"factorial(W**7)", FILE_FAULT),
    ],
    "code in place of an answer": [
        ("answer", b"\"__import__('os').getpid()\"", UNREADABLE),
        ("formula", b"\"__import__('os').getpid()\"", UNREADABLE),
        ("formula", b'"().__class__.__bases__"', UNREADABLE),
        ("formula", b'"exec(1)"', UNREADABLE),
        ("key", b"__import__('os').getpid()", FILE_FAULT),
        ("key", b"().__class__.__bases__[0]", FILE_FAULT),
        ("key", b"[W for W in (1, 2)]", FILE_FAULT),
        ("key", b"(lambda: 1)()", FILE_FAULT),
    ],
    "thousands of brackets and signs": [
        ("formula", quoted("(" * 200), UNREADABLE),
        ("formula", quoted("-" * 3_000 + "1"), UNREADABLE),
        ("formula", quoted("1+" * 3_000 + "1"), UNREADABLE),
        ("formula", quoted("(" * 9_000 + ")" * 9_000), UNREADABLE),
        ("reading", quoted("(" * 9_000), (200, "readable: False")),
        ("key", b"(" * 200, FILE_FAULT),
        ("key", b"-" * 3_000 + b"1", FILE_FAULT),
        ("key", b"1+" * 3_000 + b"1", FILE_FAULT),
    ],
    "exponents that never end": [
        ("answer", b'"1e99999999"', UNREADABLE),
        ("answer", b'"1e-99999999"', UNREADABLE),
        ("answer", b"1e99999999", INFINITE),
        ("points", b"1e-99999999", INFINITE),
        ("key", b"1e99999999", FILE_FAULT),
    ],
    "text on which regular expressions run wild": [
        ("answer", quoted("1," * 9_999 + "x"), UNREADABLE),
        ("answer", quoted("1" * 19_999 + "x"), UNREADABLE),
        ("formula", quoted("n" + " " * 19_000 + "!"), UNREADABLE),
        ("text", quoted("a " * 9_999), answer("needs_review")),
        ("roster", b"name,email\n" + b'"' * 100_001 + b"\n", INVALID),
    ],
    "aliases that multiply": [
        ("problem", BOMB.encode(), FILE_FAULT),
        ("problem", b"a: &a [*a]", FILE_FAULT),
        ("problem", b"<<: {id: toy}", FILE_FAULT),
    ],
    "tags that make objects": [
        ("problem", b'!!python/object/apply:os.system ["true"]', FILE_FAULT),
        ("problem", b"id: !!python/name:os.system", FILE_FAULT),
    ],
    "what YAML reads otherwise than it looks": [
        ("value", b"source: no\n", FILE_FAULT),
        ("value", b"source: 12:30\n", FILE_FAULT),
        ("value", b"source: 0777\n", FILE_FAULT),
        ("value", b"title: Again\n", FILE_FAULT),
    ],
    "names that lead elsewhere": [
        ("file", b'"../../evil.yaml"', INVALID),
        ("file", b'"/etc/passwd"', INVALID),
        ("file", b'"assignments/CON"', INVALID),
        ("file", b'"assignments/../course.yaml"', INVALID),
        ("place", b"..%2f..%2fetc", INVALID),
    ],
    "lists of people that are none": [
        ("roster", b"", INVALID),
        ("roster", b"name,email\n" + b"A B,a@example.edu\n" * 100_000, INVALID),
        ("roster", b"name,email\n" + b"x" * 100_000 + b",a@example.edu\n", INVALID),
        ("roster", "name;email\nBo;bo\n".encode("utf-16-le"), INVALID),
        ("roster", b'name,email\n"Bo,bo@example.edu\n', INVALID),
        ("sheet", b"a,b\n1,2\n", INVALID),
    ],
}
