"""Tests of the Prometheus metrics: who may read them, and what they count."""

import re

import pytest
from world import World

ASKS = "figures-for-the-test"
ASKED = {"Authorization": f"Bearer {ASKS}"}


@pytest.fixture
def counted(database_url):
    """Yield a service with metrics enabled."""
    world = World(database_url, settings={"metrics_token": ASKS})
    yield world
    world.close()


def figures(world: World) -> dict[str, float]:
    """Return the metrics by name and labels."""
    answer = world.client.get("/metrics", headers=ASKED)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    lines = (line for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_without_a_token_in_the_settings_there_is_no_such_page(world):
    assert world.client.get("/metrics", headers=ASKED).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": ASKS}, {"Authorization": "Bearer "}, {"Authorization": "Bearer é"}],
)
def test_who_does_not_send_the_token_reads_nothing(counted, headers):
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = counted.client.get("/metrics", headers=raw)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert "grader_" not in answer.text


def test_requests_are_counted_by_method_declared_route_and_status(counted):
    course = counted.course()
    student = counted.enrol(course)
    [posed] = counted.assignment(course)
    assert student.submit(posed, {"cells": "9"}).status_code == 201
    assert student.get(f"/courses/{course}").status_code == 200
    counted.client.request("BREW", "/api/v1/coffee")
    found = figures(counted)
    route = "/api/v1/assignments/{assignment}/problems/{problem}/submissions"
    assert found[f'grader_requests_total{{method="POST",route="{route}",status="201"}}'] == 1
    course_route = "/api/v1/courses/{course}"
    assert found[f'grader_requests_total{{method="GET",route="{course_route}",status="200"}}'] == 1
    assert found['grader_request_seconds_count{area="submissions"}'] == 1
    assert found["grader_requests_under_way"] == 1  # the one that asks
    assert not [name for name in found if "BREW" in name or "coffee" in name or course.hex in name]
    assert [name for name in found if 'method="other"' in name]


def test_no_figure_names_a_person_a_thing_or_a_secret(counted):
    course = counted.course()
    student = counted.enrol(course, "Ada Zqperson")
    student.get("/me?secret=zqsecret")
    text = "\n".join(figures(counted))
    assert not re.search(r"zq|[0-9a-f]{8}-[0-9a-f]{4}", text, re.IGNORECASE)
