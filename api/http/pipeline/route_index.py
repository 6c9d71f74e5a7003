"""The way to a route by the shape of an address, so that not all are tried one after the other."""

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
    """Stands before *routes* of pages and calls, and goes on to the one of them that fits.

    Among those of one shape the first that fits is taken. An address that fits none, or only with
    another method, is left to what stands behind: *routes* themselves. Outside the API, HEAD is
    answered as GET is; the server leaves the body off.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._by_shape: defaultdict[Shape, list[APIRoute]] = defaultdict(list)
        for one in routes:
            if isinstance(one, APIRoute):
                self._by_shape[_shape(one.path)].append(one)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return what the route that fits matches in *scope*; it is among it as ``route``."""
        if scope["type"] == "http":
            asked = _asked(scope)
            for one in self._by_shape.get(_shape(scope["path"]), ()):
                match, found = one.matches(asked)
                if match is Match.FULL:
                    return match, found
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer that was found."""
        await scope["route"].handle(_asked(scope), receive, send)


def _asked(scope: Scope) -> Scope:
    """Return *scope* as the routes see it: HEAD of a page is GET."""
    if scope["method"] != "HEAD" or scope["path"].startswith(STRICT):
        return scope
    return {**scope, "method": "GET"}


def _shape(path: str) -> Shape:
    """Return how many pieces a *path* has, whether it is one of the API, and its first piece.

    >>> _shape("/api/v1/courses/{course}"), _shape("/courses/{course}")
    ((5, True, 'courses'), (3, False, 'courses'))
    """
    pieces, strict = path.split("/"), path.startswith(STRICT)
    first = PREFIXED if strict else 1
    return len(pieces), strict, pieces[first] if first < len(pieces) else ""
