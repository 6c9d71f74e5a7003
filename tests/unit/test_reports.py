"""Tests of the answers found in whole reports, against what a person reads in them."""

import time
from collections import Counter

import pytest
from report_cases import EXPECTED, FOLDER, align, bank, outcomes, sheet_parts
from word_files import from_lines

from api.services.reports.documents import read_blocks
from api.services.reports.sheets import SheetParts, parse_sheet
from grader.reports.alignment import align_report
from grader.reports.documents.tex_source import split_tex
from grader.reports.documents.text_lines import split_text
from grader.reports.doubts import NO_LABEL
from grader.reports.extraction.clauses import ARRAY
from grader.reports.extraction.passage_finder import find_passages
from grader.reports.extraction.printed_values import split_printed
from grader.reports.extraction.sentences import split_sentence
from grader.reports.labels import LabelTracker, format_label, parse_label
from grader.reports.regions import score_series

LINES_ONLY = [
    name
    for name in EXPECTED
    if name.endswith((".md", ".txt"))
    and not {"```", "|--"}
    & {line.strip()[:3] for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()}
]


@pytest.mark.parametrize("name", EXPECTED)
def test_no_wrong_answer_is_extracted_without_a_doubt(name) -> None:
    found = outcomes(name, align(name))
    assert {part: outcome for part, outcome in found.items() if outcome == "wrong"} == {}
    for part in EXPECTED[name].get("doubtful", ()):
        assert found[part].endswith("?")


@pytest.mark.parametrize(
    ("ending", "reports", "share", "certain_share"),
    [
        (".md", 23, 0.97, 0.78),
        (".txt", 13, 0.97, 0.83),
        (".tex", 12, 0.97, 0.79),
        (".ipynb", 11, 0.97, 0.8),
        (".docx", 9, 0.97, 0.79),
        (".pdf", 12, 0.9, 0.73),
    ],
)
def test_nearly_all_answers_are_found_and_most_are_certain(
    ending, reports, share, certain_share
) -> None:
    names = [name for name in EXPECTED if name.endswith(ending)]
    counts = Counter(outcome for name in names for outcome in outcomes(name, align(name)).values())
    expected = sum(
        answer is not None for name in names for answer in EXPECTED[name]["answers"].values()
    )
    assert len(names) >= reports
    assert counts["right"] + counts["right?"] >= share * expected
    assert counts["right"] >= certain_share * expected
    assert counts["wrong"] == 0


@pytest.mark.parametrize("name", LINES_ONLY)
def test_docx_and_text_with_the_same_lines_yield_the_same_readings(name) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8").replace("# ", "")
    as_text = align(name, text.encode(), ".txt")
    as_word = align(name, from_lines(text), ".docx")
    assert [item.read_as for item in as_word] == [item.read_as for item in as_text]


def test_two_answers_to_one_question_are_doubtful() -> None:
    values = next(item for item in align("two_answers.md") if item.part.part == "values")
    assert values.doubt == "another passage fits as well"
    assert values.passage is not None


def test_passage_location_is_its_line_or_cell() -> None:
    by_part = {item.part.part: item for item in align("vit_missing.txt")}
    assert str(by_part["patches"].passage.location) == "line 4"
    by_part = {item.part.part: item for item in align("softmax_lab.ipynb")}
    assert str(by_part["loss"].passage.location) == "cell 3"


def test_html_and_svg_outputs_of_a_notebook_are_never_read() -> None:
    text = (FOLDER / "softmax_lab.ipynb").read_text(encoding="utf-8")
    assert "untrained loss 99" in text
    assert all("99" not in item.text for item in align("softmax_lab.ipynb"))


