"""HTTP policy of every request: request id, arrival time, limits, headers, one log line.

Pure ASGI middleware, outermost: it also answers unexpected errors from further in, with the same id
and headers and without any detail.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.core.clock import Clock, system_clock
from api.core.errors import (
    ERROR_CODES,
    BadRequest,
    ContentTooLarge,
    InvalidInput,
    MisdirectedRequest,
    NotFound,
    ServiceError,
    ServiceUnavailable,
)
from api.core.ids import new_id_text
from api.http.problem_details import build_problem_response, error_to_response
from api.http.request_body import BodyLimits, RequestBody
from api.http.response_memory import (
    MEMORY_KEY,
    PIECE_BYTES,
    ResponseBudget,
    ResponseMemory,
    send_in_pieces,
)

CLIENT_CLOSED_STATUS: Final = 499
STOPPING_RETRY_SECONDS: Final = 5
STOPPING_MESSAGE: Final = "The service is stopping. Nothing was done."
STOPPING_IN_DOUBT_MESSAGE: Final = (
    "The service is stopping, and it is unknown whether this was done. Check "
    "before you send it again, or send it with the same Idempotency-Key."
)
REQUEST_ID_PATTERN: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
HOST_PATTERN: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
HSTS_HEADER: Final = (b"strict-transport-security", b"max-age=31536000")
NO_STORE_HEADER: Final = (b"cache-control", b"no-store")
VARY_HEADER: Final = (b"vary", b"Authorization, Cookie")
CLOSE_HEADER: Final = (b"connection", b"close")

Header: TypeAlias = tuple[bytes, bytes]
ErrorRenderer = Callable[[Scope, Response], Response]
"""Function that renders an error in a form that the client accepts."""


class RequestObserver(Protocol):
    """Observer of all requests, for metrics."""

    def record_start(self) -> None:
        """Record the start of a request, after its head."""

    def record_end(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Record the end of a request; *route* is its path template, ``-`` for none."""


access_log = logging.getLogger("api.access")
error_log = logging.getLogger("api.errors")


