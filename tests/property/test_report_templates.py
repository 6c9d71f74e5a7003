"""Property of templates: every answer that is written into one is read back as it was written."""

import json
import random

import pytest

from api.demo.coursework.notations import render_notations
from api.services.engine.single_answer import open_bank
from api.services.reports.sheets import build_problem_parts
from api.services.reports.uploads.reading_job import SheetProblem, read_report
from api.services.reports.uploads.templates import SheetQuestion, SheetSection, write_template
from grader.reports.labels import format_label
from grader.reports.sheet import label_parts
from grader.variants.variant import solve_variant
from problems.registry import REGISTRY

ENDINGS = ("md", "tex", "ipynb")
PROBLEMS = 6
ROUNDS = 8
BANK = open_bank(None)
TEXT = "Because small kernels share weights; 50 % fewer, & deeper."


def draw_sheet(seed):
    """Return problems of the bank with a variant of each."""
    draw = random.Random(seed)  # noqa: S311  # repeatable
    return [
        (BANK.get(name), draw.choice([None, 1, 2]))
        for name in draw.sample(sorted(BANK.ids), PROBLEMS)
    ]


def readable_answer(part, variant, sheet_part, draw):
    """Return an answer to a part in a notation that is read alone."""
    key = variant.keys.get(part.id)
    texts = [TEXT] if part.kind == "text" else []
    if key is not None:
        texts = [text for _, text in render_notations(key, part)]
        draw.shuffle(texts)
    return next((text for text in texts if sheet_part.read(text) is not None), None)


def fill(template, ending, answers):
    """Return a template with the answers between the marks."""
    if ending == "ipynb":
        notebook = json.loads(template)
        for cell in notebook["cells"]:
            source = "".join(cell["source"])
            for (problem, part), text in answers.items():
                if source.startswith(f"<!-- answer {problem}.{part} -->"):
                    cell["source"] = f"{source}{text}\n"
        return json.dumps(notebook)
    for (problem, part), text in answers.items():
        mark = f"answer {problem}.{part} -->" if ending == "md" else f"answer {problem}.{part}\n"
        assert template.count(mark) == 1
        template = template.replace(mark, f"{mark.rstrip()}\n{text}\n")
    return template


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_filled_template_is_read_back_completely(ending, seed):
    draw = random.Random(seed)  # noqa: S311  # repeatable
    sheet, sections, answers, expected = [], [], {}, {}
    for number, (problem, variant_seed) in enumerate(draw_sheet(seed), 1):
        labels = label_parts(number, "", [part.id for part in problem.parts])
        source = BANK.path(problem.id).read_text(encoding="utf-8")
        sheet.append(
            SheetProblem(
                problem.id,
                source,
                variant_seed,
                tuple(labels.items()),
                has_set_labels=False,
                numbers=None,
            )
        )
        variant = solve_variant(problem, variant_seed, REGISTRY)
        readers = build_problem_parts(problem, labels, seed=variant_seed)
        for part, sheet_part in zip(problem.parts, readers, strict=True):
            text = readable_answer(part, variant, sheet_part, draw)
            if text is not None:
                answers[problem.id, part.id] = text
                expected[problem.id, part.id] = sheet_part.read(text)
        questions = tuple(
            SheetQuestion(problem.id, part.id, format_label(labels[part.id]), part.id, "Which?")
            for part in problem.parts
        )
        sections.append(SheetSection(problem.title, "Given: 7 and [[1, 2], [3, 4]].", questions))
    filled = fill(write_template(ending, "Homework 50%", sections), ending, answers)
    rows = read_report(filled.encode(), f".{ending}", tuple(sheet))
    read = {
        (row["problem"], row["part"]): row["passages"][0]["read_as"]
        for row in rows
        if row["confidence"] == "certain"
    }
    assert len(answers) > PROBLEMS
    assert read == expected
    missing = {(row["problem"], row["part"]) for row in rows if row["confidence"] == "missing"}
    assert missing == {(row["problem"], row["part"]) for row in rows} - answers.keys()
