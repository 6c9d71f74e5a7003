"""Tests of login limits: they reveal no accounts, slow guessing, and lock nobody out.

`test_people_login.py` tests logins at the same time, on both databases.
"""

import pytest
from api_browser import OTHER_PASSWORD, PASSWORD, ApiBrowser, set_password
from sqlalchemy import event, func, select

from api.db.models import RateLimitEvent
from api.rate_limits.event_limits import EVENT_LIMITS

ONE_DATABASE = True
HALL = "192.0.2.7"
ELSEWHERE = "198.51.100.9"
WRONG = "wrong wrong wrong"
PER_ADDRESS = EVENT_LIMITS["login_address"].count
PER_ADDRESS_CAP = EVENT_LIMITS["login_address_cap"].count
PER_ACCOUNT_CAP = EVENT_LIMITS["login_account_cap"].count


@pytest.fixture
def ann(world):
    return world.person("Ann Example")


@pytest.fixture
def email(world, ann):
    return set_password(world, ann)


def told(answer):
    """Return what a stranger can read of a response, without the request's id and time."""
    varies = {"x-request-id", "date"}
    headers = {name: value for name, value in answer.headers.items() if name not in varies}
    body = {name: value for name, value in answer.json().items() if name != "instance"}
    return answer.status_code, headers, body


def spray(world, count, *, address=HALL, start=0):
    """Fail to log in to *count* accounts, once each, and return the statuses."""
    browser = ApiBrowser(world, address)
    return [
        browser.login(f"nobody{number}@example.edu", WRONG).status_code
        for number in range(start, start + count)
    ]


def guess(world, email, count, *, networks=1):
    """Fail to log in to one account *count* times from each of *networks* networks."""
    for number in range(networks):
        browser = ApiBrowser(world, f"203.0.{113 + number // 250}.{number % 250}")
        for _ in range(count):
            browser.login(email, WRONG)


def stored_failures(world, key, count):
    """Store *count* failures under *key*, dated now."""
    with world.session() as session:
        session.add_all(RateLimitEvent(key=key, at=world.clock()) for _ in range(count))


FLOODS = {
    "none": lambda _world, _email: None,
    "of the network": lambda world, _email: spray(world, PER_ADDRESS + 1),
    "of the account": lambda world, email: guess(world, email, 5, networks=3),
    "of the pair": lambda world, email: [ApiBrowser(world).login(email, WRONG) for _ in range(6)],
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
@pytest.mark.parametrize("history", ["fresh", "logged in here", "logged in elsewhere"])
def test_known_and_unknown_accounts_get_identical_responses(world, email, flood, history):
    if history != "fresh":
        ApiBrowser(world, HALL if history == "logged in here" else ELSEWHERE).login(email)
    answers = {}
    for name in (email, "nobody@example.edu"):
        flood(world, name)
        tries = [told(ApiBrowser(world).login(name, WRONG)) for _ in range(8)]
        answers[name] = [(status, body.get("detail")) for status, _, body in tries], tries[-1]
        world.clock.advance(hours=2)
    assert answers[email] == answers["nobody@example.edu"]


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_known_and_unknown_accounts_cost_the_same_work(world, email, monkeypatch, flood):
    passwords, work = world.service.passwords, []
    verify, needs = passwords.verify, []
    monkeypatch.setattr(passwords, "verify", lambda *given: needs.append("hash") or verify(*given))
    event.listen(world.db.engine, "before_cursor_execute", lambda *given: needs.append(given[2]))
    for name in (email, "nobody@example.edu"):
        flood(world, name)
        needs.clear()
        ApiBrowser(world).login(name, WRONG)
        work.append(list(needs))
        world.clock.advance(hours=2)
    assert work[0] == work[1]


def test_owner_login_does_not_change_responses_to_strangers(world, email):
    stranger = ApiBrowser(world, ELSEWHERE)
    for _ in range(5):
        stranger.login(email, WRONG)
    before = told(stranger.login(email, WRONG))
    assert before[0] == 429
    assert ApiBrowser(world, HALL).login(email).status_code == 200
    assert told(stranger.login(email, WRONG)) == before


def test_password_spraying_from_one_network_is_throttled(world):
    statuses = spray(world, PER_ADDRESS + 20)
    assert statuses == [401] * PER_ADDRESS + [429] * 20


def test_password_spraying_checks_at_most_the_capped_number_of_passwords(world, monkeypatch):
    passwords, hashes = world.service.passwords, []
    verify = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda *given: hashes.append(1) or verify(*given))
    spray(world, PER_ADDRESS_CAP + 30)
    assert len(hashes) == PER_ADDRESS_CAP


