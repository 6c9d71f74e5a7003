"""Every problem of the bank passes its checker, and its variants are sound."""

import json
from functools import cache

import pytest
import yaml

from grader.grade import grade
from grader.kinds import KINDS
from grader.variant import Variant, solve
from problems.book import BOOK
from problems.catalogue import Catalogue
from problems.check import Report, check_problem
from problems.documents import load_document
from problems.stored import dump_variant

CATALOGUE = Catalogue()
DRAWN = [name for name in CATALOGUE.ids if CATALOGUE.get(name).is_drawn]
COMPUTED = [name for name in CATALOGUE.ids if CATALOGUE.get(name).is_computed]


def test_the_bank_holds_every_question_of_the_five_seeds() -> None:
    assert len(CATALOGUE.ids) >= 57
    assert len(COMPUTED) >= 28


@cache
def report(name: str) -> Report:
    return check_problem(CATALOGUE.get(name), file=name, book=BOOK, seeds=10)


@cache
def variants(name: str) -> tuple[Variant, ...]:
    found = report(name).seeds
    return tuple(solve(CATALOGUE.get(name), seed, BOOK) for seed in found.seeds) if found else ()


@pytest.mark.parametrize("name", CATALOGUE.ids)
def test_a_problem_has_nothing_that_the_checker_objects_to(name: str) -> None:
    assert report(name).errors == ()
    assert report(name).warnings == ()


@pytest.mark.parametrize("name", CATALOGUE.ids)
def test_a_problem_lies_in_the_folder_of_its_topic_and_has_an_original(name: str) -> None:
    problem = CATALOGUE.get(name)
    assert problem.topic == CATALOGUE.path(name).parent.name
    assert problem.has_original


@pytest.mark.parametrize("name", DRAWN)
def test_published_variants_differ_and_show_every_live_mistake(name: str) -> None:
    numbers = {json.dumps(dump_variant(one, BOOK)["params"]) for one in variants(name)}
    assert len(numbers) == len(variants(name)) > 1
    inert = report(name).seeds.inert
    for variant in variants(name):
        assert not variant.failures
        for part, known in variant.mistakes.items():
            assert known.hidden <= inert.get(part, frozenset())


@pytest.mark.parametrize("name", COMPUTED)
def test_a_known_mistake_typed_in_is_named_and_never_gets_full_credit(name: str) -> None:
    """What a twin computes is typed in as the answer: the diagnosis must find it again."""
    original = solve(CATALOGUE.get(name), None, BOOK)
    for variant in (original, *variants(name)[:2]):
        for part in variant.problem.parts:
            for one in variant.mistakes[part.id].candidates:
                typed = KINDS[part.kind].show(one.value)
                results = {r.part: r for r in grade(variant, {part.id: typed}, book=BOOK)}
                result = results[part.id]
                if result.status in {"correct", "unreadable"}:
                    continue  # within the tolerance, or a fraction in a shape: nobody types it so
                assert result.status == "mistake", (part.id, typed, result)
                assert result.credit != 1


@pytest.mark.parametrize("name", CATALOGUE.ids)
def test_a_file_is_read_alike_by_the_parser_in_python_and_the_one_in_c(name: str) -> None:
    text = CATALOGUE.path(name).read_text(encoding="utf-8")
    plain = load_document(text, file=name, parser=yaml.SafeLoader)
    assert plain.data == load_document(text, file=name).data
