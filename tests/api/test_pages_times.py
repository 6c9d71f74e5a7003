"""Tests of the times on course pages: in the course's time zone, which a page states once."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pages import Browser
from populated_course import ROUTES, SCENE_SETTINGS, PageAddress, create_populated_course
from world import World

from api.db.models import Course

ZONE = "Asia/Tokyo"
OF_SEVERAL_COURSES = ("/me/requests",)
"""Pages of several courses, on which each time has its zone."""
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
PAGES = sorted(
    path
    for (method, path), route in ROUTES.items()
    if method == "GET" and not path.startswith("/api/") and route.ok == 200
    if route.access_level in {"student", "grader", "instructor"} or path == "/me/requests"
)


@pytest.fixture(scope="module")
def scene(shared_database_url):
    world = World(shared_database_url, settings=SCENE_SETTINGS)
    scene = create_populated_course(world)
    with world.session() as session:
        session.get_one(Course, scene.course).zone = ZONE
    yield scene
    world.close()


@pytest.mark.parametrize("path", PAGES)
def test_times_are_shown_in_course_time_zone(scene, path):
    route = ROUTES["GET", path]
    reader = scene.people.get(route.caller or route.access_level, scene.student)
    page = PageAddress.build(scene, path).open(Browser(scene.world, reader))
    for element in page.all("time"):
        local = datetime.fromisoformat(element["datetime"]).astimezone(ZoneInfo(ZONE))
        assert element.text.startswith(f"{local:%a} {local.day} {local:%b} {local.year}, ")
        assert f", {local:%H:%M}" in element.text
    in_course = path not in OF_SEVERAL_COURSES and page.headers["content-type"].startswith(
        "text/html"
    )
    assert [one.text for one in page.all("footer")] == [f"Times: {ZONE}"] * in_course
