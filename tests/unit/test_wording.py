"""Tests of the comparison of problem files: what is wording, and what is not."""

import pytest

from problems.files.wording import find_changes_beyond_wording

BEFORE = """\
id: toy
title: A toy
topic: shapes
difficulty: 1
params: {W: {integers: [2, 9], original: 4}}
statement: Let W be ${{W}}$ pixles.
parts:
  - id: side
    title: Side
    kind: integer
    prompt: How wide is it?
    key: W
    mistakes: [{id: twice, key: 2*W, say: Only onse.}]
    accept: [{key: W + 1, reason: also right, say: Fine.}]
  - id: pad
    kind: choice
    prompt: Which padding?
    options: {a: none, b: some}
    key: "'a'"
    reason: facts
examples:
  - answers: {side: 4}
    expect: {side: correct}
"""


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("", "", ()),
        ("pixles", "pixels", ()),
        ("title: A toy", "title: Another toy", ()),
        ("title: Side", "title: The side", ()),
        ("    title: Side\n", "", ()),
        ("How wide is it?", "How many pixels wide is it?", ()),
        ("onse", "once", ()),
        ("say: Fine.", 'say: "Fine, too."', ()),
        ("answers: {side: 4}", "answers: {side: 4.0}", ()),
        ("examples:", "solution: Count.\nexamples:", ()),
        ("pixles.", "pixles, ${{W}}$.", ()),
        ("integers: [2, 9]", "integers:  [ 2,9 ]", ()),
        ("${{W}}$", "${{2*W}}$", ("statement",)),
        ("How wide is it?", "How wide is {{W}}?", ("parts.side.prompt",)),
        ("Only onse.", "'Not {{W}}.'", ("parts.side.mistakes",)),
        ("key: W\n", "key: 2*W\n", ("parts.side.key",)),
        ("kind: integer", "kind: number", ("parts.side.kind",)),
        ("key: 2*W, say", "key: 3*W, say", ("parts.side.mistakes",)),
        ("id: twice", "id: double", ("parts.side.mistakes",)),
        ("reason: also right", "reason: as good", ("parts.side.accept",)),
        ("integers: [2, 9]", "integers: [2, 8]", ("params",)),
        ("a: none, b: some", "a: nothing, b: some", ("parts.pad.options",)),
        ("a: none, b: some", "b: some, a: none", ("parts.pad.options",)),
        ("topic: shapes", "topic: sizes", ("topic",)),
        ("id: pad", "id: padding", None),
        ("    key: W\n", "    key: W\n    points: 2\n", ("parts.side.points",)),
        ("params:", "numbers: comma\nparams:", ("numbers",)),
    ],
)
def test_only_text_changes_count_as_wording(old, new, changed):
    after = BEFORE.replace(old, new, 1)
    assert (after == BEFORE) == (old == new)
    found = find_changes_beyond_wording(BEFORE, after)
    assert found == changed if changed is not None else "parts" in found


def test_reordered_parts_do_not_count_as_wording():
    head, first, second = (
        BEFORE.partition("parts:\n")[0],
        *BEFORE.partition("parts:\n")[2].split("  - id: pad"),
    )
    second, _, rest = second.partition("examples:")
    swapped = f"{head}parts:\n  - id: pad{second}{first}examples:{rest}"
    assert find_changes_beyond_wording(BEFORE, swapped) == ("parts",)
