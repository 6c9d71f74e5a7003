"""Endpoints that accept untrusted input, and a course in which to call them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from full_database import EVERY_KIND
from http_app import Answered, ask
from sqlalchemy import select
from world import Person, World

from api.db.models import Enrolment, Submission

__all__ = ["EndpointCourse", "create_endpoint_course", "read_outcome"]

REFUSED = 400


@dataclass(frozen=True)
class EndpointCourse:
    """A course with a problem of every kind of answer, a student and an instructor."""

    world: World
    course: str
    assigned: str
    assignment: str
    student: Person
    teacher: Person

    def sent(self, door: str, raw: bytes, *, who: Person | None = None) -> Answered:
        """Return the response to *raw* at an endpoint of `ENDPOINTS`."""
        there = ENDPOINTS[door]
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


def create_endpoint_course(world: World) -> EndpointCourse:
    course = world.course()
    [assigned] = world.assignment(course, EVERY_KIND)
    student, teacher = world.enrol(course), world.enrol(course, "Tea Cher", role="instructor")
    return EndpointCourse(
        world, str(course), assigned.path, str(assigned.assignment), student, teacher
    )


JSON, CSV, YAML = "application/json", "text/csv", "application/yaml"


@dataclass(frozen=True)
class Endpoint:
    """An endpoint; the input replaces ``%b`` in the body or ``RAW`` in the URL.

    The names in *path* are attributes of `EndpointCourse`; so is *who*, the default sender.
    """

    method: str
    path: str
    who: str
    kind: str = ""
    body: bytes = b"%b"


def submission_endpoint(body: bytes) -> Endpoint:
    return Endpoint("POST", "{assigned}/submissions", "student", JSON, body)


def patch_endpoint(path: str, body: bytes) -> Endpoint:
    return Endpoint("PATCH", path, "teacher", JSON, body)


def upload_endpoint(body: bytes = b"%b") -> Endpoint:
    return Endpoint("POST", "/courses/{course}/problems", "teacher", YAML, body)


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
ENDPOINTS: Mapping[str, Endpoint] = {
    "answer": submission_endpoint(b'{"answers": {"a_integer": %b}}'),
    "matrix": submission_endpoint(b'{"answers": {"a_matrix": %b}}'),
    "formula": submission_endpoint(b'{"answers": {"a_expression": %b}}'),
    "text": submission_endpoint(b'{"answers": {"a_text": %b}}'),
    "any answer": submission_endpoint(b'{"answers": %b}'),
    "reading": Endpoint(
        "POST", "{assigned}/reading", "student", JSON, b'{"part": "a_expression", "answer": %b}'
    ),
    "points": patch_endpoint("{assigned}", b'{"points": %b}'),
    "title": patch_endpoint("/courses/{course}", b'{"title": %b}'),
    "whole number": patch_endpoint("/courses/{course}", b'{"late_day_budget": %b}'),
    "problem": upload_endpoint(),
    "key": upload_endpoint((FILE % ("%b", "")).encode()),
    "value": upload_endpoint((FILE % ("W", "%b")).encode()),
    "roster": Endpoint("POST", "/courses/{course}/roster", "teacher", CSV),
    "sheet": Endpoint("POST", "/assignments/{assignment}/score-sheet", "teacher", CSV),
    "file": Endpoint(
        "POST", "/courses/{course}/apply", "teacher", JSON, b'{"files": {%b: "title: New\\n"}}'
    ),
    "place": Endpoint("GET", "/courses/RAW", "teacher"),
    "position": Endpoint("GET", "{assigned}?position=RAW", "student"),
    "limit": Endpoint("GET", "/courses/{course}/people?limit=RAW", "teacher"),
}


def read_outcome(answered: Answered) -> str:
    """Return the error code, or the status of the first result."""
    told = json.loads(answered.body)
    if answered.status >= REFUSED:
        return told["code"]
    return told["results"][0]["status"] if "results" in told else f"readable: {told['readable']}"
