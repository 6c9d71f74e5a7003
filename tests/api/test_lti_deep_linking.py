"""Tests of deep linking: a teacher chooses, in a frame without cookies, what links open."""

import pytest
from lti_platform import DEEP_LINKING, DIALECTS, TOOL, LtiPlatform, Member
from pages import Browser
from sqlalchemy import select
from world import World

from api.core.ids import new_id
from api.db.models import (
    Enrolment,
    LoginSession,
    LtiContext,
    LtiLineItem,
    LtiLink,
    LtiUser,
    User,
)
from api.services.lti.launches.verification import START_AGAIN
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.public_http import PlatformHttp


@pytest.fixture
def campus(database_url):
    """Return a function that starts the service with a platform and a connected course."""
    worlds = []

    def started(dialect="moodle", *, connected=True):
        world = World(database_url)
        worlds.append(world)
        world.platform = LtiPlatform(DIALECTS[dialect])
        world.service.lti.http = PlatformHttp(world.platform.transport)
        world.platform.register(world)
        world.platform.tool_keys = load_public_keys(world.db, now=world.clock())
        world.dl = world.course()
        [world.assigned] = world.assignment(world.dl)
        [world.second] = world.assignment(world.dl)
        world.tea = world.enrol(world.dl, "Tea Cher", role="instructor")
        if connected:
            connect(world)
        return world

    yield started
    for world in worlds:
        world.close()


def connect(world):
    """Connect the context to the course, and link the teacher's account."""
    deployment = world.platform.deployment_id(world)
    with world.session() as session:
        session.add(
            LtiContext(
                id=new_id(),
                deployment_id=deployment,
                context_id=world.platform.dialect.context,
                course_id=world.dl,
                connected_at=world.clock(),
                scopes=[],
                created_at=world.clock(),
            )
        )
        session.add(
            LtiUser(
                deployment_id=deployment,
                subject=world.platform.teacher.user_id,
                user_id=world.tea.id,
                created_at=world.clock(),
            )
        )


def rows(world, model):
    with world.session() as session:
        stored = session.scalars(select(model)).all()
        session.expunge_all()
        return stored


def choose(browser, page, *assignments):
    form = page.one("form", action="/lti/deep-link")
    token = form.one("input", name="token")["value"]
    ids = [str(one.assignment) for one in assignments]
    return browser.post("/lti/deep-link", {"token": token, "assignment": ids})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_teacher_selects_an_assignment_in_a_frame_and_its_link_opens_it(campus, dialect):
    world = campus(dialect)
    frame = Browser(world)
    page = world.platform.choose_links(frame, world.platform.teacher)
    assert page.status == 200, page.text
    policy = page.headers["content-security-policy"]
    assert f"frame-ancestors {world.platform.host}" in policy or world.platform.host in policy
    answer = choose(frame, page, world.assigned)
    policy = answer.headers["content-security-policy"]
    assert f"form-action {world.platform.host}" in policy
    [link] = world.platform.take_links(answer)
    assert link["url"] == f"{TOOL}/lti/launch"
    assert link["custom"] == {"assignment": str(world.assigned.assignment)}
    assert link["window"] == {"targetName": "grader"}
    assert link["lineItem"]["resourceId"] == str(world.assigned.assignment)
    assert link["lineItem"]["scoreMaximum"] == 8
    page = world.platform.launch_link(Browser(world), world.platform.student, link)
    assert page.location == f"/assignments/{world.assigned.assignment}"
    [item] = rows(world, LtiLineItem)
    assert (item.assignment_id, item.url) == (world.assigned.assignment, link["line_item"])


def test_deep_linking_creates_no_session(campus):
    world = campus()
    before = len(rows(world, LoginSession))
    frame = Browser(world)
    choose(frame, world.platform.choose_links(frame, world.platform.teacher), world.assigned)
    assert len(rows(world, LoginSession)) == before
    assert frame.get("/api/v1/me").status == 401


def test_several_assignments_can_be_selected_if_the_platform_allows_it(campus):
    world = campus()
    frame = Browser(world)
    page = world.platform.choose_links(frame, world.platform.teacher)
    assert [one["type"] for one in page.all("input", name="assignment")] == ["checkbox"] * 2
    links = world.platform.take_links(choose(frame, page, world.assigned, world.second))
    assert len(links) == 2
    settings = {"accept_multiple": False}
    page = world.platform.choose_links(frame, world.platform.teacher, settings=settings)
    assert [one["type"] for one in page.all("input", name="assignment")] == ["radio"] * 2
    refused = choose(frame, page, world.assigned, world.second)
    assert refused.status == 422
    assert "one assignment at a time" in refused.text
    assert len(world.platform.take_links(choose(frame, refused, world.assigned))) == 1


def test_unsupported_line_items_and_windows_are_omitted_from_links(campus):
    world = campus()
    frame = Browser(world)
    settings = {"accept_lineitem": False, "accept_presentation_document_targets": ["iframe"]}
    page = world.platform.choose_links(frame, world.platform.teacher, settings=settings)
    [link] = world.platform.take_links(choose(frame, page, world.assigned))
    assert not {"lineItem", "window"} & set(link)


def test_selection_is_sent_once_and_requires_an_assignment(campus):
    world = campus()
    frame = Browser(world)
    page = world.platform.choose_links(frame, world.platform.teacher)
    again = choose(frame, page)
    assert again.status == 422
    assert "Choose at least one" in again.text
    assert choose(frame, page, world.assigned).status == 200
    used = choose(frame, page, world.assigned)
    assert used.status == 403
    assert START_AGAIN in used.text


