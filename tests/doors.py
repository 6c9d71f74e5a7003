"""Endpoints that accept untrusted input, and a course in which to call them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from http_app import Answered, ask
from populated import EVERY_KIND
from sqlalchemy import select
from world import Person, World

from api.db.models import Enrolment, Submission

__all__ = ["Desk", "desk_in", "said"]

REFUSED = 400


@dataclass(frozen=True)
class Desk:
    """A course with a problem of every kind of answer, a student and an instructor."""

    world: World
    course: str
    posed: str
    assignment: str
    student: Person
    teacher: Person

    def sent(self, door: str, raw: bytes, *, who: Person | None = None) -> Answered:
        """Return the response to *raw* at an endpoint of `DOORS`."""
        there = DOORS[door]
        token = (who or getattr(self, there.who)).token
        headers = {"content-type": there.kind, "authorization": f"Bearer {token}"}
        if there.method == "PATCH":
            headers["if-match"] = "*"
        text = "" if there.kind else raw.decode()
        path = there.path.format_map(vars(self)).replace("RAW", text)
        path, _, query = path.partition("?")
        body = there.body % raw if there.kind else b""
        more = {"headers": headers, "query": query.encode(), "body": body}
        return ask(self.world.app, there.method, f"/api/v1{path}", **more)

    def rows(self) -> tuple[int, int]:
        """Return the number of submissions and of people in the course."""
        with self.world.db.reading() as session:
            return (
                len(session.scalars(select(Submission.id)).all()),
                len(session.scalars(select(Enrolment.user_id)).all()),
            )


def desk_in(world: World) -> Desk:
    course = world.course()
    [posed] = world.assignment(course, EVERY_KIND)
    student, teacher = world.enrol(course), world.enrol(course, "Tea Cher", role="instructor")
    return Desk(world, str(course), posed.path, str(posed.assignment), student, teacher)


JSON, CSV, YAML = "application/json", "text/csv", "application/yaml"


@dataclass(frozen=True)
class Door:
    """An endpoint; the input replaces ``%b`` in the body or ``RAW`` in the URL.

    The names in *path* are attributes of `Desk`; so is *who*, the default sender.
    """

    method: str
    path: str
    who: str
    kind: str = ""
    body: bytes = b"%b"


def handing_in(body: bytes) -> Door:
    return Door("POST", "{posed}/submissions", "student", JSON, body)


def changing(path: str, body: bytes) -> Door:
    return Door("PATCH", path, "teacher", JSON, body)


def uploading(body: bytes = b"%b") -> Door:
    return Door("POST", "/courses/{course}/problems", "teacher", YAML, body)


FILE = """\
id: toy
title: Toy
topic: convolution
difficulty: 1
params: {W: {choose: [8, 16], original: 8}}
statement: A width.
parts:
  - {id: a, kind: integer, points: 1, prompt: "Which?", key: "%s"}
%s"""
DOORS: Mapping[str, Door] = {
    "answer": handing_in(b'{"answers": {"a_integer": %b}}'),
    "matrix": handing_in(b'{"answers": {"a_matrix": %b}}'),
    "formula": handing_in(b'{"answers": {"a_expression": %b}}'),
    "text": handing_in(b'{"answers": {"a_text": %b}}'),
    "any answer": handing_in(b'{"answers": %b}'),
    "reading": Door(
        "POST", "{posed}/reading", "student", JSON, b'{"part": "a_expression", "answer": %b}'
    ),
    "points": changing("{posed}", b'{"points": %b}'),
    "title": changing("/courses/{course}", b'{"title": %b}'),
    "whole number": changing("/courses/{course}", b'{"late_day_budget": %b}'),
    "problem": uploading(),
    "key": uploading((FILE % ("%b", "")).encode()),
    "value": uploading((FILE % ("W", "%b")).encode()),
    "roster": Door("POST", "/courses/{course}/roster", "teacher", CSV),
    "sheet": Door("POST", "/assignments/{assignment}/score-sheet", "teacher", CSV),
    "file": Door(
        "POST", "/courses/{course}/apply", "teacher", JSON, b'{"files": {%b: "title: New\\n"}}'
    ),
    "place": Door("GET", "/courses/RAW", "teacher"),
    "position": Door("GET", "{posed}?position=RAW", "student"),
    "limit": Door("GET", "/courses/{course}/people?limit=RAW", "teacher"),
}


def said(answered: Answered) -> str:
    """Return the error code, or the status of the first result."""
    told = json.loads(answered.body)
    if answered.status >= REFUSED:
        return told["code"]
    return told["results"][0]["status"] if "results" in told else f"readable: {told['readable']}"
