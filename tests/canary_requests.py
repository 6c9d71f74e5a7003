"""Requests by every reader to every route of the canary scene."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, Final

import httpx2
from canary_markers import ROLES, Reader, State, find_forbidden, find_markers, response_text
from canary_scene import KEYED, CanaryScene
from event_loops import run_in_shared_loop
from fastapi.routing import iter_route_contexts
from populated_course import ROUTES
from scene import ELSEWHERE, HERE

__all__ = ["CanaryClient"]

PARAMETER: Final = re.compile(r"\{(\w+)\}")
PLACES: Final = (HERE, KEYED, ELSEWHERE, "unpublished", "unreleased", "deleted")
OWN: Final = re.compile("(/api/v1)?/me(?!/assignments)|/account")
"""Routes about the caller's own account, also when they view as a student."""
BY_SECRET: Final = re.compile("/calendar/")
"""Routes that show what the student may know to everybody who has the secret of the student."""
BROKEN: Final = 500
FORMS: Final = ("csv", "cells", "jsonl", "canvas", "moodle", "gradescope")
EXTRA_QUERIES: Final[Mapping[str, tuple[str, ...]]] = {
    "/courses/{course}/people": ("?state=all", "?limit=1", "?text=zq"),
    "/courses/{course}/problems": ("?space=course", "?status=draft", "?limit=1"),
    "/courses/{course}/problems/{problem_version}/preview": ("?position=0", "?position=1"),
    "/courses/{course}/gradebook": ("?sort=total", "?limit=1"),
    "/courses/{course}/audit": ("?limit=1",),
    "/assignments/{assignment}/problems/{problem}": ("?position=0", "?seed=86420975310"),
    "/assignments/{assignment}/problems/{problem}/solution": ("?position=0",),
    "/assignments/{assignment}/problems/{problem}/practice": ("?number=1",),
    "/assignments/{assignment}/problems/{problem}/analytics": ("?attempt=best",),
    "/assignments/{assignment}/overrides": ("?state=all",),
    "/assignments/{assignment}/submissions": ("?limit=1",),
    "/assignments/{assignment}/unopened": ("?limit=1",),
    "/courses": ("?archived=true",),
    "/users": ("?text=zq", "?limit=1"),
}
"""Queries to send in addition to the bare path."""

NO_CODE = "BDFK-XTRW"
"""Code to join a course that no course has."""


STUDENTS: Final = frozenset({"anonymous", "student", "classmate", "stranger", "viewer"})
SEEKERS: Final = STUDENTS | {"instructor"}
"""Readers who also request hidden objects."""


class CanaryClient:
    """Client that sends requests as each of *readers*, and records the markers they see."""

    def __init__(
        self, scene: CanaryScene, state: State, *, readers: Iterable[Reader] = ROLES
    ) -> None:
        self.scene, self.state = scene, state
        self.readers = tuple(readers)
        self.secrets = scene.secrets
        self._known: dict[str, frozenset[str]] = {}
        self.wrong: set[str] = set()
        self.met: defaultdict[str, set[Reader]] = defaultdict(set)
        transport = httpx2.ASGITransport(app=scene.world.app, raise_app_exceptions=False)
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")

    def ask_everything(self) -> None:
        """Read every route as every reader; after the release, also try every write.

        On PostgreSQL, writes by staff are not tried, since nothing restores the
        database.
        """
        try:
            self._read_everything()
            if self.state == "after":
                self._try_everything()
        finally:
            run_in_shared_loop(self._client.aclose())

    def _read_everything(self) -> None:
        for declared in self._reading():
            for reader in self.readers:
                for path in sorted(self._addresses(declared, reader)):
                    if "export" in declared:  # six times a minute is the limit
                        self.scene.world.clock.advance(seconds=11)
                    self.ask(reader, "GET", path)

    def ask(self, reader: Reader, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send a request, record what leaks in the response, and return it."""
        more["headers"] = {"X-Request-ID": "same"} | self._who(reader) | more.get("headers", {})
        answer = run_in_shared_loop(self._client.request(method, path, **more))
        where = f"{method} {path} {answer.status_code}"
        if answer.status_code >= BROKEN:
            self.wrong.add(f"{where} for {reader}")
        seen_by: Reader = "grader" if reader == "viewer" and OWN.match(path) else reader
        self.note("student" if BY_SECRET.match(path) else seen_by, response_text(answer), where)
        return answer

    def _who(self, reader: Reader) -> dict[str, str]:
        if reader == "anonymous":
            return {}
        looks = {"X-View-As": str(self.scene.student.id)} if reader == "viewer" else {}
        person = self.scene.people["grader" if looks else reader]
        return {"Authorization": f"Bearer {person.token}", **looks}

    def note(self, reader: Reader, told: str, where: str) -> None:
        """Record the markers in *told*, and those that *reader* may not see."""
        if told not in self._known:  # most refusals are alike
            self._known[told] = frozenset(find_markers(told, secrets=self.secrets))
        found = self._known[told]
        self.wrong |= {
            f"{reader} meets the {one}: {where}"
            for one in find_forbidden(found, reader, self.state)
        }
        for name in found - {"secret"}:
            self.met[name].add(reader)

    def _reading(self) -> list[str]:
        """Return the paths of all GET routes."""
        contexts = iter_route_contexts(self.scene.world.app.routes)
        methods = ((str(one.path), getattr(one.original_route, "methods", ())) for one in contexts)
        return sorted({path for path, those in methods if "GET" in (those or ())})

    def _addresses(self, declared: str, reader: Reader) -> set[str]:
        """Return the URLs of a route for each place, with and without its queries."""
        places = PLACES if reader in SEEKERS else (HERE, KEYED, ELSEWHERE)
        paths = {self._filled(declared, place, form=form) for place, form in product(places, FORMS)}
        queries = ("", *EXTRA_QUERIES.get(declared.removeprefix("/api/v1"), ()))
        return {f"{path}{query}" for path in paths for query in queries}

    def _filled(self, declared: str, place: str, **more: str) -> str:
        there = self.scene.places[HERE] | self.scene.places[place] | {"code": NO_CODE} | more
        return PARAMETER.sub(lambda found: there[found[1]], declared)

    def _try_everything(self) -> None:
        """Call every write route as every reader, on their own and on hidden objects.

        On SQLite, whose database is one file, it is restored after each write that
        succeeds.
        """
        copy = self.scene.snapshot() if self.scene.world.db.is_sqlite else None
        for (method, declared), entry in ROUTES.items():
            if method == "GET":
                continue
            route = entry.resolve(self.scene)
            body = route.body
            kind = "content" if isinstance(body, str) else "json"
            headers = {"If-Match": "*"} | dict(route.headers)
            headers |= {"Content-Type": route.media} if kind == "content" else {}
            more = {"headers": headers, "params": dict(route.query)}
            more |= {} if body is None else {kind: body}
            for reader, place in product(self.readers, (HERE, KEYED)):
                path = self._filled(declared, place, **route.path)
                if copy is not None and not self.ask(reader, method, path, **more).is_error:
                    self.scene.restore(copy)
                elif copy is None and reader in STUDENTS:
                    self.ask(reader, method, path, **more)
