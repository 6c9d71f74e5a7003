"""Fast path: answers frequent, well-formed requests before FastAPI routing.

FastAPI's work for a request takes longer than grading a submission from the cache. An invalid or
unusual request takes the normal route, so that errors have one source.
"""

import re
from abc import ABC, abstractmethod
from typing import Final

from starlette.responses import Response
from starlette.types import Scope

from api.core.errors import ServiceError
from api.http.json_body import StrictRequest

__all__ = ["FastPath"]

PATH_PARAMETER: Final = re.compile(r"{(\w+)}")


class FastPath(ABC):
    """Fast path for JSON that is posted to one route; *path* is the route's path template."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._pattern = re.compile(PATH_PARAMETER.sub(r"(?P<\1>[^/]+)", path))

    def match_path(self, scope: Scope) -> dict[str, str] | None:
        """Return the path parameters, or None if the request is not for this route."""
        if scope["method"] != "POST" or scope["query_string"]:
            return None
        match = self._pattern.fullmatch(scope["path"])
        return match.groupdict() if match is not None else None

    async def handle_body(self, scope: Scope, body: bytes) -> Response | None:
        """Return the response to the whole *body*, or None to take the normal route.

        Raises the `ServiceError` that refuses the request.
        """
        request = StrictRequest(scope)
        try:
            request.parse_body(body)
        except ServiceError:
            return None
        return await self.handle_request(request)

    @abstractmethod
    async def handle_request(self, request: StrictRequest) -> Response | None:
        """Return the response to a *request* with parsed JSON, or None to take the normal route."""
