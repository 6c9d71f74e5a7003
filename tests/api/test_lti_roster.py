"""Tests of rosters of learning platforms: who joins, who has left, and under faults."""

import httpx2
import pytest
from lti_platform import DIALECTS, MEMBERSHIP, LtiPlatform, Member
from pages import Browser
from sqlalchemy import func, select, update
from world import World

from api.core.ids import new_id
from api.db.models import Enrolment, LtiContext, LtiMember, LtiUser, User
from api.db.models import LtiPlatform as PlatformRow
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.roster.synchronization import INTERVAL, RETRY_AFTER_ERROR

ANN, BEN = Member("u-1", "Ann Able", email="ann@x.example"), Member("u-2", "Ben Bold")


@pytest.fixture
def campus(database_url):
    """Return a function that starts the service with a platform whose context is connected."""
    worlds = []

    def started(dialect="moodle", *, members=(ANN, BEN), offered=True):
        world = World(database_url)
        worlds.append(world)
        world.platform = LtiPlatform(DIALECTS[dialect], members=list(members))
        world.service.lti.http = PlatformHttp(world.platform.transport)
        world.platform.register(world)
        world.platform.tool_keys = load_public_keys(world.db, now=world.clock())
        world.dl = world.course()
        world.tea = world.enrol(world.dl, "Tea Cher", role="instructor")
        world.lti_context = new_id()
        world.deployment = world.platform.deployment_id(world)
        with world.session() as session:
            session.add(
                LtiContext(
                    id=world.lti_context,
                    deployment_id=world.deployment,
                    context_id=world.platform.dialect.context,
                    course_id=world.dl,
                    connected_at=world.clock(),
                    memberships_url=f"{world.platform.host}/context/members" if offered else "",
                    scopes=[],
                    created_at=world.clock(),
                )
            )
        return world

    yield started
    for world in worlds:
        world.close()


def context_of(world):
    with world.session() as session:
        context = session.get_one(LtiContext, world.lti_context)
        session.expunge(context)
        return context


def press(world, *, stop=False):
    fields = {"context": str(world.lti_context)} | ({"stop": "yes"} if stop else {})
    return Browser(world, world.tea).post(f"/courses/{world.dl}/lti/roster", fields)


def synchronize(world):
    """Press the button, and let the worker compare what is due."""
    assert press(world).status == 303
    world.service.roster_runner.run_until_idle()
    return context_of(world).roster_counts


def counts(**values):
    return dict.fromkeys(("known", "added", "unlinked", "refused", "left"), 0) | values


def people(world):
    """Return the roles of the people of the course, by name."""
    with world.session() as session:
        rows = session.execute(
            select(User.name, Enrolment.role)
            .join(Enrolment, Enrolment.user_id == User.id)
            .where(Enrolment.course_id == world.dl, Enrolment.withdrawn_at.is_(None))
        )
        return {name: role for name, role in rows if name != "Tea Cher"}


def page_of(world):
    return Browser(world, world.tea).get(f"/courses/{world.dl}/lti")


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if DIALECTS[name].names])
def test_context_members_join_the_course(campus, dialect):
    world = campus(dialect)
    assert synchronize(world) == counts(added=2)
    assert people(world) == {"Ann Able": "student", "Ben Bold": "student"}
    world.clock.advance(minutes=1)
    assert synchronize(world) == counts(known=2)
    world.platform.launch(Browser(world), ANN)
    assert people(world) == {"Ann Able": "student", "Ben Bold": "student"}


def test_launch_opens_the_account_created_from_the_roster(campus):
    world = campus()
    synchronize(world)
    browser = Browser(world)
    page = world.platform.launch(browser, ANN)
    assert page.location == f"/courses/{world.dl}"
    with world.session() as session:
        assert session.scalar(select(func.count()).select_from(LtiUser)) == 2


def test_long_roster_is_fetched_in_pages(campus):
    members = [Member(f"u-{number}", f"Student {number}") for number in range(130)]
    world = campus(members=members)
    world.platform.page_size = 50
    assert synchronize(world) == counts(added=130)
    assert world.platform.requests.count("GET /context/members") == 3


def test_members_who_left_are_listed_but_stay_enrolled(campus):
    world = campus()
    synchronize(world)
    world.platform.members = [ANN]
    world.clock.advance(minutes=1)
    assert synchronize(world) == counts(known=1, left=1)
    assert people(world) == {"Ann Able": "student", "Ben Bold": "student"}
    page = page_of(world)
    assert "No longer on the roster" in page.text
    assert "Ben Bold" in page.text
    world.platform.members = [ANN, BEN]
    world.clock.advance(minutes=1)
    assert synchronize(world) == counts(known=2)
    assert "Ben Bold" not in page_of(world).text


