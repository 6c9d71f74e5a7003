"""Tests of grading many texts in a browser: keys counted, and what is in view without scrolling."""

import re
import sys
from pathlib import Path

import pytest
from journeys import Journey
from playwright.sync_api import expect
from screens import HEIGHT, LOOKS, violations

from api.demo.coursework.essays import choose_knowledge_level, write_essay
from api.demo.seeded_random import SeededRandom
from grader.kinds.texts import TextPart
from grader.variants.random_stream import RandomStream
from problems.files.loader import load_problem_file

BANK = Path(__file__).parents[2] / "problems" / "bank"
INVARIANCE = BANK / "pooling" / "max-pool-invariance.yaml"
LONGEST_RUBRIC = BANK / "interpretation" / "grad-cam-heatmap.yaml"
LONG_WORD = re.compile(r"\w{7,}")


def text_part(path: Path) -> TextPart:
    """Return the part of a problem that asks for a text."""
    [part] = [one for one in load_problem_file(path).parts if isinstance(one, TextPart)]
    return part


def essays(path: Path, count: int) -> list[str]:
    """Return texts as the students of the demo write them."""
    part, texts = text_part(path), []
    for student in range(count):
        rng = SeededRandom(RandomStream(b"grading texts", str(student)))
        texts.append(write_essay(part, {}, choose_knowledge_level(rng.between(20, 90), rng), rng))
    return texts


class Desk:
    """The grading page of a TA who uses the keyboard alone and counts what they press."""

    def __init__(self, page):
        self.page, self.journey = page, Journey(page)

    def press(self, key):
        self.journey.press(key)

    def press_and_go(self, key):
        with self.page.expect_navigation():
            self.press(key)

    @property
    def text(self):
        typed = self.page.locator("details .rv-said")
        shown = typed if typed.count() else self.page.locator("#answer")
        return shown.text_content().strip()

    def matching_keys(self):
        """Return the keys of the rubric items of which the answer has a long word."""
        items = self.page.locator("#rubric .rv-item").all_inner_texts()
        return [
            str(at + 1)
            for at, item in enumerate(items)
            if any(word in self.text.lower() for word in LONG_WORD.findall(item.lower()))
        ]

    def grade(self):
        """Grade the answer by its words, and go to the next one."""
        keys = self.matching_keys()
        for key in keys:
            self.press(key)
        self.press_and_go("n" if keys else "0")
        return len(keys)


@pytest.fixture
def start(served, screens):
    """Return a function that poses a problem, submits texts, and opens the queue as a TA."""

    def go(path, texts, **look):
        course = served.world.course()
        [assigned] = served.world.assignment(course, path.read_text(encoding="utf-8"))
        part = text_part(path).id
        for number, text in enumerate(texts):
            student = served.world.enrol(course, f"Student {number}")
            assert student.submit(assigned, {part: text}).status_code == 201
        page = screens.open(served.world.enrol(course, "Tea Ay", role="grader"), **look)
        page.goto(f"/assignments/{assigned.assignment}/review/{assigned.slug}/{part}")
        return Desk(page)

    return go


@pytest.mark.parametrize("count", [20, 60])
def test_texts_are_graded_with_keyboard_only(start, capsys, count):
    desk = start(INVARIANCE, essays(INVARIANCE, count))
    desk.press_and_go("n")
    ticked = 0
    for number in range(count):
        expect(desk.page.locator("#progress")).to_have_text(f"{number} of {count} graded")
        ticked += desk.grade()
    expect(desk.page.get_by_text(f"0 answers to grade, {count} graded")).to_be_visible()
    with capsys.disabled():
        sys.stdout.write(f"\n{count} texts: {desk.journey}\n")
    assert desk.journey.keystrokes == 1 + ticked + count
    assert desk.journey.keystrokes <= 4.2 * count


def test_keyboard_undoes_grades_and_skips_and_revisits_answers(start):
    desk = start(INVARIANCE, ["Max pooling.", "No idea.", "ReLU."])
    desk.press_and_go("n")
    first = desk.text
    desk.press("1")
    desk.press_and_go("n")
    second = desk.text
    desk.press_and_go("u")
    assert desk.text == first
    expect(desk.page.locator("#progress")).to_have_text("0 of 3 graded")
    expect(desk.page.locator("#rubric input:checked")).to_have_count(0)
    desk.press_and_go("0")
    assert desk.text == second
    desk.press_and_go("p")
    assert desk.text == first
    expect(desk.page.get_by_label("or a credit without items")).to_have_value("0")
    desk.press_and_go("s")
    assert desk.text == second


def test_key_moves_to_comment_and_typed_letters_are_no_keys(start):
    desk = start(INVARIANCE, ["Max pooling."])
    desk.press_and_go("n")
    desk.press("c")
    comment = desk.page.get_by_label("Comment", exact=True)
    expect(comment).to_be_focused()
    desk.page.keyboard.type("no pun")
    expect(comment).to_have_value("no pun")
    expect(desk.page.locator("#progress")).to_have_text("0 of 1 graded")


