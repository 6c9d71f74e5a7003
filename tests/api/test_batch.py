"""Tests of `grader batch`: each row returns with its result, for any contents of the file."""

import csv
import json
from pathlib import Path

import pytest

COLUMNS = ["status", "credit", "score", "points", "read_as", "mistakes", "feedback", "error"]


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def batch(grader, tmp_path: Path):
    def run(rows: list[list[str]], *more: str):
        out = tmp_path / "out.csv"
        ran = grader("batch", str(write(tmp_path / "in.csv", rows)), "-o", str(out), *more)
        return ran, read(out) if out.exists() else []

    return run


HEAD = ["student", "problem", "part", "answer"]


def test_results_keep_the_order_and_columns_of_the_input(batch) -> None:
    ran, rows = batch(
        [
            [*HEAD, "note"],
            ["ann", "yolo-output-depth", "yolov1", "90", "first"],
            ["bob", "pooling-4x4", "max", "[9 7; 8 5]", "second"],
        ]
    )
    assert ran.code == 0
    assert list(rows[0]) == [*HEAD, "note", *COLUMNS, "current"]
    assert [row["note"] for row in rows] == ["first", "second"]
    assert rows[0]["status"] == "correct"
    assert rows[1]["credit"] == "0.750000"
    assert rows[1]["points"].endswith(".000000")
    assert rows[1]["read_as"] == "[[9, 7], [8, 5]]"
    assert "2" in ran.err


def test_follow_through_does_not_depend_on_row_order(batch) -> None:
    problem = "conv-stack-cost"
    rows = [
        ["ann", problem, "shape_2", "33x33x128"],
        ["bob", problem, "shape_1", "64x64x64"],
        ["bob", problem, "shape_2", "33x33x128"],
        ["ann", problem, "shape_1", "65x65x64"],
    ]
    _, marked = batch([HEAD, *rows])
    assert [row["status"] for row in marked] == ["follow_through", "correct", "mistake", "mistake"]


def test_best_of_repeated_attempts_counts(batch) -> None:
    problem = "yolo-output-depth"
    answers = ["85", "255", "3", "abc"]
    _, marked = batch([HEAD, *(["ann", problem, "yolov3", answer] for answer in answers)])
    assert [row["current"] for row in marked] == ["false", "true", "false", "false"]
    assert marked[3]["status"] == "unreadable"


def test_latest_readable_of_equal_attempts_counts(batch) -> None:
    answers = ["7", "8", "abc"]
    _, marked = batch([HEAD, *(["ann", "yolo-output-depth", "yolov3", one] for one in answers)])
    assert [row["current"] for row in marked] == ["false", "true", "false"]


def test_follow_through_uses_only_answers_that_can_be_carried_forward(batch) -> None:
    """An answer of another size is unreadable; the last or next readable one counts."""
    problem = "conv-stack-cost"
    rows = [
        ["ann", problem, "shape_1", "65x65x64"],
        ["ann", problem, "shape_1", "65x65"],
        ["ann", problem, "shape_2", "33x33x128"],
        ["bob", problem, "shape_2", "33x33x128"],
        ["bob", problem, "shape_1", "65x65"],
        ["bob", problem, "shape_1", "65x65x64"],
        ["bob", problem, "shape_1", "64x64x64"],
        ["bob", problem, "shape_2", "33x33x128"],
    ]
    _, marked = batch([HEAD, *rows])
    assert [row["status"] for row in marked if row["part"] == "shape_2"] == [
        "follow_through",
        "follow_through",
        "mistake",
    ]
    assert [row["status"] for row in marked].count("unreadable") == 2


@pytest.mark.parametrize(
    ("problem", "part", "answers", "counts"),
    [
        ("residual-blocks", "answer", ["", "They add.", ""], 1),
        ("residual-blocks", "answer", ["They add.", "They skip."], 1),
        ("yolo-output-depth", "yolov3", ["abc", ""], 1),
        ("yolo-output-depth", "yolov3", ["255", "abc", "85"], 0),
    ],
)
def test_readable_attempt_takes_precedence_over_a_free_one(
    batch, problem, part, answers, counts
) -> None:
    _, marked = batch([HEAD, *(["ann", problem, part, one] for one in answers)])
    assert [at for at, row in enumerate(marked) if row["current"] == "true"] == [counts]


