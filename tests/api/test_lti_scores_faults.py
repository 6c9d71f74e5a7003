"""Tests of scores under random faults, with several workers of which one is killed each time.

``GRADER_TEST_PASSBACKS`` is the number of seeds.
"""

import json
import os
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random
from selectors import EVENT_READ, DefaultSelector
from signal import SIGKILL

import crashing_lti_worker
import faulty_lti_worker
import pytest
from faulty_lti_worker import BEGUN, FAULTS, REFUSED, read_log
from lti_platform import DIALECTS, LtiPlatform
from passback import connect, fill
from sqlalchemy import delete, insert, select, update
from world import World

from api.db.models import Assignment, Grade, LtiLineItem, LtiScore, LtiUser, OutboxMessage
from api.services.lti.scores.overview import list_failed_scores
from api.services.outbox.kinds import SCORE_KIND

ROOT = Path(__file__).parents[2]
SEEDS = int(os.environ.get("GRADER_TEST_PASSBACKS", "1"))
STUDENTS, COLUMNS = 30, 3
POSSIBLE = 10_000
POINTS = [one for one in crashing_lti_worker.POINTS if not one.endswith("score 2")]
ITEM_POINTS = [one for one in POINTS if "line item" in one]
PATIENCE_SECONDS = 120
ROUNDS = 3
"""How often a worker looks for scores, with pauses of up to four minutes between."""


class Gradebook:
    """Grades of a class, each of which only rises, so that their order shows."""

    def __init__(self, world, random):
        self.world, self.random = world, random
        fill(world, students=STUDENTS, assignments=COLUMNS)
        with world.session() as session:
            self.subjects = dict(session.execute(select(LtiUser.user_id, LtiUser.subject)).all())
            self.columns = sorted(session.scalars(select(Assignment.id)), key=str)
            for number, column in enumerate(self.columns):
                session.get_one(Assignment, column).title = f"Column {number}"
            self.item_rows = [
                {"context_id": one.context_id, "assignment_id": one.assignment_id}
                | {"created_at": world.clock()}
                for one in session.scalars(select(LtiLineItem))
            ]
            session.execute(delete(LtiLineItem))
            session.execute(update(Grade).values(score=Fraction(1), possible=Fraction(POSSIBLE)))
        self.points = dict.fromkeys(
            ((student, column) for student in self.subjects for column in self.columns), 1
        )
        self.superseded = set()

    def add_column(self):
        """Let the platform have a column for one more assignment."""
        with self.world.session() as session:
            session.execute(insert(LtiLineItem), [self.item_rows.pop()])

    def change(self, count):
        """Raise the grades of *count* students and columns."""
        for cell in self.random.sample(sorted(self.points, key=str), count):
            self._raise(cell)

    def change_twice(self, count):
        """Raise *count* grades twice, so that nobody should send the first of the new ones."""
        for cell in self.random.sample(sorted(self.points, key=str), count):
            self._raise(cell)
            self.superseded.add((cell, self.points[cell]))
            self._raise(cell)

    def _raise(self, cell):
        self.points[cell] += 1
        points = {"score": Fraction(self.points[cell]), "version": Grade.version + 1}
        of_cell = Grade.student_id == cell[0], Grade.assignment_id == cell[1]
        with self.world.session() as session:
            session.execute(update(Grade).where(*of_cell).values(points))


