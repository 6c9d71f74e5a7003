"""Tests of pages and files with bad input: forms, archives and redisplayed text."""

import csv
import io
import json
import resource
import socket
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

import httpx2
import pytest
from cpu_time import cpu_seconds
from endpoints import EndpointCourse, create_endpoint_course
from http_app import Answered, ask
from serving import run_server, serve_app
from world import World

from api.server.uvicorn_server import create_config

LIMIT = 1.0
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def desk(shared_database_url) -> Iterator[EndpointCourse]:
    world = World(shared_database_url)
    yield create_endpoint_course(world)
    world.close()


def page_of(desk: EndpointCourse, method: str, path: str, **more: object) -> Answered:
    """Return the response to a request of the instructor."""
    headers = {"authorization": f"Bearer {desk.teacher.token}", "sec-fetch-site": "same-origin"}
    headers |= more.pop("headers", {})
    return ask(desk.world.app, method, path, headers=headers, **more)


FORMULAS = ("=cmd()|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "<script>alert(1)</script>")


def test_student_input_is_escaped_in_spreadsheets_and_pages(desk):
    for typed in FORMULAS:
        student = desk.world.enrol(UUID(desk.course), typed.strip())
        assert desk.sent("text", json.dumps(typed).encode(), who=student).status == 201
    told = desk.teacher.get(f"/assignments/{desk.assignment}/score-sheet")
    assert told.headers["content-type"].startswith("text/csv")
    assert told.headers["content-disposition"].startswith("attachment")
    assert told.headers["x-content-type-options"] == "nosniff"
    cells = {cell for row in csv.reader(io.StringIO(told.text)) for cell in row}
    assert {f"'{typed.strip()}" for typed in FORMULAS if typed[0] != "<"} <= cells
    assert {cell for cell in cells if cell[:1] in {*"=+-@\t"}} == set()
    for path in (f"/courses/{desk.course}/people", f"/assignments/{desk.assignment}/review"):
        shown = page_of(desk, "GET", path)
        assert shown.status == 200
        assert b"<script>alert" not in shown.body


def archive(
    *names: str, body: bytes = b"title: New\n", method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Return a zip archive with files of these names, each with *body*."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name in names:
            made.writestr(name, body)
    return buffer.getvalue()


ARCHIVES = {
    "64 mebibytes of zeros": lambda: archive("course.yaml", body=b"\0" * 2**26),
    "fifty thousand files": lambda: archive(*map(str, range(40_000)), body=b""),
    "very many small files": lambda: archive(*(f"assignments/a{n}.yaml" for n in range(2_000))),
    "an archive in it": lambda: archive("assignments/a.zip", body=archive("course.yaml")),
    "a name that leads out": lambda: archive("../../evil.yaml"),
    "a name from the root": lambda: archive("/etc/evil.yaml"),
    "no archive": lambda: b"PK\x03\x04" + b"\0" * 100_000,
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_invalid_and_oversized_archives_are_rejected_quickly(desk, name):
    part = b'--x\r\nContent-Disposition: form-data; name="archive"; filename="../../a"\r\n\r\n'
    body = part + ARCHIVES[name]() + b"\r\n--x--\r\n"
    more = {"headers": {"content-type": "multipart/form-data; boundary=x"}, "body": body}
    found = []
    path = f"/courses/{desk.course}/apply"
    spent = cpu_seconds(lambda: found.append(page_of(desk, "POST", path, **more)), all_threads=True)
    assert spent < LIMIT
    assert found[-1].status in {413, 422}, found[-1].body[:500]


FORMS = {
    "fields without end": b"a=&" * (MEBIBYTE // 3),
    "one field of megabytes": b"a=" + b"%41" * MEBIBYTE,
    "nothing but escapes": b"%00%ff&%zz=%" * 50_000,
}


@pytest.mark.parametrize("name", FORMS)
def test_oversized_forms_are_rejected_quickly(desk, name):
    kind = {"content-type": "application/x-www-form-urlencoded"}
    found = []
    path = f"/courses/{desk.course}/apply"
    act = lambda: found.append(  # noqa: E731
        page_of(desk, "POST", path, headers=kind, body=FORMS[name])
    )
    assert cpu_seconds(act, all_threads=True) < LIMIT
    assert found[-1].status in {413, 422}, found[-1].body[:500]


BEGUN = b"POST /api/v1/login HTTP/1.1\r\nHost: testserver\r\nContent-Length: 9\r\n"
HALF_OPEN = 1_000
FILES = 2 * HALF_OPEN + 500
"""Open-file limit of this process, which holds both ends of every connection."""
PATIENCE = 20


@pytest.fixture
def many_files() -> Iterator[None]:
    """Raise the open-file limit of this process to `FILES`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def half_open(port: int) -> Iterator[None]:
    """Hold connections open on which the request head never ends."""
    with ExitStack() as held:
        for _ in range(HALF_OPEN):
            line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            held.enter_context(line).sendall(BEGUN)
        yield


def health(port: int) -> int:
    return httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).status_code


@pytest.mark.usefixtures("many_files")
def test_half_open_connections_do_not_block_health_check(desk):
    """The number of connections is below the limit of a process."""
    with serve_app(desk.world.app) as port, half_open(port):
        asked = []
        act = lambda: asked.append(health(port))  # noqa: E731
        assert cpu_seconds(act, all_threads=True) < LIMIT
        assert asked[-1] == httpx2.codes.OK


@pytest.mark.usefixtures("many_files")
def test_excess_half_open_connections_do_not_block_other_clients(desk):
    config = create_config(desk.world.app, desk.world.service.settings)
    config.lifespan = "off"
    assert config.limit_concurrency < HALF_OPEN
    with (
        socket.create_server(("127.0.0.1", 0), backlog=2048) as listener,
        run_server(config, listener),
        half_open(listener.getsockname()[1]),
    ):
        asked = [health(listener.getsockname()[1]) for _ in range(3)]
    assert asked == [httpx2.codes.OK] * 3
