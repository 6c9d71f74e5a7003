"""Tests that every page, for each role that may see it, has no fault in the browser.

Each page is checked at three sizes, in light and dark. The pages come from the table of
routes: a new page is checked as soon as it has an entry there. `STATES` adds what their
addresses do not show. Every template is rendered by one of these tests.
"""

import re
from pathlib import Path

import pytest
from access.pages import FORM_TYPE, NEWCOMER_LOGIN, SAME_ORIGIN
from access.pages_lti import BROWSER_HEADERS, LMS, begin_launch, build_login_initiation
from pages import Browser as Requests
from populated_course import ROUTES, PageAddress, RouteCall
from screens import faults, look, overflow, violations
from sqlalchemy import update

import api
from api.db.models import Assignment, LtiContext, OutboxMessage
from api.markup.docs_files import list_pages, page_address
from api.pages import api_reference, docs
from api.pages.layout import templating
from api.services.outbox.smtp import NOT_REACHED

load_environment = templating.load_environment  # its cache is renewed
NO_PAGES = ("/api/", "/static/", "/client/", "/docs/pictures/", "/healthz", "/readyz")
FILES = (
    "/attachments/{attachment}/image",
    "/assignments/{assignment}/report-template",
    "/assignments/{assignment}/reports/{report}/document",
    "/assignments/{assignment}/score-sheet",
    "/calendar/{secret}.ics",
    "/courses/{course}/export/archive",
    "/courses/{course}/exports/submissions",
    "/courses/{course}/exports/{form}",
    "/me/export",
    "/lti/config.json",
    "/lti/jwks",
)
PAGES = sorted(
    path
    for (method, path), route in ROUTES.items()
    if method == "GET" and not path.startswith(NO_PAGES) and path not in FILES
    if route.ok == 200
)
NO_ANSWERS = (
    "/assignments/{assignment}/problems/{problem}/draft",
    "/assignments/{assignment}/problems/{problem}/reading",
    "/courses/{course}/exports/moodle",
    "/courses/{course}/invites",
    "/courses/{course}/problems/check/preview",
)
"""Forms whose response is a file, or a piece of a page that a script inserts."""
ANSWERS = sorted(
    path
    for (method, path), route in ROUTES.items()
    if method == "POST" and not path.startswith(NO_PAGES) and path not in NO_ANSWERS
    if route.ok == 200
)
"""Forms whose response is a page."""
READERS = {"anyone": [None], "person": ["student", "instructor"]}
READERS |= {"student": READERS["person"]}
OF_STUDENTS = (
    "/assignments/{assignment}/history",
    "/assignments/{assignment}/problems/{problem}/submissions",
    "/courses/{course}/grades",
)
"""Pages that staff do not have, since they have no submissions and no grades."""
FRAMED = {"Sec-Fetch-Dest": "iframe"}
OVER = {"due": "2026-10-20 12:00"}


def visit(scene, who, path, **query):
    """Return the response to a person of the scene."""
    headers = {"Accept": "text/html", **scene.logins[scene.people[who].id]}
    return scene.ask("GET", path, headers=headers, params=query)


def opened_student(scene):
    with scene.world.session() as session:
        slug = session.get_one(Assignment, scene.assigned.assignment).slug
    return visit(scene, "grader", f"/courses/{scene.course}/students/{scene.student.id}", open=slug)


def solution(scene):
    [assigned] = scene.world.assignment(
        scene.course, "receptive-field-recursion", timeline_spec=OVER, solutions="after_close"
    )
    visit(scene, "student", assigned.path)
    return visit(scene, "student", f"{assigned.path}/solution")


def interrupted(scene):
    """Return the response to a login in the middle of an answer."""
    copy = scene.snapshot()
    answer = scene.ask(
        "POST",
        "/login",
        headers={"Content-Type": FORM_TYPE, **SAME_ORIGIN},
        content=f"{NEWCOMER_LOGIN}&next={scene.assigned.path}&kept.answer.cells=9",
    )
    scene.restore(copy)
    return answer


