"""Tests of connections over real sockets: slow clients and the connection limit."""

import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest
from fastapi import Request
from fastapi.responses import PlainTextResponse
from http_app import UPLOADS, service
from serving import run_server

from api.config.settings import ServiceSettings
from api.http.pipeline.http_policy import HttpPolicy
from api.http.request_body import BodyBudget, BodyLimits
from api.http.response_memory import CALLER_KEY, SharedResponse
from api.server import connection_limits
from api.server.protocol import MAX_QUEUED_REQUESTS
from api.server.uvicorn_server import UNSENT_KERNEL_BYTES, create_config

ABOUT = b"GET /api/v1/about HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = ABOUT.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
LIMIT = 10
LARGE = 40_000_000
SHARED = b"x" * LARGE


def post(path, length, *, caller=b"ada"):
    head = b"POST /api/v1/%b HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\nX-Caller: %b\r\n"
    return head % (path, caller) + b"Content-Length: %d\r\n\r\n" % length


class Server:
    """Server on a port, which accepts at most `LIMIT` connections."""

    def __init__(self, port, opened, state, held, go_on):
        self.port, self._opened, self._state = port, opened, state
        self.held, self.go_on = held, go_on

    @property
    def count(self):
        return len(self._state.connections)

    def connect(self, sent=b""):
        """Return a new connection on which *sent* was sent."""
        line = self._opened.enter_context(
            socket.create_connection(("127.0.0.1", self.port), timeout=20)
        )
        line.sendall(sent)
        return line

    def status(self):
        """Return the status of a request on its own connection."""
        return int(whole(self.connect(LAST)).split()[1])


def whole(line):
    """Return everything received on a connection until it closes."""
    try:
        return b"".join(iter(lambda: line.recv(65536), b""))
    except ConnectionError:
        return b""


def wait_until(holds):
    """Wait up to 20 s for *holds* to return true."""
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def is_open(line):
    """Return whether a connection is open, discarding any data received on it."""
    line.settimeout(0.05)
    try:
        while line.recv(65536):
            pass
    except TimeoutError:
        return True
    except ConnectionError:
        pass
    return False


