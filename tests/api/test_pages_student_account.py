"""Tests of the account pages: name, password, browser sessions and tokens."""

import pytest
from api_browser import OTHER_PASSWORD, PASSWORD, get_email, set_password
from pages import Browser

from api.pages.account import PASSWORDS_DIFFER_MESSAGE
from api.services.accounts.profile import INCORRECT_CURRENT_PASSWORD


@pytest.fixture
def ann(world):
    return world.enrol(world.course(), "Ann Example")


@pytest.fixture
def browser(world, ann):
    set_password(world, ann)
    return Browser(world, ann)


def test_account_page_shows_email_and_courses(browser, ann, world):
    page = browser.get("/account")
    facts = page.one(aria_labelledby="you").text
    assert get_email(world, ann) in facts
    assert "Deep Learning" in facts


def test_account_times_are_utc_with_relative_time(browser):
    form = browser.get("/account").one("form", action="/me/tokens")
    page = browser.send(form, name="laptop", days="30", scopes="read")
    told = page.one(aria_labelledby="tokens").one("td", text="UTC").text
    assert told == "Wed 2 Dec 2026, 12:00 UTC (in 30 days)"
    assert [one.text for one in page.all("time") if "UTC" not in one.text] == []


def test_name_change_takes_effect_immediately(browser):
    done = browser.send(browser.get("/account").one("form", action="/me"), name="Ann B. Example")
    assert (done.status, done.location) == (303, "/account?done=name#done")
    page = browser.follow(done)
    assert page.one(id="done").text == "Your name is changed."
    assert page.one("summary", text="Ann").text == "Ann B. Example"


@pytest.mark.parametrize("name", ["", "x" * 300, "two\nlines"])
def test_invalid_name_is_reported_at_its_field_and_input_is_kept(browser, name):
    page = browser.send(browser.get("/account").one("form", action="/me"), name=name)
    assert page.status == 422
    field = page.one("input", id="own-name")
    assert field["aria-invalid"] == "true"
    assert page.one(id=field["aria-describedby"]).text
    assert field["value"] == name


def test_stale_name_form_is_rejected_and_can_be_resent(browser, ann):
    form = browser.get("/account").one("form", action="/me")
    browser.send(form, name="Ann of another window")
    stale = browser.send(form, name="Ann of this window")
    assert stale.status == 412
    assert stale.one("input", id="own-name")["value"] == "Ann of this window"
    assert ann.get("/me").json()["name"] == "Ann of another window"
    assert browser.send(stale.one("form", action="/me")).status == 303
    assert ann.get("/me").json()["name"] == "Ann of this window"


@pytest.mark.parametrize("version", ["", "1.5", "9" * 5_000, "\N{ARABIC-INDIC DIGIT ONE}"])
def test_name_form_with_invalid_version_changes_nothing(browser, ann, version):
    page = browser.post("/me", {"name": "Ann of nowhere", "version": version})
    assert page.status == 412
    assert ann.get("/me").json()["name"] == "Ann Example"


def test_password_change_logs_out_all_other_browsers(world, ann, browser):
    other = Browser(world, ann)
    form = browser.get("/account").one("form", action="/me/password")
    done = browser.send(form, current=PASSWORD, new=OTHER_PASSWORD, again=OTHER_PASSWORD)
    assert (done.status, done.location) == (303, "/account?done=password#done")
    assert browser.follow(done).status == 200
    assert other.get("/account").location.startswith("/login")
    fresh = Browser(world)
    login = fresh.get("/login").one("form", action="/login")
    assert fresh.send(login, email=get_email(world, ann), password=OTHER_PASSWORD).status == 303


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        ("not it at all", OTHER_PASSWORD, OTHER_PASSWORD, INCORRECT_CURRENT_PASSWORD),
        (PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD + " ", PASSWORDS_DIFFER_MESSAGE),
        (PASSWORD, "short", "short", "at least 10"),
        (PASSWORD, "iloveyou123", "iloveyou123", "too common"),
    ],
)
def test_rejected_password_shows_reason_and_is_not_echoed(browser, current, new, again, said):
    page = browser.post("/me/password", {"current": current, "new": new, "again": again})
    assert page.status == 422
    assert page.text.count(said) == 1
    assert [one.get("value") for one in page.all("input", type="password")] == ["", "", ""]


