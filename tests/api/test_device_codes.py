"""Tests of the login of programs by a code (RFC 8628): codes, their page, and the token."""

import re
import threading
from datetime import timedelta

import pytest
from api_browser import set_password
from pages import Browser
from sqlalchemy import select, text

from api.auth.user_codes import USER_CODE_ALPHABET, new_user_code, normalize_user_code
from api.db.models import AuditEntry, Course, DeviceCode, RateLimitEvent, Token

API = "/api/v1"


@pytest.fixture
def course(world):
    return world.course()


@pytest.fixture
def slug(world, course):
    with world.session() as session:
        return session.get_one(Course, course).slug


@pytest.fixture
def ann(world, course):
    ann = world.enrol(course, "Ann Example")
    set_password(world, ann)
    return ann


@pytest.fixture
def browser(world, ann):
    return Browser(world, ann)


def begin(world, **body) -> dict:
    """Begin a login and return its codes."""
    answer = world.client.post(f"{API}/device/code", json=body)
    assert answer.status_code == 200, answer.text
    world.client.kept.add(answer.json()["device_code"])
    return answer.json()


def poll(world, codes, *, after: float = 5):
    """Ask for the token, some seconds later."""
    world.clock.now += timedelta(seconds=after)
    answer = world.client.post(f"{API}/device/token", json={"device_code": codes["device_code"]})
    if answer.status_code == 200:
        world.client.kept.add(answer.json()["access_token"])
    return answer


def decide(browser, codes, decision="allow"):
    """Open the page with the code, check that it asks, and press a button."""
    page = browser.get(f"/device?code={codes['user_code']}")
    assert page.status == 200, page.text
    return browser.send(page.one("form", method="post", action="/device"), decision=decision)


def test_confirmed_device_code_yields_one_student_token(world, browser, ann, course, slug):
    codes = begin(world, client="My notebook", course=slug)
    assert codes["verification_uri_complete"].endswith(f"/device?code={codes['user_code']}")
    assert poll(world, codes).json()["code"] == "authorization_pending"
    page = browser.get(f"/device?code={codes['user_code'].lower().replace('-', ' ')}")
    assert "My notebook" in page.text
    assert "Deep Learning" in page.text
    assert codes["user_code"] in page.text
    assert "logged in" in decide(browser, codes).text
    granted = poll(world, codes)
    assert granted.status_code == 200, granted.text
    body = granted.json()
    assert (body["scope"], body["token_type"], body["course"]) == ("submit", "Bearer", str(course))
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert world.client.get(f"{API}/me", headers=headers).json()["id"] == str(ann.id)
    refused = world.client.post(
        f"{API}/me/tokens", json={"name": "x", "scopes": ["read"]}, headers=headers
    )
    assert refused.status_code == 403
    assert poll(world, codes).json()["code"] == "expired_token"


def test_device_token_is_listed_and_revoked_on_the_account_page(world, browser):
    codes = begin(world, client="My notebook")
    decide(browser, codes)
    headers = {"Authorization": f"Bearer {poll(world, codes).json()['access_token']}"}
    [row] = browser.get("/account").one(aria_labelledby="tokens").all("tr", text="My notebook")
    browser.send(row.one("form"))
    assert world.client.get(f"{API}/me", headers=headers).status_code == 401


def test_refused_program_gets_no_token(world, browser):
    codes = begin(world)
    assert "refused" in decide(browser, codes, "refuse").text
    assert poll(world, codes).json()["code"] == "access_denied"
    assert browser.get(f"/device?code={codes['user_code']}").status == 404


def test_polling_too_fast_returns_slow_down(world):
    codes = begin(world)
    assert poll(world, codes).json()["code"] == "authorization_pending"
    fast = poll(world, codes, after=1)
    assert (fast.status_code, fast.json()["code"]) == (400, "slow_down")
    assert fast.headers["Retry-After"] == "5"
    assert poll(world, codes, after=4).json()["code"] == "authorization_pending"


def test_device_code_expires_after_ten_minutes_even_if_confirmed(world, browser):
    waiting, confirmed = begin(world), begin(world)
    decide(browser, confirmed)
    world.clock.now += timedelta(minutes=10)
    for codes in (waiting, confirmed):
        assert poll(world, codes).json()["code"] == "expired_token"
        assert browser.get(f"/device?code={codes['user_code']}").status == 404
    world.clock.now += timedelta(minutes=10)
    begin(world)
    with world.session() as session:
        assert len(session.scalars(select(DeviceCode)).all()) == 1


def test_only_digests_of_device_codes_are_stored(world):
    codes = begin(world)
    with world.session() as session:
        [row] = session.execute(text("SELECT * FROM device_codes")).all()
    assert codes["device_code"] not in repr(row)
    assert codes["user_code"] not in repr(row)
    assert codes["user_code"].replace("-", "") not in repr(row)


def test_altered_or_wrong_kind_of_device_code_is_rejected(world):
    codes = begin(world)
    for secret in (
        codes["device_code"][:-1] + ("a" if codes["device_code"][-1] != "a" else "b"),
        codes["device_code"].replace("gr_code_", "gr_api_"),
        codes["user_code"],
    ):
        answer = world.client.post(f"{API}/device/token", json={"device_code": secret})
        assert answer.json()["code"] == "expired_token"


