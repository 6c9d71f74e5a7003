"""Tests of the submission cache: it agrees with the database after every change."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from event_loops import run_in_shared_loop
from sqlalchemy import event, select, text, update
from student_setup import extend, without_ids
from world import TEXT_PROBLEM, Person, ProblemReference, World

from api.auth.secrets import parse_secret
from api.core.ids import new_id
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    Draw,
    Enrolment,
    Excuse,
    Extension,
    Grade,
    GradeChange,
    LateDays,
    Override,
    ProblemProgress,
    Token,
    User,
)
from api.http.json_body import StrictRequest
from api.services.grades import GradeCause, load_and_compute_student_grade, recompute_student_grades
from api.services.submissions.cache.submission_cache import NullSubmissionCache
from grader.errors import AnswerError

NOTED = (
    *("courses", "assignments", "assignment_problems", "extensions", "enrolments", "overrides"),
    *("excuses", "late_days", "draws", "users", "tokens", "sessions"),
)
REQUEST = frozenset({"instance"})
DUE = {"due": "2026-11-04 12:00", "late": [{"days": 1, "credit": "90%"}]}
OTHER_KEY = TEXT_PROBLEM.replace('key: "K*K"', 'key: "K*K + 1"')
TITLE = TEXT_PROBLEM.replace("title: Why", "title: Tell why").replace("why-small", "say-small")


class InBrowser(Person):
    """Person whose *token* is a session cookie, sent as a page does."""

    def _with(self, more: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Cookie": f"grader={self.token}", "Sec-Fetch-Site": "same-origin"}
        return {**more, "headers": headers | dict(more.get("headers") or {})}


@dataclass(frozen=True)
class Scene:
    """Two students with the same problem: *warm* uses a service with a cache, *cold* one without.

    Nobody is in the *section*, which has an extension of five days.
    """

    world: World
    uncached: World
    course: UUID
    staff: Person
    warm: Person
    cold: Person
    problem: ProblemReference
    other: ProblemReference
    section: UUID

    def both(self) -> tuple[UUID, UUID]:
        return self.warm.id, self.cold.id

    def change(self, table: Any, **values: Any) -> None:
        """Set *values* in the two students' rows of *table*, or in all rows of other tables."""
        with self.world.session() as session:
            whose = {User: User.id, Token: Token.user_id, Enrolment: Enrolment.user_id}
            where = whose[table].in_(self.both()) if table in whose else text("1 = 1")
            session.execute(update(table).where(where).values(values))

    def add(self, table: Any, **values: Any) -> None:
        """Add a row for each of the two students."""
        now = self.world.clock()
        with self.world.session() as session:
            for student in self.both():
                told = {"assignment_id": self.problem.assignment, "student_id": student}
                made = {"created_by": self.staff.id, "created_at": now}
                session.add(table(id=new_id(), **told, **(made | values)))

    def refresh(self) -> None:
        """Recompute the grades, as every change of rules does."""
        with self.world.session() as session:
            cause = GradeCause("settings", None, self.staff.id, self.world.clock())
            recompute_student_grades(session, self.problem.assignment, self.both(), cause=cause)


@pytest.fixture
def uncached(world: World) -> Iterator[World]:
    """Yield a service without a submission cache over the same database."""
    found = World(world.url, clock=world.clock, submission_cache=NullSubmissionCache())
    yield found
    found.close()


@pytest.fixture
def scene(world: World, uncached: World, course: UUID, teacher: Person) -> Scene:
    return begun(world, uncached, course, teacher, world.enrol(course), world.enrol(course))


@pytest.fixture
def logged_in(world: World, uncached: World, course: UUID, teacher: Person) -> Scene:
    """Return a scene with two students who have logged in."""
    pair = (world.enrol(course) for _ in range(2))
    warm, cold = (InBrowser(one.id, one.name, one.client, world.log_in(one)) for one in pair)
    return begun(world, uncached, course, teacher, warm, cold)


