"""Tests of the login by a trusted proxy's header, and of linking an account at the first one."""

import json
import re
import socket
from fnmatch import fnmatch
from pathlib import Path

import pytest
from api_browser import OTHER_PASSWORD, PASSWORD, set_password
from fastapi import FastAPI, Request
from pages import Browser
from serving import run_server
from sqlalchemy import event, select, update
from trusted_proxy import PROXY, log_in, me, start_campus

from api.config.environment import read_settings
from api.config.login_header import FORM_MESSAGE, PREFIX_MESSAGE, ProxyLogin
from api.config.login_settings import PUNYCODE_MESSAGE
from api.config.settings import ServiceSettings
from api.config.sources import SettingsError
from api.db.models import Identity, LoginFlow, LoginSession, User
from api.server.uvicorn_server import bind_socket, create_config, listener_url
from api.services.accounts import invitation_tokens
from api.services.accounts.invitation_tokens import LinkCreator


@pytest.fixture
def campus(database_url):
    """Return a function that starts the service with settings, reached from a proxy."""
    worlds = []

    def started(peer=PROXY, **settings):
        worlds.append(start_campus(database_url, peer, **settings))
        return worlds[-1]

    yield started
    for world in worlds:
        world.close()


FORWARDED = (b"X-Forwarded-For: 203.0.113.9",)