@pytest.mark.parametrize(
    ("lines", "paths"),
    [
        (["1)", "(a) x", "(b) y", "2)"], ["1", "1(a)", "1(b)", "2"]),
        (["Q1", "part A", "part B", "Q2"], ["1", "1(a)", "1(b)", "2"]),
        (["# Question 3", "(c) i. x", "ii. y"], ["3", "3(c)i", "3(c)ii"]),
        (["Task 2b)", "- 1. first", "- 2. second"], ["2(b)", "2(b)1", "2(b)2"]),
        (["1.", "2. next", "- 6- six", "7. seven"], ["1", "2", "2", "2"]),
        (["**Exercise 4.2** text"], ["4(2)"]),
        (["1.1 first", "1.2 second", "2.1 third"], ["1(1)", "1(2)", "2(1)"]),
        (["2(a) 14", "2(b) 24", "2(c) 40", "3(a) 5"], ["2(a)", "2(b)", "2(c)", "3(a)"]),
        (["2 (a): 14", "2 (b): 24", "3."], ["2(a)", "2(b)", "3"]),
        (["2a) 14", "2b) 24"], ["2(a)", "2(b)"]),
        (["4.", "1. Down", "2. Up", "3. Total", "5."], ["4", "4(1)", "4(2)", "4(3)", "5"]),
        (["1.", "1. item", "2. item", "2.", "3."], ["1", "1(1)", "1(2)", "2", "3"]),
        (["3. three", "  1. item", "  2. item", "4. four"], ["3", "3(1)", "3(2)", "4"]),
        (["3.14 is not a label", "a) nor is (b) later in the line"], ["", "a"]),
        (["3)", "x", "1)", "x", "2)"], ["3", "3", "1", "1", "2"]),
        (["# 1 Padding", "# 2 Stride", "# 3D shapes"], ["1", "2", "2"]),
        (["Aufgabe 1", "a) x", "Frage 2", "Answer 3: x", "Ans 4) x"], ["1", "1(a)", "2", "3", "4"]),
        (["Q1", "answer 24", "Answer: 3"], ["1", "1", "1"]),
    ],
)
def test_label_tracker_follows_nested_labels(lines, paths) -> None:
    tracker = LabelTracker()
    followed = []
    for line in lines:
        indent = len(line) - len(line.lstrip())
        tracker.follow(line.lstrip(), is_heading=line.startswith("#"), indent=indent)
        followed.append(format_label(tracker.path))
    assert followed == paths


@pytest.mark.parametrize(
    ("text", "label"),
    [("2(b)ii", ("2", "b", "ii")), ("Q3", ("3",)), ("Task 2 a", ("2", "a")), ("two", ())],
)
def test_sheet_label_is_parsed(text, label) -> None:
    assert parse_label(text) == label


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Weights: 19200\nBiases: 100Total: 19300", ["19200", "100", "19300"]),
        ("uses 22 layers and 6.7 million parameters", ["22", "6.7 million"]),
        ("The output is 28×28×16.", ["28×28×16"]),
        ("$$x = 3$$", ["$$x = 3$$"]),
        ("~~x = 4~~ x = 5", ["x = 5"]),
        ("| layer | count |\n|---|---|\n| one | 5 |", ["5"]),
        ("| part | what | result |\n|---|---|---|\n| b | weights of 2 layers | 5 |", ["5"]),
        ("A cell with 3 boxes in it predicts 2*5 + 20 = 30 numbers.", ["3", "2*5 + 20 = 30"]),
        ("This gives $882$ MiB for 32 images.", ["$882$ MiB", "32"]),
        ("First 224 → 218 → 8, and then 36 layers.", ["224", "218", "8", "36"]),
        ("So $a = 5$ tokens, so $5^2 = 25$ scores.", ["So $a = 5$ tokens", "so $5^2 = 25$ scores"]),
        ("I keep boxes 1, 6 and 5.", ["1", "6", "5", "1, 6 and 5"]),
        ("z is one of 3, 4 or 5.", ["3", "4", "5", "3, 4 or 5"]),
        ("Crop 6 at the top and 7 at the bottom", ["6", "7", "6 at the top and 7 at the bottom"]),
        ("The size is 5 (rounded down). 8×9×3", ["5", "8×9×3"]),
        ("```\nTP, FP, FN = 4 2 1\n```", ["4 2 1"]),
        ("```\nloss per token = 1.4\nx = 3\n```", ["1.4"]),
        ("It has 7 x 7 x 30 because 2*5 + 20 = 30.", ["7 x 7 x 30", "because 2*5 + 20 = 30"]),
        ("TP = 7, FP = 3", ["TP = 7", "FP = 3", "TP = 7, FP = 3"]),
        ("```\n1 x = 5\n2 y: 7\n```", ["7"]),
        ("```\n1 2\n3 4\nmean (all): 2.5\n```", ["1 2\n3 4", "2.5"]),
        ("That is $553.4$ MB = 4427 Mbit, it takes 44.3 s.", ["$553.4$ MB", "4427 Mbit", "44.3 s"]),
        ("It has 36 + 64 weights, in total 100.", ["36 + 64", "100"]),
        ("∴ updates = 156", ["updates = 156"]),
        ("**3** the cost is $4$ times larger", ["$4$"]),
        ("| map | height | width |\n|---|---|---|\n| last | 5 | 7 |", ["5", "7", "5×7"]),
    ],
)
def test_passages_split_text_into_values(text, values) -> None:
    found = [passage for passage in find_passages(split_text(text)) if "table" not in passage.forms]
    assert [passage.text for passage in found] == values


