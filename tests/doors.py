"""The doors of the service at which something may be sent, and who stands at them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from http_app import Answered, ask
from populated import EVERY_KIND
from sqlalchemy import select
from world import Person, World

from api.tables import Enrolment, Submission

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
        """Return what is answered to *raw* at a door."""
        method, path, kind, usual = DOORS[door](self)
        token = (who or usual).token
        headers = {"content-type": kind, "authorization": f"Bearer {token}"}
        if method in {"PATCH", "PUT"}:
            headers["if-match"] = "*"
        text = "" if kind else raw.decode()  # without a body it stands in the path or the query
        path, _, query = path.replace("RAW", text).partition("?")
        body = TEMPLATES.get(door, b"%b") % raw if kind else b""
        more = {"headers": headers, "query": query.encode(), "body": body}
        return ask(self.world.app, method, f"/api/v1{path}", **more)

    def rows(self) -> tuple[int, int]:
        """Return how many submissions there are and how many people in the course."""
        with self.world.db.reading() as session:
            return (
                len(session.scalars(select(Submission.id)).all()),
                len(session.scalars(select(Enrolment.user_id)).all()),
            )


def desk_in(world: World) -> Desk:
    """Return a new desk in a world."""
    course = world.course()
    [posed] = world.assignment(course, EVERY_KIND)
    student, teacher = world.enrol(course), world.enrol(course, "Tea Cher", role="instructor")
    return Desk(world, str(course), posed.path, str(posed.assignment), student, teacher)


Door = Callable[[Desk], tuple[str, str, str, Person]]
JSON, CSV, YAML = "application/json", "text/csv", "application/yaml"
DOORS: Mapping[str, Door] = {
    "answer": lambda on: ("POST", f"{on.posed}/submissions", JSON, on.student),
    "matrix": lambda on: ("POST", f"{on.posed}/submissions", JSON, on.student),
    "formula": lambda on: ("POST", f"{on.posed}/submissions", JSON, on.student),
    "text": lambda on: ("POST", f"{on.posed}/submissions", JSON, on.student),
    "any answer": lambda on: ("POST", f"{on.posed}/submissions", JSON, on.student),
    "reading": lambda on: ("POST", f"{on.posed}/reading", JSON, on.student),
    "points": lambda on: ("PATCH", on.posed, JSON, on.teacher),
    "title": lambda on: ("PATCH", f"/courses/{on.course}", JSON, on.teacher),
    "whole number": lambda on: ("PATCH", f"/courses/{on.course}", JSON, on.teacher),
    "problem": lambda on: ("POST", f"/courses/{on.course}/problems", YAML, on.teacher),
    "key": lambda on: ("POST", f"/courses/{on.course}/problems", YAML, on.teacher),
    "value": lambda on: ("POST", f"/courses/{on.course}/problems", YAML, on.teacher),
    "roster": lambda on: ("POST", f"/courses/{on.course}/roster", CSV, on.teacher),
    "sheet": lambda on: ("POST", f"/assignments/{on.assignment}/score-sheet", CSV, on.teacher),
    "file": lambda on: ("POST", f"/courses/{on.course}/apply", JSON, on.teacher),
    "place": lambda on: ("GET", "/courses/RAW", "", on.teacher),
    "position": lambda on: ("GET", f"{on.posed}?position=RAW", "", on.student),
    "limit": lambda on: ("GET", f"/courses/{on.course}/people?limit=RAW", "", on.teacher),
}
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
TEMPLATES: Mapping[str, bytes] = {
    "answer": b'{"answers": {"a_integer": %b}}',
    "matrix": b'{"answers": {"a_matrix": %b}}',
    "formula": b'{"answers": {"a_expression": %b}}',
    "text": b'{"answers": {"a_text": %b}}',
    "any answer": b'{"answers": %b}',
    "reading": b'{"part": "a_expression", "answer": %b}',
    "points": b'{"points": %b}',
    "title": b'{"title": %b}',
    "whole number": b'{"late_day_budget": %b}',
    "key": (FILE % ("%b", "")).encode(),
    "value": (FILE % ("W", "%b")).encode(),
    "file": b'{"files": {%b: "title: New\\n"}}',
}


def said(answered: Answered) -> str:
    """Return the code of an error, or the status of the first result."""
    told = json.loads(answered.body)
    if answered.status >= REFUSED:
        return told["code"]
    return told["results"][0]["status"] if "results" in told else f"readable: {told['readable']}"
