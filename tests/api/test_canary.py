"""Tests that no response, header, export, error or log line reveals too much.

Every reader requests every read route for every object, before and after the release,
and the tests also try all other routes. The table in `tests/canary.py` says who may see
which marker.
"""

import logging
import shutil
from collections.abc import Iterator
from itertools import product
from typing import get_args

import httpx2
import pytest
from canary_markers import (
    HOLDERS,
    MARKS,
    ROLES,
    Reader,
    State,
    find_leaks,
    find_markers,
    response_text,
)
from canary_requests import CanaryClient
from canary_scene import ID_TOKEN, PASSPHRASE, SECRET_COLUMNS, CanaryScene
from joserfc.jwk import RSAKey
from populated_course import SCENE_SETTINGS
from scene import HERE
from sqlalchemy import make_url, select
from world import World

from api.db.models import LtiKey

SHOWN = "zqdatabase"
ON_POSTGRESQL: tuple[Reader, ...] = ("student", "classmate", "stranger", "grader")
"""Readers who ask on PostgreSQL.

They would see other people's rows if PostgreSQL evaluated a condition differently.
"""


class Ears(logging.Handler):
    """Log handler that records everything the service logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Record the message with all attributes that a formatter could use."""
        self.heard.append(f"{self.format(record)} {record.__dict__}")


