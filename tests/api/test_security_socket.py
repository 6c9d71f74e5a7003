"""Tests over a socket with the production configuration: host names, proxies, headers."""

import socket
from contextlib import contextmanager

import pytest
from api_browser import PASSWORD, set_password
from serving import run_server
from world import World

from api.config.settings import ServiceSettings
from api.http.pipeline.http_policy import SECURITY_HEADERS
from api.server.uvicorn_server import create_config

NAMES = ("grader.example.edu", "*.grader.example.edu")
PUBLIC = "https://grader.example.edu"


@contextmanager
def served(world, **settings):
    """Yield the port of a server of *world*, configured like a process of the service."""
    config = create_config(world.app, ServiceSettings(database=world.url, **settings))
    config.lifespan = "off"
    with socket.create_server(("127.0.0.1", 0)) as listener, run_server(config, listener):
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def named(sqlite_world):
    """Yield the port of a service with a host name and no proxy."""
    with served(sqlite_world) as port:
        yield port


@pytest.fixture(scope="module")
def proxied(sqlite_world):
    """Yield the port of the same service behind a proxy on this machine."""
    with served(sqlite_world, trusted_proxies=("127.0.0.1",)) as port:
        yield port


@pytest.fixture(scope="module")
def unnamed(tmp_path_factory, sqlite_template):
    """Yield the port of a service that answers to every host name."""
    path = tmp_path_factory.mktemp("unnamed") / "grader.db"
    path.write_bytes(sqlite_template.read_bytes())
    world = World(f"sqlite:///{path}")
    with served(world) as port:
        yield port
    world.close()


@pytest.fixture(scope="module")
def sqlite_world(tmp_path_factory, sqlite_template):
    path = tmp_path_factory.mktemp("wire") / "grader.db"
    path.write_bytes(sqlite_template.read_bytes())
    world = World(f"sqlite:///{path}", settings={"hosts": NAMES, "public_url": PUBLIC})
    yield world
    world.close()


def ask(port, *lines, target="/login", method="GET", body=b""):
    """Send a request with header *lines*; return status, headers and the raw response."""
    length = [f"Content-Length: {len(body)}"] if body else []
    head = [f"{method} {target} HTTP/1.1", *lines, *length, "Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall("\r\n".join(head).encode() + body)
        said = b"".join(iter(lambda: line.recv(65536), b"")).decode()
    first, *headers = said.partition("\r\n\r\n")[0].split("\r\n")
    pairs = [one.split(": ", 1) for one in headers]
    return int(first.split()[1]), {name.lower(): value for name, value in pairs}, said


OURS = "Host: grader.example.edu"
PERSONAL = {"/login", "/api/v1/me"}


@pytest.mark.parametrize(
    ("lines", "target", "status"),
    [
        ([OURS], "/login", 200),
        (["host: GRADER.example.edu:8443"], "/login", 200),
        (["Host: dl.grader.example.edu"], "/login", 200),
        (["Host: evil.example.org"], "/login", 421),
        (["Host: grader.example.edu.evil.example.org"], "/login", 421),
        (["Host: evil.example.org/grader.example.edu"], "/login", 421),
        (["Host: evil.example.org#.grader.example.edu"], "/login", 421),
        (["Host: evil@grader.example.edu"], "/login", 421),
        (["Host:"], "/login", 421),
        ([], "/login", 400),
        ([OURS, "Host: evil.example.org"], "/login", 421),
        (["Host: evil.example.org", OURS], "/login", 421),
        (["Host: evil.example.org", "X-Forwarded-Host: grader.example.edu"], "/login", 421),
        (["Host: evil.example.org"], "http://grader.example.edu/login", 421),
        (["Host: evil.example.org"], "/healthz", 421),
    ],
)
def test_service_with_host_names_rejects_other_hosts(named, lines, target, status):
    told = ask(named, *lines, target=target)
    assert told[0] == status, told[2]
    assert "evil" not in told[2]


@pytest.mark.parametrize(
    ("version", "lines", "status"),
    [("1.1", [], 400), ("1.1", ["Host: anything"], 200), ("1.0", [], 200)],
)
def test_http_1_1_requires_host_header_even_when_any_host_is_served(
    unnamed, version, lines, status
):
    head = "\r\n".join([f"GET /healthz HTTP/{version}", *lines, "Connection: close", "", ""])
    with socket.create_connection(("127.0.0.1", unnamed), timeout=20) as line:
        line.sendall(head.encode())
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert int(answer.split()[1]) == status
    assert status == 200 or b'"code": "bad_request"' in answer


@pytest.mark.parametrize("forwarded", ["X-Forwarded-Proto: https", "Forwarded: proto=https"])
def test_forwarded_header_from_untrusted_peer_is_ignored(named, forwarded):
    """Otherwise anybody could choose the address under which wrong passwords are counted."""
    assert "strict-transport-security" not in ask(named, OURS, forwarded)[1]


def test_forwarded_https_from_trusted_proxy_enables_hsts(proxied):
    headers = ask(proxied, OURS, "X-Forwarded-Proto: https")[1]
    assert headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(("port", "refused"), [("named", 1), ("proxied", 0)])
def test_wrong_passwords_are_limited_by_trusted_client_address(request, port, refused):
    """The limit is 60 a minute per address; a client's own X-Forwarded-For is not trusted."""
    body = b'{"email": "%d-%b@example.edu", "password": "wrong password"}'
    told = [
        ask(
            request.getfixturevalue(port),
            OURS,
            f"X-Forwarded-For: 192.0.2.{number}",
            "Content-Type: application/json",
            target="/api/v1/login",
            method="POST",
            body=body % (number, port.encode()),
        )[0]
        for number in range(61)
    ]
    assert told == [401] * (61 - refused) + [429] * refused


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/login", 200),
        ("/", 401),
        ("/nowhere", 404),
        ("/api/v1/me", 401),
        ("/api/v1/nowhere", 404),
        ("/healthz", 200),
        ("/courses/x%00", 404),
    ],
)
def test_every_response_has_security_headers_and_names_no_server_software(named, target, status):
    told, headers, said = ask(named, OURS, target=target)
    assert told == status, said
    assert {name.lower() for name in SECURITY_HEADERS} <= {*headers}
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert not {"server", "x-powered-by", "access-control-allow-origin"} & {*headers}
    assert "no-store" in headers.get("cache-control", "") or target not in PERSONAL
    if headers.get("content-length", "0") != "0":
        assert "charset=utf-8" in headers["content-type"] or "json" in headers["content-type"]


def test_session_cookie_is_secure_http_only_and_host_bound(sqlite_world, proxied):
    ann = sqlite_world.person("Ann Cook", email="ann.cook@example.edu")
    set_password(sqlite_world, ann)
    told, headers, said = ask(
        proxied,
        OURS,
        "X-Forwarded-For: 198.51.100.7",
        "Content-Type: application/json",
        target="/api/v1/login",
        method="POST",
        body=b'{"email": "ann.cook@example.edu", "password": "%b"}' % PASSWORD.encode(),
    )
    assert told == 200, said
    name, _, rest = headers["set-cookie"].partition("=")
    value, *flags = rest.split("; ")
    assert name == "__Host-grader"
    assert {*flags} >= {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"}
    assert not [one for one in flags if one.startswith("Domain")]
    assert said.count(value) == 1, "the secret stands in the cookie alone"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "PUT", "FOO"])
def test_unsupported_http_methods_are_rejected(named, method):
    told, headers, _ = ask(named, OURS, method=method, target="/login")
    assert told in {400, 405}
    assert not [name for name in headers if name.startswith("access-control")]