def begun(
    world: World, uncached: World, course: UUID, staff: Person, warm: Person, cold: Person
) -> Scene:
    """Return a scene after each of the two students has submitted twice."""
    section = world.section(course, "Evening")
    extend(world, course, {"days": 5}, section_id=section)
    problem, other = world.assignment(
        course, TEXT_PROBLEM, TITLE, timeline_spec=DUE, attempts=9, by_attempt=["1", "1", "1/2"]
    )
    found = Scene(world, uncached, course, staff, warm, cold, problem, other, section)
    for cells in ("1", "2"):
        for one in (warm, cold):
            assert send(found, one, {"cells": cells}).status_code == 201
    assert is_remembered(found)
    assert not is_cold_cached(found)
    return found


def is_remembered(scene: Scene) -> bool:
    return is_cached(scene.world, scene.warm, scene.problem)


def is_cold_cached(scene: Scene) -> bool:
    return is_cached(scene.uncached, scene.cold, scene.problem)


def is_cached(world: World, student: Person, where: ProblemReference) -> bool:
    shown = parse_secret(student.token)
    assert shown is not None
    cache = world.service.submission_cache
    return cache.get_submitter(shown.digest, where.assignment, where.slug) is not None


def send(
    scene: Scene, who: Person, answers: Mapping[str, str], *, to: ProblemReference | None = None
) -> Any:
    """Submit; for the student who must not be cached, to the service without a cache."""
    where = to or scene.problem
    if who.id == scene.warm.id:
        return who.submit(where, answers)
    return replace(who, client=scene.uncached.client).submit(where, answers)


def statements(world: World, act: Callable[[], Any]) -> list[str]:
    """Return the SQL statements that *act* executes."""
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
    """Switch the problem to another version, as a regrade does."""
    version = scene.world.version(source)
    with scene.world.session() as session:
        own = AssignmentProblem.id == scene.problem.id
        session.execute(update(AssignmentProblem).where(own).values(version_id=version.id))
        drawn = Draw.problem_id == scene.problem.id
        session.execute(update(Draw).where(drawn).values(version_id=version.id))


def erase(scene: Scene) -> None:
    admin = scene.world.person("Ad Min", admin=True)
    for one in (scene.warm, scene.cold):
        told = admin.post(f"/users/{one.id}/erase", {"confirm": one.name})
        assert told.status_code == 200, told.text


def log_out(scene: Scene) -> None:
    for one in (scene.warm, scene.cold):
        assert one.post("/logout").status_code == 204


def draw_anew(scene: Scene) -> None:
    """Assign the same new variant, with other keys, to both students."""
    drawn = {"problem_id": scene.problem.id, "version_id": scene.problem.version, "position": 1}
    with scene.world.session() as session:
        for student in scene.both():
            told = {"student_id": student, "opened_at": scene.world.clock()}
            session.add(Draw(number=1, **drawn, **told))


def spend(scene: Scene) -> None:
    """Spend a late day, as a submission elsewhere in the assignment does."""
    scene.world.clock.advance(hours=60)  # late by now
    with scene.world.session() as session:
        for student in scene.both():
            told = {"student_id": student, "spent_at": scene.world.clock()}
            session.add(LateDays(assignment_id=scene.problem.assignment, days=1, **told))
    scene.refresh()


def change_section(scene: Scene) -> None:
    scene.world.clock.advance(hours=60)
    for one in (scene.warm, scene.cold):
        path, found = f"/courses/{scene.course}/people/{one.id}", {"section": str(scene.section)}
        told = scene.staff.patch(path, found, headers={"If-Match": "*"})
        assert told.status_code == 200, told.text


def grant(scene: Scene) -> None:
    scene.world.clock.advance(hours=60)
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
    "erased": erase,
    "new numbers": draw_anew,
    "late day spent": spend,
    "another section": change_section,
}
OF_SESSIONS: dict[str, Callable[[Scene], None]] = {
    "nothing": lambda _scene: None,
    "logged out": log_out,
    "not seen for long": lambda scene: scene.world.clock.advance(hours=13) and None,
}
ANSWERS = ({"cells": "9"}, {"cells": "10", "doubled": "20"}, {"why": "fewer"}, {"cells": "2"})


@pytest.mark.parametrize("name", CHANGES)
def test_changes_apply_equally_to_cached_and_uncached_students(scene, name):
    CHANGES[name](scene)
    assert_alike(scene)


