"""Tests of loading problem files: errors give file, line, field and a remedy."""

from pathlib import Path

import pytest
from factories import BOOK

from grader.errors import ProblemError
from problems.catalog import ProblemCatalog
from problems.files.loader import NOT_UTF8, find_problem_files, load_problem, load_problem_file

TEXT = """\
id: toy
title: A toy problem
topic: toys
difficulty: 1
params:
  W: {choose: [64, 128], original: 128}
let:
  half: halve(W)
require:
  - W > 3
statement: A side of {{W}}.
parts:
  - id: a
    kind: integer
    prompt: How wide?
    key: side(W, 3)
    mistakes:
      - {id: swapped, key: W - 3, say: Count again.}
  - id: t
    kind: table
    rows: network(1)
    start: {c: 1}
    columns:
      c: {kind: integer, key: prev.c + half}
"""
KEY = "    key: side(W, 3)"
CHOOSE = "choose: [64, 128], original: 128"


def errors_of(text: str) -> list[ProblemError]:
    with pytest.raises(ProblemError) as caught:
        load_problem(text, file="toy.yaml", registry=BOOK)
    return [caught.value, *caught.value.others]


def places_of(text: str) -> list[tuple[int | None, str]]:
    found = errors_of(text)
    assert {error.file for error in found} == {"toy.yaml"}
    return [(error.line, error.field) for error in found]


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


def write(path: Path, *, of: str = "toy", text: str = TEXT) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace("id: toy", f"id: {of}"), encoding="utf-8")
    return path


def test_valid_file_loads_as_problem():
    problem = load_problem(TEXT, file="toy.yaml", registry=BOOK)
    assert problem.id == "toy"
    assert [part.id for part in problem.parts] == ["a", "t"]


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "words"),
    [
        ("id: toy", "id: Toy", 1, "id", "this is not an id; write small letters and digits"),
        ("topic: toys\n", "", 1, "topic", "the field is missing; add it"),
        ("difficulty: 1", "difficulty: 9", 4, "difficulty", "must be at most 5"),
        ("difficulty: 1", "difficulty: one", 4, "difficulty", "this must be a whole number"),
        ("title: ", "title: 5 #", 2, "title", "this must be text; put it in quotes"),
        ("let:", "lett:", 7, "lett", "there is no such field here; did you mean 'let'?"),
        ("let:", "zzzz:", 7, "zzzz", "there is no such field here; `grader schema`"),
        ("  W: {", "  w-1: {", 6, "params.w-1", "write letters, digits and _, a letter first"),
        (CHOOSE, "choose: [64]", 6, "params.W.choose", "1 are too few; give at least 2"),
        (
            CHOOSE,
            "chose: [64, 128]",
            6,
            "params.W.choose",
            "this is not a parameter; write {choose",
        ),
        (CHOOSE, "chose: [64, 128]", 6, "params.W.chose", "field here; did you mean 'choose'?"),
        (CHOOSE, "choose: [1, 2], orignal: 2", 6, "params.W.orignal", "mean 'original'?"),
        (CHOOSE, "range: [1, 2]", 6, "params.W.range", "field here; there are choose, original,"),
        (CHOOSE, "choose: [1, 2], layout: HW", 6, "params.W.layout", "here; there are choose"),
        ("title: ", "title: # ", 2, "title", "there is no text; write one"),
        (CHOOSE, "choose: [1, []]", 6, "params.W.choose.1", "[] is not a value"),
        (CHOOSE, "integers: [1, 2, 3]", 6, "params.W.integers", "3 are too many; give at most 2"),
        (CHOOSE, "integers: [1, 2], shape: ['3 +']", 6, "params.W.shape.0", "not an expression"),
        (CHOOSE, "network: ['conv(']", 6, "params.W.network.0", "was never closed"),
        (f"{{{CHOOSE}}}", "[]", 6, "params.W", "[] is not a value; write a number"),
        (KEY, f"{KEY}\n    tolerance: 1%", 17, "parts.0.tolerance", "write {abs: 0.01}, {rel: 1%}"),
        ("halve(W)", "halve(W", 8, "let.half", "'(' was never closed"),
        ("  - W > 3", "  - W >", 10, "require.0", "is not an expression"),
        ("{{W}}", "{{W", 11, "statement", "write {{name}}"),
        ("  - id: a\n", "  - id: A\n", 13, "parts.0.id", "digits and single _ between"),
        (
            "kind: integer\n",
            "kind: intger\n",
            13,
            "parts.0",
            "there is no kind 'intger'; did you mean 'integer'?",
        ),
        ("- id: a\n", "- id: a\n    title: A\n", 14, "parts.0.title", "write at least 3"),
        ("- id: a\n", "- id: a\n    title: ' A  '\n", 14, "parts.0.title", "write at least 3"),
        ("- id: a\n", f"- id: a\n    title: {'A' * 121}\n", 14, "parts.0.title", "at most 120"),
        ("- id: a\n", "- id: a\n    title: 100\n", 14, "parts.0.title", "put it in quotes"),
        ("- id: a\n", "- id: a\n    title: Of {{W}}\n", 14, "parts.0.title", "without {{...}}"),
        ("c: {kind", "c: {title: Sides, kind", 19, "parts.1", "column c cannot have title"),
        ("    kind: integer\n", "", 13, "parts.0", "has no kind; add one, such as `kind: integer`"),
        (KEY, "    kye: side(W, 3)", 16, "parts.0.kye", "there is no such field"),
        (KEY, f"{KEY}\n    answer: 5", 17, "parts.0.answer", "field here; `grader schema`"),
        ("say: Count again.", "say: x, hint: y", 18, "parts.0.mistakes.0.hint", "are id, key, say"),
        (KEY, "    key: side(W,", 16, "parts.0.key", "was never closed"),
        (KEY, "    key: 5", 13, "parts.0", "the key is typed in; compute it"),
        ("say: Count again.", "sya: x", 18, "parts.0.mistakes.0.say", "the field is missing"),
        ("c: {kind: integer", "c: {kind: x", 24, "parts.1.columns.c", "'x'; there are 'integer'"),
        ("key: prev.c + half", "kye: 1", 24, "parts.1.columns.c.kye", "did you mean 'key'?"),
    ],
)
def test_invalid_field_is_reported_with_line_path_and_fix(old, new, line, field, words):
    found = errors_of(changed(old, new))
    told = {(one.file, one.line, one.field): one.message for one in found}
    assert words in told["toy.yaml", line, field]


