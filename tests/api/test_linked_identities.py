"""Tests of unlinking: the owner of an account removes what opens it, but not the last way in."""

import pytest
from api_browser import set_password
from lti_platform import DIALECTS, LtiPlatform
from pages import Browser
from sqlalchemy import select
from world import World

from api.core.ids import new_id
from api.db.models import AuditEntry, Identity, LtiUser
from api.services.lti.protocol.public_http import PlatformHttp


@pytest.fixture
def world(database_url):
    world = World(database_url)
    world.platform = LtiPlatform(DIALECTS["moodle"])
    world.service.lti.http = PlatformHttp(world.platform.transport)
    world.platform.register(world)
    world.ann = world.person("Ann Example")
    yield world
    world.close()


def link(world, issuer="https://idp.example"):
    """Link an identity of a provider to the account."""
    with world.session() as session:
        session.add(
            Identity(
                id=new_id(),
                user_id=world.ann.id,
                issuer=issuer,
                subject="s-1",
                email="ann@idp.example",
                created_at=world.clock(),
            )
        )


def link_platform(world):
    deployment = world.platform.deployment_id(world)
    with world.session() as session:
        session.add(
            LtiUser(
                deployment_id=deployment,
                subject="u-student",
                user_id=world.ann.id,
                created_at=world.clock(),
            )
        )


def unlink_forms(page):
    return [one for one in page.all("form") if one["action"].endswith("/unlink")]


def count(world, model):
    with world.session() as session:
        return len(session.scalars(select(model)).all())


def test_unlinking_an_identity_is_audited(world):
    link(world)
    set_password(world, world.ann)
    browser = Browser(world, world.ann)
    page = browser.get("/account")
    assert "https://idp.example" in page.text
    assert "ann@idp.example" in page.text
    [form] = unlink_forms(page)
    done = browser.send(form)
    assert done.status == 303
    assert "The link is removed" in browser.follow(done).text
    assert count(world, Identity) == 0
    with world.session() as session:
        assert "user.unlinked" in session.scalars(select(AuditEntry.action)).all()
    assert browser.send(form).status == 404


def test_platform_can_be_unlinked_while_a_provider_remains(world):
    link(world)
    link_platform(world)
    browser = Browser(world, world.ann)
    forms = unlink_forms(browser.get("/account"))
    [form] = [one for one in forms if "Moodle" in one.one("button")["aria-label"]]
    assert browser.send(form).status == 303
    assert (count(world, Identity), count(world, LtiUser)) == (1, 0)


def test_last_way_to_log_in_cannot_be_unlinked(world):
    link(world)
    browser = Browser(world, world.ann)
    [form] = unlink_forms(browser.get("/account"))
    refused = browser.send(form)
    assert refused.status == 409
    assert "Set a password first" in refused.text
    assert count(world, Identity) == 1


def test_user_cannot_unlink_the_identity_of_another(world):
    link(world)
    set_password(world, world.ann)
    [form] = unlink_forms(Browser(world, world.ann).get("/account"))
    other = Browser(world, world.person("Eve"))
    assert other.send(form).status == 404
    assert count(world, Identity) == 1


def test_account_without_linked_identities_shows_none(world):
    assert "Linked to your account" not in Browser(world, world.ann).get("/account").text
