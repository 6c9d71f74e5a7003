"""Malformed requests to every route of the scene, which no client library would send.

Request number n of a seed is always the same. Each starts as the successful request of
its route in `tests/access/`, and then has some pieces deleted, duplicated or replaced.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final
from urllib.parse import quote_from_bytes

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from populated_course import ROUTES
from scene import NOWHERE, Scene

from api.http.pipeline.authenticator import collect_query_names

__all__ = ["ASKING", "Raw", "RawRequests"]

ASKING: Final = ("student", "instructor", "grader", "admin", "anonymous")
"""Senders of the requests; the first two can do the most, so they send more often."""
OFTEN: Final = (4, 4, 1, 2, 1)
PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")
JSON_PIECE: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
TEXT_PIECE: Final = re.compile(rb"\w+|\s+|[^\w\s]")
BLANK: Final = b""

NUMBERS: Final = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e-400", b"1e99999999", b"-0", b"-1", b"0"),
    *(b"01", b"1_000", b"+1", b".5", b"0x10", b"1e308", b"2147483648", b"9223372036854775808"),
    *(b"9" * 30, b"9" * 309, b"9" * 5_000, b"0." + b"1" * 500, "٦٣".encode(), b"1.5", b"true"),
)
TEXTS: Final = (
    *(b'""', b'"\\u0000"', b'"\\ud800"', b'"\\udfff\\ud800"', b'"\xff"', b'"\xed\xa0\x80"'),
    *(b'"nan"', b'"1e400"', b'"9**9**9"', b'"1/0"', b'"' + b"9" * 5_000 + b'"', b'"a\nb"'),
    *('"\u202e\u2066"'.encode(), '"\u0661"'.encode(), '"\ufeff"'.encode(), b'"' + b"x" * 20_001),
    *(b'"<script>alert(1)</script>"', b"\"=cmd()|'/c'!A0\"", b'"../../evil"', b'"%00"', b'"*"'),
    *(b'"' + b"(" * 3_000 + b'"', b'"' + b"1+" * 3_000 + b'1"', b'"' + b"[" * 900 + b"]" * 900),
    *(b'"0001-01-01T00:00:00+14:00"', b'"9999-12-31T23:59:59-14:00"', b'"2026-11-01 01:30"'),
    *(b'"2026-02-30 00:00"', b'"2026-03-08 02:30"', b'"America/New_York"', b'"Factory"', b'"UTC"'),
    *(f'"{NOWHERE}"'.encode(), b'"original"', b'"draft"', b'"' + b"a@" * 200 + b'b.example"'),
)
SHAPES: Final = (
    *(b"null", b"[]", b"{}", b"[[]]", b'{"a":1,"a":2}', b"[" * 25 + b"]" * 25, b"[" * 100_000),
    *(b"[" + b"1," * 5_000 + b"1]", b'{"a":' * 30 + b"1" + b"}" * 30, b"{", b"}", b"]", b","),
    *(b'["a","a"]', b'{"days":99999999}', b'{"hours":-1}', b'[{"id":"a"},{"id":"a"}]', b":"),
)
TOKENS: Final = NUMBERS + TEXTS + SHAPES
WORDS: Final = (
    *(BLANK, b"\x00", b"\xff\xfe", b"\r", b"\n", b"\t", b'"', b"'", b";", b",", b"&", b"=", b"%"),
    *(b"%00", b"%ff", b"&a=&a=", b"=cmd()", b"-1", b"9" * 30, b"9" * 5_000, b"x" * 20_001, b"nan"),
    *("\u202e".encode(), "٦٣".encode(), "\ud800".encode("utf-8", "surrogatepass"), b"&a: *a"),
    *(b"!!python/object/apply:os.system", b"? [a]", b"<<: *a", b"[" * 200, b"- " * 200, b"---\n"),
    *(b"<script>", b"{{7*7}}", b"$$\\frac{", b"\\begin{array}", b"|", b"true", b"0777", b"12:30"),
)
HEADERS: Final = (
    *("if-match", "idempotency-key", "accept", "content-type", "x-view-as", "cookie", "range"),
    *("authorization", "accept-language", "x-request-id", "sec-fetch-site", "origin", "host"),
    *("content-length", "if-none-match", "referer", "x-forwarded-for", "accept-encoding"),
)
VALUES: Final = (
    *("", "*", '"v1"', 'W/"v1"', '"' + "x" * 5_000 + '"', "\x00", "\xff\xfe", "test", "null", "-1"),
    *("9" * 5_000, "application/json; charset=utf-16", "text/csv", "multipart/form-data", "a=b;=;"),
    *("text/html", "bytes=0-,0-,0-", "Bearer ", "Basic Og==", "grader=x; grader=y", NOWHERE),
    *("[::1", "a b", "@", "//"),
    *("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json"),
)


@dataclass(frozen=True, slots=True)
class Raw:
    """A request as sent over the wire; *key* is its route as declared."""

    number: int
    who: str
    key: tuple[str, str]
    path: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        """Return an abbreviated form of the request."""
        asked = f"{self.number}: {self.who} {self.key[0]} {self.path[:200]!r} ?{self.query[:200]!r}"
        return f"{asked} {dict(self.headers)!r:.400} {self.body[:600]!r}"


@dataclass(frozen=True, slots=True)
class Whole:
    """A route with a request that succeeds, and the names of its query parameters."""

    key: tuple[str, str]
    body: bytes
    is_json: bool
    headers: Mapping[str, str]
    query: Mapping[str, str]
    names: tuple[str, ...]


class RawRequests:
    """The requests of *seed* to the routes of *scene*."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.seed = scene, seed
        names = _query_names(scene)
        self.routes = [_whole(scene, key, names.get(key, ())) for key in sorted(ROUTES)]

    def __getitem__(self, number: int) -> Raw:
        random = Random(f"{self.seed}:{number}")  # noqa: S311 (no secret is drawn)
        who = random.choices(ASKING, OFTEN)[0]
        whole = random.choice(self.routes)
        if not whole.body and random.random() < 1 / 2:  # something is sent more often than not
            whole = random.choice(self.routes)
        headers = dict(whole.headers) | _token(self.scene, who)
        if random.random() < 1 / 6:
            headers[random.choice(HEADERS)] = random.choice(VALUES)
        return Raw(
            number=number,
            who=who,
            key=whole.key,
            path=_path(self.scene, whole.key, random),
            query=_query(whole, random),
            headers=headers,
            body=_body(whole, random),
        )


