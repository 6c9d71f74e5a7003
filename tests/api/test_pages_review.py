"""Tests of the marking pages: the queue, single answers, groups, the rubric, requests."""

import pytest
from pages import Browser, form_fields
from review_course import ReviewCourse
from world import TEXT_PROBLEM

from api.pages.staff.grading.regrade_requests import CREDIT_MISSING, KEEP_GRADE
from api.services.review.marks.values import GRADED_BY_TA

GOOD = "Fewer parameters."


@pytest.fixture
def scene(world):
    return ReviewCourse(world)


@pytest.fixture
def ada(scene):
    return Browser(scene.world, scene.ada)


def desk(browser, scene, student):
    found = browser.get(f"/answers/{scene.answer(student)}/review")
    assert found.status == 200, found.text
    return found


def marks(found):
    return [one for one in found.all("form") if one["action"].endswith("/mark")][-1]


def told(scene, student):
    return scene.ada.get(f"/answers/{scene.answer(student)}/review").json()


def test_review_overview_counts_answers_and_links_to_next(scene, ada):
    scene.student(GOOD)
    scene.student("More.")
    found = ada.get(f"{scene.assignment}/review")
    [row] = found.one("table").rows()[1:]
    assert row[:5] == ["Why small kernels Why", "text", "2", "0", "0"]
    taken = ada.send(found.one("form", action=f"{scene.part}/next"))
    assert GOOD in ada.follow(taken).text or "More." in ada.follow(taken).text


@pytest.mark.parametrize(
    ("results", "said"), [("at_once", "Not done yet:"), ("manual", "Before results are shown:")]
)
def test_ungraded_warning_depends_on_result_release(world, results, said):
    scene = ReviewCourse(world, {"results": results})
    scene.student(GOOD)
    assert said in Browser(world, scene.ada).get(f"{scene.assignment}/review").one("b").text


@pytest.mark.parametrize("page", ["", "/groups", "/rubric"])
def test_review_pages_of_part_use_problem_title(scene, ada, page):
    scene.student(GOOD)
    found = ada.get(f"{scene.part}{page}")
    way = [one.text for one in found.one("nav", has="top-way").all("a")]
    assert "Why small kernels, Why" in {found.heading, *way}
    assert scene.assigned.slug not in found.text


def test_answer_review_page_uses_problem_title(scene, ada):
    found = desk(ada, scene, scene.student(GOOD))
    way = [one.text for one in found.one("nav", has="top-way").all("a")]
    assert (found.heading, way[-1]) == ("Why small kernels, Why",) * 2


def test_manually_graded_answer_is_labeled_graded_by_ta(scene, ada):
    student = scene.student(GOOD)
    scene.mark(scene.ada, scene.answer(student), credit=1)
    [how] = [
        one for one in desk(ada, scene, student).all("details") if "Graded by a TA" in one.text
    ]
    assert how.one("summary").text == "How it is graded"
    assert GRADED_BY_TA in how.text


def test_empty_review_overview_explains_what_will_appear(scene, ada):
    assert "Submitted texts appear here" in ada.get(f"{scene.assignment}/review").text


def test_ta_grades_answers_by_rubric_until_queue_is_empty(scene, ada):
    students = [scene.student(text) for text in (GOOD, "Deeper.", "No idea.")]
    found = ada.follow(ada.post(f"{scene.part}/next"))
    for _ in students:
        ticked = [one["value"] for one in found.all("input", name="items")][:1]
        done = ada.send(marks(found), "act=next", items=ticked, comment="Say also why.")
        assert done.status == 303
        found = ada.follow(done)
    assert "There are no answers left for you." in ada.get(done.location).text
    assert [told(scene, one)["score"] for one in students] == [2, 2, 2]
    assert {told(scene, one)["mark"]["comment"] for one in students} == {"Say also why."}


