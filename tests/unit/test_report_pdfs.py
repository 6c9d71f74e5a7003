"""Tests of PDF files: what their positions say, what is doubtful, and which files are refused."""

from cProfile import Profile

import pytest
from pdf_files import Line, Text, page_of_lines, pdf_file

from api.services.reports.documents import read_blocks
from api.services.reports.pdf_pages import MAX_PAGES
from grader.reports.blocks import Block, ReportError
from grader.reports.documents.pages.glyph_characters import UNKNOWN_CHARACTER
from grader.reports.documents.pages.page_glyphs import Glyph, PageGlyphs
from grader.reports.documents.pages.page_text import (
    LOST_SIGN,
    UNCLEAR_COLUMNS,
    split_pages,
)
from grader.reports.documents.pages.rows import CROWDED, UNCLEAR_SCRIPT

ANSWERS = "1. Shapes\nstride 1: 126x126x16\n2. Total: 390410"


def read(*items: Text | Line) -> list[Block]:
    return list(read_blocks(pdf_file(items), ".pdf"))


def texts(*items: Text | Line) -> list[str]:
    return [block.text.strip() for block in read(*items)]


def count_calls(text: str) -> int:
    """Return how many calls of functions it takes to read a row of a page."""
    data = pdf_file([Text(10, 700, text, 1)])
    read_blocks(data, ".pdf")  # compiles patterns
    profile = Profile()
    profile.runcall(read_blocks, data, ".pdf")
    return sum(entry.callcount for entry in profile.getstats())


def test_calls_for_a_pdf_row_grow_linearly_with_its_length() -> None:
    assert count_calls("12 = ab; " * 80) <= 2.2 * count_calls("12 = ab; " * 40)


def test_pdf_lines_have_their_page_number() -> None:
    pages = page_of_lines(ANSWERS), page_of_lines("3. Params: 2432 weights")
    blocks = read_blocks(pdf_file(*pages), ".pdf")
    assert [block.text.strip() for block in blocks] == [
        *ANSWERS.splitlines(),
        "3. Params: 2432 weights",
    ]
    assert [str(block.location) for block in blocks] == ["1", "1", "1", "2"]
    assert all(not block.doubt for block in blocks)


def test_raised_small_numbers_are_exponents_and_lowered_ones_indices() -> None:
    line = Text(72, 700, "Cost = 64 x 5"), Text(148, 705, "2", 8), Text(153, 700, " x 3 = 4800")
    assert texts(*line) == ["Cost = 64 x 5^2 x 3 = 4800"]
    assert texts(Text(72, 700, "volume of R"), Text(134, 697, "12", 8), Text(143, 700, " = 5")) == [
        "volume of R_{12} = 5"
    ]


def test_fraction_bar_forms_a_fraction_and_underline_does_not() -> None:
    fraction = [
        *(Text(72, 700, "ratio ="), Text(116, 708, "28512", 12), Text(119, 692, "9408", 12)),
        *(Line(115, 151, 703.5), Text(156, 700, "= 3.03")),
    ]
    assert texts(*fraction) == ["ratio = 28512/9408 = 3.03"]
    underlined = Text(72, 700, "the answers are"), Line(72, 152, 698), Text(72, 686, "below 12 of")
    assert texts(*underlined) == ["the answers are below 12 of"]


def test_array_in_tall_brackets_keeps_its_rows_and_columns() -> None:
    cells = [
        Text(110 + 30 * column, 715 - 18 * row, text)
        for row, line in enumerate((("1", "-2"), ("13", "0.5")))
        for column, text in enumerate(line)
    ]
    blocks = read(Text(72, 705, "G ="), Text(96, 700, "[", 44), *cells, Text(162, 700, "]", 44))
    assert [block.text for block in blocks] == [
        r"$$G = \begin{bmatrix} 1 & -2 \\ 13 & 0.5 \end{bmatrix}$$"
    ]
    assert not blocks[0].doubt
    uneven = read(Text(96, 700, "[", 44), *cells[:3], Text(162, 700, "]", 44))
    assert uneven[0].doubt


