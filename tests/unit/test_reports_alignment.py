"""Tests of how the parts of a report are aligned with its passages, and of the doubts."""

from cProfile import Profile
from dataclasses import replace

import numpy as np
import pytest
from cpu_time import cpu_seconds
from report_cases import align, bank

from api.services.reports.sheets import SheetParts, parse_sheet
from grader.reports.aligned_parts import AlignedPart
from grader.reports.alignment import align_report
from grader.reports.blocks import MAX_BLOCKS, WITHOUT_DATA, ReportError
from grader.reports.documents.text_lines import split_text
from grader.reports.doubts import DIFFERENT_WORDS
from grader.reports.extraction.clauses import ARRAY, shorten_quote
from grader.reports.extraction.passage_context import PARAGRAPH
from grader.reports.extraction.passage_finder import find_passages
from grader.reports.extraction.passages import Passage
from grader.reports.extraction.sentences import split_sentence
from grader.reports.regions import score_series
from grader.reports.sheet import SheetPart

FORMULA = "conv-parameters-formula.standard=1"


def count_calls(text: str) -> int:
    """Return how many calls of functions the search for passages takes."""
    blocks = split_text(text)
    find_passages(blocks)  # compiles patterns
    profile = Profile()
    profile.runcall(find_passages, blocks)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("unit", ["x", "1→", "1 and 2 ", "→1% ", "$1$ (1)"])
def test_calls_for_a_long_line_grow_linearly_with_its_length(unit) -> None:
    assert count_calls(unit * 1_200) <= 2.2 * count_calls(unit * 600)


class CountingText(str):
    """Text that counts how often it is split into words."""

    __slots__ = ("splits",)

    def __init__(self, _text: str) -> None:
        self.splits = 0

    def split(self, *args, **options) -> list[str]:
        self.splits += 1
        return super().split(*args, **options)


def test_long_line_is_split_into_words_once_for_all_its_quotes() -> None:
    line = CountingText("1 and 2 " * 1_000)
    assert {shorten_quote(line, "2") for _ in range(5)} == {shorten_quote(str(line), "2")}
    assert line.splits == 1


def find_parts(problems: str) -> list[SheetPart]:
    return list(SheetParts(bank(), parse_sheet([problems], bank())).parts)


def align_text(problems: str, text: str) -> dict[str, AlignedPart]:
    aligned = align_report(find_parts(problems), find_passages(split_text(text)))
    return {f"{item.part.problem}.{item.part.part}": item for item in aligned}


def test_question_number_is_not_read_as_a_part_letter() -> None:
    text = """1. Shapes
   stride 1: 126x126x16
   stride 2: (128 - 3)/2 + 1, rounded up: 64x64x16

2. Vision transformer
   - Number of patches: (224/16)^2 = 196
   - Values of a patch: 3*16*16 = 768
   - Patch embedding: 768*768 + 768 = 590592
   - Number of tokens: 196 + 1 = 197
   - Position embedding: 197*768 = 151296"""
    found = align_text("conv-output-shape=1,vit-patches=2", text)
    missing = {name for name, item in found.items() if item.passage is None}
    assert missing == {"vit-patches.scores", "vit-patches.finer"}
    assert not any(item.doubt for item in found.values())


def test_repeated_formula_does_not_outweigh_the_last_result() -> None:
    usual = "The usual formula is $P = C N K^2$.\n\n" * 8
    found = align_text(FORMULA, f"Q1\n{usual}Answer: $N (C K^2 + 1)$")
    assert found["conv-parameters-formula.standard"].read_as == "N·(C·K^2 + 1)"


@pytest.mark.parametrize(
    ("clause", "results"),
    [
        ("The score 0.9 is the best one, so class 1", ["1"]),
        ("The overlaps are 0.3 and 0.7, therefore we keep box 3", ["3"]),
        ("The sum is 5, so layer 3 has altogether 7", ["7"]),
    ],
)
def test_class_number_is_a_conclusion_if_no_other_value_is(clause, results) -> None:
    assert [value.text for value in split_sentence(clause) if value.is_conclusion] == results


def find_arrays(values: list[int]) -> list[Passage]:
    lead = "Result after this element"
    text = "\n\n".join(f"{lead}\n\n[[{value}. 0.]\n[0. {value}.]]" for value in values)
    return [passage for passage in find_passages(split_text(text)) if passage.forms == ARRAY]


def find_sixth(arrays: list[Passage]) -> list[int]:
    """Return the arrays that have the bonus of the result after the sixth item."""
    parts = find_parts("transposed-conv2d-by-hand")
    row = [part.part for part in parts].index("after_sixth_input")
    return np.flatnonzero(score_series(parts, arrays)[row]).tolist()


@pytest.mark.parametrize(
    ("values", "sixth"),
    [
        ([1, 2, 0, 4, 5, 6, 7], 5),  # a result may have only zeros
        ([0, 1, 2, 3, 4, 5, 6], 6),  # the state before the first element
        ([0, 0, 3, 4, 5, 6, 7], 5),
    ],
)
def test_only_a_zero_state_before_the_first_item_is_excluded_from_a_series(values, sixth) -> None:
    assert find_sixth(find_arrays(values)) == [sixth]


def test_series_keeps_a_first_array_labeled_as_item_1() -> None:
    first, *others = find_arrays([0, 2, 3, 4, 5, 6, 7])
    arrays = [replace(first, words={**first.words, "#1": PARAGRAPH}), *others]
    assert find_sixth(arrays) == [5]


def test_unclosed_parenthesis_before_long_text_is_handled_quickly() -> None:
    (passage, *_) = find_passages(split_text("total = 5"))
    text = f"total = 5 ({'a' * 19_000}"
    assert cpu_seconds(lambda: list(replace(passage, text=text).iterate_shortened_texts())) < 0.2


@pytest.mark.parametrize(
    "text",
    ["[1] " + "a" * 20_000, "|\n" + " " * 20_000 + "!", "1 1" + " " * 20_000 + "!"],
    ids=["array", "table", "grid"],
)
def test_a_long_line_is_split_into_blocks_quickly(text) -> None:
    assert cpu_seconds(lambda: split_text(text)) < 0.2


def test_many_tiny_lines_of_a_sentence_are_split_quickly() -> None:
    text = "ab\n" * 200_000
    words = [word for block in split_text(text) for word in block.text.split()]
    assert words == ["ab"] * 200_000
    assert cpu_seconds(lambda: split_text(text)) < 2


def test_a_text_with_too_many_blocks_is_refused() -> None:
    with pytest.raises(ReportError, match=WITHOUT_DATA):
        split_text("- 5\n" * (MAX_BLOCKS + 1))


def test_different_words_around_a_value_have_their_own_doubt() -> None:
    found = {item.part.part: item for item in align("receptive_fields.tex")}
    assert found["jump_4"].doubt == DIFFERENT_WORDS
