"""Tests of trust in requests: the host name, and the client that a proxy reports."""

import json
import socket
from contextlib import contextmanager

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from serving import run_server

from api.app import create_app
from api.config.settings import ServiceSettings
from api.server.uvicorn_server import bind_socket, create_config, listener_url

APP = FastAPI()


@APP.get("/")
def told(request: Request) -> list[str]:
    """Return the client's address and the scheme of the request."""
    return [request.client.host if request.client else "", request.url.scheme]


@contextmanager
def listening(settings: ServiceSettings):
    """Serve with the service's configuration, and yield the port."""
    with bind_socket(settings) as listener, run_server(create_config(APP, settings), listener):
        yield int(listener_url(listener).rpartition(":")[2])


def ask(port: int, *headers: bytes) -> list[str]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(b"\r\n".join((b"GET / HTTP/1.1", b"Host: a", *headers)))
        line.sendall(b"\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: line.recv(65536), b""))
    assert b"\r\nserver:" not in said.lower()
    return json.loads(said.rpartition(b"\r\n\r\n")[2])


FORWARDED = (b"X-Forwarded-For: 203.0.113.9", b"X-Forwarded-Proto: https")


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [
        ((), ["127.0.0.1", "http"]),
        (("10.0.0.0/8",), ["127.0.0.1", "http"]),
        (("127.0.0.1",), ["203.0.113.9", "https"]),
        (("127.0.0.0/8", "10.1.2.3"), ["203.0.113.9", "https"]),
    ],
)
def test_only_trusted_proxies_set_the_client_address(proxies, expected, monkeypatch):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # which uvicorn would read by itself
    with listening(ServiceSettings(port=0, trusted_proxies=proxies)) as port:
        assert ask(port, *FORWARDED) == expected


def test_forwarded_addresses_sent_by_the_client_are_ignored():
    with listening(ServiceSettings(port=0, trusted_proxies=("127.0.0.1",))) as port:
        assert ask(port, b"X-Forwarded-For: 10.9.9.9, 203.0.113.9")[0] == "203.0.113.9"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("grader.example.edu", 200),
        ("GRADER.example.edu:443", 200),
        ("a.inside.example", 200),
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("evil.example", 421),
        ("inside.example", 421),
        ("grader.example.edu.evil.example", 421),
        ("", 421),
    ],
)
def test_service_accepts_only_its_configured_hosts(host, status):
    app = create_app(ServiceSettings(hosts=("grader.example.edu", "*.inside.example")))
    asked = TestClient(app).get("/healthz", headers={"Host": host})
    app.state.service.close()
    assert asked.status_code == status
