"""Tests of the login by OpenID providers, with a table of attacks."""

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from api_browser import OTHER_PASSWORD, PASSWORD, set_password
from oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, provider_key
from pages import Browser
from sqlalchemy import select
from world import World
from written_tokens import sign_as_written

from api.config.environment import read_settings
from api.config.settings import ServiceSettings
from api.config.sources import SettingsError
from api.db.models import Identity, LoginFlow, ProviderSession, User
from api.services.external_login.provider_http import ProviderHttp

ROOT = Path(__file__).parents[2]
ISSUERS = {"uni": "https://login.example.edu", "lab": "https://id.lab.example"}
ANN = {"sub": "248", "email": "ann@example.edu", "email_verified": True, "name": "Ann Example"}


def listed(**changes):
    """Return the setting with both providers; *changes* go into each entry."""
    return json.dumps(
        [
            {
                "id": name,
                "name": name.title(),
                "issuer": issuer,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            }
            | changes
            for name, issuer in ISSUERS.items()
        ]
    )


@pytest.fixture
def campus(database_url):
    """Return a function that starts the service with two providers, which are at ``providers``."""
    worlds = []

    def started(**settings):
        world = World(database_url, settings={"oidc": listed(), "new_accounts": ("*",)} | settings)
        world.providers = {}
        for name, provider in world.service.oidc_providers.items():
            fake = OidcProvider(ISSUERS[name], now=int(world.clock().timestamp()))
            provider.http = ProviderHttp(fake.transport)
            world.providers[name] = fake
        worlds.append(world)
        return world

    yield started
    for world in worlds:
        world.close()


def begin(browser, provider="uni", **query):
    """Begin a login and return the address at the provider."""
    page = browser.get(f"/login/oidc/{provider}", params=query)
    assert page.status == 303, page.text
    return page.location


def log_in(world, browser, provider="uni", query=None, iss=None, **claims):
    """Log in at a provider as Ann, with other *claims*, and return the page after it."""
    url = begin(browser, provider, **(query or {}))
    return browser.get(world.providers[provider].authorize(url, iss=iss, **(ANN | claims)))


def me(browser):
    page = browser.get("/api/v1/me", headers={"Accept": "application/json"})
    return json.loads(page.source)["email"] if page.status == 200 else page.status


def accounts(world):
    with world.session() as session:
        return session.scalars(select(User.id)).all()


def test_login_page_lists_providers(campus):
    page = Browser(campus()).get("/login", params={"next": "/account?x=1"})
    links = [one["href"] for one in page.one("main").all("a", text="Log in with")]
    assert links == [
        "/login/oidc/uni?next=/account%3Fx%3D1",
        "/login/oidc/lab?next=/account%3Fx%3D1",
    ]


def test_first_login_creates_account_and_next_login_reuses_it(campus):
    world = campus()
    browser = Browser(world)
    page = log_in(world, browser, query={"next": "/account"})
    assert (page.status, page.location) == (303, "/account")
    assert me(browser) == "ann@example.edu"
    browser.post("/logout")
    assert me(browser) == 401
    log_in(world, browser)
    assert me(browser) == "ann@example.edu"
    assert len(accounts(world)) == 1
    with world.session() as session:
        assert session.scalar(select(User.name)) == "Ann Example"
        assert session.scalars(select(LoginFlow)).all() == []


def test_pending_login_stores_no_plaintext_state_or_nonce(campus):
    world = campus()
    query = parse_qs(urlsplit(begin(Browser(world))).query)
    with world.session() as session:
        [flow] = session.scalars(select(LoginFlow)).all()
        stored = repr([getattr(flow, column.name) for column in LoginFlow.__table__.columns])
    assert query["state"][0] not in stored
    assert query["nonce"][0] not in stored


UNVERIFIED = {
    "an unverified address": {"email_verified": False},
    "no word on whether the address is verified": {"email_verified": None},
    "verified as a text": {"email_verified": "true"},
    "verified as a number": {"email_verified": 1},
}


@pytest.mark.parametrize("claims", UNVERIFIED.values(), ids=UNVERIFIED)
def test_unverified_email_never_matches_existing_account(campus, claims):
    world = campus()
    victim = set_password(world, world.person(email="ann@example.edu"))
    browser = Browser(world)
    log_in(world, browser, **claims)
    assert me(browser) is None
    assert len(accounts(world)) == 2
    strict = campus(new_accounts=("example.edu",))
    other = Browser(strict)
    assert log_in(strict, other, sub="9", **claims).status == 403
    assert me(other) == 401
    assert victim == "ann@example.edu"


