"""Tests of `grader report --assignment`: the problems and labels of an assignment's file."""

import csv
from pathlib import Path

import pytest
from report_cases import bank
from world import TEXT_PROBLEM

from api.cli.files.report_operations import OWN_NUMBERS_WARNING
from api.db.models import Course
from api.services.courses.files.assignment_file import load_assignment_file
from api.services.reports.assignment_sheets import build_assignment_sheet
from api.services.reports.sheets import SheetParts

COURSE = "slug: dl\ntitle: Deep\nzone: UTC\nnumbers: comma\n"
HW = """\
title: Convolutions
variants: original
problems:
- {problem: sizes, of: conv-output-shape, points: 10, labels: "4(b)i, 4(b)ii"}
- {problem: why-small-kernels, labels: "5"}
"""
REPORT = """\
4.
(b)
i. 126x126x16
ii. 63x63x16

5. Small kernels
(a) 9
(b) 18
(c) Small kernels have fewer parameters.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as `grader course export` writes it, with a report beside it."""
    course = tmp_path / "course"
    for name in ("assignments", "problems"):
        (course / name).mkdir(parents=True)
    (course / "course.yaml").write_text(COURSE)
    (course / "problems" / "why-small-kernels.yaml").write_text(TEXT_PROBLEM)
    (course / "assignments" / "hw-1.yaml").write_text(HW)
    (tmp_path / "ada.md").write_text(REPORT)
    return tmp_path


def run(grader, folder: Path, *more: str):
    assignment = folder / "course" / "assignments" / "hw-1.yaml"
    arguments = ("--assignment", str(assignment), "-o", str(folder / "out.csv"), "--workers", "1")
    return grader("report", str(folder / "ada.md"), *arguments, *more)


def read_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_report_is_graded_with_the_labels_points_and_problems_of_the_assignment(grader, folder):
    ran = run(grader, folder)
    assert (ran.code, OWN_NUMBERS_WARNING in ran.err) == (0, False), ran.err
    columns = ("problem", "part", "read_as", "status", "points", "confidence")
    assert [tuple(row[name] for name in columns) for row in read_rows(folder)] == [
        ("sizes", "stride_1", "126×126×16", "correct", "3.333333", "certain"),
        ("sizes", "stride_2", "63×63×16", "correct", "6.666667", "certain"),
        ("why-small-kernels", "cells", "9", "correct", "2.000000", "certain"),
        ("why-small-kernels", "doubled", "18", "correct", "2.000000", "certain"),
        (
            "why-small-kernels",
            "why",
            "Small kernels have fewer parameters.",
            "needs_review",
            "4.000000",
            "certain",
        ),
    ]


def test_the_number_style_of_the_course_holds(folder):
    source = load_assignment_file(folder / "course" / "assignments" / "hw-1.yaml")
    sheet = build_assignment_sheet(source)
    assert sheet.numbers == "comma"
    part = next(part for part in SheetParts(bank(), sheet).parts if part.part == "cells")
    assert part.read("9,0") == "9"


def test_a_template_of_the_service_is_read_with_its_exported_assignment(
    world, course, student, grader, tmp_path
):
    [assigned] = world.assignment(course, TEXT_PROBLEM)
    with world.session() as session:
        slug = session.get_one(Course, course).slug
    template = student.get(f"/assignments/{assigned.assignment}/report-template").text
    mark = f"<!-- answer {assigned.slug}.cells -->\n"
    assert mark in template
    (tmp_path / "ada.md").write_text(template.replace(mark, f"{mark}9\n"))
    exported = grader(
        "course", "export", str(tmp_path / "course"), "--course", slug, "--database", world.url
    )
    assert exported.code == 0, exported.err
    [file] = (tmp_path / "course" / "assignments").iterdir()
    file.rename(file.with_name("hw-1.yaml"))
    own = tmp_path / "course" / "problems" / "why-small-kernels.yaml"
    own.parent.mkdir(exist_ok=True)
    own.write_text(TEXT_PROBLEM)  # the tests publish it as a problem of the bank
    ran = run(grader, tmp_path)
    assert ran.code == 0, ran.err
    rows = {row["part"]: (row["read_as"], row["confidence"]) for row in read_rows(tmp_path)}
    assert rows == {"cells": ("9", "certain"), "doubled": ("", ""), "why": ("", "")}


def test_default_labels_hold_only_for_a_report_that_has_all_of_them(folder):
    file = folder / "course" / "assignments" / "hw-1.yaml"
    file.write_text(HW.replace(', labels: "4(b)i, 4(b)ii"', "").replace(', labels: "5"', ""))
    sheet = build_assignment_sheet(load_assignment_file(file))
    assert not sheet.has_set_labels
    assert dict(sheet.labels)["sizes.stride_2"] == ("1", "b")


def test_the_command_warns_if_students_have_drawn_numbers(grader, folder):
    file = folder / "course" / "assignments" / "hw-1.yaml"
    file.write_text(HW.replace("variants: original", "variants: each"))
    assert OWN_NUMBERS_WARNING.split(".")[0] in " ".join(run(grader, folder).err.split())
    assert "warning" not in run(grader, folder, "--seed", "1").err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("4(b)i, 4(b)ii", "4(b)i, 4(b)ii, 5", "3 labels"),
        ("4(b)i, 4(b)ii", "four", "hw-1.yaml:4"),
        ("of: conv-output-shape", "of: conv-output-shap", "did you mean 'conv-output-shape'"),
        ("problems:", "problem:", "hw-1.yaml"),
    ],
    ids=["labels", "label", "problem", "field"],
)
def test_an_error_in_the_file_is_reported_before_anything_is_read(
    grader, folder, old, new, message
):
    file = folder / "course" / "assignments" / "hw-1.yaml"
    file.write_text(HW.replace(old, new, 1))
    ran = run(grader, folder)
    assert ran.code == 2
    assert message in " ".join(ran.err.split())
    assert not (folder / "out.csv").exists()


def test_an_error_names_the_path_that_the_user_gave(grader, folder):
    file = folder / "course" / "assignments" / "hw-1.yaml"
    other = file.rename(file.with_suffix(".yml"))
    ran = grader("report", str(folder / "ada.md"), "--assignment", str(other))
    assert ran.code == 2
    assert f"{other}:path" in "".join(ran.err.split())


@pytest.mark.parametrize("more", [("--problems", "conv-output-shape"), ("--bank", ".")])
def test_an_assignment_excludes_other_problems(grader, folder, more):
    assert run(grader, folder, *more).code == 2


def test_without_problems_and_assignment_nothing_runs(grader, folder):
    ran = grader("report", str(folder / "ada.md"))
    assert (ran.code, "--assignment or --problems" in ran.err) == (2, True)