def test_rubric_shows_maximum_points(world):
    source = TEXT_PROBLEM.replace("points: 4", "points: 1").replace(
        "points: 2, say", "points: 1/2, say"
    )
    scene = ReviewCourse(world, source=source)
    found = desk(Browser(world, scene.ada), scene, scene.student(GOOD))
    assert marks(found).one("legend").text == "Rubric of 1 point"


def test_manual_grade_can_be_viewed_changed_and_withdrawn(scene, ada):
    student = scene.student(GOOD)
    saved = ada.send(marks(desk(ada, scene, student)), "act=stay", credit="50%", reason="half")
    found = ada.get(saved.location)
    assert "Saved." in found.text
    assert found.one("input", name="credit")["value"] == "0.5"
    assert ada.send(marks(found), "act=stay", credit="", adjustment="−1").status == 303
    assert told(scene, student)["mark"]["adjustment"] == -1
    [back] = [one for one in desk(ada, scene, student).all("form") if "unmark" in one["action"]]
    assert ada.send(back).status == 303
    assert told(scene, student)["mark"] is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"credit": "150%"}, "from 0 to 1"),
        ({"credit": "much"}, "must be a number"),
        ({"adjustment": "1e9"}, "must be a number"),
        ({"credit": "1", "adjustment": "1"}, "The grade must be either a credit"),
    ],
)
def test_invalid_manual_grade_is_rejected_and_input_is_kept(scene, ada, typed, said):
    student = scene.student(GOOD)
    typed = {"comment": "Kept <b>as it is</b>."} | typed
    found = ada.send(marks(desk(ada, scene, student)), "act=next", **typed)
    assert found.status == 422
    assert said in found.one(id="error").text
    for name in typed.keys() - {"comment"}:
        assert marks(found).one(name=name)["value"] == typed[name]
    assert "Kept <b>as it is</b>." in marks(found).text
    assert told(scene, student)["mark"] is None


def test_manual_grade_requires_credit_or_item_but_accepts_zero(scene, ada):
    student = scene.student("No idea.")
    found = ada.send(marks(desk(ada, scene, student)), "act=next", comment="Read it again.")
    assert found.status == 422
    assert "Credit is missing, and no rubric item is ticked" in found.text
    assert found.one("textarea", name="comment").text.strip() == "Read it again."
    assert told(scene, student)["mark"] is None
    assert ada.send(marks(found), "act=stay", credit="0").status == 303
    assert told(scene, student)["score"] == 0


def test_group_grade_requires_credit_or_rubric_item(scene, ada):
    students = [scene.student("No idea."), scene.student("No idea.")]
    groups = ada.get(f"{scene.part}/groups")
    refused = ada.send(marks(groups))
    assert refused.status == 422
    assert "credit is missing, and no rubric item is ticked" in refused.one(role="alert").text
    assert [told(scene, one)["mark"] for one in students] == [None, None]


def test_concurrent_tas_do_not_overwrite_each_other(scene, ada):
    student = scene.student(GOOD)
    mine = desk(ada, scene, student)
    scene.mark(scene.bob, scene.answer(student), credit=1)
    found = ada.send(marks(mine), "act=next", credit="25%")
    assert found.status in {409, 412}
    assert told(scene, student)["mark"]["credit"] == 1
    assert marks(found).one(name="credit")["value"] == "25%"


def test_reserved_answer_is_unavailable_until_released(scene, ada):
    student = scene.student(GOOD)
    bob = Browser(scene.world, scene.bob)
    bob.post(f"{scene.part}/next")
    nothing = ada.post(f"{scene.part}/next")
    assert "There are no answers left for you." in ada.get(nothing.location).text
    claimed = ada.post(f"/answers/{scene.answer(student)}/claim")
    assert claimed.status == 409
    assert "Bob Grader has reserved it until" in claimed.text
    [back] = [one for one in desk(bob, scene, student).all("form") if "release" in one["action"]]
    assert bob.follow(bob.send(back)).heading == "Why small kernels, Why"
    assert ada.post(f"{scene.part}/next").location.endswith("/review")