def _query_names(scene: Scene) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the names of the query parameters of each route."""
    return {
        (method, str(context.path)): collect_query_names(dependant)
        for context in iter_route_contexts(scene.world.app.routes)
        for method in getattr(context.original_route, "methods", None) or ()
        if isinstance(dependant := getattr(context.original_route, "dependant", None), Dependant)
    }


def _whole(scene: Scene, key: tuple[str, str], names: tuple[str, ...]) -> Whole:
    route = ROUTES[key].resolve(scene)
    body = route.body
    is_json = not isinstance(body, str)
    sent = BLANK if body is None else (json.dumps(body) if is_json else body).encode()
    headers = {"if-match": "*"} if key[0] in {"PUT", "PATCH", "DELETE"} else {}
    if sent:
        headers["content-type"] = "application/json" if is_json else route.media
    headers |= {name.lower(): value for name, value in route.headers.items()}
    return Whole(key, sent, is_json, headers, route.query, names)


def _token(scene: Scene, who: str) -> dict[str, str]:
    person = scene.people[who]
    return {"authorization": f"Bearer {person.token}"} if person.token else {}


def _path(scene: Scene, key: tuple[str, str], random: Random) -> str:
    """Return the path of an object, sometimes one elsewhere or a random name."""

    def fill(found: re.Match[str]) -> str:
        name = found[1]
        if random.random() < 1 / 20:
            return _text(random.choice(WORDS + TEXTS)).replace("/", "") or "x"
        place = "elsewhere" if random.random() < 1 / 20 else "here"
        own = ROUTES[key].resolve(scene).path.get(name) if place == "here" else None
        return own or scene.places[place][name]

    return PARAMETER.sub(fill, key[1])


def _text(piece: bytes) -> str:
    return piece.strip(b'"').decode("utf-8", "replace")


def _query(whole: Whole, random: Random) -> bytes:
    """Return the query that succeeds, often with raw values added if the route reads one."""
    pairs = [(name.encode(), value.encode()) for name, value in whole.query.items()]
    names = [*(name.encode() for name in whole.names), b"nothing"]
    if random.random() < (1 / 2 if whole.names else 1 / 20):
        more = random.choices(names[:-1] or names, k=random.randint(1, 2))
        pairs += [(name, random.choice(TOKENS + WORDS).strip(b'"')) for name in more]
    raw = random.random() < 1 / 4
    return b"&".join(
        name + b"=" + (value if raw else quote_from_bytes(value).encode()) for name, value in pairs
    ).replace(b"\n", b"%0A")


def _body(whole: Whole, random: Random) -> bytes:
    """Return the body with one to four pieces changed, or an unrelated body."""
    if not whole.body or random.random() < 1 / 20:
        return random.choice((BLANK, BLANK, BLANK, random.choice(TOKENS)))
    pieces = (JSON_PIECE if whole.is_json else TEXT_PIECE).findall(whole.body)
    for _ in range(random.choice((1, 1, 2, 4))):
        _change(pieces, TOKENS if whole.is_json else WORDS, random)
    return BLANK.join(pieces)


def _change(pieces: list[bytes], tokens: tuple[bytes, ...], random: Random) -> None:
    """Delete, insert, duplicate or replace a piece; most often, replace a value."""
    at = random.randrange(len(pieces)) if pieces else 0
    values = [one for one, piece in enumerate(pieces) if _is_value(pieces, one, piece)]
    match random.randrange(8):
        case 0:
            del pieces[at : at + 1]
        case 1:
            pieces.insert(at, random.choice(tokens))
        case 2:
            pieces[at:at] = pieces[max(at - 4, 0) : at]
        case _:
            at = random.choice(values) if values else at
            pieces[at : at + 1] = [random.choice(tokens)]


def _is_value(pieces: list[bytes], at: int, piece: bytes) -> bool:
    """Return whether a piece of JSON is a value and not a key; in other text, a word."""
    if not piece or piece in b"{}[]:,":
        return False
    return pieces[at + 1 : at + 2] != [b":"]