@pytest.mark.parametrize("name", OF_SESSIONS)
def test_session_end_applies_equally_to_cached_and_uncached_students(logged_in, name):
    OF_SESSIONS[name](logged_in)
    assert_alike(logged_in)


def assert_alike(scene: Scene) -> None:
    """Assert that both students get the same responses and the same stored rows."""
    for answers in ANSWERS:
        got, due = (send(scene, who, answers) for who in (scene.warm, scene.cold))
        assert got.status_code == due.status_code
        assert without_ids(got.json(), also=REQUEST) == without_ids(due.json(), also=REQUEST)
    assert columns(scene, scene.warm.id) == columns(scene, scene.cold.id)


def columns(scene: Scene, student: UUID) -> list[Any]:
    """Return a student's stored progress, grades and grade changes, without ids."""
    kept = (
        select(
            ProblemProgress.sequence,
            ProblemProgress.score,
            ProblemProgress.possible,
            ProblemProgress.waiting,
        ),
        select(Grade.score, Grade.possible, Grade.pending_possible, Grade.begun, Grade.late),
        select(GradeChange.before, GradeChange.after, GradeChange.cause),
    )
    tables = (ProblemProgress, Grade, GradeChange)
    with scene.world.session() as session:
        return [
            sorted(session.execute(one.where(table.student_id == student)).all(), key=repr)
            for one, table in zip(kept, tables, strict=True)
        ]


def test_cached_grades_match_recomputation_from_answers(scene):
    for cells in ("9", "7", "9", "25", "?!"):
        send(scene, scene.warm, {"cells": cells, "doubled": "18"})
        send(scene, scene.warm, {"cells": cells}, to=scene.other)
        with scene.world.session() as session:
            grade = session.scalar(select(Grade.score).where(Grade.student_id == scene.warm.id))
            due = load_and_compute_student_grade(session, scene.problem.assignment, scene.warm.id)
        assert grade == due.score


def test_cached_student_is_not_loaded_again(scene):
    told = statements(scene.world, lambda: send(scene, scene.warm, {"cells": "9"}))
    read = [one for one in told if one.lstrip().startswith("SELECT")]
    assert not any(
        table in one
        for one in read
        for table in ("tokens", "users", "enrolments", "extensions", "problem_versions")
    )
    assert len(told) <= 16


def in_pieces(body: bytes) -> Iterator[bytes]:
    yield body[:5]
    yield body[5:]


BODY = b'{"answers": {"cells": "9"}}'
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"headers": JSON}, 201),  # in pieces
        ({"content": BODY + b" " * 20_000, "headers": JSON}, 201),
        ({"content": b'{"answers": {"cells": "9"', "headers": JSON}, 422),
        ({"content": b'{"answers": {"cells": "9", "cells": "8"}}', "headers": JSON}, 422),
        ({"content": b'{"answers": {"nothing": "9"}}', "headers": JSON}, 422),
        ({"content": b'{"answers": {}}', "headers": JSON}, 422),
        ({"content": BODY, "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": BODY, "headers": JSON, "params": {"dry": "1"}}, 422),
        ({"content": BODY, "headers": JSON | {"Idempotency-Key": "k" * 300}}, 422),
        ({"content": b"", "headers": JSON}, 422),
    ],
)
def test_cached_and_uncached_students_get_the_same_unusual_responses(scene, more, status):
    fresh = World(scene.world.url, clock=scene.world.clock)
    try:
        told = [
            who.post(f"{scene.problem.path}/submissions", **_sent(more))
            for who in (scene.warm, replace(scene.cold, client=fresh.client))
        ]
    finally:
        fresh.close()
    assert [one.status_code for one in told] == [status, status]
    warm, cold = (without_ids(one.json(), also=REQUEST) for one in told)
    assert warm == cold


def in_asgi(scene: Scene, *messages: Mapping[str, Any], length: object) -> list[Any]:
    """Return the ASGI messages sent to the cached student for a body in *messages*."""
    told, left = [], list(messages)

    async def receive() -> Mapping[str, Any]:
        return left.pop(0) if left else {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        told.append(message)

    headers = {"authorization": f"Bearer {scene.warm.token}", "content-length": str(length)}
    path = f"/api/v1{scene.problem.path}/submissions"
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "scheme": "http",
        "headers": [
            (name.encode(), value.encode())
            for name, value in (headers | {"host": "a", "content-type": "application/json"}).items()
        ],
    }
    run_in_shared_loop(scene.world.app(scope, receive, send))
    return told


