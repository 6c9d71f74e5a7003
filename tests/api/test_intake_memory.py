"""What a process remembers of a student is worth what the database says, whatever changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, text, update
from student_scenes import without_ids
from world import TEXT_PROBLEM, Person, Posing, World

from api.auth.secrets import parse
from api.ids import new_id
from api.services.standings import Cause, grade_of, refresh_all
from api.tables import (
    Assignment,
    AssignmentProblem,
    Course,
    Draw,
    Enrolment,
    Excuse,
    Extension,
    Grade,
    GradeChange,
    Override,
    Standing,
    Token,
    User,
)

NOTED = (
    *("courses", "assignments", "assignment_problems", "extensions", "enrolments", "overrides"),
    *("excuses", "late_days", "draws", "users", "tokens", "sessions"),
)
REQUEST = frozenset({"instance"})
DUE = {"due": "2026-11-04 12:00", "late": [{"days": 1, "credit": "90%"}]}
OTHER_KEY = TEXT_PROBLEM.replace('key: "K*K"', 'key: "K*K + 1"')
TITLE = TEXT_PROBLEM.replace("title: Why", "title: Tell why").replace("why-small", "say-small")


@dataclass(frozen=True)
class Scene:
    """Two students with the same problem, of whom the service remembers *warm* alone."""

    world: World
    course: UUID
    staff: Person
    warm: Person
    cold: Person
    problem: Posing
    other: Posing

    def both(self) -> tuple[UUID, UUID]:
        return self.warm.id, self.cold.id

    def change(self, table: Any, **values: Any) -> None:
        """Write *values* over all rows of a table that is about one of the two, or the course."""
        with self.world.session() as session:
            whose = {User: User.id, Token: Token.user_id, Enrolment: Enrolment.user_id}
            where = whose[table].in_(self.both()) if table in whose else text("1 = 1")
            session.execute(update(table).where(where).values(values))

    def add(self, table: Any, **values: Any) -> None:
        """Write a row for each of the two."""
        now = self.world.clock()
        with self.world.session() as session:
            for student in self.both():
                told = {"assignment_id": self.problem.assignment, "student_id": student}
                made = {"created_by": self.staff.id, "created_at": now}
                session.add(table(id=new_id(), **told, **(made | values)))

    def refresh(self) -> None:
        """Work grades out anew, as every change of rules does."""
        with self.world.session() as session:
            cause = Cause("settings", None, self.staff.id, self.world.clock())
            refresh_all(session, self.problem.assignment, self.both(), cause=cause)


@pytest.fixture
def scene(world: World, course: UUID, teacher: Person) -> Scene:
    warm, cold = world.enrol(course), world.enrol(course)
    problem, other = world.assignment(
        course, TEXT_PROBLEM, TITLE, timeline_spec=DUE, attempts=9, by_attempt=["1", "1", "1/2"]
    )
    found = Scene(world, course, teacher, warm, cold, problem, other)
    for cells in ("1", "2"):
        for one in (warm, cold):
            assert send(found, one, {"cells": cells}).status_code == 201
    assert is_remembered(found)
    return found


def is_remembered(scene: Scene) -> bool:
    shown, where = parse(scene.warm.token), scene.problem
    assert shown is not None
    memory = scene.world.service.memory
    return memory.known(shown.digest, where.assignment, where.slug) is not None


def send(scene: Scene, who: Person, answers: Mapping[str, str], *, to: Posing | None = None) -> Any:
    """Hand in; for the student who is not to be remembered, to a service that has just begun."""
    where = to or scene.problem
    if who.id == scene.warm.id:
        return who.submit(where, answers)
    fresh = World(scene.world.url, clock=scene.world.clock)
    try:
        return replace(who, client=fresh.client).submit(where, answers)
    finally:
        fresh.close()


def statements(world: World, act: Callable[[], Any]) -> list[str]:
    """Return what the database is told while *act* is done."""
    found: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(world.db.engine, "before_cursor_execute", listen)
    try:
        act()
    finally:
        event.remove(world.db.engine, "before_cursor_execute", listen)
    return found


def pin(scene: Scene, source: str) -> None:
    """Bring another version of the problem, as a regrade does."""
    version = scene.world.version(source)
    with scene.world.session() as session:
        own = AssignmentProblem.id == scene.problem.id
        session.execute(update(AssignmentProblem).where(own).values(version_id=version.id))
        drawn = Draw.problem_id == scene.problem.id
        session.execute(update(Draw).where(drawn).values(version_id=version.id))


def grant(scene: Scene) -> None:
    scene.world.clock.advance(hours=60)  # late by now
    scene.add(Extension, course_id=scene.course, spec={"days": 5})
    scene.refresh()


def set_by_hand(scene: Scene) -> None:
    with scene.world.session() as session:
        for student in scene.both():
            session.add(
                Override(
                    id=new_id(),
                    assignment_id=scene.problem.assignment,
                    problem_id=scene.other.id,
                    student_id=student,
                    points=Fraction(2),
                    reason="a good try",
                    author_id=scene.staff.id,
                    created_at=scene.world.clock(),
                )
            )


CHANGES: dict[str, Callable[[Scene], None]] = {
    "nothing": lambda _scene: None,
    "suspended": lambda scene: scene.change(User, suspended_at=scene.world.clock()),
    "token revoked": lambda scene: scene.change(Token, revoked_at=scene.world.clock()),
    "token expired": lambda scene: scene.change(
        Token, expires_at=scene.world.clock() - timedelta(seconds=1)
    ),
    "token for reading": lambda scene: scene.change(Token, scopes=["read"]),
    "withdrawn": lambda scene: scene.change(Enrolment, withdrawn_at=scene.world.clock()),
    "grader": lambda scene: scene.change(Enrolment, role="grader"),
    "archived": lambda scene: scene.change(Course, archived_at=scene.world.clock()),
    "numbers style": lambda scene: scene.change(Course, numbers="comma"),
    "no attempt left": lambda scene: scene.change(Assignment, attempts=2),
    "one attempt left": lambda scene: scene.change(Assignment, attempts=3),
    "cool-down": lambda scene: scene.change(Assignment, cool_down_seconds=90),
    "results later": lambda scene: scene.change(Assignment, results="on_release"),
    "deleted": lambda scene: scene.change(Assignment, deleted_at=scene.world.clock()),
    "not published": lambda scene: scene.change(Assignment, published_at=None),
    "removed": lambda scene: scene.change(AssignmentProblem, removed_at=scene.world.clock()),
    "renamed": lambda scene: scene.change(AssignmentProblem, slug=AssignmentProblem.slug + "x"),
    "worth more": lambda scene: scene.change(AssignmentProblem, points=Fraction(30)),
    "voided": lambda scene: scene.change(AssignmentProblem, voided={"doubled": "full"}),
    "late": lambda scene: scene.world.clock.advance(hours=60) and None,
    "closed": lambda scene: scene.world.clock.advance(days=30) and None,
    "extended": grant,
    "excused": lambda scene: scene.add(Excuse, problem_id=scene.other.id, reason="ill"),
    "set by hand": set_by_hand,
    "another key": lambda scene: pin(scene, OTHER_KEY),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_holds_for_who_is_remembered_as_for_who_is_not(scene, name):
    CHANGES[name](scene)
    for answers in ({"cells": "9"}, {"cells": "10", "doubled": "20"}, {"why": "fewer"}):
        got, due = (send(scene, who, answers) for who in (scene.warm, scene.cold))
        assert got.status_code == due.status_code
        assert without_ids(got.json(), also=REQUEST) == without_ids(due.json(), also=REQUEST)
    assert columns(scene, scene.warm.id) == columns(scene, scene.cold.id)


def columns(scene: Scene, student: UUID) -> list[Any]:
    """Return all that is kept of a student but ids: standings, grades, how they changed."""
    kept = (
        select(Standing.sequence, Standing.score, Standing.possible, Standing.waiting),
        select(Grade.score, Grade.possible, Grade.pending_possible, Grade.begun, Grade.late),
        select(GradeChange.before, GradeChange.after, GradeChange.cause),
    )
    tables = (Standing, Grade, GradeChange)
    with scene.world.session() as session:
        return [
            sorted(session.execute(one.where(table.student_id == student)).all(), key=repr)
            for one, table in zip(kept, tables, strict=True)
        ]


def test_what_is_kept_is_what_follows_from_the_answers(scene):
    for cells in ("9", "7", "9", "25", "?!"):
        send(scene, scene.warm, {"cells": cells, "doubled": "18"})
        send(scene, scene.warm, {"cells": cells}, to=scene.other)
        with scene.world.session() as session:
            grade = session.scalar(select(Grade.score).where(Grade.student_id == scene.warm.id))
            due = grade_of(session, scene.problem.assignment, scene.warm.id)
        assert grade == due.score


def test_who_is_remembered_is_not_asked_for_again(scene):
    told = statements(scene.world, lambda: send(scene, scene.warm, {"cells": "9"}))
    read = [one for one in told if one.lstrip().startswith("SELECT")]
    assert not any(
        table in one
        for one in read
        for table in ("tokens", "users", "enrolments", "extensions", "problem_versions")
    )
    assert len(told) <= 16


def test_the_same_request_is_told_the_same_by_a_service_that_remembers(scene):
    first = scene.warm.submit(scene.problem, {"cells": "9"}, key="once")
    again = scene.warm.submit(scene.problem, {"cells": "9"}, key="once")
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    other = scene.warm.submit(scene.problem, {"cells": "7"}, key="once")
    assert other.json()["code"] == "idempotency_key_reused"


def test_what_another_service_took_meanwhile_counts(scene):
    other = World(scene.world.url, clock=scene.world.clock)
    elsewhere = replace(scene.warm, client=other.client)
    for n, who in enumerate((elsewhere, scene.warm, elsewhere, scene.warm), 3):
        got = who.submit(scene.problem, {"cells": str(100 + n)}).json()
        assert (got["sequence"], got["results"][0]["attempt"]) == (n, n)
    other.close()


@pytest.mark.parametrize("table", NOTED)
def test_a_database_notes_what_changes(world, table):
    """SQLite drops the triggers of a table that is made anew: a revision has to bring them back."""
    found = (
        "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%stamps%'"
        if world.db.is_sqlite
        else "SELECT event_object_table FROM information_schema.triggers"
    )
    with world.session() as session:
        assert table in set(session.scalars(text(found)))
