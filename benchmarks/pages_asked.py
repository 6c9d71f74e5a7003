"""A browser that asks the application in this process, and what each answer cost."""

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

FORM = "application/x-www-form-urlencoded"
BEGINS = "BEGIN"


@dataclass(frozen=True)
class Answer:
    """What came back, and its cost: milliseconds, those of the processor, statements."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took: float
    worked: float
    statements: int


class Statements:
    """Counts what the database is asked; the beginnings of transactions are none."""

    def __init__(self, app: FastAPI) -> None:
        self.count = 0
        event.listen(app.state.service.db.engine, "before_cursor_execute", self._see)

    def _see(self, *told: Any) -> None:
        self.count += not str(told[2]).startswith(BEGINS)


@dataclass
class Browser:
    """Somebody who asks; the cookies that come are kept."""

    app: FastAPI
    loop: BlockingPortal
    statements: Statements
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """Return the page at *path*."""
        return self._ask("GET", path, {})

    def fill_in(self, path: str, **form: str) -> Answer:
        """Return the answer to a form."""
        return self._ask("POST", path, {"content-type": FORM}, urlencode(form).encode())

    def post(self, path: str, told: object) -> Answer:
        """Return the answer of the API to what is *told* it."""
        kind = {"content-type": "application/json"}
        return self._ask("POST", path, kind, json.dumps(told).encode())

    def _ask(self, method: str, path: str, more: dict[str, str], body: bytes = b"") -> Answer:
        sized = more | ({"content-length": str(len(body))} if body else {})
        answer, cookies = self.loop.call(self._served, self._scope(method, path, sized), body)
        self.cookies |= cookies
        return answer

    async def _served(self, scope: dict[str, Any], body: bytes) -> tuple[Answer, dict[str, str]]:
        """Return the answer, and the cookies that come with it."""
        sent: list[dict[str, Any]] = []
        unsent = [body]

        async def receive() -> dict[str, Any]:
            if not unsent:
                await asyncio.Event().wait()  # the client sends nothing more
            return {"type": "http.request", "body": unsent.pop(), "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        before = self.statements.count
        worked, began = time.process_time(), time.perf_counter()
        await self.app(scope, receive, send)
        took, worked = time.perf_counter() - began, time.process_time() - worked
        answer = Answer(
            sent[0]["status"],
            {name.decode(): told.decode() for name, told in sent[0]["headers"]},
            b"".join(one.get("body", b"") for one in sent[1:]),
            took * 1000,
            worked * 1000,
            self.statements.count - before,
        )
        return answer, dict(_cookies(sent[0]["headers"]))

    def _scope(self, method: str, path: str, more: dict[str, str]) -> dict[str, Any]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"host": "127.0.0.1:8000", "accept": "text/html", "sec-fetch-site": "same-origin"}
        headers |= more | ({"cookie": cookie} if cookie else {})
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
            "headers": [(name.encode(), told.encode()) for name, told in headers.items()],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }


def _cookies(headers: list[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    for name, told in headers:
        if name.lower() == b"set-cookie":
            for one, morsel in SimpleCookie(told.decode()).items():
                yield one, morsel.value
