"""Tests of registered platforms: forms, dynamic registration, keys, and requests to platforms."""

import json

import httpx2
import pytest
from lti_platform import DIALECTS, TOOL, LtiPlatform
from lti_registrar import QUERY, REGISTRATION, Registrar, copy_values, registration_link
from pages import Browser
from sqlalchemy import select
from world import World

from api.db.models import AuditEntry, LtiDeployment, LtiKey, LtiRegistrationLink
from api.db.models import LtiPlatform as PlatformRow
from api.services.lti.platforms.tool_keys import (
    get_or_create_signing_key,
    list_key_states,
    load_public_keys,
    rotate_keys,
)
from api.services.lti.protocol.public_http import PlatformHttp

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


@pytest.mark.parametrize("dialect", DIALECTS)
def test_administrator_registers_each_platform_manually(world, admin, dialect):
    platform = LtiPlatform(DIALECTS[dialect])
    page = admin.get("/lti/platforms/new")
    values = [one.text for one in page.all("code")]
    assert values[:4] == [f"{TOOL}/lti/{one}" for one in ("login", "launch", "deep-link", "jwks")]
    done = admin.send(page.one("form", action="/lti/platforms/new"), **copy_values(platform))
    assert done.location == "/lti/platforms?saved=platform-registered"
    assert platform.dialect.client_id in admin.follow(done).text
    [row] = platforms(world)
    assert platform.dialect.origin in row.origins
    again = admin.send(page.one("form", action="/lti/platforms/new"), **copy_values(platform))
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
def test_invalid_platform_field_is_marked_and_nothing_is_registered(world, admin, field, value):
    fields = copy_values(LtiPlatform(DIALECTS["moodle"]), **{field: value})
    page = admin.post("/lti/platforms/new", fields)
    assert page.status == 422
    control = page.all("", id=field)[0]
    assert control["aria-invalid"] == "true"
    assert page.all("p", id=f"{field}-wrong")
    assert page.one("input", id="token_url")["value"] == fields["token_url"]
    assert platforms(world) == []


CORRECTIONS = {
    "name": "Campus",
    "origin": "https://campus.example",
    "authorization_url": "https://sso.example/auth",
    "token_url": "https://sso.example/token",
    "jwks_url": "https://sso.example/jwks",
    "audience": "https://sso.example",
    "vouches_email": "on",
}


def test_administrator_corrects_a_platform(world, admin):
    platform = LtiPlatform(DIALECTS["canvas"])
    address = f"/lti/platforms/{platform.register(world)}"
    form = admin.get(address).one("form", action=address)
    unchanged = admin.send(form)
    assert unchanged.location == "/lti/platforms?saved=platform-changed"
    [row] = platforms(world)
    assert set(row.origins) == {platform.host, platform.dialect.issuer, "https://sso.canvaslms.com"}
    assert row.version == 1
    assert admin.send(form, **CORRECTIONS).status == 303
    [row] = platforms(world)
    assert (row.name, row.audience, row.vouches_email) == ("Campus", "https://sso.example", True)
    for name in ("authorization_url", "token_url", "jwks_url"):
        assert getattr(row, name) == CORRECTIONS[name]
    assert (row.issuer, row.client_id) == (platform.dialect.issuer, platform.dialect.client_id)
    assert set(row.origins) == {
        "https://campus.example",
        platform.dialect.issuer,
        "https://sso.example",
    }
    with world.session() as session:
        [event] = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "lti_platform.changed")
        ).all()
    assert event.before["token_url"] == f"{platform.host}/token"
    assert event.after == {
        name: value if name != "vouches_email" else True for name, value in CORRECTIONS.items()
    }