def test_account_page_can_log_out_another_browser(world, ann, browser):
    other = Browser(world, ann)
    page = browser.get("/account")
    [form] = page.one(aria_labelledby="sessions").all("form", text="Log out")[:1]
    assert browser.send(form).location == "/account?done=session#done"
    assert other.get("/account").status == 303
    assert browser.get("/account").status == 200


def test_logout_everywhere_redirects_to_login(world, ann, browser):
    other = Browser(world, ann)
    form = browser.get("/account").one("form", action="/me/sessions/end")
    assert browser.send(form).location == "/login?out=yes"
    assert [one.get("/account").status for one in (browser, other)] == [303, 303]


def test_account_page_shows_new_token_once_and_revokes_it(world, browser):
    form = browser.get("/account").one("form", action="/me/tokens")
    page = browser.send(form, name="laptop", scopes=["read"], days="7")
    assert page.status == 201
    token = page.one("code", has="token").text
    asked = {"headers": {"Authorization": f"Bearer {token}"}}
    assert world.client.get("/api/v1/me", **asked).status_code == 200
    listed = browser.get("/account")
    assert token not in listed.source
    row = listed.one("tr", text="laptop")
    assert "read" in row.text
    assert browser.send(row.one("form")).location == "/account?done=revoked#done"
    assert world.client.get("/api/v1/me", **asked).status_code == 401


@pytest.mark.parametrize(
    "typed",
    [
        {"name": "", "scopes": ["read"], "days": "7"},
        {"name": "laptop", "scopes": [], "days": "7"},
        {"name": "laptop", "scopes": ["read"], "days": "many"},
        {"name": "laptop", "scopes": ["read"], "days": "400"},
        {"name": "laptop", "scopes": ["read"], "days": "9" * 5_000},
        {"name": "laptop", "scopes": ["read"], "days": "\N{SUPERSCRIPT TWO}"},
        {"name": "laptop", "scopes": ["read"], "days": "7", "course": "nonsense"},
    ],
)
def test_rejected_token_form_keeps_typed_input(browser, typed):
    page = browser.post("/me/tokens", typed)
    assert page.status == 422
    form = page.one("form", action="/me/tokens")
    assert page.one(role="alert").text
    assert form.one("input", name="name")["value"] == typed["name"]
    assert form.one("input", name="days")["value"] == typed["days"]
    ticked = [
        one["value"] for one in form.all("input", name="scopes") if "checked" in one.attributes
    ]
    assert ticked == typed["scopes"]


def test_unknown_done_parameter_shows_no_message(browser):
    assert browser.get("/account", params={"done": "<b>x</b>"}).one(id="done").text == ""


@pytest.mark.parametrize(
    ("chosen", "theme"), [("dark", "dark"), ("light", "light"), ("", None), ("pink", None)]
)
def test_theme_choice_is_stored_in_browser(world, chosen, theme):
    browser = Browser(world, world.enrol(world.course(), "Ann Example"))
    form = browser.get("/account").one("form", action="/theme")
    assert [one["value"] for one in form.all("input", name="theme")] == ["", "light", "dark"]
    assert browser.send(form, theme=chosen).location == "/account#appearance"
    page = browser.get("/account")
    assert page.one("html").attributes.get("data-theme") == theme
    [checked] = [
        one["value"] for one in page.all("input", name="theme") if "checked" in one.attributes
    ]
    assert checked == (theme or "")


def test_system_theme_can_be_restored(world):
    browser = Browser(world, world.enrol(world.course(), "Ann Example"))
    for chosen in ("dark", ""):
        browser.send(browser.get("/account").one("form", action="/theme"), theme=chosen)
    assert "data-theme" not in browser.get("/").one("html").attributes