def test_verified_email_creates_account_only_in_a_configured_domain(campus):
    world = campus(new_accounts=("example.edu",))
    outside = Browser(world)
    assert log_in(world, outside, email="ann@example.com").status == 403
    assert me(outside) == 401
    assert accounts(world) == []
    inside = Browser(world)
    assert log_in(world, inside).status == 303
    assert me(inside) == "ann@example.edu"
    assert len(accounts(world)) == 1


@pytest.mark.parametrize("domain", ["paßau.example", "\u212aiel.example", "bücher.example"])
def test_verified_email_with_other_than_ascii_domain_counts_as_none(campus, domain):
    """Case folding and NFC make the first two ASCII domains, whose owners are others."""
    world = campus(new_accounts=("passau.example", "kiel.example"))
    browser = Browser(world)
    assert log_in(world, browser, email=f"dean@{domain}").status == 403
    assert accounts(world) == []
    everybody = campus()
    other = Browser(everybody)
    assert log_in(everybody, other, email=f"dean@{domain}").status == 303
    assert me(other) is None


def test_verified_email_is_not_case_folded(campus):
    world = campus()
    set_password(world, world.person(email="strasse@example.edu"))
    browser = Browser(world)
    assert log_in(world, browser, email="STRAßE@example.edu").location == "/"
    assert me(browser) == "straße@example.edu"


def test_case_folded_email_of_older_version_links_account_with_the_same_name(campus):
    world = campus()
    email = set_password(world, world.person("Ann Example", email="strasse@example.edu"))
    browser = Browser(world)
    page = browser.follow(log_in(world, browser, email="straße@example.edu"))
    assert browser.send(page.one("form", action="/login/link"), password=PASSWORD).status == 303
    assert me(browser) == email


def test_verified_email_links_existing_account_only_with_its_password(campus):
    world = campus()
    set_password(world, world.person("Ann B. Example", email="ann@example.edu"))
    browser = Browser(world)
    page = browser.follow(log_in(world, browser, query={"next": "/account"}))
    assert me(browser) == 401
    assert [one.text for one in page.one("main").all("dd")] == [
        "Ann Example, ann@example.edu (id 248)",
        "Ann B. Example, ann@example.edu",
    ]
    form = page.one("form", action="/login/link")
    assert browser.send(form, password=OTHER_PASSWORD).status == 401
    assert browser.send(form).status == 422
    assert me(browser) == 401
    assert browser.send(form, password=PASSWORD).location == "/account"
    again = Browser(world)
    assert log_in(world, again, email="moved@example.edu").location == "/"
    assert me(again) == "ann@example.edu"
    assert len(accounts(world)) == 1


def test_email_change_at_provider_does_not_switch_accounts(campus):
    world = campus()
    browser = Browser(world)
    log_in(world, browser)
    set_password(world, world.person(email="root@example.edu", admin=True))
    again = Browser(world)
    assert log_in(world, again, email="root@example.edu").status == 303
    assert me(again) == "ann@example.edu"


def test_same_subject_at_another_issuer_is_another_account(campus):
    world = campus()
    log_in(world, Browser(world))
    browser = Browser(world)
    log_in(world, browser, "lab", email="mallory@lab.example")
    assert me(browser) == "mallory@lab.example"
    assert len(accounts(world)) == 2


def test_callback_at_another_providers_url_is_rejected(campus):
    """Mix-up: an honest provider's code must not be sent to the token endpoint of another one."""
    world = campus()
    browser = Browser(world)
    answer = world.providers["uni"].authorize(begin(browser), **ANN)
    page = browser.get(answer.replace("/oidc/uni/", "/oidc/lab/"))
    assert page.status == 403
    assert me(browser) == 401
    assert world.providers["lab"].asked == []


@pytest.mark.parametrize(
    ("supported", "iss", "status"),
    [
        (False, None, 303),
        (False, ISSUERS["uni"], 303),
        (True, ISSUERS["uni"], 303),
        (True, None, 403),
        (False, ISSUERS["lab"], 403),
        (True, ISSUERS["uni"] + "/", 403),
        (False, "", 403),
    ],
)
def test_callback_issuer_is_validated(campus, supported, iss, status):
    world = campus()
    uni = world.providers["uni"]
    uni.metadata = {"authorization_response_iss_parameter_supported": supported}
    browser = Browser(world)
    assert log_in(world, browser, iss=iss).status == status
    assert ("/token" in uni.asked) is (status == 303)
    assert me(browser) == ("ann@example.edu" if status == 303 else 401)