@contextmanager
def serving(budget=None):
    app = service(
        HttpPolicy(body_limits=BodyLimits(uploads=UPLOADS, budget=budget or BodyBudget()))
    )

    @app.get("/large")
    async def large() -> PlainTextResponse:
        return PlainTextResponse(b"x" * LARGE)

    @app.get("/shared")
    async def shared() -> SharedResponse:
        return SharedResponse(SHARED)

    @app.get("/mine")
    async def mine(request: Request) -> SharedResponse:
        request.scope["state"][CALLER_KEY] = "ada"
        return SharedResponse(SHARED)

    @app.get("/slow")
    def slow() -> str:
        held.append(1)
        time.sleep(1.2)
        return "slow"

    held, go_on = [], threading.Event()

    @app.get("/held")
    def hold() -> str:
        held.append(1)
        go_on.wait(20)
        return "held"

    config = create_config(app, ServiceSettings(connections=LIMIT))
    config.lifespan = "off"
    states = []
    with (
        socket.create_server(("127.0.0.1", 0), backlog=2048) as listener,
        run_server(config, listener, on_start=states.append),
        ExitStack() as opened,
    ):
        # As `bind_socket` sets it; the connections inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_KERNEL_BYTES)
        yield Server(listener.getsockname()[1], opened, states[0], held, go_on)


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def hasty(monkeypatch):
    """Yield a server with timeouts of at most 3 s, instead of 10 s and more."""
    monkeypatch.setattr(connection_limits, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(connection_limits, "HEAD_TIMEOUT_SECONDS", 3)
    monkeypatch.setattr(connection_limits, "UNREAD_BODY_TIMEOUT_SECONDS", 3)
    monkeypatch.setattr(connection_limits, "SEND_TIMEOUT_SECONDS", 2)
    monkeypatch.setattr(connection_limits, "ANONYMOUS_READ_SECONDS", 0.2)
    monkeypatch.setattr(connection_limits, "AUTHENTICATED_READ_SECONDS", 0.2)
    with serving() as server:
        yield server


WITHHELD = {
    "silent": b"",
    "half a head": b"GET /api/v1/about HTTP/1.1\r\nX: ",
    "idle": ABOUT,
    "blank lines": b"\r\n",
    "no body": post(b"anonymous", 100),
    "half a body": post(b"anonymous", 60_000) + b"," * 50_000,
    "a body that nobody reads": post(b"files", 900_000, caller=b"nobody") + b"," * 99_999,
}


@pytest.mark.parametrize("sent", WITHHELD.values(), ids=WITHHELD)
def test_waiting_connections_do_not_block_other_clients(server, sent):
    lines = []
    for _ in range(3 * LIMIT):
        lines.append(server.connect(sent))
        if sent == ABOUT:  # idle from its response on; before, its request is in progress
            assert lines[-1].recv(65536).startswith(b"HTTP/1.1 200 ")
    for _ in range(5):
        assert server.status() == 200
    assert server.count <= LIMIT
    assert not is_open(lines[0]) or sent == ABOUT


def test_upload_of_an_authenticated_caller_outlives_waiting_strangers():
    budget = BodyBudget()
    with serving(budget) as server:
        upload = server.connect(post(b"files", 100_000) + b"," * 70_000)
        wait_until(lambda: budget.reserved_bytes == 100_000)
        for _ in range(3 * LIMIT):
            server.connect(b"GET ")
        assert server.status() == 200
        upload.sendall(b"," * 30_000)
        assert upload.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_connection_with_a_request_in_progress_is_not_closed(server):
    slow = server.connect(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    wait_until(lambda: server.held)
    for _ in range(3 * LIMIT):
        server.connect()
    assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_request_beyond_the_connection_limit_gets_503(server):
    lines = []
    for count in range(1, LIMIT + 1):
        lines.append(server.connect(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n"))
        wait_until(lambda count=count: len(server.held) == count)
    assert server.status() == 503
    server.go_on.set()
    assert {line.recv(65536)[:13] for line in lines} == {b"HTTP/1.1 200 "}
    assert server.status() == 200


@pytest.mark.parametrize("sent", ["silent", "half a head", "blank lines"])
def test_client_has_limited_time_to_send_the_request_head(hasty, sent):
    began = time.monotonic()
    assert whole(hasty.connect(WITHHELD[sent])) == b""
    assert 2.9 < time.monotonic() - began < 20


@pytest.mark.parametrize("more", [b"", b"\r\n", b"GET "])
def test_idle_connection_closes_after_a_response_even_if_bytes_arrive(hasty, more):
    line = hasty.connect(ABOUT)
    assert line.recv(65536).startswith(b"HTTP/1.1 200 ")
    line.sendall(more)
    assert whole(line) == b""


def test_slow_request_head_within_the_timeout_is_served(hasty):
    line = hasty.connect()
    for piece in (ABOUT[:20], ABOUT[20:]):
        time.sleep(0.2)
        line.sendall(piece)
    assert line.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_body_continuing_after_the_response_is_read_only_for_a_while(hasty):
    line = hasty.connect(post(b"files", 900_000, caller=b"nobody"))
    assert line.recv(65536).startswith(b"HTTP/1.1 401 ")
    assert whole(line) == b""


def test_unwanted_body_is_read_in_small_amounts(server):
    line = server.connect(post(b"files", 900_000, caller=b"nobody") + b"," * 900_000)
    assert line.recv(65536).startswith(b"HTTP/1.1 401 ")
    endless = b"POST /api/v1/files HTTP/1.1\r\nHost: a\r\nX-Caller: nobody\r\n"
    line.sendall(endless + b"Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n")
    line.settimeout(1)
    assert line.recv(65536).startswith(b"HTTP/1.1 401 ")
    sent, chunk = 0, b"%x\r\n%b\r\n" % (65_536, b"," * 65_536)
    with suppress(OSError):
        while sent < 256 * len(chunk):
            line.sendall(chunk)
            sent += len(chunk)
    assert sent < 250 * len(chunk)


def test_client_sending_its_whole_body_first_gets_the_response(server):
    line = server.connect(post(b"files", 900_000, caller=b"nobody") + b"," * 900_000 + ABOUT)
    said = b""
    while said.count(b"HTTP/1.1 ") < 2:
        said += line.recv(65536)
    assert said.startswith(b"HTTP/1.1 401 ")
    assert b"HTTP/1.1 200 " in said


def test_unread_response_is_abandoned(hasty):
    line = hasty.connect(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    assert line.recv(1) == b"H"
    wait_until(lambda: hasty.count == 0)
    assert len(whole(line)) < LARGE


@pytest.mark.parametrize(("pause", "is_whole"), [(0.2, False), (0.005, True)])
def test_response_must_be_read_at_a_minimum_rate(hasty, monkeypatch, pause, is_whole):
    monkeypatch.setattr(connection_limits, "MIN_READ_BYTES_PER_SECOND", 2_000_000)
    line = hasty.connect()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    line.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    wait_until(lambda: hasty.count)
    got, until = 0, time.monotonic() + 60
    with suppress(ConnectionError):
        while got < LARGE and hasty.count and (piece := line.recv(65_536)):
            got += len(piece)
            time.sleep(pause)
            assert time.monotonic() < until
    assert (got >= LARGE) is is_whole


def start_reading(server):
    """Return connections that read a large response: one of a known caller, then of strangers."""
    lines = []
    for path in [b"/mine"] + [b"/shared"] * (LIMIT - 1):
        line = server.connect()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        line.sendall(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
        assert line.recv(13) == b"HTTP/1.1 200 "
        lines.append(line)
    return lines


def read_some(line):
    """Read more than the minimum rate, unless the connection is closed."""
    with suppress(ConnectionError):
        line.recv(16_384)


def test_slow_readers_are_closed_for_others_with_authenticated_ones_last(hasty):
    known, *strangers = lines = start_reading(hasty)

    def hold_one_more():
        hasty.connect(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        count = len(hasty.held) + 1
        wait_until(lambda: [*map(read_some, lines)] and len(hasty.held) == count)

    for _ in range(50):
        [*map(read_some, lines)]
        time.sleep(0.01)
    while len(hasty.held) < len(strangers):
        hold_one_more()
    assert all(len(whole(line)) < LARGE / 2 for line in strangers)
    hold_one_more()
    assert len(whole(known)) < LARGE / 2
    hasty.go_on.set()


def test_clients_that_just_started_reading_are_not_closed(server, monkeypatch):
    monkeypatch.setattr(connection_limits, "ANONYMOUS_READ_SECONDS", 60)
    lines = start_reading(server)
    assert server.status() == 503
    assert all(line.recv(65_536) for line in lines)


def test_anonymous_clients_have_less_time_to_read(server, monkeypatch):
    """Those who reconnect before they are closed cannot keep others out."""
    monkeypatch.setattr(connection_limits, "AUTHENTICATED_READ_SECONDS", 60)
    monkeypatch.setattr(connection_limits, "ANONYMOUS_READ_SECONDS", 0)
    known, *strangers = start_reading(server)
    assert [server.status() for _ in range(2 * LIMIT)] == [200] * 2 * LIMIT
    assert len(whole(known)) > LARGE / 2
    assert any(len(whole(line)) < LARGE / 2 for line in strangers)


def test_slowly_read_response_is_sent_completely(hasty):
    line = hasty.connect(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    got = 0
    while piece := line.recv(1024 * 1024):
        got += len(piece)
        time.sleep(0.05)
    assert got > LARGE


def test_pipelined_requests_are_limited_and_the_last_response_closes(server):
    """Until its response, a request takes some hundred times its size in memory."""
    slow = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
    line = server.connect(slow + ABOUT * 5_000)
    said = whole(line)
    answers = said.count(b"HTTP/1.1 200 OK")
    assert said.count(b"HTTP/1.1 ") == answers <= MAX_QUEUED_REQUESTS + 2
    assert said.rpartition(b"HTTP/1.1 ")[2].count(b"connection: close") == 1
    assert server.status() == 200


def test_pipelined_requests_share_a_header_limit(server):
    slow = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
    many = ABOUT.replace(b"Host", b"a:\r\n" * 200 + b"Host")
    said = whole(server.connect(slow + many * 10 + ABOUT))
    assert 2 <= said.count(b"HTTP/1.1 200 OK") == said.count(b"HTTP/1.1 ") <= 4


def test_headers_count_by_the_memory_they_use(server):
    few, many = (ABOUT.replace(b"Host", b"a:\r\n" * count + b"Host") for count in (400, 600))
    assert server.connect(few).recv(65536).startswith(b"HTTP/1.1 200 ")
    assert server.connect(many).recv(65536).startswith(b"HTTP/1.1 431 ")


def test_many_concurrent_clients_are_all_served(server):
    """The longest waiting connections are closed, but no request is late enough for that."""
    statuses = []

    def ask():
        for _ in range(10):
            statuses.append(server.status())  # noqa: PERF401  # each is asked apart

    threads = [threading.Thread(target=ask) for _ in range(LIMIT // 2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert statuses == [200] * 10 * (LIMIT // 2)


def test_oversized_body_may_be_sent_completely_before_the_response_is_read(server):
    """Closing a socket while data arrives resets it, and the response is lost."""
    line = server.connect(post(b"anonymous", 300_000))
    wait_until(lambda: is_answered(line))
    for _ in range(30):
        line.sendall(b"," * 10_000)
    assert whole(line).startswith(b"HTTP/1.1 413 ")


def is_answered(line):
    line.settimeout(0.0)
    try:
        return line.recv(1, socket.MSG_PEEK) == b"H"
    except BlockingIOError:
        return False
    finally:
        line.settimeout(20)