def test_correction_of_the_authorization_address_keeps_the_registered_origin(world, admin):
    """Canvas moved its authorization to another host; people still use it under their own."""
    platform = LtiPlatform(DIALECTS["canvas"])
    wrong = f"{platform.host}/api/lti/authorize_redirect"
    address = f"/lti/platforms/{platform.register(world, authorization_url=wrong)}"
    for host in ("https://sso.canvaslms.com", "https://sso.example"):
        form = admin.get(address).one("form", action=address)
        assert admin.send(form, authorization_url=f"{host}/auth").status == 303
        [row] = platforms(world)
        assert set(row.origins) == {platform.host, platform.dialect.issuer, host}
    assert admin.get(address).one("input", id="origin")["value"] == platform.host


def test_correction_does_not_overwrite_a_later_one(world, admin):
    address = f"/lti/platforms/{LtiPlatform(DIALECTS['moodle']).register(world)}"
    form = admin.get(address).one("form", action=address)
    assert admin.send(form, token_url=CORRECTIONS["token_url"]).status == 303
    page = admin.send(form, name="Campus")
    assert page.status == 412
    assert CORRECTIONS["token_url"] in page.text
    assert page.one("input", id="name")["value"] == "Campus"
    assert platforms(world)[0].token_url == CORRECTIONS["token_url"]
    assert platforms(world)[0].name == DIALECTS["moodle"].name
    assert admin.send(page.one("form", action=address), name="Campus").status == 303
    assert platforms(world)[0].name == "Campus"


@pytest.mark.parametrize("field", sorted(WRONG.keys() & CORRECTIONS.keys()))
def test_invalid_correction_is_marked_and_changes_nothing(world, admin, field):
    address = f"/lti/platforms/{LtiPlatform(DIALECTS['moodle']).register(world)}"
    form = admin.get(address).one("form", action=address)
    page = admin.send(form, **(CORRECTIONS | {field: WRONG[field]}))
    assert page.status == 422
    assert page.all("", id=field)[0]["aria-invalid"] == "true"
    assert platforms(world)[0].name == DIALECTS["moodle"].name


def test_launch_is_verified_with_keys_from_the_corrected_address(world, admin):
    platform = LtiPlatform(DIALECTS["moodle"])
    world.service.lti.http = PlatformHttp(platform.transport)
    address = f"/lti/platforms/{platform.register(world, jwks_url=f'{platform.host}/old')}"
    assert platform.launch(Browser(world), platform.teacher).status == 503
    form = admin.get(address).one("form", action=address)
    assert admin.send(form, jwks_url=f"{platform.host}/jwks").status == 303
    page = platform.launch(Browser(world), platform.teacher)
    assert (page.status, page.path.partition("?")[0]) == (303, "/lti/link")


@pytest.mark.parametrize("deployment", ["5", ""])
def test_platform_registers_itself_once_with_a_link(world, admin, deployment):
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
    for again in (frame.send(page.one("form")), frame.get(link, params=QUERY)):
        assert again.status == 403
        assert "frame-ancestors https://lms.example;" in again.headers["content-security-policy"]


