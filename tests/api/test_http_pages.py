"""Tests of pagination, ETags and rate limits."""

import base64
import json
from datetime import UTC, datetime
from itertools import chain
from urllib.parse import quote
from uuid import UUID

import pytest
from http_app import ROWS, ask, service
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Uuid, create_engine, select
from sqlalchemy.pool import StaticPool

from api.core.errors import InvalidInput, PreconditionFailed, RateLimited
from api.http import pagination
from api.http.etags import IfMatchVersions
from api.http.pagination import Cursor, apply_keyset
from api.rate_limits.leaky_bucket import MAX_KEYS, LeakyBucketLimiter, RateLimit

APP = service()
ONE = UUID(int=1)


def cursor(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def get(query: str):
    return ask(APP, "GET", "/api/v1/rows", query=query.encode())


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 200])
def test_pages_together_form_the_whole_list(limit):
    found, query = [], f"limit={limit}"
    while query:
        answered = get(query)
        page = json.loads(answered.body)
        assert len(page["items"]) <= limit
        found += page["items"]
        query = f"limit={limit}&cursor={page['next']}" if page["next"] else ""
        link = answered.headers.get("link")
        assert link == (f'</api/v1/rows?{query}>; rel="next"' if query else None)
    assert found == [f"{name}/{number.int}" for name, number in ROWS]


@pytest.mark.parametrize(("page_bytes", "rows"), [(1, 1), (21, 2), (22, 2), (10_000, 7)])
def test_page_is_limited_in_bytes_but_has_at_least_one_row(monkeypatch, page_bytes, rows):
    """A row is ten bytes of JSON here, such as "name0/0" in quotes and a comma."""
    monkeypatch.setattr(pagination, "MAX_PAGE_BYTES", page_bytes)
    pages, query = [], "limit=200"
    while query:
        page = json.loads(get(query).body)
        pages.append(page["items"])
        query = f"limit=200&cursor={page['next']}" if page["next"] else ""
    assert len(pages[0]) == max(map(len, pages)) == rows
    assert list(chain.from_iterable(pages)) == [f"{name}/{number.int}" for name, number in ROWS]


def test_host_header_cannot_redirect_the_next_page_link():
    answered = ask(APP, "GET", "/api/v1/rows", query=b"limit=1", headers={"host": "evil.example"})
    assert answered.headers["link"].startswith("</api/v1/rows?")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x",
        "~~~~",
        "٦٣",
        "A" * 2001,
        cursor(None),
        cursor([]),
        cursor({"by": "name"}),
        cursor(["name", "a"]),
        cursor(["date", "a", ONE.hex]),
        cursor(["name", 1, ONE.hex]),
        cursor(["name", None, ONE.hex]),
        cursor(["name", "a\0", ONE.hex]),
        cursor(["name", "\ud800", ONE.hex]),
        cursor(["name", "a", "z" * 32]),
        cursor(["name", "a", str(ONE)]),
        cursor(["name", "a", 1]),
        cursor(["name", "a", ONE.hex, 1]),
        base64.urlsafe_b64encode(b"[" * 1400).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
def test_cursor_of_another_list_is_rejected(bad):
    answered = ask(APP, "GET", "/api/v1/rows", query=b"cursor=" + quote(bad).encode())
    assert (answered.status, answered.code) == (422, "invalid")
    assert json.loads(answered.body)["errors"][0]["field"] == "query cursor"


@pytest.mark.parametrize("value", [True, 2**63, -(2**63) - 1, 1.5, "1", None])
@pytest.mark.parametrize("kind", [int, datetime])
def test_cursor_with_a_value_of_another_type_is_rejected(kind, value):
    with pytest.raises(InvalidInput):
        Cursor.decode(cursor(["by", value, ONE.hex]), by="by", kind=kind)


def test_cursor_with_an_out_of_range_date_is_rejected():
    with pytest.raises(InvalidInput):
        Cursor.decode(cursor(["by", 2**62, ONE.hex]), by="by", kind=datetime)


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"))
    | st.integers(-(2**63), 2**63 - 1)
    | st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
)
def test_cursor_survives_encoding_and_decoding(value, row):
    told = Cursor("by", value, row)
    assert Cursor.decode(told.encode(), by="by", kind=type(value)) == told


