"""Tests of filled-in templates: the engine, the command line and REST read them alike."""

import csv
import json
from pathlib import Path

import pytest
from report_cases import bank
from uploads import create_report

from api.services.reports.grading import grade_report
from api.services.reports.sheets import SheetParts, parse_sheet
from api.services.reports.uploads.templates import SheetQuestion, SheetSection, write_template

PROBLEM = "conv-output-shape"
ANSWERS = {"stride_1": "126x126x16", "stride_2": "64x64x16"}
READ_AS = {"stride_1": "126×126×16", "stride_2": "64×64×16"}
DISTRACTION = "\nstride 1: 128x128x16\nor stride 1: 127x127x16\nstride 2: 9x9x9\n"
"""Text after the answer, in which an alignment without marks finds other answers."""
FORMS = ("md", "tex", "ipynb")
SECTION = SheetSection(
    "Shapes",
    "Given: 5x5x5.",
    tuple(
        SheetQuestion(PROBLEM, part, f"1({letter})", part, "?")
        for part, letter in zip(ANSWERS, "ab", strict=True)
    ),
)


def fill_template(form: str) -> str:
    """Return a template with answers, and with other values outside of its marks."""
    text = write_template(form, "Homework", [SECTION])
    if form == "ipynb":
        notebook = json.loads(text)
        for cell in notebook["cells"]:
            for part, answer in ANSWERS.items():
                if "".join(cell["source"]).startswith(f"<!-- answer {PROBLEM}.{part} -->"):
                    cell["source"] = "".join(cell["source"]) + answer
        notebook["cells"].append({"cell_type": "markdown", "source": DISTRACTION})
        return json.dumps(notebook)
    for part, answer in ANSWERS.items():
        mark = f"answer {PROBLEM}.{part}" + (" -->" if form == "md" else "")
        text = text.replace(f"{mark}\n", f"{mark}\n{answer}\n")
    return text.replace("\\end{document}", "") + DISTRACTION


@pytest.mark.parametrize("form", FORMS)
def test_the_engine_reads_the_marked_answers(form):
    sheet_parts = SheetParts(bank(), parse_sheet([PROBLEM], bank()))
    rows = grade_report(fill_template(form).encode(), f".{form}", "ada", sheet_parts)
    assert {row.part: row.read_as for row in rows} == READ_AS
    assert {row.confidence for row in rows} == {"certain"}


def test_the_command_reads_the_marked_answers(grader, tmp_path: Path):
    reports, out = tmp_path / "reports", tmp_path / "results.csv"
    reports.mkdir()
    for form in FORMS:
        (reports / f"{form}.{form}").write_text(fill_template(form), encoding="utf-8")
    ran = grader("report", str(reports), "--problems", PROBLEM, "-o", str(out), "--workers", "1")
    assert ran.code == 0, ran.err
    with out.open(encoding="utf-8", newline="") as file:
        rows = [(row["student"], row["part"], row["read_as"]) for row in csv.DictReader(file)]
    assert rows == [(form, *item) for form in sorted(FORMS) for item in READ_AS.items()]


@pytest.mark.parametrize("form", FORMS)
def test_an_upload_reads_the_marked_answers(world, course, student, form):
    [assigned] = world.assignment(course, bank().path(PROBLEM).read_text(encoding="utf-8"))
    report = create_report(student, assigned, fill_template(form), f"report.{form}")
    assert {part["confidence"] for part in report["parts"]} == {"certain"}
    assert {part["part"]: part["passages"][0]["text"] for part in report["parts"]} == ANSWERS


@pytest.mark.parametrize("form", FORMS)
def test_without_marks_the_same_document_has_doubtful_answers(form):
    """The tests above prove something only if the marks decide."""
    sheet_parts = SheetParts(bank(), parse_sheet([PROBLEM], bank()))
    unmarked = fill_template(form).replace("answer conv", "note conv").encode()
    rows = grade_report(unmarked, f".{form}", "ada", sheet_parts)
    assert {row.part: row.read_as for row in rows if row.confidence == "certain"} != READ_AS
