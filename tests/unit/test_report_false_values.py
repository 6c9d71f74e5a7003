"""Tests of values in reports that are no answers, each with a twin that is one."""

import pytest
from cpu_time import cpu_seconds
from report_cases import bank
from word_files import paragraph, run, word_file

from api.services.reports.document_alignment import align_document
from api.services.reports.sheets import SheetParts, parse_sheet
from grader.reports.aligned_parts import AlignedPart
from grader.reports.documents.hidden_text import blank_hidden_markdown, blank_hidden_tex
from grader.reports.doubts import NO_LABEL, ORDER_ONLY, OTHER_WORDS, REFERENCE, SETTINGS

SHEET = "mlp-operations=1"
LETTERS = ("macs", "operations", "parameters", "batch", "share")
SET_LABELS = ",".join(
    f"mlp-operations.{part}=1({letter})" for part, letter in zip(LETTERS, "abcde", strict=True)
)


def read_parts(
    data: str | bytes, *, problems: str = SHEET, ending: str = ".md", has_set_labels: bool = True
) -> dict[str, AlignedPart]:
    """Return the aligned parts of a report by their names."""
    parts = SheetParts(bank(), parse_sheet([problems], bank())).parts
    content = data.encode() if isinstance(data, str) else data
    aligned = align_document(content, ending, parts, has_set_labels=has_set_labels)
    return {item.part.part: item for item in aligned}


@pytest.mark.parametrize(
    ("false_line", "true_line"),
    [
        ("Number of parameters: see page 12", "Number of parameters: 12"),
        ("Number of parameters: see 12", "Number of parameters: 12"),
        ("Number of parameters: see Eq. (12)", "Number of parameters: (12)"),
        ("Number of parameters: on page 12", "Number of parameters: on GPU 12"),
        ("Number of parameters: as in Fig. 12", "Number of parameters: as in all 12"),
        ("Parameters follow from Eq. (12).", "Parameters: (12)."),
        ("The number of parameters is given by (12).", "The number of parameters is given: (12)."),
        ("Parameters follow from (12)", "Parameters from all layers: (12)"),
        ("Number of parameters: 5 points", "Number of parameters: 5 weights"),
        ("Number of parameters: e.g. 2432", "Number of parameters: i.e. 2432"),
        ("Number of parameters: not 2432", "Number of parameters: now 2432"),
        ("Not 390410 parameters in total.", "Now 390410 parameters in total."),
        ("The network does not have 12 parameters, for example 390410 parameters in total.",
         "The network has 390410 parameters in total."),
    ],
)  # fmt: skip
def test_a_reference_an_example_or_a_denied_value_is_no_certain_answer(
    false_line, true_line
) -> None:
    false, true = (read_parts(f"Q1\n\n{line}\n")["parameters"] for line in (false_line, true_line))
    assert (false.is_certain, true.passage is not None) == (False, True)
    assert true.doubt != REFERENCE


def test_the_doubt_names_the_words_beside_the_value() -> None:
    assert read_parts("Q1\n\nNumber of parameters: see page 12\n")["parameters"].doubt == REFERENCE


