"""Tests that a database of the first release still opens, upgrades and works.

The code of commit 5d76b19 wrote the databases; `upgrades/README.md` describes their contents.
"""

import gzip
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest
from api_browser import ApiBrowser
from grade_setup import get_gradebook
from regrading import run_action, run_dry_run
from schema_differences import list_schema_differences
from sqlalchemy import select
from world import Person, ProblemReference, World

from api.db.engine import Database
from api.db.migrations import schema_state, upgrade
from api.db.models import AssignmentProblem, User

DUMPS: Final = Path(__file__).parent / "upgrades"
HOURS_SINCE_LOGIN: Final = 52
TOKENS: Final = {
    "ann": "gr_api_uHaqH7UBJh6f_Q0HJvPVS3sgkEkStF4Lg6P9o1hJV8ClGQlB2Zqy0toW",
    "ben": "gr_api_LHQJRgIAyzSb_J0TSQFCq5HDUeEgdgHEQVifqXYicMQEtrSRzjFJTSkX",
    "cleo": "gr_api_opdeGkwG1icl_Fnl8WMPFSBVGks4q4LPHjmJ4Rne0NviAAivBMmDmvA7",
    "ina": "gr_api_3KtwJBEv8QCc_uEkjCg28ObuCgywLNPcbBJyZ5fviHbDxheZKGYwAVW6",
    "tom": "gr_api_io5IhYhjBggD_fGviINM78OJAtdFhoxKXbWHTFkxRoIcQ3zwG9wkSe0f",
}
SESSION: Final = "gr_session_q3ANUbE3neOF_vS7trzO4qM5msIRJs6rGLNJuJH8grpejIjvYKvWbJWl"
INVITE: Final = "gr_invite_S92QAQJ10sWm_YmuHOY9TSZN0IOyaUmUJdnZzC0UMigg12AG2PHJKOFQ"


def load_first_release(url: str) -> None:
    """Load the dump for the database system of *url* into an empty database."""
    system, _, path = url.partition(":///")
    if system == "sqlite":
        with gzip.open(DUMPS / "sqlite.sql.gz", "rt", encoding="utf-8") as dump:
            connection = sqlite3.connect(path)
            connection.executescript(dump.read())
            connection.close()
        return
    with gzip.open(DUMPS / "postgresql.sql.gz", "rt", encoding="utf-8") as dump:
        script = dump.read().encode()
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(script)


@pytest.fixture
def db(empty_url: str) -> Iterator[Database]:
    """Yield the upgraded database."""
    load_first_release(empty_url)
    db = Database(empty_url)
    assert schema_state(db) == "older"
    upgrade(db)
    yield db
    db.close()


class UpgradedCourse:
    """The course of the first release, served by the current code."""

    def __init__(self, world: World) -> None:
        self.world = world
        with world.db.reading() as session:
            ids = {str(one.email).split("@")[0]: one.id for one in session.scalars(select(User))}
        self.people = {
            name: Person(ids[name], name, world.client, token) for name, token in TOKENS.items()
        }
        [course] = self.read("ina", "/courses")["items"]
        self.id = UUID(course["id"])
        found = self.read("ina", f"/courses/{self.id}/assignments")["items"]
        self.assignments = {one["slug"]: UUID(one["id"]) for one in found}

    def read(self, name: str, path: str) -> Any:
        """Return what a person reads at *path*."""
        answer = self.people[name].get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def assigned(self, assignment: str, problem: str) -> ProblemReference:
        with self.world.db.reading() as session:
            row = session.scalars(
                select(AssignmentProblem).where(
                    AssignmentProblem.assignment_id == self.assignments[assignment],
                    AssignmentProblem.slug == problem,
                )
            ).one()
        return ProblemReference(row.assignment_id, row.id, row.slug, row.version_id)

    def scores(self) -> dict[str, list[Any]]:
        """Return each student's scores in the gradebook."""
        rows = get_gradebook(self.people["ina"], self.id)["items"]
        return {row["name"].split()[0]: [cell["score"] for cell in row["cells"]] for row in rows}


@pytest.fixture
def first(db: Database) -> Iterator[UpgradedCourse]:
    world = World(db.engine.url.render_as_string(hide_password=False))
    world.clock.advance(hours=HOURS_SINCE_LOGIN)
    yield UpgradedCourse(world)
    world.close()


