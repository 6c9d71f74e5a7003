"""Index of routes by the shape of their path, so that matching does not try all routes in turn."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeAlias

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.http.pipeline.authenticator import API_PATH_PREFIX

API_SEGMENT_INDEX: Final = 3
"""Index of the first path segment after the prefix of the API, such as ``/api/v1``."""
PathShape: TypeAlias = tuple[int, bool, str]


class RouteIndex(BaseRoute):
    """Index of the *routes* of pages and API, placed before them in the router.

    Within one shape the first match wins, as in a list. A path without a match, or with a match for
    another method only, is left to the *routes* themselves, which follow. Outside the API, HEAD is
    answered as GET; the server drops the body.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._by_shape: defaultdict[PathShape, list[APIRoute]] = defaultdict(list)
        for route in routes:
            if isinstance(route, APIRoute):
                self._by_shape[_compute_path_shape(route.path)].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return the first full match; the child scope contains the route as ``route``."""
        if scope["type"] == "http":
            route_scope = _convert_head_to_get(scope)
            for route in self._by_shape.get(_compute_path_shape(scope["path"]), ()):
                match, child_scope = route.matches(route_scope)
                if match is Match.FULL:
                    return match, child_scope
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the matched route."""
        await scope["route"].handle(_convert_head_to_get(scope), receive, send)


def _convert_head_to_get(scope: Scope) -> Scope:
    """Return *scope* as the routes see it: HEAD of a page becomes GET."""
    if scope["method"] != "HEAD" or scope["path"].startswith(API_PATH_PREFIX):
        return scope
    return {**scope, "method": "GET"}


def _compute_path_shape(path: str) -> PathShape:
    """Return the number of segments of a *path*, whether it is in the API, and its first segment.

    >>> _compute_path_shape("/api/v1/courses/{course}"), _compute_path_shape("/courses/{course}")
    ((5, True, 'courses'), (3, False, 'courses'))
    """
    segments, strict = path.split("/"), path.startswith(API_PATH_PREFIX)
    first = API_SEGMENT_INDEX if strict else 1
    return len(segments), strict, segments[first] if first < len(segments) else ""