def ask(app, *headers):
    """Return the reply of an application on the service's server to a request of this machine."""
    settings = ServiceSettings(port=0, trusted_proxies=("127.0.0.1",))
    with bind_socket(settings) as listener, run_server(create_config(app, settings), listener):
        port = int(listener_url(listener).rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            line.sendall(b"\r\n".join((b"GET / HTTP/1.1", b"Host: a", *headers)))
            line.sendall(b"\r\nConnection: close\r\n\r\n")
            reply = b"".join(iter(lambda: line.recv(65536), b""))
    return json.loads(reply.rpartition(b"\r\n\r\n")[2])


def naming_app(setting):
    """Return an application that replies with the user that a proxy names, and the client."""
    app, proxy = FastAPI(), ProxyLogin.parse(setting)

    @app.get("/")
    def named(request: Request) -> list[str]:
        return [str(proxy.find_user(request.scope)), request.client.host if request.client else ""]

    return app


@pytest.mark.parametrize(
    ("headers", "user"),
    [
        ((b"X-Remote-User: ann",), "ann"),
        ((b"X-Remote-User: ANN@Example.edu",), "ann@example.edu"),
        ((), "None"),
        ((b"X-Remote-User: ann", b"X-Remote-User: root"), "None"),
        ((b"X-Remote-User:  ",), "None"),
        ((b"X-Remote-User: " + "ZoË\u212a".encode(),), "zoË\u212a"),
        ((b"X-Remote-User: \xff",), "None"),
        ((b"X-Remote-User: " + b"a" * 300,), "None"),
    ],
)
def test_proxy_user_header_depends_on_socket_peer_not_forwarded_for(headers, user):
    app = naming_app("X-Remote-User: 127.0.0.1")
    assert ask(app, *headers, *FORWARDED) == [user, "203.0.113.9"]


def test_spoofed_forwarded_for_does_not_enable_user_header():
    """X-Forwarded-For has the address of a listed proxy, and uvicorn believes it."""
    app = naming_app("X-Remote-User: 203.0.113.9")
    assert ask(app, b"X-Remote-User: root", *FORWARDED) == ["None", "203.0.113.9"]


@pytest.mark.parametrize(
    ("peer", "is_listed"),
    [
        (PROXY, True),
        ("10.1.2.3", True),
        (f"::ffff:{PROXY}", True),
        ("10.0.0.6", False),
        ("127.0.0.1", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_only_listed_peers_can_set_user_header(campus, peer, is_listed):
    browser = Browser(campus(peer))
    page = log_in(browser, "ann@example.edu")
    assert page.status == (303 if is_listed else 403)
    assert me(browser) == ("ann@example.edu" if is_listed else 401)
    shown = browser.get("/login", headers={"X-Remote-User": "bo@example.edu"})
    assert ("Log in as bo@example.edu" in shown.text) is is_listed


def test_user_header_is_ignored_without_setting(campus):
    browser = Browser(campus(login_header=""))
    assert log_in(browser, "ann@example.edu").status == 404
    assert "Log in as" not in browser.get("/login", headers={"X-Remote-User": "ann"}).text


def test_user_header_without_login_request_does_not_log_in(campus):
    browser = Browser(campus())
    page = browser.get("/account", headers={"X-Remote-User": "ann@example.edu"})
    assert (page.status, page.location) == (303, "/login?next=%2Faccount")


@pytest.mark.parametrize(
    ("next_path", "place"),
    [
        ("/account?x=1", "/account?x=1"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_proxy_login_redirects_only_to_local_paths(campus, next_path, place):
    page = log_in(Browser(campus()), "ann@example.edu", next=next_path)
    assert (page.status, page.location) == (303, place)


def test_proxy_login_keeps_account_after_email_change(campus):
    world = campus()
    browser = Browser(world)
    log_in(browser, "ann@example.edu")
    with world.session() as session:
        [user] = session.scalars(select(User)).all()
        user.email = "ann.married@example.edu"
    again = Browser(world)
    assert log_in(again, "ann@example.edu").status == 303
    assert me(again) == "ann.married@example.edu"


@pytest.mark.parametrize(
    ("new_accounts", "user", "status"),
    [
        ((), "ann@example.edu", 403),
        (("example.edu",), "ann@example.edu", 303),
        (("example.edu",), "ann@cs.example.edu", 403),
        (("*.example.edu",), "ann@cs.example.edu", 303),
        (("example.edu",), "ann@evilexample.edu", 403),
        (("example.edu",), "ann", 403),
        (("*",), "ann", 303),
    ],
)
def test_new_accounts_setting_limits_account_creation(campus, new_accounts, user, status):
    world = campus(new_accounts=new_accounts)
    page = log_in(Browser(world), user)
    assert page.status == status
    with world.session() as session:
        assert len(session.scalars(select(User)).all()) == (1 if status == 303 else 0)
    if status == 403:
        assert "You have no account here" in page.one(role="alert").text


def test_pending_login_is_stored_only_for_a_link(campus):
    world, statements = campus(), []
    set_password(world, world.person(email="bo@example.edu"))

    def record(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(world.db.engine, "before_cursor_execute", record)
    assert log_in(Browser(world), "ann@example.edu").location == "/"
    assert not any("login_flows" in one for one in statements)
    assert log_in(Browser(world), "bo@example.edu").location == "/login/link"
    assert any("INSERT INTO login_flows" in one for one in statements)


def test_user_header_in_other_case_opens_the_same_account(campus):
    world = campus(new_accounts=("*",))
    for user in ("ann", "ANN", "Ann"):
        assert log_in(Browser(world), user).status == 303
    with world.session() as session:
        assert len(session.scalars(select(User)).all()) == 1


def test_linking_account_with_same_email_asks_for_password_once(campus):
    world = campus()
    email = set_password(world, world.person("Ann Example", email="ann@example.edu"))
    browser = Browser(world)
    page = browser.follow(log_in(browser, "ann@example.edu", next="/account"))
    assert me(browser) == 401
    identity, own = (one.text for one in page.one("main").all("dd"))
    assert identity == "ann@example.edu, ann@example.edu (id ann@example.edu)"
    assert own == "Ann Example, ann@example.edu"
    wrong = browser.send(page.one("form", action="/login/link"), password=OTHER_PASSWORD)
    assert wrong.status == 401
    assert me(browser) == 401
    page = browser.send(wrong.one("form", action="/login/link"), password=PASSWORD)
    assert (page.status, page.location, me(browser)) == (303, "/account", email)
    again = Browser(world)
    log_in(again, "ann@example.edu")
    assert me(again) == email


def test_linking_account_requires_password_or_invitation(campus):
    world = campus()
    set_password(world, world.person(email="ann@example.edu"))
    browser = Browser(world)
    page = browser.follow(log_in(browser, "ann@example.edu"))
    assert browser.send(page.one("form", action="/login/link")).status == 422
    assert me(browser) == 401


def test_password_guesses_on_link_page_are_rate_limited(campus):
    world = campus()
    set_password(world, world.person(email="ann@example.edu"))
    browser = Browser(world)
    page = browser.follow(log_in(browser, "ann@example.edu"))
    form = page.one("form", action="/login/link")
    statuses = [browser.send(form, password=f"wrong words {n}").status for n in range(8)]
    assert statuses[-1] == 429


def invitation(world, person, purpose="invite"):
    with world.session() as session:
        [link] = invitation_tokens.issue_links(
            session,
            [session.get_one(User, person.id)],
            purpose,
            public_url="https://grader.example",
            creator=LinkCreator(),
            now=world.clock(),
        )
    return link.url


def test_account_without_password_is_linked_by_its_invitation(campus):
    world = campus()
    ann = world.person(email="ann@example.edu")
    other = world.person(email="bo@example.edu")
    url = invitation(world, ann)
    browser = Browser(world)
    page = browser.follow(log_in(browser, "ann@example.edu"))
    form = page.one("form", action="/login/link")
    assert browser.send(form, link=invitation(world, other)).status == 404
    assert browser.send(form, password=OTHER_PASSWORD).status == 401
    assert browser.send(form, link=url).status == 303
    assert me(browser) == "ann@example.edu"
    assert browser.send(form, link=url).status == 403
    with world.session() as session:
        assert session.scalar(select(User.password_hash).where(User.id == ann.id)) is None
        assert session.scalars(select(LoginFlow)).all() == []


def test_link_page_is_bound_to_its_browser(campus):
    world = campus()
    set_password(world, world.person(email="ann@example.edu"))
    log_in(Browser(world), "ann@example.edu")
    page = Browser(world).post("/login/link", {"password": PASSWORD})
    assert page.status == 403
    assert "Start again" in page.one(role="alert").text


def test_email_change_removes_linked_identities(campus):
    world = campus()
    admin = world.person(admin=True)
    browser = Browser(world)
    log_in(browser, "ann@example.edu")
    with world.session() as session:
        [user] = session.scalars(select(Identity.user_id)).all()
    patch = {"email": "victim@example.edu"}
    assert admin.patch(f"/users/{user}", patch, headers={"If-Match": "*"}).status_code == 200
    again = Browser(world)
    log_in(again, "ann@example.edu")
    assert me(again) == "ann@example.edu"
    with world.session() as session:
        users = session.scalars(select(Identity.user_id)).all()
    assert user not in users


def test_suspended_user_cannot_log_in_by_proxy(campus):
    world = campus()
    log_in(Browser(world), "ann@example.edu")
    with world.session() as session:
        session.execute(update(User).values(suspended_at=world.clock()))
    page = log_in(Browser(world), "ann@example.edu")
    assert page.status == 403
    assert "suspended" in page.one(role="alert").text


def test_erasure_deletes_linked_identities(campus):
    world = campus()
    admin = world.person(admin=True)
    log_in(Browser(world), "ann@example.edu")
    with world.session() as session:
        [user] = session.scalars(select(Identity.user_id)).all()
    assert admin.post(f"/users/{user}/erase", {"confirm": "ann@example.edu"}).status_code == 200
    with world.session() as session:
        assert session.scalars(select(Identity)).all() == []


def test_password_login_can_be_disabled(campus):
    world = campus(local_login=False)
    ann = world.person(email="ann@example.edu")
    url, email = invitation(world, ann), set_password(world, ann)
    browser = Browser(world)
    assert browser.get("/login").all("input", name="password") == []
    assert browser.post("/login", {"email": email, "password": PASSWORD}).status == 403
    body = {"secret": url.partition("#")[2], "password": PASSWORD}
    assert world.anonymous.post("/invites/accept", body).status_code == 403
    assert world.anonymous.post("/password-reset", {"email": email}).status_code == 403
    with world.session() as session:
        assert session.scalars(select(LoginSession)).all() == []


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"GRADER_LOGIN_HEADER": "X-Remote-User"}, FORM_MESSAGE),
        ({"GRADER_LOGIN_HEADER": "X-Remote-User: "}, FORM_MESSAGE),
        ({"GRADER_LOGIN_HEADER": ": 10.0.0.5"}, FORM_MESSAGE),
        ({"GRADER_LOGIN_HEADER": "Cookie: 10.0.0.5"}, PREFIX_MESSAGE),
        ({"GRADER_LOGIN_HEADER": "X-Remote-: 10.0.0.5"}, FORM_MESSAGE),
        ({"GRADER_LOGIN_HEADER": "X-Remote-U_r: 10.0.0.5"}, FORM_MESSAGE),
        ({"GRADER_LOGIN_HEADER": "X-Remote-User: proxy"}, FORM_MESSAGE),
        ({"GRADER_LOGIN_HEADER": "X-Remote-User: 0.0.0.0/0"}, "all addresses"),
        ({"GRADER_LOCAL_LOGIN": "false"}, "nobody could log in"),
        ({"GRADER_NEW_ACCOUNTS": "example.edu, bücher.example"}, PUNYCODE_MESSAGE),
    ],
)
def test_unsafe_login_settings_are_rejected(environment, message):
    with pytest.raises(SettingsError, match=re.escape(message)):
        read_settings(environment)


def removed_by_caddy():
    """Return the patterns of the headers that the shipped proxy removes from requests."""
    caddyfile = (Path(__file__).parents[2] / "docker" / "Caddyfile").read_text(encoding="utf-8")
    [block] = re.findall(r"^\treverse_proxy .*?^\t}", caddyfile, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\s*header_up -(\S+)$", block, re.MULTILINE)


@pytest.mark.parametrize(
    "header",
    [
        *("X-Remote-User", "x-remote-user", "X-REMOTE-USER", "X-Remote-E-Mail"),
        *("Remote-User", "X-Remote", "X-RemoteUser", "X_Remote_User", "X-Remote-", "X-Remote-U_r"),
        *("X-Forwarded-User", "X-Auth-Request-User", "X-Authenticated-User", "X-User"),
        *("Authorization", "Cookie", "Host", "Origin", "X-Forwarded-For", "X Remote-User"),
    ],
)
def test_login_header_must_be_stripped_by_shipped_proxy(header):
    is_removed = any(fnmatch(header.lower(), one.lower()) for one in removed_by_caddy())
    setting = {"GRADER_LOGIN_HEADER": f"{header}: {PROXY}"}
    is_accepted = True
    try:
        read_settings(setting)
    except SettingsError:
        is_accepted = False
    assert is_accepted <= is_removed
    assert is_accepted == bool(re.fullmatch(r"x-remote-[a-z-]+", header.lower()))
