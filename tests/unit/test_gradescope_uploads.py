"""Tests of the files that students upload to Gradescope: found, read, and explained."""

import json
from fractions import Fraction

import pytest

from api.gradescope.runtime.answer_sheet import AnswerSheet, UploadError
from api.gradescope.runtime.documents import LATER_CELL, OPEN_FENCE, PYTHON_CELL, UPLOADED_CELL
from api.gradescope.runtime.uploads import SURPLUS_CELLS, find_answer_file, read_answers

PARTS = {"shape": ("first", "last"), "count": ("params", "last")}
BOTH = {"shape": {"first": "3x3"}, "count": {"last": "7"}}


def upload(folder, name, text) -> AnswerSheet:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_answers(folder, PARTS)


def notebook(*cells: tuple[str, str | list[str]]) -> str:
    return json.dumps({"cells": [{"cell_type": kind, "source": text} for kind, text in cells]})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("answers.csv", "problem,part,answer\nshape,first,3x3\ncount,last,7\n"),
        (
            "Answers.CSV",
            "\ufeffpart;answer\r\nshape/first;3x3\r\ncount/last;'7\r\n".replace("'", ""),
        ),
        ("hw/answers.csv", 'Part,Answer,Note\nfirst,"3x3",x\n"count/last",7\n\n'),
        ("answers.json", '{"shape": {"first": "3x3"}, "count": {"last": "7"}}'),
        ("answers.csv", "problem,part,answer\rshape,first,3x3,,\rcount,last,7\r"),
        ("answers.json", '{"first": "3x3", "count/last": "7", "params": null}'),
        ("answers.md", "# shape\n## first\n3x3\n# Count\n### `last`:\n7\n## Notes\n8\n"),
        ("answers.md", "## first\n```\n3x3\n```\n<!-- here -->\n## count/last\n`7`\n"),
        ("answers.md", "## first\n```3x3```\n## count/last\n```python\n7\n```\n"),
        ("answers.md", "### SHAPE / first\n".replace(" / ", "/") + "3x3\n\n# count last\n\n7"),
        (
            "mine.ipynb",
            notebook(("code", "# answer: first\n3x3"), ("raw", "%%answer count last\n7")),
        ),
        (
            "mine.ipynb",
            notebook(
                ("markdown", "# count\n## last"),
                ("code", "print('not an answer')"),
                ("markdown", ["7", "\n"]),
                ("markdown", "%%answer shape/first\n3x3"),
            ),
        ),
        (
            "mine.ipynb",
            notebook(("code", "# Answer: first\n3x3"), ("code", "#answer:count/last\n7")),
        ),
        (
            "mine.ipynb",
            notebook(
                ("code", "  \n# my result\n\t\n%%answer first\n3x3"),
                ("code", "# the last\n# ANSWER count/last\n7"),
            ),
        ),
        (
            "mine.ipynb",
            notebook(
                ("markdown", "## Answer: first\n3x3\n# answer: count/last\n7"),
                ("code", "# first\nprint(9)\n# answer: first\n"),
            ),
        ),
        (
            "mine.ipynb",
            notebook(("code", "%%answer 'first'\n3x3"), ("code", '%%answer "count/last"\n7')),
        ),
        ("answers.md", "## first\n````\n3x3\n````\n## count/last\n~~~~~ text\n7\n~~~~~~\n"),
    ],
)
def test_each_file_type_is_read(tmp_path, name, text):
    sheet = upload(tmp_path, name, text)
    assert sheet.answers == BOTH
    assert sheet.notes == []


