"""Tests of addresses that platforms state: https only, public only, and no redirects."""

import socket

import httpx2
import pytest
from lti_platform import DIALECTS, LtiPlatform
from lti_registrar import (
    ENDPOINT_NAMES,
    QUERY,
    Registrar,
    copy_values,
    registration_link,
)
from pages import Browser
from sqlalchemy import func, select
from world import World

from api.db.models import LtiPlatform as PlatformRow
from api.services.lti.protocol import public_http
from api.services.lti.protocol.addresses import PlatformError, PlatformUnreachableError
from api.services.lti.protocol.public_http import PlatformHttp, resolve_public_address

ONE_DATABASE = True
PUBLIC = "93.184.216.34"


@pytest.fixture
def world(database_url):
    world = World(database_url)
    yield world
    world.close()


@pytest.fixture
def admin(world):
    return Browser(world, world.person(admin=True))


def count_platforms(world):
    with world.session() as session:
        return session.scalar(select(func.count()).select_from(PlatformRow))


NOT_PUBLIC = {
    "http": "http://lms.example/x",
    "no scheme": "lms.example/x",
    "a user": "https://lms.example@evil.example/x",
    "a private address": "https://10.0.0.5/x",
    "the address of cloud metadata": "https://169.254.169.254/latest/meta-data",
    "a private address of version 6": "https://[fd00::1]/x",
    "this machine": "https://localhost/x",
    "this machine by a short address": "https://127.1/x",
    "this machine by a number": "https://2130706433/x",
    "this machine by a hexadecimal number": "https://0x7f000001/x",
    "this machine by an address with a dot": "https://127.0.0.1./x",
}
"""Addresses that are neither fetched nor given to browsers."""


@pytest.mark.parametrize("url", NOT_PUBLIC.values(), ids=NOT_PUBLIC)
@pytest.mark.parametrize("endpoint", ENDPOINT_NAMES)
def test_registration_with_a_non_public_endpoint_is_rejected(world, admin, endpoint, url):
    registrar = Registrar(metadata={endpoint: url})
    world.service.lti.http = PlatformHttp(httpx2.MockTransport(registrar.serve))
    page = Browser(world).post(registration_link(admin), QUERY)
    assert page.status == 422
    assert endpoint in page.text
    assert registrar.registrations == []
    assert count_platforms(world) == 0


@pytest.mark.parametrize("url", NOT_PUBLIC.values(), ids=NOT_PUBLIC)
@pytest.mark.parametrize("field", ["authorization_url", "token_url", "jwks_url", "origin"])
def test_non_public_address_cannot_be_registered_manually(world, admin, field, url):
    page = admin.post(
        "/lti/platforms/new", copy_values(LtiPlatform(DIALECTS["moodle"]), **{field: url})
    )
    assert page.status == 422
    assert page.all("", id=field)[0]["aria-invalid"] == "true"
    assert count_platforms(world) == 0


