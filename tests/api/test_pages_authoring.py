"""Tests of the pages to write a problem: gallery, editor, and the preview beside the text."""

import pytest
from pages import Browser
from staff_course import StaffCourse
from world import TEXT_PROBLEM

from api.services.problems.publishing_pool import MAX_REQUESTS_PER_USER
from problems.templates import TEMPLATES, TEMPLATES_BY_KIND

WIDGETS = {
    "integer": ("input", "answer.side"),
    "shape": ("input", "answer.output"),
    "expression": ("input", "answer.weights"),
    "matrix": ("input", "cell.output"),
    "table": ("input", "cell.layers"),
    "choice": ("input", "answer.layer"),
    "choices": ("input", "answer.layers"),
    "set": ("input", "answer.kernels"),
    "vector": ("input", "cell.output"),
    "text": ("textarea", "answer.why"),
}


@pytest.fixture
def scene(world):
    return StaffCourse(world)


def preview(scene, source):
    return scene.browser.post(f"{scene.home}/problems/check/preview", {"source": source})


def test_bank_links_to_gallery_with_template_for_each_kind(scene):
    bank = scene.browser.get(f"{scene.home}/problems")
    gallery = scene.browser.get(bank.one("a", text="New problem")["href"])
    buttons = gallery.all("button", name="template")
    assert [one["value"] for one in buttons] == [one.kind for one in TEMPLATES]
    assert [one.text for one in buttons] == [one.label for one in TEMPLATES]


def test_new_problem_form_fills_template_with_title_and_question(scene):
    gallery = scene.browser.get(f"{scene.home}/problems/new")
    form = gallery.one("form", action=f"{scene.home}/problems/check")
    typed = {"title": "Layer: which?", "question": "Which one?", "template": "choice"}
    page = scene.browser.get(
        f"{form['action']}?title=Layer%3A+which%3F&question=Which+one%3F&template=choice"
    )
    source = page.one("textarea", id="source").text
    assert "id: layer-which" in source
    assert 'title: "Layer: which?"' in source
    assert "prompt: Which one?" in source
    assert set(typed) <= {one.get("name") for one in form.walk()}
    stored = scene.browser.post(
        f"{scene.home}/problems/check",
        {"source": TEMPLATES_BY_KIND["choice"].fill(title="Layer: which?"), "act": "draft"},
    )
    assert scene.browser.follow(stored).one("h1").text == "Layer: which?"


@pytest.mark.parametrize("act", ["draft", "publish"])
def test_problem_written_for_an_assignment_is_offered_to_it(scene, act):
    bank = scene.browser.follow(scene.press(scene.editor(), "Choose problems"))
    gallery = scene.browser.get(bank.one("a", text="New problem")["href"])
    form = gallery.one("form", action=f"{scene.home}/problems/check")
    assignment = str(scene.assigned.assignment)
    assert form.one("input", name="to")["value"] == assignment
    [blank] = [one["href"] for one in gallery.all("a") if "/check?" in one["href"]]
    empty = scene.browser.get(blank)
    assert empty.one("input", name="to")["value"] == assignment
    query = f"template=choice&title=Layer&to={assignment}"
    editor = scene.browser.get(f"{form['action']}?{query}")
    saved = scene.browser.follow(
        scene.browser.send(editor.one("form", action=f"{scene.home}/problems/check"), f"act={act}")
    )
    if act == "draft":
        publish = next(
            one for one in saved.all("form") if one.get("action", "").endswith("/publish")
        )
        saved = scene.browser.follow(scene.browser.send(publish))
    add = saved.one("form", action=f"/assignments/{assignment}/problems")
    pick = add.one("button", name="pick")["value"]
    assert scene.browser.send(add, f"pick={pick}").status == 303
    assert "layer" in {one["problem"] for one in scene.staff.get(scene.path).json()["problems"]}