def test_escape_leaves_the_comment_and_control_enter_saves_it(start):
    desk = start(INVARIANCE, ["Max pooling.", "No idea."])
    desk.press_and_go("n")
    desk.press("c")
    desk.page.keyboard.type("Well put.")
    desk.press("Escape")
    expect(desk.page.get_by_label("Comment", exact=True)).not_to_be_focused()
    desk.press("1")
    desk.press("c")
    desk.press_and_go("Control+Enter")
    expect(desk.page.locator("#progress")).to_have_text("1 of 2 graded")
    desk.press_and_go("p")
    expect(desk.page.get_by_label("Comment", exact=True)).to_have_value("Well put.")


def test_keyboard_shortcuts_work_before_other_scripts_load(start):
    desk = start(INVARIANCE, ["Max pooling.", "No idea."])
    waiting = []

    def hold(route):
        waiting.append(route)

    desk.page.route("**/enhance*.js", hold)
    desk.page.keyboard.press("n")
    answer = desk.page.locator("#answer")
    first = answer.inner_text()
    desk.page.keyboard.press("1")
    expect(desk.page.locator("#rubric input:checked")).to_have_count(1)
    desk.page.keyboard.press("n")
    expect(answer).not_to_have_text(first)
    assert waiting


def test_form_sent_during_page_load_triggers_no_leave_warning(start):
    desk = start(INVARIANCE, ["Max pooling.", "No idea."])
    desk.press_and_go("n")
    first, asked = desk.text, []
    desk.page.on("dialog", lambda dialog: asked.append(dialog.dismiss()))
    desk.press("1")
    load_after_sending = """() => {
        addEventListener("submit", () => dispatchEvent(new PageTransitionEvent("pageshow")));
        document.querySelector("[data-key=n]").click();
    }"""
    desk.page.evaluate(load_after_sending)
    expect(desk.page.locator("#answer")).not_to_have_text(first)
    assert asked == []


@pytest.mark.parametrize("path", [INVARIANCE, LONGEST_RUBRIC], ids=lambda path: path.stem)
def test_answer_model_rubric_and_buttons_are_visible_together(start, path):
    desk = start(path, essays(path, 1))
    desk.press_and_go("n")
    parts = ("#answer", "#s-model", "#rubric .rv-item >> nth=-1", "#rubric button[value=zero]")
    boxes = [desk.page.locator(part).bounding_box() for part in parts]
    assert all(0 <= box["y"] < HEIGHT for box in boxes)
    answer, model, item, button = boxes
    assert item["y"] + item["height"] < HEIGHT
    assert button["y"] + button["height"] < HEIGHT
    assert answer["x"] + answer["width"] <= model["x"] < item["x"]
    assert abs(answer["y"] - model["y"]) < 60


NEAR = [
    "Max pooling keeps the largest value, so small shifts do not change it.",
    "Max pooling keeps the largest value, so a small shift does not change it.",
    "Max pooling keeps the largest value, so small shifts rarely change it.",
    "Max pooling keeps the largest value, so small moves do not change it much.",
]
LONG_TEXT = "\n\n".join(["Max pooling keeps the largest value of a window."] * 40)


def test_keys_of_neighbors_give_their_grades_in_view(start):
    desk = start(INVARIANCE, NEAR)
    desk.press_and_go("n")
    for key in "qwe":
        desk.press(key)  # no graded answer yet: nothing happens
    expect(desk.page.locator("#progress")).to_have_text("0 of 4 graded")
    desk.press("1")
    desk.press_and_go("n")
    desk.press_and_go("q")
    desk.press_and_go("w")
    neighbors = desk.page.locator("#neighbors .rv-item")
    expect(neighbors).to_have_count(3)
    for key in "qwe":
        box = desk.page.locator(f"#neighbors [data-key={key}]").bounding_box()
        assert box["y"] + box["height"] < HEIGHT
    desk.press_and_go("e")
    expect(desk.page.get_by_text("0 answers to grade, 4 graded")).to_be_visible()


def test_neighbors_of_long_answer_are_beside_it(start):
    desk = start(LONGEST_RUBRIC, [f"{word}. {LONG_TEXT}" for word in ("One", "Two", "Six", "Ten")])
    desk.press_and_go("n")
    for key in "0qq":
        desk.press_and_go(key)
    answer, *buttons = (
        desk.page.locator(part).bounding_box()
        for part in ("#answer", *(f"#neighbors [data-key={key}]" for key in "qwe"))
    )
    assert answer["height"] > HEIGHT
    assert all(button["x"] > answer["x"] + answer["width"] for button in buttons)
    assert all(button["y"] + button["height"] < HEIGHT for button in buttons)
    model = desk.page.locator("#s-model").bounding_box()
    assert model["y"] < HEIGHT


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_rendered_answer_has_no_violations_and_fits_page(start, screens, width, scheme):
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    text = f"*Why?*\n\n- $256 \\cdot 200$\n\n{table}\n\n$$x^2$$\n\n```\ncode\n```"
    desk = start(INVARIANCE, [text], width=width, scheme=scheme)
    desk.press_and_go("n")
    expect(desk.page.locator("#answer math")).to_have_count(2)
    assert (violations(desk.page), screens.said) == ([], [])
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= width
