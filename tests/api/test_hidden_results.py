"""Tests that hidden results do not reveal a right, near or known wrong answer."""

from typing import Any

import pytest
from actors import NOW
from lti_platform import DIALECTS, LtiPlatform, rsa_key
from sqlalchemy import select
from student_setup import FORMS, without_ids
from world import Person, ProblemReference, World

from api.core.ids import new_id
from api.db.models import (
    Assignment,
    LtiContext,
    LtiDeployment,
    LtiKey,
    LtiLineItem,
    LtiMember,
    LtiUser,
)
from api.services.calendar.addresses import create_feed_address
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.runner import ScoreRunner

SIZES = "The answer has the size 2; it must be 3."
WRONG = {"row": "[4, 7]"}
MISTAKE = {"row": "[4, 8]"}
ACCEPTED = {"row": "[4, 5]"}
NO_PADDING = {"padding": "0"}
SHORT = {"convolved": "[[30]]"}
PADDING_LEFT_OUT = {"convolved": "[[31]]"}
VOLATILE = frozenset({"digest", "instance"})
LATER = {"due": "2026-11-09 12:00", "close": "2026-11-10 12:00"}


def assigned(world, course, **settings) -> ProblemReference:
    given = {"results": "never", "attempts": 3, **settings}
    [problem] = world.assignment(course, FORMS, **given)
    return problem


@pytest.fixture
def world(database_url):
    """Yield a service with e-mail and a learning platform, which get nothing of hidden results."""
    settings = {"smtp_host": "127.0.0.1", "mail_from": "grader@example.edu"}
    world = World(database_url, settings=settings)
    world.platform = LtiPlatform(DIALECTS["moodle"])
    world.service.lti.http = PlatformHttp(world.platform.transport)
    world.platform.register(world)
    key = rsa_key("the tool")
    world.platform.tool_keys = [key.as_dict(private=False)]
    with world.session() as session:
        pem = key.as_pem(private=True).decode()
        session.add(LtiKey(kid=key.kid, private_key=pem, created_at=world.clock()))
    yield world
    world.close()


def launch(world: World, person: Person, problem: ProblemReference) -> None:
    """Let a person be known to the platform, which has a column for the assignment."""
    now, platform = {"created_at": world.clock()}, world.platform
    with world.session() as session:
        deployment = session.scalar(select(LtiDeployment.id))
        context = session.scalar(select(LtiContext))
        if context is None:
            context = LtiContext(
                id=new_id(),
                deployment_id=deployment,
                context_id="1",
                course_id=session.get_one(Assignment, problem.assignment).course_id,
                line_items_url=f"{platform.host}/context/lineitems?type_id=3",
                **now,
            )
            session.add(context)
            session.flush()
            url = f"{platform.host}/items/1?type_id=3"
            session.add(
                LtiLineItem(context_id=context.id, assignment_id=problem.assignment, url=url, **now)
            )
        if session.scalar(select(LtiUser.id).where(LtiUser.user_id == person.id)) is None:
            session.add(
                LtiUser(deployment_id=deployment, subject=str(person.id), user_id=person.id, **now)
            )
            session.add(LtiMember(context_id=context.id, user_id=person.id, seen_at=world.clock()))


def pass_back(world: World, person: Person) -> list[Any]:
    """Send what the platform should have, and return what it got for a person."""
    runner = ScoreRunner(world.db, world.clock, world.service.lti)
    runner.run_until_idle()
    runner.close()
    scores = world.platform.scores_of(str(person.id))
    return [(one["scoreGiven"], one["gradingProgress"]) for one in scores]


def read_calendar(world: World, person: Person) -> str:
    """Return the calendar of a person, as the program reads it that has the secret address."""
    with world.session() as session:
        url = create_feed_address(session, person.id, public_url="", now=world.clock())
    return str(world.client.get(url).text)