@pytest.mark.parametrize(
    ("parts", "field", "words"),
    [
        ("[]", "parts", "0 are too few; give at least 1"),
        ("5", "parts", "this must be a list; begin each item with `- `"),
        ("[5]", "parts.0", "this must be a mapping; write `name: value`"),
        ("[{id: a, kind: integer, key: W, mistakes: [x]}]", "parts.0.mistakes.0", "a mapping"),
    ],
)
def test_type_errors_say_list_or_mapping_in_yaml_terms(parts, field, words):
    head = TEXT.partition("parts:")[0]
    (error,) = errors_of(f"{head}parts: {parts}\n")
    assert (error.line, error.field) == (12, field)
    assert words in error.message


@pytest.mark.parametrize("text", ["5", "- id: toy", "toy"])
def test_file_without_top_level_mapping_is_rejected_with_a_hint(text):
    (error,) = errors_of(text)
    assert str(error) == "toy.yaml:1: the file is not a mapping; begin with `id: ...`"


def test_errors_are_sorted_by_line():
    text = changed("difficulty: 1", "difficulty: 9").replace(KEY, "    key: side(W,")
    text = text.replace("title: A toy problem", "title: A").replace("toys", "toys\ncolour: red")
    assert places_of(text) == [(2, "title"), (4, "colour"), (5, "difficulty"), (17, "parts.0.key")]


def test_list_length_is_not_reported_when_items_are_invalid():
    text = changed("choose: [64, 128], original: 128", "choose: [[], 5]")
    assert places_of(text) == [(6, "params.W.choose.0")]


def test_error_paths_omit_union_tags():
    text = f"{TEXT}examples:\n  - {{params: {{sed: 1}}, answers: {{a: 1}}, expect: {{a: right}}}}\n"
    for _, field in places_of(text):
        assert field.removeprefix("examples.0.") in {
            "params",
            "params.sed",
            "params.seed",
            "expect.a",
        }


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "words"),
    [
        (CHOOSE, "integers: [1, V]", 6, "params.W", "names 'V', which is not known here"),
        ("halve(W)", "halv(W)", 8, "let.half", "no function 'halv'; did you mean 'halve'?"),
        ("- W > 3", "- hulf > 3", 10, "require.0", "did you mean 'half'?"),
        ("{{W}}", "{{V}}", 11, "statement", "declare it under params or let"),
        ("How wide?", "How {{a}}?", 15, "parts.0.prompt", "names 'a'"),
        (KEY, "    key: side(V, 3)", 16, "parts.0.key", "names 'V'"),
        ("key: W - 3", "key: t - 3", 17, "parts.0.mistakes.swapped", "names 't'"),
        ("network(1)", "network(c)", 21, "parts.1.rows", "names 'c'"),
        ("  - id: t\n", "  - id: half\n", 19, "parts.1.id", "taken by let.half; choose another"),
    ],
)
def test_unknown_name_is_reported_with_its_line(old, new, line, field, words):
    (error,) = errors_of(changed(old, new))
    assert (error.file, error.line, error.field) == ("toy.yaml", line, field)
    assert words in error.message


