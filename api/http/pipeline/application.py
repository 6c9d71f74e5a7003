"""FastAPI application wrapped in the HTTP policy."""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from api.http import problem_details
from api.http.json_body import StrictRoute
from api.http.openapi import document
from api.http.pipeline.http_policy import HttpPolicy, HttpPolicyMiddleware
from api.http.response_memory import SharedResponse

NO_PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({})


class Application(FastAPI):
    """FastAPI application inside an HTTP *policy*; JSON is strict.

    The policy wraps the framework, so that the fast path can answer without it. Routers must be
    `ApiRouter`. *parameters* maps names to descriptions, for parameters that the routes do not
    describe; *options* are FastAPI's.
    """

    def __init__(
        self, policy: HttpPolicy, *, parameters: Mapping[str, str] = NO_PARAMETERS, **options: Any
    ) -> None:
        # It would export paths and queries, and check for listeners at each request.
        telemetry: Any = {"tracing": False, "metrics": False, "logs": False}
        self.policy = policy
        self._document: Future[bytes] | None = None
        self._document_lock = threading.Lock()
        super().__init__(telemetry=telemetry, **options)
        self.router.route_class = StrictRoute
        # The redirect would use this process's scheme: http behind a proxy that terminates TLS.
        self.router.redirect_slashes = False
        problem_details.install_error_handlers(self, policy.render_error)
        document.install_openapi(self, parameters)
        self.add_exception_handler(Exception, _send_nothing)
        self._policy_app = HttpPolicyMiddleware(super().__call__, policy)

    def setup(self) -> None:
        """Serve the OpenAPI document, as FastAPI does, but from memory."""
        if self.openapi_url:
            self.add_route(self.openapi_url, self._serve_document, include_in_schema=False)

    async def _serve_document(self, _request: Request) -> Response:
        # A request that ends while it waits must not cancel the document of the others.
        body = await asyncio.shield(asyncio.wrap_future(self._get_document()))
        return SharedResponse(body, media_type="application/json")

    def _get_document(self) -> Future[bytes]:
        """Return the document, which one thread builds at the first request.

        That takes more than a second. Requests that wait for it hold neither the event loop nor
        one of the threads that serve requests.
        """
        with self._document_lock:
            if self._document is None:
                executor = ThreadPoolExecutor(1, thread_name_prefix="openapi")
                self._document = executor.submit(self._build_document)
                executor.shutdown(wait=False)
            return self._document

    def _build_document(self) -> bytes:
        return bytes(JSONResponse(self.openapi()).body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the lifespan events, inside the policy."""
        scope["app"] = self
        await self._policy_app(scope, receive, send)


async def _send_nothing(_request: Request, _error: Exception) -> Response:
    """Send nothing; Starlette raises the error again, and the policy middleware answers it."""
    return _NoResponse()


class _NoResponse(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing; the policy middleware answers."""