def test_skipping_an_answer_opens_the_next(scene, ada):
    scene.student(GOOD)
    scene.student("More.")
    first = ada.post(f"{scene.part}/next").location
    [skip] = [one for one in ada.get(first).all("form") if one["action"].endswith("/skip")]
    assert ada.send(skip).location not in {first, ""}


def keys_of(page):
    """Return the links and forms of the keys of a grading page, by key."""
    links = {one["data-key"]: one for one in page.all("a") if one.get("data-key")}
    forms = {
        button["data-key"]: form
        for form in page.all("form")
        for button in form.all("button")
        if button.get("data-key")
    }
    return links | forms


def test_p_key_returns_to_skipped_answer_and_s_key_advances(scene, ada):
    for text in (GOOD, "More.", "Less."):
        scene.student(text)
    graded = ada.post(f"{scene.part}/next").location

    def press(path, key, button=""):
        """Press a key on the page of an answer, a minute later; return where it leads."""
        scene.world.clock.advance(minutes=1)
        return ada.send(keys_of(ada.get(path))[key], button).location

    skipped = press(graded, "0", "act=zero")
    current = press(skipped, "s")
    assert len({graded, skipped, current}) == 3
    page = ada.get(current)
    assert keys_of(page)["p"]["href"] == skipped
    assert keys_of(page)["u"]["action"] == graded.replace("/review", "/undo")
    page = ada.get(skipped)
    assert keys_of(page)["p"]["href"] == graded
    assert keys_of(ada.get(graded))["s"]["href"] == skipped
    assert press(skipped, "s") == current
    assert keys_of(ada.get(current))["p"]["href"] == skipped
    press(current, "0", "act=zero")
    page = ada.get(skipped)  # reserved again, because it is the last one that waits
    assert keys_of(page)["p"]["href"] == current
    assert keys_of(page)["s"].tag == "form"


def test_zero_points_need_confirmation_to_replace_a_grade(scene, ada):
    student = scene.student(GOOD)
    path = f"/answers/{scene.answer(student)}/review"
    form = ada.get(path).one("form", id="rubric")
    ada.send(form, "act=stay", credit="50%")

    def load_credit():
        return ada.get(path).one("input", name="credit")["value"]

    page = ada.send(ada.get(path).one("form", id="rubric"), "act=zero")
    assert (page.status, load_credit()) == (200, "0.5")
    [ask] = page.all("button", value="replace")
    assert (ask["form"], ask["data-key"]) == ("rubric", "y")
    fields = form_fields(page.one("form", id="rubric")) | {"act": "replace"}
    assert ada.post(page.one("form", id="rubric")["action"], fields).status == 303
    assert load_credit() == "0"
    page = ada.send(ada.get(path).one("form", id="rubric"), "act=zero")
    assert page.status == 303  # there is nothing to lose


@pytest.mark.parametrize("name", ["Stu Dent"])
def test_anonymous_review_pages_hide_student_identity(world, name):
    scene = ReviewCourse(world, {"anonymous": True})
    ada = Browser(world, scene.ada)
    student = scene.student(GOOD, name=name)
    answer = scene.answer(student)
    for path in (scene.part, f"{scene.part}/groups", f"/answers/{answer}/review"):
        found = ada.get(path)
        assert found.status == 200
        assert name not in found.source
        assert str(student.id) not in found.source


