"""The demo course in a test world, with few students."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from actors import NOW
from sqlalchemy import select
from world import World

from api.demo.course import find_demo_course, get_or_create_demo_course
from api.demo.logins import renew_logins
from api.demo.plan import PLAN, collect_problem_ids
from api.demo.welcome import WelcomeMessage, load_welcome


def create_demo(world: World, *, students: int, **more: Any) -> Any:
    """Publish the problems that the demo needs, create the course, and return its id."""
    for name in sorted(collect_problem_ids(PLAN)):
        world.version(name)
    with ThreadPoolExecutor(1) as pool:
        given = {"executor": pool, "students": students, "now": NOW} | more
        return get_or_create_demo_course(world.db, PLAN, **given)


def read_welcome(world: World) -> WelcomeMessage:
    """Return the welcome message that the service prints for the demo when it starts."""
    with world.db.reading() as session:
        course = find_demo_course(session)
    assert course is not None
    now = world.clock()
    logins = renew_logins(world.db, course.id, passwords=world.service.passwords, now=now)
    found = load_welcome(world.db, course.id, logins, now=now)
    assert found is not None
    return found


def select_rows(world: World, *what: Any) -> list[Any]:
    with world.db.reading() as session:
        return list(session.execute(select(*what)))
