"""Tests of terminal output: tables, questions, keys, and the findings of the checker."""

import sys
from pathlib import Path

import pytest

HEAD = "student,problem,part,answer\n"
PROBLEM = """\
id: {id}
title: "A [b]tiny[/b] problem :smile:"
topic: shapes
difficulty: 1
params:
  W: {{choose: [64, 96, 97]}}
statement: A picture is ${{{{W}}}}$ pixels wide.
parts:
  - id: side
    kind: integer
    key: conv_size(W, 3, stride=2)
    mistakes:
      - {{id: swapped, key: 3 - W, say: Count again.}}
      - {{id: short, key: 3 - W, say: Count again.}}
"""


def write(folder: Path, name: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(PROBLEM.format(id=name))
    return path


@pytest.fixture
def on_terminal(grader, tmp_path, monkeypatch):
    """Return a function that grades these rows as on a terminal."""

    def run(rows: str):
        path = tmp_path / "in.csv"
        path.write_text(HEAD + rows, encoding="utf-8")
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        return grader("batch", str(path))

    return run


def test_terminal_output_shows_rows_as_a_table(on_terminal):
    ran = on_terminal(
        'ann,pooling-4x4,max,"[9 7; 8 5]"\n'
        "bob,yolo-output-depth,yolov3,85\n"
        f"cas,conv2d-by-hand,window_0_0,{'1+' * 40}1\n"
        "dan,no-such,a,1\n"
    )
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0].split() == ["student", "problem", "part", "status", "score", "read", "as"]
    assert "[[9, 7], [8, 5]]" in lines[1]
    assert lines[2].split()[:4] == ["bob", "yolo-output-depth", "yolov3", "mistake"]
    assert lines[4].split() == ["dan", "no-such", "a"]
    assert "feedback" not in ran.out
    assert "mistakes: " in ran.err


def test_long_readings_are_truncated_in_the_table(on_terminal):
    ran = on_terminal(f'ann,transposed-conv2d-by-hand,output,"{("1 " * 6 + ";") * 6}"\n')
    assert "…" in ran.out


@pytest.mark.parametrize("name", ["[/b]", "[bold]x", ":smile:", "[link=x]y[/link]"])
def test_student_names_are_printed_verbatim(on_terminal, name):
    ran = on_terminal(f"{name},yolo-output-depth,yolov3,255\n")
    assert ran.code == 0
    assert name in ran.out


def test_table_shows_at_most_fifty_rows(on_terminal):
    ran = on_terminal("ann,yolo-output-depth,yolov3,255\n" * 53)
    assert ran.out.count("ann") == 50
    assert "3 more rows. -o FILE writes them all" in ran.err


def test_publish_reports_inert_and_indistinguishable_mistakes(grader, tmp_path):
    ran = grader("publish", str(write(tmp_path, "tiny")), "--seeds", "2")
    assert ran.code == 0
    assert "tiny: 2 seeds of " in ran.out
    assert "inert in side: " in ran.out
    assert "never told apart in side: " in ran.out
    assert ", short = swapped\n" in ran.out


def test_publish_reports_why_seeds_were_rejected(grader, tmp_path):
    ran = grader("publish", str(write(tmp_path, "tiny")))
    assert "the numbers repeat" in ran.out


def test_problem_without_random_parameters_has_one_variant(grader, tmp_path):
    path = write(tmp_path, "tiny")
    path.write_text(path.read_text().replace("{choose: [64, 96, 97]}", "63"))
    assert grader("publish", str(path)).out == "tiny: one variant, no random parameters\n"


def test_check_prints_seeds_and_warnings_and_counts_files_with_errors(grader, tmp_path):
    good = write(tmp_path, "tiny")
    ran = grader("check", str(good), "--seeds", "2")
    assert ran.code == 0
    assert "tiny: 2 seeds of " in ran.out
    assert "warning: " in ran.err
    assert "1 file, 0 with errors" in ran.err
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: bad\n")
    ran = grader("check", str(good), str(bad), "--seeds", "2")
    assert ran.code == 1
    assert f"error: {bad}:1: title: the field is missing; add it" in ran.err
    assert "2 files, 1 with errors" in ran.err


