"""Index of routes by the shape of their path, so that matching does not try all routes in turn."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeAlias

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.http.pipeline.authenticator import STRICT

__all__ = ["Shortcut"]

PREFIXED: Final = 3
"""Which piece of an address of the API is the first behind its prefix, such as /api/v1."""
Shape: TypeAlias = tuple[int, bool, str]


class Shortcut(BaseRoute):
    """Index of the *routes* of pages and API, placed before them in the router.

    Within one shape the first match wins, as in a list. A path without a match, or with a match for
    another method only, is left to the *routes* themselves, which follow. Outside the API, HEAD is
    answered as GET; the server drops the body.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._by_shape: defaultdict[Shape, list[APIRoute]] = defaultdict(list)
        for one in routes:
            if isinstance(one, APIRoute):
                self._by_shape[_shape(one.path)].append(one)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return the first full match; the child scope contains the route as ``route``."""
        if scope["type"] == "http":
            asked = _asked(scope)
            for one in self._by_shape.get(_shape(scope["path"]), ()):
                match, found = one.matches(asked)
                if match is Match.FULL:
                    return match, found
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the matched route."""
        await scope["route"].handle(_asked(scope), receive, send)


def _asked(scope: Scope) -> Scope:
    """Return *scope* as the routes see it: HEAD of a page becomes GET."""
    if scope["method"] != "HEAD" or scope["path"].startswith(STRICT):
        return scope
    return {**scope, "method": "GET"}


def _shape(path: str) -> Shape:
    """Return the number of segments of a *path*, whether it is in the API, and its first segment.

    >>> _shape("/api/v1/courses/{course}"), _shape("/courses/{course}")
    ((5, True, 'courses'), (3, False, 'courses'))
    """
    pieces, strict = path.split("/"), path.startswith(STRICT)
    first = PREFIXED if strict else 1
    return len(pieces), strict, pieces[first] if first < len(pieces) else ""