def test_state_is_single_use(campus):
    world = campus()
    browser = Browser(world)
    answer = world.providers["uni"].authorize(begin(browser), **ANN)
    kept = dict(browser.cookies)
    assert browser.get(answer).status == 303
    replay = Browser(world)
    replay.cookies = kept
    page = replay.get(answer)
    assert page.status == 403
    assert "Start again" in page.one(role="alert").text
    assert me(replay) == 401


def test_invalid_callback_consumes_its_state(campus):
    world = campus()
    browser = Browser(world)
    answer = world.providers["uni"].authorize(begin(browser), **ANN)
    kept = dict(browser.cookies)
    invalid = re.sub(r"([?&]code)=[^&]*", r"\1=guessed", answer)
    assert invalid != answer
    for url in (invalid, answer):
        browser.cookies = dict(kept)
        assert browser.get(url).status >= 400
    assert me(browser) == 401


def test_reused_authorization_code_is_rejected(campus):
    world = campus()
    browser, uni = Browser(world), world.providers["uni"]
    answer = uni.authorize(begin(browser), **ANN)
    code = parse_qs(urlsplit(answer).query)["code"][0]
    browser.get(answer)
    thief = Browser(world)
    state = parse_qs(urlsplit(begin(thief)).query)["state"][0]
    page = thief.get("/login/oidc/uni/callback", params={"code": code, "state": state})
    assert (page.status, me(thief)) == (403, 401)


def test_stolen_code_fails_pkce_check_in_another_browser(campus):
    world = campus()
    victim, thief = Browser(world), Browser(world)
    answer = world.providers["uni"].authorize(begin(victim), **ANN)
    code = parse_qs(urlsplit(answer).query)["code"][0]
    state = parse_qs(urlsplit(begin(thief)).query)["state"][0]
    page = thief.get("/login/oidc/uni/callback", params={"code": code, "state": state})
    assert (page.status, me(thief)) == (403, 401)


@pytest.mark.parametrize("change", ["", "x", "é", "other"])
def test_callback_in_another_browser_logs_no_user_in(campus, change):
    """Login CSRF: an attacker sends the victim the answer to a login of their own."""
    world = campus()
    attacker, victim = Browser(world), Browser(world)
    answer = world.providers["uni"].authorize(begin(attacker), **ANN)
    if change != "other":
        answer = f"{answer.partition('&state=')[0]}&state={change}"
        begin(victim)
    page = victim.get(answer)
    assert (page.status, me(victim)) == (403, 401)


def test_pending_login_expires_after_ten_minutes(campus):
    world = campus()
    browser = Browser(world)
    answer = world.providers["uni"].authorize(begin(browser), **ANN)
    world.clock.now += timedelta(minutes=10)
    assert browser.get(answer).status == 403


TOKENS = {
    "no nonce": {"nonce": None},
    "another nonce": {"nonce": "x"},
    "another issuer": {"iss": ISSUERS["lab"]},
    "no issuer": {"iss": None},
    "another audience": {"aud": "other"},
    "no audience": {"aud": None},
    "several audiences without the authorized party": {"aud": [CLIENT_ID, "other"]},
    "another authorized party": {"azp": "other"},
    "expired": {"exp": 1},
    "no expiry": {"exp": None},
    "expiry as a text": {"exp": "never"},
    "issued in the future": {"iat": 99_999_999_999},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 7},
    "a long subject": {"sub": "x" * 300},
}


@pytest.mark.parametrize("claims", TOKENS.values(), ids=TOKENS)
def test_id_token_with_invalid_claims_is_rejected(campus, claims):
    world = campus()
    world.providers["uni"].claims = claims
    browser = Browser(world)
    page = log_in(world, browser)
    assert (page.status, me(browser)) == (403, 401)
    assert "was not accepted" in page.one(role="alert").text
    assert accounts(world) == []