METADATA = MetaData()
TABLE = Table("rows", METADATA, Column("id", Uuid, primary_key=True), Column("at", Integer))
# One connection, so that the tables in memory stay; what a test inserts is rolled back.
ENGINE = create_engine("sqlite://", poolclass=StaticPool)
METADATA.create_all(ENGINE)


@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 5), st.booleans())
def test_keyset_pages_return_each_sorted_row_once(values, limit, down):
    rows = [(value, UUID(int=number)) for number, value in enumerate(values)]
    with ENGINE.connect() as connection:
        for value, row in rows:
            connection.execute(TABLE.insert().values(id=row, at=value))
        found, after = [], None
        for _ in range(len(rows) + 1):
            statement = apply_keyset(
                select(TABLE.c.at, TABLE.c.id),
                TABLE.c.at,
                TABLE.c.id,
                after=after,
                order="descending" if down else "ascending",
            )
            found += [tuple(row) for row in connection.execute(statement.limit(limit))]
            after = Cursor("at", *found[-1]) if found else None
    assert found == sorted(rows, reverse=down)


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 428, "precondition_required"),
        ('"v6"', 412, "stale"),
        ('W/"v7"', 412, "stale"),
        ("v7", 412, "stale"),
        ("", 412, "stale"),
        ('"v77"', 412, "stale"),
        ('"canary"', 412, "stale"),
        ('"v7"', 200, ""),
        ('"v6", "v7"', 200, ""),
        ('W/"a", "v7"', 200, ""),
        (" * ", 200, ""),
    ],
)
def test_if_match_header_is_required_and_compared(header, status, code):
    headers = {} if header is None else {"if-match": header}
    answered = ask(APP, "PATCH", "/api/v1/version", headers=headers)
    assert answered.status == status
    assert status == 200 or answered.code == code
    assert b"canary" not in answered.body


def test_if_match_wildcard_is_accepted_only_where_allowed():
    IfMatchVersions(None).check(1)
    with pytest.raises(PreconditionFailed):
        IfMatchVersions(frozenset()).check(1)


class Monotonic:
    """Monotonic clock that advances only when a test sets it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_rate_limiter_allows_a_burst_and_then_a_steady_rate():
    clock = Monotonic()
    throttle = LeakyBucketLimiter(RateLimit(events=5, seconds=60), clock=clock)
    assert [throttle.try_consume("ann") for _ in range(6)] == [0, 0, 0, 0, 0, 12]
    assert throttle.try_consume("bob") == 0
    clock.now += 11.5
    assert throttle.try_consume("ann") == pytest.approx(0.5)
    clock.now += 0.5
    assert throttle.try_consume("ann") == 0
    assert throttle.try_consume("ann") == pytest.approx(12)
    clock.now += 10_000
    assert [throttle.try_consume("ann") for _ in range(6)] == [0, 0, 0, 0, 0, 12]


def test_rate_limit_error_rounds_retry_after_up_to_seconds():
    throttle = LeakyBucketLimiter(RateLimit(events=1, seconds=0.5), clock=Monotonic())
    throttle.consume("ann")
    with pytest.raises(RateLimited) as refused:
        throttle.consume("ann")
    assert refused.value.retry_after == 1


def test_clock_stepping_back_does_not_change_the_rate_limit():
    clock = Monotonic()
    throttle = LeakyBucketLimiter(RateLimit(events=2, seconds=10), clock=clock)
    throttle.try_consume("ann")
    clock.now -= 3600
    assert [throttle.try_consume("ann"), throttle.try_consume("ann")] == [0, 5]


def test_rate_limiter_evicts_the_least_recently_used_keys():
    throttle = LeakyBucketLimiter(RateLimit(events=1, seconds=60), clock=Monotonic())
    for one in range(MAX_KEYS + 10):
        throttle.try_consume(str(one))
    assert throttle.try_consume(str(MAX_KEYS + 9)) > 0
    assert throttle.try_consume("10") > 0
    assert throttle.try_consume("9") == 0
