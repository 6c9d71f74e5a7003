"""Tests of requests to servers of others: their deadline, and what a bad server costs."""

import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from lti_platform import DIALECTS, LtiPlatform
from lti_registrar import ENDPOINT_NAMES
from oidc_provider import CLIENT_ID, OidcProvider
from pages import Browser
from sqlalchemy import func, select
from world import World

from api.db.models import LtiLaunch, RateLimitEvent
from api.rate_limits.event_limits import EVENT_LIMITS, EventLimit
from api.services.external_login import fetched_value
from api.services.external_login.deadline_transport import DeadlineTransport, limit_request_time
from api.services.external_login.fetched_value import FetchedValue, FetchUnderWayError
from api.services.external_login.outbound_http import OutboundError, OutboundHttp, OutboundLimits
from api.services.external_login.provider_http import ProviderHttp
from api.services.lti.platforms.registration import create_registration_link
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.runner import SEND_THREADS

LIMITS = OutboundLimits(max_bytes=10_000, timeout_seconds=5, total_seconds=0.5)
MOST_SECONDS = 4
"""Far less than a server needs that sends a byte in a tenth of a second."""


class SlowServer:
    """Server that sends *beginning* at once, then a byte every tenth of a second."""

    def __init__(self, beginning):
        self._beginning = beginning
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._stopped = threading.Event()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(4096)
            try:
                connection.sendall(self._beginning)
                while not self._stopped.wait(0.1):
                    connection.sendall(b"x")
            except OSError:
                pass

    def close(self):
        self._stopped.set()
        self._thread.join()
        self._socket.close()


BEGINNINGS = {
    "head": b"HTTP/1.1 200 OK\r\nX-Slow: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n",
}


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
def test_slow_drip_response_is_aborted_at_deadline(beginning):
    server = SlowServer(beginning)
    http = OutboundHttp(LIMITS, None)
    began = time.monotonic()
    try:
        with pytest.raises(OutboundError, match=r"too long|Timeout"):
            http.send("GET", server.url)
    finally:
        server.close()
        http.close()
    assert time.monotonic() - began < MOST_SECONDS


def test_stalled_tls_handshake_is_aborted_at_deadline():
    server = SlowServer(b"")
    began = time.monotonic()
    try:
        with (
            httpx2.Client(transport=DeadlineTransport(), timeout=5) as client,
            limit_request_time(0.5),
            pytest.raises(httpx2.HTTPError),
        ):
            client.get(server.url.replace("http:", "https:"))
    finally:
        server.close()
    assert time.monotonic() - began < MOST_SECONDS


def test_reused_connection_gets_a_new_deadline():
    def serve():
        connection, _ = listener.accept()
        with connection:
            for _ in range(2):
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        http = OutboundHttp(LIMITS, None)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert http.send("GET", url).body == b"{}"
        time.sleep(LIMITS.total_seconds)
        assert http.send("GET", url).body == b"{}"
        thread.join()
        http.close()


def test_certificates_load_lazily_on_first_request(monkeypatch):
    """Loading them takes 20 ms, which each of 5,000 tests with a service spent."""
    loaded, context = [], ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    monkeypatch.setattr(httpx2, "create_ssl_context", lambda: loaded.append(context) or context)
    clients = [one._http for one in (PlatformHttp(), ProviderHttp())]  # noqa: SLF001
    assert loaded == []
    for client in clients:
        for _ in range(2):
            client._open_client()  # noqa: SLF001
        client.close()
    assert loaded == [context] * len(clients)


def test_compressed_and_oversized_responses_are_rejected():
    def serve(request):
        assert request.headers["accept-encoding"] == "identity"
        if request.url.path == "/long":
            return httpx2.Response(200, content=b"x" * 20_000)
        headers = {"Content-Encoding": "gzip"}
        return httpx2.Response(200, headers=headers, stream=httpx2.ByteStream(b"\x1f\x8b"))

    http = OutboundHttp(LIMITS, httpx2.MockTransport(serve))
    for path, reason in (("long", "too long"), ("bomb", "compressed")):
        with pytest.raises(OutboundError, match=reason):
            http.send("GET", f"https://lms.example/{path}")


