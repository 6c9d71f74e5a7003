"""Tests of every route with a body: no more than 64 KiB is read before authentication."""

import re
import socket
import tempfile
from uuid import UUID

import pytest
from api_browser import PASSWORD, set_password
from fastapi.routing import APIRoute
from http_app import Pieces, ask
from pages import Browser
from serving import serve_app
from world import World

from api import app as application
from api.app import SHARED_ROUTES, UPLOAD_LIMITS
from api.http.request_body import UNAUTHENTICATED_BODY_BYTES as FREE
from api.rate_limits.event_limits import EVENT_LIMITS
from api.rate_limits.stored_events import consume_action_limit
from api.server.protocol import LimitedHttpProtocol

ONE_DATABASE = True
UNKNOWN = str(UUID(int=1))
PARAMETER = re.compile(r"\{\w+\}")
SAFE = {"GET", "HEAD"}
ANONYMOUS = {
    *("/api/v1/login", "/api/v1/invites/accept", "/api/v1/password-reset"),
    *("/api/v1/device/code", "/api/v1/device/token", "/api/v1/join/account"),
}
PAGE = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
TYPES = {
    "roster": "text/csv",
    "score-sheet": "text/csv",
    "reports": "application/octet-stream",
    "why": "application/octet-stream",
}
DOORS = [
    (method, route.path)
    for route in SHARED_ROUTES
    if isinstance(route, APIRoute)
    for method in sorted((route.methods or set()) - SAFE)
]
"""Every method and path that accepts a body."""
LARGE = [
    path
    for method, path in DOORS
    if method == "POST" and any(re.fullmatch(one, path) for one in UPLOAD_LIMITS)
]


def largest(path):
    """Return the limit of a path in bytes."""
    caps = [cap.size_bytes for pattern, cap in UPLOAD_LIMITS.items() if re.fullmatch(pattern, path)]
    return caps[0] if caps else 256 * 1024


def send(world, method, path, size, token=None):
    """Send a body of *size* bytes; return the response and how many bytes were read."""
    body = Pieces(size)
    headers = {"content-length": str(size)}
    if not path.startswith("/api/"):
        headers |= PAGE
    elif (ending := path.rpartition("/")[2]) in TYPES:
        headers["content-type"] = TYPES[ending]
    if token:
        headers["authorization"] = f"Bearer {token}"
    answered = ask(world.app, method, path, body=body, headers=headers)
    return answered, body.read


@pytest.mark.parametrize("token", [None, "gr_api_nobody"])
def test_no_route_reads_a_large_body_from_an_unauthenticated_caller(world, token):
    """Holds for ids that do not exist, too: authentication precedes any lookup."""
    assert len(DOORS) > 150
    for method, path in DOORS:
        asked = PARAMETER.sub(UNKNOWN, path)
        for size in (FREE + 1, largest(path)):
            answered, read = send(world, method, asked, size, token)
            expected = (413, FREE + 16 * 1024) if path in ANONYMOUS else (401, 0)
            assert (answered.status, read) <= expected, (method, path, size)
            assert answered.status == expected[0], (method, path, size)


def test_every_upload_limit_applies_to_two_routes():
    assert len(LARGE) == 2 * len(UPLOAD_LIMITS)


@pytest.mark.parametrize("path", LARGE)
def test_upload_is_read_only_from_authorized_callers(world, course, path):
    [assigned] = world.assignment(course)
    student, outsider = world.enrol(course), world.person("Out Sider")
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    ids = {"assignment": assigned.assignment, "problem": assigned.slug, "part": "why"}
    place = path.format(course=course, **ids)
    size = largest(path)
    [cap] = [cap for pattern, cap in UPLOAD_LIMITS.items() if re.fullmatch(pattern, path)]
    refused = [(outsider, 404)]
    if cap.permission != "submit":
        refused.append((student, 403))
    for person, status in refused:
        answered, read = send(world, "POST", place, size, person.token)
        assert (answered.status, read) == (status, 0)
    for nowhere in (UNKNOWN, "not-an-id"):
        asked = PARAMETER.sub(nowhere, path)
        answered, read = send(world, "POST", asked, size, teacher.token)
        assert (answered.status, read) == (404, 0)
    answered, read = send(world, "POST", place, size, teacher.token)
    assert read == size or answered.status == 413  # a form has a limit for one field, too
    # Staff hand in as the test student only.
    assert answered.status in {413, 422} | ({403} if cap.permission == "submit" else set())
    answered, read = send(world, "POST", place, size + 1, teacher.token)
    assert (answered.status, read) == (413, 0)