def test_unknown_names_are_reported_together_in_file_order():
    text = changed("halve(W)", "halv(W)").replace("How wide?", "How {{V}}?")
    text = text.replace("- W > 3", "- W > U")
    assert places_of(text) == [(8, "let.half"), (10, "require.0"), (15, "parts.0.prompt")]


def test_load_problem_file_reads_problem_from_path(tmp_path):
    assert load_problem_file(write(tmp_path / "toy.yaml"), registry=BOOK).id == "toy"


def test_problem_id_must_match_file_name(tmp_path):
    path = write(tmp_path / "other.yaml")
    with pytest.raises(ProblemError) as caught:
        load_problem_file(path, registry=BOOK)
    assert str(caught.value) == (
        f"{path}:1: id: the id is 'toy', the file is 'other.yaml'; make them the same"
    )


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"id: \xff\xfe", 1, NOT_UTF8),
        ("id: toy\ntitle: Größe\n".encode("latin-1"), 2, "the file is not UTF-8"),
        (b"# " + b"x" * 256 * 1024, None, "larger than 256 KiB; split it into several problems"),
    ],
)
def test_non_utf8_or_oversized_problem_file_is_rejected(tmp_path, content, line, words):
    path = tmp_path / "toy.yaml"
    path.write_bytes(content)
    with pytest.raises(ProblemError) as caught:
        load_problem_file(path)
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert words in caught.value.message


@pytest.mark.parametrize("name", ["missing.yaml", f"{'x' * 400}.yaml", ""])
def test_unreadable_problem_file_is_reported(tmp_path, name):
    (path,) = find_problem_files(tmp_path / name) if name else [tmp_path]
    with pytest.raises(ProblemError, match="the file cannot be read: "):
        load_problem_file(path)


def test_problem_files_are_found_recursively_in_sorted_order(tmp_path):
    for name in ("b/two.yaml", "a/one.yaml", "a/notes.md"):
        write(tmp_path / name)
    assert [path.name for path in find_problem_files(tmp_path)] == ["one.yaml", "two.yaml"]


def test_catalog_lists_problems_by_id_and_rejects_duplicate_ids(tmp_path):
    first = write(tmp_path / "a/toy.yaml")
    write(tmp_path / "a/next.yaml", of="next")
    assert ProblemCatalog(tmp_path).ids == ("next", "toy")
    twice = write(tmp_path / "b/toy.yaml")
    said = f"{twice}: the id 'toy' is taken by {first}; choose another"
    with pytest.raises(ProblemError, match=said):
        ProblemCatalog(tmp_path)


@pytest.mark.parametrize("name", ["missing", "missing.yaml", "x" * 400])
def test_catalog_of_missing_path_is_rejected(tmp_path, name):
    with pytest.raises(ProblemError, match=f"{name}: it cannot be read: "):
        ProblemCatalog(tmp_path / name)


def test_broken_problem_is_read_once_and_raises_the_same_error_each_time(tmp_path):
    path = write(tmp_path / "toy.yaml")
    path.write_text("id: toy\n")
    catalogue = ProblemCatalog(path)
    with pytest.raises(ProblemError) as first:
        catalogue.get("toy")
    path.unlink()
    for _ in range(3):
        with pytest.raises(ProblemError) as again:
            catalogue.get("toy")
        assert again.value is first.value
    assert len(again.traceback) == 2


def test_catalog_rejects_duplicate_ids_across_folders(tmp_path):
    one, two = write(tmp_path / "a/toy.yaml"), write(tmp_path / "b/toy.yaml")
    assert ProblemCatalog(one.parent).ids == ("toy",)
    with pytest.raises(ProblemError, match=f"{two}: the id 'toy' is taken by {one}"):
        ProblemCatalog(one.parent, two.parent)
