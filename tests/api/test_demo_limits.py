"""Tests of the demo's limits: no public address, and its logins end without it."""

import csv
import io
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from api_browser import OTHER_PASSWORD, PASSWORD, ApiBrowser
from demo_course import create_demo, read_welcome
from sqlalchemy import select
from starlette.testclient import TestClient
from world import Person, World

from api.app import create_app
from api.config.settings import ServiceSettings
from api.db.models import AuditEntry, User
from api.demo.course import find_demo_course
from api.server.bootstrap import (
    StartupError,
    bootstrap,
    end_demo_logins,
    warn_if_demo_is_public,
)

ROOT = Path(__file__).parents[2]
CREDENTIALS = {"password", "session", "token"}
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  # nothing listens on it


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"public_url": "https://grader.example.edu"}, "GRADER_PUBLIC_URL"),
        ({"public_url": "https://localhost"}, "GRADER_PUBLIC_URL"),
        ({"public_url": "http://grader.example.edu"}, "GRADER_PUBLIC_URL"),
        ({"public_url": "http://192.0.2.7:8000"}, "GRADER_PUBLIC_URL"),
        ({"hosts": ("localhost", "grader.example.edu")}, "GRADER_HOSTS"),
        ({"hosts": ("*.example.edu",)}, "GRADER_HOSTS"),
    ],
)
def test_demo_does_not_start_on_a_public_address(tmp_path, settings, named):
    file = tmp_path / "grader.db"
    with pytest.raises(StartupError) as refused:
        bootstrap(ServiceSettings(database=f"sqlite:///{file}", demo=True, **settings))
    for said in (f"{named} says", "Remove GRADER_DEMO", "http://127.0.0.1:PORT"):
        assert said in str(refused.value)
    assert not file.exists()


def test_refused_demo_start_exits_with_code_2_and_a_message(tmp_path):
    inherited = {name: one for name, one in os.environ.items() if not name.startswith("GRADER_")}
    settings = {"GRADER_DEMO": "1", "GRADER_PUBLIC_URL": "https://grader.example.edu"}
    done = subprocess.run(
        [sys.executable, "-m", "api"],
        cwd=tmp_path,
        env=inherited | settings | {"PYTHONPATH": str(ROOT), "GRADER_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("GRADER_DEMO is set, and GRADER_PUBLIC_URL says")


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        ({}, "127.0.0.1:8000", 200),
        ({}, "localhost:9000", 200),
        ({}, "[::1]:8000", 200),
        ({}, "demo.localhost", 200),
        ({}, "127.0.0.2", 421),
        ({"host": "127.0.0.2"}, "127.0.0.2:8000", 200),
        ({"host": EVERY_ADDRESS}, "127.0.0.1:8000", 200),
        ({"host": EVERY_ADDRESS}, "0.0.0.0:8000", 421),
        ({"host": "192.0.2.7"}, "192.0.2.7:8000", 421),
        ({}, "grader.example.edu", 421),
        ({}, "127.0.0.1.example.edu", 421),
        ({"hosts": ("demo.localhost",)}, "demo.localhost", 200),
        ({"hosts": ("demo.localhost",)}, "other.localhost", 421),
        ({"demo": False}, "grader.example.edu", 200),
    ],
)
def test_demo_accepts_only_local_host_names(settings, host, status):
    app = create_app(ServiceSettings(**{"demo": True} | settings))
    response = TestClient(app).get("/healthz", headers={"Host": host})
    app.state.service.close()
    assert response.status_code == status


@pytest.mark.parametrize(
    ("address", "warnings"),
    [
        ("127.0.0.1", 0),
        ("127.0.0.2", 0),
        ("::1", 0),
        (EVERY_ADDRESS, 1),
        ("::", 1),
        ("192.0.2.7", 1),
        ("fe80::1%eth0", 1),
    ],
)
def test_demo_on_a_public_address_logs_a_warning(caplog, address, warnings):
    warn_if_demo_is_public(address)
    messages = [one.message for one in caplog.records if one.name == "api.starting"]
    assert len(messages) == warnings
    assert all(f"listens on {address}, which other machines may reach" in one for one in messages)


@pytest.fixture
def world(database_url):
    world = World(database_url)
    create_demo(world, students=3)
    yield world
    world.close()


@pytest.fixture
def logins(world):
    return read_welcome(world).logins


def restart(world):
    """Do what a start without the demo does.

    On PostgreSQL, calls `end_demo_logins` directly, because a start needs a durable
    server.
    """
    if world.db.is_sqlite:
        assert bootstrap(ServiceSettings(database=world.url), clock=world.clock) is None
    else:
        end_demo_logins(world.db, now=world.clock())


def log_in(world, login):
    browser = ApiBrowser(world)
    assert browser.login(login.email, login.password).status_code == 200
    return browser


