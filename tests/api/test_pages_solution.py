"""Tests of the worked-solution page: its time, its drawings, and use without scripts."""

import re
from types import SimpleNamespace
from uuid import uuid4

import pytest
from bank_catalog import CATALOG
from pages import Browser
from student_setup import CANARY, DUE_TOMORROW
from world import TEXT_PROBLEM

from api.pages.layout.templating import render
from api.pages.student import solution as pages
from api.services.student.solution import load_solution_view
from grader.variants.variant import solve_variant
from problems.registry import REGISTRY

CONVOLUTION = "sobel-conv-same"
LIMIT = 30_000


@pytest.fixture
def staff(world, course):
    return world.enrol(course, "In Structor", role="instructor")


def solution(world, person, problem, **query):
    return Browser(world, person).get(f"{problem.path}/solution", params=query)


def test_solution_page_states_when_it_becomes_available(world, course, student):
    [problem] = world.assignment(course, CANARY, timeline_spec=DUE_TOMORROW)
    page = solution(world, student, problem)
    assert page.status == 403
    assert "Tue 3 Nov 2026, 12:00 UTC" in page.text
    world.clock.advance(days=1, seconds=1)
    assert solution(world, student, problem).status == 200


def test_solution_shows_steps_answer_and_known_mistakes(world, course, staff):
    [problem] = world.assignment(course, "conv-output-shape")
    page = solution(world, staff, problem)
    told = staff.get(f"{problem.path}/solution").json()
    for part in told["parts"]:
        card = page.one("section", id=f"part-{part['id']}")
        assert part["answer"] in card.text
        assert len(card.all("math")) >= 1
        for mistake in part["mistakes"]:
            assert mistake["answer"] in [one.text for one in card.all("dt")]


def test_solution_of_text_part_shows_model_answer_and_rubric(world, course, staff):
    [problem] = world.assignment(course, TEXT_PROBLEM)
    card = solution(world, staff, problem).one("section", id="part-why")
    assert "Fewer parameters and more non-linearities." in card.text
    assert [one.text for one in card.all("li")] == ["Fewer parameters. 2 points", "More. 2 points"]


def test_only_staff_can_choose_solution_numbers(world, course, staff, student):
    [problem] = world.assignment(course, CANARY, timeline_spec=DUE_TOMORROW)
    original = solution(world, staff, problem)
    first = solution(world, staff, problem, position=0)
    [seed] = re.findall(r"The numbers of seed (\d+)\.", first.text)
    found = Browser(world, staff).send(original.one("form", method="get"), seed=seed)
    assert "The original numbers." in original.text
    assert found.one("article").text == first.one("article").text
    world.clock.advance(days=2)
    assert not solution(world, student, problem).all("input", name="seed")
    assert solution(world, student, problem, seed=seed).status == 403


def test_convolution_solution_draws_one_frame_per_window(world, course, staff):
    [problem] = world.assignment(course, CONVOLUTION)
    page = solution(world, staff, problem)
    [stage] = page.all("div", has="ws-stage")
    frames = stage.all("figure")
    windows = [
        step["text"]
        for step in staff.get(f"{problem.path}/solution").json()["parts"][0]["steps"]
        if step["data"]["type"] == "window"
    ]
    assert len(frames) == len(windows) == 15
    for frame, text in zip(frames, windows, strict=True):
        _, _, reckoned = text.partition(": ")
        assert frame.one("figcaption").text.startswith(reckoned.replace("-", "−")[:12])
        assert "Running sum" in frame.text
        assert all(one.all("title") for one in frame.all("svg"))


def test_middle_frames_are_collapsed_without_javascript(world, course, staff):
    [problem] = world.assignment(course, CONVOLUTION)
    [stage] = solution(world, staff, problem).all("div", has="ws-stage")
    closed = stage.one("details")
    assert closed.one("summary").text == "11 pictures between these"
    assert len(closed.all("figure")) == 11
    opened = [one for one in stage.children if getattr(one, "tag", "") == "figure"]
    assert len(opened) == 4


def test_solution_drawing_is_cached_per_variant(world, course, staff):
    [problem] = world.assignment(course, CONVOLUTION)
    before = pages.draw_solution.cache_info()
    sources = [solution(world, staff, problem).source for _ in range(3)]
    after = pages.draw_solution.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)
    assert len({one.partition("<article")[2] for one in sources}) == 1


def whole_page(problem, seed):
    """Return the solution page of a bank problem, as staff see it for a seed."""
    variant = solve_variant(CATALOG.get(problem), seed, REGISTRY)
    where = SimpleNamespace(
        assignment=SimpleNamespace(id=uuid4()), problem=SimpleNamespace(slug=problem)
    )
    seat = SimpleNamespace(preview=True, assigned=where, load_variant=lambda *_: variant)
    view = load_solution_view(None, seat, variants=None)
    frame = SimpleNamespace(
        name="Ada Example",
        person="",
        is_admin=True,
        is_archived=False,
        tabs=(),
        viewing="",
        theme="",
        has_lti=False,
        course=None,
    )
    context = {"frame": frame, "crumbs": (), "tab": "", "title": view.title, "seat": seat}
    cards = pages.build_solution_cards(view, variant)
    more = {"view": view, "cards": cards, "path": "/a/p", "seed": variant.seed}
    return render("student/solution.html", {**context, **more})


ORIGINALS = [(one, None) for one in CATALOG.ids if CATALOG.get(one).has_original]
DRAWN = [(one, 1) for one in CATALOG.ids]


@pytest.mark.parametrize(("problem", "seed"), ORIGINALS + DRAWN)
def test_solution_pages_have_no_inline_styles_and_fit_size_limit(problem, seed):
    source = whole_page(problem, seed)
    _, _, article = source.partition("<article")
    assert not re.search(r"\sstyle=|<script|\bon\w+=|javascript:|https?://", article)
    assert len(source.encode()) < LIMIT
    ids = re.findall(r'\bid="([^"]+)"', source)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', source)) <= set(ids)


def test_long_solutions_list_only_likeliest_mistakes():
    assert "<summary>The likeliest 5 of 8 known mistakes" in whole_page(
        "encoder-decoder-parameters", None
    )
    assert "likeliest" not in whole_page("output-size-formula", None)


def test_long_solutions_do_not_repeat_sentences():
    sentence = "Each filter has a weight for each cell of its kernel in each input channel"
    assert whole_page("encoder-decoder-parameters", None).count(sentence) == 1
    assert whole_page("cnn-parameter-table", None).count(sentence) == 3
