"""Tests of who may connect a context to a course, and that connections stay in their course."""

import pytest
from lti_platform import DIALECTS, LtiPlatform, Member
from pages import Browser
from sqlalchemy import func, select
from world import World

from api.core.ids import new_id
from api.db.models import LtiContext, LtiDeployment, LtiLineItem, LtiLink, LtiUser
from api.pages.lti.connect import NOT_INSTRUCTOR
from api.services.lti.launches.verification import START_AGAIN
from api.services.lti.protocol.public_http import PlatformHttp

ONE_DATABASE = True
CONTEXT = {"id": "new-context", "title": "Deep Learning 2031"}
TA = Member("u-9", "Te Assistant", role="ta")


@pytest.fixture
def world(database_url):
    """Return a service with a platform, whose teacher and TA have accounts."""
    world = World(database_url)
    world.platform = LtiPlatform(DIALECTS["moodle"])
    world.service.lti.http = PlatformHttp(world.platform.transport)
    world.platform.register(world)
    world.dl = world.course()
    world.tea = world.enrol(world.dl, "Tea Cher", role="instructor")
    world.assistant = world.enrol(world.dl, "Te Assistant", role="instructor")
    deployment = world.platform.deployment_id(world)
    with world.session() as session:
        session.add_all(
            LtiUser(
                deployment_id=deployment,
                subject=subject,
                user_id=person.id,
                created_at=world.clock(),
            )
            for subject, person in (
                (world.platform.teacher.user_id, world.tea),
                (TA.user_id, world.assistant),
            )
        )
    yield world
    world.close()


def open_question(world, member):
    """Launch a context that is not connected; return the browser and the address that asks."""
    browser = Browser(world)
    page = world.platform.launch(browser, member, context=CONTEXT)
    assert page.location.startswith("/lti/connect?token=")
    return browser, page.location


def is_connected(world):
    with world.db.reading() as session:
        return bool(session.scalar(select(func.count()).where(LtiContext.course_id.is_not(None))))


@pytest.mark.parametrize("role", ["instructor", "grader", "student", None])
def test_another_user_with_the_launch_cookie_cannot_connect_a_course(world, role):
    browser, location = open_question(world, world.platform.teacher)
    own = world.course("own")
    other = world.person("Ot Her")
    if role:
        world.join(own, other, role=role)
    browser.cookies["grader"] = world.log_in(other)
    token = location.rpartition("=")[2]
    asked = browser.get(location)
    sent = browser.post("/lti/connect", {"token": token, "course": str(own)})
    assert (asked.status, START_AGAIN in asked.text) == (403, True)
    assert sent.status in {403, 404}
    for page in (asked, sent):
        assert CONTEXT["title"] not in page.text
    assert not is_connected(world)
    browser.cookies["grader"] = world.log_in(world.tea)
    assert CONTEXT["title"] in browser.get(location).text


def test_teacher_in_another_browser_cannot_connect_a_course(world):
    _, location = open_question(world, world.platform.teacher)
    token = location.rpartition("=")[2]
    browser = Browser(world, world.tea)
    sent = browser.post("/lti/connect", {"token": token, "course": str(world.dl)})
    assert START_AGAIN in browser.get(location).text
    assert sent.status == 403
    assert not is_connected(world)


def test_platform_ta_cannot_connect_a_course_even_as_its_instructor(world):
    browser, location = open_question(world, TA)
    token = location.rpartition("=")[2]
    asked = browser.get(location)
    sent = browser.post("/lti/connect", {"token": token, "course": str(world.dl)})
    assert [asked.status, sent.status] == [403, 403]
    assert all(NOT_INSTRUCTOR in page.text for page in (asked, sent))
    assert not is_connected(world)


@pytest.fixture
def courses(world):
    """Return our course and another one, each with a context, a link and an assignment."""
    found = []
    with world.session() as session:
        deployment = session.scalar(select(LtiDeployment.id))
    for course in (world.dl, world.course("other")):
        [assigned] = world.assignment(course)
        now = {"created_at": world.clock()}
        with world.session() as session:
            context = LtiContext(
                id=new_id(),
                deployment_id=deployment,
                context_id=str(course),
                course_id=course,
                line_items_url="https://lms.example/items",
                **now,
            )
            session.add(context)
            session.flush()
            link = LtiLink(id=new_id(), context_id=context.id, link_id="1", **now)
            session.add(link)
            found.append((course, assigned.assignment, link.id))
    return found


def count_choices(world):
    """Return the numbers of line items, and of links with an assignment."""
    with world.db.reading() as session:
        return (
            session.scalar(select(func.count()).select_from(LtiLineItem)),
            session.scalar(select(func.count()).where(LtiLink.assignment_id.is_not(None))),
        )


def test_link_and_assignment_of_another_course_are_rejected(world, courses):
    (course, assignment, link), (_, other_assignment, other_link) = courses
    browser = Browser(world, world.tea)
    for fields, status in (
        ({"link": other_link, "assignment": assignment}, 404),
        ({"link": other_link, "assignment": ""}, 404),
        ({"link": link, "assignment": other_assignment}, 422),
    ):
        page = browser.post(f"/courses/{course}/lti/links", fields)
        assert page.status == status
        assert count_choices(world) == (0, 0)
    done = browser.post(f"/courses/{course}/lti/links", {"link": link, "assignment": assignment})
    assert (done.status, count_choices(world)) == (303, (1, 1))


def test_scores_of_deleted_or_foreign_assignments_are_not_sent(world, courses):
    (course, assignment, _), (_, other_assignment, _) = courses
    [deleted] = world.assignment(course, deleted_at=world.clock())
    browser = Browser(world, world.tea)
    for unknown in (other_assignment, deleted.assignment):
        refused = browser.post(f"/courses/{course}/lti/scores", {"assignment": unknown})
        assert (refused.status, count_choices(world)) == (422, (0, 0))
    done = browser.post(f"/courses/{course}/lti/scores", {"assignment": assignment})
    assert (done.status, count_choices(world)) == (303, (1, 0))
