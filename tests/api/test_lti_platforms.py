"""Tests of registered platforms: forms, dynamic registration, keys, and requests to platforms."""

import json
import re
import socket

import httpx2
import pytest
from lti_platform import DIALECTS, TOOL, LtiPlatform
from pages import Browser
from sqlalchemy import select
from world import World

from api.db.models import LtiDeployment, LtiKey, LtiRegistrationLink
from api.db.models import LtiPlatform as PlatformRow
from api.services.lti.platforms.tool_keys import (
    get_or_create_signing_key,
    list_key_states,
    load_public_keys,
    rotate_keys,
)
from api.services.lti.protocol import public_http
from api.services.lti.protocol.addresses import PlatformError, PlatformUnreachableError
from api.services.lti.protocol.public_http import PlatformHttp, resolve_public_address

REGISTRATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"


@pytest.fixture
def world(database_url):
    world = World(database_url)
    yield world
    world.close()


@pytest.fixture
def admin(world):
    return Browser(world, world.person(admin=True))


def platforms(world):
    with world.session() as session:
        rows = session.scalars(select(PlatformRow)).all()
        session.expunge_all()
        return rows


def typed(platform, **changes):
    """Return the fields of the form as an administrator copies them."""
    values = platform.values()
    names = ("name", "issuer", "client_id", "authorization_url", "token_url", "jwks_url", "origin")
    fields = {name: getattr(values, name) for name in names}
    return fields | {"deployments": "\n".join(values.deployments)} | changes


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_administrator_registers_each_product_by_hand(world, admin, dialect):
    platform = LtiPlatform(DIALECTS[dialect])
    page = admin.get("/lti/platforms/new")
    values = [one.text for one in page.all("code")]
    assert values[:4] == [f"{TOOL}/lti/{one}" for one in ("login", "launch", "deep-link", "jwks")]
    done = admin.send(page.one("form", action="/lti/platforms/new"), **typed(platform))
    assert done.location == "/lti/platforms?saved=platform-registered"
    assert platform.dialect.client_id in admin.follow(done).text
    [row] = platforms(world)
    assert platform.dialect.origin in row.origins
    again = admin.send(page.one("form", action="/lti/platforms/new"), **typed(platform))
    assert again.status == 409
    assert len(platforms(world)) == 1


WRONG = {
    "name": "",
    "issuer": "",
    "client_id": "x" * 256,
    "authorization_url": "http://lms.example/auth",
    "token_url": "ftp://lms.example",
    "jwks_url": "https://user@lms.example/jwks",
    "origin": "lms.example",
    "deployments": "x" * 256,
}


@pytest.mark.parametrize(("field", "value"), WRONG.items(), ids=WRONG)
def test_a_wrong_value_is_named_and_nothing_is_registered(world, admin, field, value):
    fields = typed(LtiPlatform(DIALECTS["moodle"]), **{field: value})
    page = admin.post("/lti/platforms/new", fields)
    assert page.status == 422
    control = page.all("", id=field)[0]
    assert control["aria-invalid"] == "true"
    assert page.all("p", id=f"{field}-wrong")
    assert page.one("input", id="token_url")["value"] == fields["token_url"]
    assert platforms(world) == []


class Registrar:
    """The registration endpoints of a platform; *reply* replaces its last reply."""

    def __init__(self, host="https://lms.example", *, deployment="5", reply=None, metadata=None):
        self.host, self.deployment, self.reply = host, deployment, reply
        self.metadata = metadata or {}
        self.registrations = []

    def serve(self, request):
        # Canvas returns its metadata only to the holder of the token.
        assert request.headers["Authorization"] == "Bearer secret token"
        if request.method == "GET":
            urls = {
                name: f"{self.host}/{name}"
                for name in (
                    *("authorization_endpoint", "token_endpoint", "jwks_uri"),
                    "registration_endpoint",
                )
            }
            return httpx2.Response(200, json={"issuer": self.host} | urls | self.metadata)
        self.registrations.append(json.loads(request.content))
        if self.reply is not None:
            return self.reply
        extra = {"deployment_id": self.deployment} if self.deployment else {}
        return httpx2.Response(201, json={"client_id": "new-client", REGISTRATION: extra})


def registration_link(admin, origin="https://lms.example/"):
    page = admin.get("/lti/platforms")
    page = admin.send(page.one("form", action="/lti/platforms/link"), name="Lms", origin=origin)
    assert page.status == 200, page.text
    [link] = re.findall(rf"{TOOL}(/lti/register/[\w-]+)", page.text)
    return link


QUERY = {
    "openid_configuration": "https://lms.example/openid",
    "registration_token": "secret token",
}


