"""Tests of report pages in a browser: confirmation of answers, and the printed sheet."""

import hashlib

import pypdfium2
import pytest
from playwright.sync_api import expect
from screens import violations
from world import TEXT_PROBLEM

DOCUMENT = """\
# Homework 1

## 1. Why small kernels

(a) How many cells: 9

Cells: 18
"""

PAPER_POINTS = {"A4": (595.3, 841.9), "Letter": (612, 792)}


@pytest.fixture
def student(served):
    course = served.world.course()
    return served.world.enrol(course, "Stu Dent"), course


@pytest.fixture
def assigned(served, student):
    [assigned] = served.world.assignment(student[1], TEXT_PROBLEM)
    return assigned


def row(page, index):
    return page.locator(f"#part-{index}")


@pytest.mark.parametrize("width", [1280, 390])
def test_report_is_uploaded_corrected_confirmed_and_has_receipt(screens, student, assigned, width):
    page = screens.open(student[0], width=width)
    page.goto(f"/assignments/{assigned.assignment}/reports")
    file = {"name": "homework.md", "mimeType": "text/markdown", "buffer": DOCUMENT.encode()}
    page.get_by_label("Report", exact=True).set_input_files(file)
    page.get_by_role("button", name="Read the report").click()
    missing = page.locator(".note-mid")
    expect(missing.get_by_role("link")).to_have_attribute("href", "#part-1")
    expect(row(page, 1).locator("textarea")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    row(page, 1).locator("textarea").fill("2 * 9")
    row(page, 0).locator("summary").click()
    options = row(page, 0).get_by_role("option").all_inner_texts()
    other = next(text for text in options if text.startswith("9 "))
    row(page, 0).get_by_role("combobox").select_option(label=other)
    row(page, 0).get_by_role("button", name="Confirm 1(a)").click()
    expect(row(page, 0).get_by_text("submitted", exact=True)).to_be_visible()
    expect(row(page, 0).locator("code")).to_have_text("9")
    expect(row(page, 1).locator("textarea")).to_have_value("2 * 9")
    expect(row(page, 0)).to_be_in_viewport()

    row(page, 1).get_by_role("button", name="Confirm 1(b)").click()
    expect(row(page, 1).locator("code")).to_have_text("18")
    expect(missing).to_have_count(0)
    row(page, 2).get_by_role("button", name="Confirm 1(c)").click()
    expect(page.locator("textarea")).to_have_count(0)
    assert violations(page) == []
    row(page, 2).get_by_role("link", name="receipt").click()
    digest = hashlib.sha256(DOCUMENT.encode()).hexdigest()
    expect(page.locator(".receipt")).to_contain_text(digest)


@pytest.mark.parametrize("paper", PAPER_POINTS)
def test_printed_sheet_has_labels_and_prompts_without_controls(screens, student, assigned, paper):
    page = screens.open(student[0])
    page.goto(f"/assignments/{assigned.assignment}/sheet")
    controls = page.get_by_role("link", name="Submit a report")
    expect(controls).to_be_visible()
    page.emulate_media(media="print")
    expect(controls).to_be_hidden()
    with pypdfium2.PdfDocument(page.pdf(format=paper)) as document:
        size = document[0].get_size()
        text = "\n".join(each.get_textpage().get_text_range() for each in document)
    assert size == pytest.approx(PAPER_POINTS[paper], abs=1.5)
    assert all(f"{label} " in text for label in ("1(a)", "1(b)", "1(c)"))
    assert "Submit a report" not in text
