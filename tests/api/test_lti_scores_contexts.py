"""Tests of scores of a course that several contexts of a platform are connected to."""

import pytest
from actors import Person
from lti_platform import DIALECTS, SCOPES, LtiPlatform, Member
from pages import Browser
from revisions import Revisions
from sqlalchemy import delete, select
from world import World

from api.core.ids import new_id
from api.db.models import Enrolment, LtiContext, LtiDeployment, LtiMember, LtiUser, OutboxMessage
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.public_http import PlatformHttp

ITEMS = {"morning": "1", "evening": "77"}
"""Line item of the assignment in each context."""
ANN, BEN = Member("u-1", "Ann Able"), Member("u-2", "Ben Bold")


@pytest.fixture
def world(database_url):
    """Return a service with two contexts that are connected to one course."""
    world = World(database_url)
    world.platform = LtiPlatform(DIALECTS["moodle"])
    world.service.lti.http = PlatformHttp(world.platform.transport)
    world.platform.register(world)
    world.platform.tool_keys = load_public_keys(world.db, now=world.clock())
    world.dl = world.course()
    [world.assigned] = world.assignment(world.dl)
    with world.session() as session:
        deployment = session.scalar(select(LtiDeployment.id))
        session.add_all(
            LtiContext(
                id=new_id(),
                deployment_id=deployment,
                context_id=context,
                course_id=world.dl,
                connected_at=world.clock(),
                scopes=[],
                created_at=world.clock(),
            )
            for context in ITEMS
        )
    yield world
    world.close()


def launch(world, member, context):
    """Open the link of the assignment in a context, and return the browser."""
    query = world.platform.dialect.line_item_query
    endpoint = {
        "scope": SCOPES,
        "lineitems": f"{world.platform.host}/context/lineitems{query}",
        "lineitem": f"{world.platform.host}/items/{ITEMS[context]}{query}",
    }
    browser = Browser(world)
    page = world.platform.launch(
        browser,
        member,
        context={"id": context},
        endpoint=endpoint,
        resource_link={"id": f"link-{context}"},
        custom={"assignment": str(world.assigned.assignment)},
    )
    assert page.location == f"/assignments/{world.assigned.assignment}"
    return browser


def account_of(world, member):
    with world.session() as session:
        return session.scalar(select(LtiUser.user_id).where(LtiUser.subject == member.user_id))


def submit(world, member):
    account = account_of(world, member)
    person = Person(account, member.name, world.client, world.token(account))
    done = person.submit(world.assigned, {"cells": "9"})
    assert done.status_code == 201, done.text


def run(world):
    """Send what is due, and return the line items that got a score, by user."""
    world.service.score_runner.run_until_idle()
    return {(one["userId"], one["item"]) for one in world.platform.scores}


def test_context_gets_only_scores_of_its_members(world):
    for member, context in ((ANN, "morning"), (BEN, "evening")):
        launch(world, member, context)
        submit(world, member)
    assert run(world) == {("u-1", "1"), ("u-2", "77")}


def test_launch_in_another_context_sends_the_score_there_too(world):
    launch(world, ANN, "morning")
    launch(world, BEN, "evening")
    submit(world, ANN)
    run(world)
    launch(world, ANN, "evening")
    assert run(world) == {("u-1", "1"), ("u-1", "77")}


def test_launch_restores_roster_membership(world):
    launch(world, ANN, "morning")
    with world.session() as session:
        session.scalars(select(LtiMember)).one().left_at = world.clock()
    world.clock.advance(minutes=1)
    world.platform.now = int(world.clock().timestamp())
    launch(world, ANN, "morning")
    with world.session() as session:
        member = session.scalars(select(LtiMember)).one()
        assert (member.seen_at, member.left_at) == (world.clock(), None)


def memberships(world):
    with world.session() as session:
        rows = session.execute(
            select(LtiUser.subject, LtiContext.context_id)
            .join(LtiMember, LtiMember.user_id == LtiUser.user_id)
            .join(LtiContext, LtiContext.id == LtiMember.context_id)
        )
        return {tuple(row) for row in rows}


def forget_contexts_of_launches(world):
    """Make the database what it was before launches stored their context, and upgrade it."""
    with world.session() as session:
        session.execute(delete(LtiMember))
    revisions = Revisions(world.db)
    revisions.down("0015", lose_data=True)  # the details of sent messages
    revisions.up()


def test_upgrade_keeps_the_context_that_accepted_a_score(world):
    launch(world, ANN, "morning")
    launch(world, BEN, "evening")
    submit(world, ANN)
    run(world)
    forget_contexts_of_launches(world)
    assert memberships(world) == {("u-1", "morning")}
    with world.session() as session:
        session.scalars(select(OutboxMessage)).one().status = "failed"
    forget_contexts_of_launches(world)
    assert memberships(world) == set()
    launch(world, ANN, "morning")
    assert memberships(world) == {("u-1", "morning")}


def test_upgrade_makes_enrolled_users_members_of_the_only_context(world):
    launch(world, ANN, "morning")
    launch(world, BEN, "morning")
    ben = account_of(world, BEN)
    with world.session() as session:
        other = session.scalars(select(LtiContext).where(LtiContext.context_id == "evening")).one()
        other.course_id = None
        session.execute(delete(Enrolment).where(Enrolment.user_id == ben))
    forget_contexts_of_launches(world)
    assert memberships(world) == {("u-1", "morning")}