@pytest.mark.parametrize("role", ["grader", "instructor"])
def test_staff_cannot_confirm_device_codes(world, course, slug, role):
    person = world.enrol(course, "Tea Ay", role=role)
    for body in ({"course": slug}, {}):
        page = Browser(world, person).get(f"/device?code={begin(world, **body)['user_code']}")
        assert page.status == 403
        assert "Codes are for students" in page.text


def test_staff_of_another_course_can_confirm_codes_as_students(world, ann, slug):
    world.join(world.course("other"), ann, role="instructor")
    codes = begin(world, course=slug)
    decide(Browser(world, ann), codes)
    assert poll(world, codes).status_code == 200


def test_user_who_becomes_staff_before_fetching_the_token_gets_none(world, browser, ann, slug):
    codes = begin(world, course=slug)
    decide(browser, codes)
    world.set_enrolment(ann, role="grader")
    assert poll(world, codes).json()["code"] == "access_denied"


def test_becoming_staff_revokes_only_tokens_from_device_codes(world, browser, ann, course, slug):
    instructor = world.enrol(course, "Ina Structor", role="instructor")
    codes = begin(world, course=slug)
    decide(browser, codes)
    headers = {"Authorization": f"Bearer {poll(world, codes).json()['access_token']}"}
    assert world.client.get(f"{API}/me", headers=headers).status_code == 200
    changed = instructor.patch(
        f"/courses/{course}/people/{ann.id}", {"role": "grader"}, headers={"If-Match": "*"}
    )
    assert changed.status_code == 200, changed.text
    assert world.client.get(f"{API}/me", headers=headers).status_code == 401
    assert ann.get("/me").status_code == 200


def test_device_code_for_an_inaccessible_course_returns_404(world, browser):
    world.course("secret")
    for name in ("secret", "no-such-course"):
        page = browser.get(f"/device?code={begin(world, course=name)['user_code']}")
        assert page.status == 404
        assert "You are not in the course that the program names" in page.text


def test_suspension_between_confirmation_and_polling_denies_access(world, browser, ann):
    codes = begin(world)
    decide(browser, codes)
    root = world.person("Root", admin=True)
    assert root.post(f"/users/{ann.id}/suspend").status_code == 200
    assert poll(world, codes).json()["code"] == "access_denied"


def test_guessing_device_codes_is_rate_limited(world, browser):
    codes = begin(world)
    for _ in range(20):
        assert browser.get(f"/device?code={new_user_code()}").status == 404
    limited = browser.get(f"/device?code={codes['user_code']}")
    assert limited.status == 429
    assert int(limited.headers["Retry-After"]) > 0


def test_one_address_cannot_fill_the_device_code_table(world):
    for _ in range(120):
        begin(world)
    assert world.client.post(f"{API}/device/code", json={}).status_code == 429
    with world.session() as session:
        assert len(session.scalars(select(DeviceCode)).all()) == 120
        assert session.scalars(select(RateLimitEvent)).first() is not None


@pytest.mark.parametrize("typed", ["", "abc", "BDFK-XTRA", "<b>BDFK</b>", "B" * 40])
def test_malformed_user_code_is_reported_at_its_field(browser, typed):
    page = browser.get("/device").one("form", action="/device")
    assert page["method"] == "get"
    sent = browser.post("/device", {"code": typed, "decision": "allow"})
    assert sent.status == 422
    assert "eight letters" in sent.text
    assert sent.one("input", id="code")["value"] == typed


def test_program_name_is_escaped_and_limited(world, browser):
    page = browser.get(f"/device?code={begin(world, client='<img src=x>')['user_code']}")
    assert "<img src=x>" in page.text
    assert page.all("img", src="x") == []
    for body in ({"client": "x" * 81}, {"client": "a\nb"}, {"course": "Not A Slug"}, {"more": 1}):
        assert world.client.post(f"{API}/device/code", json=body).status_code == 422


def test_concurrent_polls_issue_only_one_token(world, browser):
    codes = begin(world)
    decide(browser, codes)
    world.clock.now += timedelta(seconds=5)
    answers = []

    def fetch():
        body = {"device_code": codes["device_code"]}
        answers.append(world.client.post(f"{API}/device/token", json=body))

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in answers) == [200, 400, 400, 400]
    world.client.kept.update(
        one.json()["access_token"] for one in answers if one.status_code == 200
    )
    with world.session() as session:
        assert len(session.scalars(select(Token).where(Token.name == "A program")).all()) == 1


def test_confirmation_and_token_creation_are_audited(world, browser, ann):
    codes = begin(world, client="My notebook")
    decide(browser, codes)
    poll(world, codes)
    with world.session() as session:
        query = select(AuditEntry.action).where(AuditEntry.actor_id == ann.id)
        assert {"device.approved", "token.created"} <= set(session.scalars(query))


def test_user_codes_are_accepted_in_every_common_spelling():
    code = new_user_code()
    assert re.fullmatch(rf"[{USER_CODE_ALPHABET}]{{4}}-[{USER_CODE_ALPHABET}]{{4}}", code)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code[:4]} {code[5:]} "):
        assert normalize_user_code(typed) == code