@pytest.mark.parametrize(("query", "status"), [("template=poem", 404), ("template=A1", 422)])
def test_unknown_template_is_not_found(scene, query, status):
    assert scene.browser.get(f"{scene.home}/problems/check?{query}").status == status


@pytest.mark.parametrize("kind", WIDGETS)
def test_preview_shows_numbers_and_student_inputs(scene, kind):
    shown = preview(scene, TEMPLATES_BY_KIND[kind].source)
    tag, name = WIDGETS[kind]
    assert shown.status == 200
    assert shown.all(tag, name=name)
    assert "{{" not in shown.text
    assert shown.one("dl").all("dd")[0].text


def test_preview_needs_no_examples_and_stores_nothing(scene):
    source = TEMPLATES_BY_KIND["integer"].source.partition("# Example answers")[0]
    shown = preview(scene, source)
    assert "28×28 pixels" in shown.text.replace(" × ", "×")
    assert not scene.browser.get(f"{scene.home}/problems?space=course&status=draft").all(
        "a", text="Size of a feature map"
    )


def test_preview_errors_link_to_their_lines(scene):
    source = TEXT_PROBLEM.replace('key: "K*K"', 'key: "K*Q"')
    line = 1 + source[: source.index("K*Q")].count("\n")
    shown = preview(scene, source)
    link = shown.one("a", data_line=str(line))
    assert (link.text, link["href"]) == (f"Line {line}", f"#line-{line}")
    assert not shown.one("div", id="seen").text
    checked = scene.browser.post(f"{scene.home}/problems/check", {"source": source, "act": "check"})
    assert checked.all("a", href=f"#line-{line}")
    lines = checked.one("pre", id="lines")
    assert lines.one("mark", id=f"line-{line}").text == str(line)
    assert lines.text.split() == [str(number + 1) for number in range(source.count("\n") + 1)]


@pytest.mark.parametrize(
    "source", ["", "{", "a: [", "id: x\n\tb: 1", "\x01", "&a [*a, *a]", "- 1", "id: 1\nid: 2"]
)
def test_preview_of_incomplete_problem_shows_errors(scene, source):
    shown = preview(scene, source)
    assert shown.status == 200
    assert shown.one("div", id="faults").text


def test_preview_without_original_values_uses_first_seed(scene):
    source = (
        TEMPLATES_BY_KIND["integer"]
        .source.replace(", original: 28", "")
        .replace(", original: 5", "")
    )
    assert "Seed 0" in preview(scene, source.partition("# Example answers")[0]).text


def test_check_shows_preview_without_javascript(scene):
    source = TEMPLATES_BY_KIND["table"].source
    page = scene.browser.post(f"{scene.home}/problems/check", {"source": source, "act": "check"})
    assert page.status == 200
    assert page.one("div", id="seen").all("input", name="cell.layers")


def test_previews_and_checks_share_a_rate_limit(scene, monkeypatch):
    publishing = scene.world.service.publishing
    monkeypatch.setitem(publishing._running, scene.staff.id, MAX_REQUESTS_PER_USER)  # noqa: SLF001
    assert preview(scene, TEXT_PROBLEM).status == 429
    publishing._running.clear()  # noqa: SLF001
    assert [preview(scene, "id: x").status for _ in range(30)] == [200] * 30
    assert preview(scene, "id: x").status == 429
    checked = scene.browser.post(f"{scene.home}/problems/check", {"source": "id: x"})
    assert checked.status == 429


def test_students_and_tas_cannot_open_editor_or_preview(scene):
    grader = scene.world.enrol(scene.course, "Greta Grader", role="grader")
    for person, status in ((grader, 403), (scene.student, 403)):
        browser = Browser(scene.world, person)
        assert browser.get(f"{scene.home}/problems/new").status == status
        sent = browser.post(f"{scene.home}/problems/check/preview", {"source": TEXT_PROBLEM})
        assert sent.status == status
        assert not sent.all("div", id="seen")
