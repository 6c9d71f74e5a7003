"""Tests that hidden results do not reveal a right, near or known wrong answer."""

from typing import Any

import pytest
from actors import NOW
from student_scenes import FORMS, without_ids
from world import Person, Posing

from api.db.models import Assignment

SIZES = "The answer has the size 2; it must be 3."
WRONG = {"row": "[4, 7]"}
MISTAKE = {"row": "[4, 8]"}
ACCEPTED = {"row": "[4, 5]"}
NO_PADDING = {"padding": "0"}
SHORT = {"convolved": "[[30]]"}
PADDING_LEFT_OUT = {"convolved": "[[31]]"}
VOLATILE = frozenset({"digest", "instance"})


def posed(world, course, **settings) -> Posing:
    given = {"results": "never", "attempts": 3, **settings}
    [problem] = world.assignment(course, FORMS, **given)
    return problem


def seen(person: Person, problem: Posing) -> list[Any]:
    """Return everything a student sees of a problem, without ids and their own input."""
    mine = person.get("/me/assignments").json()["items"]
    submissions = person.get(f"{problem.path}/submissions").json()["items"]
    told = [
        person.get(problem.path).json(),
        submissions,
        [person.get(f"/submissions/{one['id']}").json() for one in submissions],
        [one for one in mine if one["id"] == str(problem.assignment)],
        person.get(f"/courses/{mine[0]['course']}/grades").json(),
    ]
    return without_ids(told, also=VOLATILE)


def hand_in(person: Person, problem: Posing, *answers: dict[str, str]) -> list[Any]:
    """Submit *answers* in order, and return everything their author sees."""
    told = []
    for one in answers:
        response = person.submit(problem, one)
        told += [response.status_code, without_ids(response.json(), also=VOLATILE)]
        told.append(seen(person, problem))
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
    [{}, {"cool_down_seconds": 60}, {"attempts": None}],
    ids=["limit", "cool-down", "no limit"],
)
def test_an_answer_of_another_size_looks_the_same_whatever_it_equals(world, course, pair, settings):
    problem = posed(world, course, **settings)
    one, other = (
        hand_in(world.enrol(course, name), problem, *answers)
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


def test_new_numbers_do_not_come_by_a_known_mistake_of_another_size(world, course):
    problem = posed(world, course, variants="each_after", new_after=1)
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
def test_another_size_is_free_and_told_while_results_are_hidden(world, course, student, answers):
    problem = posed(world, course)
    told = student.submit(problem, answers).json()
    [result] = told["results"]
    assert (result["status"], result["feedback"]) == ("unreadable", SIZES)
    assert (result["attempt"], result["attempts_left"]) == (None, 3)
    assert told["messages"][0] == "row: it could not be read; no attempt was used."
    mine = student.get("/me/assignments").json()["items"][0]["problems"][0]
    assert mine["answered"] == 0


def test_attempts_that_are_used_up_keep_no_size_out(world, course, student):
    problem = posed(world, course, attempts=1)
    student.submit(problem, {"row": "[1, 2, 3]"})
    codes = [student.submit(problem, one).status_code for one in (WRONG, MISTAKE, ACCEPTED)]
    assert codes == [201, 201, 201]
    assert student.submit(problem, {"row": "[1, 2, 4]"}).status_code == 409


def test_after_the_release_each_is_what_it_is(world, course):
    problem = posed(world, course)
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


def test_where_results_are_shown_a_known_mistake_of_another_size_costs(world, course, student):
    problem = posed(world, course, results="at_once")
    [wrong] = student.submit(problem, WRONG).json()["results"]
    [mistake] = student.submit(problem, MISTAKE).json()["results"]
    assert (wrong["status"], wrong["attempt"]) == ("unreadable", None)
    assert (mistake["status"], mistake["attempt"]) == ("mistake", 1)


def release(world, problem):
    """Show results from now on."""
    with world.session() as session:
        row = session.get_one(Assignment, problem.assignment)
        row.results, row.results_released_at = "manual", NOW


def test_of_a_value_given_in_full_and_rounded_nothing_tells_which_is_right(world, course):
    problem = posed(world, course)
    told = []
    for part in ("third", "decimal"):
        person = world.enrol(course, part)
        both = hand_in(person, problem, {part: "1/3 ≈ 0.33"}, {part: "0.33"}, {part: "1/3"})
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