def test_rows_without_a_student_are_independent(batch) -> None:
    problem = "conv-stack-cost"
    rows = [[student, problem, "shape_1", "65x65x64"] for student in ("", " ", " ann")]
    rows += [[student, problem, "shape_2", "33x33x128"] for student in ("", " ", "ann ")]
    _, marked = batch([HEAD, *rows])
    assert [row["status"] for row in marked[3:]] == ["mistake", "mistake", "follow_through"]
    assert {row["current"] for row in marked} == {"true"}
    assert marked[2]["student"] == " ann"


def test_numeric_student_id_in_json_equals_its_text_form(grader, tmp_path: Path) -> None:
    path, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    answers = [(0, "shape_1", "65x65x64"), ("0", "shape_2", "33x33x128")]
    lines = [
        {"student": student, "problem": "conv-stack-cost", "part": part, "answer": answer}
        for student, part, answer in answers
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert grader("batch", str(path), "-o", str(out)).code == 0
    assert json.loads(out.read_text().splitlines()[1])["status"] == "follow_through"


def test_invalid_row_is_reported_with_its_line_and_others_are_graded(batch) -> None:
    ran, rows = batch(
        [
            [*HEAD, "seed"],
            ["ann", "no-such-problem", "a", "1", ""],
            ["ann", "yolo-output-depth", "yolo3", "255", ""],
            ["ann", "transposed-conv2d-by-hand", "output", "1\n2\n3", "x"],
            ["ann", "yolo-output-depth", "yolov3", "255", ""],
            ["ann", "yolo-output-depth", "", "255", ""],
            ["ann", "yolo-output-depth", "yolov3", "1", "2", "too", "many"],
        ]
    )
    assert ran.code == 1
    assert "line 2: there is no problem 'no-such-problem'" in ran.err
    assert "line 3: yolo-output-depth has no part 'yolo3'; did you mean 'yolov3'?" in ran.err
    assert "line 4: the seed 'x'" in ran.err
    assert "line 8: the row has no part" in ran.err
    assert "line 9: the row has 7 cells" in ran.err
    assert [row["status"] for row in rows] == ["", "", "", "correct", "", ""]
    assert rows[0]["error"]
    assert rows[3]["error"] == ""


def test_seed_selects_the_variant_and_its_absence_the_original(batch, grader) -> None:
    solved = json.loads(grader("solve", "yolo-output-depth", "--seed", "4", "--json").out)
    key = next(part["shown"] for part in solved["parts"] if part["id"] == "yolov3")
    _, rows = batch(
        [
            [*HEAD, "seed"],
            ["ann", "yolo-output-depth", "yolov3", key, "4"],
            ["ann", "yolo-output-depth", "yolov3", "255", ""],
        ]
    )
    assert [row["status"] for row in rows] == ["correct", "correct"]


def test_columns_can_be_mapped_by_name(grader, tmp_path: Path) -> None:
    path = write(
        tmp_path / "in.csv",
        [["who", "problem", "part", "answer"], ["a", "pooling-4x4", "max", "1"]],
    )
    assert (
        grader("batch", str(path), "--map", "student=who", "-o", str(tmp_path / "o.csv")).code == 0
    )
    missing = grader("batch", str(path))
    assert missing.code == 2
    assert "no column 'student'; it has who, problem, part, answer" in missing.err
    wrong = grader("batch", str(path), "--map", "who")
    assert wrong.code == 2
    assert "COLUMN=NAME" in wrong.err


def test_formula_cells_are_escaped_and_numbers_are_not(batch) -> None:
    _, rows = batch(
        [
            HEAD,
            ["=cmd()", "conv2d-by-hand", "window_1_0", "-1"],
            ["+1", "conv2d-by-hand", "window_1_0", "=2+2"],
            ["@x", "conv2d-by-hand", "window_1_0", "- [[ 2. 1.]"],
        ]
    )
    assert [row["student"] for row in rows] == ["'=cmd()", "+1", "'@x"]
    assert [row["answer"] for row in rows] == ["-1", "'=2+2", "'- [[ 2. 1.]"]
    assert rows[0]["read_as"] == "-1"


def test_json_lines_are_read_and_written(grader, tmp_path: Path) -> None:
    path, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [
        {"student": "a", "problem": "pooling-4x4", "part": "max", "answer": [[9, 7], [8, 6]]},
        {
            "student": "a",
            "problem": "pooling-4x4",
            "part": "average",
            "answer": [[4.25, 1], [2, 3]],
        },
        {"student": "b", "problem": "yolo-output-depth", "part": "yolov3", "answer": 255},
        {"student": "b", "problem": "yolo-output-depth", "part": "yolov1", "answer": True},
    ]
    text = "\n".join(json.dumps(line) for line in lines)
    path.write_text(text + '\n{"student": "c", "answer": NaN}\nnot json\n[1]\n')
    ran = grader("batch", str(path), "-o", str(out))
    assert ran.code == 1
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    statuses = [row["status"] for row in rows]
    assert statuses == ["correct", "partial", "correct", "unreadable", None, None, None]
    assert (rows[1]["credit"], rows[1]["current"], rows[1]["mistakes"]) == ("1/4", True, [])
    assert rows[0]["answer"] == [[9, 7], [8, 6]]
    assert "line 5" in ran.err
    assert "line 6" in ran.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no rows"),
        (b"student,problem,part,answer\n", "has no rows"),
        (b"student,problem,part,answer\n\xff\xfe,a,b,c\n", "is not UTF-8"),
        (b"student,student,part,answer\na,b,c,d\n", "two columns 'student'"),
        (b"student,problem,part,answer,status\na,b,c,d,e\n", "already has a column 'status'"),
    ],
)
def test_unusable_input_exits_with_code_2_and_grades_nothing(
    grader, tmp_path: Path, content: bytes, said: str
) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_bytes(content)
    for more in (["-o", str(out)], []):
        ran = grader("batch", str(path), *more)
        assert ran.code == 2
        assert said in ran.err
        assert not ran.out
    assert not out.exists()