def test_student_markdown_and_tex_are_rendered_and_html_is_escaped(scene, ada):
    student = scene.student("<script>alert(1)</script> $x$ **b**\n\n  twice  ")
    found = desk(ada, scene, student)
    assert "<script>alert" not in found.source
    said = found.one("div", id="answer")
    assert said.all("p")[0].text == "<script>alert(1)</script> x b"
    assert [said.one(name).text for name in ("math", "strong")] == ["x", "b"]
    [typed] = found.all("p", has="rv-said")
    assert "<script>alert(1)</script> $x$ **b**" in typed.text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("256*200 + 200*3", "256*200 + 200*3"),
        ("# 1\n2 < 3", "# 1 2 < 3"),
        ("[here](https://example.org) ![it](https://example.org/a.png)", "[here](https://"),
        ("$\\def\\a#1{\\a{#1#1}}\\a{x}$", r"\def\a#1{\a{#1#1}}\a{x}"),
        ("$$x$$ (progress)", "x (progress)"),
    ],
)
def test_rendered_answer_has_no_headings_links_images_or_ids(scene, ada, typed, shown):
    found = desk(ada, scene, scene.student(f"{typed} and *so* on")).one("div", id="answer")
    assert shown in found.text
    assert [found.all(tag) for tag in ("h1", "h2", "a", "img")] == [[]] * 4
    assert [one for one in found.all() if one is not found and one.get("id")] == []


def test_review_page_shows_progress_and_previous_answer_key(scene, ada):
    students = [scene.student(text) for text in (GOOD, "Deeper.", "No idea.")]
    first = ada.post(f"{scene.part}/next").location
    found = ada.get(first)
    assert found.one(id="progress").text == "0 of 3 graded"
    assert found.all(data_key="p") == found.all(data_key="u") == []
    second = ada.send(marks(found), "act=next", credit="1").location
    scene.world.clock.advance(seconds=1)
    found = ada.get(second)
    assert found.one(id="progress").text == "1 of 3 graded"
    assert found.one(data_key="p")["href"] == first
    third = ada.send(marks(found), "act=next", credit="1").location
    assert ada.get(second).one(data_key="p")["href"] == first
    assert ada.get(first).one(data_key="s")["href"] == second
    assert ada.get(third).one(data_key="p")["href"] == second
    assert {told(scene, one)["score"] for one in students} == {4, None}


def test_zero_key_gives_zero_points_and_ignores_ticked_items(scene, ada):
    student = scene.student("No idea.")
    found = desk(ada, scene, student)
    ticked = [found.all("input", name="items")[0]["value"]]
    assert found.one(data_key="0")["value"] == "zero"
    done = ada.send(marks(found), "act=zero", items=ticked, comment="Read it again.")
    assert done.status == 303
    mark = told(scene, student)["mark"]
    assert (mark["credit"], mark["items"], mark["comment"]) == (0, [], "Read it again.")


def test_last_grade_can_be_undone_from_next_answer_and_queue(scene, ada):
    students = [scene.student(text) for text in (GOOD, "Deeper.")]
    first = ada.post(f"{scene.part}/next").location
    second = ada.send(marks(ada.get(first)), "act=next", credit="50%").location
    found = ada.get(second)
    [undo] = [one for one in found.all("form") if one["action"].endswith("/undo")]
    assert undo.one("button").text == "Undo last grade (2 of 4) u"
    assert ada.send(undo).location == first
    assert [told(scene, one)["mark"] for one in students] == [None, None]
    for path in (first, second):
        scene.world.clock.advance(seconds=1)
        ada.send(marks(ada.get(path)), "act=stay", credit="1")
    queue = ada.get(scene.part)
    [undo] = [one for one in queue.all("form") if one["action"].endswith("/undo")]
    assert ada.send(undo).location == second
    assert sorted(str(told(scene, one)["score"]) for one in students) == ["4", "None"]