@pytest.mark.parametrize(
    "signing", ["unsigned", "signed_with_the_public_key", "signed_by_somebody_else", "missing"]
)
def test_id_token_with_invalid_signature_is_rejected(campus, signing):
    world = campus()
    uni = world.providers["uni"]
    uni.sign = getattr(uni, signing, lambda _: None)
    browser = Browser(world)
    assert (log_in(world, browser).status, me(browser)) == (403, 401)
    assert accounts(world) == []


def test_multiple_audiences_are_accepted_with_matching_azp(campus):
    world = campus()
    world.providers["uni"].claims = {"aud": [CLIENT_ID, "other"], "azp": CLIENT_ID}
    browser = Browser(world)
    log_in(world, browser)
    assert me(browser) == "ann@example.edu"


@pytest.mark.parametrize(
    ("next_path", "place"),
    [
        ("/account?x=1", "/account?x=1"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
    ],
)
def test_oidc_login_redirects_only_to_local_paths(campus, next_path, place):
    world = campus()
    assert log_in(world, Browser(world), query={"next": next_path}).location == place


@pytest.mark.parametrize("down", ["connection", 500, 404])
def test_unavailable_provider_shows_503_page_with_password_form(campus, down):
    world = campus()
    world.providers["uni"].down = down
    page = Browser(world).get("/login/oidc/uni")
    assert page.status == 503
    assert "Uni does not respond" in page.one(role="alert").text
    assert page.one("input", name="password")
    assert log_in(world, Browser(world), "lab").status == 303


def test_provider_failure_during_callback_shows_503_page(campus):
    world = campus()
    browser, uni = Browser(world), world.providers["uni"]
    answer = uni.authorize(begin(browser), **ANN)
    uni.down = "connection"
    page = browser.get(answer)
    assert page.status == 503
    assert "You are not logged in" in page.one(role="alert").text
    uni.down = ""
    assert log_in(world, browser).status == 303


def test_refused_connection_to_provider_shows_503_page(campus):
    """The same over a socket: the port is closed."""
    [entry, _] = json.loads(listed())
    world = campus(oidc=json.dumps([entry | {"issuer": "http://127.0.0.1:9"}]))
    world.service.oidc_providers["uni"].http = ProviderHttp()
    page = Browser(world).get("/login/oidc/uni")
    assert page.status == 503
    assert "does not respond" in page.one(role="alert").text


BROKEN_KEYS = [
    {"kty": "EC", "kid": "b", "crv": "brainpoolP256r1", "x": "AA", "y": "AA"},
    {"kty": "EC", "kid": "b", "crv": [], "x": "AA", "y": "AA"},
    {"kty": "EC", "kid": 7, "crv": "P-256", "x": "é", "y": "AA"},
    {"kty": "RSA", "kid": "b", "n": "AQAB"},
    {"kty": "RSA", "kid": "b", "n": 7, "e": "AQAB"},
    {"kty": []},
    "no key",
]


@pytest.mark.parametrize("key", BROKEN_KEYS, ids=repr)
def test_unusable_key_does_not_disable_the_others(campus, key):
    world = campus()
    world.providers["uni"].other_keys = (key,)
    assert log_in(world, Browser(world)).status == 303


def test_provider_without_usable_keys_is_reported_as_down(campus):
    world = campus()
    uni = world.providers["uni"]
    uni.published, uni.other_keys = (), tuple(BROKEN_KEYS)
    assert log_in(world, Browser(world)).status == 503


def test_new_keys_are_fetched_when_the_provider_rotates_them(campus, monkeypatch):
    world = campus()
    uni, now = world.providers["uni"], [1_000.0]
    monkeypatch.setattr("api.services.external_login.fetched_value.monotonic", lambda: now[0])
    assert log_in(world, Browser(world)).status == 303
    assert log_in(world, Browser(world)).status == 303
    assert uni.asked.count("/keys") == 1
    uni.kid, uni.published = "key-2", ("key-1", "key-2")
    now[0] += 60
    assert log_in(world, Browser(world)).status == 303
    uni.kid = "key-3"
    assert log_in(world, Browser(world)).status == 403
    assert uni.asked.count("/keys") == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://other.example"},
        {"issuer": "https://login.example.edu/"},
        {"token_endpoint": "http://login.example.edu/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None},
    ],
)
def test_untrustworthy_discovery_documents_are_rejected(campus, metadata):
    world = campus()
    world.providers["uni"].metadata = metadata
    assert Browser(world).get("/login/oidc/uni").status == 503


