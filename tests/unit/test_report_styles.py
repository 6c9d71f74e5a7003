"""Tests of the styles in which students write values in reports."""

import numpy as np
import pytest
from report_cases import align, bank, outcomes

from api.services.reports.sheets import SheetParts, parse_sheet
from grader.reports.alignment import align_report
from grader.reports.documents.tex_source import split_tex
from grader.reports.documents.text_lines import split_text
from grader.reports.doubts import OTHER_LETTER, find_repetitions
from grader.reports.extraction.clauses import ARRAY
from grader.reports.extraction.passage_context import BESIDE
from grader.reports.extraction.passage_finder import find_passages
from grader.reports.extraction.patterns import simplify_markup
from grader.reports.extraction.printed_values import split_printed_line
from grader.reports.extraction.tables import find_series, split_table
from grader.reports.passage_reading import PassageReading
from grader.reports.sheet import find_range
from grader.reports.words import find_words


def read_answers(problem: str, text: str) -> dict[str, tuple[str, str]]:
    """Return how each part of a problem is read in a text, and the doubt."""
    parts = SheetParts(bank(), parse_sheet([problem], bank())).parts
    aligned = align_report(parts, find_passages(split_text(text)))
    return {item.part.part: (item.read_as, item.doubt) for item in aligned}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("The block needs 234 881 024 MACs for 2 images.", ["234 881 024 MACs", "2"]),
        ("In 2D the 3rd layer has 5 weights.", ["5"]),
        ("Network 2:\nloss: 0.5", ["Network 2:", "0.5"]),
        (
            "Hence the losses of the images are $L_0 = 3$ and $L_1 = 4$, as in the table",
            ["$L_0 = 3$", "$L_1 = 4$", "L_0 = 3 and L_1 = 4"],
        ),
        (r"The mean of all images is $\frac{7}{3}$ here", [r"$\frac{7}{3}$"]),
        ("that is odd so 8 left / 9 right", ["8", "9", "8 left, 9 right"]),
        ("(32, 40)   [since 44 - 5 + 1 = 40]", ["(32, 40)"]),
        ("N > 11.25, i.e. N = 12", ["N > 11.25, i.e. N = 12"]),
    ],
)
def test_values_are_found_in_student_writing_styles(text, values) -> None:
    assert [passage.text for passage in find_passages(split_text(text))] == values


def test_named_values_in_brackets_are_not_a_side_note() -> None:
    assert simplify_markup("the corner is [x=1, y=2]") == "the corner is [x=1, y=2]"
    assert simplify_markup("2. the corner is [x=1, y=2]") == "2. the corner is [x=1, y=2]"
    assert simplify_markup("the corner of 2 is [x=1, y=2]") == "the corner of 2 is [x=1, y=2]"
    assert simplify_markup("size = 40 [since 42 - 3 + 1 = 40]") == "size = 40"


@pytest.mark.parametrize("value", ["v = 40", "v = n", "the size is 40", "2. it has 40 px"])
def test_bracketed_parameters_after_a_value_are_a_side_note(value: str) -> None:
    assert simplify_markup(f"{value} [k = 3, s = 2]") == value
    passages = find_passages(split_text(f"{value} [k = 3, s = 2]"))
    assert not any("[" in passage.text for passage in passages)


@pytest.mark.parametrize(
    ("prompt", "numbers"),
    [
        ("Which layer, 1 to 4, is computed last?", {1, 2, 3, 4}),
        ("Which kernel, 3 or 5, has fewer weights?", {3, 5}),
        ("Which kernel has fewer weights?", set()),
    ],
)
def test_answer_range_is_found_in_the_prompt(prompt, numbers) -> None:
    assert find_range(prompt) == numbers


def test_heading_may_consist_of_the_question_number() -> None:
    passages = find_passages(split_text("### 1\n\na) 5\n\n### 2\n\na) 7"))
    labels = [passage.label for passage in passages if passage.text in {"5", "7"}]
    assert labels == [("1", "a"), ("2", "a")]


