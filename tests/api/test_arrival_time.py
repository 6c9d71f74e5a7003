"""Tests of the arrival time: that of the last byte, by the service's clock."""

import json
import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from event_loops import run_in_shared_loop
from student_setup import DUE_TOMORROW


def send_slowly(world, person, path, body, *, media, known_length, wait):
    """Return the response to a request whose body ends *wait* after its head."""

    async def pieces() -> AsyncIterator[bytes]:
        yield body[:5]
        world.clock.advance(**wait)
        yield body[5:]

    async def send() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=world.app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {person.token}", "Content-Type": media}
        headers |= {"Content-Length": str(len(body))} if known_length else {}
        headers |= {"Sec-Fetch-Site": "same-origin"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.post(path, content=pieces(), headers=headers)

    return run_in_shared_loop(send())


@pytest.mark.parametrize("known_length", [True, False], ids=["length", "chunks"])
@pytest.mark.parametrize("remembered", [True, False])
def test_json_body_that_ends_after_the_deadline_is_late(
    world, course, student, known_length, remembered
):
    [problem] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    if remembered:
        assert student.submit(problem, {"cells": "8"}).status_code == 201
    world.clock.advance(hours=23)
    body = json.dumps({"answers": {"cells": "9"}}).encode()
    told = send_slowly(
        world,
        student,
        f"/api/v1{problem.path}/submissions",
        body,
        media="application/json",
        known_length=known_length,
        wait={"hours": 2},
    )
    assert (told.status_code, told.json()["code"]) == (409, "deadline_passed")


def test_form_body_that_ends_after_the_deadline_is_late(world, course, student):
    [problem] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    world.clock.advance(hours=23)
    headers = {"Authorization": f"Bearer {student.token}"}
    shown = world.client.get(problem.path, headers=headers).text
    [asked] = re.findall(r'name="asked" value="([^"]+)"', shown)
    told = send_slowly(
        world,
        student,
        problem.path,
        f"asked={asked}&number=1&answer.cells=9&check=cells".encode(),
        media="application/x-www-form-urlencoded",
        known_length=True,
        wait={"hours": 2},
    )
    assert "deadline has passed" in told.text
    assert student.get(f"{problem.path}/submissions").json()["items"] == []


def test_body_that_ends_before_the_deadline_is_on_time(world, course, student):
    [problem] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    world.clock.advance(hours=23)
    told = send_slowly(
        world,
        student,
        f"/api/v1{problem.path}/submissions",
        json.dumps({"answers": {"cells": "9"}}).encode(),
        media="application/json",
        known_length=True,
        wait={"hours": 1},
    )
    assert told.status_code == 201
    assert told.json()["received_at"] == "2026-11-03T12:00:00.000000Z"