def with_rows(scene, *statements, path):
    """Return a page of the instructor after *statements*, which are undone."""
    copy = scene.snapshot()
    with scene.world.session() as session:
        for statement in statements:
            session.execute(statement)
    answer = visit(scene, "instructor", path)
    scene.restore(copy)
    return answer


def waiting_mail(scene):
    """Return the page of a course whose messages wait for the SMTP server."""
    waiting = update(OutboxMessage).where(
        OutboxMessage.course_id == scene.course, OutboxMessage.kind == "invitation"
    )
    answer = with_rows(
        scene,
        waiting.values(status="waiting", error=NOT_REACHED),
        path=f"/courses/{scene.course}/mail",
    )
    assert NOT_REACHED in answer.text
    return answer


def compared_roster(scene):
    """Return the page of a course whose roster has people whom Grader did not add."""
    counts = {"added": 1, "known": 2, "unlinked": 3, "refused": 4321, "left": 1}
    now = scene.world.clock()
    compared = update(LtiContext).where(LtiContext.course_id == scene.course)
    answer = with_rows(
        scene,
        compared.values(
            roster_synced_at=now, roster_due_at=now, roster_counts=counts, roster_error="no reply"
        ),
        path=f"/courses/{scene.course}/lti",
    )
    assert "4,321" in answer.text
    return answer


def launched_in_frame(scene):
    launch = begin_launch(scene)
    headers = launch["headers"] | FRAMED | {"Content-Type": FORM_TYPE}
    return scene.ask("POST", "/lti/launch", headers=headers, content=launch["body"])


STATES = {
    "error.html": lambda scene: visit(scene, "student", "/nowhere"),
    "lti/continue.html": launched_in_frame,
    "lti/open.html": lambda scene: scene.ask(
        "GET", "/lti/login", headers=FRAMED, params=build_login_initiation(scene)
    ),
    "lti/refused.html": lambda scene: scene.ask(
        "GET", "/lti/enter?token=x", headers=BROWSER_HEADERS
    ),
    "resume.html": interrupted,
    "staff/lti_course.html": compared_roster,
    "staff/mail.html": waiting_mail,
    "staff/assignment_shown.html": lambda scene: visit(
        scene, "instructor", f"/assignments/{scene.assigned.assignment}/edit", saved="published"
    ),
    "staff/student_opened.html": opened_student,
    "student/solution_way.html": solution,
}
"""Requests for templates, or states of them, that no address of the table shows."""
REFUSED = re.compile(r"error: Failed to load resource: the server responded with a status of 4\d\d")
ELSEWHERE = {
    "student/practice.html": "test_practice_and_inputs.py",
    "student/problem_saved.html": "test_problem_states.py",
}
"""Templates that other tests render and check, by the file of the tests."""


def readers(path):
    """Return the roles that look at a page.

    This is the least privileged role, and an instructor as well on pages of students.
    """
    route = ROUTES["GET", path]
    if route.caller:
        return [route.caller]
    alone = route.owned or path in OF_STUDENTS
    return [route.access_level] if alone else READERS.get(route.access_level, [route.access_level])


@pytest.mark.parametrize("path", PAGES)
def test_page_has_no_detectable_faults(tour, opened, path):
    screens, scene = tour
    address = PageAddress.build(scene, path)
    for reader in readers(path):
        page = opened(reader)
        page.context.add_cookies(
            [
                {"name": name, "value": value, "url": screens.address}
                for name, value in address.cookies.items()
            ]
        )
        screens.said.clear()
        answer = page.goto(address.url)
        assert (answer.status, [*faults(page), *screens.said]) == (200, []), reader


