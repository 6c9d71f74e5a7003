"""Requests by every reader to every route of the canary scene."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final

import httpx2
from access import Route
from canary_markers import (
    FLOW,
    FRAME,
    LAUNCHER,
    MARKS,
    NOBODY,
    ROLES,
    Reader,
    State,
    find_forbidden,
    find_markers,
    response_text,
)
from canary_scene import ID_TOKEN, KEYED, CanaryScene
from event_loops import run_in_shared_loop
from fastapi.routing import iter_route_contexts
from populated_course import ROUTES
from scene import ELSEWHERE, HERE

__all__ = ["CanaryClient", "build_content", "resolve_call"]

PARAMETER: Final = re.compile(r"\{(\w+)\}")
PLACES: Final = (HERE, KEYED, ELSEWHERE)
HIDDEN_PLACES: Final = ("unpublished", "unreleased", "deleted")
RELEASED_PLACES: Final = (KEYED, "unreleased")
"""Places that the release changes."""
OWN: Final = re.compile("(/api/v1)?/me(?!/assignments)|/account")
"""Routes about the caller's own account, also when they view as a student."""
BY_SECRET: Final = re.compile("/calendar/")
"""Routes that show what the student may know to everybody who has the secret of the student."""
LOGOUT: Final = "/logout"
"""Route that returns the ID token of the session, which the provider gets back."""
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


HOLDERS: Final[Mapping[str, tuple[frozenset[Reader], frozenset[Reader]]]] = {
    "/login/link": (FLOW, NOBODY),
    "/api/v1/invites/accept": (frozenset({"student"}), NOBODY),
    "/lti/enter": (LAUNCHER, NOBODY),
    "/lti/link": (LAUNCHER, NOBODY),
    # The token alone lets the teacher of the launch choose links.
    "/lti/deep-link": (FRAME | {"instructor"}, FRAME | {"instructor"}),
}
"""Readers that the secrets of a request make of everybody, with and without its cookie."""
CONNECT: Final = "/lti/connect"
"""Route whose secrets are of use to one person alone."""

STUDENTS: Final[frozenset[Reader]] = frozenset(
    {"anonymous", "student", "classmate", "stranger", "viewer"}
)
AFFECTED: Final = {one for mark in MARKS.values() for one in mark.before ^ mark.after}
"""Readers who see more after the release."""
UNSTORED: Final = re.compile(r"/(api$|api/v1/openapi|client|docs|static)")
"""Routes without rows of the database."""