def test_check_reports_many_files_in_order(grader, tmp_path):
    for at in range(8):
        write(tmp_path, f"tiny-{at}")
    (tmp_path / "tiny-3.yaml").write_text("id: tiny-3\n")
    ran = grader("check", str(tmp_path), "--seeds", "1")
    assert ran.code == 1
    told = [line.split(":")[0] for line in ran.out.splitlines() if " seeds of " in line]
    assert told == [f"tiny-{at}" for at in range(8) if at != 3]
    assert "8 files, 1 with errors" in ran.err


def test_check_of_an_empty_folder_fails_with_a_message(grader, tmp_path):
    ran = grader("check", str(tmp_path))
    assert ran.code == 2
    assert "there is no problem file (*.yaml) here" in ran.err


def test_problem_title_is_printed_verbatim(grader, tmp_path):
    assert (
        "A [b]tiny[/b] problem :smile:"
        in grader("show", str(write(tmp_path, "tiny")), "--seed", "1").out
    )


def test_part_is_shown_with_its_id_and_title(grader, tmp_path):
    path = write(tmp_path, "tiny")
    path.write_text(
        path.read_text().replace("- id: side\n", '- id: side\n    title: "[b]A[/b] side"\n')
    )
    shown, worked = (grader(way, str(path), "--seed", "1").out for way in ("show", "worked"))
    assert "side  [b]A[/b] side  integer, 1 point\n" in shown
    assert "side  [b]A[/b] side  " in worked


def test_options_are_shown_and_rubrics_only_to_teachers(grader, tmp_path):
    path = tmp_path / "mixed.yaml"
    path.write_text("""\
id: mixed
title: A choice and a text
topic: shapes
difficulty: 1
statement: Say why.
parts:
  - {id: pick, kind: choice, options: {a: "The first.", b: "The second."}, key: "'b'", reason: fact}
  - id: why
    kind: text
    points: 2
    prompt: Why?
    rubric: [{id: reason, points: 2, say: Names the reason.}]
    model: Because.
  - {id: none, kind: integer, key: "conv_size(1, 3)"}
""")
    shown, solved = grader("show", str(path)), grader("solve", str(path))
    assert "a) The first." in shown.out
    assert "why  text, 2 points" in shown.out
    assert "reason" not in shown.out
    assert "2 points: Names the reason." in solved.out
    assert "none  " in solved.out
    assert '"model": "Because."' in grader("solve", str(path), "--json").out
    assert '"options"' in grader("show", str(path), "--json").out


def test_result_is_printed_with_reading_and_mistake(grader):
    ran = grader("mark", "conv-output-shape", "stride_2", "64x64x16")
    assert ran.out.splitlines()[0].startswith("mistake  0 of ")
    assert "read as: 64×64×16" in ran.out
    assert "mistake: rounded_up" in ran.out


def test_unreadable_answer_shows_no_reading(grader):
    ran = grader("mark", "conv-output-shape", "stride_2", "abc")
    assert ran.out.startswith("unreadable  0 of ")
    assert "read as" not in ran.out


def test_answer_that_needs_review_has_no_score(grader):
    shown = grader("show", "residual-blocks").out
    part = next(line.split()[0] for line in shown.splitlines() if "  text, " in line)
    ran = grader("mark", "residual-blocks", part, "Because.")
    assert ran.out.splitlines()[0] == "needs review"


def test_reading_is_printed_with_its_notes(grader):
    ran = grader("read", "number", "1,234")
    assert (ran.out, ran.err) == ("1234\n", "The comma groups thousands.\n")
    assert grader("read", "number", "abc").err.startswith("error: ")