def displayed(page, answer):
    """Display a response as the page at its address; what it sends to the platform is dropped."""
    path = answer.request.url.path
    page.route(
        re.compile(rf"{re.escape(path)}(\?|$)"),
        lambda route: route.fulfill(
            status=answer.status_code, headers=dict(answer.headers), body=answer.content
        ),
    )
    page.route(f"{LMS}/**", lambda route: route.fulfill(status=204))
    page.goto(path, wait_until="commit")  # the answer to a platform is sent before it is loaded
    page.wait_for_selector("h1")


def noted(screens):
    """Return what the browser said and requested, except what a refused launch or its answer do."""
    screens.elsewhere[:] = [one for one in screens.elsewhere if not one.startswith(LMS)]
    return [one for one in screens.said if not REFUSED.match(one)]


@pytest.mark.parametrize("path", ANSWERS)
def test_form_response_has_no_detectable_faults(tour, path):
    screens, scene = tour
    answer = RouteCall(scene, ("POST", path)).by_least()
    page = screens.open()
    screens.said.clear()
    displayed(page, answer)
    assert (answer.status_code, [*faults(page), *noted(screens)]) == (200, [])


@pytest.mark.parametrize("template", STATES)
def test_page_state_has_no_detectable_faults(tour, template):
    screens, scene = tour
    page = screens.open()
    answer = STATES[template](scene)
    screens.said.clear()
    displayed(page, answer)
    assert [*faults(page), *noted(screens)] == []


@pytest.fixture
def rendered(monkeypatch):
    """Return the names of the templates that are rendered from now on.

    The environment is a new one, because an import that has run once is not repeated. Pages
    that are cached are rendered again.
    """
    load_environment.cache_clear()
    api_reference.PAGE_BY_APP.clear()
    monkeypatch.setattr(docs, "_render_docs_page", docs._render_docs_page.__wrapped__)  # noqa: SLF001
    names, environment = set(), load_environment()
    get = environment.get_template

    def record(name, *args, **more):
        names.add(name)
        return get(name, *args, **more)

    environment.get_template = record
    yield names
    load_environment.cache_clear()


def test_every_template_is_rendered_by_the_fault_tests(tour, rendered):
    """They request the same pages here, without a browser."""
    _, scene = tour
    for path in PAGES:
        for reader in readers(path):
            person = scene.people[reader] if reader else None
            PageAddress.build(scene, path).open(Requests(scene.world, person))
    for path in ANSWERS:
        RouteCall(scene, ("POST", path)).by_least()
    for template, ask in STATES.items():
        rendered.discard(template)
        ask(scene)
        assert template in rendered
    folder = Path(api.__file__).parent / "web" / "templates"
    templates = {str(one.relative_to(folder)) for one in folder.rglob("*.html")}
    assert sorted(templates - rendered - ELSEWHERE.keys()) == []
    for template, test in ELSEWHERE.items():
        assert template in templates - rendered
        text = (Path(__file__).parent / test).read_text(encoding="utf-8")
        assert "faults(" in text or "violations(" in text


@pytest.mark.parametrize("name", sorted(list_pages()))
def test_documentation_page_has_no_faults_on_phone(tour, opened, name):
    """The table of routes names only one such page, which is checked like all pages."""
    screens, _ = tour
    page = opened(None)
    screens.said.clear()
    look(page, width=390, scheme="light")
    page.goto(page_address(name))
    assert (overflow(page), [*violations(page), *screens.said]) == (0, [])


FAINT = "light-dark(#1b2430, #2a3038)"


def test_low_contrast_in_dark_mode_only_is_detected(opened):
    """Plant a contrast fault, to prove that colors are checked in dark mode."""
    page = opened(None)
    page.goto("/login")
    page.evaluate("ink => document.documentElement.style.setProperty('--ink', ink)", FAINT)
    found = [*faults(page)]
    assert {one.split(":")[0] for one in found} == {"1280 dark", "390 dark"}
    assert all("color-contrast" in one for one in found)
