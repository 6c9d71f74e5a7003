"""Catalog of bad inputs: payloads for the endpoints of `endpoints.py`, and the responses.

A row is a kind of input that plain frameworks accept, choke on or echo. It lists all
payloads by endpoint and response. docs/reliability.md has a table of the same rows.
"""

import json

__all__ = ["CANARY", "CASES"]

MEBIBYTE = 1024 * 1024
CANARY = "zqcanary"


def quoted(text: str) -> bytes:
    return json.dumps(text).encode()


def answer(read: str) -> tuple[int, str]:
    """Return the outcome of an accepted answer: it is stored, with the status *read*."""
    return 201, read


UNREADABLE, WRONG, RIGHT = answer("unreadable"), answer("wrong"), answer("correct")
INVALID, LARGE = (422, "invalid"), (413, "too_large")
INFINITE, TWICE, DEEP = (422, "not_finite"), (422, "duplicate_key"), (422, "too_deep")
BROKEN, FILE_FAULT = (422, "bad_json"), (422, "invalid_problem")

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
CASES: dict[str, dict[tuple[str, tuple[int, str]], list[bytes]]] = {
    "NaN, Infinity, 1e400 as a number": {
        ("answer", INFINITE): [b"NaN", b"-Infinity"],
        ("matrix", INFINITE): [b"[[1, 1e400]]"],
        ("points", INFINITE): [b"1e400"],
        ("whole number", INFINITE): [b"Infinity"],
    },
    "numbers that are not finite, as text": {
        ("answer", UNREADABLE): [b'"1e400"', b'"nan"', b'"-inf"'],
        ("points", INVALID): [b'"nan"', b'"1e400"'],
    },
    "a value of the wrong type": {
        ("answer", INVALID): [b"true", b"null", b"{}"],
        ("answer", RIGHT): [b'" 9 "', b"9.0"],
        ("whole number", INVALID): [b"true", b'"3"', b"3.0"],
        ("points", INVALID): [b'"1_000"'],
    },
    "digits and signs of other scripts": {
        ("answer", UNREADABLE): ['"٩"'.encode(), '"\u202e9"'.encode(), b'"9,0"'],
        ("answer", RIGHT): ['"3²"'.encode(), '"\u00a09"'.encode(), '"９"'.encode()],
        ("answer", WRONG): ['"\u22127"'.encode(), b'"1,000"'],
        ("points", INVALID): ['"٣"'.encode()],
        ("title", INVALID): ['"\u202eevil"'.encode()],
    },
    "whole numbers of 30 digits and more": {
        ("place", INVALID): [b"9" * 30],
        ("position", INVALID): [b"9" * 30],
        ("limit", INVALID): [b"9" * 5_000],
        ("whole number", INVALID): [b"9" * 30],
        ("whole number", INFINITE): [b"9" * 5_000],
        ("answer", WRONG): [b"9" * 30],
        ("answer", INFINITE): [b"9" * 5_000],
        ("answer", UNREADABLE): [quoted("9" * 5_000)],
    },
    "U+0000": {
        ("text", INVALID): [b'"\\u0000"'],
        ("title", INVALID): [b'"a\\u0000b"'],
        ("file", INVALID): [b'"assignments/\\u0000.yaml"'],
        ("roster", INVALID): [b"name,email\nBo\x00,bo@example.edu\n"],
        ("limit", INVALID): [b"%00"],
    },
    "half of a surrogate pair": {
        ("text", INVALID): [b'"\\ud800"'],
        ("title", INVALID): [b'"\\udfff\\ud800"'],
        ("any answer", INVALID): [b'{"\\ud800": "9"}'],
        ("text", BROKEN): [b'"\xed\xa0\x80"'],
    },
    "bytes that are not UTF-8, malformed JSON": {
        ("text", BROKEN): [b'"\xff"', b'"\\x"'],
        ("answer", BROKEN): [b"01", b"'9'"],
        ("roster", INVALID): [b"name,email\n\xff\xfe\x00,bo@example.edu\n"],
        ("problem", FILE_FAULT): [b"\xff\xfe"],
    },
    "deep nesting": {
        ("matrix", DEEP): [b"[" * 100_000, b"[" * 30 + b"1" + b"]" * 30],
        ("any answer", DEEP): [b'{"a":' * 5_000],
    },
    "a duplicate key": {
        ("any answer", TWICE): [
            b'{"a_integer": "8", "a_integer": "9"}',
            b'{"a_integer": "8", "a\\u005finteger": "9"}',
        ],
        ("title", TWICE): [b'"A", "title": "B"'],
    },
    "a matrix of a million cells": {
        ("matrix", LARGE): [b"[[" + b"1," * 999_999 + b"1]]", b"[" + b"[1]," * 9_999 + b"[1]]"],
        ("matrix", INVALID): [b"[" + b"1," * 4_096 + b"1]"],
        ("matrix", UNREADABLE): [b"[[1, 2], [3]]", quoted("[[" + "1," * 9_000 + "1]]")],
    },
    "200,000 bad cells": {
        ("matrix", LARGE): [b"[" + b'"zqcanary",' * 199_999 + b'"zqcanary"]'],
        ("any answer", INVALID): [
            b"{" + b",".join(b'"zqcanary%d":[]' % n for n in range(5_000)) + b"}"
        ],
    },
    "a body over the cap": {
        ("answer", LARGE): [b'"' + b"x" * (300 * 1024) + b'"'],
        ("problem", LARGE): [b"x" * (300 * 1024)],
        ("roster", LARGE): [b"x" * (11 * MEBIBYTE)],
        ("sheet", LARGE): [b"x" * (21 * MEBIBYTE)],
    },
    "arithmetic that never ends": {
        ("answer", UNREADABLE): [
            b'"9**9**9"',
            b'"9^9^9^9"',
            b'"factorial(10**7)"',
            quoted("*".join(["9^1000"] * 60)),
        ],
        ("formula", WRONG): [b'"(n+n+n+n+n+n+n+n)^30"'],
        ("formula", UNREADABLE): [b'"n^(n^(n^n))"'],
        ("key", FILE_FAULT): [b"W**9**9**9", b"*".join([b"W**9000"] * 20), b"factorial(W**7)"],
    },
    "code in place of an answer": {
        ("answer", UNREADABLE): [b"\"__import__('os').getpid()\""],
        ("formula", UNREADABLE): [
            b"\"__import__('os').getpid()\"",
            b'"().__class__.__bases__"',
            b'"exec(1)"',
        ],
        ("key", FILE_FAULT): [
            b"__import__('os').getpid()",
            b"().__class__.__bases__[0]",
            b"[W for W in (1, 2)]",
            b"(lambda: 1)()",
        ],
    },
    "thousands of brackets and signs": {
        ("formula", UNREADABLE): [
            quoted("(" * 200),
            quoted("-" * 3_000 + "1"),
            quoted("1+" * 3_000 + "1"),
            quoted("(" * 9_000 + ")" * 9_000),
        ],
        ("reading", (200, "readable: False")): [quoted("(" * 9_000)],
        ("key", FILE_FAULT): [b"(" * 200, b"-" * 3_000 + b"1", b"1+" * 3_000 + b"1"],
    },
    "exponents that never end": {
        ("answer", UNREADABLE): [b'"1e99999999"', b'"1e-99999999"'],
        ("answer", INFINITE): [b"1e99999999"],
        ("points", INFINITE): [b"1e-99999999"],
        ("key", FILE_FAULT): [b"1e99999999"],
    },
    "text that causes catastrophic backtracking": {
        ("answer", UNREADABLE): [quoted("1," * 9_999 + "x"), quoted("1" * 19_999 + "x")],
        ("formula", UNREADABLE): [quoted("n" + " " * 19_000 + "!")],
        ("text", answer("needs_review")): [quoted("a " * 9_999)],
        ("roster", INVALID): [b"name,email\n" + b'"' * 100_001 + b"\n"],
    },
    "files of too many lines, cells or columns": {
        ("roster", INVALID): [
            b"name,email\n" + b"\n" * (5 * MEBIBYTE - 100),
            b",".join(b"%d" % number for number in range(600_000)) + b"\n",
            b"name,email\nzqcanary," + b"x" * 200_000 + b"\n",
        ],
        ("sheet", INVALID): [b"\n" * (20 * MEBIBYTE), b"," * (20 * MEBIBYTE)],
    },
    "exponentially nested aliases": {
        ("problem", FILE_FAULT): [BOMB.encode(), b"a: &a [*a]", b"<<: {id: toy}"],
    },
    "tags that construct objects": {
        ("problem", FILE_FAULT): [
            b'!!python/object/apply:os.system ["true"]',
            b"id: !!python/name:os.system",
        ],
    },
    "text that YAML reads differently than it looks": {
        ("value", FILE_FAULT): [
            b"source: no\n",
            b"source: 12:30\n",
            b"source: 0777\n",
            b"title: Again\n",
        ],
    },
    "path traversal in names": {
        ("file", INVALID): [
            b'"../../evil.yaml"',
            b'"/etc/passwd"',
            b'"assignments/CON"',
            b'"assignments/../course.yaml"',
        ],
        ("place", INVALID): [b"..%2f..%2fetc"],
    },
    "files that are not lists of people": {
        ("roster", INVALID): [
            b"",
            b"name,email\n" + b"A B,a@example.edu\n" * 100_000,
            b"name,email\n" + b"x" * 100_000 + b",a@example.edu\n",
            "name;email\nBo;bo\n".encode("utf-16-le"),
            b'name,email\n"Bo,bo@example.edu\n',
        ],
        ("sheet", INVALID): [b"a,b\n1,2\n"],
    },
}