@pytest.mark.parametrize("path", LARGE)
def test_upload_budget_is_checked_before_the_upload_is_read(world, course, path):
    [assigned] = world.assignment(course, attachments=True)
    student, teacher = world.enrol(course), world.enrol(course, "Tea Cher", role="instructor")
    ids = {"assignment": assigned.assignment, "problem": assigned.slug, "part": "why"}
    place = path.format(course=course, **ids)
    [cap] = [cap for pattern, cap in UPLOAD_LIMITS.items() if re.fullmatch(pattern, path)]
    sender = student if cap.permission == "submit" else teacher
    with world.session() as session:
        for _ in range(EVENT_LIMITS[cap.limited_action].count):
            consume_action_limit(session, cap.limited_action, str(sender.id), now=world.clock())
    answered, read = send(world, "POST", place, 300_000, sender.token)
    assert (answered.status, read) == (429, 0)
    assert int(answered.headers["retry-after"]) > 0


def test_rate_limit_is_checked_before_an_upload_is_read(database_url):
    world = World(database_url, settings={"requests_per_minute": 1})
    teacher = world.person(admin=True)
    path = f"/api/v1/courses/{world.course()}/roster"
    sizes = [send(world, "POST", path, 300_000, teacher.token) for _ in range(2)]
    world.close()
    assert [(answered.status, read) for answered, read in sizes] == [(422, 300_000), (429, 0)]


def test_uploaded_form_files_are_never_written_to_disk(world, course, monkeypatch):
    """A stranger could fill `/tmp`, which is in memory if it is a tmpfs."""
    teacher = world.enrol(course, role="instructor")

    def refuse(_self):
        raise AssertionError("a file was spooled to the disk")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", refuse)
    roster = b"name,email\n" + b"".join(b"P %d,p%d@example.edu\n" % (n, n) for n in range(120_000))
    assert len(roster) > 2 * 1024 * 1024
    found = Browser(world, teacher).post(
        f"/courses/{course}/roster", files={"file": ("roster.csv", roster)}
    )
    assert found.status in {200, 422}, found.text


def test_login_page_reports_a_form_too_large_to_keep(world, student):
    browser = Browser(world, student)
    world.clock.advance(days=8)
    for pasted in ("9" * (FREE + 1), "é" * (FREE // 7)):  # é takes six bytes in a form
        asked = browser.post("/me", {"name": pasted})
        assert asked.status == 401
        assert ("too large to keep" in asked.text) == (len(pasted) > FREE)
        assert ("Your input is kept" in asked.text) == (len(pasted) < FREE)
    files = {"file": ("a.txt", b"x"), "note": (None, "é" * (FREE // 4))}
    asked = browser.post("/me", files=files)
    assert asked.status == 401
    assert "too large to keep" in asked.text


def test_kept_form_can_be_resubmitted_after_login(world, student):
    email = set_password(world, student)
    browser = Browser(world, student)
    world.clock.advance(days=8)
    asked = browser.post("/me", {"name": "9" * (FREE - 5_000)})
    assert "Your input is kept" in asked.text
    resumed = browser.send(asked.one("form"), email=email, password=PASSWORD)
    assert resumed.status == 200
    assert resumed.one("form")["action"] == "/me"


def test_slow_form_gets_a_timeout_page(database_url, monkeypatch):
    monkeypatch.setattr(
        application, "_build_body_limits", lambda _: application.BodyLimits(timeout_seconds=0.1)
    )
    world = World(database_url)
    head = [*(f"{name}: {value}" for name, value in PAGE.items()), "Accept: text/html"]
    head = ["POST /login HTTP/1.1", "Host: a", *head, "Content-Length: 100", "", "email=a"]
    with (
        serve_app(world.app, http=LimitedHttpProtocol, ws="none") as port,
        socket.create_connection(("127.0.0.1", port), timeout=20) as line,
    ):
        line.sendall("\r\n".join(head).encode())
        answer = b"".join(iter(lambda: line.recv(65536), b"")).decode()
    world.close()
    assert answer.startswith("HTTP/1.1 408 ")
    assert "connection: close" in answer
    assert "did not arrive in time" in answer
    assert "<!doctype html>" in answer.lower()
