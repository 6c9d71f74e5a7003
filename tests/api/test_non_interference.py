"""Tests of non-interference: while results are hidden, no route depends on the hidden key.

Students submit the same answer to problems that differ only in what a result depends on. For one
of them it is right, for another one wrong, or a known mistake. Everything that they can read must
be the same, apart from ids.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from access.pages_lti import FORM_TYPE
from images import pdf_of
from pages import Browser
from populated_course import PARAMETER, ROUTES, SCENE_SETTINGS
from scene import NOWHERE
from sqlalchemy import select
from world import World

from api.db.models import Answer
from api.services.calendar.addresses import create_feed_address

ONE_DATABASE = True
PROBLEM = """\
id: hidden-keys
title: What is hidden
topic: convolution
difficulty: 1
params: {{K: {{choose: [4, 7], original: 4}}}}
statement: A number ${{{{K}}}}$.
parts:
  - id: row
    kind: vector
    points: 2
    prompt: "The three numbers?"
    key: "{key}"
    accept: [{{key: "{accept}", reason: it goes without saying, say: Right.}}]
    mistakes: [{{id: known, key: "{mistake}", say: "Which numbers?", credit: 1/2}}]
  - {{id: why, kind: text, points: 2, prompt: "Why?", rubric: [{{id: a, points: 2, say: So.}}]}}
"""
KEY, ACCEPT, MISTAKE = "(K + 20, K + 21, K + 22)", "(K + 30, K + 31)", "(K + 40, K + 42)"
"""Values that nobody answers."""
ANSWERS = {
    "of the size of the key": ("[4, 5, 6]", "(K, K + 1, K + 2)"),
    "of another size": ("[4, 5]", "(K, K + 1)"),
}
HIDDEN = {
    "by staff": {"results": "manual"},
    "after the due time": {
        "results": "after_due",
        "timeline_spec": {"due": "2026-11-09 12:00", "close": "2026-11-10 12:00"},
    },
    "after the close": {
        "results": "after_close",
        "timeline_spec": {"due": "2026-11-03 12:00", "close": "2026-11-10 12:00"},
        "attempts": 2,
        "by_attempt": ["1", "1/2"],
    },
}
SAME_FOR_EVERYBODY = {
    *("name", "file", "provider", "registration", "code", "token", "number"),
}
"""Parameters of routes that show nothing of a student: pages of the documentation, and logins."""
PROBLEM_PATH = "/assignments/{assignment}/problems/{problem}"
ENDS_SESSION = "ends the session"
SHARES_LIMIT = "shared rate limit"
UNTRIED = {
    ("POST", "/logout"): ENDS_SESSION,
    ("POST", "/api/v1/logout"): ENDS_SESSION,
    ("POST", "/me/sessions/end"): ENDS_SESSION,
    ("DELETE", "/api/v1/me/sessions"): ENDS_SESSION,
    ("POST", "/login"): SHARES_LIMIT,
    ("POST", "/api/v1/login"): SHARES_LIMIT,
}
"""Routes that change something and are not called, with the reason."""


def build_bodies(answer: str) -> dict[str, Any]:
    """Return the bodies of routes in which a student answers; the others are in `ROUTES`."""
    answers = {"answers": {"row": answer, "why": "So it is."}}
    confirmed = {"problem": "hidden-keys", "part": "row", "passage": 0}
    return {
        PROBLEM_PATH: {"answer.row": answer, "answer.why": "So it is.", "save": "draft"},
        f"{PROBLEM_PATH}/draft": {"answer.row": answer},
        f"{PROBLEM_PATH}/reading": {"part": "row", "answer.row": answer},
        f"{PROBLEM_PATH}/practice": {"number": "0", "answer.row": answer},
        f"/api/v1{PROBLEM_PATH}/draft": answers,
        f"/api/v1{PROBLEM_PATH}/reading": {"part": "row", "answer": answer},
        f"/api/v1{PROBLEM_PATH}/practice": answers,
        f"/api/v1{PROBLEM_PATH}/submissions": answers,
        "/api/v1/assignments/{assignment}/reports/{report}/confirm": {"answers": [confirmed]},
    }


VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids
    r"|\b(?:dl|hw|hidden-keys-\d|stu\.dent)[-.][0-9a-f]{6,8}\b"  # short names and addresses
    r"|\b[0-9a-f]{64}\b"  # digests of receipts
    r"|\bgr_(?:api|code|calendar)_[\w-]+|(?<=\"prefix\":\")[\w-]+"  # tokens and their beginnings
    r"|\b[A-Z]{4}-[A-Z]{4}\b"  # codes of devices
    r"|(?<=name=\"number\" value=\")[0-9a-f]+"  # numbers of forms
)
"""Texts that differ between any two students."""


def write_problems(answer: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield the cases, each with a problem in which *answer* has another result."""
    keys = {"key": KEY, "accept": ACCEPT, "mistake": MISTAKE}
    yield "wrong", PROBLEM.format(**keys)
    names = ["accept", "mistake"] + (["key"] if answer.count(",") == KEY.count(",") else [])
    for name in names:
        yield name, PROBLEM.format(**keys | {name: value})