def test_sentence_conclusion_is_detected_by_its_words() -> None:
    values = list(split_sentence("The first block has 36 + 64 weights, in total 100"))
    assert [value.is_conclusion for value in values] == [False, True]
    assert {"#1", "block"} <= values[1].beside
    aside = list(split_sentence("so the middle weight (number 3) is on cell 1"))
    assert [value.is_conclusion for value in aside] == [False, True]


def test_values_before_a_result_line_and_premises_are_inputs() -> None:
    text = "With the filter $f=(1,-1)$ we obtain\n\n$$ y = (10, -8) $$\n\n∵ it has 5 layers"
    assert [passage.is_input for passage in find_passages(split_text(text))] == [True, False, True]


def test_tex_array_may_span_several_lines() -> None:
    rows = "\\left[\\begin{array}{rr}\n1&2\\\\\n3&4\n\\end{array}\\right]"
    (passage,) = find_passages(split_tex(f"\\[\n{rows}\n\\]"))
    text = "".join(passage.text.split())
    assert "\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}" in text


@pytest.mark.parametrize(
    ("line", "is_output", "named"),
    [
        ("total params 64", True, ("total params", "64")),
        ("means [4. 3.]", True, ("means", "[4. 3.]")),
        ("stage 12", False, None),
        ("loss = 0.5", True, ("loss", "0.5")),
        ("(128, 28, 20)", True, ("", "(128, 28, 20)")),
        ("Epoch 3 of 5 done", True, None),
    ],
)
def test_printed_name_and_value_are_split(line, is_output, named) -> None:
    assert split_printed(line, is_output=is_output) == named


@pytest.mark.parametrize(
    ("clause", "results"),
    [
        ("It gives class 0 the probability 0.5, so 3", ["3"]),
        ("3*3*224*80 = 161280, plus 80 biases -> 161360", ["161360"]),
        ("from 224 → 218 → 212, 36 layers", []),
        ("So token 2 attends to token 1 with weight 0.881", []),
        ("the model has 32 * 3 = 96, thus about 100 weights", ["32 * 3 = 96"]),
        ("The loss is $L = 2 + 3 = 5$ for 4 images", ["$L = 2 + 3 = 5$"]),
    ],
)
def test_conclusions_follow_result_words_arrows_and_names(clause, results) -> None:
    assert [value.text for value in split_sentence(clause) if value.is_conclusion] == results


def test_notes_on_summands_do_not_describe_the_sum() -> None:
    (total,) = find_passages(split_text("Parameters = 5 (first conv) + 7 (second conv) = 12"))
    assert not {"#1", "#2", "conv"} & total.words.keys()


def test_unit_of_a_formula_belongs_to_its_value() -> None:
    (value,) = find_passages(split_text(r"$$2 \cdot 12.5 = 25\,\text{MB}$$"))
    assert value.words["mb"] == 1
    assert value.unit_words == {"mb"}


def test_incomplete_array_is_not_a_conclusion() -> None:
    (part,) = find_passages(split_text("Input: 2 * [[ 1 -1 1]"))
    assert not part.is_conclusion


def test_output_sum_does_not_inherit_words_of_the_last_channel() -> None:
    text = "BLUE OUTPUT:\n\n[[1, 2], [3, 4]]\n\nOUTPUT: R + G + B\n\n[[5, 6], [7, 8]]"
    words = [passage.words for passage in find_passages(split_text(text)) if passage.forms == ARRAY]
    assert ["blue" in names for names in words] == [True, False]


def test_wrapped_tex_source_lines_form_one_block() -> None:
    source = (
        r"These \textbf{pretrained} models have \textbf{many} parameters; the network VGG16"
        "\nitself requires 2359808 parameters."
    )
    assert len(split_tex(source)) == 1


def test_last_result_under_a_label_answers_its_part() -> None:
    text = "Q2\n(a) Total 12 at first, so 14\n(b) Here 5 = 5, hence 24"
    labels = "cnn-parameter-table.layer_1=2(a), cnn-parameter-table.layer_2=2(b)"
    assert {part: answer[0] for part, answer in read_answers(labels, text).items()} == {
        "layer_1": "14",
        "layer_2": "24",
    }


def test_nth_array_with_equal_words_answers_the_nth_part() -> None:
    arrays = "\n\n".join(
        f"Result after this element\n\n[[{n}. 0.]\n[0. {n}.]]" for n in range(1, 8)
    )
    sheet = parse_sheet(["transposed-conv2d-by-hand"], bank())
    parts = SheetParts(bank(), sheet).parts
    passages = find_passages(split_text(arrays))
    bonuses = score_series(parts, passages)
    rows = {part.part: bonuses[row] for row, part in enumerate(parts)}
    assert "6." in passages[rows["after_sixth_input"].argmax()].text
    assert "1." in passages[rows["after_first_input"].argmax()].text
    assert not rows["output"].any()


