"""Tests of groups of equal texts on the marking pages."""

from pages import Browser
from review_course import ReviewCourse

from api.pages.staff.grading.answer_text import SUMMARY_LENGTH


def test_long_group_text_can_be_expanded(world):
    scene = ReviewCourse(world)
    text = " ".join(f"reason{number}" for number in range(60))
    for _ in range(2):
        scene.student(text)
    found = Browser(world, scene.ada).get(f"{scene.part}/groups")
    [group] = [one for one in found.all("details") if text[:100] in one.text]
    assert group.one("summary").text == f"{text[:SUMMARY_LENGTH].strip()}…"
    assert group.one("div", has="rv-said").text == text


def test_summaries_distinguish_groups_with_equal_beginnings(world):
    scene = ReviewCourse(world)
    shared = " ".join(f"reason{number}" for number in range(40))
    for end in ("it is faster", "it is slower"):
        for _ in range(2):
            scene.student(f"{shared}, so {end}.")
    found = Browser(world, scene.ada).get(f"{scene.part}/groups")
    summaries = [one.text for one in found.all("summary") if "reason0" in one.text]
    assert sorted(one[-8:] for one in summaries) == [" faster.", " slower."]
    assert all(len(one) <= 210 for one in summaries)


def test_short_group_text_is_shown_in_full(world):
    scene = ReviewCourse(world)
    for _ in range(2):
        scene.student("  Fewer parameters.  ")
    found = Browser(world, scene.ada).get(f"{scene.part}/groups")
    assert found.one("div", has="rv-said").text == "Fewer parameters."


def test_group_grading_reports_graded_and_reserved_counts(world):
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