def test_userinfo_supplies_email_only_for_same_subject(campus):
    world = campus()
    uni = world.providers["uni"]
    uni.claims = {"email": None, "email_verified": None}
    uni.user_info = {"sub": "248", "email": "ann@example.edu", "email_verified": True}
    browser = Browser(world)
    log_in(world, browser)
    assert me(browser) == "ann@example.edu"
    uni.user_info = {"sub": "1", "email": "root@example.edu", "email_verified": True}
    assert log_in(world, Browser(world)).status == 403


def test_client_secret_post_is_supported(campus):
    world = campus()
    world.providers["uni"].metadata = {
        "token_endpoint_auth_methods_supported": ["client_secret_post"]
    }
    assert log_in(world, Browser(world)).status == 303


@pytest.mark.parametrize(
    ("error", "message"),
    [("access_denied", "it was canceled"), ("<b>x", "tell an administrator"), ("", "Start again")],
)
def test_provider_error_response_is_explained_and_escaped(campus, error, message):
    world = campus()
    browser = Browser(world)
    state = parse_qs(urlsplit(begin(browser)).query)["state"][0]
    page = browser.get("/login/oidc/uni/callback", params={"error": error, "state": state})
    assert page.status == 403
    assert message in page.one(role="alert").text
    assert "<b>x" not in page.source


def log_out(browser):
    """Log out of the service, and return the page after it."""
    return browser.send(browser.get("/account").one("form", action="/logout"))


def provider_sessions(world):
    with world.session() as session:
        rows = session.scalars(select(ProviderSession)).all()
        return [(row.provider, row.id_token.count(".")) for row in rows]


