"""Tests of the memory of responses: pieces, byte budget, and stored files."""

import json
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from event_loops import run_in_shared_loop
from fastapi import FastAPI, Request, Response
from http_app import ask, service
from serving import serve_app
from sqlalchemy import update
from stored_files import LARGE_BYTES, store_attachment

from api.core.errors import NotFound, RateLimited, ServiceUnavailable
from api.db.models import AttachmentPage
from api.http.pipeline.http_policy import HttpPolicy
from api.http.response_memory import (
    CALLER_KEY,
    PIECE_BYTES,
    PiecewiseResponse,
    ResponseBudget,
    SharedResponse,
)
from api.routes.shared.files import send_stored_file
from api.server.protocol import LimitedHttpProtocol
from api.services.files.stored_bytes import (
    FILE_PIECE_BYTES,
    StoredBytes,
    StoredBytesGoneError,
    find_stored_bytes,
)

MEBIBYTE = 1024 * 1024
SIZE = 20 * MEBIBYTE
"""More than the kernel takes of a response that nobody reads."""
HELD = 20 * MEBIBYTE


def small_budget() -> ResponseBudget:
    return ResponseBudget(total_bytes=3 * HELD, caller_bytes=2 * HELD)


def app_with(budget: ResponseBudget) -> FastAPI:
    """Return an application with large responses; the header `x-caller` names the caller."""
    app = service(HttpPolicy(response_budget=budget))

    def note_caller(request: Request) -> None:
        request.scope["state"][CALLER_KEY] = request.headers["x-caller"]

    @app.api_route("/plain", methods=["GET", "HEAD", "POST"])
    def plain(request: Request) -> Response:
        note_caller(request)
        return Response(b"x" * SIZE)

    @app.api_route("/stream", methods=["GET", "HEAD"])
    def stream(request: Request) -> Response:
        note_caller(request)
        pieces = (b"x" * MEBIBYTE for _ in range(SIZE // MEBIBYTE))
        return PiecewiseResponse(pieces, held_bytes=HELD, media_type="text/plain")

    @app.api_route("/form", methods=["GET", "POST"])
    def form(request: Request) -> Response:
        note_caller(request)
        return Response(b"x" * SIZE, status_code=422)

    @app.get("/broken")
    def broken(request: Request) -> Response:
        note_caller(request)

        def pieces() -> Iterator[bytes]:
            yield b"x" * MEBIBYTE
            raise RuntimeError("canary")

        return PiecewiseResponse(pieces(), held_bytes=HELD, media_type="text/plain")

    @app.get("/shared")
    def shared() -> Response:
        return SharedResponse(b"x" * SIZE)

    @app.get("/small")
    def small() -> Response:
        return Response(b"x" * PIECE_BYTES)

    return app


def call(app: FastAPI, path: str, *, method: str = "GET", caller: str = "ada"):
    return ask(app, method, path, headers={"x-caller": caller})


@contextmanager
def serving() -> Iterator[tuple[Callable[..., socket.socket], ResponseBudget]]:
    """Yield a function that asks for a path on a new connection, and the budget of the server."""
    budget = small_budget()
    with (
        serve_app(app_with(budget), http=LimitedHttpProtocol, ws="none") as port,
        ExitStack() as opened,
    ):

        def start(path: str, caller: str, method: str = "GET") -> socket.socket:
            line = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nX-Caller: {caller}\r\n"
            line.sendall(f"{head}Connection: close\r\n\r\n".encode())
            return line

        yield start, budget


def read_all(line: socket.socket) -> tuple[bytes, dict[str, str], bytes]:
    """Return the status, headers and body of the response on a connection."""
    head, _, body = b"".join(iter(lambda: line.recv(MEBIBYTE), b"")).partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    return status.split()[1].encode(), dict(one.split(": ", 1) for one in fields), body


def wait_for(budget: ResponseBudget, size: int) -> None:
    until = time.monotonic() + 30
    while budget.reserved_bytes != size:
        assert time.monotonic() < until, budget.reserved_bytes
        time.sleep(0.01)


@pytest.mark.parametrize("path", ["/plain", "/stream"])
def test_response_over_budget_is_refused_until_another_ends(path):
    with serving() as (start, budget):
        unread = [start(path, "ada") for _ in range(2)]
        wait_for(budget, 2 * HELD)
        status, headers, body = read_all(start(path, "ada"))
        assert (status, json.loads(body)["code"]) == (b"429", "too_many_downloads")
        assert headers["retry-after"] == "5"
        status, headers, body = read_all(start(path, "ben"))
        assert (status, json.loads(body)["code"]) == (b"503", "download_capacity")
        assert headers["retry-after"] == "5"
        assert read_all(start("/small", "ada"))[0] == b"200"
        status, _, body = read_all(unread.pop())
        assert status == b"200"
        assert body.count(b"x") == SIZE
        wait_for(budget, HELD)
        unread.pop().close()
        wait_for(budget, 0)
        assert read_all(start(path, "ben"))[0] == b"200"
        wait_for(budget, 0)


@pytest.mark.parametrize("path", ["/plain", "/stream", "/shared"])
def test_unread_response_is_not_buffered_by_the_connection(path):
    with serving() as (start, budget):
        start("/small", "ada")
        tracemalloc.start()
        lines = [start(path, f"caller {number}") for number in range(1)]
        assert lines[0].recv(1) == b"H"
        time.sleep(0.3)
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        expected = {"/plain": SIZE, "/stream": MEBIBYTE, "/shared": SIZE}[path]
        assert held < expected + MEBIBYTE
        assert budget.reserved_bytes == {"/shared": 0}.get(path, HELD)


@pytest.mark.parametrize("path", ["/plain", "/stream", "/form", "/broken", "/shared", "/small"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_budget_is_released_for_every_response_outcome(path, method):
    budget = small_budget()
    app = app_with(budget)
    try:
        answered = call(app, path, method=method)
    except RuntimeError:  # the connection breaks off
        assert path == "/broken"
    else:
        assert answered.status in {200, 405, 422}
    assert budget.reserved_bytes == 0
    assert budget._reserved == {}  # noqa: SLF001


def test_successful_write_response_is_counted_but_never_refused():
    budget = small_budget()
    budget.add("ada", 2 * HELD)
    app = app_with(budget)
    assert call(app, "/plain").code == "too_many_downloads"
    assert call(app, "/plain", method="POST").status == 200
    assert budget.reserved_bytes == 2 * HELD


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_large_error_page_counts_toward_budget(method):
    budget = small_budget()
    app = app_with(budget)
    answered = call(app, "/form", method=method)
    assert (answered.status, len(answered.body)) == (422, SIZE)
    assert budget.reserved_bytes == 0
    budget.add("ada", 2 * HELD)
    refused = call(app, "/form", method=method)
    assert (refused.status, refused.code) == (429, "too_many_downloads")
    assert budget.reserved_bytes == 2 * HELD


def test_single_response_larger_than_budget_is_sent():
    budget = ResponseBudget(total_bytes=MEBIBYTE, caller_bytes=MEBIBYTE)
    assert len(call(app_with(budget), "/plain").body) == SIZE
    assert budget.reserved_bytes == 0


def test_only_large_bodies_are_split_into_chunks():
    sizes: dict[str, list[int]] = {}

    async def talk(app: FastAPI, path: str) -> None:
        async def send(message):
            if message["type"] == "http.response.body":
                sizes.setdefault(path, []).append(len(message["body"]))

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        headers = [(b"host", b"a"), (b"x-caller", b"ada")]
        scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": path}
        scope |= {"headers": headers, "query_string": b"", "root_path": "", "scheme": "http"}
        await app(scope, receive, send)

    app = app_with(small_budget())
    for path in ("/small", "/plain"):
        run_in_shared_loop(talk(app, path))
    assert sizes["/small"] == [PIECE_BYTES]
    assert set(sizes["/plain"]) == {PIECE_BYTES}
    assert sum(sizes["/plain"]) == SIZE


def test_caller_can_reserve_half_of_remaining_budget():
    budget = ResponseBudget(64 * MEBIBYTE, 24 * MEBIBYTE)
    budget.reserve("ada", 24 * MEBIBYTE)
    with pytest.raises(RateLimited):
        budget.reserve("ada", 1)
    budget.reserve("ben", 20 * MEBIBYTE)
    with pytest.raises(ServiceUnavailable):
        budget.reserve("cem", 11 * MEBIBYTE)
    budget.reserve("cem", 10 * MEBIBYTE)


def test_streaming_response_is_used_only_in_response_memory():
    sources = Path(__file__).parents[2].joinpath("api").rglob("*.py")
    users = [one.name for one in sources if "StreamingResponse" in one.read_text(encoding="utf-8")]
    assert users == ["response_memory.py"]


@pytest.mark.parametrize("size", [1, FILE_PIECE_BYTES, FILE_PIECE_BYTES + 1, LARGE_BYTES])
def test_stored_file_is_sent_with_content_length(world, student, problem, size):
    path, content = store_attachment(world, student, problem, size)
    answered = student.get(path)
    assert answered.content == content
    assert answered.headers["content-length"] == str(size)
    assert answered.headers["content-type"] == "image/png"


def test_download_reserves_memory_for_one_chunk(world, student, problem):
    path, _ = store_attachment(world, student, problem)
    budget = world.app.policy.response_budget
    others = 23 * MEBIBYTE
    budget.add(str(student.id), others)
    assert student.get(path).status_code == 200
    budget.add(str(student.id), MEBIBYTE)
    assert student.get(path).json()["code"] == "too_many_downloads"
    assert student.get("/me").status_code == 200
    budget.release(str(student.id), others + MEBIBYTE)
    assert budget.reserved_bytes == 0


def test_running_exports_count_toward_budget(world, student):
    budget = world.app.policy.response_budget
    budget.add(str(student.id), 21 * MEBIBYTE)
    assert student.get("/me/export").json()["code"] == "too_many_downloads"
    budget.add("somebody else", 40 * MEBIBYTE)
    budget.release(str(student.id), 21 * MEBIBYTE)
    assert student.get("/me/export").status_code == 200
    budget.add("others", 20 * MEBIBYTE)
    answered = student.get("/me/export")
    assert (answered.status_code, answered.json()["code"]) == (503, "download_capacity")
    assert answered.headers["retry-after"] == "5"


def test_file_deleted_after_lookup_returns_404(world):
    file = StoredBytes(AttachmentPage.content, AttachmentPage.number == 1, size=10)
    with pytest.raises(NotFound):
        send_stored_file(file, world.db.reading, media_type="image/png", headers={})


def test_file_deleted_while_reading_aborts_download(world, student, problem):
    store_attachment(world, student, problem)
    with world.db.reading() as session:
        file = find_stored_bytes(session, AttachmentPage.content, AttachmentPage.number == 1)
    pieces = file.read_pieces(world.db.reading)
    assert len(next(pieces)) == FILE_PIECE_BYTES
    with world.session() as session:
        session.execute(update(AttachmentPage).values(content=None))
    with pytest.raises(StoredBytesGoneError):
        next(pieces)
