"""Tests of rendering the texts of students: highlights, and bounds on hostile texts."""

import time

import pytest
from cpu_time import cpu_seconds

from api.markup import student_answers
from api.markup.student_answers import (
    MARKUP_CHARACTERS,
    MAX_MARKS,
    MAX_MARKUP_CHARACTERS,
    AnswerRenderer,
    Highlight,
    render_student_markdown,
)
from api.markup.tex import TexUnavailableError

FEWER = Highlight("1", ("fewer parameters", "overfit"))
DEEPER = Highlight("2", ("deep", "overfit"))
MAX_WAIT_SECONDS = 60
"""How long a busy machine may take to start a worker, or to end it at its deadline."""


@pytest.fixture(scope="module")
def worker():
    """Yield a renderer whose worker process runs, even if the machine is slow to start it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(student_answers, "WAIT_SECONDS", MAX_WAIT_SECONDS)
        renderer = AnswerRenderer(1)
        renderer.render("*Start the worker.*")
        yield renderer
        renderer.close()


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("Fewer parameters.", "<mark>Fewer parameters<sup>1</sup></mark>."),
        ("less overfitting", "less <mark>overfitting<sup>1, 2</sup></mark>"),
        ("*deeper* <b>", "<p><em><mark>deeper<sup>2</sup></mark></em> &lt;b&gt;</p>"),
        ("indeed `deep` $deep$", None),
        ("Fewer *parameters*", None),
    ],
)
def test_phrases_are_highlighted_with_their_item_numbers(text, markup):
    rendered = AnswerRenderer(0).render(text, (FEWER, DEEPER))
    if markup is None:
        assert "<mark>" not in rendered.markup
    else:
        assert rendered.markup.strip() == markup


def test_highlighted_phrase_is_matched_literally():
    signs = Highlight("1", ("(a|b)*", "1<2"))
    markup = AnswerRenderer(0).render("x (a|b)* 1<2 aaa", (signs,)).markup
    assert markup.count("<mark>") == 2
    assert "1&lt;2" in markup


def test_line_breaks_are_kept_and_products_are_not_emphasized():
    assert "3*4*5<br />" in render_student_markdown("3*4*5\nb")
    assert "<em>" not in render_student_markdown("256*200 + 200*3")
    assert "<em>why</em>" in render_student_markdown("*why* 2*3")


@pytest.mark.parametrize(
    "text",
    [
        *("[(" * 9_000, "*a_ " * 5_000, "|a" * 9_000, "_*" * 9_000, "$a$" * 6_000, "> " * 9_000),
        *(r"$\def\a#1{\a{#1#1}}\a{x}$", "$" + r"\left(" * 600 + "$"),
        "a`" * 900 + "``" * 4_000,
    ],
    ids=lambda text: text[:6],
)
def test_hostile_text_is_rendered_in_bounded_time_and_size(worker, text):
    before = time.monotonic()
    rendered = worker.render(text)
    assert time.monotonic() - before < MAX_WAIT_SECONDS
    assert len(rendered.markup) <= max(MAX_MARKUP_CHARACTERS, len(rendered.markup.striptags()) * 5)


@pytest.mark.parametrize("text", ["a" + "\n" * 19_900 + "b", "\n " * 9_900 + "b", "1" * 19_900])
def test_markup_search_in_the_serving_process_takes_linear_time(text):
    assert cpu_seconds(lambda: MARKUP_CHARACTERS.search(text)) < 0.05


def test_number_of_highlights_and_their_time_are_bounded():
    highlights = [
        Highlight(str(item), tuple(f"q{phrase}" for phrase in range(item, item + 20)))
        for item in range(20)
    ]
    found = []
    text = "q1 " * 6_000
    assert cpu_seconds(lambda: found.append(AnswerRenderer(0).render(text, highlights))) < 0.5
    assert found[0].markup.count("<mark>") == MAX_MARKS


def test_slow_text_is_displayed_as_typed_while_others_are_rendered(monkeypatch):
    monkeypatch.setattr(student_answers, "WAIT_SECONDS", 60)
    renderer = AnswerRenderer(1, deadline_seconds=2)
    try:
        slow = "*a_ " * 500_000  # takes minutes
        assert renderer.render(slow).markup == slow.strip()
        assert renderer.render(slow).is_plain
        assert "<em>short</em>" in renderer.render("*short*").markup
    finally:
        renderer.close()


def test_text_that_fails_to_render_is_displayed_as_typed_and_retried(monkeypatch):
    renderer, calls = AnswerRenderer(0), []

    def fail(text, _highlights):
        calls.append(text)
        raise TexUnavailableError("no answer")

    monkeypatch.setattr(student_answers, "render_student_markdown", fail)
    for _ in range(2):
        assert renderer.render("*a* <b>").markup == "*a* &lt;b&gt;"
    assert len(calls) == 2


def test_serving_process_does_not_parse_student_text(worker, monkeypatch):
    monkeypatch.setattr(student_answers, "_student_parser", None)
    assert "<em>a</em>" in worker.render("*a* $x$").markup
    with pytest.raises(TypeError):
        AnswerRenderer(0).render("*a* $x$")


def test_closed_renderer_displays_text_as_typed():
    renderer = AnswerRenderer(1)
    renderer.close()
    assert renderer.render("*a*").markup == "*a*"
