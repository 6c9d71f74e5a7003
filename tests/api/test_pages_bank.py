"""Tests of the pages of the bank, a version with its keys, and the file checker."""

from types import SimpleNamespace

import pytest
from pages import Browser
from staff_course import StaffCourse
from world import TEXT_PROBLEM, published

from api.pages.staff.assignments.problem_usage import DRAFT_STORED, PUBLISHED_UNUSED, RETIRED
from api.services.problems.versions import store_version

CHANGED = TEXT_PROBLEM.replace("Twice that?", "Double of that?")
OTHER_KEY = TEXT_PROBLEM.replace('key: "2*cells"', 'key: "cells*2"')
WRONG = TEXT_PROBLEM.replace('key: "K*K"', 'key: "K*Q"')


@pytest.fixture
def scene(world):
    course = world.course()
    version = world.version(TEXT_PROBLEM)
    staff = world.enrol(course, "Ina Instructor", role="instructor")
    return SimpleNamespace(
        world=world,
        course=course,
        version=version,
        staff=staff,
        path=f"/courses/{course}/problems",
        browser=Browser(world, staff),
    )


def own(scene, text=TEXT_PROBLEM, **more):
    """Store a version of a problem in the course's own space, and return its id."""
    with scene.world.session() as session:
        made = store_version(
            session, published(text), text, now=scene.world.clock(), space=str(scene.course), **more
        )
        return made.id


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("", True),
        ("?text=small", True),
        ("?text=SMALL+kernels", True),
        ("?text=%25", False),
        ("?topic=convolution", True),
        ("?topic=shapes", False),
        ("?kind=text", True),
        ("?kind=matrix", False),
        ("?difficulty=1", True),
        ("?difficulty=5", False),
        ("?space=bank", True),
        ("?space=course", False),
        ("?status=draft", False),
    ],
)
def test_bank_search_filters_problems(scene, query, is_there):
    found = scene.browser.get(scene.path + query)
    assert found.status == 200
    assert bool(found.all("a", href=f"{scene.path}/{scene.version.id}")) == is_there
    assert ("No problem matches" in found.text) != is_there


def test_topic_filter_lists_existing_topics(scene):
    own(scene, TEXT_PROBLEM.replace("topic: convolution", "topic: kernels"))
    page = scene.browser.get(f"{scene.path}?topic=kernels")
    topics = page.one("select", id="topic").all("option")
    assert [one.text for one in topics] == ["any", "convolution", "kernels"]
    assert [one.text for one in topics if "selected" in one.attributes] == ["kernels"]


def test_next_page_of_bank_keeps_search(scene, monkeypatch):
    scene.world.version("conv-output-shape")
    scene.world.version("conv-sizing")
    monkeypatch.setattr("api.pages.staff.assignments.bank.ROWS", 1)
    first = scene.browser.get(f"{scene.path}?text=conv-")
    second = scene.browser.get(f"{scene.path}{first.one('a', rel='next')['href']}")
    assert [one.all("th", scope="row")[0].text for one in (first, second)] == [
        "Output shape of a convolution, with stride 1 and with stride 2 conv-output-shape",
        "Padding, kernel and feature map sizes in a small network conv-sizing",
    ]


def test_preview_shows_numbers_key_and_model_answer_of_any_variant(scene):
    found = scene.browser.get(f"{scene.path}/{scene.version.id}?position=-1")
    assert "A kernel of size 3." in found.text
    assert "9" in [one.text for one in found.all("code")]
    assert "Fewer parameters and more non-linearities." in found.text
    told = scene.staff.get(f"{scene.path}/{scene.version.id}/preview?position=1").json()
    other = scene.browser.get(f"{scene.path}/{scene.version.id}?position=1")
    assert f"variant 1, seed {told['seed']}" in other.text
    assert f"A kernel of size {told['params']['K']}." in other.text
    by_seed = scene.browser.get(f"{scene.path}/{scene.version.id}?seed={told['seed']}")
    assert f"variant 1, seed {told['seed']}" in by_seed.text


@pytest.mark.parametrize("query", ["position=4000", "seed=999999", "seed=9999"])
def test_missing_variant_shows_error_and_keeps_form(scene, query):
    found = scene.browser.get(f"{scene.path}/{scene.version.id}?{query}")
    assert found.status == 404
    assert "There is no such variant" in found.one(role="alert").text
    assert found.all("input", name="seed")


