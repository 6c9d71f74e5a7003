"""Tests of request bodies: authentication before large ones, byte budget and timeout."""

import json
import socket
import time
import tracemalloc
from contextlib import ExitStack, contextmanager

import pytest
from http_app import UPLOADS, Pieces, ask, service
from serving import serve_app

from api.core.errors import RateLimited, ServiceUnavailable
from api.http.pipeline.http_policy import HttpPolicy
from api.http.request_body import BodyBudget, BodyLimits
from api.server.protocol import LimitedHttpProtocol

MEBIBYTE = 1024 * 1024
KIBIBYTE = 1024
FREE = 64 * KIBIBYTE
APP = service()
CSV = {"content-type": "text/csv"}


@pytest.mark.parametrize(("size", "status"), [(FREE - 1, 200), (FREE, 200), (FREE + 1, 413)])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_at_most_64_kib_of_an_unauthenticated_body_is_read(size, status, is_chunked):
    body = Pieces(size)
    headers = CSV if is_chunked else CSV | {"content-length": str(size)}
    answered = ask(APP, "POST", "/api/v1/anonymous", body=body, headers=headers)
    assert answered.status == status
    assert body.read <= FREE + 16 * KIBIBYTE
    assert status == 200 or (answered.code, answered.headers["connection"]) == (
        "too_large",
        "close",
    )