def test_undo_of_changed_grade_restores_previous_grade(scene, ada):
    student = scene.student(GOOD)
    answer = scene.answer(student)
    scene.mark(scene.bob, answer, items=scene.items()[:1], comment="First.")
    scene.mark(scene.ada, answer, credit=0, comment="Second.")
    undone = scene.ada.post(f"/answers/{answer}/undo", headers={"If-Match": "*"})
    assert undone.status_code == 200
    mark = told(scene, student)["mark"]
    assert (mark["comment"], len(mark["items"]), mark["credit"]) == ("First.", 1, None)
    stale = scene.ada.post(f"/answers/{answer}/undo", headers={"If-Match": '"v1"'})
    assert stale.status_code == 412
    [undo] = [
        one for one in desk(ada, scene, student).all("form") if one["action"].endswith("/undo")
    ]
    assert ada.send(undo).status == 303
    assert told(scene, student)["mark"]["comment"] == "Second."


def test_grade_of_equal_answer_can_be_reused(scene, ada):
    one, two = scene.student(GOOD), scene.student(GOOD)
    scene.mark(scene.bob, scene.answer(one), items=scene.items()[:1], comment="Why?")
    found = desk(ada, scene, two)
    alike = found.one("div", has="note")
    assert "by Bob Grader" in alike.text
    assert ada.send(alike.one("form")).status == 303
    assert told(scene, two)["mark"]["items"] == told(scene, one)["mark"]["items"]
    assert told(scene, two)["mark"]["comment"] == "Why?"


def test_equal_answers_are_graded_as_a_group(scene, ada):
    same = [scene.student(GOOD) for _ in range(3)]
    other = scene.student("Something else.")
    found = ada.get(f"{scene.part}/groups")
    assert "Group 1: 3 answers" in found.text
    refused = ada.send(marks(found), credit="150%", comment="Kept.")
    assert refused.status == 422
    assert "Kept." in marks(refused).text
    ticked = [marks(found).all("input", name="items")[0]["value"]]
    assert ada.send(marks(found), items=ticked).status == 303
    assert [told(scene, one)["score"] for one in same] == [2, 2, 2]
    assert told(scene, other)["mark"] is None
    assert "all graded" in ada.get(f"{scene.part}/groups").text


@pytest.mark.parametrize("shows", ["waiting", "marked", "mine", "flagged", "all"])
def test_review_queue_filters_by_state(scene, ada, shows):
    marked, waiting = scene.student(GOOD), scene.student("Wait for me.")
    scene.mark(scene.ada, scene.answer(marked), credit=1)
    ada.post(f"/answers/{scene.answer(waiting)}/flag", {"note": "Look."})
    found = ada.get(f"{scene.part}?shows={shows}")
    listed = [one["href"] for one in found.all("a") if one["href"].startswith("/answers/")]
    expected = {f"/answers/{one}/review" for one in scene.listed(scene.ada, shows)}
    assert {one for one in listed if "button" not in one} >= expected
    assert found.one("a", text="", aria_current="page", href=f"?shows={shows}")


def test_flag_is_set_and_cleared(scene, ada):
    student = scene.student(GOOD)
    flag = desk(ada, scene, student).one("form", action=f"/answers/{scene.answer(student)}/flag")
    ada.send(flag, note="Is it the same?")
    assert told(scene, student)["flag"] == "Is it the same?"
    ada.send(flag, note="")
    assert told(scene, student)["flag"] == ""


def test_comments_have_an_audience_and_can_be_withdrawn(scene, ada):
    student = scene.student(GOOD)
    path = f"/answers/{scene.answer(student)}/comments"
    form = desk(ada, scene, student).one("form", action=path)
    assert ada.send(form, text="").status == 422
    ada.send(form, text="For you.")
    ada.post(path, {"text": "Among us."})
    found = desk(ada, scene, student).one(id="comments")
    assert "For you." in found.text
    assert found.text.count("the student reads it") == 1
    assert found.text.count("staff only") == 1
    [first, _] = [one for one in found.all("form") if one["action"].endswith("/withdraw")]
    assert ada.send(first).status == 303
    assert "For you." not in desk(ada, scene, student).one(id="comments").text


def items(browser, scene):
    found = browser.get(f"{scene.part}/rubric")
    return found, [one for one in found.all("form", method="post") if one.all("h2")]


