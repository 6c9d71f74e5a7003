"""Tests of login and logout with Canaille, an OpenID provider in a process of its own."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from api_browser import PASSWORD, set_password
from oidc_process import Visitor, running_provider
from pages import Browser
from sqlalchemy import select
from world import World

from api.db.models import Identity, ProviderSession

SERVICE = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def process():
    """Yield a running provider, which the tests of this file share."""
    with running_provider(SERVICE) as provider:
        yield provider


@pytest.fixture
def provider(process):
    """Return the provider as it began: running, with its first key and the time of this machine."""
    if process.process is None:
        process.start()
    yield process
    if process.process is not None and process.is_changed:
        process.kill()


@pytest.fixture
def campus(sqlite_template, tmp_path, provider):
    """Yield the service with the provider, at the time of this machine.

    tests/api/test_oidc_login.py has the same on both databases.
    """
    database = shutil.copyfile(sqlite_template, tmp_path / "grader.db")
    world = World(
        f"sqlite:///{database}", settings={"oidc": provider.setting, "new_accounts": ("*",)}
    )
    world.clock.now = datetime.now(UTC)
    yield world
    world.close()


@pytest.fixture
def monotonic(monkeypatch):
    """Let tests move the clock by which values of a provider are cached."""
    clock = [1_000.0]
    monkeypatch.setattr("api.services.external_login.fetched_value.monotonic", lambda: clock[0])
    return clock


def begin(browser):
    page = browser.get("/login/oidc/uni", params={"next": "/account"})
    assert page.status == 303, page.text
    return page.location


def log_in(browser, visitor):
    return browser.get(visitor.log_in(begin(browser)))


def me(browser):
    page = browser.get("/api/v1/me", headers={"Accept": "application/json"})
    return json.loads(page.source)["name"] if page.status == 200 else page.status


def log_out(browser):
    """Log out of the service, and return the page after it."""
    return browser.send(browser.get("/account").one("form", action="/logout"))


def test_second_login_reuses_provider_session_without_password(campus, provider):
    browser, visitor = Browser(campus), Visitor(provider)
    page = log_in(browser, visitor)
    assert (page.status, page.location) == (303, "/account")
    assert me(browser) == "Ann Example"
    assert visitor.passwords_typed == 1
    again = Browser(campus)
    log_in(again, visitor)
    assert (me(again), visitor.passwords_typed) == ("Ann Example", 1)
    with campus.session() as session:
        [row] = session.scalars(select(Identity)).all()
    # Canaille does not say whether it verified the address, so it counts as unverified.
    assert (row.issuer, row.email) == (provider.issuer, None)


def test_stolen_code_is_rejected_before_and_after_use(campus, provider):
    """The provider, which is not ours, checks the verifier, and that a code is used once."""
    victim, thief = Browser(campus), Browser(campus)
    callback = Visitor(provider).log_in(begin(victim))
    code = parse_qs(urlsplit(callback).query)["code"][0]

    def use_stolen_code():
        state = parse_qs(urlsplit(begin(thief)).query)["state"][0]
        query = {"code": code, "state": state, "iss": provider.issuer}
        return thief.get("/login/oidc/uni/callback", params=query).status

    assert (use_stolen_code(), me(thief)) == (403, 401)
    assert victim.get(callback).status == 303
    assert (use_stolen_code(), me(thief)) == (403, 401)


def test_callback_without_iss_is_rejected_if_provider_always_sends_it(campus, provider):
    browser = Browser(campus)
    callback = Visitor(provider).log_in(begin(browser))
    query = {name: values[0] for name, values in parse_qs(urlsplit(callback).query).items()}
    assert query.pop("iss") == provider.issuer
    page = browser.get("/login/oidc/uni/callback", params=query)
    assert (page.status, me(browser)) == (403, 401)
    provider.is_changed = True  # Canaille 0.3 mistakes a code for another one that was never used


def test_provider_logout_link_ends_provider_session(campus, provider):
    browser, visitor = Browser(campus), Visitor(provider)
    log_in(browser, visitor)
    page = log_out(browser)
    assert me(browser) == 401
    url = page.one("a", text="Log out of Uni")["href"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert query.pop("id_token_hint").count(".") == 2
    assert query == {"client_id": "grader", "post_logout_redirect_uri": f"{SERVICE}/logged-out"}
    back = visitor.log_out(url)
    assert back == f"{SERVICE}/logged-out"
    assert (
        "You are logged out" in browser.follow(browser.get("/logged-out")).one(role="status").text
    )
    log_in(browser, visitor)
    assert (me(browser), visitor.passwords_typed) == ("Ann Example", 2)
    with campus.session() as session:
        assert len(session.scalars(select(ProviderSession)).all()) == 1


def test_local_logout_keeps_provider_session(campus, provider):
    browser, visitor = Browser(campus), Visitor(provider)
    log_in(browser, visitor)
    log_out(browser)
    log_in(browser, visitor)
    assert (me(browser), visitor.passwords_typed) == ("Ann Example", 1)


def test_login_after_session_expiry_starts_new_session(campus, provider):
    browser, visitor = Browser(campus), Visitor(provider)
    log_in(browser, visitor)
    campus.clock.now += timedelta(hours=12)
    page = browser.get("/account")
    assert (page.status, page.location) == (303, "/login?next=%2Faccount")
    provider.kill()
    provider.start(clock_offset_seconds=12 * 3600)
    log_in(browser, visitor)
    assert me(browser) == "Ann Example"


@pytest.mark.parametrize(("offset", "status"), [(-7_200, 403), (45, 303), (300, 403)])
def test_expired_and_future_id_tokens_are_rejected(campus, provider, offset, status):
    """The provider's clock differs: tokens live for an hour, and a minute is tolerated."""
    provider.kill()
    provider.start(clock_offset_seconds=offset)
    browser = Browser(campus)
    page = log_in(browser, Visitor(provider))
    assert page.status == status
    assert me(browser) == ("Ann Example" if status == 303 else 401)


def test_rotated_signing_key_is_refetched_after_cooldown(campus, provider, monotonic):
    browser = Browser(campus)
    log_in(browser, Visitor(provider))
    assert me(browser) == "Ann Example"
    provider.kill()
    provider.start(signs="key-2", publishes=["key-1"])
    early = Browser(campus)
    assert log_in(early, Visitor(provider)).status == 403
    assert me(early) == 401
    monotonic[0] += 10
    later = Browser(campus)
    log_in(later, Visitor(provider))
    assert me(later) == "Ann Example"


def test_provider_outage_is_reported_and_password_login_still_works(campus, provider, monotonic):
    person = set_password(campus, campus.person(email="local@example.edu"))
    browser, visitor = Browser(campus), Visitor(provider)
    log_in(browser, visitor)
    under_way = Browser(campus)
    callback = visitor.log_in(begin(under_way))
    provider.kill()
    with pytest.raises(httpx2.ConnectError):
        visitor.client.get(provider.issuer)
    monotonic[0] += 3_600
    for page in (Browser(campus).get("/login/oidc/uni"), under_way.get(callback)):
        assert page.status == 503
        assert "Uni does not respond" in page.one(role="alert").text
    local = Browser(campus)
    form = local.get("/login/oidc/uni").one("form", action="/login")
    assert local.send(form, email=person, password=PASSWORD).status == 303
    assert me(browser) == "Ann Example", "sessions continue"
    assert "may still be logged in" in log_out(browser).text
    assert me(browser) == 401
    provider.start()
    monotonic[0] += 10
    log_in(browser, Visitor(provider))
    assert me(browser) == "Ann Example"
