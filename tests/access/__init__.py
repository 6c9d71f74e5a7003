"""Table of route permissions, which `tests/api/test_access.py` checks for every route.

Each module covers one area. It defines ``ROUTES``, a dictionary from (method, declared
path) to `Route`. If its paths name objects that the scene lacks, it also defines
``add_objects(scene)``, which creates one in each course and registers it with
``scene.put("comment", here=..., elsewhere=...)``. The test fails for a route without an
entry and for an entry without a route.

    ROUTES = {
        ("GET", "/api/v1/courses/{course}/people"): Route("grader"),
        ("POST", "/api/v1/courses/{course}/sections"): Route(
            "instructor", scope="manage", ok=201, body={"name": "B"}
        ),
    }

An entry determines the requests that the test sends and the responses that it expects:

- no valid token, or one that is expired, revoked or owned by a suspended person: 401
- a person outside the course, withdrawn, or with a token for another course: 404
- a member below ``access_level``: ``denied_status``
- another student, if the route is ``owned``: 404
- a token with only the scope ``read``, if ``scope`` is another: 403
- an object of another course, or one that is deleted, unreleased or missing: 404
- ``access_level`` itself: ``ok``

Every 404 has the same bytes as the response for an object that never existed, and a
denied request changes no row. ``body`` must be valid.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from scene import Scene

__all__ = ["AccessLevel", "Route"]

AccessLevel = Literal["anyone", "person", "student", "grader", "instructor", "admin"]
"""Least privileged caller that a route admits: anyone, any account, or a role."""


@dataclass(frozen=True, slots=True)
class Route:
    """Permissions of a route, and how the test calls it.

    *owned*: students reach only their own objects (``scene.student`` owns those of the
    scene). *login*: the route requires a session and refuses tokens (403). *site*: the
    route does not concern an object in a course, so it refuses unauthorized callers in
    the same way everywhere. *body* is sent as JSON, or unchanged if it is a text of type
    *media*; it may be a function of the scene. *path* overrides the scene's values of
    path parameters. *prepare* returns fields that replace those of the entry for one
    call, such as a cookie or a message that is valid once. *caller* is the person of the
    scene who calls the route, by default the one with the name of *access_level*.
    *restores*: the route is for deleted objects, which other callers still cannot find.
    """

    access_level: AccessLevel
    scope: Literal["read", "submit", "grade", "manage", "admin"] = "read"
    ok: int = 200
    denied_status: int = 403
    owned: bool = False
    login: bool = False
    site: bool = False
    restores: bool = False
    caller: str = ""
    body: Any | Callable[[Scene], Any] = None
    media: str = "text/csv"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Scene], Mapping[str, Any]] | None = None

    def resolve(self, scene: Scene) -> "Route":
        """Return the entry with plain values for one call in *scene*."""
        prepared = {} if self.prepare is None else dict(self.prepare(scene))
        route = replace(self, **prepared, prepare=None)
        body = route.body(scene) if callable(route.body) else route.body
        return replace(route, body=body)