def test_guessing_from_many_networks_is_throttled_and_then_refused(world, email, monkeypatch):
    guess(world, email, 1, networks=5)
    assert ApiBrowser(world, ELSEWHERE).login(email, WRONG).status_code == 429
    with world.session() as session:
        keys = session.scalars(select(RateLimitEvent.key).group_by(RateLimitEvent.key)).all()
    [by_account] = [key for key in keys if key.startswith("login_account ")]
    stored_failures(world, by_account, PER_ACCOUNT_CAP)
    hashes = []
    monkeypatch.setattr(world.service.passwords, "verify", lambda *_: hashes.append(1))
    assert ApiBrowser(world, "198.51.100.77").login(email).status_code == 429
    assert hashes == []


@pytest.mark.parametrize("mistyped", [0, 1, 2])
def test_flood_from_a_shared_network_does_not_lock_out_its_users(world, email, mistyped):
    """The account has never logged in before, and the flood continues during its login."""
    spray(world, 2 * PER_ADDRESS)
    browser = ApiBrowser(world, HALL)
    for number in range(mistyped):
        assert browser.login(email, WRONG).status_code == 429
        spray(world, 5, start=1_000 + 10 * number)
    assert browser.login(email).status_code == 200


def test_guesses_from_elsewhere_do_not_lock_out_a_new_account(world, email):
    guess(world, email, 6, networks=30)
    assert ApiBrowser(world, HALL).login(email).status_code == 200


def test_known_browser_is_not_locked_out_by_guesses_from_its_network(world, email):
    browser = ApiBrowser(world, HALL)
    assert browser.login(email).status_code == 200
    browser.post("/logout")
    spray(world, PER_ADDRESS_CAP + 1)
    neighbour = ApiBrowser(world, HALL)
    for _ in range(20):
        neighbour.login(email, WRONG)
    assert neighbour.login(email).status_code == 429
    assert browser.login(email).status_code == 200


def test_using_a_link_makes_the_browser_known(world, course):
    instructor = world.enrol(course, "Ina Structor", role="instructor")
    new = world.enrol(course, "New Student", email="new@example.edu")
    link = instructor.post(f"/courses/{course}/people/{new.id}/reset").json()["link"]
    browser = ApiBrowser(world, HALL)
    body = {"secret": link.partition("#")[2], "password": PASSWORD}
    assert browser.post("/invites/accept", body).status_code == 200
    browser.post("/logout")
    for _ in range(8):
        ApiBrowser(world, HALL).login("new@example.edu", WRONG)
    assert browser.login("new@example.edu").status_code == 200


def test_known_browser_gets_no_more_guesses_and_covers_one_account(world, email):
    other = set_password(world, world.person("Bob Other"))
    browser = ApiBrowser(world, HALL)
    browser.login(email)
    assert [browser.login(email, WRONG).status_code for _ in range(6)] == [401] * 5 + [429]
    assert [browser.login(other, WRONG).status_code for _ in range(6)] == [401] * 5 + [429]


def test_device_cookie_changes_when_another_user_logs_in(world, email):
    other = set_password(world, world.person("Bob Other"))
    browser = ApiBrowser(world, HALL)
    browser.login(other)
    before = browser.client.cookies["grader-device"]
    browser.login(other)
    assert browser.client.cookies["grader-device"] == before
    browser.login(email)
    assert browser.client.cookies["grader-device"] != before


@pytest.mark.parametrize("value", ["x", "gr_device_AAAAAAAAAAAA_" + "B" * 43, "gr_api_AAAA_BBBB"])
def test_forged_device_cookie_is_not_recognized(world, email, value):
    for _ in range(6):
        ApiBrowser(world, HALL).login(email, WRONG)
    browser = ApiBrowser(world, HALL)
    browser.client.cookies.set("grader-device", value)
    assert browser.login(email).status_code == 429