@pytest.fixture(scope="module", autouse=True)
def ears() -> Iterator[Ears]:
    """Yield the recorded log of this module, including the service's debug lines."""
    ears, ours = Ears(), logging.getLogger("api")
    before = ours.level
    logging.getLogger().addHandler(ears)
    ours.setLevel(logging.DEBUG)
    yield ears
    ours.setLevel(before)
    logging.getLogger().removeHandler(ears)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(request, tmp_path_factory) -> Iterator[CanaryScene]:
    """Yield a scene in a database whose URL contains a marker, on each system in turn."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("zqdatabase") / "grader.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        url, empty = f"sqlite:///{path}", int
    else:
        empty = request.getfixturevalue("empty_postgresql")
        plain = make_url(request.getfixturevalue("postgresql_url"))
        url = plain.set(password=SHOWN).render_as_string(hide_password=False)
    world = World(url, settings=SCENE_SETTINGS)
    yield CanaryScene(world)
    world.close()
    empty()


@pytest.fixture(scope="module")
def asked(scene) -> dict[State, CanaryClient]:
    """Return, by state, the asker that has made all requests as every reader.

    On PostgreSQL only some readers ask, and only after the release: code above the
    database decides when results are shown, and `test_access` covers the permissions of
    other readers.
    """
    here = scene.world.db.is_sqlite
    states: tuple[State, ...] = get_args(State) if here else ("after",)
    found: dict[State, CanaryClient] = {}
    for state in states:
        if state == "after":
            scene.reveal()
        found[state] = CanaryClient(scene, state, readers=ROLES if here else ON_POSTGRESQL)
        found[state].ask_everything()
    return found


def test_no_reader_receives_forbidden_data(asked):
    assert {state: sorted(asker.wrong) for state, asker in asked.items() if asker.wrong} == {}


def test_authorized_readers_receive_each_marker(asked):
    """Without this, the test before proves nothing: authorized readers find each marker."""
    wanted = {
        (state, name, reader)
        for state, asker in asked.items()
        for (name, mark), reader in product(MARKS.items(), (*asker.full_readers, *HOLDERS))
        if mark.may(reader, state) and reader != "viewer"
    }
    met = {
        (state, name, reader)
        for state, asker in asked.items()
        for name, those in asker.met.items()
        for reader in those
    }
    assert sorted(wanted - met) == []


def test_secret_columns_cover_digests_keys_and_provider_tokens(scene):
    """Digests, keys and tokens of providers are secrets, wherever they are stored."""
    columns = {f"{one.table.name}.{one.name}" for one in SECRET_COLUMNS}
    assert {
        *("calendar_feeds.digest", "mail_keys.key", "provider_sessions.id_token"),
        *("lti_keys.private_key", "lti_launches.digest", "lti_registration_links.digest"),
    } <= columns
    with scene.world.db.reading() as session:
        [pem] = session.scalars(select(LtiKey.private_key))
    jwk = RSAKey.import_key(pem).as_dict(private=True)
    assert {ID_TOKEN, bytes(range(1, 33)).hex(), jwk["d"], pem.splitlines()[-2]} <= scene.secrets


def test_public_keys_are_not_reported_as_secrets(scene):
    """They share their first bytes with the private key, which the check must not confuse."""
    keys = scene.ask("GET", "/lti/jwks", headers={})
    assert keys.json()["keys"]
    assert (
        set(find_leaks(response_text(keys), "anonymous", "before", secrets=scene.secrets)) == set()
    )


def test_log_contains_no_markers_or_secrets(asked, scene, ears):
    """The log covers all requests of this module, including errors."""
    heard = "\n".join(ears.heard)
    assert len(ears.heard) > len(asked["after"].met)
    assert set(find_leaks(heard, "log", "after", secrets=scene.secrets)) == set()


@pytest.mark.parametrize(
    "body",
    [
        {"email": "zqmailstudent@example.edu", "password": PASSPHRASE},
        {"email": "zqmailstudent@example.edu", "password": f"not {PASSPHRASE}"},
        {"email": "zqmailclassmate@example.edu", "password": PASSPHRASE},
        {"email": "zqmailnobody@example.edu", "password": PASSPHRASE},
        {"email": "zqmailstudent@example.edu", "password": PASSPHRASE, "remember": 1},
        {"email": ["zqmailstudent@example.edu"], "password": {"a": PASSPHRASE}},
    ],
)
def test_login_response_and_log_reveal_no_submitted_values(scene, ears, body):
    answer = scene.ask("POST", "/api/v1/login", headers={}, json=body)
    told = response_text(answer).replace("zqnamestudent", "", answer.status_code == httpx2.codes.OK)
    assert set(find_leaks(told, "anonymous", "after", secrets=scene.secrets)) == set()
    assert set(find_leaks("\n".join(ears.heard), "log", "after")) == set()


@pytest.mark.parametrize("token", ["gr_api_zqpassword", "zqpassword", "gr_reset_zqpassword"])
def test_unknown_token_is_not_echoed_or_logged(scene, ears, token):
    answer = scene.ask("GET", "/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == httpx2.codes.UNAUTHORIZED
    assert "zqpassword" not in response_text(answer) + "\n".join(ears.heard)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/zqdatabase/grader.db",
        "postgresql://zqdatabase:zqpassword@127.0.0.1:9/zqdatabase",
    ],
)
def test_unreachable_database_does_not_reveal_its_url(ears, url):
    world = World(url)
    asked = [
        world.client.get("/readyz"),
        world.client.get("/api/v1/me", headers={"Authorization": f"Bearer {'x' * 20}"}),
        world.client.post(
            "/api/v1/login", json={"email": "a@example.edu", "password": "zqpassword"}
        ),
    ]
    world.close()
    heard = "\n".join(ears.heard)
    assert asked[0].status_code == httpx2.codes.SERVICE_UNAVAILABLE
    for told in (*map(response_text, asked), heard):
        assert set(find_markers(told)) & {"name of the database", "password"} == set()


@pytest.mark.usefixtures("asked")
def test_pseudonymous_export_hides_identities(scene):
    scene.world.clock.advance(minutes=2)
    course = scene.places[HERE]["course"]
    answer = scene.instructor.get(f"/courses/{course}/exports/submissions?pseudonymous=true")
    assert "zqtext" in answer.text
    told = response_text(answer)
    assert set(find_leaks(told, "research", "after", secrets=scene.secrets)) == set()
    assert str(scene.student.id) not in told


@pytest.mark.parametrize("name", MARKS)
def test_leak_check_detects_each_planted_marker(name):
    """Plants each marker for each reader, in a header and inside text of a body."""
    mark = MARKS[name]
    for text, reader, state in product(mark.texts, get_args(Reader), get_args(State)):
        found = set(find_leaks(response_text(planted(text)), reader, state))
        assert (name in found) == (not mark.may(reader, state))


@pytest.mark.parametrize(
    "told",
    [
        "1,524,254,444,449",
        "1_524_254_444_449",
        "1\u202f524\u202f254\u202f444\u202f449",
        '"1\\u202f524\\u202f254\\u202f444\\u202f449"',
        "is 1524254444449, or 15242544444490",
    ],
)
def test_leak_check_detects_every_notation_of_a_key(told):
    assert "key of the student" in set(find_markers(told))


def planted(text: str) -> httpx2.Response:
    """Return a response with *text* in a header and in the body."""
    return httpx2.Response(200, headers={"X-Told": text}, json={"items": [{"a": f"x{text}y"}]})


def test_leak_check_decodes_pagination_cursors(scene):
    """A cursor contains the sort key of the list, and anyone can decode it."""
    course = scene.places[HERE]["course"]
    pages = scene.instructor.get(f"/courses/{course}/people?limit=1&text=zqname&state=all")
    assert "zqname" not in pages.json()["next"]
    assert set(find_markers("\n".join(response_text(pages).splitlines()[-1:]))) >= {
        "name of the classmate"
    }


def test_leak_check_detects_a_secret():
    assert set(find_leaks("x" + "5ab" * 20, "admin", "after", secrets={"5ab" * 20})) == {"secret"}