def results(submission: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    return {one["part"]: (one["status"], one["score"]) for one in submission["results"]}


def test_upgraded_schema_matches_models_and_people_can_log_in(db, first):
    assert schema_state(db) == "current"
    assert list_schema_differences(db) == []
    browser = ApiBrowser(first.world)
    assert browser.login("ben@example.edu").status_code == 200
    assert browser.get("/me").json()["name"] == "Ben Example"
    assert browser.login("ben@example.edu", "another password").status_code == 401
    first.world.clock.advance(hours=1 - HOURS_SINCE_LOGIN)  # an idle session ends after 12 hours
    session = first.world.anonymous.get("/me", headers={"Cookie": f"grader={SESSION}"})
    assert session.json()["name"] == "Ann Example", session.text
    first.world.clock.advance(hours=HOURS_SINCE_LOGIN - 1)
    assert first.read("tom", "/me")["name"] == "Tom Grader"
    newcomer = ApiBrowser(first.world)
    body = {"secret": INVITE, "password": "yet another long password"}
    assert newcomer.post("/invites/accept", body).status_code == 200
    assert newcomer.get("/me").json()["name"] == "Dora Example"


def check_students(first: UpgradedCourse) -> None:
    """Check the work that students read."""
    kernels, filters = (first.assigned("hw-1", one) for one in ("why-small-kernels", "two-filters"))
    latest, best, oldest = first.read("ann", f"{kernels.path}/submissions")["items"]
    assert results(first.read("ann", f"/submissions/{best['id']}")) == {
        "cells": ("correct", 2),
        "doubled": ("correct", 2),
        "why": ("partial", 2),
    }
    assert best["results"][2]["typed"] == "Fewer parameters, 😀 says 'Zoë'; more depth."
    assert (results(oldest), latest["late_credit"]) == ({"cells": ("wrong", 0)}, 0.5)
    for one in (latest, best, oldest):
        digest = one["receipt"]["digest"]
        assert first.read("ann", f"/receipts/{one['id']}?digest={digest}")["valid"]
    marked = best["results"][2]["answer"]
    [comment] = first.read("ann", f"/answers/{marked}/comments")["comments"]
    assert comment["text"] == "See the lecture."
    [unreadable] = first.read("ben", f"{filters.path}/submissions")["items"]
    assert results(unreadable)["matrix"] == ("partial", 1.5)
    assert results(unreadable)["weights"][0] == "unreadable"
    draft = {"matrix": [["3", "1"], ["0", ""]], "weights": "3 n +"}
    assert first.read("ben", f"{filters.path}/draft")["answers"] == draft
    [request] = first.read("ben", "/me/requests")["items"]
    assert (request["status"], request["text"]) == ("open", "I gave a reason.")


def check_staff(first: UpgradedCourse) -> None:
    """Check the scores and records that staff read, and the exports."""
    expected = {"Ann": [13, 2], "Ben": [5, 2], "Cleo": [2, None], "Dora": [None, None]}
    assert first.scores() == expected
    homework = f"/assignments/{first.assignments['hw-1']}"
    assert len(first.read("tom", f"{homework}/submissions")["items"]) == 9
    analytics = first.read("ina", f"{homework}/analytics")
    assert (analytics["grades"]["n"], analytics["grades"]["median"]) == (3, 33.3333)
    [override] = first.read("ina", f"{homework}/overrides")["items"]
    assert (override["part"], override["points"]) == ("weights", 1.5)
    [extension] = first.read("ina", f"/courses/{first.id}/extensions")["items"]
    assert (extension["grants"]["days"], extension["grants"]["reason"]) == (3, "ill")
    files = first.read("ina", f"/courses/{first.id}/export")["files"]
    assert set(files) == {
        "course.yaml",
        "assignments/hw-1.yaml",
        "assignments/hw-2.yaml",
        "problems/two-filters.yaml",
    }
    assert 'key: "K*n"' in files["problems/two-filters.yaml"]
    table = first.people["ina"].get(f"/courses/{first.id}/exports/csv")
    assert table.status_code == 200, table.text
    assert "Ann Example" in table.text


def test_students_and_staff_can_read_old_work(first):
    check_students(first)
    check_staff(first)


def test_work_continues_after_upgrade(first):
    ina, tom = first.people["ina"], first.people["tom"]
    kernels, own = (
        first.assigned("hw-1", "why-small-kernels"),
        first.assigned("hw-2", "two-filters"),
    )
    on_time = first.people["cleo"].submit(kernels, {"doubled": "18"})  # thanks to the extension
    assert on_time.status_code == 201, on_time.text
    [number] = first.read("ann", own.path)["numbers"]
    assert first.people["ann"].submit(own, {"weights": f"{number['text']} n"}).status_code == 201
    assert first.scores()["Ann"] == [13, 4]
    assert first.scores()["Cleo"] == [4, None]

    [request] = first.read("tom", f"/assignments/{kernels.assignment}/requests")["items"]
    decision = {"decision": "accepted", "reply": "You did.", "mark": {"credit": 0.5}}
    decided = tom.post(f"/requests/{request['id']}/answer", decision)
    assert decided.status_code == 200, decided.text
    assert first.scores()["Ben"] == [7, 2]

    before = first.scores()
    preview = run_dry_run(first.world, ina, kernels)
    counts = preview["counts"]
    assert (preview["status"], counts["students"]) == ("ready", 3)
    assert (counts["students_up"], counts["students_down"]) == (1, 2)
    assert first.scores() == before

    [applied] = first.read("ina", f"{own.path}/regrades")["items"]
    assert (applied["status"], applied["may"]) == ("applied", ["undo"])
    assert run_action(first.world, ina, applied, "undo", reason="Wrong.")["status"] == "undone"
    assert first.scores()["Ben"] == [7, 2]
    [shown] = first.read("ann", f"{own.path}/submissions?limit=1")["items"]
    assert results(shown) == {"weights": ("mistake", 0)}
    assert first.scores()["Ann"] == [13, 4]  # by the answer before it