def test_problem_without_original_has_no_variant_before_the_first(scene):
    drawn = "params: {N: {integers: [2, 9]}}\n"
    text = (
        "id: doubled\ntitle: Doubled\ntopic: training\ndifficulty: 1\n"
        f"{drawn}statement: Let $N = {{{{N}}}}$.\n"
        'parts: [{id: a, kind: integer, points: 1, prompt: "Twice that?", key: 2*N}]\n'
    )
    page = scene.browser.get(f"{scene.path}/{own(scene, text)}?position=0")
    assert "variant 0" in page.text
    assert not page.all("a", text="Previous")
    assert "−1 is the original" not in page.text
    known = scene.browser.get(f"{scene.path}/{scene.version.id}")
    assert "−1 is the original" in known.text


@pytest.mark.parametrize("query", ["position=abc", "position=--1", "seed=1.5", "show=all"])
def test_invalid_variant_query_is_rejected(scene, query):
    assert scene.browser.get(f"{scene.path}/{scene.version.id}?{query}").status == 422


def test_version_page_shows_source_and_diff(scene):
    first = own(scene)
    second = own(scene, CHANGED, based_on=first)
    source = scene.browser.get(f"{scene.path}/{second}?show=source").one("pre")
    assert "Double of that?" in source.text
    changed = scene.browser.get(f"{scene.path}/{second}?show=versions")
    assert [one.text for one in changed.one("pre").all(has="src-cut")][-1].count("Twice that?")
    assert [one.text for one in changed.one("pre").all(has="src-add")][-1].count("Double of that?")
    assert "Students keep their numbers." in changed.text
    alone = scene.browser.get(f"{scene.path}/{scene.version.id}?show=versions")
    assert "This is the first version." in alone.text


def test_any_two_versions_can_be_compared(scene):
    first = own(scene)
    second = own(scene, CHANGED, based_on=first)
    shown = scene.browser.get(f"{scene.path}/{first}?show=versions")
    [link] = [
        one for one in shown.all("a") if str(second) in one["href"] and "against" in one["href"]
    ]
    assert link.text == "with 1"
    compared = scene.browser.get(link["href"]).one("pre")
    assert [one.text.count("Double of that?") for one in compared.all(has="src-cut")][-1] == 1
    assert [one.text.count("Twice that?") for one in compared.all(has="src-add")][-1] == 1


def test_version_is_retired_and_republished(scene):
    version = own(scene)
    form = scene.browser.get(f"{scene.path}/{version}").one(
        "form", action=f"{scene.path}/{version}/retire"
    )
    assert scene.browser.send(form, reason="a better one is there").status == 303
    assert scene.staff.get(f"{scene.path}/{version}").json()["status"] == "retired"
    again = scene.browser.get(f"{scene.path}/{version}").one(
        "form", action=f"{scene.path}/{version}/publish"
    )
    assert scene.browser.send(again).status == 303
    assert scene.staff.get(f"{scene.path}/{version}").json()["status"] == "published"


@pytest.mark.parametrize(
    ("seen", "said", "words", "way"),
    [
        (False, "Used in Homework 1 (version 1 of the bank", "use this version", "settings"),
        (
            True,
            "of the bank, seen by students",
            "regrade with this version",
            "regrades?do=id#start",
        ),
    ],
)
def test_publishing_links_to_assignments_using_older_versions(world, seen, said, words, way):
    scene = StaffCourse(world)
    form = {"source": OTHER_KEY, "act": "publish"}
    if seen:
        scene.student.get(scene.assigned.path)
    page = scene.browser.follow(scene.browser.post(f"{scene.home}/problems/check", form))
    assert "Published. Assignments keep the version that they have." in page.text
    assert f"{said}; {words})." in page.text
    link = page.one("a", aria_label=f"{words} in Homework 1")
    assert link["href"] == f"{scene.assigned.path}/{way}"
    assert scene.browser.get(link["href"].partition("#")[0]).status == 200


def test_test_student_views_are_not_reported_as_student_views(world):
    scene = StaffCourse(world)
    test = scene.staff.post(f"{scene.home}/test-student").json()["user"]
    scene.browser.post("/view-as", {"student": test})
    scene.browser.get(scene.assigned.path)
    scene.browser.post("/view-as", {"student": ""})
    told = scene.staff.get(scene.path).json()["problems"][0]
    assert told["opened"]
    version, own = f"{scene.home}/problems/{told['version_id']}", f"{scene.assigned.path}/settings"
    assert "(this version, seen only by the test student)" in scene.browser.get(version).text
    assert "seen by the test student" in scene.editor().one(id="problems").text
    assert "The test student has seen numbers, so" in scene.browser.get(own).text
    scene.student.get(scene.assigned.path)
    assert "(this version, seen by students)" in scene.browser.get(version).text
    assert "test student" not in scene.editor().one(id="problems").text
    assert "Students have seen their numbers, so" in scene.browser.get(own).text