def piece(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_chunked_body_is_accepted_by_the_cached_fast_path(scene, caplog, monkeypatch):
    # Only the cache can serve it.
    monkeypatch.setattr("api.routes.student.submissions._prepare_from_database", None)
    caplog.set_level(logging.INFO, logger="api.access")
    pieces = (piece(BODY[:5], more=True), piece(BODY[5:], more=True), piece(b""))
    start, told = in_asgi(scene, *pieces, length=len(BODY))
    assert start["status"] == 201
    [result] = json.loads(told["body"])["results"]
    assert (result["part"], result["read_as"]) == ("cells", "9")
    assert "POST /api/v1/assignments/{assignment}/problems/{problem}/submissions 201" in caplog.text


def test_client_disconnecting_during_the_body_submits_nothing(scene, caplog):
    caplog.set_level(logging.INFO, logger="api.access")
    assert in_asgi(scene, piece(BODY[:9], more=True), length=len(BODY)) == []
    assert "/submissions 499 " in caplog.text


@pytest.mark.parametrize(
    ("blanks", "length", "ahead"),
    [
        (0, "{}", True),
        (10_000, "{}", True),
        (20_000, "{}", False),
        (20_000, "0" * 20 + "{}", False),
    ],
)
def test_long_body_is_not_parsed_on_the_event_loop(scene, monkeypatch, blanks, length, ahead):
    taken, take = [], StrictRequest.parse_body

    def noted(request: StrictRequest, body: bytes) -> None:
        taken.append(len(body))
        take(request, body)

    monkeypatch.setattr(StrictRequest, "parse_body", noted)
    body = BODY + b" " * blanks
    [start, _] = in_asgi(scene, piece(body), length=length.format(len(body)))
    assert start["status"] == 201
    assert bool(taken) is ahead


def test_submission_path_without_a_problem_returns_404(scene, caplog):
    caplog.set_level(logging.INFO, logger="api.access")
    path = f"/assignments/{scene.problem.assignment}/problems//submissions"
    assert scene.warm.post(path, {"answers": {"cells": "9"}}).status_code == 404
    assert "POST - 404" in caplog.text


def test_cached_and_uncached_students_get_the_same_engine_errors(scene, monkeypatch):
    def fail(*_given: Any, **_named: Any) -> None:
        raise AnswerError("too deep")

    monkeypatch.setattr("api.services.submissions.grading.grade", fail)
    told = [send(scene, who, {"cells": "77"}) for who in (scene.warm, scene.cold)]
    assert [one.status_code for one in told] == [422, 422]
    warm, cold = (without_ids(one.json(), also=REQUEST) for one in told)
    assert warm == cold


def _sent(more: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": in_pieces(BODY), **more}


def test_cached_service_replays_the_same_response(scene):
    first = scene.warm.submit(scene.problem, {"cells": "9"}, key="once")
    again = scene.warm.submit(scene.problem, {"cells": "9"}, key="once")
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    other = scene.warm.submit(scene.problem, {"cells": "7"}, key="once")
    assert other.json()["code"] == "idempotency_key_reused"


def test_submissions_stored_by_another_service_count(scene):
    other = World(scene.world.url, clock=scene.world.clock)
    elsewhere = replace(scene.warm, client=other.client)
    for n, who in enumerate((elsewhere, scene.warm, elsewhere, scene.warm), 3):
        got = who.submit(scene.problem, {"cells": str(100 + n)}).json()
        assert (got["sequence"], got["results"][0]["attempt"]) == (n, n)
    other.close()


@pytest.mark.parametrize("table", NOTED)
def test_database_triggers_record_changes_of_each_table(world, table):
    """SQLite drops the triggers of a recreated table, so a revision must restore them."""
    found = (
        "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%stamps%'"
        if world.db.is_sqlite
        else "SELECT event_object_table FROM information_schema.triggers"
    )
    with world.session() as session:
        assert table in set(session.scalars(text(found)))
