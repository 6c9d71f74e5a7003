"""Tests of edits to a part of a problem file: the rest stays, comments included."""

from fractions import Fraction

import pytest

from api.core.errors import InvalidInput
from api.services.regrades.source_edits import (
    format_expression,
    insert_list_entry,
    remove_examples,
    set_part_fields,
)
from grader.values import Tensor
from problems.files.loader import bank_root, find_problem_files
from problems.files.yaml_document import load_document

ENTRY = {"key": "K*K - 1", "reason": 'the "border": # only'}
FLOW = 'parts:\n  - {id: a, kind: integer, key: "1"}  # one\n  - {id: b, kind: integer}\n'
TRAILING = 'parts:\n  - {id: a, kind: integer, key: "1",}\n'
LISTED = 'parts:\n  - {id: a, kind: integer, accept: [{key: "2", reason: two}]}\n'
NONE_YET = "parts:\n  - {id: a, kind: integer, accept: []}\n"
BLOCK = """\
parts:
  # the first
  - id: a
    kind: integer  # whole
    tolerance:
      abs: 1
      # as near as that
    key: K*K
  - id: b
    kind: number
"""
BLOCK_LIST = """\
parts:
  - id: a
    kind: integer
    accept:
      - key: "2"
        reason: two
    key: K
"""
UNFINISHED = "parts:\n  - id: a\n    kind: integer\n    accept:\n    key: K\n"
LAST_LINE = "parts:\n  - id: a\n    kind: integer"


def data(text):
    return load_document(text, file="p.yaml").data


@pytest.mark.parametrize(
    "text", [FLOW, TRAILING, LISTED, NONE_YET, BLOCK, BLOCK_LIST, UNFINISHED, LAST_LINE]
)
def test_list_entry_is_inserted_first_without_other_changes(text):
    expected = data(text)
    [part] = [one for one in expected["parts"] if one["id"] == "a"]
    part["accept"] = [ENTRY, *(part.get("accept") or [])]
    changed = insert_list_entry(text, "a", "accept", ENTRY)
    assert data(changed) == expected
    assert [line for line in text.splitlines() if "#" in line and line not in changed] in (
        [],
        ['  - {id: a, kind: integer, key: "1"}  # one'],
    )


@pytest.mark.parametrize("text", [FLOW, TRAILING, LISTED, BLOCK, BLOCK_LIST, LAST_LINE])
def test_part_fields_are_set_whether_or_not_they_exist(text):
    expected = data(text)
    [part] = [one for one in expected["parts"] if one["id"] == "a"]
    part |= {"key": "K + 1", "tolerance": {"rel": "5%", "decimals": 2}, "points": "7/2"}
    settings = {
        "key": "K + 1",
        "tolerance": {"rel": "5%", "decimals": 2},
        "points": Fraction(7, 2),
    }
    assert data(set_part_fields(text, "a", settings)) == expected


@pytest.mark.parametrize("text", ["a: 1\n", "parts: 3\n", "- 1\n", "parts: [3]\n", FLOW])
def test_missing_part_is_rejected(text):
    with pytest.raises(InvalidInput):
        set_part_fields(text, "none", {"points": 1})


@pytest.mark.parametrize(
    "file", list(find_problem_files(bank_root()))[::9], ids=lambda file: file.stem
)
def test_editing_a_bank_file_changes_only_the_named_part(file):
    text = file.read_text(encoding="utf-8")
    for at, part in enumerate(data(text)["parts"]):
        expected = data(text)
        expected["parts"][at]["points"] = 7
        expected["parts"][at]["accept"] = [ENTRY, *part.get("accept", [])]
        changed = set_part_fields(text, part["id"], {"points": 7})
        assert data(insert_list_entry(changed, part["id"], "accept", ENTRY)) == expected


EXAMPLES = {
    "block": """\
examples:
  # the first
  - params: original
    answers: {a: '1'}  # one
  # the second
  - answers: {a: '2'}
    expect:
      a: wrong
  - {answers: {a: '3'}}  # three
title: t
""",
    "flow": """\
examples: [{answers: {a: '1'}}, {answers: {a: '2'}},
  {answers: {a: '3'}}]
title: t
""",
    "last": """\
title: t
examples:
- {answers: {a: '1'}}
- {answers: {a: '2'}}
- answers: {a: '3'}""",
}


@pytest.mark.parametrize("text", EXAMPLES.values(), ids=EXAMPLES)
@pytest.mark.parametrize("places", [[0], [1], [2], [2, 0], [1, 2, 1], [0, 1, 2], []])
def test_removing_examples_keeps_everything_else(text, places):
    expected = data(text)
    kept = [one for at, one in enumerate(expected["examples"]) if at not in places]
    assert data(remove_examples(text, places)) == expected | {"examples": kept}


def test_removing_an_example_keeps_comments_between_examples():
    assert remove_examples(EXAMPLES["block"], [1]).count("# the second") == 1


@pytest.mark.parametrize("text", [*EXAMPLES.values(), FLOW])
def test_missing_example_is_rejected(text):
    with pytest.raises(InvalidInput, match="names example 3, which does not exist"):
        remove_examples(text, [0, 3] if "examples" in text else [3])


@pytest.mark.parametrize(
    "file", list(find_problem_files(bank_root()))[::9], ids=lambda file: file.stem
)
def test_removing_an_example_from_a_bank_file_keeps_the_others(file):
    text = file.read_text(encoding="utf-8")
    examples = data(text)["examples"]
    for at in range(len(examples)):
        kept = [*examples[:at], *examples[at + 1 :]]
        assert data(remove_examples(text, [at])) == data(text) | {"examples": kept}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-3, "-3"),
        (Fraction(-7, 2), "-7/2"),
        ((64, 32, 3), "(64, 32, 3)"),
        (Tensor((2, 2), (1, 2, Fraction(1, 2), 4)), "[[1, 2], [1/2, 4]]"),
        (Tensor((3,), (1, 2, 3)), "[1, 2, 3]"),
        ((1,), None),
        ((1, "x"), None),
        ("text", None),
        (True, None),
        (None, None),
    ],
)
def test_value_is_written_as_an_expression_or_not_at_all(value, written):
    assert format_expression(value) == written