OFFERED = [
    {"type": "LtiResourceLinkRequest", "placements": ["account_navigation", "course_navigation"]},
    {"type": "LtiDeepLinkingRequest", "placements": ["link_selection", "assignment_selection", 7]},
]
CANVAS_ISSUER = "https://canvas.instructure.com"
CANVAS = f"{CANVAS_ISSUER}/lti/"
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
def test_registration_requests_the_placements_the_platform_supports(
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
def test_registered_audience_is_a_url_or_the_token_url(world, admin, server, audience):
    registrar = Registrar(metadata={"authorization_server": server})
    world.service.lti.http = PlatformHttp(httpx2.MockTransport(registrar.serve))
    assert Browser(world).post(registration_link(admin), QUERY).status == 200
    assert [row.audience for row in platforms(world)] == [audience]


def test_failed_registration_leaves_the_link_usable(world, admin):
    link, frame = registration_link(admin), Browser(world)
    for reply in (httpx2.Response(400, json={}), httpx2.Response(200, json={"client_id": ""})):
        registrar = Registrar(reply=reply)
        world.service.lti.http = PlatformHttp(httpx2.MockTransport(registrar.serve))
        page = frame.post(link, QUERY)
        assert page.status == 422
        assert "not registered" in page.text
    world.service.lti.http = PlatformHttp(httpx2.MockTransport(Registrar().serve))
    assert frame.post(link, QUERY).status == 200


@pytest.mark.parametrize(
    ("origin", "configuration", "issuer"),
    [
        ("https://lms.example", "https://evil.example", "https://evil.example"),
        ("https://lms.example", "https://lms.example", "https://evil.example"),
        ("https://lms.example", "https://evil.example", "https://lms.example"),
        ("https://lms.example", "https://lms.example", "https://lms.example:8443"),
        ("https://lms.example", "https://lms.example", "lms.example"),
        ("https://lms.example", "https://lms.example", CANVAS_ISSUER),
        ("https://uni.instructure.com", "https://uni.instructure.com", "https://evil.example"),
        ("https://uni.instructure.com", "https://evil.instructure.com", CANVAS_ISSUER),
        ("https://evilinstructure.com", CANVAS_ISSUER, CANVAS_ISSUER),
    ],
)
def test_link_registers_only_the_platform_it_was_created_for(
    world, admin, origin, configuration, issuer
):
    registrar = Registrar(configuration, metadata={"issuer": issuer})
    world.service.lti.http = PlatformHttp(httpx2.MockTransport(registrar.serve))
    query = QUERY | {"openid_configuration": f"{configuration}/openid"}
    page = Browser(world).post(registration_link(admin, origin), query)
    assert (page.status, origin in page.text) == (422, True)
    assert (platforms(world), registrar.registrations) == ([], [])


@pytest.mark.parametrize(
    ("origin", "configuration", "issuer"),
    [
        ("https://lms.example", "https://lms.example", "https://lms.example/moodle"),
        ("https://uni.instructure.com", CANVAS_ISSUER, CANVAS_ISSUER),
        ("https://uni.instructure.com", "https://uni.instructure.com", CANVAS_ISSUER),
        (
            "https://uni.test.instructure.com",
            "https://canvas.test.instructure.com",
            "https://canvas.test.instructure.com",
        ),
    ],
)
def test_link_registers_issuer_of_its_platform(world, admin, origin, configuration, issuer):
    registrar = Registrar(configuration, metadata={"issuer": issuer})
    world.service.lti.http = PlatformHttp(httpx2.MockTransport(registrar.serve))
    query = QUERY | {"openid_configuration": f"{configuration}/openid"}
    page = Browser(world).post(registration_link(admin, origin), query)
    assert page.status == 200, page.text
    assert [row.issuer for row in platforms(world)] == [issuer]


def test_registration_requires_a_valid_link(world, admin):
    link, frame = registration_link(admin), Browser(world)
    assert frame.get("/lti/register/chosen", params=QUERY).status == 403
    assert frame.post("/lti/register/chosen", QUERY).status == 403
    world.clock.advance(hours=25)
    assert frame.post(link, QUERY).status == 403
    assert platforms(world) == []
    with world.session() as session:
        [row] = session.scalars(select(LtiRegistrationLink)).all()
        assert link.rpartition("/")[2].encode() not in bytes(row.digest)


def test_new_key_is_published_before_use_and_the_old_one_afterwards(world):
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


def test_published_keys_contain_no_private_members(world):
    page = Browser(world).get("/lti/jwks")
    [key] = json.loads(page.source)["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}


def test_administrator_can_rotate_keys(world, admin):
    Browser(world).get("/lti/jwks")
    form = admin.get("/lti/platforms").one("form", action="/lti/platforms/keys/rotate")
    assert admin.send(form).status == 303
    assert len(admin.get("/lti/platforms").all("li")) >= 2
    assert admin.send(form, "at_once=yes").status == 303
    with world.session() as session:
        active = select(LtiKey).where(LtiKey.retired_at.is_(None))
        assert len(session.scalars(active).all()) == 1


def test_commands_register_and_list_platforms(grader, tmp_path):
    url = f"sqlite:///{tmp_path / 'grader.db'}"
    assert grader("db", "upgrade", "--database", url).code == 0
    values = [
        f"{name}={value}"
        for name, value in copy_values(LtiPlatform(DIALECTS["moodle"])).items()
        if name not in {"name", "deployments"}
    ]
    shown = grader("lti", "show", "--database", url)
    assert f"{TOOL}/lti/launch" in shown.out
    assert grader("lti", "add", "Moodle", *values, "--database", url).code == 0
    assert grader("lti", "add", "Moodle", *values, "--database", url).code == 2
    wrong = grader("lti", "add", "Moodle", "issuer=x", "--database", url)
    assert wrong.code == 2
    assert "token_url" in wrong.err
    assert grader("lti", "add", "Moodle", "what=x", "--database", url).code == 2
    client = DIALECTS["moodle"].client_id
    assert grader("lti", "deploy", client, "77", "--database", url).code == 0
    assert grader("lti", "deploy", "none", "77", "--database", url).code == 2
    listed = grader("lti", "list", "--database", url).out.strip().split("\t")
    assert listed == ["Moodle", "https://moodle.example.edu", client, "77", "enabled"]
    for command, state in (("disable", "disabled"), ("disable", "disabled"), ("enable", "enabled")):
        assert grader("lti", command, client, "--database", url).code == 0
        assert grader("lti", "list", "--database", url).out.strip().split("\t")[-1] == state
    assert grader("lti", "disable", "none", "--database", url).code == 2
    link = grader("lti", "link", "Lms", "https://lms.example", "--database", url).out
    assert link.startswith(f"{TOOL}/lti/register/")
    assert grader("lti", "keys", "--database", url).out == ""
    kids = [grader("lti", "rotate", "--database", url).out.strip() for _ in range(2)]
    kids += [grader("lti", "rotate", "--at-once", "--database", url).out.strip()]
    keys = [line.split("\t") for line in grader("lti", "keys", "--database", url).out.splitlines()]
    assert [(kid, state) for kid, _, state in keys] == [
        (kids[2], "signs"),
        (kids[1], "no longer published"),
        (kids[0], "no longer published"),
    ]


def test_command_corrects_a_platform(grader, tmp_path):
    url = f"sqlite:///{tmp_path / 'grader.db'}"
    assert grader("db", "upgrade", "--database", url).code == 0
    values = copy_values(LtiPlatform(DIALECTS["moodle"]))
    pairs = [f"{name}={value}" for name, value in values.items() if name != "name"]
    assert grader("lti", "add", "Moodle", *pairs, "--database", url).code == 0
    client = values["client_id"]
    corrected = grader("lti", "change", client, "name=Campus", "--database", url)
    assert corrected.code == 0, corrected.err
    assert grader("lti", "list", "--database", url).out.split("\t")[0] == "Campus"
    for wrong in ("jwks_url=http://lms.example", "issuer=https://b.example", "vouches_email=on"):
        assert grader("lti", "change", client, wrong, "--database", url).code == 2
    assert grader("lti", "change", "none", "name=x", "--database", url).code == 2


def test_command_requires_an_issuer_for_an_ambiguous_client_id(grader, tmp_path):
    url = f"sqlite:///{tmp_path / 'grader.db'}"
    assert grader("db", "upgrade", "--database", url).code == 0
    client, issuers = DIALECTS["moodle"].client_id, ("https://a.example", "https://b.example")
    for issuer in issuers:
        values = copy_values(LtiPlatform(DIALECTS["moodle"]), issuer=issuer)
        pairs = [f"{name}={value}" for name, value in values.items() if name != "name"]
        assert grader("lti", "add", issuer, *pairs, "--database", url).code == 0
    assert grader("lti", "disable", client, "--database", url).code == 2
    done = grader("lti", "disable", client, "--issuer", issuers[1], "--database", url)
    assert done.code == 0
    lines = [one.split("\t") for one in grader("lti", "list", "--database", url).out.splitlines()]
    assert [line[-1] for line in lines] == ["enabled", "disabled"]
    unknown = grader("lti", "enable", client, "--issuer", "https://c.example", "--database", url)
    assert unknown.code == 2