@pytest.mark.parametrize("deployment", ["5", ""])
def test_a_platform_registers_itself_once_by_a_link(world, admin, deployment):
    registrar = Registrar(deployment=deployment)
    world.service.lti.http = PlatformHttp(httpx2.MockTransport(registrar.serve))
    link, frame = registration_link(admin), Browser(world)
    page = frame.get(link, params=QUERY, headers={"Sec-Fetch-Dest": "iframe"})
    assert "frame-ancestors https://lms.example;" in page.headers["content-security-policy"]
    assert platforms(world) == []
    done = frame.send(page.one("form"))
    assert done.status == 200, done.text
    assert ("did not name a deployment" in done.text) == (deployment == "")
    [row] = platforms(world)
    assert (row.name, row.issuer, row.client_id) == ("Lms", "https://lms.example", "new-client")
    with world.session() as session:
        stored = session.scalars(select(LtiDeployment.deployment_id)).all()
    assert stored == ([deployment] if deployment else [])
    [sent] = registrar.registrations
    assert sent["initiate_login_uri"] == f"{TOOL}/lti/login"
    assert sent["redirect_uris"] == [f"{TOOL}/lti/launch"]
    assert "scope/lineitem.readonly" in sent["scope"]
    assert frame.send(page.one("form")).status == 403
    assert frame.get(link, params=QUERY).status == 403


OFFERED = [
    {"type": "LtiResourceLinkRequest", "placements": ["account_navigation", "course_navigation"]},
    {"type": "LtiDeepLinkingRequest", "placements": ["link_selection", "assignment_selection", 7]},
]
CANVAS = "https://canvas.instructure.com/lti/"
PREFIXED = [
    {"type": one["type"], "placements": [f"{CANVAS}{name}" for name in one["placements"]]}
    for one in OFFERED
]
"""The names in newer versions of Canvas, which offer `ContentArea` too."""
PREFIXED[1]["placements"].append("ContentArea")


@pytest.mark.parametrize(
    ("messages", "placements"),
    [
        (OFFERED, [["course_navigation"], ["assignment_selection", "link_selection"]]),
        (
            PREFIXED,
            [
                [f"{CANVAS}course_navigation"],
                [f"{CANVAS}assignment_selection", f"{CANVAS}link_selection"],
            ],
        ),
        (OFFERED[:1], [["course_navigation"], None]),
        ([{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}], [None, None]),
        (["?", {"type": [], "placements": []}, {"type": "x", "placements": "x"}], [None, None]),
        ("?", [None, None]),
        (None, [None, None]),
    ],
)
def test_a_registration_asks_for_the_placements_that_the_platform_offers(
    world, admin, messages, placements
):
    metadata = {} if messages is None else {PLATFORM: {"messages_supported": messages}}
    registrar = Registrar(metadata=metadata)
    world.service.lti.http = PlatformHttp(httpx2.MockTransport(registrar.serve))
    assert Browser(world).post(registration_link(admin), QUERY).status == 200
    [sent] = registrar.registrations
    assert [one.get("placements") for one in sent[REGISTRATION]["messages"]] == placements


@pytest.mark.parametrize(
    ("server", "audience"),
    [
        ("https://auth.example/token", "https://auth.example/token"),  # as Brightspace
        ("canvas.instructure.com", ""),  # as Canvas, which accepts only its token URL
        (7, ""),
    ],
)
def test_the_audience_of_a_registration_is_an_address_or_the_token_url(
    world, admin, server, audience
):
    registrar = Registrar(metadata={"authorization_server": server})
    world.service.lti.http = PlatformHttp(httpx2.MockTransport(registrar.serve))
    assert Browser(world).post(registration_link(admin), QUERY).status == 200
    assert [row.audience for row in platforms(world)] == [audience]


def test_a_registration_that_fails_leaves_the_link_usable(world, admin):
    link, frame = registration_link(admin), Browser(world)
    for reply in (httpx2.Response(400, json={}), httpx2.Response(200, json={"client_id": ""})):
        registrar = Registrar(reply=reply)
        world.service.lti.http = PlatformHttp(httpx2.MockTransport(registrar.serve))
        page = frame.post(link, QUERY)
        assert page.status == 422
        assert "not registered" in page.text
    world.service.lti.http = PlatformHttp(httpx2.MockTransport(Registrar().serve))
    assert frame.post(link, QUERY).status == 200