@dataclass(frozen=True, slots=True)
class HttpPolicy:
    """Configuration of the HTTP policy.

    *hosts* are the names of the service (``*.example.org`` for every subdomain; empty for any
    name). *body_limits* are the limits of request bodies. *headers* are set unless a route sets
    them. Responses below *private_prefix* must not be cached. *render_error* may render an error
    in another form than problem details. *observer* observes every request.
    """

    hosts: tuple[str, ...] = ()
    body_limits: BodyLimits = field(default_factory=BodyLimits)
    response_budget: ResponseBudget = field(default_factory=ResponseBudget)
    headers: Mapping[str, str] = field(default_factory=lambda: SECURITY_HEADERS)
    private_prefix: str = "/api/"
    clock: Clock = system_clock
    render_error: ErrorRenderer = lambda _scope, response: response
    observer: RequestObserver | None = None
    encoded_headers: tuple[Header, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Encode the headers once for all responses."""
        encoded_headers = tuple(
            (name.lower().encode("latin-1"), header.encode("latin-1"))
            for name, header in self.headers.items()
        )
        object.__setattr__(self, "encoded_headers", encoded_headers)

    def serves_host(self, header: str) -> bool:
        """Return whether a ``Host`` *header* names this service."""
        if not self.hosts:
            return True
        match = HOST_PATTERN.fullmatch(header)
        name = match[1].lower() if match else ""
        return any(
            name.endswith(host[1:]) if host.startswith("*.") else name == host
            for host in map(str.lower, self.hosts)
        )


class HttpPolicyMiddleware:
    """ASGI middleware that applies an `HttpPolicy` to *app*."""

    def __init__(self, app: ASGIApp, policy: HttpPolicy) -> None:
        self.app = app
        self.policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; other protocols are passed on unchanged."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cycle = _RequestCycle(self.policy, scope, receive, send)
        try:
            cycle.check_request_head()
            await self.app(scope, cycle.body.receive, cycle.send)
        except ServiceError as error:
            await cycle.send_error(error)
        except ClientDisconnect:
            cycle.status = CLIENT_CLOSED_STATUS
        except asyncio.CancelledError:
            await cycle.send_unavailable()
        except Exception as error:
            await cycle.send_internal_error(error)
        finally:
            cycle.body.release()
            cycle.memory.release()
            cycle.log_and_observe_end()


class _RequestCycle:
    """Cycle of one request and its response."""

    def __init__(self, policy: HttpPolicy, scope: Scope, receive: Receive, send: Send) -> None:
        self.policy = policy
        self.scope = scope
        self.outer_receive = receive
        self.outer_send = send
        self.started_at = time.perf_counter()
        self.status = 0
        # The first of repeated headers counts.
        self.headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        client_id = self.headers.get(b"x-request-id", b"")
        self.id = (
            client_id.decode("ascii") if REQUEST_ID_PATTERN.fullmatch(client_id) else new_id_text()
        )
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = self.id
        state["arrived"] = policy.clock()
        state["body"] = self.body = RequestBody(
            policy.body_limits, scope, receive, state, clock=policy.clock
        )
        state[MEMORY_KEY] = self.memory = ResponseMemory(policy.response_budget, scope)
        self.is_refused = False
        if policy.observer is not None:
            policy.observer.record_start()

    def check_request_head(self) -> None:
        """Raise the `ServiceError` for a request whose head is invalid."""
        if b"host" not in self.headers and self.scope["http_version"] == "1.1":
            raise BadRequest("The request has no Host header, which HTTP/1.1 requires.")
        host = self.headers.get(b"host", b"").decode("latin-1")
        # A proxy in front may have used another one of several.
        if self.is_header_repeated(b"host") or not self.policy.serves_host(host):
            raise MisdirectedRequest(ERROR_CODES["unknown_host"].meaning)
        if "\0" in self.scope["path"]:
            raise NotFound(ERROR_CODES["not_found"].meaning)
        query: bytes = self.scope["query_string"]
        if b"%00" in query:
            raise InvalidInput("The query contains the character U+0000. Remove it.")
        if not query.isascii():
            raise InvalidInput("The query contains bytes that are not ASCII. Write each as %XX.")
        self.body.check_content_length(self.headers)

    def is_header_repeated(self, name: bytes) -> bool:
        """Return whether a header occurs more than once."""
        headers = self.scope["headers"]
        return len(self.headers) < len(headers) and sum(header[0] == name for header in headers) > 1

    async def send(self, message: Message) -> None:
        """Send a *message*; the first one gets the headers of the policy.

        An error replaces a large response that the budget has no room for.
        """
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            try:
                self.memory.reserve_announced(message["status"], headers)
            except ServiceError as error:
                await self.send_error(error)
                self.is_refused = True
                return
            self.status = message["status"]
            message["headers"] = self.add_default_headers(headers)
        elif self.is_refused:
            return
        elif len(message.get("body", b"")) > PIECE_BYTES:
            await send_in_pieces(message, self.outer_send)
            return
        await self.outer_send(message)

    def add_default_headers(self, response_headers: Iterable[Header]) -> list[Header]:
        """Return *response_headers*, plus the default headers that they lack."""
        headers = [*response_headers]
        names = {name for name, _ in headers}
        defaults = self.policy.encoded_headers
        if self.scope.get("scheme") == "https":
            defaults = (*defaults, HSTS_HEADER)
        is_private = self.scope["path"].startswith(self.policy.private_prefix)
        if is_private:
            defaults = (*defaults, NO_STORE_HEADER)
        headers += [default for default in defaults if default[0] not in names]
        headers.append((b"x-request-id", self.id.encode("ascii")))
        if is_private:
            headers.append(VARY_HEADER)
        if self.body.is_abandoned or self.status == ContentTooLarge.status:
            headers.append(CLOSE_HEADER)  # the rest of the body is not read
        return headers

    async def send_error(self, error: ServiceError) -> None:
        """Answer with *error*; raise it to break the connection if a response has started."""
        if self.status:
            raise error
        response = self.policy.render_error(self.scope, error_to_response(error, self.id))
        await response(self.scope, self.outer_receive, self.send)

    async def send_unavailable(self) -> None:
        """Answer 503 to a request that is cut off because the service stops."""
        if self.status:
            raise asyncio.CancelledError  # a half-sent answer must break off
        message = STOPPING_IN_DOUBT_MESSAGE if self.body.is_read else STOPPING_MESSAGE
        await self.send_error(ServiceUnavailable(message, retry_after=STOPPING_RETRY_SECONDS))

    async def send_internal_error(self, error: Exception) -> None:
        """Log an unexpected *error* and answer 500."""
        log_values = (*self.get_method_and_route(), self.id)
        error_log.error("a request failed: %s %s, request %s", *log_values, exc_info=error)
        if self.status:
            raise error  # a half-sent answer must break off
        response = build_problem_response(
            "internal", ERROR_CODES["internal"].meaning, request_id=self.id
        )
        await self.policy.render_error(self.scope, response)(
            self.scope, self.outer_receive, self.send
        )

    def get_method_and_route(self) -> tuple[str, str]:
        """Return the method and the path template; the path itself may contain secrets."""
        context = self.scope.get("fastapi", {}).get("effective_route_context")
        route = context if context is not None else self.scope.get("route")
        return self.scope["method"], str(getattr(route, "path", "-"))

    def log_and_observe_end(self) -> None:
        """Write the access log line and notify the observer."""
        method, route = self.get_method_and_route()
        seconds = time.perf_counter() - self.started_at
        if self.policy.observer is not None:
            self.policy.observer.record_end(method, route, status=self.status, seconds=seconds)
        milliseconds = round(seconds * 1000, 1)
        log_fields = {"method": method, "route": route, "status": self.status, "ms": milliseconds}
        log_fields["request_id"] = self.id
        access_log.info("%s %s %d %.1f ms %s", *log_fields.values(), extra=log_fields)
