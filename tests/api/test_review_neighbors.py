"""Tests of similar graded answers: which are shown, in what order texts come, and to whom."""

from itertools import pairwise

import pytest
from pages import Browser
from review_course import ReviewCourse
from world import TEXT_PROBLEM

from api.services.review.marks import neighbors

FEWER = "Two small kernels have fewer parameters than a large one."
ALIKE = "Two small kernels have fewer parameters than one large one."
DEEPER = "The network gets more non-linearities, so it can learn more."
LOOKS = TEXT_PROBLEM.replace(
    "say: Fewer parameters.", "say: Fewer parameters., look_for: [fewer parameters, weights]"
)


@pytest.fixture
def scene(world):
    return ReviewCourse(world)


@pytest.fixture
def ada(scene):
    return Browser(scene.world, scene.ada)


def near(scene, student):
    return scene.ada.get(f"/answers/{scene.answer(student)}/neighbors").json()


def test_nearest_graded_answers_are_listed_first_with_scores(scene):
    graded = [scene.student(text) for text in (DEEPER, ALIKE, f"{FEWER} And so on.")]
    for student, credit in zip(graded, (0, "1/2", 1), strict=True):
        scene.mark(scene.bob, scene.answer(student), credit=credit)
    scene.student(f"{FEWER} Nobody graded it.")
    found = near(scene, scene.student(FEWER))
    assert [one["text"] for one in found] == [ALIKE, f"{FEWER} And so on."]
    assert [one["score"] for one in found] == [2, 4]
    assert all(50 <= one["similarity"] < 100 and one["same_numbers"] for one in found)


def test_at_most_three_distinct_neighbors_are_shown(scene):
    for number in range(6):
        for _ in range(2):
            student = scene.student(f"{FEWER} Reason {number}.")
            scene.mark(scene.bob, scene.answer(student), credit=1)
    found = near(scene, scene.student(FEWER))
    assert len({one["text"] for one in found}) == len(found) == 3


def test_answer_with_withdrawn_grade_is_not_a_neighbor(scene):
    graded = scene.student(ALIKE)
    scene.mark(scene.bob, scene.answer(graded), credit=1)
    student = scene.student(FEWER)
    assert len(near(scene, student)) == 1
    scene.ada.delete(f"/answers/{scene.answer(graded)}/mark", headers={"If-Match": "*"})
    assert near(scene, student) == []


@pytest.mark.parametrize("text", ["?", "x" * 19_990, "\u0130" * 300, "a\x0bb"])
def test_neighbor_search_never_fails_on_arbitrary_text(scene, text):
    for _ in range(2):
        scene.mark(scene.bob, scene.answer(scene.student(f"{text} y")), credit=1)
    answer = scene.answer(scene.student(f"{text} z"))
    assert scene.ada.get(f"/answers/{answer}/neighbors").status_code == 200
    assert scene.next(scene.bob)["answer"] == str(answer)


def test_next_text_is_similar_to_last_graded_one(scene):
    texts = [FEWER, DEEPER, ALIKE, f"{DEEPER} Really.", f"{FEWER} Really."]
    by_answer = {str(scene.answer(scene.student(text))): text for text in texts}
    got = []
    for _ in texts:
        answer = scene.next(scene.ada)["answer"]
        got.append(by_answer[answer])
        scene.world.clock.advance(seconds=1)
        scene.mark(scene.ada, answer, credit=1)
    topics = ["kernels" in text for text in got]
    assert sum(first != second for first, second in pairwise(topics)) == 1


def test_first_text_follows_queue_order(scene):
    for number in range(4):
        scene.student(f"Thought {number}.")
    assert scene.next(scene.ada)["answer"] == scene.listed(scene.bob)[0]


def test_anonymous_neighbors_hide_student_identity_from_ta(world):
    scene = ReviewCourse(world, {"anonymous": True})
    graded = scene.student(ALIKE, name="Gray Ded")
    scene.mark(scene.bob, scene.answer(graded), credit=1)
    student = scene.student(FEWER, name="Wai Ting")
    found = scene.ada.get(f"/answers/{scene.answer(student)}/neighbors")
    page = Browser(world, scene.ada).get(f"/answers/{scene.answer(student)}/review")
    assert page.one(id="neighbors").text.count("% similar") == 1
    for source in (found.text, page.source):
        assert [one for one in ("Gray", "Ded", str(graded.id)) if one in source] == []


