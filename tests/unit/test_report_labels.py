"""Tests of the labels of a sheet in reports: each style in each kind of file."""

import pytest
from pdf_files import page_of_lines, pdf_file
from report_cases import bank
from word_files import from_lines

from api.services.reports.documents import read_blocks
from api.services.reports.sheets import SheetParts, parse_sheet
from grader.reports.alignment import align_report
from grader.reports.documents.text_lines import split_text
from grader.reports.extraction.passage_finder import find_passages

NESTED, ROMAN, LETTERS = ("2(c)i", "2(c)ii"), ("II.2", "II.3"), ("Q1 a)", "Q1 b)")
LINES = {
    "2(c)i 2432\n\n2(c)ii 51264": NESTED,
    "2(c)i: 2432\n2(c)ii: 51264": NESTED,
    "2(c)i = 2432\n2(c)ii = 51264": NESTED,
    "2(c)i - 2432\n2(c)ii - 51264": NESTED,
    "2(c)(i) 2432\n2(c)(ii) 51264": NESTED,
    "2.c.i 2432\n\n2.c.ii 51264": NESTED,
    "2c i) 2432\n\n2c ii) 51264": NESTED,
    "2.\n   c)\n      i) 2432\n      ii) 51264": NESTED,
    "2. Networks\n   - (c) Layers\n     - (i) 2432\n     - (ii) 51264": NESTED,
    "II.2 2432\n\nII.3 51264": ROMAN,
    "II.2: 2432\nII.3: 51264": ROMAN,
    "II.2) 2432\n\nII.3) 51264": ROMAN,
    "II.\n  2. 2432\n  3. 51264": ROMAN,
    "Part II\n\n2. 2432\n\n3. 51264": ROMAN,
    "I\n\n3. 2432\n\nII\n\n3. 51264": ("I.3", "II.3"),
    "Q1 a) 2432\n\nQ1 b) 51264": LETTERS,
    "Q1a 2432\n\nQ1b 51264": LETTERS,
    "1a: 2432\n1b: 51264": LETTERS,
    "1.a 2432\n1.b 51264": LETTERS,
    "1.a) 2432\n1.b) 51264": LETTERS,
    "Q1.a 2432\nQ1.b 51264": LETTERS,
}
MARKDOWN = {
    "# 2(c)i\n\n2432\n\n# 2(c)ii\n\n51264": NESTED,
    "# Question 2\n\n## (c)\n\n### (i)\n\n2432\n\n### (ii)\n\n51264": NESTED,
    "# 2\n\n## c\n\n### i\n\n2432\n\n### ii\n\n51264": NESTED,
    "**2(c)i** 2432\n\n**2(c)ii:** 51264": NESTED,
    "**2(c)i**\n\n2432\n\n**2(c)ii**\n\n51264": NESTED,
    "**Q2 (c) (i)** 2432\n\n**Q2 (c) (ii)** 51264": NESTED,
    "| part | answer |\n|---|---|\n| 2(c)i | 2432 |\n| 2(c)ii | 51264 |": NESTED,
    "# II\n\n## II.2\n2432\n\n## II.3\n51264": ROMAN,
    "# II. Networks\n\n## 2\n2432\n\n## 3\n51264": ROMAN,
    "| part | answer |\n|---|---|\n| II.2 | 2432 |\n| II.3 | 51264 |": ROMAN,
    "# Q1\n\n## a)\n2432\n\n## b)\n51264": LETTERS,
    "## Q1a\n2432\n\n## Q1b\n51264": LETTERS,
}


def tex_list(*items: str, kind: str = "itemize") -> str:
    """Return a list of TeX."""
    return "\n".join([rf"\begin{{{kind}}}", *items, rf"\end{{{kind}}}"])


ITEMS = tex_list(r"\item[(i)] 2432", r"\item[(ii)] 51264")
COUNTED = tex_list(r"\item 2432", r"\item 51264", kind="enumerate")
COUNTED = tex_list(r"\item x", r"\item y", r"\item", COUNTED, kind="enumerate")
TEX = {
    "\\section*{Question 2}\n" + tex_list(r"\item[(c)]", ITEMS): NESTED,
    tex_list(r"\item x", r"\item", COUNTED, kind="enumerate"): NESTED,
    tex_list(r"\item[2(c)i] 2432", r"\item[2(c)ii] 51264"): NESTED,
    tex_list(r"\item[\textbf{2(c)i}] 2432", r"\item[\textbf{2(c)ii}] 51264"): NESTED,
    "\\paragraph{2(c)i} 2432\n\\paragraph{2(c)ii} 51264": NESTED,
    "\\textbf{2(c)i} $2432$\n\n\\textbf{2(c)ii} $51264$": NESTED,
    tex_list(r"\item[II.2] 2432", r"\item[II.3] 51264"): ROMAN,
    "\\section*{II}\n" + tex_list(r"\item[2.] 2432", r"\item[3.] 51264"): ROMAN,
    "\\section*{II}\n\\subsection*{II.2}\n2432\n\\subsection*{II.3}\n51264": ROMAN,
    tex_list(r"\item[Q1 a)] 2432", r"\item[Q1 b)] 51264"): LETTERS,
}


def as_file(text: str, ending: str) -> bytes:
    """Return a text as a file of a kind."""
    if ending == ".docx":
        return from_lines(text)
    return pdf_file(page_of_lines(text)) if ending == ".pdf" else text.encode()


@pytest.mark.parametrize(
    ("text", "labels", "ending"),
    [
        *((text, LINES[text], end) for text in LINES for end in (".md", ".txt", ".docx", ".pdf")),
        *((text, labels, ".md") for text, labels in MARKDOWN.items()),
        *((text, labels, ".tex") for text, labels in TEX.items()),
    ],
)
def test_answers_under_sheet_labels_are_certain(text, labels, ending) -> None:
    layers = ("cnn-parameter-table.layer_1", "cnn-parameter-table.layer_2")
    problem = ", ".join(f"{layer}={label}" for layer, label in zip(layers, labels, strict=True))
    sheet = SheetParts(bank(), parse_sheet([problem], bank()))
    parts = [part for part in sheet.parts if part.label]
    blocks = read_blocks(as_file(text, ending), ending)
    aligned = align_report(parts, find_passages(blocks, [part.label for part in parts]))
    assert [(item.read_as, item.doubt) for item in aligned] == [("2432", ""), ("51264", "")]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("2.5 million weights", ()),
        ("II layers", ()),
        ("2b is as good as 2a", ()),
        ("b: 5", ()),
        ("i = 5", ()),
        ("2b 5", ("2", "b")),
    ],
)
def test_text_outside_the_sheet_labels_is_not_a_label(line, path) -> None:
    labels = [("2", "b", "ii"), ("2", "5"), ("ii", "3")]
    assert {passage.label for passage in find_passages(split_text(line), labels)} == {path}


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("1. 2432\n2. 51264", ["text", "text"]),
        ("1. 0.\n2. 1.", ["matrix"]),
        ("1 2\n2 3", ["matrix"]),
    ],
)
def test_numbered_list_of_numbers_is_not_a_matrix(text, forms) -> None:
    assert [block.form for block in split_text(text)] == forms
