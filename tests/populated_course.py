"""Scene for tests of all routes: two courses with every object that a URL may name."""

import json
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from importlib import import_module
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlencode

import access
from access import Route
from oidc_provider import CLIENT_ID, CLIENT_SECRET
from pages import Browser, Page
from scene import HERE, NOWHERE, PROVIDER, PROVIDER_ISSUER, PROXY, Scene
from world import Person, World

SCENE_SETTINGS: Final[dict[str, Any]] = {
    "smtp_host": "127.0.0.1",
    "mail_from": "grader@example.edu",
    "new_accounts": ("example.edu",),
    "login_header": f"X-Remote-User: {PROXY}",
    "oidc": json.dumps(
        [
            {
                "id": PROVIDER,
                "name": "University",
                "issuer": PROVIDER_ISSUER,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            }
        ]
    ),
}
"""Settings of a service in which every route can succeed; nothing is sent by them."""

AREAS: list[ModuleType] = [
    import_module(f"access.{one.name}") for one in pkgutil.iter_modules(access.__path__)
]
ROUTES: dict[tuple[str, str], Route] = {
    key: route for area in AREAS for key, route in area.ROUTES.items()
}


PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Address of a page in a scene, with the cookies that it needs beside those of a login."""

    path: str
    query: Mapping[str, str]
    cookies: Mapping[str, str]

    @classmethod
    def build(cls, scene: Scene, path: str) -> "PageAddress":
        """Return the address of a *path* of `ROUTES`."""
        route = ROUTES["GET", path].resolve(scene)
        places = scene.places[HERE] | dict(route.path)
        cookies = SimpleCookie(route.headers.get("Cookie", ""))
        return cls(
            PARAMETER.sub(lambda found: places[found[1]], path),
            route.query,
            {name: morsel.value for name, morsel in cookies.items()},
        )

    @property
    def url(self) -> str:
        """The path with its query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def open(self, browser: Browser) -> Page:
        """Return the page as *browser* gets it."""
        browser.cookies |= dict(self.cookies)
        return browser.get(self.path, params=dict(self.query))


class RouteCall:
    """Route in a scene, called by people with objects from several places."""

    def __init__(self, scene: Scene, key: tuple[str, str]) -> None:
        self.scene = scene
        self.method, self.declared = key
        self.route = ROUTES[key]
        self.parameters = PARAMETER.findall(self.declared)

    def path(self, route: Route, *places: str) -> str:
        """Return the path with one of *places* per parameter; the last covers the rest."""

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            at = self.parameters.index(name)
            place = places[min(at, len(places) - 1)]
            if place == "nowhere":
                return "no-such-problem" if name in {"problem", "part"} else NOWHERE
            if place == HERE and name in route.path:
                return route.path[name]
            return self.scene.places[place][name]

        return PARAMETER.sub(fill, self.declared)

    def by(self, person: Person, *places: str, token: str = "") -> Any:
        """Call the route as *person*, with objects from *places*, and return the response."""
        route = self.route.resolve(self.scene)
        body = route.body
        more = {"json": body} if not isinstance(body, str) else {"content": body}
        headers = {"If-Match": "*"} if self.method in {"PUT", "PATCH", "DELETE"} else {}
        if isinstance(body, str):
            headers["Content-Type"] = route.media
        if body is None:
            more = {}
        if person.token:
            headers["Authorization"] = f"Bearer {token or person.token}"
        if self.route.login and not token and person.id in self.scene.logins:
            headers = {**headers, **self.scene.logins[person.id]}
            headers.pop("Authorization", None)
        path = self.path(route, *(places or (HERE,)))
        headers |= route.headers
        return self.scene.ask(self.method, path, headers=headers, params=route.query, **more)

    def least(self) -> Person:
        """Return the least privileged person who may call the route."""
        names = {"anyone": "anonymous", "person": "student"}
        name = self.route.caller or names.get(self.route.access_level, self.route.access_level)
        return self.scene.people[name]

    def by_least(self) -> Any:
        """Call the route as that person, restore the database, and return the response."""
        copy = self.scene.snapshot()
        answer = self.by(self.least())
        self.scene.restore(copy)
        return answer


def create_populated_course(world: World) -> Scene:
    """Return a scene with the objects that each area of routes adds.

    Every route can succeed if *world* has `SCENE_SETTINGS`.
    """
    scene = Scene(world)
    for area in AREAS:
        if hasattr(area, "add_objects"):
            area.add_objects(scene)
    return scene