def test_wide_gaps_in_aligned_rows_form_table_columns() -> None:
    rows = (("layer", "params"), ("conv 1", "2432"), ("conv 2", "51264"))
    items = [
        Text(72 + 120 * column, 700 - 16 * row, text)
        for row, line in enumerate(rows)
        for column, text in enumerate(line)
    ]
    (table,) = read(*items)
    assert table.form == "table"
    assert table.text.splitlines()[2:] == ["| conv 1 | 2432 |", "| conv 2 | 51264 |"]


def test_paragraph_lines_are_joined_without_the_hyphen() -> None:
    full = "The output of the third layer has a size that follows from its dimen-"
    items = Text(72, 700, full), Text(72, 685, "sions: 16x16x256 values in all.")
    (text,) = texts(*items)
    assert text.endswith("from its dimensions: 16x16x256 values in all.")


def test_libreoffice_formula_characters_are_interpreted() -> None:
    spaced, relation = read(Text(72, 700, "Total: 1,024 ,000"), Text(72, 640, "¿ 390410"))
    assert (spaced.text.strip(), spaced.doubt) == ("Total: 1,024,000", "")
    assert (relation.text.strip(), relation.doubt) == ("= 390410", LOST_SIGN)


def test_page_number_is_ignored() -> None:
    items = [*page_of_lines(ANSWERS), Text(300, 40, "7")]
    assert texts(*items) == ANSWERS.splitlines()


def test_unmapped_pdf_character_makes_the_line_doubtful() -> None:
    glyphs = [
        Glyph(text, 72 + 7 * index, 79 + 7 * index, 700, 708, 700, 12)
        for index, text in enumerate("x=\ue0017")
    ]
    (block,) = split_pages([PageGlyphs(612, 792, tuple(glyphs))])
    assert block.doubt == UNKNOWN_CHARACTER


def test_orphaned_scripts_and_overlapping_rows_are_doubtful() -> None:
    (*_, block) = read(
        Text(72, 700, "size = 10 or 10"), Text(170, 705, "5", 8), Text(190, 700, "m")
    )
    assert block.doubt == UNCLEAR_SCRIPT
    crowded = read(Text(72, 700, "sum of 3"), Text(120, 693, "1024 values"))
    assert {block.doubt for block in crowded} == {CROWDED}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no pdf at all", "damaged"),
        (b"%PDF-1.7\n" + b"\0" * 500, "damaged"),
        (pdf_file(page_of_lines(ANSWERS))[:300], "damaged"),
        (pdf_file(page_of_lines(ANSWERS), encrypted=True), "has a password"),
        (pdf_file([Line(72, 300, 500)]), "has no text"),
        (pdf_file(*[[] for _ in range(MAX_PAGES + 1)]), f"more than {MAX_PAGES} pages"),
        (pdf_file([Text(72, 700, "1" * 70_000)]), "a page has more than"),
    ],
)
def test_unreadable_pdf_is_refused_with_advice(data, message) -> None:
    with pytest.raises(ReportError, match=message) as refusal:
        read_blocks(data, ".pdf")
    assert any(word in str(refusal.value) for word in ("submit the", "type the answers"))


def draw_columns(left: list[str], right: list[str]) -> list[Text]:
    """Return two columns of a page, line by line, below each other from the same height."""
    return [
        Text(start, 700 - 14 * number, line, 9)
        for start, lines in ((60, left), (320, right))
        for number, line in enumerate(lines)
    ]


PROSE = "The layer has so many weights and biases as it says"


def test_columns_of_text_are_read_one_after_the_other() -> None:
    left = [*(f"{PROSE} in {number}" for number in range(9)), "1a) 12"]
    right = ["1b) 34", *(f"{PROSE} on {number}" for number in range(9))]
    title = Text(60, 740, "Homework 5, by a student whose title goes over both of the columns", 14)
    lines = texts(title, *draw_columns(left, right))
    assert lines.index("1b) 34") == lines.index("1a) 12") + 1
    assert lines[0].endswith(title.text)


