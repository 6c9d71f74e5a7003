"""Tests of a password reset by the owner of an account, with a link that comes by e-mail."""

import re

import pytest
from api_browser import OTHER_PASSWORD, PASSWORD, ApiBrowser, get_email, set_password
from sqlalchemy import func, select
from world import World

from api.db.models import Invite, OutboxMessage, User
from api.services.outbox.queue import NO_MAIL_MESSAGE

UNKNOWN = "nobody@example.edu"
VARYING_HEADERS = {"date", "x-request-id"}
LINK = re.compile(r"^http://127\.0\.0\.1:8000/welcome#(\S+)", re.MULTILINE)


@pytest.fixture
def world(database_url, mail_server):
    world = World(database_url, settings=mail_server.settings)
    yield world
    world.close()


@pytest.fixture
def ann(world, course):
    person = world.enrol(course, "Ann Example", email="ann@example.edu")
    set_password(world, person)
    return person


def ask(world, email, address="192.0.2.7"):
    return ApiBrowser(world, address).post("/password-reset", {"email": email})


def mailed_secrets(world, mail_server):
    world.service.outbox_runner.run_until_idle()
    texts = [one.get_body(("plain",)).get_content() for one in mail_server.messages()]
    return [LINK.search(one)[1] for one in texts]


def accept(world, secret, password=OTHER_PASSWORD, **more):
    return ApiBrowser(world).post(
        "/invites/accept", {"secret": secret, "password": password, **more}
    )


def count(world, table):
    with world.db.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_reset_link_changes_password_and_ends_sessions_and_tokens(world, mail_server, ann):
    browser = ApiBrowser(world)
    assert browser.login("ann@example.edu").status_code == 200
    assert ann.get("/me").status_code == 200
    assert ask(world, "Ann@Example.edu").status_code == 202
    [secret] = mailed_secrets(world, mail_server)
    assert mail_server.messages()[0]["To"] == "ann@example.edu"
    assert accept(world, secret).status_code == 200
    assert browser.get("/me").status_code == 401
    assert ann.get("/me").status_code == 401
    assert ApiBrowser(world).login("ann@example.edu").status_code == 401
    assert ApiBrowser(world).login("ann@example.edu", OTHER_PASSWORD).status_code == 200
    assert accept(world, secret, PASSWORD).status_code == 410


@pytest.mark.usefixtures("ann")
def test_reset_response_does_not_reveal_whether_account_exists(world):
    suspended = world.person("Su Spended", email="suspended@example.edu")
    with world.session() as session:
        session.get_one(User, suspended.id).suspended_at = world.clock()
    replies = []
    for email in ("ann@example.edu", UNKNOWN, "suspended@example.edu"):
        reply = ask(world, email)
        headers = [
            (name, "" if name in VARYING_HEADERS else value)
            for name, value in sorted(reply.headers.items())
        ]
        replies.append((reply.status_code, reply.content, headers))
    assert replies[0] == replies[1] == replies[2]
    assert replies[0][:2] == (202, b"")
    assert count(world, OutboxMessage) == 1


@pytest.mark.usefixtures("ann")
def test_reset_link_is_created_on_delivery_and_not_stored_in_message(world, mail_server):
    ask(world, "ann@example.edu")
    assert count(world, Invite) == 0
    [secret] = mailed_secrets(world, mail_server)
    with world.db.reading() as session:
        row = session.scalars(select(OutboxMessage)).one()
        values = [str(getattr(row, one.name)) for one in OutboxMessage.__table__.columns]
    assert not [one for one in values if secret in one]


@pytest.mark.usefixtures("ann")
def test_reset_sends_at_most_three_mails_per_hour(world, mail_server):
    for number in range(1, 6):
        assert {ask(world, email).status_code for email in ("ann@example.edu", UNKNOWN)} == {202}
        assert len(mailed_secrets(world, mail_server)) == min(number, 3)
    world.clock.advance(hours=1)
    ask(world, "ann@example.edu")
    assert len(mailed_secrets(world, mail_server)) == 4


@pytest.mark.usefixtures("ann")
def test_reset_requests_are_limited_to_thirty_per_minute_per_ip_address(world):
    statuses = [ask(world, f"p{number}@example.edu").status_code for number in range(31)]
    assert statuses == [202] * 30 + [429]
    assert ask(world, "ann@example.edu", address="198.51.100.9").status_code == 202
    assert count(world, OutboxMessage) == 1


@pytest.mark.usefixtures("ann")
def test_using_one_reset_link_invalidates_the_others(world, mail_server):
    ask(world, "ann@example.edu")
    mailed_secrets(world, mail_server)
    ask(world, "ann@example.edu")
    first, second = mailed_secrets(world, mail_server)
    assert accept(world, first).status_code == 200
    assert accept(world, second, PASSWORD).status_code == 410


