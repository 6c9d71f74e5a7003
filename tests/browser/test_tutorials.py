"""Tests of the tutorials in a browser: each step of a page is done, against a demo service.

The service is the one that `make run` starts: a process of its own, with its own demo course.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from demo_service import Demo, running_demo
from playwright.sync_api import Browser, Locator, Page, expect
from tutorials import TUTORIALS, Step, read_examples, read_steps

IN_BROWSER = sorted(
    path.name
    for path in TUTORIALS.glob("*.md")
    if any(True for _ in read_steps(path.read_text(encoding="utf-8")))
)


@pytest.fixture(scope="module")
def demo(
    chromium: Browser,  # noqa: ARG001  # nothing is started where there is no browser
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Demo]:
    """Start the service of `make run` in an empty folder, on a free port."""
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def do_step(page: Page, step: Step, value: str, demo: Demo) -> None:
    """Do what a sentence of a tutorial says."""
    match step.action:
        case "open":
            page.goto(value)
        case "login":
            email, password = demo.logins()[value]
            page.get_by_label("E-mail").fill(email)
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Log in", exact=True).click()
        case "type":
            page.get_by_label(step.label, exact=True).first.fill(value)
        case "choose":
            page.get_by_label(step.label, exact=True).first.select_option(label=value)
        case "tick":
            page.get_by_label(step.label).first.check()
        case "click":
            find_control(page, step.label).click()
        case "press":
            page.keyboard.press(value)
        case _:
            expect(page.locator("body")).to_contain_text(value)


def find_control(page: Page, label: str) -> Locator:
    """Return the first button, link or closed section whose name or text begins with *label*.

    A number may precede the label, such as how many answers wait. What is on the page itself
    comes before its frame, and exact names come before longer ones.
    """
    begins = re.compile(rf"^\s*(?:\d+ )?{re.escape(label)}")
    kinds = [
        kind
        for place in (page.locator("main"), page.locator("body"))
        for kind in (
            place.get_by_role("button", name=label, exact=True),
            place.get_by_role("link", name=label, exact=True),
            place.locator(":is(button, a, summary)").filter(has_text=begins),
        )
    ]
    anything = kinds[-1].or_(kinds[-2]).or_(kinds[-3])
    anything.first.wait_for()
    return next(kind for kind in kinds if kind.count()).first


@pytest.mark.parametrize("name", IN_BROWSER)
def test_every_tutorial_step_can_be_performed(demo: Demo, chromium: Browser, name: str) -> None:
    text = (TUTORIALS / name).read_text(encoding="utf-8")
    examples = read_examples(text)
    values: dict[str, Any] = {shown: demo.example_answers()[of] for shown, of in examples.items()}
    assert all(f"`{shown}`" in re.sub(r"<!--.*?-->", "", text) for shown in examples)
    context = chromium.new_context(base_url=demo.address)
    page = context.new_page()
    page.set_default_timeout(20_000)
    for step in read_steps(text):
        try:
            do_step(page, step, values.get(step.value, step.value), demo)
        except Exception as error:
            error.add_note(f"{name}: {step.text}, at {page.url}")
            raise
    context.close()


def test_four_tutorials_run_in_browser() -> None:
    assert len(IN_BROWSER) == 4


@pytest.mark.parametrize("sentence", ["Think.", "Click Save.", "Click **Save** twice."])
def test_untestable_tutorial_sentence_is_rejected(sentence: str) -> None:
    with pytest.raises(ValueError, match="no test can do this"):
        list(read_steps(f"1. Click **A**. {sentence}\n"))
