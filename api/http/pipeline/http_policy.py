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
    CODES,
    BadRequest,
    Invalid,
    Misdirected,
    NotFound,
    ServiceError,
    TooLarge,
    Unavailable,
)
from api.core.ids import new_name
from api.http.bodies import BodyLimits, RequestBody
from api.http.json_body import LARGE
from api.http.pipeline.fast_path import Ahead
from api.http.problem_details import problem, respond

__all__ = ["HEADERS", "Present", "Shell", "ShellMiddleware", "Watch"]

CLOSED_BY_CLIENT: Final = 499
RETRY_STOPPED: Final = 5
NOT_READ: Final = "The service is stopping; nothing was done."
LOOK_FIRST: Final = (
    "The service is stopping, and it is not known whether this was done; look before you send it "
    "again, or send it with the same Idempotency-Key."
)
SANE_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
STAY_IN_TLS: Final = (b"strict-transport-security", b"max-age=31536000")
NOT_KEPT: Final = (b"cache-control", b"no-store")
VARIES: Final = (b"vary", b"Authorization, Cookie")
CLOSES: Final = (b"connection", b"close")

Header: TypeAlias = tuple[bytes, bytes]
Present = Callable[[Scope, Response], Response]
"""Renders an error in a form that the client accepts."""


class Watch(Protocol):
    """Observer of all requests, for metrics."""

    def began(self) -> None:
        """Record the start of a request, after its head."""

    def ended(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Record the end of a request; *route* is its path template, ``-`` for none."""


access_log = logging.getLogger("api.access")
error_log = logging.getLogger("api.errors")


@dataclass(frozen=True, slots=True)
class Shell:
    """Configuration of the HTTP policy.

    *hosts* are the names of the service (``*.example.org`` for every subdomain; empty for any
    name). *bodies* are the limits of request bodies. *headers* are set unless a route sets them.
    Responses below *private* must not be cached. *present* may render an error in another form than
    problem details. *watch* observes every request. *ahead* is the fast path.
    """

    hosts: tuple[str, ...] = ()
    bodies: BodyLimits = field(default_factory=BodyLimits)
    headers: Mapping[str, str] = field(default_factory=lambda: HEADERS)
    private: str = "/api/"
    clock: Clock = system_clock
    present: Present = lambda _scope, response: response
    watch: Watch | None = None
    ahead: Ahead | None = None
    written: tuple[Header, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Encode the headers once for all responses."""
        written = tuple(
            (name.lower().encode("latin-1"), one.encode("latin-1"))
            for name, one in self.headers.items()
        )
        object.__setattr__(self, "written", written)

    def answers_to(self, header: str) -> bool:
        """Return whether a ``Host`` *header* names this service."""
        if not self.hosts:
            return True
        found = HOST.fullmatch(header)
        name = found[1].lower() if found else ""
        return any(
            name.endswith(host[1:]) if host.startswith("*.") else name == host
            for host in map(str.lower, self.hosts)
        )


class ShellMiddleware:
    """ASGI middleware that applies a `Shell` to *app*."""

    def __init__(self, app: ASGIApp, shell: Shell) -> None:
        self.app = app
        self.shell = shell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; other protocols are passed on unchanged."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit = _Visit(self.shell, scope, receive, send)
        try:
            visit.admit()
            app = await visit.ahead() or self.app
            await app(scope, visit.body.receive, visit.send)
        except ServiceError as error:
            await visit.refuse(error)
        except ClientDisconnect:
            visit.status = CLOSED_BY_CLIENT
        except asyncio.CancelledError:
            await visit.give_up()
        except Exception as error:
            await visit.fail(error)
        finally:
            visit.body.release()
            visit.report()


class _Visit:
    """Cycle of one request and its response."""

    def __init__(self, shell: Shell, scope: Scope, receive: Receive, send: Send) -> None:
        self.shell = shell
        self.scope = scope
        self.outer_receive = receive
        self.outer_send = send
        self.began = time.perf_counter()
        self.status = 0
        # The first of repeated headers counts.
        self.fields: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        given = self.fields.get(b"x-request-id", b"")
        self.id = given.decode("ascii") if SANE_ID.fullmatch(given) else new_name()
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = self.id
        state["arrived"] = shell.clock()
        state["body"] = self.body = RequestBody(
            shell.bodies, scope, receive, state, clock=shell.clock
        )
        if shell.watch is not None:
            shell.watch.began()

    def admit(self) -> None:
        """Raise the `ServiceError` for a request whose head is invalid."""
        if b"host" not in self.fields and self.scope["http_version"] == "1.1":
            raise BadRequest("The request has no Host header, which HTTP/1.1 requires.")
        host = self.fields.get(b"host", b"").decode("latin-1")
        # A proxy in front may have used another one of several.
        if self.has_several(b"host") or not self.shell.answers_to(host):
            raise Misdirected(CODES["unknown_host"].meaning)
        if "\0" in self.scope["path"]:
            raise NotFound(CODES["not_found"].meaning)
        query: bytes = self.scope["query_string"]
        if b"%00" in query:
            raise Invalid("The query holds the character U+0000. Leave it out.")
        if not query.isascii():
            raise Invalid("The query holds bytes that are not ASCII. Write each as %XX.")
        self.body.check_head(self.fields)

    def has_several(self, name: bytes) -> bool:
        """Return whether a header occurs more than once."""
        headers = self.scope["headers"]
        return len(self.fields) < len(headers) and sum(one[0] == name for one in headers) > 1

    async def ahead(self) -> Response | None:
        """Return the response of the fast path, or None to take the normal route.

        Only bodies of known length up to `LARGE` qualify, because parsing a larger one would block
        the event loop.
        """
        ahead = self.shell.ahead
        if ahead is None or (named := ahead.named(self.scope)) is None:
            return None
        length = self.body.length
        if length is None or length > LARGE:
            return None
        self.scope.update(route=ahead, path_params=named)
        body = await self.body.read()
        return None if body is None else await ahead.answer(self.scope, body)

    async def send(self, message: Message) -> None:
        """Send a *message*; the first one gets the headers of the policy."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self.completed(message.get("headers", ()))
        await self.outer_send(message)

    def completed(self, given: Iterable[Header]) -> list[Header]:
        """Return the *given* headers, plus the default headers that they lack."""
        headers = [*given]
        names = {name for name, _ in headers}
        wanted = self.shell.written
        if self.scope.get("scheme") == "https":
            wanted = (*wanted, STAY_IN_TLS)
        is_private = self.scope["path"].startswith(self.shell.private)
        if is_private:
            wanted = (*wanted, NOT_KEPT)
        headers += [one for one in wanted if one[0] not in names]
        headers.append((b"x-request-id", self.id.encode("ascii")))
        if is_private:
            headers.append(VARIES)
        if self.body.is_abandoned or self.status == TooLarge.status:
            headers.append(CLOSES)  # the rest of the body is not read
        return headers

    async def refuse(self, error: ServiceError) -> None:
        """Answer with *error*; raise it to break the connection if a response has started."""
        if self.status:
            raise error
        response = self.shell.present(self.scope, respond(error, self.id))
        await response(self.scope, self.outer_receive, self.send)

    async def give_up(self) -> None:
        """Answer 503 to a request that is cut off because the service stops."""
        if self.status:
            raise asyncio.CancelledError  # a half-sent answer must break off
        told = LOOK_FIRST if self.body.is_read else NOT_READ
        await self.refuse(Unavailable(told, retry_after=RETRY_STOPPED))

    async def fail(self, error: Exception) -> None:
        """Log an unexpected *error* and answer 500."""
        told = (*self.named(), self.id)
        error_log.error("a request failed: %s %s, request %s", *told, exc_info=error)
        if self.status:
            raise error  # a half-sent answer must break off
        shown = problem("internal", CODES["internal"].meaning, request_id=self.id)
        await self.shell.present(self.scope, shown)(self.scope, self.outer_receive, self.send)

    def named(self) -> tuple[str, str]:
        """Return the method and the path template; the path itself may contain secrets."""
        context = self.scope.get("fastapi", {}).get("effective_route_context")
        route = context if context is not None else self.scope.get("route")
        return self.scope["method"], str(getattr(route, "path", "-"))

    def report(self) -> None:
        """Write the access log line and notify the observer."""
        method, route = self.named()
        seconds = time.perf_counter() - self.began
        if self.shell.watch is not None:
            self.shell.watch.ended(method, route, status=self.status, seconds=seconds)
        took = round(seconds * 1000, 1)
        told = {"method": method, "route": route, "status": self.status, "ms": took}
        told["request_id"] = self.id
        access_log.info("%s %s %d %.1f ms %s", *told.values(), extra=told)