def test_fetch_failure_is_cached_briefly(monkeypatch):
    value, calls = FetchedValue(), []

    def fetch():
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("down")
        return "keys"

    for _ in range(5):
        with pytest.raises(ValueError, match="down"):
            value.get(fetch, max_age_seconds=60)
    assert len(calls) == 1
    later = time.monotonic() + fetched_value.FAILURE_SECONDS
    monkeypatch.setattr(fetched_value, "monotonic", lambda: later)
    assert value.get(fetch, max_age_seconds=60) == "keys"


def test_one_thread_fetches_while_others_time_out_quickly(monkeypatch):
    monkeypatch.setattr(fetched_value, "WAIT_SECONDS", 0.05)
    value, began, goes, calls = FetchedValue(), threading.Event(), threading.Event(), []

    def fetch():
        calls.append(1)
        began.set()
        assert goes.wait(30)
        return "keys"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(value.get, fetch, max_age_seconds=60)
        assert began.wait(30)
        for _ in range(3):
            with pytest.raises(FetchUnderWayError):
                value.get(fetch, max_age_seconds=60)
        goes.set()
        assert first.result() == "keys"
    assert value.get(fetch, max_age_seconds=60) == "keys"
    assert len(calls) == 1


@pytest.fixture
def campus(database_url):
    world = World(database_url)
    world.platform = LtiPlatform(DIALECTS["moodle"], now=int(world.clock().timestamp()))
    world.service.lti.http = PlatformHttp(world.platform.transport)
    world.platform.register(world)
    yield world
    world.close()


def launch(world):
    """Return the page after a message of the platform."""
    return world.platform.post_message(Browser(world), world.platform.student)


@pytest.mark.parametrize("down", ["connection", 500])
def test_launches_share_one_failed_fetch_while_platform_is_down(campus, down):
    campus.platform.down = down
    assert [launch(campus).status for _ in range(5)] == [503] * 5
    assert campus.platform.requests == ["GET /jwks"]


def test_messages_with_unknown_key_ids_share_one_fetch(campus, monkeypatch):
    assert launch(campus).status == 303
    later = time.monotonic() + 60
    monkeypatch.setattr(fetched_value, "monotonic", lambda: later)
    campus.platform.kid = "unknown"
    assert [launch(campus).status for _ in range(5)] == [403] * 5
    assert campus.platform.requests == ["GET /jwks"] * 2
    campus.platform.down = "connection"
    later += 60
    assert [launch(campus).status for _ in range(5)] == [503] * 5
    assert campus.platform.requests == ["GET /jwks"] * 3


def test_platform_key_fetch_does_not_block_other_writes(campus):
    began, goes = threading.Event(), threading.Event()

    def serve(request):
        began.set()
        assert goes.wait(30)
        return campus.platform.serve(request)

    campus.service.lti.http = PlatformHttp(httpx2.MockTransport(serve))
    with ThreadPoolExecutor(1) as pool:
        launched = pool.submit(launch, campus)
        assert began.wait(30)
        campus.person("Ann Example")
        assert not launched.done()
        goes.set()
        assert launched.result().status == 303


def test_platform_registration_does_not_block_other_writes(campus):
    began, goes = threading.Event(), threading.Event()
    metadata = {"issuer": "https://lms.example"}
    metadata |= {name: f"https://lms.example/{name}" for name in ENDPOINT_NAMES}

    def serve(_request):
        began.set()
        assert goes.wait(30)
        return httpx2.Response(200, json=metadata)

    campus.service.lti.http = PlatformHttp(httpx2.MockTransport(serve))
    with campus.session() as session:
        link = create_registration_link(
            session,
            None,
            name="Lms",
            origin="https://lms.example",
            addresses=campus.service.lti.addresses,
            now=campus.clock(),
        )
    path = f"/lti/register/{link.url.rpartition('/')[2]}"
    with ThreadPoolExecutor(1) as pool:
        form = {"openid_configuration": "https://lms.example/openid"}
        registered = pool.submit(Browser(campus).post, path, form)
        assert began.wait(30)
        campus.person("Ann Example")
        assert not registered.done()
        goes.set()
        page = registered.result()
    assert (page.status, "client_id" in page.text) == (422, True)