@pytest.fixture(scope="module")
def workers():
    """Yield the process that forks workers."""
    with subprocess.Popen(
        [sys.executable, faulty_lti_worker.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": ""},
        cwd=ROOT,
        start_new_session=True,
    ) as process:
        yield process
        os.killpg(process.pid, SIGKILL)  # with its forks, should some still run


@pytest.fixture
def world(database_url):
    world = World(database_url)
    yield world
    world.close()


def start(workers, world, log, runs):
    """Start workers that run at the same time."""
    (log.parent / BEGUN).unlink(missing_ok=True)
    common = {
        "settings": {"database": world.url, "lti": True},
        "time": world.clock().isoformat(),
        "log": str(log),
        "at": "",
        "visit": 0,
        "rounds": ROUNDS,
    }
    workers.stdin.write(f"{json.dumps([common | run for run in runs])}\n")
    workers.stdin.flush()


def wait(workers):
    """Return the return codes of the workers."""
    with DefaultSelector() as selector:
        selector.register(workers.stdout, EVENT_READ)
        assert selector.select(PATIENCE_SECONDS), "a worker does not end"
    return json.loads(workers.stdout.readline())


def load_statuses(world):
    """Return the status of the score of each student in each column."""
    with world.session() as session:
        rows = session.execute(
            select(LtiScore.student_id, OutboxMessage.assignment_id, OutboxMessage.status)
            .join(OutboxMessage, OutboxMessage.id == LtiScore.message_id)
            .where(OutboxMessage.kind == SCORE_KIND)
        ).all()
    statuses = {(student, column): status for student, column, status in rows}
    assert len(statuses) == len(rows)  # one message for each, however often its score changed
    return statuses


def group_by_cell(grades, log):
    """Return what the platform has noted about each student and column, in order."""
    students = {subject: student for student, subject in grades.subjects.items()}
    items = [one["item"] for one in log if "item" in one]
    columns = {item["id"].split("?")[0].split("/")[-1]: item["resourceId"] for item in items}
    by_text = {str(column): column for column in grades.columns}
    assert sorted(columns.values()) == sorted(by_text)  # each column was created once
    notes = {cell: [] for cell in grades.points}
    for line, note in enumerate(log):
        if "student" in note:
            column = by_text[columns[note["column"]]]
            notes[students[note["student"]], column].append(note | {"line": line})
    return notes


def is_repeat_expected(log, one, two):
    """Return whether the reply to a score was lost, or a worker was killed before the next."""
    lost = {"fault": "lost reply", "student": one["student"], "column": one["column"]}
    return log[one["line"] - 1] == lost or any(
        "killed" in note for note in log[one["line"] : two["line"]]
    )


def check(world, grades, log):
    """Check what the platform and the service have in the end."""
    statuses, notes = load_statuses(world), group_by_cell(grades, log)
    assert statuses.keys() == notes.keys()
    failed = {cell for cell, status in statuses.items() if status == "failed"}
    assert {status for cell, status in statuses.items() if cell not in failed} == {"sent"}
    for cell, notes_of_cell in notes.items():
        scores = [note for note in notes_of_cell if "score" in note]
        assert (notes_of_cell[-1].get("fault") == REFUSED) == (cell in failed)
        assert cell in failed or scores[-1]["score"] == grades.points[cell]
        assert all(one["at"] < two["at"] for one, two in pairwise(scores))
        assert all(one["score"] <= two["score"] for one, two in pairwise(scores))
        assert not {(cell, note["score"]) for note in scores} & grades.superseded
        for one, two in pairwise(scores):
            assert one["score"] != two["score"] or is_repeat_expected(log, one, two)
    assert {note["fault"] for note in log if "fault" in note} == set(FAULTS)
    with world.db.reading() as session:
        course = world.dl
        listed = {(one.student_id, one.assignment) for one in list_failed_scores(session, course)}
        titles = {one.id: one.title for one in session.scalars(select(Assignment))}
    assert listed == {(student, titles[column]) for student, column in failed}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_latest_scores_arrive_or_are_listed_as_failed_despite_faults(
    workers, world, tmp_path, seed
):
    random = Random(seed)  # noqa: S311  # no secret
    connect(world, LtiPlatform(DIALECTS["moodle"]))
    grades, log = Gradebook(world, random), tmp_path / "log"
    grades.add_column()
    points = [one for one in POINTS if one not in ITEM_POINTS]
    random.shuffle(points)
    for at in (*ITEM_POINTS, *points):
        if at in ITEM_POINTS and at != ITEM_POINTS[0]:
            grades.add_column()
        grades.change_twice(STUDENTS)
        visit = 1 if at in ITEM_POINTS else random.randint(1, 3)
        runs = [{"at": at, "visit": visit, "rounds": 100}, {}, {}]
        start(workers, world, log, [one | {"seed": str(random.random())} for one in runs])
        if at is points[-1]:
            grades.add_column()
        grades.change(STUDENTS // 3)
        assert wait(workers) == [crashing_lti_worker.KILLED, 0, 0], at
    start(workers, world, log, [{"at": "the end", "seed": ""}])
    assert wait(workers) == [0]
    check(world, grades, read_log(log))