@pytest.mark.parametrize(
    ("caller", "status", "code"),
    [("nobody", 401, "unauthenticated"), ("student", 403, "forbidden"), ("staff", 200, None)],
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_upload_is_not_read_before_its_caller_is_authorized(caller, status, code, is_chunked):
    body = Pieces(900_000)
    headers = CSV | {"x-caller": caller}
    headers |= {} if is_chunked else {"content-length": "900000"}
    answered = ask(APP, "POST", "/api/v1/files", body=body, headers=headers)
    assert answered.status == status
    assert body.read == (900_000 if status == 200 else 0)
    assert code is None or answered.code == code


def test_authenticated_body_is_limited_by_its_path():
    body = Pieces(3_000_000)
    headers = CSV | {"x-caller": "staff"}
    answered = ask(APP, "POST", "/api/v1/files", body=body, headers=headers)
    assert (answered.status, answered.code) == (413, "too_large")
    assert body.read < 1_100_000


def test_body_budget_is_enforced_per_caller_and_in_total_and_released():
    budget = BodyBudget(total_bytes=100, caller_bytes=60)
    budget.reserve("ada", 60)
    with pytest.raises(RateLimited) as refused:
        budget.reserve("ada", 1)
    assert (refused.value.code, refused.value.retry_after) == ("too_many_uploads", 5)
    budget.reserve("ben", 20)
    with pytest.raises(ServiceUnavailable) as refused:
        budget.reserve("cem", 11)
    assert (refused.value.code, refused.value.retry_after) == ("upload_capacity", 5)
    budget.release("ada", 60)
    budget.reserve("ada", 40)
    budget.release("ada", 40)
    budget.release("ben", 20)
    assert budget.reserved_bytes == 0
    assert budget._reserved == {}  # noqa: SLF001


def test_heavy_callers_leave_budget_for_the_next_caller():
    budget = BodyBudget(64 * MEBIBYTE, 24 * MEBIBYTE)
    for caller in ("ada", "ben"):
        budget.reserve(caller, 20 * MEBIBYTE)
    with pytest.raises(ServiceUnavailable):
        budget.reserve("cem", 20 * MEBIBYTE)
    for caller, size in (("cem", 12), ("dan", 6), ("eve", 3)):
        budget.reserve(caller, size * MEBIBYTE)
    budget.reserve("fay", 256 * 1024)


def test_sole_caller_may_use_the_whole_budget():
    budget = BodyBudget(20 * MEBIBYTE, 24 * MEBIBYTE)
    budget.reserve("ada", 10 * MEBIBYTE)
    budget.reserve("ada", 10 * MEBIBYTE)


@contextmanager
def limited(**limits):
    """Yield the port of a server with these limits, and its byte budget."""
    budget = BodyBudget(total_bytes=400_000, caller_bytes=200_000)
    bodies = BodyLimits(uploads=UPLOADS, budget=budget, **limits)
    with serve_app(
        service(HttpPolicy(body_limits=bodies)), http=LimitedHttpProtocol, ws="none"
    ) as port:
        yield port, budget


def head(length, caller="ada", path="/api/v1/files"):
    framing = f"Content-Length: {length}" if length else "Transfer-Encoding: chunked"
    return (
        f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\n"
        f"X-Caller: {caller}\r\n{framing}\r\n\r\n"
    ).encode()


def answer(line):
    """Return the status, headers and problem of the next response on a connection."""
    with line.makefile("rb") as reader:
        status = int(reader.readline().split()[1])
        headers = dict(
            one.decode().strip().lower().split(": ", 1) for one in iter(reader.readline, b"\r\n")
        )
        body = reader.read(int(headers["content-length"]))
    return status, headers, json.loads(body)


def test_upload_over_the_budget_is_refused_until_another_ends():
    with limited() as (port, budget), ExitStack() as opened:

        def send(caller, length, body=b""):
            line = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            line.sendall(head(length, caller) + body)
            return line

        def wait_until_reserved(size):
            for _ in range(200):
                if budget.reserved_bytes == size:
                    return
                status, _, _ = answer(send("cem", 5, b"12345"))
                assert status == 200
            raise AssertionError(budget.reserved_bytes)

        ada = send("ada", 150_000, b"," * 149_999)
        wait_until_reserved(150_000)
        status, headers, told = answer(send("ada", 100_000))
        assert (status, told["code"], headers["retry-after"]) == (429, "too_many_uploads", "5")
        send("ben", 120_000)
        wait_until_reserved(270_000)
        status, headers, told = answer(send("cem", 100_000))
        assert (status, told["code"], headers["retry-after"]) == (503, "upload_capacity", "5")
        chunk = b"%x\r\n%b\r\n" % (65_536, b"," * 65_536)
        status, _, told = answer(send("cem", None, chunk))
        assert (status, told["code"]) == (503, "upload_capacity")
        ada.sendall(b",")
        assert answer(ada)[::2] == (200, 150_000)
        wait_until_reserved(120_000)
        assert answer(send("cem", 100_000, b"," * 100_000))[::2] == (200, 100_000)
    assert budget.reserved_bytes == 0


@pytest.mark.parametrize(
    ("path", "length", "caller"),
    [
        ("/api/v1/anonymous", 100, "nobody"),
        ("/api/v1/anonymous", None, "nobody"),
        ("/api/v1/files", 100, "ada"),
        ("/api/v1/files", 100_000, "ada"),
        ("/api/v1/files", None, "ada"),
    ],
)
@pytest.mark.parametrize("start", [b"", b"1"], ids=["nothing", "a part"])
def test_slow_body_gets_408_and_closes_the_connection(path, length, caller, start):
    body = start if length else b"%x\r\n%b\r\n" % (len(start), start) if start else b""
    with (
        limited(timeout_seconds=0.2, upload_timeout_seconds=0.3) as (port, budget),
        socket.create_connection(("127.0.0.1", port), timeout=20) as line,
    ):
        line.sendall(head(length, caller, path) + body)
        status, headers, told = answer(line)
        assert (status, told["code"]) == (408, "request_timeout")
        assert headers["content-type"] == "application/problem+json"
        assert headers["connection"] == "close"
        assert line.recv(1) == b""
        assert budget.reserved_bytes == 0


def test_body_timeout_does_not_limit_the_response():
    with (
        limited(timeout_seconds=1) as (port, _),
        socket.create_connection(("127.0.0.1", port), timeout=20) as line,
    ):
        for _ in range(2):
            line.sendall(head(5) + b"123")
            line.sendall(b"45")
            assert answer(line)[::2] == (200, 5)
            time.sleep(1.1)


@pytest.mark.parametrize("path", ["/api/v1/files", "/api/v1/anonymous"])
def test_body_sent_byte_by_byte_uses_no_more_memory(path):
    """Each chunk was once kept separately, which took 300 times its memory."""
    size = 40_000
    tracemalloc.start()
    answered = ask(APP, "POST", path, body=(b"," for _ in range(size)), headers=CSV)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (answered.status, answered.body) == (200, b"%d" % size)
    assert peak < 1_000_000
