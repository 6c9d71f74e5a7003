"""Tests that practice reveals nothing about variants that students may still answer."""

from student_setup import DUE_TOMORROW, NUMBERS, SQUARES, extend, number_of


def practised(person, problem):
    """Return the numbers of all variants on which *person* can practice."""
    return {
        person.get(f"{problem.path}/practice", params={"number": at}).json()["numbers"][0]["value"]
        for at in range(8)
    }


def test_practice_excludes_numbers_still_open_for_other_students(world):
    course = world.course()
    [problem] = world.assignment(course, SQUARES, variants="each", timeline_spec=DUE_TOMORROW)
    ada = world.enrol(course, "Ada")
    mine = number_of(ada, problem)
    others = (world.enrol(course, f"Bea {at}") for at in range(100))
    bea = next(one for one in others if number_of(one, problem) != mine)
    hers = number_of(bea, problem)
    extend(world, course, {"days": 1}, student_id=bea.id)
    world.clock.advance(days=1, seconds=1)
    assert practised(ada, problem) == NUMBERS - {mine, hers}
    world.clock.advance(days=1)
    assert practised(ada, problem) == NUMBERS - {mine}
