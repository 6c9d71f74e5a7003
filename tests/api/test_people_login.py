"""Tests of login: rate limits, uniform refusals, one session per browser.

The rate limits hold across all processes. An unknown address gets the same reply as a
wrong password.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from api_browser import OTHER_PASSWORD, PASSWORD, ApiBrowser, set_password
from sqlalchemy import func, select
from world import World

from api.db.models import LoginSession, RateLimitEvent, User


@pytest.fixture
def ann(world):
    return world.person("Ann Example")


@pytest.fixture
def email(world, ann):
    return set_password(world, ann)


def test_login_sets_http_only_session_cookie(world, ann, email):
    browser = ApiBrowser(world)
    answer = browser.login(email.upper())
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"] == str(ann.id)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly; SameSite=Lax" in cookie
    assert cookie.split("=", 1)[1].split(";")[0] not in answer.text
    assert browser.get("/me").json()["name"] == "Ann Example"


def test_unknown_email_and_wrong_password_get_same_response(world, email):
    browser = ApiBrowser(world)
    wrong = browser.login(email, "not the password")
    unknown = browser.login("nobody@example.edu", "not the password")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json() | {"instance": ""} == unknown.json() | {"instance": ""}
    assert email not in wrong.text


def test_five_wrong_passwords_block_login_for_a_minute(world, email):
    browser = ApiBrowser(world)
    for _ in range(5):
        assert browser.login(email, "wrong wrong wrong").status_code == 401
    held = browser.login(email)
    assert (held.status_code, held.json()["code"]) == (429, "rate_limited")
    assert int(held.headers["retry-after"]) == 60
    world.clock.advance(seconds=59)
    assert browser.login(email).status_code == 429
    world.clock.advance(seconds=1)
    assert browser.login(email).status_code == 200


def test_unknown_email_is_rate_limited_like_known_one(world):
    browser = ApiBrowser(world)
    told = [browser.login("nobody@example.edu").status_code for _ in range(6)]
    assert told == [401] * 5 + [429]


def test_blocked_attempts_do_not_extend_the_wait(world, email):
    browser = ApiBrowser(world)
    for _ in range(5):
        browser.login(email, "wrong wrong wrong")
    for _ in range(20):
        assert browser.login(email).status_code == 429
    world.clock.advance(seconds=60)
    assert browser.login(email).status_code == 200


def test_wrong_passwords_from_elsewhere_do_not_lock_out_user(world, email):
    home, elsewhere = ApiBrowser(world, "192.0.2.7"), ApiBrowser(world, "198.51.100.9")
    assert home.login(email).status_code == 200
    for _ in range(6):
        elsewhere.login(email, "wrong wrong wrong")
    assert elsewhere.login(email).status_code == 429
    assert home.login(email).status_code == 200


def test_successful_login_does_not_reset_rate_limit_of_ip_address(world, email):
    browser = ApiBrowser(world)
    for number in range(59):
        browser.login(f"student{number}@example.edu", "wrong wrong wrong")
    assert browser.login(email).status_code == 200
    assert browser.login("other@example.edu").status_code == 401
    assert browser.login("another@example.edu").status_code == 429


def test_concurrent_wrong_passwords_are_rate_limited(world, email):
    def attempt(_):
        return ApiBrowser(world).login(email, "wrong wrong wrong").status_code

    with ThreadPoolExecutor(8) as pool:
        told = sorted(pool.map(attempt, range(16)))
    assert told == [401] * 5 + [429] * 11


def test_lecture_hall_can_log_in_from_one_ip_address(world):
    """Two hundred students log in; every tenth mistypes the password first."""
    hashed = world.service.passwords.hash(PASSWORD)
    emails = [f"student{number}@example.edu" for number in range(200)]
    with world.session() as session:
        session.add_all(
            User(name="Stu Dent", email=one, password_hash=hashed, created_at=world.clock())
            for one in emails
        )

    def log_in(number):
        browser = ApiBrowser(world, "192.0.2.7")
        if number % 10 == 0:
            browser.login(emails[number], "wrong wrong wrong")
        return browser.login(emails[number]).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(log_in, range(len(emails)))) == {200}


def test_login_rate_limit_is_shared_across_processes(world, database_url, email):
    for _ in range(5):
        ApiBrowser(world).login(email, "wrong wrong wrong")
    other = World(database_url, clock=world.clock)
    assert ApiBrowser(other).login(email).status_code == 429
    other.close()


def test_rate_limit_events_contain_no_email_and_expire(world, email):
    ApiBrowser(world).login(email, "wrong wrong wrong")
    with world.session() as session:
        assert [key for key in session.scalars(select(RateLimitEvent.key)) if "@" in key] == []
    world.clock.advance(hours=2)
    ApiBrowser(world).login("nobody@example.edu")
    with world.session() as session:
        assert session.scalar(select(func.count()).select_from(RateLimitEvent)) == 3


def test_login_ends_previous_session_of_browser(world, email):
    browser = ApiBrowser(world)
    browser.login(email)
    planted = browser.client.cookies["grader"]
    browser.login(email)
    other = ApiBrowser(world)
    other.client.cookies.set("grader", planted)
    assert other.get("/me").status_code == 401
    assert browser.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site", "Origin": "http://127.0.0.1:8000"}, 403),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
    ],
)
def test_login_rejects_cross_site_requests(world, email, headers, status):
    body = {"email": email, "password": PASSWORD}
    assert ApiBrowser(world).call("POST", "/login", body, **headers).status_code == status


def test_program_can_log_in_without_browser_headers(world, email):
    client = ApiBrowser(world).client
    body = {"email": email, "password": PASSWORD}
    assert client.post("/api/v1/login", json=body).status_code == 200


def test_cross_site_request_with_session_cookie_is_rejected(world, email):
    browser = ApiBrowser(world)
    browser.login(email)
    told = browser.call("POST", "/logout", Sec_Fetch_Site="cross-site")
    assert told.status_code == 403
    assert browser.get("/me").status_code == 200


def test_logout_ends_session_and_clears_cookie(world, email):
    browser = ApiBrowser(world)
    browser.login(email)
    kept = browser.client.cookies["grader"]
    out = browser.post("/logout")
    assert out.status_code == 204
    assert "Max-Age=0" in out.headers["set-cookie"]
    browser.client.cookies.set("grader", kept)
    assert browser.get("/me").status_code == 401


def test_suspension_is_revealed_only_with_correct_password(world, ann, email):
    with world.session() as session:
        session.get_one(User, ann.id).suspended_at = world.clock()
    browser = ApiBrowser(world)
    assert browser.login(email, "wrong wrong wrong").status_code == 401
    assert browser.login(email).status_code == 403
    assert "grader" not in browser.client.cookies


def test_session_expires_after_twelve_idle_hours_or_seven_days(world, email):
    browser = ApiBrowser(world)
    browser.login(email)
    for _ in range(13):
        world.clock.advance(hours=11)
        assert browser.get("/me").status_code == 200
    world.clock.advance(hours=12)
    assert browser.get("/me").status_code == 401
    browser.login(email)
    for _ in range(15):
        world.clock.advance(hours=11)
        browser.get("/me")
    world.clock.advance(hours=3)
    assert browser.get("/me").status_code == 401


def test_session_activity_is_stored_at_most_every_five_minutes(world, email):
    browser = ApiBrowser(world)
    browser.login(email)
    began = world.clock()
    world.clock.advance(minutes=4)
    browser.get("/me")
    with world.session() as session:
        assert session.scalar(select(LoginSession.seen_at)) == began
    world.clock.advance(minutes=1)
    browser.get("/me")
    with world.session() as session:
        assert session.scalar(select(LoginSession.seen_at)) == world.clock()


def test_login_rehashes_password_with_current_cost(world, database_url, ann, email):
    other = World(database_url, clock=world.clock, settings={"password_memory": 16})
    assert ApiBrowser(other).login(email).status_code == 200
    with world.session() as session:
        assert "m=16," in session.get_one(User, ann.id).password_hash
    other.close()


def test_password_change_ends_other_sessions_and_replaces_password(world, email):
    here, there = ApiBrowser(world), ApiBrowser(world)
    here.login(email)
    there.login(email)
    told = here.post("/me/password", {"current": PASSWORD, "new": OTHER_PASSWORD})
    assert told.status_code == 200, told.text
    assert here.get("/me").status_code == 200
    assert there.get("/me").status_code == 401
    assert ApiBrowser(world).login(email).status_code == 401
    assert ApiBrowser(world).login(email, OTHER_PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("not my password", OTHER_PASSWORD, "current"),
        (PASSWORD, "short", "new"),
        (PASSWORD, "iloveyou123", "new"),
    ],
)
def test_password_change_requires_current_and_strong_new_password(
    world, email, current, new, field
):
    browser = ApiBrowser(world)
    browser.login(email)
    told = browser.post("/me/password", {"current": current, "new": new})
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, field)
    assert ApiBrowser(world).login(email).status_code == 200


def test_current_password_guesses_are_rate_limited(world, email):
    browser = ApiBrowser(world)
    browser.login(email)
    guess = {"current": "not my password", "new": OTHER_PASSWORD}
    told = [browser.post("/me/password", guess).status_code for _ in range(6)]
    assert told == [422] * 5 + [429]


@pytest.mark.parametrize("typed", ["Strasse@example.edu", "STRAßE@example.edu"])
def test_case_folded_email_of_older_version_still_logs_in(world, typed):
    set_password(world, world.person(email="strasse@example.edu"))
    browser = ApiBrowser(world)
    assert browser.login(typed).status_code == 200
    assert browser.get("/me").json()["email"] == "strasse@example.edu"


def test_email_finds_its_own_account_before_case_folded_one(world):
    set_password(world, world.person(email="strasse@example.edu"))
    set_password(world, world.person(email="straße@example.edu"), OTHER_PASSWORD)
    browser = ApiBrowser(world)
    assert browser.login("straße@example.edu").status_code == 401
    assert browser.login("straße@example.edu", OTHER_PASSWORD).status_code == 200
    assert browser.get("/me").json()["email"] == "straße@example.edu"


def test_international_domain_of_older_version_still_logs_in(world):
    email = set_password(world, world.person(email="ann@bücher.example"))
    assert ApiBrowser(world).login(email).status_code == 200


def test_spellings_of_one_account_share_their_login_limit(world):
    set_password(world, world.person(email="strasse@example.edu"))
    browser = ApiBrowser(world)
    spellings = ["strasse", "straße", "\u017ftrasse", "stra\u017fse", "stras\u017fe"]
    for name in spellings:
        assert browser.login(f"{name}@example.edu", "wrong wrong wrong").status_code == 401
    assert browser.login("strasse@example.edu").status_code == 429
