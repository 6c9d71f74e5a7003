"""Tests of authorization: every caller on every route, and 404s that reveal nothing.

The table of permissions is in `tests/access/`; this module checks what follows from an
entry.
"""

from collections.abc import Iterator

import pytest
from access import Route
from fastapi.routing import iter_route_contexts
from populated_course import AREAS, ROUTES, SCENE_SETTINGS, RouteCall, create_populated_course
from scene import ELSEWHERE, HERE, Scene
from world import World

from api.app import create_app
from api.config.settings import ServiceSettings

STANDINGS = ("student", "grader", "instructor", "admin")
NOBODIES = (
    *("anonymous", "unreadable", "unknown", "session_as_token", "expired", "revoked"),
    *("suspended", "erased"),
)
ONE_ROUTE = "/api/v1/me"
"""On PostgreSQL, callers without a valid account call this route alone.

The statement that refuses them is the same for every route.
"""
OUTSIDERS = ("stranger", "other_instructor", "withdrawn", "elsewhere_token")


def declared(app) -> set[tuple[str, str]]:
    return {
        (method, str(context.path))
        for context in iter_route_contexts(app.routes)
        for method in getattr(context.original_route, "methods", None) or ()
        if method != "HEAD"
    }


def test_every_route_has_an_access_entry_and_every_entry_a_route():
    app = create_app(ServiceSettings(database="sqlite:///unused.db"))
    there = declared(app)
    app.state.service.close()
    assert sorted(there - ROUTES.keys()) == [], "who may call these? add them to tests/access/"
    assert sorted(ROUTES.keys() - there) == [], "these are entries without a route"


def test_no_route_has_two_access_entries():
    keys = [key for area in AREAS for key in area.ROUTES]
    assert len(keys) == len(set(keys))


@pytest.fixture(scope="module")
def scene(shared_database_url) -> Iterator[Scene]:
    """Yield one scene for all routes, on each system in turn."""
    world = World(shared_database_url, settings=SCENE_SETTINGS)
    yield create_populated_course(world)
    world.close()


def known() -> list[tuple[str, str]]:
    app = create_app(ServiceSettings(database="sqlite:///unused.db"))
    there = declared(app)
    app.state.service.close()
    return sorted(key for key in ROUTES if key in there)


KNOWN = known()


@pytest.mark.parametrize("key", KNOWN, ids=" ".join)
def test_unauthorized_requests_are_refused_and_change_nothing(scene, key):
    requests = RouteRequests(scene, key)
    before = scene.seen or scene.rows()
    wrong = list(requests.denials())
    scene.seen = scene.rows()
    assert wrong == []
    assert scene.seen == before


@pytest.mark.sqlite_only  # restores a copy of the database after the request
@pytest.mark.parametrize("key", KNOWN, ids=" ".join)
def test_least_privileged_permitted_caller_gets_a_response(scene, key):
    requests = RouteRequests(scene, key)
    answer = requests.by_least()
    assert answer.status_code == requests.route.ok, answer.text


class RouteRequests(RouteCall):
    """Route in a scene, called by people who may not."""

    def denials(self) -> Iterator[str]:
        """Yield each wrong response to an unauthorized caller."""
        if self.route.access_level == "anyone":
            return
        if self.scene.world.db.is_sqlite or self.declared == ONE_ROUTE:
            for name in NOBODIES:
                yield from self._wrong(name, 401)
        yield from self._by_token()
        if self.route.access_level != "person" and self.route.site:
            yield from self._below()
        elif self.route.access_level != "person":
            yield from self._below()
            yield from self._outside()
        if self.parameters:
            yield from self._other_things()

    def _wrong(self, who: str, status: int, *places: str, like: object = None) -> Iterator[str]:
        person = self.scene.people[who]
        token = person.token if who in NOBODIES else ""
        answer = self.by(person, *places, token=token)
        told = f"{who} at {' '.join(places) or HERE}: {answer.status_code}"
        if answer.status_code != status:
            yield f"{told}, not {status}: {answer.text[:200]}"
        elif like is not None and answer.content != like.content:
            yield f"{told} tells that it is there: {answer.text[:200]} {like.text[:200]}"

    def _by_token(self) -> Iterator[str]:
        """Yield an error if a too narrow token, or any token on a login route, is accepted."""
        least = self.least()
        if self.route.login:
            answer = self.by(least, token=least.token)
        elif self.route.scope != "read":
            answer = self.by(least, token=self.scene.readers[least.id])
        else:
            return
        if answer.status_code != 403:
            yield f"a token that may not: {answer.status_code}, not 403: {answer.text[:200]}"

    def _below(self) -> Iterator[str]:
        at = STANDINGS.index(self.route.access_level)
        for standing in STANDINGS[:at]:
            yield from self._wrong(standing, self.route.denied_status)

    def _outside(self) -> Iterator[str]:
        nothing = self.by(self.scene.stranger, "nowhere") if self.parameters else None
        for name in OUTSIDERS:
            yield from self._wrong(name, 404 if nothing else 403, like=nothing)
        if self.route.owned:
            yield from self._wrong("classmate", 404, like=nothing)

    def _other_things(self) -> Iterator[str]:
        """Yield errors where foreign, deleted, hidden and missing objects are distinguishable."""
        who = next(name for name, one in self.scene.people.items() if one is self.least())
        nothing = self.by(self.least(), "nowhere")
        yield from self._wrong(who, 404, "nowhere")
        if not self.route.site and who != "admin":
            yield from self._wrong(who, 404, ELSEWHERE, like=nothing)
        if len(self.parameters) > 1:
            missing = self.by(self.least(), HERE, "nowhere")
            yield from self._wrong(who, 404, HERE, "nowhere")
            if self.parameters[-1] not in {"part", "version"}:
                yield from self._wrong(who, 404, HERE, ELSEWHERE, like=missing)
        if "assignment" in self.parameters and {*self.parameters} <= {"assignment", "problem"}:
            others = ("grader", "student") if self.route.restores else (who,)
            for one in others:
                yield from self._wrong(one, 404, "deleted", like=nothing)
            for place in ("unpublished", "unreleased") if who == "student" else ():
                yield from self._wrong(who, 404, place, like=nothing)


def test_access_check_detects_a_planted_leak(scene):
    """The entry is stricter than its route, and the check must report it."""
    key = ("POST", "/api/v1/assignments/{assignment}/problems/{problem}/submissions")
    requests = RouteRequests(scene, key)
    requests.route = Route("grader", scope="manage", body=requests.route.body)
    assert any("student at here: 201, not 403" in one for one in requests.denials())
