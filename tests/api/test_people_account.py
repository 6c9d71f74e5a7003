"""Tests of the user's own account: profile, tokens, sessions and the data export."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from api_browser import ApiBrowser, get_email, set_password
from pages import Browser as Pages
from sqlalchemy import select
from world import TEXT_PROBLEM

from api.db.models import Answer, Comment
from api.services.accounts.tokens import MAX_TOKENS


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example", section=world.section(course, "Tuesday"))


@pytest.fixture
def browser(world, ann):
    browser = ApiBrowser(world)
    assert browser.login(set_password(world, ann)).status_code == 200
    return browser


def test_course_token_lists_only_its_course_in_profile(world, ann):
    other = world.course("other")
    world.join(other, ann, role="grader")
    told = ann.get("/me").json()
    assert {one["role"] for one in told["courses"]} == {"student", "grader"}
    assert "Tuesday" in [one["section"] for one in told["courses"]]
    token = world.token(ann.id, course_id=other)
    narrow = ann.get("/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert [one["course"] for one in narrow["courses"]] == [str(other)]


def test_name_change_requires_login_and_current_etag(browser, ann):
    read = browser.get("/me")
    stale = browser.call("PATCH", "/me", {"name": "Ann B."}, If_Match='"v9"')
    assert stale.status_code == 412
    assert browser.call("PATCH", "/me", {"name": "Ann B."}).status_code == 428
    done = browser.call("PATCH", "/me", {"name": "Ann B."}, If_Match=read.headers["etag"])
    assert done.json()["name"] == "Ann B."
    refused = ann.patch("/me", {"name": "Mallory"}, headers={"If-Match": "*"})
    assert refused.status_code == 403


@pytest.mark.parametrize("extra", ["email", "is_admin", "role", "student_number"])
def test_profile_update_accepts_only_the_name(browser, extra):
    told = browser.call("PATCH", "/me", {"name": "Ann", extra: "x"}, If_Match="*")
    assert told.status_code == 422


def test_token_secret_is_shown_once_and_works_until_expiry(world, browser):
    made = browser.post("/me/tokens", {"name": "laptop", "scopes": ["submit"], "days": 10})
    assert made.status_code == 201, made.text
    secret = made.json()["token"]
    assert secret not in browser.get("/me/tokens").text
    assert secret.startswith(made.json()["prefix"])
    held = {"Authorization": f"Bearer {secret}"}
    assert browser.client.get("/api/v1/me", headers=held).status_code == 200
    listed = browser.get("/me/tokens").json()["items"]
    assert {one["name"]: one["last_used_at"] is None for one in listed} == {
        "laptop": False,
        "test": True,
    }
    world.clock.advance(days=10)
    late = browser.client.get("/api/v1/me", headers=held)
    assert (late.status_code, late.json()["code"]) == (401, "token_expired")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["manage"]}, "scopes"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes[0]"),
        ({"scopes": ["read"], "days": 367}, "days"),
        ({"scopes": ["read"], "course": "01933e3a-0000-7000-8000-00000000000c"}, "course"),
    ],
)
def test_token_cannot_exceed_owner_rights_or_maximum_lifetime(browser, body, field):
    told = browser.post("/me/tokens", {"name": "laptop"} | body)
    assert told.status_code == 422
    assert field in [one["field"] for one in told.json()["errors"]]


def test_course_token_scopes_are_limited_by_role_in_course(world, course, ann, browser):
    other = world.course("other")
    world.join(other, ann, role="instructor")
    body = {"name": "x", "scopes": ["manage"]}
    assert browser.post("/me/tokens", body | {"course": str(other)}).status_code == 201
    assert browser.post("/me/tokens", body | {"course": str(course)}).status_code == 422


def make_tokens(browser, count):
    body = {"name": "laptop", "scopes": ["read"], "days": 2}
    return [browser.post("/me/tokens", body) for _ in range(count)]


def test_account_is_limited_to_fifty_tokens(world, ann, browser):
    made = make_tokens(browser, MAX_TOKENS - 1)  # one is that of the client
    assert {one.status_code for one in made} == {201}
    [refused] = make_tokens(browser, 1)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "50 tokens" in refused.json()["detail"]
    assert "Revoke one" in refused.json()["detail"]
    browser.call("DELETE", f"/me/tokens/{made[0].json()['id']}")
    assert [one.status_code for one in make_tokens(browser, 2)] == [201, 409]
    world.clock.advance(days=2)
    browser.login(get_email(world, ann))
    assert [one.status_code for one in make_tokens(browser, 1)] == [201]


def test_concurrent_requests_do_not_exceed_token_limit(world, browser):
    make_tokens(browser, MAX_TOKENS - 2)
    cookies = dict(browser.client.cookies)

    def make(_):
        other = ApiBrowser(world)
        other.client.cookies.update(cookies)
        return make_tokens(other, 1)[0].status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(make, range(4))) == [201, 409, 409, 409]


def test_token_creation_is_limited_to_sixty_per_hour(world, browser):
    statuses = []
    for _ in range(61):
        [made] = make_tokens(browser, 1)
        statuses.append(made.status_code)
        if made.status_code == 201:
            browser.call("DELETE", f"/me/tokens/{made.json()['id']}")
    assert statuses == [201] * 60 + [429]
    world.clock.advance(hours=1)
    assert make_tokens(browser, 1)[0].status_code == 201


def test_account_page_reports_token_limit(world, ann, browser):
    make_tokens(browser, MAX_TOKENS - 1)
    page = Pages(world, ann).post("/me/tokens", {"name": "x", "days": "2", "scopes": ["read"]})
    assert page.status == 409
    assert "Revoke one" in page.one(role="alert").text


def test_revoked_token_stops_working_immediately(browser):
    made = browser.post("/me/tokens", {"name": "laptop", "scopes": ["read"]}).json()
    assert browser.call("DELETE", f"/me/tokens/{made['id']}").status_code == 204
    held = {"Authorization": f"Bearer {made['token']}"}
    assert browser.client.get("/api/v1/me", headers=held).status_code == 401
    assert browser.call("DELETE", f"/me/tokens/{made['id']}").status_code == 404


def test_token_can_revoke_only_itself(world, browser):
    one, two = (
        browser.post("/me/tokens", {"name": name, "scopes": ["read"]}).json() for name in "ab"
    )
    held = {"Authorization": f"Bearer {one['token']}"}
    client = world.client
    assert client.delete(f"/api/v1/me/tokens/{two['id']}", headers=held).status_code == 403
    assert client.delete(f"/api/v1/me/tokens/{one['id']}", headers=held).status_code == 204
    assert client.get("/api/v1/me", headers=held).status_code == 401


def test_sessions_are_listed_and_ended_individually_or_all_together(world, browser, ann):
    other = ApiBrowser(world)
    other.login(set_password(world, ann))
    listed = browser.get("/me/sessions").json()["items"]
    assert sorted(one["this"] for one in listed) == [False, True]
    [theirs] = [one["id"] for one in listed if not one["this"]]
    assert browser.call("DELETE", f"/me/sessions/{theirs}").status_code == 204
    assert other.get("/me").status_code == 401
    assert browser.call("DELETE", "/me/sessions").status_code == 204
    assert browser.get("/me").status_code == 401
    assert ann.get("/me").status_code == 200


def test_account_export_contains_only_own_data(world, course, ann):
    bob = world.enrol(course, "Bob Other")
    [problem] = world.assignment(course)
    for person, why in ((ann, "Because of Ann."), (bob, "Because of Bob.")):
        person.submit(problem, {"cells": "9", "why": why})
    told = ann.get("/me/export")
    assert told.status_code == 200, told.text
    assert told.json()["profile"]["name"] == "Ann Example"
    assert told.json()["submissions"][0]["answers"]["why"] == "Because of Ann."
    assert told.json()["grades"][0]["score"] == 2
    assert "Bob" not in told.text
    assert str(bob.id) not in told.text


def test_account_export_omits_unreleased_results(world, course, ann):
    [problem] = world.assignment(
        course,
        TEXT_PROBLEM,
        results="after_close",
        timeline_spec={"due": "2026-11-03 12:00"},
    )
    submitted = ann.submit(problem, {"cells": "9", "why": "Why not"}).json()
    staff = world.person("Staff")
    with world.session() as session:
        answer = session.scalar(select(Answer.id).where(Answer.part == "why"))
        for author, text in ((ann, "mine"), (staff, "a hint")):
            session.add(
                Comment(answer_id=answer, author_id=author.id, text=text, created_at=world.clock())
            )
    assert submitted["results_shown"] is False
    told = ann.get("/me/export").json()
    assert told["grades"] == []
    assert [one["text"] for one in told["comments"]] == ["mine"]
    assert {one["status"] for one in told["submissions"][0]["told"]["results"]} == {"received"}
    world.clock.advance(days=2)
    told = ann.get("/me/export").json()
    assert told["grades"][0]["score"] == 2
    assert [one["text"] for one in told["comments"]] == ["mine", "a hint"]


def test_account_export_is_limited_to_six_per_minute(world, ann):
    told = [ann.get("/me/export").status_code for _ in range(7)]
    assert told == [200] * 6 + [429]
    world.clock.advance(minutes=1)
    assert ann.get("/me/export").status_code == 200


def test_course_token_cannot_export_account(world, course, ann):
    held = {"Authorization": f"Bearer {world.token(ann.id, course_id=course)}"}
    assert ann.get("/me/export", headers=held).status_code == 403