def test_expired_selection_shows_a_page_in_the_frame(campus):
    world = campus()
    frame = Browser(world)
    page = world.platform.choose_links(frame, world.platform.teacher)
    world.clock.advance(minutes=11)
    ended = frame.send(page.one("form", action="/lti/deep-link"), assignment="x")
    assert ended.status == 403
    assert f"frame-ancestors {world.platform.host}" in ended.headers["content-security-policy"]


def test_assignment_of_another_course_cannot_be_selected(campus):
    world = campus()
    [foreign] = world.assignment(world.course())
    frame = Browser(world)
    page = world.platform.choose_links(frame, world.platform.teacher)
    assert str(foreign.assignment) not in page.source
    assert choose(frame, page, foreign).status == 422


@pytest.mark.parametrize("role", ["learner", "ta", "mentor", "administrator"])
def test_only_instructors_can_select_assignments(campus, role):
    world = campus()
    page = world.platform.choose_links(Browser(world), Member("u-9", "Some Body", role))
    assert page.status == 403
    assert "Only an instructor" in page.text
    assert rows(world, LtiLink) == []


def test_platform_instructor_enrolled_as_a_student_cannot_select(campus):
    world = campus()
    with world.session() as session:
        row = session.scalars(select(Enrolment).where(Enrolment.user_id == world.tea.id)).one()
        row.role = "student"
    page = world.platform.choose_links(Browser(world), world.platform.teacher)
    assert page.status == 403
    assert "not an instructor of the connected course" in page.text


def test_administrator_without_the_instructor_role_cannot_select(campus):
    world = campus()
    with world.session() as session:
        session.delete(
            session.scalars(select(Enrolment).where(Enrolment.user_id == world.tea.id)).one()
        )
        session.get_one(User, world.tea.id).is_admin = True
    page = world.platform.choose_links(Browser(world), world.platform.teacher)
    assert page.status == 403
    assert "not an instructor of the connected course" in page.text


def test_token_of_another_launch_cannot_be_used_for_selection(campus):
    world = campus()
    browser = Browser(world)
    page = world.platform.post_message(browser, world.platform.student)
    token = page.location.partition("token=")[2]
    assert browser.get(f"/lti/deep-link?token={token}").status == 403
    assert browser.get("/lti/deep-link?token=chosen").status == 403


def test_token_of_link_choice_opens_no_session(campus):
    world = campus()
    page = world.platform.choose_links(Browser(world), world.platform.teacher)
    token = page.one("form", action="/lti/deep-link").one("input", name="token")["value"]
    thief = Browser(world)
    assert thief.post("/lti/enter", {"token": token}).status == 403
    assert thief.get("/lti/enter", params={"token": token}).status == 403
    assert thief.get("/account").location == "/login?next=%2Faccount"


SETTINGS = {
    "no return address": {"deep_link_return_url": None},
    "a return address without https": {"deep_link_return_url": "http://moodle.example.edu/x"},
    "a return address that runs a script": {"deep_link_return_url": "javascript:alert(1)"},
    "a return address with a user": {"deep_link_return_url": "https://a@moodle.example.edu/x"},
    "files only": {"accept_types": ["file"]},
    "no types": {"accept_types": None},
    "data that are no text": {"data": 5},
    "data without end": {"data": "x" * 30_000},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_invalid_deep_linking_settings_get_an_error_page(campus, settings):
    world = campus()
    page = world.platform.choose_links(Browser(world), world.platform.teacher, settings=settings)
    assert page.status == 403
    assert page.one("p", role="alert").text.startswith("The message of Moodle")


def test_missing_deep_linking_settings_get_an_error_page(campus):
    world = campus()
    page = world.platform.choose_links(
        Browser(world), world.platform.teacher, **{DEEP_LINKING: "nothing"}
    )
    assert page.status == 403


def test_link_to_the_launch_url_offers_selection_in_the_frame(campus):
    world = campus("sakai")
    page = world.platform.begin(Browser(world), headers={"Sec-Fetch-Dest": "iframe"})
    assert page.status == 200
    link = page.one("a", text="Choose an assignment here")
    page = Browser(world).get(link["href"], headers={"Sec-Fetch-Dest": "iframe"})
    assert page.status == 303
    assert page.location.startswith(world.platform.dialect.authorization_url)


def test_unknown_teacher_first_sets_up_account_and_course_in_a_new_tab(campus):
    world = campus(connected=False)
    frame = Browser(world)
    page = world.platform.choose_links(frame, world.platform.teacher)
    assert "does not know you or this course yet" in page.text
    tab = Browser(world)
    page = tab.follow(tab.send(page.one("form", action="/lti/enter")))
    page = tab.follow(tab.send(page.all("form")[-1], "choice=new"))
    assert "not an instructor of any course" in page.text
    with world.session() as session:
        user = session.scalars(select(LtiUser)).one().user_id
        session.add(
            Enrolment(
                id=new_id(),
                course_id=world.dl,
                user_id=user,
                role="instructor",
                created_at=world.clock(),
            )
        )
    page = world.platform.choose_links(frame, world.platform.teacher)
    form = page.one("form", action="/lti/enter")
    page = tab.follow(tab.send(form))
    page = tab.follow(tab.send(page.one("form", action="/lti/connect"), course=str(world.dl)))
    assert "add the link in Moodle again" in page.text
    page = world.platform.choose_links(frame, world.platform.teacher)
    assert len(world.platform.take_links(choose(frame, page, world.assigned))) == 1


def test_link_has_the_due_time_of_its_assignment(campus):
    world = campus()
    [due] = world.assignment(world.dl, timeline_spec={"due": "2026-10-01T12:00"})
    frame = Browser(world)
    page = world.platform.choose_links(frame, world.platform.teacher)
    links = world.platform.take_links(choose(frame, page, world.assigned, due))
    times = [one.get("submission") for one in links]
    assert times == [None, {"endDateTime": "2026-10-01T12:00:00+00:00"}]
