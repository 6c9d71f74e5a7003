"""Tests of HTTP over a socket: limits of the head, and refusals without a trace.

A request for another protocol is answered in HTTP/1.1, including its body.
"""

import json
import logging
import socket
import time

import pytest
from http_app import service
from serving import serve_app

from api.server.protocol import MAX_HEAD_BYTES, LimitedHttpProtocol

APP = service()
SAMPLES = b"/api/v1/samples"


@pytest.fixture(scope="module")
def port():
    """Yield the port of a server that uses our HTTP protocol class."""
    with serve_app(APP, http=LimitedHttpProtocol, ws="none") as port:
        yield port


def talk(port: int, *pieces: bytes) -> bytes:
    """Send *pieces*, and return all that the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
        except OSError:
            pass  # it has closed
        try:
            return b"".join(iter(lambda: line.recv(65536), b""))
        except ConnectionResetError:
            return b""


END = b"Host: a\r\nConnection: close\r\n\r\n"
GET = b"GET %b HTTP/1.1\r\n"
FULL = b"x" * (MAX_HEAD_BYTES - 200)


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([GET % SAMPLES, END], b"405"),
        ([GET % SAMPLES, b"X: " + FULL + b"\r\n", END], b"405"),
        ([GET % SAMPLES, b"X: " + FULL + b"x" * 400 + b"\r\n", END], b"431"),
        ([GET % (SAMPLES + b"?" + FULL + b"x" * 400), END], b"431"),
        ([GET % SAMPLES, *[b"X: %b\r\n" % (b"y" * 1000)] * 20, END], b"431"),
        ([GET % SAMPLES, *[b"X:\r\n"] * 5000, END], b"431"),
        ([b"GET no-path\r\n\r\n"], b"400"),
        ([GET % b"/\xff\xfe", END], b"400"),
    ],
)
def test_request_head_size_is_limited(port, pieces, status):
    # What a server closes while more comes may take its last words with it.
    said = next(filter(None, (talk(port, *pieces) for _ in range(5))))
    assert said.split(b"\r\n")[0].split()[1] == status
    assert b"server:" not in said.lower()
    assert b"Traceback" not in said


@pytest.mark.parametrize(
    "flood",
    [
        GET % SAMPLES + b"X: ",
        b"GET " + SAMPLES + b"?",
        b"POST %b HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n2\r\n{}\r\n0\r\nX: "
        % SAMPLES,
    ],
)
def test_endless_request_head_is_cut_off_and_not_buffered(port, flood):
    """The server accepts only a few MiB of a 64 MiB field, before or after a body."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(flood)
        try:
            for _ in range(1024):
                line.sendall(b"y" * 65536)
                sent += 65536
        except OSError:
            pass
    assert sent < 16 * 1024 * 1024


def test_body_does_not_count_toward_head_and_next_request_starts_fresh(port):
    body = b'{"count": 1}' + b" " * 100_000
    post = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" % SAMPLES
    one = post + b"Content-Length: %d\r\n\r\n" % len(body) + body
    said = talk(port, one, one, GET % SAMPLES, END)
    assert said.count(b"HTTP/1.1 ") == 3
    assert b" 431 " not in said


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAE\r\n"
WEBSOCKET = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
TWICE = b"upgrade:\r\nUPGRADE: h2c, websocket\r\nconnection: keep-alive, UPGRADE\r\nX:\r\n"
POST = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" % SAMPLES
LAST = GET % SAMPLES + END