def test_anonymous_neighbors_and_groups_mask_names_in_texts(world):
    scene = ReviewCourse(world, {"anonymous": True})
    graded = scene.student(f"{ALIKE} Gray Ded", name="Gray Ded")
    scene.mark(scene.bob, scene.answer(graded), credit=1)
    student = scene.student(f"{FEWER} Wai Ting", name="Wai Ting")
    page = Browser(world, scene.ada).get(f"/answers/{scene.answer(student)}/review")
    assert page.one(id="neighbors").text.count("% similar") == 1
    groups = scene.ada.get(f"{scene.part}/groups", params={"least": 1})
    assert "fewer parameters" in groups.text
    for source in (page.source, groups.text):
        assert [one for one in ("Gray Ded", "Wai Ting") if one in source] == []


def test_hotkey_applies_grade_of_neighbor_and_preselects_nothing(scene, ada):
    graded, student = scene.student(ALIKE), scene.student(FEWER)
    scene.mark(scene.bob, scene.answer(graded), items=scene.items()[:1], comment="Say why.")
    page = ada.get(f"/answers/{scene.answer(student)}/review")
    near = page.one(id="neighbors")
    assert "2 of 4, items 1" in near.text
    assert page.one(id="rubric").all("input", name="items", checked="") == []
    assert near.one("button", data_key="q").text == "Give the same grade q"
    assert ada.send(near.one("form")).status == 303
    mark = scene.ada.get(f"/answers/{scene.answer(student)}/review").json()["mark"]
    assert (mark["items"], mark["comment"]) == (scene.items()[:1], "Say why.")


def test_excerpts_of_neighbors_that_begin_alike_show_where_they_differ(scene, ada):
    ends = "Kernels share weights.", "Depth adds non-linearities."
    for end in ends:
        student = scene.student(f"{FEWER * 4} {end}")
        scene.mark(scene.bob, scene.answer(student), credit=1)
    answer = scene.answer(scene.student(FEWER * 4))
    page = ada.get(f"/answers/{answer}/review")
    excerpts = [one.text for one in page.one(id="neighbors").all("summary")]
    assert [sum(end in excerpt for excerpt in excerpts) for end in ends] == [1, 1]


def test_rubric_phrases_are_highlighted_without_ticking_items(world):
    scene = ReviewCourse(world, source=LOOKS)
    student = scene.student("It has FEWER\nparameters and *fewer weights*, deeper.")
    page = Browser(world, scene.ada).get(f"/answers/{scene.answer(student)}/review")
    assert [one.text for one in page.one(id="answer").all("mark")] == ["weights1"]
    rubric = page.one(id="rubric")
    assert rubric.one("small").text == "Found: fewer parameters, weights"
    assert rubric.all("input", name="items", checked="") == []
    [first, second] = scene.ada.get(f"{scene.part}/rubric").json()["items"]
    assert (first["look_for"], second["look_for"]) == (["fewer parameters", "weights"], [])


def test_comments_from_other_answers_can_be_reused(scene, ada):
    for text, comment in (("One.", "Say why."), ("Two.", "Say why.\nAnd deeper?")):
        scene.mark(scene.bob, scene.answer(scene.student(text)), credit=0, comment=comment)
    student = scene.student(FEWER)
    path = f"/answers/{scene.answer(student)}/review"
    form = ada.get(path).one(id="rubric")
    assert [one["value"] for one in form.all("input", name="reused")] == [
        "Say why.",
        "And deeper?",
    ]
    assert form.all("input", name="reused", checked="") == []
    refused = ada.send(form, reused=["Say why."], comment="Mine.")
    again = refused.one(id="rubric").one("input", name="reused", value="Say why.")
    assert (refused.status, again.get("checked", "no")) == (422, "")
    ada.send(form, reused=["Say why."], comment="Mine.", credit="1")
    assert scene.ada.get(path).json()["mark"]["comment"] == "Mine.\nSay why."
    left = [one["value"] for one in ada.get(path).one(id="rubric").all("input", name="reused")]
    assert "Say why." not in left


def test_number_of_compared_texts_is_limited(scene, monkeypatch):
    monkeypatch.setattr(neighbors, "MAX_COMPARED_TEXTS", 2)
    for number in range(4):
        scene.mark(scene.bob, scene.answer(scene.student(f"{FEWER} {number}")), credit=1)
    assert len(near(scene, scene.student(FEWER))) == 2
