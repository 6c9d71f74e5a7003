"""Tests that every problem of the bank passes the checker and has sound variants."""

import json
import os
from collections.abc import Sequence

import pytest
import yaml
from bank_catalog import CATALOG

from api.markup.markdown import find_formula_errors
from grader.grading.grade import grade
from grader.kinds import KINDS
from grader.variants.variant import Variant, solve_variant
from problems.checks.checker import CheckReport, check_text
from problems.files.yaml_document import load_document
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant

SEEDS = int(os.environ.get("GRADER_TEST_SEEDS", "10"))
"""How many seeds of each problem are published; `make check` publishes more."""
WRITTEN = 2
"""How many variants are serialized.

The answers by two mistakes take longer than the solution of a variant.
"""
FEW_VARIANTS = {"pretrained-parameter-counts": 20}
"""Problems with fewer than 30 variants, and how many they have: published numbers do not change."""
DRAWN = [name for name in CATALOG.ids if CATALOG.get(name).has_drawn_params]
COMPUTED = [name for name in CATALOG.ids if CATALOG.get(name).has_autograded_parts]


def test_bank_has_minimum_number_of_problems() -> None:
    assert len(CATALOG.ids) >= 57
    assert len(COMPUTED) >= 28


@pytest.mark.parametrize("name", CATALOG.ids)
def test_checker_finds_no_faults_and_published_variants_are_sound(name: str) -> None:
    """Check and publish in one test, so that each problem is processed only once.

    This holds for any distribution of the tests over processes.
    """
    text = CATALOG.path(name).read_text(encoding="utf-8")
    checked = check_text(
        text, file=name, registry=REGISTRY, seeds=SEEDS, validator=find_formula_errors
    )
    assert checked.report.errors == ()
    if name in FEW_VARIANTS and FEW_VARIANTS[name] < SEEDS:
        count = FEW_VARIANTS[name]
        [warning] = checked.report.warnings
        assert f": params: only {count} variants exist, so students share numbers" in warning
    else:
        assert checked.report.warnings == ()
    assert checked.publication is not None
    variants = checked.publication.variants
    if name in DRAWN:
        variants_differ_and_show_every_live_mistake(variants, checked.report)
    if name in COMPUTED:
        a_known_mistake_typed_in_is_named(
            solve_variant(CATALOG.get(name), None, REGISTRY), *variants[:2]
        )


def variants_differ_and_show_every_live_mistake(
    variants: Sequence[Variant], report: CheckReport
) -> None:
    numbers = {tuple(one.names[name] for name in one.problem.drawn_param_names) for one in variants}
    assert len(numbers) == len(variants) > 1
    written = {json.dumps(dump_variant(one, REGISTRY)["params"]) for one in variants[:WRITTEN]}
    assert len(written) == len(variants[:WRITTEN])
    assert report.seeds is not None
    for variant in variants:
        assert not variant.failures
        for part, known in variant.mistakes.items():
            assert known.hidden <= report.seeds.inert.get(part, frozenset())


def a_known_mistake_typed_in_is_named(*variants: Variant) -> None:
    """Assert that each known wrong answer is diagnosed and does not earn full credit."""
    for variant in variants:
        for part in variant.problem.parts:
            for one in variant.mistakes[part.id].candidates:
                typed = KINDS[part.kind].format_key(one.value)
                results = {r.part: r for r in grade(variant, {part.id: typed}, registry=REGISTRY)}
                result = results[part.id]
                if result.status in {"correct", "unreadable"}:
                    continue  # within the tolerance, or a fraction in a shape: nobody types it so
                assert result.status == "mistake", (part.id, typed, result)
                assert result.credit != 1


@pytest.mark.parametrize("name", CATALOG.ids)
def test_problem_is_in_folder_of_its_topic_and_has_original(name: str) -> None:
    problem = CATALOG.get(name)
    assert problem.topic == CATALOG.path(name).parent.name
    assert problem.has_original


@pytest.mark.parametrize("name", CATALOG.ids)
def test_python_and_c_yaml_parsers_read_files_identically(name: str) -> None:
    text = CATALOG.path(name).read_text(encoding="utf-8")
    plain = load_document(text, file=name, parser=yaml.SafeLoader)
    assert plain.data == load_document(text, file=name).data