@pytest.mark.parametrize(
    ("options", "settings", "labels"),
    [
        ("", "", ["1.", "2."]),
        (r"[label=(\alph*)]", "", ["(a)", "(b)"]),
        ("[i)]", "", ["i)", "ii)"]),
        ("[start=4]", "", ["4.", "5."]),
        ("", r"\def\labelenumi{\Alph{enumi})}\setcounter{enumi}{2}", ["C)", "D)"]),
    ],
)
def test_tex_lists_have_the_labels_that_tex_prints(options, settings, labels) -> None:
    source = f"\\begin{{enumerate}}{options}\n{settings}\n\\item x\n\\item y\n\\end{{enumerate}}"
    blocks = split_tex(source)
    assert [block.text for block in blocks] == [f"{labels[0]} x", f"{labels[1]} y"]


def test_passages_record_their_unit_and_emphasis() -> None:
    text = "The 3 layers have 70 weights and **45 parameters** in all."
    by_text = {passage.text: passage for passage in find_passages(split_text(text))}
    assert "param" in by_text["45"].unit_words
    assert "layer" in by_text["3"].unit_words
    assert [text for text, passage in by_text.items() if passage.is_emphasized] == ["45"]
    assert by_text["45"].ends_sentence


def test_table_cell_records_its_own_and_other_columns() -> None:
    table = "| layer | gates | parameters |\n|---|---|---|\n| GRU | 3 | 45300 |"
    by_text = {passage.text: passage for passage in find_passages(split_text(table))}
    assert by_text["45300"].column_words == {"param"}
    assert by_text["3"].other_columns == {"param"}


def test_wrapped_tex_paragraphs_and_items_are_joined_and_keep_their_line() -> None:
    source = r"""\hypertarget{one}{%
\section{1 Sizes of the
maps}\label{one}}
\begin{itemize}
\tightlist
\item
  The output of the second convolution of this network has the size
  $14 \times 14$, which is small.
\end{itemize}
First:\\
Second {[}1{]}"""
    blocks = split_tex(source)
    joined = (
        "- The output of the second convolution of this network has the size "
        r"$14 \times 14$, which is small."
    )
    assert [block.text.strip() for block in blocks] == [
        "1 Sizes of the maps",
        joined,
        "First:",
        "Second [1]",
    ]
    assert [block.location.line for block in blocks] == [3, 7, 10, 11]


def read_answers(problem: str, text: str) -> dict[str, tuple[str, str]]:
    """Return how each part that has a label is read, and the doubt."""
    sheet = SheetParts(bank(), parse_sheet([problem], bank()))
    parts = [part for part in sheet.parts if part.label]
    passages = find_passages(split_text(text), [part.label for part in parts])
    aligned = align_report(parts, passages)
    return {item.part.part: (item.read_as, item.doubt) for item in aligned}


def test_answer_under_another_label_is_found_and_doubtful() -> None:
    text = "Q1\nLayer 1: 2432\nQ2\nSee below.\nQ3\nLayer 2: 51264"
    labels = "cnn-parameter-table.layer_1=1, cnn-parameter-table.layer_2=2"
    read = read_answers(labels, text)
    assert read["layer_1"] == ("2432", "")
    assert read["layer_2"] == ("51264", NO_LABEL)


def test_last_of_several_arrays_with_one_name_is_the_result() -> None:
    steps = ("[[1, 2, 0], [3, 4, 0], [0, 0, 0]]", "[[1, 4, 4], [6, 20, 16], [9, 24, 16]]")
    text = "Q3\nWe add up.\n" + "\n\n".join(f"Output = {step}\n" for step in steps)
    assert read_answers("transposed-conv-2x2=3", text)["output"][0] == steps[1]


def test_train_accuracy_is_not_read_as_test_accuracy() -> None:
    text = "Q2\nFinal train accuracy = 0.88\nFinal test accuracy = 0.73"
    assert read_answers("training-report.test_accuracy=2", text)["test_accuracy"][0] == "0.73"


def test_line_of_a_million_digits_takes_less_than_a_second() -> None:
    parts = sheet_parts(next(name for name in EXPECTED if name.endswith(".md"))).parts
    started = time.process_time()
    blocks = read_blocks(b"1(a) " + b"9" * 1_000_000, ".txt")
    aligned = align_report(parts, find_passages(blocks, [part.label for part in parts]))
    assert time.process_time() - started < 1
    assert all(item.passage is None for item in aligned)
