"""Over a socket: a head has an end, and what cannot be read is refused without a trace."""

import socket

import pytest
from http_app import listening, service

from api.wire import MOST_IN_HEAD, CappedProtocol

APP = service()
SAMPLES = b"/api/v1/samples"


@pytest.fixture(scope="module")
def port():
    """Return the port of a server that speaks as ours does."""
    with listening(APP, http=CappedProtocol, ws="none") as port:
        yield port


def talk(port: int, *pieces: bytes) -> bytes:
    """Return all that the server says to some *pieces*, up to where it closes the connection."""
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
FULL = b"x" * (MOST_IN_HEAD - 200)


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
def test_a_head_has_an_end(port, pieces, status):
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
def test_a_head_that_never_ends_is_cut_off_and_not_kept(port, flood):
    """Of 64 MiB in one field, before a body or after it, few are read."""
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


def test_a_body_is_not_counted_as_a_head_and_the_next_request_begins_anew(port):
    body = b'{"count": 1}' + b" " * 100_000
    post = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" % SAMPLES
    one = post + b"Content-Length: %d\r\n\r\n" % len(body) + body
    said = talk(port, one, one, GET % SAMPLES, END)
    assert said.count(b"HTTP/1.1 ") == 3
    assert b" 431 " not in said