def test_nobody_registers_a_platform_without_a_link(world, admin):
    link, frame = registration_link(admin), Browser(world)
    assert frame.get("/lti/register/chosen", params=QUERY).status == 403
    assert frame.post("/lti/register/chosen", QUERY).status == 403
    world.clock.advance(hours=25)
    assert frame.post(link, QUERY).status == 403
    assert platforms(world) == []
    with world.session() as session:
        [row] = session.scalars(select(LtiRegistrationLink)).all()
        assert link.rpartition("/")[2].encode() not in bytes(row.digest)


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
def test_a_private_address_is_never_connected_to(monkeypatch, addresses):
    def resolve(_host, port, **_):
        return [(2, 1, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(httpx2.ConnectError):
        resolve_public_address("lms.example", 443)
    with pytest.raises(PlatformUnreachableError):
        PlatformHttp().get_object("https://lms.example/jwks")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_a_public_address_may_be_connected_to(monkeypatch, address):
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, port, **_: [(2, 1, 6, "", (address, port))]
    )
    assert resolve_public_address("lms.example", 443) == address


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch):
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


def test_a_redirect_is_not_followed_and_a_long_reply_is_refused():
    def serve(request):
        if request.url.path == "/long":
            return httpx2.Response(200, content=b"[" + b"1," * 3_000_000)
        return httpx2.Response(302, headers={"Location": "https://10.0.0.5/"})

    http = PlatformHttp(httpx2.MockTransport(serve))
    for path in ("long", "redirect"):
        with pytest.raises(PlatformError):
            http.get_object(f"https://lms.example/{path}")


def test_a_new_key_is_published_before_it_signs_and_the_old_one_after(world):
    first = get_or_create_signing_key(world.db, now=world.clock()).kid

    def published():
        return [one["kid"] for one in load_public_keys(world.db, now=world.clock())]

    world.clock.advance(days=1)
    with world.session() as session:
        second = rotate_keys(session, now=world.clock())
    assert get_or_create_signing_key(world.db, now=world.clock()).kid == first
    assert published() == [second, first]
    world.clock.advance(hours=1)
    assert get_or_create_signing_key(world.db, now=world.clock()).kid == second
    assert published() == [second, first]
    world.clock.advance(hours=24)
    assert published() == [second]
    with world.session() as session:
        third = rotate_keys(session, now=world.clock(), at_once=True)
    assert get_or_create_signing_key(world.db, now=world.clock()).kid == third
    assert published() == [third]
    with world.db.reading() as session:
        states = list_key_states(session, now=world.clock())
        assert len(session.scalars(select(LtiKey)).all()) == 3
    assert [(one.signs, one.is_published) for one in states] == [(True, True)] + [
        (False, False)
    ] * 2


def test_public_keys_hold_nothing_private(world):
    page = Browser(world).get("/lti/jwks")
    [key] = json.loads(page.source)["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}


def test_an_administrator_rotates_keys(world, admin):
    Browser(world).get("/lti/jwks")
    form = admin.get("/lti/platforms").one("form", action="/lti/platforms/keys/rotate")
    assert admin.send(form).status == 303
    assert len(admin.get("/lti/platforms").all("li")) >= 2
    assert admin.send(form, "at_once=yes").status == 303
    with world.session() as session:
        active = select(LtiKey).where(LtiKey.retired_at.is_(None))
        assert len(session.scalars(active).all()) == 1


def test_the_commands_register_and_list_platforms(grader, tmp_path):
    url = f"sqlite:///{tmp_path / 'grader.db'}"
    assert grader("db", "upgrade", "--database", url).code == 0
    values = [
        f"{name}={value}"
        for name, value in typed(LtiPlatform(DIALECTS["moodle"])).items()
        if name not in {"name", "deployments"}
    ]
    shown = grader("lti", "show", "--database", url)
    assert f"{TOOL}/lti/launch" in shown.out
    assert grader("lti", "add", "Moodle", *values, "--database", url).code == 0
    assert grader("lti", "add", "Moodle", *values, "--database", url).code == 2
    wrong = grader("lti", "add", "Moodle", "issuer=x", "--database", url)
    assert wrong.code == 2
    assert "token_url must be an https address" in " ".join(wrong.err.split())
    assert grader("lti", "add", "Moodle", "what=x", "--database", url).code == 2
    client = DIALECTS["moodle"].client_id
    assert grader("lti", "deploy", client, "77", "--database", url).code == 0
    assert grader("lti", "deploy", "none", "77", "--database", url).code == 2
    listed = grader("lti", "list", "--database", url).out.strip().split("\t")
    assert listed == ["Moodle", "https://moodle.example.edu", client, "77", "enabled"]
    link = grader("lti", "link", "Lms", "https://lms.example", "--database", url).out
    assert link.startswith(f"{TOOL}/lti/register/")
    assert grader("lti", "rotate", "--database", url).out.strip()