def test_logout_page_links_provider_logout_with_id_token_hint(campus):
    world = campus()
    browser = Browser(world)
    log_in(world, browser)
    assert provider_sessions(world) == [("uni", 2)]
    page = log_out(browser)
    assert (page.status, me(browser)) == (200, 401)
    assert "Refresh" not in page.headers
    url = urlsplit(page.one("a", text="Log out of Uni")["href"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{ISSUERS['uni']}/logout"
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert query.pop("id_token_hint").count(".") == 2
    assert query == {
        "client_id": CLIENT_ID,
        "post_logout_redirect_uri": "http://127.0.0.1:8000/logged-out",
    }
    assert provider_sessions(world) == []
    back = browser.get("/logged-out", params={"state": "x", "next": "https://evil.example"})
    assert (back.status, back.location) == (303, "/login?out=yes")


def test_logout_always_setting_redirects_to_provider_logout(campus):
    world = campus(oidc=listed(logout="always"))
    browser = Browser(world)
    log_in(world, browser)
    page = log_out(browser)
    assert page.headers["Refresh"] == f"0; url={page.one('a', text='Log out of Uni')['href']}"
    assert "evil" not in page.headers["Refresh"]


def test_login_that_linked_an_account_supports_provider_logout(campus):
    world = campus()
    set_password(world, world.person("Ann B. Example", email="ann@example.edu"))
    browser = Browser(world)
    page = browser.follow(log_in(world, browser))
    browser.send(page.one("form", action="/login/link"), password=PASSWORD)
    assert "id_token_hint" in log_out(browser).one("a", text="Log out of Uni")["href"]


def test_logout_everywhere_offers_provider_logout(campus):
    world = campus()
    browser, other = Browser(world), Browser(world)
    log_in(world, browser)
    log_in(world, other)
    page = browser.send(browser.get("/account").one("form", action="/me/sessions/end"))
    assert page.one("a", text="Log out of Uni")
    assert (me(browser), me(other)) == (401, 401)


@pytest.mark.parametrize("endpoint", [None, "http://login.example.edu/logout", "javascript:x", 5])
def test_untrusted_end_session_endpoint_is_not_linked(campus, endpoint):
    world = campus()
    world.providers["uni"].metadata = {"end_session_endpoint": endpoint}
    browser = Browser(world)
    log_in(world, browser)
    page = log_out(browser)
    assert (page.status, me(browser)) == (200, 401)
    assert page.all("a", text="Log out of Uni") == []
    assert "may still be logged in at Uni" in page.text


def test_logout_works_while_provider_is_down(campus, monkeypatch):
    world = campus()
    now = [1_000.0]
    monkeypatch.setattr("api.services.external_login.fetched_value.monotonic", lambda: now[0])
    browser = Browser(world)
    log_in(world, browser)
    world.providers["uni"].down = "connection"
    now[0] += 3_600
    page = log_out(browser)
    assert (page.status, me(browser)) == (200, 401)
    assert "Uni does not respond" in page.text


def test_oversized_id_token_is_not_stored_or_sent_as_hint(campus):
    world = campus()
    browser = Browser(world)
    log_in(world, browser, groups=["x" * 80] * 50)
    assert provider_sessions(world) == [("uni", 0)]
    assert "id_token_hint" not in log_out(browser).one("a", text="Log out of Uni")["href"]


def test_next_login_deletes_id_tokens_of_expired_sessions(campus):
    world = campus()
    for _ in range(2):
        browser = Browser(world)
        log_in(world, browser)
    assert len(provider_sessions(world)) == 2
    world.clock.now += timedelta(days=7)
    for provider in world.providers.values():
        provider.now = int(world.clock().timestamp())
    log_in(world, Browser(world))
    assert provider_sessions(world) == [("uni", 2)]


def test_api_logout_deletes_stored_id_token(campus):
    world = campus()
    browser = Browser(world)
    log_in(world, browser)
    assert browser.post("/api/v1/logout").status == 204
    assert provider_sessions(world) == []


def test_logout_after_password_login_mentions_no_provider(campus):
    world = campus()
    email = set_password(world, world.person(email="local@example.edu"))
    browser = Browser(world)
    browser.post("/login", {"email": email, "password": PASSWORD})
    page = log_out(browser)
    assert (page.status, page.location) == (303, "/login?out=yes")


def test_unknown_provider_returns_404(campus):
    browser = Browser(campus())
    assert browser.get("/login/oidc/evil").status == 404
    assert browser.get("/login/oidc/evil/callback").status == 404


def test_login_stores_issuer_and_subject_as_identity(campus):
    world = campus()
    log_in(world, Browser(world))
    with world.session() as session:
        [row] = session.scalars(select(Identity)).all()
        assert (row.issuer, row.subject) == (ISSUERS["uni"], "248")


def test_oidc_libraries_are_not_imported_without_providers():
    program = (
        "import sys, api.server.main; from api.app import create_app;"
        "from api.config.settings import ServiceSettings;"
        "create_app(ServiceSettings(database='sqlite:////tmp/none.db')).state.service.close();"
        "print([one for one in ('joserfc', 'httpx2', 'cryptography') if one in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout.strip() == "[]"


def test_account_export_includes_provider_identities(campus):
    world = campus()
    browser = Browser(world)
    log_in(world, browser)
    page = browser.get("/api/v1/me/export", headers={"Accept": "application/json"})
    [row] = json.loads(page.source)["identities"]
    assert (row["issuer"], row["subject"]) == (ISSUERS["uni"], "248")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("uni", "Invalid JSON"),
        ("{}", "valid array"),
        (listed(issuer="http://login.example.edu"), "https address"),
        (listed(issuer="https://login.example.edu?x=1"), "https address"),
        (listed(issuer="https://same.example"), "same issuer"),
        (listed(id="same"), "same id"),
        (listed(id="a/b"), "0.id"),
        (listed(extra="x"), "0.extra"),
        (listed(logout="never"), "0.logout"),
    ],
)
def test_invalid_oidc_settings_error_omits_client_secret(text, message):
    with pytest.raises(SettingsError, match=message) as refused:
        read_settings({"GRADER_OIDC": text})
    assert CLIENT_SECRET not in str(refused.value)


def test_local_login_can_be_disabled_when_providers_exist():
    assert ServiceSettings(oidc=listed(), local_login=False).oidc


@pytest.mark.parametrize("name", ["sub", "email", "name", "preferred_username", "extra"])
@pytest.mark.parametrize(
    "odd", ["\ud800", "a\0b", "x" * 5_000, 5, None, [], {"a": "\ud800"}, 1e999]
)
def test_malformed_claims_never_cause_a_server_error(campus, name, odd):
    world = campus()
    browser, uni = Browser(world), world.providers["uni"]
    uni.sign = lambda claims: sign_as_written(claims, provider_key("key-1"), "key-1")
    page = log_in(world, browser, **{name: odd})
    assert page.status in {303, 403}, page.text
    if name == "sub":
        assert page.status == 403
        assert accounts(world) == []