@pytest.mark.usefixtures("ann")
def test_reset_link_expires_after_a_day(world, mail_server):
    ask(world, "ann@example.edu")
    [secret] = mailed_secrets(world, mail_server)
    world.clock.advance(days=1)
    assert accept(world, secret).status_code == 410


def test_reset_link_uses_configured_url_instead_of_request_host(database_url, mail_server):
    url = "https://grader.example.edu"
    world = World(database_url, settings={**mail_server.settings, "public_url": url})
    set_password(world, world.person("Ann Example", email="ann@example.edu"))
    # The host of the requests is that of the test client, and not that of the setting.
    assert world.client.base_url.host not in url
    assert ask(world, "ann@example.edu").status_code == 202
    world.service.outbox_runner.run_until_idle()
    [message] = mail_server.messages()
    for kind in ("plain", "html"):
        links = re.findall(r"https?://[^\s\"<]+", message.get_body((kind,)).get_content())
        assert links
        assert all(link.startswith(f"{url}/") for link in links)
    world.close()


@pytest.mark.usefixtures("ann")
def test_cross_site_reset_request_is_rejected(world):
    reply = ApiBrowser(world).call(
        "POST", "/password-reset", {"email": "ann@example.edu"}, Sec_Fetch_Site="cross-site"
    )
    assert reply.status_code == 403
    assert count(world, OutboxMessage) == 0


@pytest.mark.parametrize("email", ["", "at home", 7, None, "a" * 300 + "@example.edu"])
def test_reset_with_invalid_email_is_rejected(world, email):
    reply = ApiBrowser(world).post("/password-reset", {"email": email})
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "email")


def test_email_change_invalidates_old_reset_links(world, mail_server, ann):
    ask(world, "ann@example.edu")
    [secret] = mailed_secrets(world, mail_server)
    admin = world.person("Ad Min", admin=True)
    changed = admin.patch(
        f"/users/{ann.id}", {"email": "anna@example.edu"}, headers={"If-Match": "*"}
    )
    assert changed.status_code == 200, changed.text
    assert accept(world, secret).status_code == 410


def test_password_set_before_email_change_opens_no_later_role(world, mail_server, course):
    """Staff of a course can set the address of an account that is theirs alone."""
    mallory = world.enrol(course, "Mallory", role="instructor")
    puppet = mallory.post(
        f"/courses/{course}/people", {"name": "Bo Example", "email": "mallory2@example.org"}
    ).json()
    ask(world, "mallory2@example.org")
    [secret] = mailed_secrets(world, mail_server)
    assert accept(world, secret, PASSWORD).status_code == 200
    path = f"/courses/{course}/people/{puppet['user']}"
    tag = mallory.get(path).headers["ETag"]
    moved = mallory.patch(path, {"email": "bo@example.edu"}, headers={"If-Match": tag})
    assert moved.status_code == 200, moved.text
    other = world.course("other")
    teacher = world.enrol(other, "Tea Cher", role="instructor")
    added = teacher.post(
        f"/courses/{other}/people",
        {"name": "Bo Example", "email": "bo@example.edu", "role": "grader"},
    )
    assert added.status_code == 201, added.text
    assert ApiBrowser(world).login("bo@example.edu").status_code == 403
    # Neither does a reset by the true owner of the address without the locked password.
    ask(world, "bo@example.edu")
    secret = mailed_secrets(world, mail_server)[-1]
    refused = accept(world, secret)
    assert refused.status_code == 410
    assert "only an administrator" in refused.json()["detail"]


def test_administrator_can_reset_password_by_email(world, mail_server):
    admin = world.person("Ad Min", admin=True)
    set_password(world, admin)
    ask(world, get_email(world, admin))
    [secret] = mailed_secrets(world, mail_server)
    assert accept(world, secret).status_code == 200


def test_reset_without_mail_server_returns_409_for_any_email(database_url):
    world = World(database_url)
    world.person("Ann", email="ann@example.edu")
    for email in ("ann@example.edu", UNKNOWN):
        reply = ask(world, email)
        assert (reply.status_code, reply.json()["code"]) == (409, "conflict")
        assert reply.json()["detail"].startswith(NO_MAIL_MESSAGE)
    assert count(world, OutboxMessage) == 0
    world.close()


def test_case_folded_email_of_older_version_gets_reset_link(world, mail_server):
    world.person(email="strasse@example.edu")
    ask(world, "straße@example.edu")
    [_] = mailed_secrets(world, mail_server)


def test_reset_ends_secret_address_of_calendar(world, mail_server, ann):
    thief = ApiBrowser(world)
    thief.login(get_email(world, ann))
    url = thief.post("/me/calendar").json()["url"].removeprefix("http://127.0.0.1:8000")
    assert world.client.get(url).status_code == 200
    ask(world, "ann@example.edu")
    [secret] = mailed_secrets(world, mail_server)
    body = {"secret": secret, "password": OTHER_PASSWORD}
    assert ApiBrowser(world).post("/invites/accept", body).status_code == 200
    assert world.client.get(url).status_code == 404
