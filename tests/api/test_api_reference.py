"""Tests of the API reference: every operation is there, and bash runs each of its commands."""

import json
import os
import shutil
import subprocess

import pytest
from markupsafe import escape
from pages import Browser
from populated_course import ROUTES, SCENE_SETTINGS, create_populated_course
from scene import HERE
from serving import serve_app
from world import World

from api.markup.api_reference import build_reference, format_shell_variable
from api.pages.layout.templating import CSP

BASH = shutil.which("bash") or "bash"
NOT_FOR_EXAMPLES = {404, 409, 412, 422, 428}
"""Statuses of calls whose example names people and objects that this service does not have."""
LAST = ("post_logout", "delete_me", "post_me_password", "post_user_erase", "delete_")
"""Beginnings of the operations that end what others need."""


@pytest.fixture(scope="module")
def scene(shared_database_url):
    world = World(shared_database_url, settings=SCENE_SETTINGS)
    yield create_populated_course(world)
    world.close()


@pytest.fixture(scope="module")
def operations(scene):
    areas = build_reference(scene.world.app.openapi())
    return [one for area in areas for one in area.operations]


def test_api_reference_shows_every_operation_with_its_command(scene, operations):
    page = Browser(scene.world).get("/api")
    assert page.status == 200
    assert page.headers["content-security-policy"] == CSP
    document = scene.world.app.openapi()
    paths = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert {(one.method, one.path) for one in operations} == paths
    assert len(operations) == len(paths) > 150
    commands = {one.command for one in operations}
    assert [one for one in commands if str(escape(one)) not in page.source] == []
    assert {one.id for one in operations} <= {one.get("id") for one in page.all("article")}


def test_api_reference_supports_conditional_requests(scene):
    first = scene.world.client.get("/api")
    again = scene.world.client.get("/api", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def reader(scene, one) -> str:
    """Return a new token of a person who may call an operation."""
    least = ROUTES[one.method, one.path].access_level
    person = scene.people[{"anyone": "student", "person": "student"}.get(least, least)]
    return scene.world.token(person.id)


EXAMPLE_STATUSES = {
    "/device/token": {400},  # OAuth: the code of the example is not that of a login
    "/login": {401},  # the example names no account
    "/courses/{course}/problems/{problem_version}/diff": {404},  # a first version has no diff
}
"""Statuses of operations whose examples cannot succeed, by path."""


def of_students(one) -> bool:
    """Return whether the caller is a student, whom calls of staff may withdraw or suspend."""
    return ROUTES[one.method, one.path].access_level in {"student", "person"}


def test_example_commands_run_in_bash_against_the_service(scene, operations):
    if shutil.which("curl") is None or shutil.which("bash") is None:
        absent = pytest.fail if os.environ.get("GRADER_TEST_ALL") else pytest.skip
        absent("there is no curl or no bash on this machine")
    reads = [one for one in operations if one.method == "GET"]
    writes = [one for one in operations if one.method != "GET"]
    writes.sort(key=lambda one: (not of_students(one), one.id.startswith(LAST)))
    faults, done = [], 0
    with serve_app(scene.world.app) as port:
        for one in (*reads, *writes):
            places = scene.places[HERE] | dict(ROUTES[one.method, one.path].path)
            variables = {format_shell_variable(name): value for name, value in places.items()}
            variables |= {
                "BASE": f"http://127.0.0.1:{port}",
                "TOKEN": reader(scene, one),
                "ETAG": '"1"',
                "PATH": os.environ["PATH"],
            }
            command = one.command.replace("curl -sS", "curl -sS -o /dev/null -w '%{http_code}'", 1)
            run = subprocess.run(
                [BASH, "-euc", command],
                env=variables,
                check=False,
                capture_output=True,
                text=True,
            )
            status = int(run.stdout) if run.stdout.isdigit() else 0
            route = ROUTES[one.method, one.path]
            allowed = {route.ok} | (NOT_FOR_EXAMPLES if one in writes else set())
            allowed = EXAMPLE_STATUSES.get(one.path.removeprefix("/api/v1"), allowed)
            if route.login:
                allowed = {*allowed, 403}  # it needs a session and refuses tokens
            succeeded = 200 <= status < 300
            done += succeeded
            if not succeeded and status not in allowed:
                faults.append(f"{one.method} {one.path}: {status} {run.stderr}")
    assert faults == [], "\n".join(faults)
    assert done > len(reads)


def test_example_bodies_remain_a_single_shell_argument(operations):
    bodies = [one for one in operations if "--data-binary" in one.command]
    assert len(bodies) > 40
    for one in bodies:
        printed = subprocess.run(
            [BASH, "-c", one.command.replace("curl", "printf '%s\\n'", 1)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        body = printed.partition("--data-binary\n")[2].rpartition("\n")[0].rpartition("\n")[0]
        if "application/json" in one.command:
            assert isinstance(json.loads(body), dict | list)
        assert body