def test_launch_steps_are_rate_limited_before_database_writes(campus, monkeypatch):
    platform, browser = campus.platform, Browser(campus)
    query = platform.authorize(platform.begin(browser))
    token = platform.signed(platform.claims(platform.student, query["nonce"]))
    monkeypatch.setitem(
        EVENT_LIMITS, "flow_step_address", EventLimit(3, EVENT_LIMITS["flow_address"].window)
    )
    for state in ("a", "b", "c"):
        assert platform.send(browser, {"state": state, "id_token": token}).status == 403
    form = {"state": query["state"], "id_token": token}
    refused = platform.send(browser, form)
    assert (refused.status, refused.headers["retry-after"]) == (429, "60")
    browser.cookies["grader-lti"] = "x"
    for path in ("/lti/enter", "/lti/link"):
        assert browser.post(path, {"token": "x"}).status == 429
    assert browser.get("/lti/enter", params={"token": "x"}).status == 429
    with campus.session() as session:
        assert session.scalar(select(LtiLaunch.answered_at)) is None
    campus.clock.advance(minutes=1)
    assert platform.send(browser, form).status == 303


def test_rate_limited_request_takes_no_write_lock(campus, monkeypatch):
    monkeypatch.setitem(
        EVENT_LIMITS, "flow_step_address", EventLimit(1, EVENT_LIMITS["flow_address"].window)
    )
    form = {"state": "a", "id_token": "x"}
    assert campus.platform.send(Browser(campus), form).status == 403
    began = time.monotonic()
    with campus.session() as session, ThreadPoolExecutor(1) as pool:
        session.add(RateLimitEvent(key="other", at=campus.clock()))
        session.flush()
        refused = pool.submit(campus.platform.send, Browser(campus), form)
        assert refused.result().status == 429
    assert time.monotonic() - began < MOST_SECONDS


def test_logins_share_one_failed_request_while_provider_is_down(database_url):
    issuer = "https://login.example.edu"
    entry = f'{{"id": "uni", "name": "Uni", "issuer": "{issuer}", "client_id": "{CLIENT_ID}"}}'
    world = World(database_url, settings={"oidc": f"[{entry}]"})
    fake = OidcProvider(issuer, down="connection")
    world.service.oidc_providers["uni"].http = ProviderHttp(fake.transport)
    assert [Browser(world).get("/login/oidc/uni").status for _ in range(5)] == [503] * 5
    assert len(fake.asked) == 1
    world.close()


def test_published_keys_are_computed_once(campus, monkeypatch):
    from api.services.lti.platforms import tool_keys  # noqa: PLC0415

    first = Browser(campus).get("/lti/jwks").source
    monkeypatch.setattr(tool_keys.RSAKey, "import_key", None)
    assert Browser(campus).get("/lti/jwks").source == first
    with campus.session() as session:
        assert session.scalar(select(func.count()).select_from(tool_keys.LtiKey)) == 1


def test_docs_searches_are_rate_limited_per_ip_address(campus):
    searches = [Browser(campus).get("/docs/search", params={"q": f"late {i}"}) for i in range(61)]
    assert [page.status for page in searches[:60]] == [200] * 60
    assert searches[60].status == 429
    assert int(searches[60].headers["retry-after"]) >= 1
    assert Browser(campus).get("/docs").status == 200
    campus.clock.advance(minutes=1)
    assert Browser(campus).get("/docs/search", params={"q": "late"}).status == 200


def test_roster_can_be_fetched_while_all_threads_send():
    """All requests meet at a barrier, which breaks if one of them has to wait."""
    barrier = threading.Barrier(SEND_THREADS + 1, timeout=20)

    def serve(_request):
        barrier.wait()
        return httpx2.Response(200, json={})

    http = PlatformHttp(httpx2.MockTransport(serve))
    with ThreadPoolExecutor(barrier.parties) as pool:
        sent = [
            pool.submit(http.send, "GET", "https://lms.example/") for _ in range(barrier.parties)
        ]
    assert [one.result().status for one in sent] == [200] * len(sent)
