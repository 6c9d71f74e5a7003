"""Journey from a learning platform, in a browser that blocks third-party cookies.

The platform is the site https://lms.example, which a server of this test is. The service is another
site, so its cookies are blocked in the frames of the platform.
"""

import html
import shutil
import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
import uvicorn
from api_browser import PASSWORD, get_email, set_password
from certificates import write_certificate
from lti_platform import DEEP_LINKING, Dialect, LtiPlatform, Member
from playwright.sync_api import expect
from regrading import run_action, run_dry_run
from screens import Screens, violations
from serving import run_server
from sqlalchemy import select
from world import World

from api.db.models import Assignment, Course
from api.services.lti.launches.initiation import UNKNOWN_PLATFORM
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.public_http import PlatformHttp

LMS = "https://lms.example"
DIALECT = Dialect(
    "Lms",
    issuer=LMS,
    origin=LMS,
    authorization_url=f"{LMS}/auth",
    client_id="grader-client",
    deployment="1",
    context="dl-2026",
)
COPIED = {"id": "dl-2027", "title": "DL 2027"}


METADATA = {
    "issuer": LMS,
    "authorization_endpoint": f"{LMS}/auth",
    "token_endpoint": f"{LMS}/token",
    "jwks_uri": f"{LMS}/jwks",
    "registration_endpoint": f"{LMS}/register",
}
WAITING = """
addEventListener("message", (event) => {
  if (event.data.subject !== "org.imsglobal.lti.close") return;
  document.querySelector("iframe")?.remove();
  document.querySelector("h1").textContent = "Confirm the tool";
});
"""
"""What pages of Canvas and Moodle do with the message that ends a registration."""


class Answering(BaseHTTPRequestHandler):
    """Answers with the pages of the *site* of its server."""

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        status, page = self.server.site.respond(self.path, self.rfile.read(length).decode())
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page.encode())))
        self.end_headers()
        self.wfile.write(page.encode())

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        """Log nothing."""


@contextmanager
def serving_https(site, folder):
    """Serve the pages of a site over TLS, and yield the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.site = site
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_certificate(folder, "lms.example"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Site:
    """Pages of the platform: a course with a frame, the login, and the end of deep linking.

    *member* is the person who is logged in to the platform. *changes* replace claims of the next
    launch. *client_id* is that of the tool, and *referrer* the policy of the page with the frame.
    *registration* is the registration link that an administrator of Grader created.
    """

    def __init__(self, platform):
        self.platform = platform
        self.member, self.target, self.changes = platform.teacher, "launch", {}
        self.client_id, self.referrer = DIALECT.client_id, "origin"
        self.registration = ""

    def respond(self, address, body):
        """Return the status and the page at an address; *body* is that of a form."""
        url = urlsplit(address)
        if url.path == "/course":
            page = self.course()
        elif url.path == "/tools":
            page = self.tools()
        elif url.path == "/tools-in-windows":
            page = self.tools(in_window=True)
        elif url.path == "/auth":
            page = self.authorize({n: v[0] for n, v in parse_qs(url.query).items()})
        elif url.path == "/links":
            made = self.platform.take_answer(parse_qs(body)["JWT"][0])
            page = f"<h1>Added {len(made)}</h1>"
        else:
            return 404, ""
        return 200, f"<!doctype html><html lang=en><title>Lms</title><body>{page}"

    def course(self):
        """Return a page whose frame begins a launch, as pages of platforms do."""
        parameters = {
            "iss": LMS,
            "login_hint": self.member.user_id,
            "target_link_uri": f"{self.platform.tool}/lti/{self.target}",
            "client_id": self.client_id,
            "lti_deployment_id": DIALECT.deployment,
        }
        form = _form(f"{self.platform.tool}/lti/login", parameters, target="tool")
        frame = "<iframe name=tool title=Grader width=900 height=700></iframe>"
        policy = f'<meta name=referrer content="{self.referrer}">'
        return f"{policy}<h1>Course</h1>{frame}{form}"

    def tools(self, *, in_window=False):
        """Return the page that registers a tool in a frame, and waits until the tool ends it.

        With *in_window*, a button opens a window for it instead.
        """
        query = urlencode({"openid_configuration": f"{LMS}/openid", "registration_token": "token"})
        url = html.escape(f"{self.registration}?{query}")
        place = f'<iframe name=tool title=Grader src="{url}" width=900 height=700></iframe>'
        if in_window:
            place = f"<button onclick=\"window.open('{url}')\">Add a tool</button>"
        return f"<h1>Tools</h1>{place}<script>{WAITING}</script>"

    def authorize(self, query):
        """Return the page that sends the message of the platform."""
        claims = self.platform.claims(self.member, query["nonce"], **self.changes)
        message = {"state": query["state"], "id_token": self.platform.signed(claims)}
        return _form(query["redirect_uri"], message)

    def choose_links(self):
        """Let the next launch choose what links open."""
        settings = {
            "deep_link_return_url": f"{LMS}/links",
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": True,
            "data": "opaque & kept",
        }
        self.target = "deep-link"
        self.changes = {
            "message_type": "LtiDeepLinkingRequest",
            "resource_link": None,
            "target_link_uri": f"{self.platform.tool}/lti/deep-link",
            DEEP_LINKING: settings,
        }

    def open_link(self, link, **changes):
        """Let the next launch open a link."""
        self.target = "launch"
        self.changes = self.platform.claims_of_link(link) | changes


def _form(action, fields, target="_self"):
    inputs = "".join(
        f'<input type=hidden name="{name}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )
    script = "<script>document.forms[0].submit()</script>"
    return f'<form method=post action="{action}" target="{target}">{inputs}</form>{script}'


@pytest.fixture
def campus(open_strict_chromium, sqlite_template, tmp_path):
    """Yield a service that a browser reaches, with a platform that is not registered yet."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    database = shutil.copyfile(sqlite_template, tmp_path / "grader.db")
    world = World(f"sqlite:///{database}", settings={"public_url": address})
    world.platform = LtiPlatform(DIALECT, tool=address, now=int(world.clock().timestamp()))
    world.service.lti.http = PlatformHttp(world.platform.transport)
    world.platform.tool_keys = load_public_keys(world.db, now=world.clock())
    world.site = Site(world.platform)
    config = uvicorn.Config(world.app, log_config=None, lifespan="off", server_header=False)
    with listener, run_server(config, listener), serving_https(world.site, tmp_path) as port:
        world.screens = Screens(
            open_strict_chromium(f"lms.example 127.0.0.1:{port}"), world, address
        )
        yield world
        world.screens.close()
    world.close()


