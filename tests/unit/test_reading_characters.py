"""Tests of look-alike characters: every kind and style reads them as the plain ones."""

import pytest
from factories import BOOK, ask, mark, original

from grader.grading.grade import grade
from grader.reading.grammar.characters import fold_lookalikes

OPTIONS = ["conv1", "bn1", "µ", "fc–2"]
NAMES = ask("set", of="name", key="('conv1', 'bn1')", options=OPTIONS)
COUNT = ask("integer", key=1024)
TEXT = ask("text", points=2, rubric=[{"id": "x", "points": 2, "say": "edges"}])


@pytest.mark.parametrize(
    "typed", ["conv1 * bn1", "conv1 ` bn1", "* conv1 * bn1", "`conv1` * **bn1**", "conv1, *, bn1 `"]
)
def test_standalone_markup_character_is_not_a_name(typed):
    result = mark(NAMES, typed)
    assert result.status in {"correct", "unreadable"}
    assert (result.status == "correct") == (", *," not in typed)


@pytest.mark.parametrize("typed", ["*", "`", "* `", "{*}"])
def test_answer_of_only_markup_characters_is_refused(typed):
    assert mark(NAMES, typed).status == "unreadable"


@pytest.mark.parametrize("typed", ["１1.024", "１１.０２４", "𝟏1.024", "11．024", "11.024"])
def test_decimal_point_before_three_digits_is_refused_in_any_width(typed):
    result = mark(COUNT, typed)
    assert result.status == "unreadable"
    assert result.hint.startswith("11.024 can be read as a decimal number and as a whole number")


@pytest.mark.parametrize("cell", ["7×7", "７×７"])
def test_list_cells_follow_the_same_character_rules(cell):
    part = ask("table", rows="(1,)", columns={"n": {"kind": "integer", "key": "layer * 49"}})
    assert "can be read as a size or as a product" in mark(part, [[cell]]).hint


def test_digits_of_another_script_are_refused_by_name():
    assert "the digit 1" in mark(COUNT, "١.024").hint


@pytest.mark.parametrize("typed", ["1,500", "１,５００", "１，５００"])
def test_decimal_comma_is_recognized_in_any_width(typed):
    part = ask("number", key="1.5")
    result = grade(original(part), {part["id"]: typed}, registry=BOOK, numbers="comma")[0]
    assert (result.status, result.read_as) == ("correct", "1.5")


@pytest.mark.parametrize("typed", ["1,4 1,32", "１,4 1,32"])
def test_ambiguous_comma_is_refused_in_any_width(typed):
    assert "decimal sign or between two numbers" in mark(ask("vector", key="[4, 0.32]"), typed).hint


@pytest.mark.parametrize("typed", ["ｘ", "（ｘ）", "ﬁrst", "First - one", "First – one"])
def test_options_match_lookalike_characters_but_not_ligatures(typed):
    options = {"x": "First – one", "y": "Second"}
    expected = "unreadable" if typed == "ﬁrst" else "correct"  # a ligature is two letters
    assert mark(ask("choice", key="'x'", options=options), typed).status == expected


@pytest.mark.parametrize("typed", ["µ, fc–2", "μ, fc-2"])
def test_names_with_lookalike_characters_in_the_key_are_matched(typed):
    part = ask("set", of="name", key="('µ', 'fc–2')", options=OPTIONS)
    assert mark(part, typed).status == "correct"


@pytest.mark.parametrize("typed", ["Layers 1,2,3; see (a; b)", "The rate is 1,5", "１ – “wide”"])
@pytest.mark.parametrize("numbers", [None, "point", "comma"])
def test_text_for_manual_grading_stays_as_typed(typed, numbers):
    result = grade(original(TEXT), {TEXT["id"]: typed}, registry=BOOK, numbers=numbers)[0]
    assert (result.status, result.read_as) == ("needs_review", typed)


def test_lookalike_folding_is_idempotent_and_keeps_the_length():
    every = "".join(map(chr, range(0x30000)))
    assert len(fold_lookalikes(every)) == len(every)
    assert fold_lookalikes(fold_lookalikes(every)) == fold_lookalikes(every)
