"""Properties of uploaded reports: the key chooses no passage, and hostile files are refused."""

import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uploads import REPORT
from world import TEXT_PROBLEM

from api.services.reports.uploads.reading_job import SheetProblem, read_or_refuse
from grader.reports.sheet import label_parts

MUTATIONS = 60
PIECES = (
    *("<!-- answer small.cells -->", "<!-- end -->", "% answer small.why", "% end", "-->", "\n"),
    *("# answer small.cells", "\0", "\ud7ff", "[[", "$$", '{"cells": [', "\\", "9" * 300, "(a)"),
)
TEMPLATE = (
    "1. Small\n\n<!-- answer small.cells -->\n9\n<!-- end -->\n\n(b) Twice that: 18\n\n"
    "<!-- answer small.why -->\nFewer parameters.\n<!-- end -->\n"
)
NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "source": "<!-- answer small.cells -->\n9"},
            {"cell_type": "markdown", "source": "(b) Twice that, doubled: 18"},
        ]
    }
)


def sheet(source=TEXT_PROBLEM, seed=None):
    labels = tuple(label_parts(1, "", ["cells", "doubled", "why"]).items())
    return (SheetProblem("small", source, seed, labels, has_set_labels=False, numbers=None),)


@given(
    st.integers(-(10**6), 10**6),
    st.integers(-99, 99),
    st.lists(st.sampled_from(["9", "18", "81", "7", "9 or 18", "nine"]), min_size=2, max_size=2),
)
@settings(max_examples=40, deadline=None)
def test_passages_do_not_depend_on_key(key, factor, answers):
    report = REPORT.replace(": 9", f": {answers[0]}").replace(": 18", f": {answers[1]}").encode()
    other = TEXT_PROBLEM.replace('"K*K"', f'"{key} + 0*K"').replace(
        '"2*cells"', f'"{factor}*cells"'
    )
    assert other != TEXT_PROBLEM
    for seed in (None, 1):
        assert read_or_refuse(report, ".md", sheet(other, seed)) == read_or_refuse(
            report, ".md", sheet(TEXT_PROBLEM, seed)
        )


def mutate(text, draw):
    """Return a text with characters cut, repeated or moved, and pieces of syntax put in."""
    for _ in range(draw.randint(1, 6)):
        place, length = draw.randrange(len(text) + 1), draw.randint(1, 60)
        match draw.randrange(4):
            case 0:
                text = text[:place] + text[place + length :]
            case 1:
                text = (
                    text[:place] + text[place : place + length] * draw.randint(1, 9) + text[place:]
                )
            case 2:
                text = text[:place] + draw.choice(PIECES) + text[place:]
            case _:
                text = text[:place] + text[place:][::-1]
    return text


@pytest.mark.parametrize(
    ("ending", "document"),
    [(".md", TEMPLATE), (".tex", re.sub("<!-- | -->", "% ", TEMPLATE)), (".ipynb", NOTEBOOK)],
)
def test_mutated_templates_are_refused_or_give_storable_readings(ending, document):
    assert isinstance(read_or_refuse(document.encode(), ending, sheet()), list)
    for seed in range(MUTATIONS):
        mutated = mutate(document, random.Random(seed))  # noqa: S311  # repeatable
        outcome = read_or_refuse(mutated.encode("utf-8", "surrogatepass"), ending, sheet())
        if isinstance(outcome, str):
            assert len(outcome) > len("refused")
            continue
        assert [row["part"] for row in outcome] == ["cells", "doubled", "why"]
        stored = json.dumps(outcome, ensure_ascii=False)
        assert not re.search("[\0\ud800-\udfff]", stored)
        assert "\\u0000" not in stored