@pytest.mark.parametrize("more", ["and more", "and a line that is far too long for its column"])
def test_a_line_that_is_too_long_for_its_column_leaves_the_columns_apart(more) -> None:
    left = [*(f"{PROSE} in {number}" for number in range(9)), "1a) 12"]
    left[4] += f" {more}"
    right = ["1b) 34", *(f"{PROSE} on {number}" for number in range(9))]
    lines = texts(*draw_columns(left, right))
    assert lines.index("1b) 34") == lines.index("1a) 12") + 1
    assert any(f"4 {more}" in line for line in lines)


def test_answers_beside_their_questions_are_read_in_rows() -> None:
    questions = [
        "Q1 What is the output size of the first layer?",
        "Q2 How many weights and biases does it have?",
        "Q3 How many values does the second layer have?",
        "Q4 What is the shape behind the last pooling?",
    ]
    answers = [
        ("126x126x16, which is (128 - 3)/1 + 1 = 126", "without any padding"),
        ("2432 weights, which is 3*5*5*32 + 32 with", "the biases of it"),
        ("51264 values, which is 32*5*5*64 + 64, as", "the layer says"),
        ("63x63x16, since the pool has a side of two", "and a stride of two"),
    ]
    left = [line for question in questions for line in (question, "")]
    page = [text for text in draw_columns(left, list(sum(answers, ()))) if text.text]
    assert texts(*page) == [
        line
        for question, answer in zip(questions, answers, strict=True)
        for line in (question, " ".join(answer))
    ]


def test_ligatures_and_minus_signs_of_a_pdf_are_read_as_typed() -> None:
    (block,) = read(Text(72, 700, "The ﬁrst ﬁlter is ﬂat: minimum = −5, and 4 − 7 = −3"))
    assert block.text.strip() == "The first filter is flat: minimum = -5, and 4 - 7 = -3"
    assert not block.doubt


def test_the_columns_of_a_table_are_no_columns_of_text() -> None:
    names = [f"layer {number} of it" for number in range(10)]
    lines = texts(*draw_columns(names, [f"{number} x 5 x 5" for number in range(10)]))
    assert "| layer 3 of it | 3 x 5 x 5 |" in lines[0]


def test_a_wide_gap_in_the_cell_of_a_table_is_doubtful() -> None:
    rows = [("boxes  per map", "84"), ("scores per map", "90")]
    cells = [
        Text(left, 700 - 14 * row, text, 10)
        for row, (name, value) in enumerate(rows)
        for left, text in ((72, name), (150, "12"), (180, value))
    ]
    (table,) = read(*cells)
    assert (table.form, table.doubt) == ("table", UNCLEAR_COLUMNS)


def test_an_array_may_have_brackets_that_are_as_short_as_a_letter() -> None:
    cells = [
        Text(100 + 20 * column, 712 - 12 * row, str(10 * row + column + 1))
        for row in range(3)
        for column in range(2)
    ]
    brackets = [Text(90, 700, "["), Text(136, 700, "]")]
    above, below = (
        Text(72, 748, "The result over the bias is"),
        Text(72, 660, "so it has [5] cells."),
    )
    lines = texts(above, Text(72, 700, "X ="), *brackets, *cells, below)
    (array,) = [line for line in lines if line.startswith("$$X = ")]
    assert r"} 1 & 2 \\ 11 & 12 \\ 21 & 22 \end" in array
    assert lines[-1] == "so it has [5] cells."


def test_brackets_in_lines_of_text_are_no_array() -> None:
    lines = [
        Text(72, 720 - 14 * row, f"line {row} of the text has [{row}] as its note")
        for row in range(3)
    ]
    assert texts(*lines) == [" ".join(line.text for line in lines)]