def test_json_keeps_exact_numbers_and_lists(tmp_path):
    sheet = upload(tmp_path, "answers.json", '{"params": 0.1, "first": [3, 3], "count/last": true}')
    assert sheet.answers["count"] == {"params": Fraction(1, 10), "last": "true"}
    assert sheet.answers["shape"] == {"first": [3, 3]}


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        ("answers.csv", "part,answer\nlast,7\n", "Line 2 was left out: 'last' names no part, or"),
        ("answers.csv", "part,answer\nparms,7\n", "did you mean 'params'?"),
        (
            "answers.csv",
            "part,answer\nfirst,1\nfirst,2\n",
            "shape/first is answered more than once",
        ),
        ("answers.csv", 'part,answer\nfirst,"1\n', "Line 2 was left out: a quote is unbalanced"),
        ("answers.csv", "part,answer\nfirst\n", "There is no answer in answers.csv."),
        ("answers.json", '{"shape": {"params": 1}}', "An answer was left out: 'shape/params'"),
        ("answers.json", '{"shape": 3}', "An answer was left out: 'shape'"),
        (
            "answers.json",
            '{"first": "\\ud800 3"}',
            "shape/first was left out: it has an incomplete char",
        ),
        ("answers.json", '{"first": ["3", "\\ud800"]}', "shape/first was left out"),
        ("answers.json", '{"\\ud800": 3}', r"An answer was left out: '\ud800' names no part"),
        ("answers.md", "## first\n\n## last\n", "There is no answer in answers.md."),
        ("answers.csv", "part,answer\nparams,3,640\n", SURPLUS_CELLS.format(line=2)),
        ("answers.md", "## frist\n3\n", "did you mean 'first'?"),
        ("answers.md", "## first\n```\n3\n## params\n7\n", OPEN_FENCE),
        ("a.ipynb", notebook(("code", "%%answer fist\n3")), "A cell of the notebook was left out"),
    ],
)
def test_ignored_content_is_explained(tmp_path, name, text, note):
    assert note in "\n".join(upload(tmp_path, name, text).notes)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("report.pdf", "%PDF", "Upload one of answers.csv, answers.json"),
        ("__MACOSX/answers.csv", "part,answer\nfirst,1\n", "There is no file with answers"),
        ("answers.csv", "", "must name the columns: problem,part,answer"),
        ("answers.csv", "a,b\n", "must name the columns"),
        ("answers.csv", "a" * 200_000, "must name the columns"),
        ("answers.csv", b"part,answer\nfirst,\xff\n", "answers.csv is not UTF-8"),
        ("answers.csv", "part,answer\n" + "first,1\n" * 10_001, "more than 10,000 rows"),
        ("answers.json", "{", "The JSON file cannot be read. This is not JSON"),
        ("answers.json", "[1]", "must be an object"),
        ("answers.json", '{"a": 1, "a": 2}', "cannot be read"),
        ("answers.json", "[" * 100_000, "cannot be read"),
        ("answers.md", b"#" * 10_000_001, "answers.md is larger than 10 MB"),
        ("a.ipynb", "{}", "cannot be read as a Jupyter notebook"),
        ("a.ipynb", '{"cells": [{"cell_type": "code", "source": 3}]}', "Jupyter notebook"),
        ("a.ipynb", "[" * 100_000, "Jupyter notebook"),
        (
            "a.ipynb",
            '{"cells": [' + "[]," * 100_000 + "[]]}",
            "more than 100,000 lists and objects",
        ),
    ],
)
def test_unreadable_upload_is_explained(tmp_path, name, text, message):
    with pytest.raises(UploadError, match=message.replace(".", r"\.")):
        upload(tmp_path, name, text)


def test_several_answer_files_are_refused_and_notebooks_rank_second(tmp_path):
    (tmp_path / "work.ipynb").write_text(notebook())
    (tmp_path / "answers.json").write_text("{}")
    assert find_answer_file(tmp_path).name == "answers.json"
    (tmp_path / "answers.md").write_text("")
    with pytest.raises(
        UploadError, match=r"several files with answers: answers\.json, answers\.md"
    ):
        find_answer_file(tmp_path)


def test_symlinks_out_of_submission_are_not_followed(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "answers.json").write_text("{}")
    submission = tmp_path / "submission"
    submission.mkdir()
    (submission / "answers.json").symlink_to(tmp_path / "secret" / "answers.json")
    (submission / "more").symlink_to(tmp_path / "secret")
    with pytest.raises(UploadError, match="no file"):
        find_answer_file(submission)


@pytest.mark.parametrize("line", ["%%answer --python first", "%%answer first --python"])
def test_cell_that_needs_evaluation_is_skipped_and_named(tmp_path, line):
    cells = notebook(("code", f"{line}\n(3, 3)"), ("code", "%%answer count/last\n7"))
    sheet = upload(tmp_path, "mine.ipynb", cells)
    assert sheet.answers == {"count": {"last": "7"}}
    assert sheet.notes == [PYTHON_CELL.format(part="first")]


@pytest.mark.parametrize("option", ["--check", "--draft"])
@pytest.mark.parametrize("line", ["%%answer {} first", "%%answer first {}"])
def test_cell_the_client_would_not_submit_counts_with_note(tmp_path, line, option):
    cells = notebook(("code", f"{line.format(option)}\n3x3"))
    sheet = upload(tmp_path, "mine.ipynb", cells)
    assert sheet.answers == {"shape": {"first": "3x3"}}
    assert sheet.notes == [UPLOADED_CELL.format(part="shape/first", option=option)]


@pytest.mark.parametrize(
    ("cells", "is_noted"),
    [
        (["## first\n3x3", "Now the rest."], True),
        (["## first", "3x3", "Now the rest.", "And more."], True),
        (["## first\n3x3", "## Discussion\nNow the rest."], False),
        (["## first\n3x3", " \n"], False),
        (["Before.", "## first\n3x3"], False),
    ],
)
def test_markdown_answer_ends_with_its_cell(tmp_path, cells, is_noted):
    text = notebook(*(("markdown", cell) for cell in cells))
    sheet = upload(tmp_path, "mine.ipynb", text)
    assert sheet.answers == {"shape": {"first": "3x3"}}
    assert sheet.notes == ([LATER_CELL.format(part="shape/first")] if is_noted else [])


def test_code_fence_ends_at_fence_of_same_length(tmp_path):
    sheet = upload(tmp_path, "answers.md", "## first\n````\n```\n3x3\n```\n# 4\n````\n## params\n7")
    assert sheet.answers == {"shape": {"first": "```\n3x3\n```\n# 4"}, "count": {"params": "7"}}


@pytest.mark.parametrize(("name", "end"), [("frist", "'first'? Write"), ("zzz", "problems. Write")])
def test_note_on_unknown_name_ends_with_one_period(name, end):
    sheet = AnswerSheet(PARTS)
    sheet.add_unknown_name_note(name, "A line")
    assert end in sheet.notes[0]
    assert "?." not in sheet.notes[0]