def test_rubric_item_change_has_dry_run_and_updates_grades(scene, ada):
    student = scene.student(GOOD)
    scene.mark(scene.bob, scene.answer(student), items=scene.items()[:1])
    _, [first, *_] = items(ada, scene)
    tried = ada.send(first, "act=try", points="1")
    assert "1 graded answer would change: 0 up, 1 down" in tried.text
    assert told(scene, student)["score"] == 2
    again = tried.one("form", action=first["action"])
    assert ada.send(again, "act=save").status == 303
    assert told(scene, student)["score"] == 1


def test_rubric_item_removal_needs_confirmation(scene, ada):
    _, [first, *_] = items(ada, scene)
    before = scene.items()
    looked = ada.send(first, "act=out")
    assert scene.items() == before
    assert ada.send(looked.one("form", action=first["action"]), "act=retire").status == 303
    assert scene.items() == before[1:]


def test_rubric_item_is_added_and_invalid_input_is_kept(scene, ada):
    _, [*_, new] = items(ada, scene)
    wrong = ada.send(new, label="clear", points="much")
    assert wrong.status == 422
    form = wrong.one("form", action=f"{scene.part}/rubric")
    assert form.one("input", name="label")["value"] == "clear"
    assert ada.send(form, points="−1").status == 303
    added = scene.ada.get(f"{scene.part}/rubric").json()["items"][-1]
    assert (added["label"], added["points"]) == ("clear", -1)


def test_stale_rubric_item_edit_is_rejected_and_input_is_kept(scene, ada):
    _, [first, *_] = items(ada, scene)
    ada.send(first, "act=save", points="1")
    found = ada.send(first, "act=save", points="2", label="mine")
    assert found.status == 412
    again = found.one("form", action=first["action"])
    assert again.one("input", name="label")["value"] == "mine"
    assert ada.send(again, "act=save").status == 303


@pytest.fixture
def asked(world):
    scene = ReviewCourse(world, {"regrade_days": 7})
    student = scene.student(GOOD)
    scene.mark(scene.ada, scene.answer(student), credit=0)
    answer = told(scene, student)
    path = f"/submissions/{answer['submission']}/parts/why/request"
    assert student.post(path, {"text": "It is <i>there</i>."}).status_code == 201
    return scene, student


def test_regrade_request_is_accepted_with_new_credit(asked):
    scene, student = asked
    ada = Browser(scene.world, scene.ada)
    found = ada.get(f"{scene.assignment}/requests")
    assert "It is <i>there</i>." in found.text
    assert found.one("section", has="card").one("h2").text.startswith("Why small kernels, Why ")
    form = next(one for one in found.all("form") if one["action"].startswith("/requests/"))
    refused = ada.send(form, "decision=declined", reply="No.", credit="1")
    assert refused.status == 422
    assert "No." in refused.text
    empty = ada.send(form, "decision=accepted", reply="", credit="100%")
    assert (empty.status, empty.one("input", name="credit")["value"]) == (422, "100%")
    without_credit = ada.send(form, "decision=accepted", reply="You are right.")
    assert (without_credit.status, told(scene, student)["credit"]) == (422, 0)
    assert CREDIT_MISSING in without_credit.text
    assert ada.send(form, "decision=accepted", reply="You are right.", credit="100%").status == 303
    assert told(scene, student)["credit"] == 1
    after = ada.get(f"{scene.assignment}/requests?status=accepted")
    assert "You are right." in after.text
    assert "No requests." in ada.get(f"{scene.assignment}/requests?status=open").text