def test_one_letter_and_a_digit_form_a_name() -> None:
    assert "p7" in find_words("The shape of P_7")
    assert "p7" in find_words("P7: 2x3")
    assert "x2" not in find_words("256x2x3")


def test_row_number_is_named_after_its_column() -> None:
    cells = split_table("| stride | output |\n|---|---|\n| 8 | 52×52 |")
    assert [find_words(cell.words) >= {"stride", "#8"} for cell in cells] == [True]


def test_only_homogeneous_table_columns_form_a_series() -> None:
    table = "| box | IoU |\n|---|---|\n| 1 | 0.5 |\n| 2 | 0.25 |"
    assert [cell.text for cell in find_series(table)] == ["[0.5, 0.25]"]
    assert list(find_series(table.replace("| 2 |", "| mean |"))) == []


def test_siunitx_numbers_and_units_are_read() -> None:
    (block,) = split_tex(r"It takes \SI{384}{KiB}, or \num[mode=text]{393216} bytes.")
    assert block.text == "It takes 384 KiB, or 393216 bytes."


def test_thousands_periods_are_doubtful_unless_a_computation_proves_them() -> None:
    answers = read_answers("yolov3-boxes", "Number of boxes: 3 · 3549 = 10.647")
    assert answers["boxes"] == ("10647", "")
    answers = read_answers("yolov3-boxes", "Number of boxes: 10.647")
    assert answers["boxes"][0] == "10647"
    assert answers["boxes"][1]


def test_number_outside_the_range_of_the_question_is_not_an_answer() -> None:
    text = "Q1\n(c) Layer 3 with the peak has 144, so layer 2"
    assert read_answers("peak-activation-memory.layer=1(c)", text)["layer"][0] == "2"


def test_corrected_line_is_not_a_result() -> None:
    text = "so 5 + 2 = 7\nno, 5 + 3 = 8"
    assert [passage.is_input for passage in find_passages(split_text(text))] == [True, False]


def test_later_of_two_answers_with_one_name_is_used_with_a_doubt() -> None:
    outcome = outcomes("two_answers.md", align("two_answers.md"))
    assert outcome["values"] == "right?"


def test_array_inherits_words_from_the_previous_line() -> None:
    text = "With padding and the bias we find the values\n\n[5, -2, -1]"
    array = find_passages(split_text(text))[-1]
    assert {"padding", "bias"} <= array.words.keys()


def test_values_printed_on_one_line_keep_their_own_names() -> None:
    line = "b_x = 243.16, b_y = 136.61"
    assert split_printed_line(line, is_output=True) == ["b_x = 243.16", "b_y = 136.61"]
    assert split_printed_line("loss = 2.5, all good", is_output=True) == ["loss = 2.5, all good"]


def test_lines_with_a_name_before_a_colon_are_no_sentence() -> None:
    first = "plain: each of the layers adds two cells to its field as they say, so n = 100"
    assert [block.text for block in split_text(f"{first}\ndilated: 5")] == [first, "dilated: 5"]


def test_every_array_of_a_sentence_is_a_value_with_the_words_before_it() -> None:
    text = "The first step gives [[1, 2], [3, 4]]. Then we add the rest and get [[5, 6], [7, 8]]."
    passages = [item for item in find_passages(split_text(text)) if item.forms == ARRAY]
    assert [item.text for item in passages] == ["[[1, 2], [3, 4]]", "[[5, 6], [7, 8]]"]
    assert [item.words["step"] >= BESIDE for item in passages] == [True, False]


@pytest.mark.parametrize("text", ["=> 12506 in total", "⇒ 12506 weights"])
def test_a_value_behind_an_arrow_is_a_result(text) -> None:
    (passage,) = find_passages(split_text(text))
    assert (passage.text, passage.is_conclusion) == (text.split()[1], True)