class CanaryClient:
    """Client that sends requests as each of *readers*, and records the markers they see."""

    def __init__(
        self, scene: CanaryScene, state: State, *, readers: Iterable[Reader] = ROLES
    ) -> None:
        self.scene, self.state = scene, state
        self.readers = tuple(readers)
        self.full_readers = [one for one in self.readers if state == "after" or one in AFFECTED]
        self._is_sqlite = scene.world.db.is_sqlite
        self.secrets = scene.secrets
        self._known: dict[str, frozenset[str]] = {}
        self.wrong: set[str] = set()
        self.met: defaultdict[str, set[Reader]] = defaultdict(set)
        transport = httpx2.ASGITransport(app=scene.world.app, raise_app_exceptions=False)
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")

    def ask_everything(self) -> None:
        """Read every route as every reader; after the release, also try every write.

        Before the release, only what it changes is read, and by readers whom it affects also
        what is beside that. On PostgreSQL, hidden objects and routes without rows of the
        database are not read, and only the student writes, since nothing restores the
        database; `test_access` checks there that the writes of others are denied.
        """
        try:
            for declared in self._reading():
                if self._is_sqlite or not UNSTORED.match(declared):
                    self._read_places(declared)
                    self._read_prepared(declared)
            if self.state == "after":
                self._try_everything()
        finally:
            run_in_shared_loop(self._client.aclose())

    def _read_places(self, declared: str) -> None:
        """Read a route for every place."""
        for reader in self.readers:
            for path in sorted(self._addresses(declared, reader)):
                if "export" in declared:  # six times a minute is the limit
                    self.scene.world.clock.advance(seconds=11)
                self.ask(reader, "GET", path)

    def _read_prepared(self, declared: str) -> None:
        """Read a route with the query and the headers of its entry, and without its cookie.

        It must succeed for the caller of the entry: the tests learn nothing from refusals.
        """
        entry = ROUTES.get(("GET", declared))
        if entry is None or not (entry.query or entry.headers or entry.prepare):
            return
        for reader, has_cookie in product(self.full_readers, (True, False)):
            route = resolve_call(self.scene, entry)
            headers = dict(route.headers)
            if not has_cookie and headers.pop("Cookie", None) is None:
                continue
            answer = self.ask(
                reader,
                "GET",
                self._filled(declared, HERE, **route.path),
                in_browser=True,
                holders=_holders(declared, reader, has_cookie=has_cookie),
                headers=headers,
                params=dict(route.query),
            )
            if has_cookie and reader == _caller(entry) and answer.status_code != entry.ok:
                self.wrong.add(f"{reader} gets {answer.status_code} from {declared}")

    def ask(
        self,
        reader: Reader,
        method: str,
        path: str,
        *,
        in_browser: bool = False,
        holders: frozenset[Reader] = NOBODY,
        **more: Any,
    ) -> httpx2.Response:
        """Send a request, record what leaks in the response, and return it.

        *in_browser*: the reader has a session instead of a token. *holders* are the readers
        that the secrets in the request make of the reader.
        """
        who = self._who(reader, in_browser=in_browser)
        given = dict(more.pop("headers", {}))
        if "Cookie" in who and "Cookie" in given:
            given["Cookie"] = f"{who['Cookie']}; {given['Cookie']}"
        more["headers"] = {"X-Request-ID": "same"} | who | given
        answer = run_in_shared_loop(self._client.request(method, path, **more))
        self._client.cookies.clear()  # they would log the next readers in
        where = f"{method} {path} {answer.status_code}"
        if answer.status_code >= BROKEN:
            self.wrong.add(f"{where} for {reader}")
        seen_by: Reader = "grader" if reader == "viewer" and OWN.match(path) else reader
        if BY_SECRET.match(path):
            seen_by = "student"
        told = response_text(answer)
        if path == LOGOUT:
            told = told.replace(ID_TOKEN, "")
        self.note(seen_by, told, where, holders=holders)
        return answer

    def _who(self, reader: Reader, *, in_browser: bool) -> dict[str, str]:
        if reader == "anonymous":
            return {}
        looks = {"X-View-As": str(self.scene.student.id)} if reader == "viewer" else {}
        person = self.scene.people["grader" if looks else reader]
        if in_browser:
            return {**self.scene.logins[person.id], **looks}
        return {"Authorization": f"Bearer {person.token}", **looks}

    def note(
        self, reader: Reader, told: str, where: str, *, holders: frozenset[Reader] = NOBODY
    ) -> None:
        """Record the markers in *told*, and those that neither *reader* nor *holders* may see."""
        if told not in self._known:  # most refusals are alike
            self._known[told] = frozenset(find_markers(told, secrets=self.secrets))
        found = self._known[told]
        forbidden = set(find_forbidden(found, reader, self.state))
        for holder in holders:
            forbidden &= set(find_forbidden(found, holder, self.state))
        self.wrong |= {f"{reader} meets the {one}: {where}" for one in forbidden}
        for name in found - {"secret"}:
            self.met[name] |= {reader, *holders}

    def _reading(self) -> list[str]:
        """Return the paths of all GET routes."""
        contexts = iter_route_contexts(self.scene.world.app.routes)
        methods = ((str(one.path), getattr(one.original_route, "methods", ())) for one in contexts)
        return sorted({path for path, those in methods if "GET" in (those or ())})

    def _addresses(self, declared: str, reader: Reader) -> set[str]:
        """Return the URLs of a route for each place, with and without its queries.

        Students also request hidden objects. Instructors see all but those that are deleted.
        """
        paths = self._paths(declared, self._places(reader))
        if reader not in self.full_readers:
            paths -= self._paths(declared, (HERE,))
        queries = ("", *EXTRA_QUERIES.get(declared.removeprefix("/api/v1"), ()))
        return {f"{path}{query}" for path in paths for query in queries}

    def _places(self, reader: Reader) -> tuple[str, ...]:
        if self.state == "before":
            return (HERE, *RELEASED_PLACES) if reader in self.full_readers else RELEASED_PLACES
        if reader in STUDENTS and self._is_sqlite:
            return (*PLACES, *HIDDEN_PLACES)
        return (*PLACES, "deleted") if reader == "instructor" else PLACES

    def _paths(self, declared: str, places: Iterable[str]) -> set[str]:
        return {self._filled(declared, place, form=form) for place, form in product(places, FORMS)}

    def _filled(self, declared: str, place: str, **more: str) -> str:
        there = self.scene.places[HERE] | self.scene.places[place] | {"code": NO_CODE} | more
        return PARAMETER.sub(lambda found: there[found[1]], declared)

    def _try_everything(self) -> None:
        """Call every write route as every reader, on their own and on hidden objects.

        On SQLite, whose database is one file, it is restored after each write that
        succeeds.
        """
        copy = self.scene.snapshot() if self._is_sqlite else None
        for (method, declared), entry in ROUTES.items():
            if method == "GET":
                continue
            for reader in self.readers if copy is not None else ("student",):
                for path, route in self._resolve(declared, entry):
                    answer = self.ask(
                        reader,
                        method,
                        path,
                        in_browser=entry.login and copy is not None,
                        holders=_holders(declared, reader, has_cookie=True),
                        **build_content(route),
                    )
                    if copy is not None and not answer.is_error:
                        self.scene.restore(copy)

    def _resolve(self, declared: str, entry: Route) -> Iterator[tuple[str, Route]]:
        """Yield each address of a route with the values for one call: some work only once."""
        called = set()
        for place in (HERE, KEYED):
            route = resolve_call(self.scene, entry)
            path = self._filled(declared, place, **route.path)
            if path not in called:
                called.add(path)
                yield path, route


def _holders(declared: str, reader: Reader, *, has_cookie: bool) -> frozenset[Reader]:
    if declared == CONNECT:
        return LAUNCHER if has_cookie and reader == "instructor" else NOBODY
    return HOLDERS.get(declared, (NOBODY, NOBODY))[0 if has_cookie else 1]


def _caller(entry: Route) -> str:
    """Return the reader who calls a route in the table of permissions."""
    names = {"anyone": "student", "person": "student"}
    return entry.caller or names.get(entry.access_level, entry.access_level)


def resolve_call(scene: CanaryScene, entry: Route) -> Route:
    """Return the values of an entry for one call: a launch and a login may work only once."""
    if entry.prepare or "Cookie" in entry.headers:
        scene.renew_visits()
    return entry.resolve(scene)


def build_content(route: Route) -> dict[str, Any]:
    """Return the query, the headers and the body of a call."""
    body = route.body
    kind = "content" if isinstance(body, str) else "json"
    headers = {"If-Match": "*"} | dict(route.headers)
    headers |= {"Content-Type": route.media} if kind == "content" else {}
    more: dict[str, Any] = {"headers": headers, "params": dict(route.query)}
    return more if body is None else more | {kind: body}
