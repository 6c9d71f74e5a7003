"""Tests of a student's own mistakes over the course: their cause, their number, their time."""

from analytics_course import POWERS, ROOTS
from pages import Browser
from sqlalchemy import select
from student_setup import DUE_TOMORROW, extend

from api.db.models import Answer
from problems.mistakes import MISTAKES

ONE_DATABASE = True
DOUBLED = {"square": "20"}


def load(person, course):
    response = person.get(f"/courses/{course}/mistakes")
    assert response.status_code == 200, response.text
    return response.json()["items"]


def test_mistakes_are_counted_by_cause_across_assignments(world, course, student):
    first, second = (
        world.assignment(course, source, timeline_spec=DUE_TOMORROW)[0]
        for source in (POWERS, ROOTS)
    )
    for assigned in (first, second):
        student.submit(assigned, DOUBLED)
    student.submit(first, {"square": "7"})
    student.submit(first, {"square": "nothing"})
    with world.session() as session:
        wrong = session.scalars(select(Answer).where(Answer.shown == "7")).one()
        wrong.mistakes = "kernel_flipped|doubled"
    assert load(student, course) == []  # the solutions are hidden
    world.clock.advance(days=2)
    doubled, flipped = load(student, course)
    assert (doubled["mistake"], doubled["times"], doubled["description"]) == ("doubled", 3, "")
    assert [(one["problem"], one["times"]) for one in doubled["problems"]] == [
        (first.slug, 2),
        (second.slug, 1),
    ]
    note = MISTAKES["kernel_flipped"].note
    assert (flipped["times"], flipped["description"]) == (1, note)


def test_students_do_not_see_mistakes_of_others(world, course, student):
    [assigned] = world.assignment(course, POWERS, timeline_spec=DUE_TOMORROW)
    student.submit(assigned, DOUBLED)
    world.clock.advance(days=2)
    assert load(world.enrol(course, "Other Example"), course) == []


def test_mistakes_stay_hidden_while_results_or_solutions_are_hidden(world, course, student):
    extended = world.enrol(course, "Ex Tended")
    [assigned] = world.assignment(course, POWERS, timeline_spec=DUE_TOMORROW, results="manual")
    [other] = world.assignment(course, ROOTS, timeline_spec=DUE_TOMORROW, solutions="never")
    [late] = world.assignment(course, POWERS, timeline_spec=DUE_TOMORROW, variants="each")
    for person in (student, extended):
        for each in (assigned, other):
            person.submit(each, DOUBLED)
    extended.get(late.path)
    extend(world, course, {"days": 9}, student_id=extended.id)
    world.clock.advance(days=2)
    assert load(student, course) == []
    assert load(extended, course) == []


def test_mistakes_page_links_to_practice_and_solution(world, course, student):
    [assigned] = world.assignment(course, POWERS, timeline_spec=DUE_TOMORROW)
    student.submit(assigned, DOUBLED)
    browser, path = Browser(world, student), f"/courses/{course}/mistakes"
    assert not browser.get(path).all("article")
    world.clock.advance(days=2)
    browser = Browser(world, student)
    card = browser.get(path).one("article")
    assert "1 time" in card.text
    for link in (f"{assigned.path}/practice", f"{assigned.path}/solution"):
        assert browser.get(card.one("a", href=link)["href"]).status == 200
    assert browser.get(f"/courses/{course}/grades").one("a", href=path)