@pytest.mark.parametrize("status", ["Inactive", "Deleted"])
def test_inactive_members_count_as_having_left(campus, status):
    world = campus()
    synchronize(world)
    world.platform.members = [ANN, Member("u-2", "Ben Bold", status=status)]
    world.clock.advance(minutes=1)
    assert synchronize(world) == counts(known=1, left=1)


def test_member_without_a_status_counts_as_active(campus):
    world = campus(members=[Member("u-1", "Ann Able", status="")])
    assert synchronize(world) == counts(added=1)


def test_empty_roster_marks_no_members_as_left(campus):
    world = campus()
    synchronize(world)
    world.platform.members = []
    world.clock.advance(minutes=1)
    synchronize(world)
    assert "has no people" in context_of(world).roster_error
    assert "could not be compared" in page_of(world).text
    with world.session() as session:
        assert session.scalars(select(LtiMember.left_at)).all() == [None, None]


TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


@pytest.mark.parametrize(
    "role",
    [
        "mentor",
        "administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin",
        TEST_USER,
    ],
)
def test_member_without_a_course_role_does_not_join(campus, role):
    world = campus("canvas", members=[ANN, Member("u-9", "Some Body", role)])
    assert synchronize(world) == counts(added=1)
    with world.session() as session:
        assert session.scalar(select(func.count()).where(User.is_admin)) == 0


def test_staff_and_owners_of_known_addresses_are_not_linked_automatically(campus):
    world = campus(
        members=[ANN, Member("u-8", "As Sistant", "ta"), Member("u-7", "In Structor", "instructor")]
    )
    world.person("Ann Elsewhere", email="ann@x.example")
    assert synchronize(world) == counts(unlinked=3)
    assert people(world) == {}


def test_owner_of_a_case_folded_address_is_not_added_twice(campus):
    """Older versions stored the address of "straße" with "ss"."""
    world = campus(members=[Member("u-6", "Stra SSe", "learner", email="straße@x.example")])
    world.person("Stra SSe", email="strasse@x.example")
    assert synchronize(world) == counts(unlinked=1)
    assert people(world) == {}


def test_person_with_another_name_than_the_owner_of_a_case_folded_address_is_added(campus):
    world = campus(members=[Member("u-6", "Ann Other", "learner", email="straße@x.example")])
    world.person("Stra SSe", email="strasse@x.example")
    assert synchronize(world) == counts(added=1)


def test_roster_without_names_creates_no_accounts(campus):
    world = campus("sakai")
    assert synchronize(world) == counts(unlinked=2)
    assert people(world) == {}


@pytest.mark.parametrize(
    ("role", "expected"),
    [("ta", "grader"), ("instructor", "instructor"), (f"{MEMBERSHIP}#Learner", "student")],
)
def test_linked_account_joins_with_its_platform_role(campus, role, expected):
    world = campus("canvas", members=[Member("u-5", "Fi Ve", role)])
    person = world.person("Fi Ve")
    with world.session() as session:
        session.add(
            LtiUser(
                deployment_id=world.deployment,
                subject="u-5",
                user_id=person.id,
                created_at=world.clock(),
            )
        )
    assert synchronize(world) == counts(added=1)
    assert people(world) == {"Fi Ve": expected}


def test_synchronization_keeps_roles_assigned_by_staff_and_withdrawals(campus):
    world = campus()
    synchronize(world)
    with world.session() as session:
        rows = session.execute(
            select(Enrolment, User.name).join(User, User.id == Enrolment.user_id)
        )
        for enrolment, name in rows:
            if name == "Ann Able":
                enrolment.role = "grader"
            if name == "Ben Bold":
                enrolment.withdrawn_at = world.clock()
    world.clock.advance(minutes=1)
    assert synchronize(world) == counts(known=1, refused=1, left=1)
    assert people(world) == {"Ann Able": "grader"}
    assert "Ben Bold" not in page_of(world).text


def test_roster_of_a_disabled_platform_is_fetched_after_enabling(campus):
    world = campus(members=[ANN])
    with world.session() as session:
        session.execute(update(PlatformRow).values(disabled_at=world.clock()))
    synchronize(world)
    assert world.platform.requests == []
    with world.session() as session:
        session.execute(update(PlatformRow).values(disabled_at=None))
    assert synchronize(world) == counts(added=1)


def test_worker_synchronizes_periodically_until_staff_stop_it(campus):
    world = campus()
    world.service.roster_runner.run_until_idle()
    assert world.platform.requests == []
    synchronize(world)
    requests = len(world.platform.requests)
    world.clock.advance(minutes=30)
    world.service.roster_runner.run_until_idle()
    assert len(world.platform.requests) == requests
    world.clock.advance(seconds=INTERVAL.total_seconds())
    world.service.roster_runner.run_until_idle()
    assert len(world.platform.requests) > requests
    assert press(world, stop=True).status == 303
    requests = len(world.platform.requests)
    world.clock.advance(seconds=2 * INTERVAL.total_seconds())
    world.service.roster_runner.run_until_idle()
    assert len(world.platform.requests) == requests


