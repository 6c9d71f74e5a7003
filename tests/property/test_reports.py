"""Properties of reports: the key chooses no passage, and hostile files are read or refused."""

import json
import os
import random
import time
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdf_files import page_of_lines, pdf_file
from report_cases import EXPECTED, FOLDER, align, bank, sheet_parts
from word_files import from_lines

from api.services.reports.documents import read_blocks
from api.services.reports.grading import grade_report
from api.services.reports.sheets import build_parts
from grader.definitions.parts import KeyedPart
from grader.definitions.problem import Problem
from grader.expressions.parser import parse
from grader.grading.grade import grade
from grader.reports.alignment import align_report
from grader.reports.blocks import ReportError
from grader.reports.extraction.passage_finder import find_passages
from grader.reports.sheet import SheetPart
from problems.registry import REGISTRY

MUTATIONS = int(os.environ.get("GRADER_TEST_MUTATIONS", "120"))
"""Number of mutated files of each kind; `make fuzz` takes 10,000."""
MAX_SECONDS = 5.0
ENDINGS = (".md", ".txt", ".tex", ".ipynb", ".docx", ".pdf")
LABELED = [name for name in EXPECTED if any("=" in item for item in EXPECTED[name]["problems"])]
"""Reports whose sheet has labels."""
TEX = r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"
PIECES = (
    *("$$", "$", "```", "|", "|---|", "[[", "]]", "\\begin{", "\\end{bmatrix}", "{", "}", "~~"),
    *(
        "**",
        "1.",
        "(a)",
        "Q1",
        "=",
        "\0",
        "\ud7ff",
        "9" * 400,
        "(" * 400,
        "- ",
        "#",
        TEX,
        '"',
        "\\",
    ),
    *("<w:p>", "&amp;", "<!DOCTYPE a>", "\n\n", "\t", "x" * 3000, "1,2;3" * 200, ": " * 300),
)


def with_other_keys(problem: Problem, key: int) -> Problem:
    """Return the problem with another key in every part that has one."""
    parts = tuple(
        part.model_copy(update={"key": parse(f"({key}, {key + 1})"), "accept": (), "mistakes": ()})
        if isinstance(part, KeyedPart) and part.kind != "expression"
        else part
        for part in problem.parts
    )
    return problem.model_copy(update={"parts": parts})


@pytest.mark.parametrize("ending", ENDINGS)
@given(st.data(), st.integers(1, 10**12))
@settings(max_examples=6, deadline=None)
def test_sample_report_passages_do_not_depend_on_key(ending, data, key) -> None:
    name = data.draw(st.sampled_from([name for name in LABELED if name.endswith(ending)]))
    sheet = sheet_parts(name).sheet
    parts = [
        part
        for problem in sheet.problems
        for part in build_parts(with_other_keys(bank().get(problem), key), sheet)
    ]
    path = FOLDER / name
    labels = [part.label for part in parts]
    passages = find_passages(read_blocks(path.read_bytes(), path.suffix), labels)
    chosen = [(item.text, item.read_as, item.doubt) for item in align_report(parts, passages)]
    assert chosen == [(item.text, item.read_as, item.doubt) for item in align(name)]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_confirming_every_passage_grades_like_typing_the_answers(name) -> None:
    sheet = sheet_parts(name)
    path = FOLDER / name
    rows = grade_report(path.read_bytes(), path.suffix, "ada", sheet)
    for problem in sheet.sheet.problems:
        answers = {row.part: row.answer for row in rows if row.problem == problem and row.answer}
        typed = grade(sheet.variants[problem], answers, registry=REGISTRY)
        read_as = {result.part: result.read_as for result in typed}
        assert {row.part: row.read_as for row in rows if row.problem == problem} == read_as
        if all(row.confidence != "doubtful" for row in rows):
            statuses = {row.part: row.status for row in rows if row.problem == problem}
            assert statuses == {result.part: result.status for result in typed}


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Return a file with bytes cut, repeated, moved, flipped, or pieces of syntax put in."""
    mutated = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        place = draw.randrange(len(mutated) + 1)
        length = draw.randint(1, 200)
        match draw.randrange(5):
            case 0:
                del mutated[place : place + length]
            case 1:
                mutated[place:place] = mutated[place : place + length] * draw.randint(1, 20)
            case 2:
                mutated[place:place] = draw.choice(PIECES).encode("utf-8", "replace")
            case 3 if place < len(mutated):
                mutated[place] = draw.randrange(256)
            case _:
                mutated[place:] = mutated[place:][::-1]
    return bytes(mutated)


def mutated_file(ending: str, draw: random.Random) -> tuple[str, bytes]:
    """Return the name of a report and the mutated file: its bytes, or the text in a valid file."""
    source = ".md" if ending in {".docx", ".pdf"} else ending
    names = [name for name in EXPECTED if name.endswith(source)]
    name = draw.choice(names)
    data = (FOLDER / name).read_bytes()
    if ending == ".docx" and draw.random() < 0.6:
        return name, from_lines(mutate(data, draw).decode("utf-8", "replace"))
    if ending == ".docx":
        return name, mutate(from_lines(data.decode()), draw)
    if ending == ".pdf":
        return name, mutate(pdf_file(page_of_lines(data.decode())), draw)
    if ending == ".ipynb" and draw.random() < 0.8:
        notebook = json.loads(data)
        cell = draw.choice(notebook["cells"])
        source = mutate("".join(cell["source"]).encode(), draw).decode("utf-8", "replace")
        cell[draw.choice(["source", "outputs", "cell_type"])] = draw.choice([source, [source], 5])
        return name, json.dumps(notebook).encode()
    return name, mutate(data, draw)


@cache
def parts_with_memory(name: str) -> tuple[SheetPart, ...]:
    """Return the parts of a report that read each text once: mutations keep most lines."""
    return tuple(replace(part, read=cache(part.read)) for part in sheet_parts(name).parts)


def check_mutated(ending: str, seed: int) -> str:
    """Read a mutated file as far as its answers; return "read" or "refused"."""
    name, mutated = mutated_file(ending, random.Random(seed))  # noqa: S311  # repeatable
    started = time.process_time()
    parts = parts_with_memory(name)
    try:
        blocks = read_blocks(mutated, ending)
        align_report(parts, find_passages(blocks, [part.label for part in parts]))
        outcome = "read"
    except ReportError:
        outcome = "refused"
    assert time.process_time() - started < MAX_SECONDS
    return outcome


@pytest.mark.parametrize("ending", ENDINGS)
def test_mutated_files_are_read_or_refused(ending) -> None:
    outcomes = {check_mutated(ending, seed) for seed in range(MUTATIONS)}
    assert "read" in outcomes