@pytest.mark.parametrize(
    ("hidden", "shown", "ending"),
    [
        ("<!-- Parameters: 5 -->", "Parameters: 5", ".md"),
        ("<!--\nParameters: 5\n-->", "Parameters: 5", ".md"),
        ("Parameters: <s>77</s>", "Parameters: <b>77</b>", ".md"),
        ("Parameters: <del>51200</del>", "Parameters: <ins>51200</ins>", ".md"),
        ("Parameters: ~~51200~~", "Parameters: ~51200", ".md"),
        ("Parameters: <del class='x'>77</del>", "Parameters: <ins class='x'>77</ins>", ".md"),
        ('Parameters: <s title="x">77</s>', 'Parameters: <b title="x">77</b>', ".md"),
        ("<!--\n```\nParameters: 5\n```\n-->", "```\nParameters: 5\n```", ".md"),
        (
            "\\iffalse \\ifx\\a\\b 1 \\fi\nParameters: 5\n\\fi",
            "\\iffalse \\ifx\\a\\b 1 \\fi \\fi\nParameters: 5",
            ".tex",
        ),
        ("\\iffalse\nParameters: 5\n\\fi", "\\iftrue\nParameters: 5\n\\fi", ".tex"),
        (
            "\\begin{comment}\nParameters: 5\n\\end{comment}",
            "\\begin{center}\nParameters: 5\n\\end{center}",
            ".tex",
        ),
        ("Parameters: \\sout{77}", "Parameters: \\textbf{77}", ".tex"),
    ],
)
def test_hidden_or_deleted_text_is_not_read(hidden, shown, ending) -> None:
    texts = (f"Q1\n\n{text}\n\nend\n" for text in (hidden, shown))
    found = [read_parts(text, ending=ending)["parameters"].passage is not None for text in texts]
    assert found == [False, True]


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("```\n<!-- x = 5 -->\n```", blank_hidden_markdown),
        ("~~~\n<del>5</del>\n~~~", blank_hidden_markdown),
        ("`<!-- 5 -->` and `~~6~~`", blank_hidden_markdown),
        ("```\n<!-- x = 5 -->", blank_hidden_markdown),
        ("\\begin{verbatim}\n\\iffalse 5 % 6\n\\fi\n\\end{verbatim}", blank_hidden_tex),
        (
            "\\begin{lstlisting}\n\\begin{comment}\nlayers 5\n\\end{comment}\n\\end{lstlisting}",
            blank_hidden_tex,
        ),
        ("\\verb|\\sout{5} % 6| 7", blank_hidden_tex),
        ("5 \\iff 6 \\fi", blank_hidden_tex),
    ],
)
def test_code_shows_comments_and_struck_out_text(text, blank) -> None:
    assert blank(text) == text


@pytest.mark.parametrize("start", ["\\iffalse ", "\\ifx ", "<!-- ", "```\n", "`"])
def test_many_starts_before_one_end_are_blanked_quickly(start) -> None:
    text = start * 40_000 + "\\fi -->"
    assert cpu_seconds(lambda: blank_hidden_tex(blank_hidden_markdown(text))) < 1


@pytest.mark.parametrize("setting", ["vanish", "dstrike", "strike"])
def test_hidden_or_struck_out_runs_of_word_are_not_read(setting) -> None:
    settings = (f"<w:{setting}/>", f'<w:{setting} w:val="off"/>')
    documents = [
        word_file(paragraph(run("Q1")) + paragraph(run("Parameters: ") + run("77", properties)))
        for properties in settings
    ]
    found = [
        read_parts(document, ending=".docx")["parameters"].passage is not None
        for document in documents
    ]
    assert found == [False, True]


def test_lines_keep_their_numbers_without_hidden_text() -> None:
    assert blank_hidden_markdown("a\n<!-- 1\n2 -->\n<del>3\n4</del>b").count("\n") == 4
    assert blank_hidden_tex("\\iffalse 1\n2 \\else 3 \\fi\n4").split("\n")[1:] == [" 3 \\fi", "4"]


@pytest.mark.parametrize("start", ["<!-- ", "\\iffalse ", "\\begin{comment}", "<s> ", "<del>x"])
def test_a_start_without_an_end_hides_nothing(start) -> None:
    text = start * 20_000
    assert blank_hidden_tex(blank_hidden_markdown(text)) == text


def test_few_letters_count_the_parts_too() -> None:
    parts = read_parts("Q1\na) 250700\nb) 501400\n")
    assert {name: item.read_as for name, item in parts.items() if item.is_certain} == {
        "macs": "250700",
        "operations": "501400",
    }


def test_letters_that_name_no_parts_leave_only_the_order() -> None:
    assert read_parts("Q1\nx) 250700\ny) 501400\n")["macs"].doubt == ORDER_ONLY
    assert not any(item.is_certain for item in read_parts("Q1\nx) 250700\n").values())
    assert read_parts("Q1\nb) 501400\n")["operations"].is_certain
    assert any(item.is_certain for item in read_parts("Q1\n250700\n").values())


