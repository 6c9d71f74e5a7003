"""FastAPI application wrapped in the HTTP policy."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http import problem_details
from api.http.json_body import StrictRoute
from api.http.openapi import document
from api.http.pipeline.http_policy import Shell, ShellMiddleware

__all__ = ["ShelledApp"]

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class ShelledApp(FastAPI):
    """FastAPI application inside a *shell*, which is the HTTP policy; JSON is strict.

    The shell wraps the framework, so that the fast path can answer without it. Routers must be
    `ApiRouter`. *parameters* maps names to descriptions, for parameters that the routes do not
    describe; *options* are FastAPI's.
    """

    def __init__(
        self, shell: Shell, *, parameters: Mapping[str, str] = NOTHING, **options: Any
    ) -> None:
        # It would export paths and queries, and check for listeners at each request.
        untold: Any = {"tracing": False, "metrics": False, "logs": False}
        super().__init__(telemetry=untold, **options)
        self.router.route_class = StrictRoute
        # The redirect would use this process's scheme: http behind a proxy that terminates TLS.
        self.router.redirect_slashes = False
        problem_details.install(self, shell.present)
        document.install(self, parameters)
        self.add_exception_handler(Exception, _left)
        self._shelled = ShellMiddleware(super().__call__, shell)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the lifespan events, inside the shell."""
        scope["app"] = self
        await self._shelled(scope, receive, send)


async def _left(_request: Request, _error: Exception) -> Response:
    """Send nothing; Starlette raises the error again, and the shell answers it."""
    return _Nothing()


class _Nothing(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing; the shell answers."""