def test_version_page_lists_usage_and_retiring_explains_effect(world):
    scene = StaffCourse(world)
    assigned = scene.staff.get(scene.path).json()["problems"][0]
    page = scene.browser.get(f"{scene.home}/problems/{assigned['version_id']}")
    assert "Used in Homework 1 (this version)." in page.text
    version = own(scene, CHANGED)
    form = {"reason": "not used"}
    done = scene.browser.post(f"{scene.home}/problems/{version}/retire", form)
    assert RETIRED in scene.browser.follow(done).text


def test_ta_sees_keys_but_cannot_edit_them(scene):
    grader = Browser(scene.world, scene.world.enrol(scene.course, "Gra Der", role="grader"))
    found = grader.get(f"{scene.path}/{own(scene)}")
    assert found.status == 200
    assert found.all("form", method="post", action=f"{scene.path}/check") == []
    assert not [one for one in found.all("form") if one["action"].endswith(("retire", "publish"))]
    assert grader.get(f"{scene.path}/check").status == 403


def check(scene, act, source, **more):
    return scene.browser.post(f"{scene.path}/check", {"source": source, "act": act}, **more)


def test_checker_page_shows_same_errors_and_lines_as_api(scene):
    found = check(scene, "check", WRONG)
    assert found.status == 422
    told = scene.staff.post(
        f"{scene.path}/check", content=WRONG, headers={"Content-Type": "application/yaml"}
    ).json()
    [fault] = told["errors"]
    assert f"Line {fault['line']}" in found.one(id="error").text
    assert fault["message"] in found.one(id="error").text
    assert WRONG.splitlines()[fault["line"] - 1].strip() in found.one(id="error").one("pre").text
    [text] = found.one("textarea", id="source").children
    assert str(text).removeprefix("\n") == WRONG


def test_check_of_valid_file_reports_no_errors_and_stores_nothing(scene):
    found = check(scene, "check", CHANGED)
    assert found.status == 200
    assert "why-small-kernels has no errors." in found.text
    assert "A kernel of size 3." in found.one("div", id="seen").text
    assert scene.staff.get(f"{scene.path}?space=course").json()["items"] == []


@pytest.mark.parametrize(
    ("act", "status", "said"),
    [
        ("draft", "draft", DRAFT_STORED),
        ("publish", "published", PUBLISHED_UNUSED),
    ],
)
def test_file_is_stored_with_note_and_its_visibility_is_reported(scene, act, status, said):
    stored = scene.browser.post(
        f"{scene.path}/check", {"source": CHANGED, "act": act, "note": "clearer"}
    )
    assert stored.status == 303, stored.text
    told = scene.staff.get(stored.location.partition("?")[0]).json()
    assert (told["status"], told["note"], told["source"]) == (status, "clearer", CHANGED)
    assert said in scene.browser.get(stored.location).one(has="note-good").text


@pytest.mark.parametrize(
    "source",
    ["", "\x01", "- 1\n- 2", "id: [", WRONG, TEXT_PROBLEM.replace("points: 2", "points: two")],
)
@pytest.mark.parametrize("act", ["draft", "publish", "check", ""])
def test_invalid_file_is_not_stored_and_stays_in_form(scene, source, act):
    found = check(scene, act, source)
    assert found.status == 422
    assert "Nothing was stored." in found.text
    assert scene.staff.get(f"{scene.path}?space=course").json()["items"] == []


def test_unchanged_file_is_refused_and_stays_in_form(scene):
    check(scene, "publish", CHANGED)
    found = check(scene, "publish", CHANGED)
    assert found.status == 409
    assert "is the same" in found.text
    assert "Double of that?" in found.one("textarea", id="source").text


def test_uploaded_file_overrides_text_field(scene):
    files = {"file": ("problem.yaml", CHANGED.encode(), "text/yaml")}
    found = check(scene, "check", "id: other", files=files)
    assert "why-small-kernels has no errors." in found.text


def test_existing_version_can_be_edited_as_new_version(scene):
    version = own(scene)
    found = scene.browser.get(f"{scene.path}/check?base={version}")
    [text] = found.one("textarea", id="source").children
    assert str(text).removeprefix("\n") == TEXT_PROBLEM


def test_new_problem_template_passes_check_without_warnings(scene):
    gallery = scene.browser.get(scene.browser.get(scene.path).one("a", text="New problem")["href"])
    form = gallery.one("form", action=f"{scene.path}/check")
    page = scene.browser.get(f"{form['action']}?template=integer")
    checked = scene.browser.send(page.one("form", enctype="multipart/form-data"), "act=check")
    report = checked.all("div", role="status")[0].text
    assert "my-problem has no errors." in report
    assert "warning" not in report
    assert scene.browser.get(f"{scene.path}/check").one("textarea").text == ""
