"""An application in its shell: all that `api.http` does around routes."""

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
    """An application in a *shell*: problems for errors, limits, headers, and strict JSON.

    The shell is around the framework, which need not begin for what is answered ahead of it.
    Routers are `ApiRouter`. *parameters* describes, by name, what the routes do not; *options* are
    those of FastAPI.
    """

    def __init__(
        self, shell: Shell, *, parameters: Mapping[str, str] = NOTHING, **options: Any
    ) -> None:
        # It would tell others paths and queries, and asks at each request whether anybody listens.
        untold: Any = {"tracing": False, "metrics": False, "logs": False}
        super().__init__(telemetry=untold, **options)
        self.router.route_class = StrictRoute
        # The address would be built from what this process sees: http behind a proxy ending TLS.
        self.router.redirect_slashes = False
        problem_details.install(self, shell.present)
        document.install(self, parameters)
        self.add_exception_handler(Exception, _left)
        self._shelled = ShellMiddleware(super().__call__, shell)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the application, in the shell."""
        scope["app"] = self
        await self._shelled(scope, receive, send)


async def _left(_request: Request, _error: Exception) -> Response:
    """Leave what broke to the shell: it is raised on after this."""
    return _Nothing()


class _Nothing(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""