def alive(world, login, browser):
    held = {"Authorization": f"Bearer {login.token}"}
    answers = {
        "password": ApiBrowser(world, "198.51.100.9").login(login.email, login.password),
        "session": browser.get("/me"),
        "token": world.anonymous.client.get("/api/v1/me", headers=held),
    }
    return {name for name, answer in answers.items() if answer.status_code == 200}


@pytest.mark.parametrize("role", ["student", "grader", "instructor"])
def test_start_without_the_demo_ends_its_logins(world, logins, caplog, role):
    browser = log_in(world, logins[role])
    assert alive(world, logins[role], browser) == CREDENTIALS
    with caplog.at_level(logging.WARNING):
        restart(world)
    assert alive(world, logins[role], browser) == set()
    assert [one.message for one in caplog.records if one.name == "api.starting"] == [
        "GRADER_DEMO is off: the logins of 3 accounts of the demo course have ended"
    ]


@pytest.mark.usefixtures("logins")
def test_second_start_without_the_demo_changes_nothing(world, caplog):
    restart(world)
    with world.session() as session:
        before = session.scalars(select(User.version).order_by(User.id)).all()
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        restart(world)
    assert caplog.records == []
    with world.session() as session:
        assert session.scalars(select(User.version).order_by(User.id)).all() == before
        ended = select(AuditEntry.id).where(AuditEntry.action == "demo.ended")
        assert len(session.scalars(ended).all()) == 1


def test_worker_started_beside_the_demo_ends_no_logins(tmp_path, sqlite_template):
    """SQLite only: a start refuses the tests' PostgreSQL, which is not durable."""
    file = tmp_path / "grader.db"
    shutil.copyfile(sqlite_template, file)
    world = World(f"sqlite:///{file}")
    create_demo(world, students=3)
    login = read_welcome(world).logins["student"]
    browser = log_in(world, login)
    for demo in (True, False):
        bootstrap(ServiceSettings(database=world.url, demo=demo), is_worker=True)
    assert alive(world, login, browser) == CREDENTIALS
    world.close()


@pytest.mark.usefixtures("logins")
def test_restarting_the_demo_issues_new_logins(world):
    restart(world)
    again = read_welcome(world).logins["student"]
    assert alive(world, again, log_in(world, again)) == CREDENTIALS


def invite(who, course, email):
    body = {"name": "New Person", "email": email, "role": "instructor"}
    user = who.post(f"/courses/{course}/people", body).json()["user"]
    answer = who.post(f"/courses/{course}/invites", {"people": [user]})
    [row] = csv.DictReader(io.StringIO(answer.text))
    secret = row["link"].partition("#")[2]
    return user, secret


def test_logins_that_demo_accounts_gave_to_others_end_too(world, logins):
    with world.db.reading() as session:
        course = find_demo_course(session).id
    instructor = logins["instructor"]
    iris = Person(instructor.user_id, "Iris", world.client, instructor.token)
    _, used = invite(iris, course, "used@example.edu")
    _, unused = invite(iris, course, "unused@example.edu")
    browser = ApiBrowser(world)
    browser.post("/invites/accept", {"secret": used, "password": PASSWORD})
    restart(world)
    assert browser.get("/me").status_code == 401
    assert ApiBrowser(world).login("used@example.edu").status_code == 401
    body = {"secret": unused, "password": PASSWORD}
    assert ApiBrowser(world).post("/invites/accept", body).status_code == 410


def test_demo_course_cannot_be_joined_after_the_demo_ends(world, logins):
    with world.db.reading() as session:
        course = find_demo_course(session).id
    instructor = logins["instructor"]
    iris = Person(instructor.user_id, "Iris", world.client, instructor.token)
    path = f"/courses/{course}"
    turned_on = iris.patch(path, {"self_enrollment": True}, headers={"If-Match": "*"})
    assert turned_on.status_code == 200, turned_on.text
    code = iris.get(f"{path}/joining").json()["code"]
    account = {"code": code, "name": "New Person", "password": PASSWORD}
    joined, late = ApiBrowser(world), ApiBrowser(world)
    body = account | {"email": "joined@example.edu"}
    assert joined.post("/join/account", body).status_code == 201
    restart(world)
    assert joined.get("/me").status_code == 401
    assert ApiBrowser(world).login("joined@example.edu").status_code == 401
    body = account | {"email": "late@example.edu"}
    assert late.post("/join/account", body).status_code == 404


def test_account_reset_by_an_administrator_keeps_access(world, logins):
    admin = world.person("An Admin", admin=True)
    link = admin.post(f"/users/{logins['grader'].user_id}/reset").json()["link"]
    body = {"secret": link.partition("#")[2], "password": OTHER_PASSWORD}
    browser = ApiBrowser(world)
    assert browser.post("/invites/accept", body).status_code == 200
    restart(world)
    assert browser.get("/me").status_code == 200
    assert admin.get("/users").status_code == 200
    again = read_welcome(world).logins["grader"]
    restart(world)
    assert ApiBrowser(world).login(again.email, again.password).status_code == 401