def frame_of(page):
    """Open the course of the platform, and return the frame of the tool."""
    page.goto(f"{LMS}/course")
    frame = page.frame(name="tool")
    assert frame is not None
    return frame


def register(world):
    """Register the platform by hand, as an administrator does."""
    page = world.screens.open(world.person(admin=True))
    page.goto("/lti/platforms/new")
    fields = {"name": "Lms", "origin": LMS, "issuer": LMS, "client_id": DIALECT.client_id}
    fields |= {"authorization_url": f"{LMS}/auth", "token_url": f"{LMS}/token"}
    fields |= {"jwks_url": f"{LMS}/jwks", "deployments": "1"}
    for name, value in fields.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("status")).to_contain_text("registered")


def set_up(world, course):
    """Let the teacher link the account and connect the course in a new tab; return the page."""
    page = world.screens.open(world.teacher)
    world.site.choose_links()
    frame = frame_of(page)
    button = frame.get_by_role("button", name="Continue as Tea Cher")
    expect(button).to_be_visible()
    assert violations(frame) == []
    with page.expect_popup() as opened:
        button.click()
    tab = opened.value
    tab.get_by_label("E-mail").fill(get_email(world, world.teacher))
    tab.get_by_label("Password").fill(PASSWORD)
    assert violations(tab) == []
    tab.get_by_role("button", name="Use this account").click()
    tab.get_by_label("Course in Grader").select_option(str(course))
    tab.get_by_role("button", name="Connect").click()
    expect(tab.get_by_role("status")).to_contain_text("add the link in Lms again")
    tab.close()
    return page


def choose(world, page):
    """Let the teacher choose an assignment in the frame, and return its link."""
    world.site.choose_links()
    frame = frame_of(page)
    frame.get_by_label("Homework 1").check()
    assert violations(frame) == []
    frame.get_by_role("button", name="Add to Lms").click()
    expect(frame.get_by_role("heading", name="Added 1")).to_be_visible()
    [link] = world.platform.links
    return link


def synchronize(world, page, course):
    """Let the teacher fetch the roster."""
    page.goto(f"/courses/{course}/lti")
    page.get_by_role("button", name="Sync the roster of").click()
    expect(page.get_by_role("status")).to_contain_text("The roster will be compared")
    world.service.roster_runner.run_until_idle()
    page.reload()
    expect(page.locator("form.card")).to_contain_text("New in this course: 2.")
    assert violations(page) == []


def open_in_tab(page):
    """Open the link in the frame of a platform in a new tab, and return it."""
    frame = frame_of(page)
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="Open in a new tab").click()
    return opened.value


def answer(world, assigned, link):
    """Let the student open the link and answer a part."""
    world.site.member = world.platform.student
    world.site.open_link(link)
    tab = open_in_tab(world.screens.open())
    expect(tab.get_by_role("heading", level=1)).to_have_text("Homework 1")
    assert tab.url.endswith(f"/assignments/{assigned.assignment}")
    tab.goto(assigned.path)
    tab.locator("#part-cells input:not([type=hidden])").first.fill("9")
    tab.locator("#part-cells").get_by_role("button", name="Check answer").click()
    expect(tab.locator("#told-cells")).to_contain_text("Correct")