@pytest.fixture
def network(monkeypatch):
    """Let the names of a network be resolved, and requests end at `Registrar.serve`.

    Return the registrar, and the addresses of names that have no public one.
    """
    registrar, addresses = Registrar(), {}

    class Network:
        def handle_request(self, request):
            assert request.url.host == PUBLIC
            request.read()
            return registrar.serve(request)

        def close(self):
            pass

    def resolve(host, port, **_):
        if addresses.get(host) == "":
            raise OSError
        return [(2, 1, 6, "", (addresses.get(host, PUBLIC), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(public_http, "DeadlineTransport", Network)
    return registrar, addresses


@pytest.mark.parametrize("address", ["10.0.0.5", "127.0.0.1", "fd00::1", ""])
@pytest.mark.parametrize("endpoint", ENDPOINT_NAMES)
def test_registration_resolving_to_a_private_address_is_rejected(
    world, admin, network, endpoint, address
):
    registrar, addresses = network
    addresses["inside.example"] = address
    registrar.metadata = {endpoint: "https://inside.example/x"}
    world.service.lti.http = PlatformHttp()
    page = Browser(world).post(registration_link(admin), QUERY)
    assert page.status == 422
    assert endpoint in page.text
    assert registrar.registrations == []
    registrar.metadata = {endpoint: "https://outside.example/x"}
    assert Browser(world).post(registration_link(admin), QUERY).status == 200
    assert len(registrar.registrations) == count_platforms(world) == 1


REDIRECTS = ["http://lms.example/x", "https://10.0.0.5/x", "https://inside.example/x"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", REDIRECTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_registration_redirects_are_not_followed(world, admin, method, target, status):
    registrar, requests = Registrar(), []

    def serve(request):
        requests.append(str(request.url))
        if request.method == method:
            return httpx2.Response(status, headers={"Location": target})
        return registrar.serve(request)

    world.service.lti.http = PlatformHttp(httpx2.MockTransport(serve))
    page = Browser(world).post(registration_link(admin), QUERY)
    assert page.status == 422
    assert target not in requests
    assert len(requests) == {"GET": 1, "POST": 2}[method]
    assert count_platforms(world) == 0


@pytest.mark.parametrize(
    "url", ["http://lms.example/x", "file:///etc/passwd", "https://", "", "https://lms.example:0/"]
)
def test_only_https_addresses_are_fetched(world, admin, url):
    def serve(request):
        raise AssertionError(request.url)

    world.service.lti.http = PlatformHttp(httpx2.MockTransport(serve))
    page = Browser(world).post(registration_link(admin), QUERY | {"openid_configuration": url})
    assert page.status == 422


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.5"],
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["192.168.1.1"],
        ["100.64.0.1"],
        ["0.0.0.0"],  # noqa: S104  # nothing listens
        ["224.0.0.1"],
        ["::1"],
        ["fe80::1%eth0"],
        ["fd00::1"],
        ["::ffff:10.0.0.5"],
        ["64:ff9b::10.0.0.5"],
        ["64:ff9b:1::10.0.0.5"],
        ["2002:7f00:1::"],
        ["::127.0.0.1"],
        ["fec0::1"],
        ["93.184.216.34", "10.0.0.5"],
        [],
    ],
)
def test_private_addresses_are_never_connected_to(monkeypatch, addresses):
    def resolve(_host, port, **_):
        return [(2, 1, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(httpx2.ConnectError):
        resolve_public_address("lms.example", 443)
    with pytest.raises(PlatformUnreachableError):
        PlatformHttp().get_object("https://lms.example/jwks")


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses_are_accepted(monkeypatch, address):
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, port, **_: [(2, 1, 6, "", (address, port))]
    )
    assert resolve_public_address("lms.example", 443) == address


def test_connection_uses_the_address_that_was_checked(monkeypatch):
    resolved, requests = [], []

    def resolve(host, port, **_):
        resolved.append(host)
        return [(2, 1, 6, "", ("93.184.216.34", port))]

    class Recorder:
        def handle_request(self, request):
            requests.append(request)
            return httpx2.Response(200, json={"keys": []})

        def close(self):
            pass

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(public_http, "DeadlineTransport", Recorder)
    assert PlatformHttp().get_object("https://lms.example:8443/jwks?x=1") == {"keys": []}
    [request] = requests
    assert str(request.url) == "https://93.184.216.34:8443/jwks?x=1"
    assert request.headers["Host"] == "lms.example:8443"
    assert request.extensions["sni_hostname"] == "lms.example"
    assert resolved == ["lms.example"]


@pytest.mark.parametrize("target", REDIRECTS)
@pytest.mark.parametrize("dialect", ["moodle", "canvas"])
def test_jwks_redirect_is_not_followed_and_the_launch_fails(world, dialect, target):
    platform, requests = LtiPlatform(DIALECTS[dialect]), []

    def serve(request):
        requests.append(request.url.path)
        return httpx2.Response(302, headers={"Location": target})

    world.service.lti.http = PlatformHttp(httpx2.MockTransport(serve))
    platform.register(world)
    assert platform.launch(Browser(world), platform.student).status == 503
    assert requests == ["/jwks"]


def test_oversized_platform_response_is_rejected():
    body = b"[" + b"1," * 3_000_000
    http = PlatformHttp(httpx2.MockTransport(lambda _: httpx2.Response(200, content=body)))
    with pytest.raises(PlatformError):
        http.get_object("https://lms.example/long")
