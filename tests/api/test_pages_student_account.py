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


def test_the_account_says_who_one_is_and_where(browser, ann, world):
    page = browser.get("/account")
    facts = page.one(aria_labelledby="you").text
    assert get_email(world, ann) in facts
    assert "Deep Learning" in facts


def test_times_without_a_course_are_in_utc_and_say_how_far_off_they_are(browser):
    form = browser.get("/account").one("form", action="/me/tokens")
    page = browser.send(form, name="laptop", days="30", scopes="read")
    told = page.one(aria_labelledby="tokens").one("td", text="UTC").text
    assert told == "Wed 2 Dec 2026, 12:00 UTC (in 30 days)"
    assert [one.text for one in page.all("time") if "UTC" not in one.text] == []


def test_a_new_name_holds_from_then_on(browser):
    done = browser.send(browser.get("/account").one("form", action="/me"), name="Ann B. Example")
    assert (done.status, done.location) == (303, "/account?done=name#done")
    page = browser.follow(done)
    assert page.one(id="done").text == "Your name is changed."
    assert page.one("summary", text="Ann").text == "Ann B. Example"


@pytest.mark.parametrize("name", ["", "x" * 300, "two\nlines"])
def test_a_name_that_is_none_is_reported_at_its_field_and_stays_there(browser, name):
    page = browser.send(browser.get("/account").one("form", action="/me"), name=name)
    assert page.status == 422
    field = page.one("input", id="own-name")
    assert field["aria-invalid"] == "true"
    assert page.one(id=field["aria-describedby"]).text
    assert field["value"] == name


def test_a_stale_form_changes_nothing_and_goes_on_from_what_is_there(browser, ann):
    form = browser.get("/account").one("form", action="/me")
    browser.send(form, name="Ann of another window")
    stale = browser.send(form, name="Ann of this window")
    assert stale.status == 412
    assert stale.one("input", id="own-name")["value"] == "Ann of this window"
    assert ann.get("/me").json()["name"] == "Ann of another window"
    assert browser.send(stale.one("form", action="/me")).status == 303
    assert ann.get("/me").json()["name"] == "Ann of this window"


@pytest.mark.parametrize("version", ["", "1.5", "9" * 5_000, "\N{ARABIC-INDIC DIGIT ONE}"])
def test_a_version_that_is_none_changes_nothing(browser, ann, version):
    page = browser.post("/me", {"name": "Ann of nowhere", "version": version})
    assert page.status == 412
    assert ann.get("/me").json()["name"] == "Ann Example"


def test_a_new_password_logs_out_all_browsers_but_this_one(world, ann, browser):
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
def test_a_password_that_is_refused_says_why_and_is_never_sent_back(
    browser, current, new, again, said
):
    page = browser.post("/me/password", {"current": current, "new": new, "again": again})
    assert page.status == 422
    assert page.text.count(said) == 1
    assert [one.get("value") for one in page.all("input", type="password")] == ["", "", ""]


def test_another_browser_is_logged_out_by_its_button(world, ann, browser):
    other = Browser(world, ann)
    page = browser.get("/account")
    [form] = page.one(aria_labelledby="sessions").all("form", text="Log out")[:1]
    assert browser.send(form).location == "/account?done=session#done"
    assert other.get("/account").status == 303
    assert browser.get("/account").status == 200


def test_logging_out_everywhere_ends_at_the_log_in(world, ann, browser):
    other = Browser(world, ann)
    form = browser.get("/account").one("form", action="/me/sessions/end")
    assert browser.send(form).location == "/login?out=yes"
    assert [one.get("/account").status for one in (browser, other)] == [303, 303]


def test_a_token_is_shown_once_works_and_is_revoked(world, browser):
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
def test_a_token_that_is_refused_keeps_what_was_typed(browser, typed):
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


def test_a_done_that_is_none_of_ours_says_nothing(browser):
    assert browser.get("/account", params={"done": "<b>x</b>"}).one(id="done").text == ""


@pytest.mark.parametrize(
    ("chosen", "theme"), [("dark", "dark"), ("light", "light"), ("", None), ("pink", None)]
)
def test_a_theme_is_chosen_in_the_account_and_kept_in_the_browser(world, chosen, theme):
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


def test_the_system_theme_comes_back(world):
    browser = Browser(world, world.enrol(world.course(), "Ann Example"))
    for chosen in ("dark", ""):
        browser.send(browser.get("/account").one("form", action="/theme"), theme=chosen)
    assert "data-theme" not in browser.get("/").one("html").attributes
