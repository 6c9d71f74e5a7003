"""Tests of the login pages: login, logout, password links, forms that wait for login."""

import pytest
from pages import Browser, form_fields
from world import World

from api.pages.login import PASSWORDS_DIFFER_MESSAGE

EMAIL, PASSPHRASE = "stu@example.edu", "four words of mine"


@pytest.fixture
def student(world):
    return world.enrol(world.course(), email=EMAIL)


def link_of(world: World, person) -> str:
    """Return a link with which *person* can set a password."""
    admin = world.person("Ad Min", admin=True)
    return admin.post(f"/users/{person.id}/reset").json()["link"]


@pytest.fixture
def known(world, student):
    """Set a password for the student, and return the e-mail address for the login."""
    browser = Browser(world)
    welcome = browser.get("/welcome")
    done = browser.send(
        welcome.one("form"),
        secret=link_of(world, student),
        password=PASSPHRASE,
        again=PASSPHRASE,
    )
    assert (done.status, done.location) == (303, "/")
    return EMAIL


def log_in(browser: Browser, email: str, password: str = PASSPHRASE, path: str = "/login"):
    return browser.send(browser.get(path).one("form"), email=email, password=password)


def test_invite_link_sets_password_and_logs_in(world, known):
    browser = Browser(world)
    assert log_in(browser, known).location == "/"
    assert "Stu Dent" in browser.get("/").one("header").text


@pytest.mark.parametrize(
    ("again", "secret", "said"),
    [
        ("another one entirely", None, PASSWORDS_DIFFER_MESSAGE),
        (PASSPHRASE, "nonsense", "link"),
        ("short", None, "not the same"),
    ],
)
def test_unusable_password_is_rejected_with_reason(world, student, again, secret, said):
    browser = Browser(world)
    answer = browser.send(
        browser.get("/welcome").one("form"),
        secret=secret or link_of(world, student),
        password=PASSPHRASE,
        again=again,
    )
    assert answer.status >= 400
    assert said in answer.one(role="alert").text
    assert PASSPHRASE not in answer.source


def test_wrong_password_keeps_email_and_next_path(world, known):
    browser = Browser(world)
    answer = log_in(browser, known, "not it at all", "/login?next=%2Faccount")
    assert answer.status == 401
    assert answer.one("input", name="email")["value"] == known
    assert answer.one("input", name="next")["value"] == "/account"
    assert "not it at all" not in answer.source
    assert browser.cookies == {}


@pytest.mark.parametrize(
    ("path", "field"),
    [("/login", "email"), ("/welcome", "secret"), ("/join", "code")],
)
def test_long_form_values_are_truncated_in_response(world, path, field):
    browser = Browser(world)
    fields = {"email": "", "password": PASSPHRASE, "again": PASSPHRASE}
    answer = browser.post(path, fields | {field: '"' * 20_000})
    assert answer.status >= 400
    assert len(answer.source) < 8_000
    long = browser.post(path, fields | {field: "y" * 300})
    assert "y" * 253 + "…" in long.source
    assert "y" * 254 not in long.source


@pytest.mark.parametrize(
    "address",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:1"],
)
def test_login_page_ignores_external_redirect_targets(world, known, address):
    browser = Browser(world)
    form = browser.get("/login", params={"next": address}).one("form")
    answer = browser.post("/login", {"email": known, "password": PASSPHRASE, "next": address})
    assert form.one("input", name="next")["value"] == answer.location == "/"


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("/account\r\nSet-Cookie: planted=1", "/"),
        ("/account\nX-Planted: 1", "/"),
        ("/account\u0085X-Planted: 1", "/"),
        ("/account%0d%0aX-Planted:1", "/account%0d%0aX-Planted:1"),
    ],
)
def test_line_break_in_next_path_cannot_inject_headers(world, known, address, location):
    answer = Browser(world).post(
        "/login", {"email": known, "password": PASSPHRASE, "next": address}
    )
    assert (answer.status, answer.location) == (303, location)
    assert "planted" not in {name.lower() for name in answer.headers}
    assert "planted" not in answer.headers["set-cookie"].lower()


def test_anonymous_visitor_is_redirected_to_login_and_back(world, known):
    browser = Browser(world)
    away = browser.get("/docs/../?x=1")
    assert (away.status, away.location) == (303, "/login?next=%2F%3Fx%3D1")
    assert log_in(browser, known, path=away.location).location == "/?x=1"


def test_form_sent_after_session_expiry_is_kept_through_login(world, known, student):
    browser = Browser(world, student)
    world.clock.advance(days=8)
    kept = {"answer": "[[1, 2],\n [3, 4]]", "box": ["a", "b"], "password": "gone"}
    asked = browser.post("/me/password", kept)
    assert asked.status == 401
    assert "gone" not in asked.source
    resumed = browser.send(asked.one("form"), email=known, password=PASSPHRASE)
    waiting = resumed.one("form")
    assert waiting["action"] == "/me/password"
    assert form_fields(waiting) == {"answer": kept["answer"], "box": kept["box"]}


def test_form_without_session_asks_for_login_not_a_bearer_token(world):
    asked = Browser(world).post("/me", {"name": "Ann"})
    assert asked.status == 401
    assert "Your input is kept." in asked.text
    assert "Bearer" not in asked.text


def test_cross_site_login_form_is_rejected(world, known):
    answer = world.client.post(
        "/login",
        data={"email": known, "password": PASSPHRASE},
        headers={"Sec-Fetch-Site": "cross-site", "Accept": "text/html"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_logout_invalidates_session_cookie(world, known):
    browser = Browser(world)
    log_in(browser, known)
    copied = dict(browser.cookies)
    out = browser.send(browser.get("/").one("form", action="/logout"))
    assert (out.location, [*browser.cookies]) == ("/login?out=yes", ["grader-device"])
    assert browser.get(out.location).one(role="status").text == "You are logged out."
    assert "logged out" not in browser.get("/login").text
    browser.cookies = copied
    assert browser.get("/").status == 303


def test_repeated_wrong_passwords_return_429_with_retry_after(world, known):
    browser = Browser(world)
    tries = [log_in(browser, known, f"wrong number {at}") for at in range(20)]
    waiting = [one for one in tries if one.status == 429]
    assert waiting
    assert int(waiting[0].headers["retry-after"]) > 0