def sized(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def chunked(body: bytes) -> bytes:
    chunks = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (3, body[:3], len(body) - 3, body[3:])
    return b"Transfer-Encoding: chunked\r\n\r\n" + chunks


def answers(said: bytes) -> list[tuple[int, dict]]:
    """Return the status and the JSON of every response in *said*."""
    found = []
    for one in said.split(b"HTTP/1.1 ")[1:]:
        head, _, body = one.partition(b"\r\n\r\n")
        found.append((int(head.split()[0]), json.loads(body)))
    return found


@pytest.fixture
def quiet(caplog):
    """Check that the server logs nothing above INFO during the test."""
    with caplog.at_level(logging.INFO, logger="uvicorn.error"):
        yield
    assert [one.message for one in caplog.records if one.levelno > logging.INFO] == []


@pytest.mark.parametrize("asked", [H2C, WEBSOCKET, TWICE])
@pytest.mark.parametrize("framed", [sized, chunked])
@pytest.mark.usefixtures("quiet")
def test_body_is_read_for_any_upgrade_request(port, asked, framed):
    said = talk(port, POST + asked + framed(b'{"count": 7}') + LAST)
    [first, second] = answers(said)
    assert (first[0], first[1]["count"]) == (200, 7)
    assert second[0] == 405


@pytest.mark.parametrize("asked", [H2C, WEBSOCKET])
@pytest.mark.usefixtures("quiet")
def test_upgrade_request_head_may_arrive_byte_by_byte(port, asked):
    whole = POST + asked + sized(b'{"count": 7}') + LAST
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(whole)):
            line.sendall(whole[at : at + 1])
            time.sleep(0.0005)
        said = b"".join(iter(lambda: line.recv(65536), b""))
    assert [status for status, _ in answers(said)] == [200, 405]


@pytest.mark.usefixtures("quiet")
def test_late_body_of_upgrade_request_is_not_parsed_as_request(port):
    """Request smuggling: no proxy in front of the service would have seen this request."""
    smuggled = GET % b"/api/v1/raise/bug" + b"Host: a\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        head, _, body = (POST + H2C + sized(smuggled)).partition(b"\r\n\r\n")
        line.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        went_on = line.recv(65536)
        line.sendall(body + LAST)
        said = b"".join(iter(lambda: line.recv(65536), b""))
    assert went_on == b"HTTP/1.1 100 Continue\r\n\r\n"
    [first, second] = answers(said)
    assert (first[0], first[1]["code"]) == (422, "bad_json")
    assert second[0] == 405


@pytest.mark.usefixtures("quiet")
def test_many_upgrade_requests_on_one_connection_are_answered(port):
    asks = [POST + H2C + sized(b'{"count": %d}' % number) for number in range(20)]
    about = GET % b"/api/v1/about" + WEBSOCKET + b"Host: a\r\n\r\n"
    said = talk(port, b"".join((*asks[:10], about, *asks[10:], LAST)))
    told = answers(said)
    assert [status for status, _ in told] == [200] * 21 + [405]
    assert [body["count"] for _, body in told[:10] + told[11:21]] == list(range(20))


@pytest.mark.parametrize("asked", [H2C, WEBSOCKET])
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
@pytest.mark.usefixtures("quiet")
def test_upgrade_request_without_body_gets_usual_response(port, asked, version):
    head = b"GET /api/v1/about HTTP/%b\r\nHost: a\r\nConnection: close\r\n" % version
    [(status, body)] = answers(talk(port, head + asked + b"\r\n"))
    assert (status, list(body)) == (200, ["id", "arrived"])


@pytest.mark.parametrize("cut", [0, 12])
def test_trailers_after_chunked_body_are_ignored(port, cut):
    """A proxy checks only the head, and authenticates by it; trailers are not headers."""
    after = b"X-Request-ID: planted\r\nHost: elsewhere\r\n\r\n"
    whole = POST + chunked(b'{"count": 7}')[:-2] + after + LAST
    at = len(whole) - len(after + LAST) - cut
    said = talk(port, whole[:at], whole[at:]) if cut else talk(port, whole)
    assert [status for status, _ in answers(said)] == [200, 405]
    assert b"planted" not in said


def test_head_size_limit_also_applies_to_upgrade_requests(port):
    said = talk(port, POST + H2C + b"X: " + FULL + b"x" * 400 + b"\r\n" + sized(b"{}"))
    assert said.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("target", [b"a:443", b"/", b"http://a/"])
def test_connect_requests_are_rejected(port, target):
    head = b"CONNECT %b HTTP/1.1\r\nHost: a\r\n" % target
    said = talk(port, head + sized(LAST))
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1 ") == 1