def test_the_last_clause_of_a_calculation_has_the_words_of_its_label() -> None:
    *steps, last = find_passages(split_text("IoU of C: 9*8 = 72 and 168, so 72/168 = 3/7"))
    assert not any(step.is_conclusion for step in steps)
    assert (last.is_conclusion, last.words["iou"]) == (True, BESIDE)


def test_letters_count_the_parts_in_every_order() -> None:
    answers = read_answers("mlp-operations=1", "Q1\nb) 501400\na) 250700\nc) 251060\n")
    values = [answers[part][0] for part in ("macs", "operations", "parameters")]
    assert values == ["250700", "501400", "251060"]


def test_a_value_under_the_letter_of_another_part_is_doubtful() -> None:
    text = "Q1\na) 250700\nb) MACs: 501400\nparameters: 251060\nc) no idea\nd) 5\ne) 93.8 %\n"
    assert read_answers("mlp-operations=1", text)["parameters"] == ("251060", OTHER_LETTER)


def test_the_number_and_title_of_a_question_of_the_sheet_are_its_heading() -> None:
    passages = find_passages(
        split_text("1 Decoder step\n(a) 5\n2 Dilation\n(a) 7"), [("1",), ("2",)]
    )
    assert [item.label for item in passages if item.text in {"5", "7"}] == [("1", "a"), ("2", "a")]


def test_functions_are_no_words_of_a_formula() -> None:
    assert [item.text for item in find_passages(split_text("layers: ceil((N-1)/(k-1))"))] == [
        "ceil((N-1)/(k-1))"
    ]


def test_a_number_alone_is_hardly_a_formula() -> None:
    text = "Q1\nN(CK^2/G + 1)\nso for G = 1 it is 1"
    assert read_answers("conv-parameters-formula.grouped=1", text)["grouped"][0] != "1"


@pytest.mark.parametrize(
    ("number", "support", "repetitions"),
    [
        ("10860", [[1.5, 1.0, 0.5], [2.0, 3.0, 0.5]], [(0, 0), (0, 1)]),
        ("10860", [[2.0, 1.0, 0.5], [1.5, 3.0, 0.5]], [(0, 1), (1, 0)]),
        ("7", [[1.5, 1.0, 0.5], [2.0, 3.0, 0.5]], []),
    ],
)
def test_a_long_number_of_a_part_that_it_fits_better_is_no_other_answer(
    number, support, repetitions
) -> None:
    reading = PassageReading(number, number, is_shortened=False)
    other = PassageReading("7220", "7220", is_shortened=False)
    readings = [{0: reading, 1: reading, 2: other}] * 2
    assert list(find_repetitions([0, 1], readings, np.array(support))) == repetitions


def test_arrays_with_names_follow_each_other_without_a_space() -> None:
    array = r"\begin{pmatrix} 1 & 2 \end{pmatrix}"
    passages = find_passages(split_text(f"$$R={array}G={array}R={array}$$"))
    assert [item.text[:2].strip("$") for item in passages] == ["R=", "G=", "R="]
    assert [item.is_final for item in passages] == [False, True, True]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Q3\n(a) [[7, 0], [11, 4]]\n(b) [[7, 0],\n [11, 4]]", [("3", "a"), ("3", "b")]),
        ("1.1 5\n\n2.1 [[7, 0], [11, 4]]", [("2", "1")]),
        ("Q4 [[7, 0], [11, 4]]", [("4",)]),
        ("the first frame: [[7, 0], [11, 4]]", [()]),
        ("x = [[7, 0], [11, 4]]", [()]),
    ],
)
def test_labels_before_arrays_on_their_lines_are_followed(text, labels) -> None:
    blocks = split_text(text)
    arrays = [item for item in find_passages(blocks) if item.forms == ARRAY]
    assert [item.label for item in arrays] == labels
    assert not any(item.text.startswith(("(", "2.1", "Q4", "the")) for item in arrays)
    assert not any("blue" in item.words for item in arrays)