def test_few_letters_do_not_outweigh_the_words_beside_the_values() -> None:
    parts = read_parts("Q1\na) MACs for one image: 250700\nb) Number of parameters: 251060\n")
    assert parts["parameters"].read_as == "251060"
    assert not parts["operations"].is_certain


def test_a_value_under_its_label_does_not_lack_the_label() -> None:
    parts = read_parts("1(b) 501400\n", problems=SET_LABELS)
    assert (parts["operations"].read_as, parts["operations"].doubt) == ("501400", "")
    assert all(item.passage is None for name, item in parts.items() if name != "operations")


def test_a_part_without_its_label_is_doubtful() -> None:
    parts = read_parts("1(b) 501400, 250700\n", problems=SET_LABELS)
    others = [item.doubt for name, item in parts.items() if item.passage and name != "operations"]
    assert all(doubt == NO_LABEL for doubt in others)


def test_labels_of_the_order_that_match_are_kept() -> None:
    text = "1(a) 250700\n1(b) 501400\n1(c) 251060\n1(d) 25070000\n"
    parts = read_parts(text, problems=SET_LABELS, has_set_labels=False)
    assert [parts[name].part.label for name in LETTERS] == [("1", letter) for letter in "abcde"]
    assert [parts[name].is_certain for name in LETTERS] == [True, True, True, True, False]


def test_labels_of_the_order_that_the_words_contradict_are_dropped() -> None:
    text = (
        "1(a) Number of parameters: 251060\n1(b) MACs for one image: 250700\n"
        "1(c) FLOPs for one image: 501400\n"
    )
    parts = read_parts(text, problems=SET_LABELS, has_set_labels=False)
    assert (parts["macs"].read_as, parts["parameters"].read_as) == ("250700", "251060")
    assert parts["macs"].part.label == ()


@pytest.mark.parametrize(
    "row", ["- {0} {1}: {2}\n", "{0} {1}: {2}\n", "| {0} | {1}: {2} |\n", "| {0} | {1} | {2} |\n"]
)
@pytest.mark.parametrize("problems", ["training-report", "training-report=1"])
def test_own_numbers_of_a_student_do_not_outweigh_the_names_of_the_values(row, problems) -> None:
    answers = [
        ("1(a)", "Test accuracy of the ResNet", "0.91"),
        ("1(b)", "Test accuracy of the small network", "0.71"),
        ("1(c)", "Completed epochs", "20"),
    ]
    rows = "".join(row.format(*answer) for answer in answers)
    table = "| part |" + " answer |" * (row.count("|") - 2) + "\n" if "|" in row else ""
    rule = "|---" * table.count(" |") + "|\n" if table else ""
    parts = read_parts(f"{table}{rule}{rows}", problems=problems)
    right = {"resnet_test_accuracy": "0.91", "test_accuracy": "0.71", "epochs": "20"}
    certain = {name: item.read_as for name, item in parts.items() if item.is_certain}
    assert certain.items() <= right.items()


def test_a_value_that_has_the_name_of_another_part_is_doubtful() -> None:
    parts = read_parts("1(a) Number of parameters: 251060\n1(c) 250700\n", problems=SET_LABELS)
    assert (parts["macs"].read_as, parts["macs"].doubt) == ("251060", OTHER_WORDS)


def test_the_name_in_a_cell_of_a_table_describes_its_value() -> None:
    table = "| part | answer |\n|---|---|\n| (a) | Parameters: 251060 |\n"
    assert read_parts(table, problems="mlp-operations")["parameters"].read_as == "251060"


def test_a_setting_of_a_layer_is_no_certain_answer() -> None:
    texts = (f"Q1\n\nParameters: {text}\n" for text in ("P_1 = 12, F_1 = 5, S_1 = 1", "P_1 = 12"))
    settings, value = (read_parts(text)["parameters"] for text in texts)
    assert not settings.is_certain
    assert value.doubt != SETTINGS