def test_answer_of_a_request_shows_the_request_and_the_question_and_leads_back(asked):
    scene, student = asked
    ada = Browser(scene.world, scene.ada)
    queue = ada.get(f"{scene.assignment}/requests")
    [link] = [one["href"] for one in queue.all("a") if one["href"].startswith("/answers/")]
    page = ada.get(link)
    statement = scene.ada.get(link).json()["statement"]
    assert statement
    assert statement in page.one("section", **{"aria-labelledby": "s-model"}).text
    [back] = [one["href"] for one in page.all("a") if "/requests#r-" in one["href"]]
    path, _, place = back.partition("#")
    card = page.one("section", id=place)
    assert "It is <i>there</i>." in card.text
    assert queue.one(id=place)
    form = page.one("form", id="rubric")
    done = ada.send(form, "act=next", credit="50%")
    assert done.location.partition("?")[0] == path
    assert done.location.endswith(f"#{place}")
    ada.send(
        next(one for one in queue.all("form") if one["action"].startswith("/requests/")),
        f"decision={KEEP_GRADE}",
        reply="Half of it.",
    )
    assert "Half of it." in ada.get(link).one("section", id=place).text
    assert told(scene, student)["credit"] == 0.5


def test_anonymous_grading_masks_names_in_regrade_requests(world):
    scene = ReviewCourse(world, {"regrade_days": 7, "anonymous": True})
    student = scene.student(GOOD, name="Wai Ting")
    scene.mark(scene.ada, scene.answer(student), credit=0)
    answer = scene.ina.get(f"/answers/{scene.answer(student)}/review").json()
    path = f"/submissions/{answer['submission']}/parts/why/request"
    assert student.post(path, {"text": "It is there. Wai Ting"}).status_code == 201
    ada = Browser(world, scene.ada)
    queue = f"{scene.assignment}/requests"
    review = f"/answers/{scene.answer(student)}/review"
    sources = [scene.ada.get(queue).text, ada.get(queue).source, ada.get(review).source]
    [request] = scene.ada.get(queue).json()["items"]
    decision = {"decision": "declined", "reply": "No, Wai Ting."}
    sources.append(scene.ada.post(f"/requests/{request['id']}/answer", decision).text)
    sources += [scene.ada.get(queue).text, ada.get(review).source]
    assert [source.count("It is there. [hidden]") for source in sources] == [1] * len(sources)
    assert [source for source in sources if "Wai Ting" in source] == []
    assert "No, Wai Ting." in student.get("/me/requests").text


def test_request_can_be_accepted_with_the_same_grade(asked):
    scene, student = asked
    ada = Browser(scene.world, scene.ada)
    before = told(scene, student)["credit"]
    found = ada.get(f"{scene.assignment}/requests")
    form = next(one for one in found.all("form") if one["action"].startswith("/requests/"))
    assert ada.send(form, f"decision={KEEP_GRADE}", reply="The reason was unclear.").status == 303
    assert told(scene, student)["credit"] == before
    assert "The reason was unclear." in ada.get(f"{scene.assignment}/requests?status=accepted").text


def test_invalid_request_credit_is_reported_by_label_and_linked(asked):
    scene, _ = asked
    ada = Browser(scene.world, scene.ada)
    found = ada.get(f"{scene.assignment}/requests")
    form = next(one for one in found.all("form") if one["action"].startswith("/requests/"))
    refused = ada.send(form, "decision=accepted", reply="You are right.", credit="80")
    told = refused.one(id="error")
    assert "New credit must be a number from 0 to 1" in told.text
    field = refused.one("input", id=told.one("a")["href"].removeprefix("#"))
    assert (field["name"], field["value"], field["aria-invalid"]) == ("credit", "80", "true")


def test_already_answered_request_shows_existing_reply(asked):
    scene, _ = asked
    ada, bob = (Browser(scene.world, one) for one in (scene.ada, scene.bob))
    found = ada.get(f"{scene.assignment}/requests")
    form = next(one for one in found.all("form") if one["action"].startswith("/requests/"))
    assert bob.send(form, "decision=declined", reply="It stays.").status == 303
    late = ada.send(form, "decision=accepted", reply="Yes.", credit="100%")
    assert late.status == 409
    assert "It stays." in late.text
