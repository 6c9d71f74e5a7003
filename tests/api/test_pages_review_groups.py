"""Tests of groups of equal texts on the marking pages."""

from pages import Browser
from review_course import ReviewCourse


def test_a_long_text_of_a_group_is_opened_and_read_to_its_end(world):
    scene = ReviewCourse(world)
    text = " ".join(f"reason{number}" for number in range(60))
    for _ in range(2):
        scene.student(text)
    found = Browser(world, scene.ada).get(f"{scene.part}/groups")
    [group] = [one for one in found.all("details") if text[:100] in one.text]
    assert group.one("summary").text == f"{text[:200].strip()}…"
    assert group.one("div", has="rv-said").text == text


def test_groups_that_begin_alike_are_distinguished_by_their_summaries(world):
    scene = ReviewCourse(world)
    shared = " ".join(f"reason{number}" for number in range(40))
    for end in ("it is faster", "it is slower"):
        for _ in range(2):
            scene.student(f"{shared}, so {end}.")
    found = Browser(world, scene.ada).get(f"{scene.part}/groups")
    summaries = [one.text for one in found.all("summary") if "reason0" in one.text]
    assert sorted(one[-8:] for one in summaries) == [" faster.", " slower."]
    assert all(len(one) <= 210 for one in summaries)


def test_a_short_text_of_a_group_stands_there_as_it_is(world):
    scene = ReviewCourse(world)
    for _ in range(2):
        scene.student("  Fewer parameters.  ")
    found = Browser(world, scene.ada).get(f"{scene.part}/groups")
    assert found.one("div", has="rv-said").text == "Fewer parameters."


def test_who_marks_a_group_is_told_how_many_were_marked_and_how_many_others_hold(world):
    scene = ReviewCourse(world)
    for _ in range(3):
        scene.student("Fewer parameters.")
    Browser(world, scene.bob).post(f"{scene.part}/next")
    browser = Browser(world, scene.ada)
    forms = browser.get(f"{scene.part}/groups").all("form")
    [form] = [one for one in forms if one["action"].endswith("/mark")]
    page = browser.follow(browser.send(form, credit="1"))
    assert (
        page.one(has="note-good").text
        == "2 answers graded. 1 answer left to the TAs who reserved them."
    )
