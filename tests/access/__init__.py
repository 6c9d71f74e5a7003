"""Who may call which route: the table by which `tests/api/test_access.py` asks every one of them.

A module here is an area. It gives ``ROUTES``, a dictionary from (method, path as declared) to
`Route`, and, where its paths name objects that the scene lacks, ``furnish(scene)``, which makes one
in each course and tells ``scene.put("comment", here=..., elsewhere=...)``. A route without an entry
fails the test, and an entry without a route does.

    ROUTES = {
        ("GET", "/api/v1/courses/{course}/people"): Route("grader"),
        ("POST", "/api/v1/courses/{course}/sections"): Route(
            "instructor", scope="manage", ok=201, body={"name": "B"}
        ),
    }

What is asked of a route follows from its entry:

- without a valid token, or with one that is expired, revoked or of a suspended person: 401
- by who is not in the course, was withdrawn, or uses a token for another course: 404
- by a member below ``least``: ``refused``; by another student, where it is ``owned``: 404
- with a token of the scope ``read`` only, where ``scope`` is another: 403
- about a thing of another course, a deleted or an unreleased one, or none: 404
- by ``least`` itself: ``ok``

Every 404 has the same bytes as that for a thing that was never there, and what is denied changes no
row. The body must be one that succeeds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scene import Scene

__all__ = ["Least", "Route"]

Least = Literal["anyone", "person", "student", "grader", "instructor", "admin"]
"""Who may call, at the least: anybody, whoever has an account, or a standing in the course."""


@dataclass(frozen=True, slots=True)
class Route:
    """Who may call a route, and how the test calls it.

    *owned*: a student reaches only their own (``scene.student`` owns what the scene holds).
    *login*: a token is refused (403), a session is asked for. *site*: the route is not about
    something in a course, so that whoever may not call it is refused wherever they are. *body* is
    sent as JSON, or as it is where it is a text of type *media*; it may be a function of the scene.
    *path* fills parameters otherwise than the scene does. *called* is False where success cannot be
    shown by one call.
    """

    least: Least
    scope: Literal["read", "submit", "grade", "manage", "admin"] = "read"
    ok: int = 200
    refused: int = 403
    owned: bool = False
    login: bool = False
    site: bool = False
    called: bool = True
    body: Any | Callable[[Scene], Any] = None
    media: str = "text/csv"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