def scores(world, link):
    """Let the worker send scores, and return those in the line item of the link."""
    world.service.score_runner.run_until_idle()
    item = urlsplit(link["line_item"]).path.rpartition("/")[2]
    return [one["scoreGiven"] for one in world.platform.scores_of("u-student", item)]


def copy(world, page, link):
    """Let the teacher connect a copied course to a copy; return the path that is opened."""
    world.site.member = world.platform.teacher
    world.site.open_link(
        link, context=COPIED, resource_link={"id": "copied", "title": "Homework 1"}
    )
    tab = open_in_tab(page)
    expect(tab.get_by_role("heading", name="A new term: copy the course")).to_be_visible()
    assert violations(tab) == []
    tab.get_by_label("Short name of the copy").fill("dl-2027")
    tab.get_by_role("button", name="Copy and connect").click()
    expect(tab.get_by_role("status")).to_contain_text("Connected")
    return urlsplit(tab.url).path


def test_course_works_in_platform_frames_without_cookies(campus):
    world, sent = campus, []
    course = world.course()
    [assigned] = world.assignment(course)
    world.teacher = world.enrol(course, "Tea Cher", role="instructor")
    set_password(world, world.teacher)
    world.platform.members = [world.platform.student, Member("u-2", "Ben Bold")]
    register(world)
    page = set_up(world, course)
    page.on("request", lambda one: sent.append(one))  # noqa: PLW0108  # it sets an attribute
    link = choose(world, page)
    assert link["custom"] == {"assignment": str(assigned.assignment)}
    ours = [one for one in sent if one.url.startswith(f"{world.platform.tool}/lti/")]
    assert len(ours) >= 4
    assert [one.url for one in ours if "cookie" in one.all_headers()] == []
    synchronize(world, page, course)
    answer(world, assigned, link)
    assert scores(world, link) == [2]
    number = run_dry_run(world, world.teacher, assigned)
    assert run_action(world, world.teacher, number, "apply")["status"] == "applied"
    first, second = scores(world, link)
    assert second < first
    path = copy(world, page, link)
    with world.session() as session:
        copied = session.scalars(select(Course.id).where(Course.slug == "dl-2027")).one()
        [assignment] = session.scalars(select(Assignment.id).where(Assignment.course_id == copied))
    assert path == f"/assignments/{assignment}/results"


def test_frame_of_disabled_platform_explains_error(campus):
    register(campus)
    page = campus.screens.open(campus.person(admin=True))
    page.goto("/lti/platforms")
    page.get_by_role("button", name="Disable Lms").click()
    expect(page.get_by_role("button", name="Enable Lms")).to_be_visible()
    assert violations(page) == []
    frame = frame_of(page)
    expect(frame.get_by_role("alert")).to_contain_text(UNKNOWN_PLATFORM)
    assert violations(frame) == []


def test_a_frame_says_why_a_wrong_client_opens_nothing_also_without_a_referrer(campus):
    register(campus)
    campus.site.client_id, campus.site.referrer = "another-client", "no-referrer"
    frame = frame_of(campus.screens.open())
    expect(frame.get_by_role("alert")).to_contain_text(UNKNOWN_PLATFORM)
    assert violations(frame) == []


def prepare_registration(world):
    """Let an administrator create a link, by which the platform registers; return a page."""

    def reply(request):
        values = METADATA if request.method == "GET" else {"client_id": "registered"}
        return httpx2.Response(200, json=values)

    world.service.lti.http = PlatformHttp(httpx2.MockTransport(reply))
    page = world.screens.open(world.person(admin=True))
    page.goto("/lti/platforms")
    form = page.locator("form[action='/lti/platforms/link']")
    form.get_by_label("Name").fill("Lms")
    form.get_by_label("Address of the platform").fill(LMS)
    form.get_by_role("button").click()
    world.site.registration = page.get_by_role("status").locator("code").inner_text()
    return page


def finish_registration(page, tool):
    """Register in the frame or window of the tool, and return to the page of the platform."""
    tool.get_by_role("button", name="Register").click()
    expect(tool.get_by_role("status")).to_contain_text("Grader is registered at Lms")
    assert violations(tool) == []
    tool.get_by_role("button", name="Continue in Lms").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm the tool")


def test_registration_in_frame_returns_to_platform(campus):
    page = prepare_registration(campus)
    page.goto(f"{LMS}/tools")
    finish_registration(page, page.frame(name="tool"))


def test_registration_in_window_returns_to_platform(campus):
    page = prepare_registration(campus)
    page.goto(f"{LMS}/tools-in-windows")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Add a tool").click()
    finish_registration(page, opened.value)
