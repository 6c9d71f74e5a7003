"""Tests of credentials that end during use: requests are refused and leave no trace."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from api_browser import OTHER_PASSWORD, PASSWORD, ApiBrowser
from concurrency import TIMEOUT_SECONDS, Breakpoint, wait_until_blocked
from sqlalchemy import select

from api.db.models import Invite, LoginSession, Token, User
from api.services.accounts import tokens

EMAIL = "ann@example.edu"


@pytest.fixture
def admin(world):
    return world.person("An Admin", admin=True)


@pytest.fixture
def instructor(world, course):
    return world.enrol(course, "Ina Structor", role="instructor")


@pytest.fixture
def ann(world, course, instructor):
    """Return a student whose password an instructor of their course may know."""
    body = {"name": "Ann Example", "email": EMAIL}
    user = instructor.post(f"/courses/{course}/people", body).json()["user"]
    answer = instructor.post(f"/courses/{course}/people/{user}/reset")
    ApiBrowser(world).post("/invites/accept", {"secret": secret_of(answer), "password": PASSWORD})
    return user


def secret_of(answer):
    return answer.json()["link"].partition("#")[2]


def give_role(admin, user):
    assert admin.put(f"/users/{user}/administrator").status_code == 200


def erase(admin, user):
    body = {"confirm": "Ann Example"}
    assert admin.post(f"/users/{user}/erase", body).status_code == 200


def suspend(admin, user):
    assert admin.post(f"/users/{user}/suspend").status_code == 200


EVENTS = {"role": give_role, "erased": erase, "suspended": suspend}


def log_in(_world, browser, _link):
    return browser.login(EMAIL)


def change_password(_world, browser, _link):
    return browser.post("/me/password", {"current": PASSWORD, "new": OTHER_PASSWORD})


def accept(world, _browser, link):
    return ApiBrowser(world).post("/invites/accept", {"secret": link, "password": OTHER_PASSWORD})


SLOW = {log_in: "verify", change_password: "hash", accept: "hash"}
"""Password hasher method that is slow in each action, so that an event can intervene."""


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
@pytest.mark.parametrize("act", SLOW)
def test_revocation_during_a_login_or_password_change_leaves_no_access(
    world, ann, reset, monkeypatch, act, event
):
    browser, stop = ApiBrowser(world), Breakpoint()
    assert browser.login(EMAIL).status_code == 200
    link, passwords = reset(), world.service.passwords
    monkeypatch.setattr(passwords, SLOW[act], stop.after(getattr(passwords, SLOW[act])))
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(act, world, browser, link)
        stop.wait()
        event(world.person("An Admin", admin=True), ann)
        stop.go()
        answer = under_way.result(TIMEOUT_SECONDS)
    assert answer.status_code in {401, 403, 404, 410}, answer.text
    with world.session() as session:
        alive = LoginSession.revoked_at.is_(None)
        assert session.scalars(select(LoginSession.id).where(alive)).all() == []
        hashes = session.scalars(select(User.password_hash)).all()
        assert not [one for one in hashes if one and passwords.verify(OTHER_PASSWORD, one)]


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_session_ended_during_token_creation_creates_no_token(
    world, admin, ann, monkeypatch, event
):
    browser, stop = ApiBrowser(world), Breakpoint()
    assert browser.login(EMAIL).status_code == 200
    create = tokens.create_token

    def stopped(*given, **more):
        stop.here()
        return create(*given, **more)

    monkeypatch.setattr(tokens, "create_token", stopped)
    with ThreadPoolExecutor(2) as pool:
        body = {"name": "laptop", "scopes": ["read"]}
        under_way = pool.submit(browser.post, "/me/tokens", body)
        stop.wait()
        ending = pool.submit(event, admin, ann)
        wait_until_blocked(world, ending)
        stop.go()
        ending.result(TIMEOUT_SECONDS)
        # On SQLite the event waits for the request, and ends the token that was made.
        assert under_way.result(TIMEOUT_SECONDS).status_code == (201 if world.db.is_sqlite else 401)
    with world.session() as session:
        theirs = select(Token.id).where(Token.user_id == UUID(ann), Token.revoked_at.is_(None))
        assert session.scalars(theirs).all() == []


@pytest.fixture
def reset(course, instructor, ann):
    """Return a function that creates a course link for Ann and returns its secret."""
    return lambda: secret_of(instructor.post(f"/courses/{course}/people/{ann}/reset"))


@pytest.fixture
def links(world, admin, ann, reset):
    """Return an unused link of each kind for Ann."""
    by_course = reset()
    with world.session() as session:
        session.query(Invite).filter(Invite.used_at.is_(None)).update({"purpose": "invite"})
    return [by_course, secret_of(admin.post(f"/users/{ann}/reset"))]


@pytest.mark.parametrize("event", [erase, suspend])
def test_links_of_erased_or_suspended_users_are_unusable_and_not_created(
    world, course, instructor, ann, links, event
):
    admin = world.person("Ad Min", admin=True)
    event(admin, ann)
    for secret in links:
        answer = ApiBrowser(world).post(
            "/invites/accept", {"secret": secret, "password": OTHER_PASSWORD}
        )
        assert answer.status_code in {404, 410}
    for who, path in (
        (admin, f"/users/{ann}/reset"),
        (admin, f"/courses/{course}/people/{ann}/reset"),
        (instructor, f"/courses/{course}/people/{ann}/reset"),
    ):
        assert who.post(path).status_code in {404, 409}
    body = {"people": [ann]}
    assert instructor.post(f"/courses/{course}/invites", body).status_code == 422


def test_links_created_before_a_suspension_stay_void_after_restoring(world, admin, ann, links):
    suspend(admin, ann)
    assert admin.post(f"/users/{ann}/restore").status_code == 200
    for secret in links:
        answer = ApiBrowser(world).post(
            "/invites/accept", {"secret": secret, "password": OTHER_PASSWORD}
        )
        assert answer.status_code == 410


def test_address_added_again_after_erasure_is_a_new_account(world, course, instructor, ann, links):
    browser = ApiBrowser(world)
    browser.login(EMAIL)
    body = {"name": "laptop", "scopes": ["read"]}
    token = browser.post("/me/tokens", body).json()["token"]
    erase(world.person("Ad Min", admin=True), ann)
    body = {"name": "Ann Example", "email": EMAIL}
    again = instructor.post(f"/courses/{course}/people", body)
    assert again.status_code == 201
    assert again.json()["user"] != ann
    assert again.json()["has_password"] is False
    assert browser.get("/me").status_code == 401
    held = {"Authorization": f"Bearer {token}"}
    assert world.anonymous.client.get("/api/v1/me", headers=held).status_code == 401
    assert ApiBrowser(world).login(EMAIL).status_code == 401
    for secret in links:
        answer = ApiBrowser(world).post(
            "/invites/accept", {"secret": secret, "password": OTHER_PASSWORD}
        )
        assert answer.status_code == 404
