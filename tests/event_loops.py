"""Event loops in separate threads: one for all requests of a process, and others.

A thread that drives a browser already runs an event loop, so a test cannot start
another one in it. Waking a thread takes as long as many requests, so each request is a
single turn of the loop.
"""

import asyncio
import atexit
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from typing import Any, TypeVar

import httpx2
from anyio.from_thread import start_blocking_portal
from fastapi.testclient import TestClient

__all__ = ["run_in_new_loop", "run_in_shared_loop", "use_shared_loop"]

Done = TypeVar("Done")


def run_in_shared_loop(doing: Coroutine[Any, Any, Done]) -> Done:
    """Run a coroutine in the shared event loop, which lasts as long as the process."""
    return asyncio.run_coroutine_threadsafe(doing, _loop()).result()


def run_in_new_loop(doing: Coroutine[Any, Any, Done]) -> Done:
    """Run a coroutine in a new event loop, which ends with it and with all its tasks."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, doing).result()  # noqa: TID251  # this thread has no loop


@cache
def _loop() -> asyncio.AbstractEventLoop:
    lasting = ExitStack()
    atexit.register(lasting.close)
    return lasting.enter_context(start_blocking_portal()).call(asyncio.get_running_loop)


def use_shared_loop(client: TestClient, address: str = "testclient") -> None:
    """Make *client* send its requests in the shared loop, from *address*."""
    client._transport = _SharedLoopTransport(client.app, address)  # noqa: SLF001  # its own wakes it four times


class _SharedLoopTransport(httpx2.BaseTransport):
    """Transport that gets the whole response of *app* in one turn of the loop."""

    def __init__(self, app: Any, address: str) -> None:
        self._asgi = httpx2.ASGITransport(app, raise_app_exceptions=False, client=(address, 50_000))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the response; an exception in the application becomes status 500."""
        request.read()
        return run_in_shared_loop(self._answer(request))

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._asgi.handle_async_request(request)
        body = b"".join([piece async for piece in answer.stream])
        stream = httpx2.ByteStream(body)
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=stream)