def test_input_file_is_never_overwritten(grader, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", [HEAD, ["a", "pooling-4x4", "max", "1"]])
    before = path.read_bytes()
    assert grader("batch", str(path), "-o", str(path)).code == 2
    assert path.read_bytes() == before


def test_earlier_csv_output_can_be_graded_again(grader, tmp_path: Path) -> None:
    first = write(tmp_path / "in.csv", [HEAD, ["a", "yolo-output-depth", "yolov3", "255"]])
    second, third = tmp_path / "second.csv", tmp_path / "third.csv"
    grader("batch", str(first), "-o", str(second))
    assert grader("batch", str(second), "-o", str(third)).code == 0
    assert read(second) == read(third)


def test_formula_guards_are_removed_from_earlier_output(batch, grader, tmp_path) -> None:
    """Formula guards are removed again, even where a student typed an apostrophe."""
    _, rows = batch(
        [
            [*HEAD, "=note"],
            ["=ann", "conv-stack-cost", "shape_1", "=65x65x64", "-x"],
            ["'=ann", "conv-stack-cost", "shape_1", "64x64x64", "a\rb"],
            ["=ann", "conv-stack-cost", "shape_2", "33x33x128", "'t is"],
        ]
    )
    again = tmp_path / "again.csv"
    assert grader("batch", str(tmp_path / "out.csv"), "-o", str(again)).code == 0
    assert read(again) == rows
    assert [row["status"] for row in rows] == ["mistake", "correct", "follow_through"]
    assert [row["student"] for row in rows] == ["'=ann", "''=ann", "'=ann"]
    assert [row["'=note"] for row in rows] == ["'-x", "a\rb", "'t is"]


def test_semicolons_tabs_and_byte_order_mark_are_accepted(grader, tmp_path: Path) -> None:
    for mark, text in ((";", "\ufeff"), ("\t", "")):
        path, out = tmp_path / "in.csv", tmp_path / "out.csv"
        row = mark.join(["a", "yolo-output-depth", "yolov3", "255"])
        path.write_text(f"{text}{mark.join(HEAD)}\n{row}\n", encoding="utf-8")
        assert grader("batch", str(path), "-o", str(out)).code == 0
        assert read(out)[0]["status"] == "correct"


def test_results_are_written_to_stdout_without_an_output_file(grader, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", [HEAD, ["a", "yolo-output-depth", "yolov3", "255"]])
    ran = grader("batch", str(path))
    assert ran.out.splitlines()[0].startswith("student,problem,part,answer,status")
    assert "correct" in ran.err
