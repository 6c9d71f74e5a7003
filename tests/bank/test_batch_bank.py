"""Tests that `grader batch` grades the whole bank like single answers."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from reference_batch import GradedRow, grade_rows, read_table

from api.services.batch.formats.columns import INPUT_FIELDS, RESULT_FIELDS
from api.services.batch.formats.csv_rows import CsvSource
from api.services.batch.questions import BatchProblems
from api.services.batch.runner import Batch, run_batch
from api.services.engine.single_answer import SingleAnswerGrader
from grader.definitions.problem import AnyPart
from grader.kinds import KINDS
from grader.variants.variant import Variant
from problems.catalog import ProblemCatalog
from problems.publish import publish_problem
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant

CATALOGUE = ProblemCatalog()
SEED = 1


def variants(marker: SingleAnswerGrader, name: str) -> Iterator[Variant]:
    """Yield the shared variant of a problem, and for every other one a drawn variant."""
    problem = CATALOGUE.get(name)
    if problem.has_original:
        yield marker.get_variant(name, None)
    if problem.has_drawn_params and (CATALOGUE.ids.index(name) % 2 or not problem.has_original):
        yield marker.get_variant(name, SEED)


def typed(variant: Variant, part: AnyPart) -> dict[str, str]:
    """Return answers by student.

    They are right, wrong, unreadable, the result of a mistake, and empty.
    """
    kind, key = KINDS[part.kind], variant.keys.get(part.id)
    samples = kind.build_samples(part, key)
    known = variant.mistakes[part.id].candidates if part.id in variant.mistakes else ()
    found = {
        "ann": samples.right[:1] or ["in words"],
        "ben": samples.wrong[:1],
        "cas": samples.unreadable[:1],
        "dan": [kind.format_key(one.value, part) for one in known[:1]] or samples.right[:1],
        "eve": samples.wrong[1:2] or samples.right[:1],
        "": samples.wrong[:1],
        "fay": [""],
    }
    return {who: one for who, those in found.items() for one in those[:1] if isinstance(one, str)}


def rows_of(variant: Variant) -> Iterator[list[str]]:
    """Yield the rows of a variant, with a second attempt after some answers."""
    seed = "" if variant.seed is None else str(variant.seed)
    for part in variant.problem.parts:
        answers = typed(variant, part)
        again = {"cas": answers.get("dan"), "ben": answers.get("ann"), "eve": answers.get("ben")}
        for who, answer in [*answers.items(), *again.items()]:
            if answer is not None:
                yield [who, variant.problem.id, part.id, answer, seed]


@pytest.fixture(scope="module")
def whole_bank(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[GradedRow], list[list[str]]]:
    """Return the rows of the whole bank, shuffled, as (graded singly, graded by batch)."""
    folder, marker = tmp_path_factory.mktemp("bank"), SingleAnswerGrader(CATALOGUE)
    rows = [
        row
        for name in CATALOGUE.ids
        for variant in variants(marker, name)
        for row in rows_of(variant)
    ]
    Random(1).shuffle(rows)  # noqa: S311  # an order, no secret
    path, out = folder / "in.csv", folder / "out.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([INPUT_FIELDS, *rows])
    source = CsvSource(path, {}, block_bytes=path.stat().st_size // 5)
    run_batch(Batch(source, BatchProblems(CATALOGUE), out))
    with out.open(newline="", encoding="utf-8") as stream:
        found = list(csv.reader(stream))
    return grade_rows(read_table(path, names={}).rows, marker), found


def test_each_batch_row_matches_its_individual_result(
    whole_bank: tuple[list[GradedRow], list[list[str]]],
) -> None:
    expected, (header, *rows) = whole_bank
    assert header == [*INPUT_FIELDS, *RESULT_FIELDS]
    told = [list(one.fields().values()) for one in expected]
    differ = [
        (row, one) for row, one in zip(rows, told, strict=True) if unguarded(row) != unguarded(one)
    ]
    assert differ == []


def unguarded(row: list[str]) -> list[str]:
    """Return the result cells of a row without the guard against spreadsheet formulas."""
    return [cell.removeprefix("'") for cell in row[-len(RESULT_FIELDS) :]]


def test_rows_cover_every_problem_and_every_outcome(
    whole_bank: tuple[list[GradedRow], list[list[str]]],
) -> None:
    expected, (_, *rows) = whole_bank
    assert {row[1] for row in rows} == set(CATALOGUE.ids)
    assert {one.result.status for one in expected if one.result} == {
        "correct",
        "follow_through",
        "mistake",
        "partial",
        "wrong",
        "unreadable",
        "missing",
        "needs_review",
    }
    assert sum(one.current for one in expected) > len(expected) / 2


def drawn_of_each_kind() -> set[str]:
    """Return drawn problems that cover the kinds of parts, one for each kind."""
    found = {}
    for name in CATALOGUE.ids:
        problem = CATALOGUE.get(name)
        for part in problem.parts if problem.has_drawn_params else ():
            found.setdefault(part.kind, name)
    return set(found.values())


def test_published_and_solved_variants_produce_identical_bytes(tmp_path: Path) -> None:
    header, rows = [*INPUT_FIELDS], []
    for name in sorted(drawn_of_each_kind()):
        variants = publish_problem(CATALOGUE.get(name), REGISTRY, limit=2).variants
        lines = (json.dumps(dump_variant(one, REGISTRY)) for one in variants)
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        rows += [row for one in variants for row in rows_of(one)]
    path = tmp_path / "in.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    written = []
    for folder in (None, tmp_path):
        out = tmp_path / "out.csv"
        run_batch(Batch(CsvSource(path, {}), BatchProblems(CATALOGUE, folder), out))
        written.append(out.read_bytes())
    assert written[0] == written[1]
    assert {b"correct", b"follow_through", b"mistake"} <= set(
        written[0].replace(b"\n", b",").split(b",")
    )