def seen(world: World, person: Person, problem: ProblemReference) -> list[Any]:
    """Return everything that leaves the service about a student's problem, without ids.

    That is what the student sees, and what their learning platform is sent.
    """
    mine = person.get("/me/assignments").json()["items"]
    submissions = person.get(f"{problem.path}/submissions").json()["items"]
    told = [
        person.get(problem.path).json(),
        submissions,
        [person.get(f"/submissions/{one['id']}").json() for one in submissions],
        [one for one in mine if one["id"] == str(problem.assignment)],
        person.get(f"/courses/{mine[0]['course']}/grades").json(),
        person.get("/me/news").json(),
        person.get("/me/calendar").json(),
        read_calendar(world, person),
        pass_back(world, person),
    ]
    return without_ids(told, also=VOLATILE)


def hand_in(
    world: World, person: Person, problem: ProblemReference, *answers: dict[str, str]
) -> list[Any]:
    """Submit *answers* in order, and return everything their author sees."""
    told = []
    launch(world, person, problem)
    for one in answers:
        response = person.submit(problem, one)
        told += [response.status_code, without_ids(response.json(), also=VOLATILE)]
        told.append(seen(world, person, problem))
    return told


PAIRS = {
    "a known mistake": ([WRONG], [MISTAKE]),
    "an accepted value": ([WRONG], [ACCEPTED]),
    "right by an earlier answer": ([NO_PADDING, SHORT], [NO_PADDING, PADDING_LEFT_OUT]),
    "a mistake of the bank": ([SHORT], [PADDING_LEFT_OUT]),
    "the same twice": ([WRONG, WRONG], [MISTAKE, MISTAKE]),
    "one after the other": ([WRONG, MISTAKE], [MISTAKE, WRONG]),
    "beside an answer that is read": ([{**WRONG, "third": "1"}], [{**MISTAKE, "third": "1"}]),
    "after a mistake": (
        [{"row": "[1, 2, 3]"}, WRONG, {"row": "[4, 5, 6]"}],
        [{"row": "[1, 2, 3]"}, MISTAKE, {"row": "[4, 5, 6]"}],
    ),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize(
    "settings",
    [
        {"results": "manual", "by_attempt": ["1", "1/2"]},
        {"results": "after_due", "timeline_spec": LATER, "cool_down_seconds": 60},
        {"results": "after_close", "timeline_spec": LATER, "attempts": None},
    ],
    ids=["by staff, limit", "after due, cool-down", "after close, no limit"],
)
def test_hidden_result_does_not_depend_on_a_value_of_the_wrong_size(world, course, pair, settings):
    problem = assigned(world, course, **settings)
    one, other = (
        hand_in(world, world.enrol(course, name), problem, *answers)
        for name, answers in zip("AB", pair, strict=True)
    )
    assert list(differences(one, other)) == []


def differences(one, other, path=""):
    """Yield the places in which two responses differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from differences(one[name], other[name], f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, f"{path}.{at}")
    elif one != other:
        yield path, one, other


def test_known_mistake_of_another_size_does_not_unlock_new_numbers(world, course):
    problem = assigned(world, course, variants="each_after", new_after=1)
    told = []
    for name, factor in (("A", 2), ("B", 3)):
        person = world.enrol(course, name)
        number = person.get(problem.path).json()["numbers"][0]["value"]
        person.submit(problem, {"row": f"[{number}, {factor * number}]"})
        refused = person.post(f"{problem.path}/variant")
        told.append((refused.status_code, refused.json()["detail"]))
    assert told[0] == told[1]
    assert told[0][0] == 409


@pytest.mark.parametrize("answers", [WRONG, MISTAKE, ACCEPTED], ids=["wrong", "mistake", "right"])
def test_wrong_size_costs_no_attempt_and_is_reported_while_results_are_hidden(
    world, course, student, answers
):
    problem = assigned(world, course)
    told = student.submit(problem, answers).json()
    [result] = told["results"]
    assert (result["status"], result["feedback"]) == ("unreadable", SIZES)
    assert (result["attempt"], result["attempts_left"]) == (None, 3)
    assert told["messages"][0] == "row: it could not be read; no attempt was used."
    mine = student.get("/me/assignments").json()["items"][0]["problems"][0]
    assert mine["answered"] == 0


def test_wrong_sizes_are_accepted_after_all_attempts_are_used(world, course, student):
    problem = assigned(world, course, attempts=1)
    student.submit(problem, {"row": "[1, 2, 3]"})
    codes = [student.submit(problem, one).status_code for one in (WRONG, MISTAKE, ACCEPTED)]
    assert codes == [201, 201, 201]
    assert student.submit(problem, {"row": "[1, 2, 4]"}).status_code == 409


def test_release_reveals_the_actual_result_of_each_answer(world, course):
    problem = assigned(world, course)
    people = {name: world.enrol(course, name) for name in ("wrong", "mistake", "accepted")}
    for person, answers in zip(people.values(), (WRONG, MISTAKE, ACCEPTED), strict=True):
        person.submit(problem, answers)
    release(world, problem)
    told = {}
    for name, person in people.items():
        [submission] = person.get(f"{problem.path}/submissions").json()["items"]
        [result] = submission["results"]
        told[name] = (result["status"], result["credit"], result["attempt"])
    assert told == {
        "wrong": ("unreadable", 0, None),
        "mistake": ("mistake", 0.5, None),
        "accepted": ("correct", 1, None),
    }
    scores = {
        name: person.get(problem.path).json()["standing"]["score"]
        for name, person in people.items()
    }
    assert scores == {"wrong": 0, "mistake": 1, "accepted": 2}


def test_released_results_reach_the_platform_and_notifications(world, course, teacher):
    """Without this, the tests above would not see what the platform is sent."""
    problem = assigned(world, course, results="manual")
    told = {}
    for name, answers in (("A", MISTAKE), ("B", ACCEPTED)):
        person = world.enrol(course, name)
        before = hand_in(world, person, problem, answers)[-1]
        told[name] = (person, before)
    done = teacher.post(f"/assignments/{problem.assignment}/release", {"results": True})
    assert done.status_code == 200
    after = {name: seen(world, person, problem) for name, (person, _) in told.items()}
    assert [before[-1] for _, before in told.values()] == [[], []]
    assert [one[-1] for one in after.values()] == [[(1, "FullyGraded")], [(2, "FullyGraded")]]
    assert [len(one[-4]["items"]) for one in after.values()] == [1, 1]


def test_known_mistake_of_another_size_uses_an_attempt_if_results_are_shown(world, course, student):
    problem = assigned(world, course, results="at_once")
    [wrong] = student.submit(problem, WRONG).json()["results"]
    [mistake] = student.submit(problem, MISTAKE).json()["results"]
    assert (wrong["status"], wrong["attempt"]) == ("unreadable", None)
    assert (mistake["status"], mistake["attempt"]) == ("mistake", 1)


def release(world, problem):
    """Show results from now on."""
    with world.session() as session:
        row = session.get_one(Assignment, problem.assignment)
        row.results, row.results_released_at = "manual", NOW


def test_hidden_results_do_not_reveal_whether_exact_or_rounded_is_right(world, course):
    problem = assigned(world, course)
    told = []
    for part in ("third", "decimal"):
        person = world.enrol(course, part)
        both = hand_in(world, person, problem, {part: "1/3 ≈ 0.33"}, {part: "0.33"}, {part: "1/3"})
        told.append((both, person))
    text = [str(both).replace("decimal", "third") for both, _ in told]
    assert shapes(told[0][0]) == shapes(told[1][0])
    assert [one.count("0.33") for one in text] == [text[0].count("0.33")] * 2
    release(world, problem)
    for part, (_, person) in zip(("third", "decimal"), told, strict=True):
        first = person.get(f"{problem.path}/submissions").json()["items"][-1]["results"][0]
        assert (part, first["status"], first["read_as"]) == (part, "correct", "1/3")


def shapes(told):
    """Return the status, attempts and notes of each result."""
    return [
        [
            (one["status"], one["attempt"], one["attempts_left"], one["notes"])
            for one in reply["results"]
        ]
        for reply in told
        if isinstance(reply, dict)
    ]