def test_device_cookie_grants_no_access_and_ends_with_a_reset(world, course, ann, email):
    world.join(course, ann)
    instructor = world.enrol(course, "Ina Structor", role="instructor")
    thief = ApiBrowser(world, HALL)
    thief.login(email)
    thief.client.cookies.delete("grader")
    assert thief.get("/me").status_code == 401
    link = instructor.post(f"/courses/{course}/people/{ann.id}/reset").json()["link"]
    body = {"secret": link.partition("#")[2], "password": OTHER_PASSWORD}
    assert ApiBrowser(world).post("/invites/accept", body).status_code == 200
    for _ in range(6):
        ApiBrowser(world, HALL).login(email, WRONG)
    assert thief.login(email, OTHER_PASSWORD).status_code == 429


def test_device_cookie_is_http_only_and_lasts_180_days(world, email):
    answer = ApiBrowser(world).login(email)
    [cookie] = [
        one for one in answer.headers.get_list("set-cookie") if one.startswith("grader-device=")
    ]
    assert "Max-Age=15552000; Path=/; HttpOnly; SameSite=Lax" in cookie
    value = cookie.split("=", 1)[1].split(";")[0]
    assert value not in answer.text
    with world.session() as session:
        assert not [key for key in session.scalars(select(RateLimitEvent.key)) if value in key]
    world.clock.advance(days=180, hours=2)
    ApiBrowser(world).login("nobody@example.edu", WRONG)
    with world.session() as session:
        known = select(func.count()).where(RateLimitEvent.key.startswith("known "))
        assert session.scalar(known) == 0


@pytest.mark.parametrize(("days", "status"), [(179, 200), (180, 429)])
def test_browser_stays_known_for_180_days_after_the_last_login(world, email, days, status):
    browser = ApiBrowser(world)
    browser.login(email)
    world.clock.advance(days=1)
    assert browser.login(email).status_code == 200
    world.clock.advance(days=days)
    for _ in range(6):
        ApiBrowser(world).login(email, WRONG)
    # The browser itself deletes the cookie by its own clock.
    assert browser.login(email).status_code == status


def test_flood_leaves_few_rate_limit_rows(world):
    for _ in range(5):
        spray(world, PER_ADDRESS)
        world.clock.advance(seconds=61)
    spray(world, 1)
    with world.session() as session:
        rows = select(func.count()).where(RateLimitEvent.key.startswith("login_address "))
        assert session.scalar(rows) == 1


def test_flood_does_not_block_password_changes(world, email):
    browser = ApiBrowser(world, HALL)
    browser.login(email)
    spray(world, PER_ADDRESS_CAP + 1)
    guess(world, email, 6, networks=3)
    answer = browser.post("/me/password", {"current": PASSWORD, "new": OTHER_PASSWORD})
    assert answer.status_code == 200, answer.text


def test_guessing_links_does_not_block_valid_links(world, course):
    instructor = world.enrol(course, "Ina Structor", role="instructor")
    stranger = ApiBrowser(world, HALL)
    body = {"secret": "gr_invite_AAAAAAAAAAAA_" + "B" * 43, "password": PASSWORD}
    statuses = [stranger.post("/invites/accept", body).status_code for _ in range(62)]
    assert statuses[-1] == 429
    for number in range(70):
        new = world.enrol(course, f"Student {number}")
        link = instructor.post(f"/courses/{course}/people/{new.id}/reset").json()["link"]
        secret = {"secret": link.partition("#")[2], "password": PASSWORD}
        assert ApiBrowser(world, HALL).post("/invites/accept", secret).status_code == 200


def test_link_attempts_are_limited_per_minute(world, course):
    instructor = world.enrol(course, "Ina Structor", role="instructor")
    new = world.enrol(course, "New Student")
    link = instructor.post(f"/courses/{course}/people/{new.id}/reset").json()["link"]
    body = {"secret": link.partition("#")[2], "password": "short"}
    statuses = [ApiBrowser(world).post("/invites/accept", body).status_code for _ in range(61)]
    assert statuses == [422] * 60 + [429]
