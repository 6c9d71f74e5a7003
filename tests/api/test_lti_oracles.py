"""Tests of LTI messages against two other implementations: a platform and a tool.

``lti1p3platform`` is a platform: it sends launches to us, and checks what we sign. ``pylti1p3next``
is a tool: it checks what the platform of our tests sends, and builds what we build.
"""

import json
from types import SimpleNamespace
from urllib.parse import parse_qs

import httpx2
import pytest
from lti1p3platform import registration as oracle_registration
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.registration import Registration
from lti_platform import DIALECTS, TOOL, LtiPlatform, rsa_key
from pages import Browser
from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem
from pylti1p3.message_validators.deep_link import DeepLinkMessageValidator
from pylti1p3.message_validators.resource_message import ResourceMessageValidator
from pylti1p3.registration import Registration as ToolRegistration
from sqlalchemy import select
from world import World

from api.core.ids import new_id
from api.db.models import LtiContext, LtiMember, LtiUser
from api.db.models import LtiPlatform as PlatformRow
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.claims import SCORE_SCOPE
from api.services.lti.protocol.public_http import PlatformHttp


@pytest.fixture(params=DIALECTS)
def world(request, sqlite_template, tmp_path):
    """Return a service with a connected course, for each dialect."""
    folder = tmp_path / "grader.db"
    folder.write_bytes(sqlite_template.read_bytes())
    world = World(f"sqlite:///{folder}")
    world.platform = LtiPlatform(DIALECTS[request.param])
    world.service.lti.http = PlatformHttp(world.platform.transport)
    world.platform.register(world)
    world.platform.tool_keys = load_public_keys(world.db, now=world.clock())
    world.dl = world.course()
    [world.assigned] = world.assignment(world.dl)
    world.tea = world.enrol(world.dl, "Tea Cher", role="instructor")
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
    yield world
    world.close()


class OtherPlatform(LTI1P3PlatformConfAbstract):
    """The other platform, with the values and the key of one of ours."""

    def init_platform_config(self, *, world):
        dialect, key = world.platform.dialect, rsa_key(world.platform.kid)
        self._registration = (
            Registration()
            .set_iss(dialect.issuer)
            .set_client_id(dialect.client_id)
            .set_deployment_id(dialect.deployment)
            .set_launch_url(f"{TOOL}/lti/launch")
            .set_deeplink_launch_url(f"{TOOL}/lti/deep-link")
            .set_platform_private_key(key.as_pem(private=True).decode())
            .set_platform_public_key(key.as_pem(private=False).decode())
            .set_tool_key_set({"keys": world.platform.tool_keys})
        )
        # The clock of the service is not that of the machine.
        self._jwt_verify_options = {"verify_aud": False, "verify_exp": False, "verify_iat": False}

    def get_registration_by_params(self, **_):
        return self._registration


class OtherLaunch(LTIAdvantageMessageLaunchAbstract):
    """A launch of the other platform, which it returns as the fields of its form."""

    def render_launch_form(self, launch_data, **_):
        return launch_data


def launch_of_other_platform(world, browser, *, deep_link=False):
    """Return the page after a launch by the other platform."""
    platform, member = world.platform, world.platform.student
    target = f"{TOOL}/lti/deep-link" if deep_link else f"{TOOL}/lti/launch"
    query = platform.authorize(platform.begin(browser, target=target))
    request = SimpleNamespace(get_data=query, form_data={})
    launch = OtherLaunch(request, OtherPlatform(world=world))
    if deep_link:
        member = platform.teacher
        launch.set_dl(f"{platform.host}/links", extra_data="opaque & kept")
    roles = {"instructor": "Instructor", "learner": "Learner"}
    role = f"http://purl.imsglobal.org/vocab/lis/v2/membership#{roles[member.role]}"
    launch.set_user_data(member.user_id, [role], full_name=member.name)
    launch.set_launch_context_claim(platform.dialect.context, context_title="DL 2026")
    launch.set_ags(f"{platform.host}/context/lineitems")
    launch.set_nrps(f"{platform.host}/context/members")
    if not deep_link:
        launch.set_resource_link_claim("other-link", title="Homework 1")
        launch.set_custom_parameters_claim({"assignment": str(world.assigned.assignment)})
    sent = launch.lti_launch()
    page = platform.send(browser, {"state": sent["state"], "id_token": sent["id_token"]})
    assert page.status == 303, page.text
    return browser.get(page.location)


@pytest.fixture
def other_clock(monkeypatch, world):
    """Let the other platform have the time of the service, and its key the id of ours."""
    clock = SimpleNamespace(time=lambda: world.clock().timestamp())
    monkeypatch.setattr(oracle_registration, "time", clock)
    monkeypatch.setattr(Registration, "get_kid", lambda _: world.platform.kid)


@pytest.mark.usefixtures("other_clock")
def test_launch_by_a_reference_platform_is_accepted(world):
    page = launch_of_other_platform(world, Browser(world))
    assert page.location == f"/assignments/{world.assigned.assignment}"
    with world.session() as session:
        context = session.scalars(select(LtiContext)).one()
    assert context.memberships_url == f"{world.platform.host}/context/members"
    assert context.line_items_url == f"{world.platform.host}/context/lineitems"