class Student:
    """Student who submitted an answer to a problem, and reads all routes."""

    def __init__(self, world: World, problem: str, answer: str, settings: dict[str, Any]) -> None:
        self.world, course = world, world.course()
        [self.assigned] = world.assignment(course, problem, attachments=True, **settings)
        self.person = world.enrol(course, "Stu Dent")
        self.browser = Browser(world, self.person)
        self.places = {
            "course": str(course),
            "assignment": str(self.assigned.assignment),
            "problem": self.assigned.slug,
            "part": "why",
            "secret": self._create_feed(),
        }
        self.answer, self.replies = answer, list(self._submit(answer))

    def _create_feed(self) -> str:
        with self.world.session() as session:
            url = create_feed_address(
                session, self.person.id, public_url="", now=self.world.clock()
            )
        return url.rpartition("/")[2].removesuffix(".ics")

    def _submit(self, answer: str) -> Iterator[str]:
        """Try an answer, submit it with an attachment, and confirm it in a report.

        Yields the replies.
        """
        file = {"headers": {"Content-Type": "application/octet-stream"}}
        path = f"/assignments/{self.assigned.assignment}/reports"
        yield self._post(
            f"{self.assigned.path}/attachments/why",
            "attachment",
            content=pdf_of(),
            params={"name": "plot.pdf"},
            **file,
        )
        yield self._post(f"{self.assigned.path}/reading", "", {"part": "row", "answer": answer})
        yield self._post(
            f"{self.assigned.path}/submissions",
            "submission",
            {"answers": {"row": answer, "why": "So it is."}},
        )
        text = f"1. What is hidden\n(a) The three numbers: {answer}\n"
        yield self._post(
            path, "report", content=text.encode(), params={"name": "report.md"}, **file
        )
        confirmed = {"problem": self.assigned.slug, "part": "row", "passage": 0}
        yield self._post(f"{path}/{self.places['report']}/confirm", "", {"answers": [confirmed]})
        with self.world.session() as session:
            student = Answer.student_id == self.person.id
            self.places["answer"] = str(session.scalar(select(Answer.id).where(student).limit(1)))

    def _post(self, path: str, name: str, body: Any = None, **more: Any) -> str:
        reply = self.person.post(path, body, **more)
        assert reply.status_code in {200, 201}, reply.text
        if name:
            self.places[name] = reply.json()["id"]
        return str(reply.text)

    def read_everything(self) -> dict[str, str]:
        """Return what each route shows, without ids."""
        shown = {
            declared: self._read(PARAMETER.sub(lambda match: self.places[match[1]], declared))
            for declared in list_routes()
        }
        return shown | {f"reply {n}": text for n, text in enumerate(self.replies)}

    def write(self, routes: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return the replies of *routes* that may change something.

        The student may not call those of staff, and their refusals may depend on nothing either.
        """
        bodies = build_bodies(self.answer)
        return {
            f"{method} {declared}": self._write(method, declared, bodies.get(declared))
            for method, declared in routes
        }

    def _write(self, method: str, declared: str, own_body: Any) -> str:
        route = ROUTES[method, declared]
        places = {"problem": "hidden-keys"} | dict(route.path) | self.places
        path = PARAMETER.sub(lambda match: places.get(match[1], NOWHERE), declared)
        body = route.body if own_body is None else own_body
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        headers = {"Sec-Fetch-Site": "same-origin", "If-Match": "*", "Cookie": cookies}
        more: dict[str, Any] = {"headers": headers, "follow_redirects": False}
        if isinstance(body, dict) and declared.startswith("/api/"):
            more["json"] = body
        elif isinstance(body, dict | str):
            headers["Content-Type"] = FORM_TYPE if isinstance(body, dict) else route.media
            more["content"] = urlencode(body) if isinstance(body, dict) else body
        reply = self.person.client.request(method, path, params=dict(route.query), **more)
        self.person.client.cookies.clear()
        assert reply.status_code < 500, f"{method} {declared}: {reply.text}"
        return f"{reply.status_code} {reply.headers.get('location', '')} {reply.text}"

    def _read(self, path: str) -> str:
        page = self.browser.get(path)
        assert page.status < 500
        return f"{page.status} {page.location} {page.source}"


def list_routes() -> list[str]:
    """Return the paths of all routes that show something of a student to the student.

    A route with a parameter that is in neither list fails when it is read.
    """
    return [
        path
        for (method, path), route in ROUTES.items()
        if method == "GET"
        and route.access_level in {"anyone", "person", "student"}
        and not SAME_FOR_EVERYBODY.intersection(PARAMETER.findall(path))
    ]


def list_writes() -> list[tuple[str, str]]:
    """Return all routes that may change something, except those that are `UNTRIED`."""
    return [key for key in ROUTES if key[0] != "GET" and key not in UNTRIED]


@pytest.fixture
def world(database_url):
    world = World(database_url, settings=SCENE_SETTINGS)
    yield world
    world.close()


def read_cases(world: World, answer: str, value: str, settings: dict[str, Any]) -> Any:
    """Return what the routes show by path, for each case."""
    return {
        name: Student(world, problem, answer, settings).read_everything()
        for name, problem in write_problems(answer, value)
    }


def remove_ids(text: str) -> str:
    """Return a text without what differs between any two students."""
    return VARYING.sub("…", text.replace("\r\n ", ""))  # lines of a calendar are folded


def differing(shown: dict[str, dict[str, str]]) -> set[tuple[str, str]]:
    """Return the cases and paths that differ from those of the wrong answer."""
    wrong = shown["wrong"]
    return {
        (name, path)
        for name, texts in shown.items()
        for path in wrong
        if remove_ids(texts[path]) != remove_ids(wrong[path])
    }


def write_cases(
    world: World, routes: list[tuple[str, str]], settings: dict[str, Any]
) -> dict[str, dict[str, str]]:
    """Return the replies of *routes* by path, for each case."""
    answer, value = ANSWERS["of the size of the key"]
    return {
        name: Student(world, problem, answer, settings).write(routes)
        for name, problem in write_problems(answer, value)
    }


def test_no_reply_to_a_change_depends_on_a_hidden_key(world):
    replies = write_cases(world, list_writes(), HIDDEN["by staff"])
    assert differing(replies) == set()
    student_routes = {
        f"{method} {path}"
        for method, path in list_writes()
        if ROUTES[method, path].access_level == "student" and ROUTES[method, path].ok < 400
    }
    accepted = {path for path, reply in replies["wrong"].items() if reply[0] in "23"}
    assert student_routes - accepted == set()


def test_a_reply_to_a_change_differs_once_results_are_shown(world):
    """Without this, the test above could compare refusals."""
    path = f"/api/v1{PROBLEM_PATH}/submissions"
    replies = write_cases(world, [("POST", path)], {"results": "at_once"})
    assert ("key", f"POST {path}") in differing(replies)


@pytest.mark.parametrize("settings", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize(("answer", "value"), ANSWERS.values(), ids=ANSWERS)
def test_no_route_depends_on_a_hidden_key(world, settings, answer, value):
    assert differing(read_cases(world, answer, value, settings)) == set()


def test_result_routes_differ_once_results_are_visible(world):
    """Without this, the test above could compare refusals."""
    answer, value = ANSWERS["of the size of the key"]
    shown = differing(read_cases(world, answer, value, {"results": "at_once"}))
    assert {path for name, path in shown if name == "key"} >= {
        *("/", "/me/export", "/courses/{course}", "/courses/{course}/grades"),
        *("/assignments/{assignment}", PROBLEM_PATH),
        *("/assignments/{assignment}/history", "/submissions/{submission}"),
        "/api/v1/me/assignments",
    }


def test_all_route_parameters_are_covered_by_the_comparison():
    """A new parameter belongs into the places of a `Student`, or is the same for everybody."""
    parameters = {name for path in list_routes() for name in PARAMETER.findall(path)}
    assert parameters == {
        *("course", "assignment", "problem", "part", "secret"),
        *("attachment", "submission", "report", "answer"),
    }
