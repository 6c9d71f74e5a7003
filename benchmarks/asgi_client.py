"""Client that calls the application in this process, and measures each response."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from sqlalchemy import event

FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
BEGIN = "BEGIN"


@dataclass(frozen=True)
class Response:
    """Response and its cost: elapsed milliseconds, CPU milliseconds and SQL statements."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    wall_ms: float
    cpu_ms: float
    statements: int


class StatementCounter:
    """Counts SQL statements except BEGIN."""

    def __init__(self, app: FastAPI) -> None:
        self.count = 0
        event.listen(app.state.service.db.engine, "before_cursor_execute", self._count_statement)

    def _count_statement(self, *arguments: Any) -> None:
        self.count += not str(arguments[2]).startswith(BEGIN)


@dataclass
class Browser:
    """Browser that keeps cookies."""

    app: FastAPI
    loop: BlockingPortal
    statements: StatementCounter
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Response:
        """Return the page at *path*."""
        return self._send("GET", path, {})

    def submit_form(self, path: str, **form: str) -> Response:
        """Return the response to a form."""
        return self._send("POST", path, {"content-type": FORM_MEDIA_TYPE}, urlencode(form).encode())

    def post(self, path: str, body: object) -> Response:
        """Return the response of the API to a JSON *body*."""
        headers = {"content-type": "application/json"}
        return self._send("POST", path, headers, json.dumps(body).encode())

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Response:
        all_headers = headers | ({"content-length": str(len(body))} if body else {})
        response, cookies = self.loop.call(
            self._serve_request, self._scope(method, path, all_headers), body
        )
        self.cookies |= cookies
        return response

    async def _serve_request(
        self, scope: dict[str, Any], body: bytes
    ) -> tuple[Response, dict[str, str]]:
        """Return the response and its cookies."""
        messages: list[dict[str, Any]] = []
        unsent_bodies = [body]

        async def receive() -> dict[str, Any]:
            if not unsent_bodies:
                await asyncio.Event().wait()  # the client sends nothing more
            return {"type": "http.request", "body": unsent_bodies.pop(), "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        before = self.statements.count
        cpu_ms, start = time.process_time(), time.perf_counter()
        await self.app(scope, receive, send)
        wall_ms, cpu_ms = time.perf_counter() - start, time.process_time() - cpu_ms
        response = Response(
            messages[0]["status"],
            {name.decode(): value.decode() for name, value in messages[0]["headers"]},
            b"".join(message.get("body", b"") for message in messages[1:]),
            wall_ms * 1000,
            cpu_ms * 1000,
            self.statements.count - before,
        )
        return response, dict(_cookies(messages[0]["headers"]))

    def _scope(self, method: str, path: str, extra_headers: dict[str, str]) -> dict[str, Any]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"host": "127.0.0.1:8000", "accept": "text/html", "sec-fetch-site": "same-origin"}
        headers |= extra_headers | ({"cookie": cookie} if cookie else {})
        path, _, query = path.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }


def _cookies(headers: list[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        if name.lower() == b"set-cookie":
            for cookie_name, morsel in SimpleCookie(value.decode()).items():
                yield cookie_name, morsel.value