@pytest.mark.usefixtures("other_clock")
def test_reference_platform_accepts_our_deep_linking_response(world):
    browser = Browser(world)
    page = launch_of_other_platform(world, browser, deep_link=True)
    form = page.one("form", action="/lti/deep-link")
    answer = browser.send(form, assignment=str(world.assigned.assignment))
    token = answer.one("input", name="JWT")["value"]
    [item] = OtherPlatform(world=world).validate_deeplinking_resp({"JWT": token})
    assert item["custom"] == {"assignment": str(world.assigned.assignment)}


def test_reference_platform_issues_a_token_for_our_assertion(world):
    forms = []

    def serve(request):
        form = parse_qs(request.content.decode())
        forms.append({name: values[0] for name, values in form.items()})
        return httpx2.Response(200, json=OtherPlatform(world=world).get_access_token(forms[-1]))

    world.service.lti.http = PlatformHttp(httpx2.MockTransport(serve))
    with world.session() as session:
        platform = session.scalars(select(PlatformRow)).one()
        session.expunge(platform)
    token = world.service.lti.fetch_token(world.db, platform, (SCORE_SCOPE,), now=world.clock())
    assert OtherPlatform(world=world).validate_token(token, allowed_scopes=[SCORE_SCOPE])
    assert len(forms) == 1


def test_reference_tool_accepts_launches_of_our_fake_platform(world):
    claims = world.platform.claims(world.platform.student, "nonce")
    validator = ResourceMessageValidator()
    assert validator.can_validate(claims)
    assert validator.validate(claims)


def test_reference_tool_accepts_deep_linking_requests_of_our_fake_platform(world):
    sent = []
    sign, world.platform.signed = (
        world.platform.signed,
        lambda claims: sent.append(claims) or sign(claims),
    )
    world.platform.choose_links(Browser(world), world.platform.teacher)
    validator = DeepLinkMessageValidator()
    assert validator.can_validate(sent[0])
    assert validator.validate(sent[0])


def test_our_deep_linking_response_has_the_claims_of_a_reference_tool(world):
    frame = Browser(world)
    settings = {"accept_presentation_document_targets": ["iframe"]}
    page = world.platform.choose_links(frame, world.platform.teacher, settings=settings)
    answer = frame.send(
        page.one("form", action="/lti/deep-link"), assignment=str(world.assigned.assignment)
    )
    token = answer.one("input", name="JWT")["value"]
    [item] = world.platform.take_answer(token)
    registration = ToolRegistration()
    registration.set_client_id(world.platform.dialect.client_id)
    registration.set_issuer(world.platform.dialect.issuer)
    line_item = LineItem()
    line_item.set_label("Homework 1").set_score_maximum(8).set_tag("grader")
    line_item.set_resource_id(str(world.assigned.assignment))
    resource = DeepLinkResource()
    resource.set_title("Homework 1").set_url(f"{TOOL}/lti/launch").set_lineitem(line_item)
    resource.set_custom_params({"assignment": str(world.assigned.assignment)})
    asked = {"deep_link_return_url": f"{world.platform.host}/links", "data": "opaque & kept"}
    theirs = DeepLink(registration, world.platform.dialect.deployment, asked)
    message = theirs.get_message_jwt([resource])
    ours = world.platform.answers[-1]
    assert set(ours) == set(message)
    varying = {"iat", "exp", "nonce"}
    assert {name: ours[name] for name in ours if name not in varying} == {
        name: message[name] for name in message if name not in varying
    }
    assert item["line_item"]


def test_our_scores_have_the_fields_of_a_reference_tool(world):
    with world.session() as session:
        context = session.scalars(select(LtiContext)).one()
        query = world.platform.dialect.line_item_query
        context.line_items_url = f"{world.platform.host}/context/lineitems{query}"
        context.scopes = [
            f"https://purl.imsglobal.org/spec/lti-ags/scope/{one}"
            for one in ("lineitem", "lineitem.readonly", "score")
        ]
    browser = Browser(world, world.tea)
    browser.post(f"/courses/{world.dl}/lti/scores", {"assignment": str(world.assigned.assignment)})
    stu = world.enrol(world.dl, "Stu Dent")
    deployment = world.platform.deployment_id(world)
    with world.session() as session:
        session.add(
            LtiUser(
                deployment_id=deployment,
                subject="u-student",
                user_id=stu.id,
                created_at=world.clock(),
            )
        )
        session.add(LtiMember(context_id=context.id, user_id=stu.id, seen_at=world.clock()))
    assert stu.submit(world.assigned, {"cells": "9"}).status_code == 201
    world.service.score_runner.run_until_idle()
    [score] = world.platform.scores_of("u-student")
    score.pop("item")
    score.pop("https://canvas.instructure.com/lti/submission", None)
    grade = Grade()
    grade.set_score_given(score["scoreGiven"]).set_score_maximum(score["scoreMaximum"])
    grade.set_timestamp(score["timestamp"]).set_user_id("u-student")
    grade.set_activity_progress("Completed").set_grading_progress(score["gradingProgress"])
    assert json.loads(grade.get_value()) == score