def test_instructor_launch_refreshes_an_outdated_roster(campus):
    world = campus()
    with world.session() as session:
        session.add(
            LtiUser(
                deployment_id=world.deployment,
                subject=world.platform.teacher.user_id,
                user_id=world.tea.id,
                created_at=world.clock(),
            )
        )
    world.platform.launch(Browser(world), world.platform.teacher)
    assert context_of(world).roster_due_at is None
    synchronize(world)
    for minutes, is_due in ((5, False), (10, True)):
        world.clock.advance(minutes=minutes)
        world.platform.now = int(world.clock().timestamp())
        world.platform.launch(Browser(world), world.platform.teacher)
        assert (context_of(world).roster_due_at <= world.clock()) == is_due


@pytest.mark.parametrize(
    ("fault", "pause"),
    [("500", RETRY_AFTER_ERROR), ("403", RETRY_AFTER_ERROR), ("404", RETRY_AFTER_ERROR)],
)
def test_roster_error_is_shown_and_retried_later(campus, fault, pause):
    world = campus()
    world.platform.faults = [fault]
    synchronize(world)
    context = context_of(world)
    assert f"status {fault}" in context.roster_error
    assert context.roster_due_at == world.clock() + pause
    assert "could not be compared" in page_of(world).text
    world.clock.advance(seconds=pause.total_seconds())
    world.service.roster_runner.run_until_idle()
    assert context_of(world).roster_error == ""
    assert len(people(world)) == 2


def test_retry_after_of_the_platform_is_respected(campus):
    world = campus()
    world.platform.faults = ["429 90"]
    synchronize(world)
    assert (context_of(world).roster_due_at - world.clock()).total_seconds() == 90


def test_next_page_without_https_marks_no_members_as_left(campus):
    world = campus()
    synchronize(world)
    world.platform.page_size, world.platform.next_host = 1, "http://moodle.example.edu"
    world.clock.advance(minutes=1)
    synchronize(world)
    assert context_of(world).roster_error
    with world.session() as session:
        assert session.scalars(select(LtiMember.left_at)).all() == [None, None]


def test_failed_page_marks_no_members_as_left(campus):
    world = campus()
    synchronize(world)
    world.platform.page_size = 1
    world.platform.faults = ["", "500"]
    world.clock.advance(minutes=1)
    synchronize(world)
    assert "status 500" in context_of(world).roster_error
    with world.session() as session:
        assert session.scalars(select(LtiMember.left_at)).all() == [None, None]


def test_expired_access_token_is_replaced(campus):
    world = campus()
    world.platform.faults = ["401"]
    assert synchronize(world) == counts(added=2)
    assert world.platform.tokens_given == 2


class WorkerKilledError(BaseException):
    """End of a worker: no code of the service handles it."""


def test_abandoned_synchronization_is_picked_up_again(campus):
    world = campus()
    press(world)

    def kill(_request):
        raise WorkerKilledError

    world.service.lti.http = PlatformHttp(httpx2.MockTransport(kill))
    with pytest.raises(WorkerKilledError):
        world.service.roster_runner.run_until_idle()
    world.service.lti.http = PlatformHttp(world.platform.transport)
    world.clock.advance(minutes=9)
    world.service.roster_runner.run_until_idle()
    assert people(world) == {}
    assert world.platform.requests == []
    world.clock.advance(minutes=1)
    world.service.roster_runner.run_until_idle()
    assert len(people(world)) == 2


def test_platform_without_a_roster_is_reported(campus):
    world = campus(offered=False)
    page = press(world)
    assert page.status == 409
    assert "offers no roster" in page.text


def test_context_of_another_course_returns_404(campus):
    world = campus()
    other = world.course()
    stranger = Browser(world, world.enrol(other, role="instructor"))
    fields = {"context": str(world.lti_context)}
    assert stranger.post(f"/courses/{other}/lti/roster", fields).status == 404
    assert stranger.post(f"/courses/{world.dl}/lti/roster", fields).status == 404
    assert context_of(world).roster_due_at is None


def test_erasure_deletes_roster_rows(campus):
    world = campus()
    synchronize(world)
    admin = world.person(admin=True)
    with world.session() as session:
        user = session.scalars(select(User).where(User.name == "Ann Able")).one().id
    done = admin.post(f"/users/{user}/erase", {"confirm": "Ann Able"})
    assert done.status_code in {200, 204}, done.text
    with world.session() as session:
        assert session.scalar(select(func.count()).select_from(LtiMember)) == 1
