"""Tests of the templates of new problems: every kind has one, and each is in order."""

import pytest
import yaml

from api.markup.markdown import find_formula_errors
from grader.kinds import KINDS
from problems.checks.checker import check_text
from problems.registry import REGISTRY
from problems.templates import TEMPLATE_ID, TEMPLATES, TEMPLATES_BY_KIND, derive_problem_id

SEEDS = 20


def test_every_answer_kind_has_one_template():
    assert sorted(TEMPLATES_BY_KIND) == sorted(KINDS)
    assert len(TEMPLATES) == len(TEMPLATES_BY_KIND)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.kind)
def test_template_passes_the_check_without_warnings(template):
    checked = check_text(
        template.source,
        file="template.yaml",
        registry=REGISTRY,
        seeds=SEEDS,
        validator=find_formula_errors,
    )
    assert (checked.report.errors, checked.report.warnings) == ((), ())
    assert checked.problem is not None
    assert checked.problem.id == TEMPLATE_ID
    assert template.kind in {part.kind for part in checked.problem.parts}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.kind)
@pytest.mark.parametrize(
    ("title", "question"),
    [
        ("Size of a map", "How wide is it?"),
        ('Yes: "no" #1', "Is $W\\times 2$ > 3: yes?\nOr {{1 + 1}}?"),
        ("[1, 2]", "- a"),
        ("true", "null"),
        ("\\g<1> \\1", "'"),
    ],
)
def test_template_is_filled_with_title_and_question(template, title, question):
    data = yaml.safe_load(template.fill(title=title, question=question))
    assert (data["title"], data["parts"][0]["prompt"]) == (title, " ".join(question.split()))
    assert data["id"] == derive_problem_id(title)
    assert template.fill() == template.source


@pytest.mark.parametrize(
    ("title", "problem"),
    [
        ("Size of a map", "size-of-a-map"),
        ("  3×3 kernels – twice! ", "3x3-kernels-twice"),
        ("Größe", "grosse"),
        ("Créer un réseau", "creer-un-reseau"),
        ("畳み込み", TEMPLATE_ID),
        ("", TEMPLATE_ID),
        ("a" * 63 + " b", "a" * 63),
    ],
)
def test_problem_id_is_derived_from_the_title(title, problem):
    assert derive_problem_id(title) == problem
