"""Tests of templates: marks that students change, and the files themselves."""

import json

import pytest

from api.services.reports.uploads.templates import SheetQuestion, SheetSection, write_template
from grader.reports.documents.answer_marks import find_marked_answers
from grader.reports.labels import format_label, parse_labels
from grader.reports.sheet import label_parts

QUESTION = SheetQuestion("conv", "side_1", "2(b)i", "Side & height", "Which $H_1$ is 50 % of it?")
SECTIONS = (SheetSection("A title_1", "Given #1 and $K^2$.", (QUESTION,)),)


def test_marked_answer_is_the_text_between_its_markers_without_blank_lines():
    text = "<!-- answer conv.side -->\n\n  64\n 65\n\n<!-- end -->\n99"
    marked = find_marked_answers(text)[("conv", "side")]
    assert (marked.text, str(marked.location)) == ("  64\n 65", "line 3")


@pytest.mark.parametrize(
    "text",
    [
        "<!-- answer conv.side -->\n64\n",
        "<!-- answer conv.side -->\n64\n<!-- end -->\n<!-- answer conv.side -->\n65\n<!-- end -->",
        "answer conv.side\n64\nend",
        "<!-- answer conv side -->\n64\n<!-- end -->",
    ],
    ids=["no end", "two answers", "no mark", "no name"],
)
def test_invalid_answer_markers_are_ignored(text):
    assert find_marked_answers(text) == {}


def test_identical_repeated_answers_count_as_one():
    block = "% answer conv.side\n64\n% end\n"
    assert find_marked_answers(block * 2)[("conv", "side")].text == "64"


def test_marked_code_cell_answers_with_its_output():
    cell = {
        "cell_type": "code",
        "source": ["# answer conv.side\n", "print(8 * 8)"],
        "outputs": [{"output_type": "stream", "text": "64\n"}],
    }
    [(name, marked)] = find_marked_answers(json.dumps({"cells": [cell]}), is_notebook=True).items()
    assert (name, marked.text, str(marked.location)) == (("conv", "side"), "64", "cell 1")


@pytest.mark.parametrize("cells", [5, [5], [{"source": 5}], [{"source": ["a", 5]}], None])
def test_malformed_notebook_has_no_marked_answers(cells):
    assert find_marked_answers(json.dumps({"cells": cells}), is_notebook=True) == {}


def test_empty_template_has_an_empty_answer_for_each_part():
    for form in ("md", "tex", "ipynb"):
        text = write_template(form, "Homework", SECTIONS)
        marked = find_marked_answers(text, is_notebook=form == "ipynb")
        assert {name: answer.text for name, answer in marked.items()} == {("conv", "side_1"): ""}


def test_tex_template_escapes_special_characters_and_keeps_formulas():
    text = write_template("tex", "50% & more", SECTIONS)
    assert r"\section*{50\% \& more}" in text
    assert r"Given \#1 and $K^2$." in text
    assert r"\subsection*{2(b)i Side \& height}" in text


@pytest.mark.parametrize(
    ("text", "parts", "labels"),
    [
        ("", ["a"], ["4"]),
        ("", ["a", "b"], ["4(a)", "4(b)"]),
        ("2", ["a"], ["2"]),
        ("2", ["a", "b"], ["2(a)", "2(b)"]),
        ("2(b)", ["x", "y", "z"], ["2(b)i", "2(b)ii", "2(b)iii"]),
        ("2(b)ii, 3", ["x", "y"], ["2(b)ii", "3"]),
        ("", [str(n) for n in range(27)], [f"4({n + 1})" for n in range(27)]),
    ],
)
def test_part_labels_come_from_the_author_or_the_order(text, parts, labels):
    assert [format_label(label) for label in label_parts(4, text, parts).values()] == labels


def test_unreadable_labels_parse_to_none():
    assert parse_labels("2, zwei") == ()
