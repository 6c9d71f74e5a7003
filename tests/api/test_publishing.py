"""Tests of publication: any executor, in order, and a failed problem stops no other.

In the background one process at a time publishes. If it dies, another one takes over.
"""

import fcntl
import json
import multiprocessing
import pickle
import shutil
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import psycopg
import pytest
from bank_catalog import CATALOG
from sqlalchemy import func, select

from api.config.settings import ServiceSettings
from api.db.engine import Database
from api.db.models import ProblemVersion
from api.server.bank_publisher import PUBLISH_LOCK, publish_until_complete
from api.services.problems import publishing
from api.services.problems.publishing import (
    ProblemSource,
    PublishedProblem,
    PublishFailure,
    publish_problem_source,
    publish_problems,
)
from grader import ENGINE
from grader.variants.variant import solve_variant
from problems.publish import publish_problem
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant, load_variant

TOY = """
id: toy
title: A toy problem
topic: toys
difficulty: 2
params: {W: {choose: [64, 97, 128], original: 64}}
statement: Reckon.
parts:
  - {id: side, kind: integer, points: 1/2, key: "conv_size(W, 3)"}
  - {id: why, kind: text, points: 3, rubric: [{id: a, points: 3, say: Said.}]}
examples:
  - {answers: {side: "62"}, expect: {side: correct}}
"""


def outcome(text: str = TOY, *, name: str = "toy", seeds: int = 5, kept: tuple = ()):
    return publish_problem_source(ProblemSource(name, text, kept), seeds=seeds)


def bank(name: str) -> ProblemSource:
    return ProblemSource(name, CATALOG.path(name).read_text(encoding="utf-8"))


def test_published_problem_has_list_metadata():
    found = outcome()
    problem = CATALOG.get("conv-output-shape")
    assert (found.title, found.topic, found.difficulty) == ("A toy problem", "toys", 2)
    assert found.points == Fraction(7, 2)
    assert found.parts == (
        {"id": "side", "kind": "integer", "points": "1/2"},
        {"id": "why", "kind": "text", "points": "3"},
    )
    assert found.engine == ENGINE
    told = publish_problem_source(bank(problem.id), seeds=1)
    assert (told.draw_hash, told.marking_hash) == (problem.draw_hash, problem.marking_hash)


def test_adding_part_title_keeps_variants():
    first = outcome()
    titled = TOY.replace("{id: side,", "{id: side, title: Width of the output,")
    found = outcome(titled, kept=first.variants)
    assert found.parts[0] == first.parts[0] | {"title": "Width of the output"}
    assert found.rekeyed
    assert found.draw_hash == first.draw_hash
    for one, other in zip(found.variants, first.variants, strict=True):
        assert one == other | {"marking_hash": found.marking_hash}


def test_original_variant_precedes_seeded_variants():
    found = outcome()
    assert [one["seed"] for one in found.variants][:1] == [None]
    assert {one["params"]["W"] for one in found.variants[1:]} == {97, 128}
    assert found.report["walked"] > 2
    assert found.report["refused"]["the numbers repeat"] > 0


def test_problem_without_original_has_only_seeded_variants():
    text = TOY.replace(", original: 64", "").replace("{answers", "{params: {seed: 0}, answers")
    found = outcome(text.replace('side: "62"', 'side: "x"').replace("correct", "unreadable"))
    assert None not in {one["seed"] for one in found.variants}
    assert len(found.variants) == 3


def test_problem_without_draws_has_only_its_original():
    found = outcome(TOY.replace("{choose: [64, 97, 128], original: 64}", "64"))
    assert [one["seed"] for one in found.variants] == [None]


@pytest.mark.parametrize("name", ["conv-output-shape", "vgg-16-layers", "filters-discussion"])
def test_published_variants_match_engine_and_round_trip(name):
    found = publish_problem_source(bank(name), seeds=4)
    problem = CATALOG.get(name)
    expected = [
        solve_variant(problem, None, REGISTRY),
        *publish_problem(problem, REGISTRY, limit=4).variants,
    ]
    assert list(found.variants) == [dump_variant(one, REGISTRY) for one in expected]
    for one in json.loads(json.dumps(found.variants)):
        assert load_variant(one, problem, REGISTRY).seed == one["seed"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "toy.yaml:1: the file is empty"),
        ("id: [", "toy.yaml:2: this is not YAML"),
        (TOY.replace("id: toy", "id: other"), "the id is 'other', not 'toy'; make them the same"),
        (TOY.replace("conv_size", "conv_sise"), "did you mean"),
        (TOY.replace("(W, 3)", "(W, 3000)"), "toy.yaml:9: parts.side.key"),
        (TOY.replace("correct", "wrong"), "examples.0.side: is correct, expected wrong"),
        (TOY.replace("original: 64", "original: 1"), "toy.yaml:9: parts.side.key"),
    ],
)  # fmt: skip
def test_invalid_problem_fails_to_publish_with_location(text, words):
    found = outcome(text)
    assert isinstance(found, PublishFailure)
    assert any(words in one for one in found.errors), found.errors


def test_every_error_of_a_file_is_reported():
    found = outcome(TOY.replace("title: A toy problem", "titel: x").replace("difficulty: 2", ""))
    assert len(found.errors) == 3


def test_failed_problem_does_not_stop_others_or_change_order():
    sources = [bank("nms-by-hand"), ProblemSource("toy", "id: ["), ProblemSource("toy", TOY)]
    with ThreadPoolExecutor(2) as pool:
        found = list(publish_problems(sources, seeds=3, executor=pool))
    assert [type(one) for one in found] == [PublishedProblem, PublishFailure, PublishedProblem]
    assert [one.id for one in found] == ["nms-by-hand", "toy", "toy"]


def test_publishing_in_another_process_gives_same_result():
    sources = [ProblemSource("toy", TOY), bank("conv-output-shape"), ProblemSource("bad", "")]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        found = list(publish_problems(sources, seeds=3, executor=pool))
    assert found == [publish_problem_source(one, seeds=3) for one in sources]


def test_published_problem_is_picklable_and_json_serializable():
    found = outcome()
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301  # our own pickle
    assert json.loads(json.dumps([found.report, found.variants])) == [
        found.report,
        list(found.variants),
    ]


REMARKED = TOY.replace("points: 1/2", "points: 2").replace("(W, 3)", "(W, 3, padding=1)")
REMARKED = REMARKED.replace('side: "62"', 'side: "64"')


def test_version_with_same_draws_keeps_variants_and_recomputes_keys():
    before = outcome()
    kept = tuple(reversed(before.variants))
    after = outcome(REMARKED, seeds=1, kept=kept)
    assert after.rekeyed
    assert not before.rekeyed
    assert [one["seed"] for one in after.variants] == [one["seed"] for one in kept]
    assert [one["params"] for one in after.variants] == [one["params"] for one in kept]
    assert [one["keys"]["side"] for one in after.variants] == [one["params"]["W"] for one in kept]
    assert {one["marking_hash"] for one in after.variants} == {after.marking_hash}
    assert after.report["walked"] == 0


def test_version_with_changed_draws_gets_new_variants():
    kept = outcome().variants
    after = outcome(TOY.replace("97", "99"), kept=kept)
    assert not after.rekeyed
    assert {one["params"]["W"] for one in after.variants} == {64, 99, 128}


def test_publishing_fails_if_key_is_undefined_for_kept_variant():
    stored = outcome().variants
    broken = [dict(one, params={"W": 1}) for one in stored]
    found = outcome(REMARKED.replace(", padding=1", "").replace('"64"', '"62"'), kept=tuple(broken))
    assert isinstance(found, PublishFailure)
    assert "(3 of 3 variants that students have)" in found.errors[0]
    assert "parts.side.key" in found.errors[0]


def test_exception_while_publishing_becomes_a_failure():
    found = outcome(kept=({"params": {}},))
    assert found == PublishFailure("toy", ("publishing failed: KeyError: 'draw_hash'",))


def test_unrenderable_formula_is_an_error_with_line_and_field():
    text = TOY.replace("statement: Reckon.", "statement: Reckon $\\fraac{1}{2}$.")
    found = outcome(text)
    assert isinstance(found, PublishFailure)
    [error] = found.errors
    assert error.startswith("toy.yaml:7: statement: the formula $\\fraac{1}{2}$ cannot be shown: ")
    assert "at character 1" in error


@pytest.fixture
def settings(postgresql_url, empty_postgresql, tmp_path):
    """Yield the settings of a service on PostgreSQL with a bank of one problem."""
    (tmp_path / "toy.yaml").write_text(TOY)
    yield ServiceSettings(database=postgresql_url, bank=tmp_path, seeds=2)
    empty_postgresql()


def stored(settings: ServiceSettings) -> int:
    db = Database(settings.database)
    with db.reading() as session:
        count = session.scalar(select(func.count()).select_from(ProblemVersion))
    db.close()
    return count


def test_publisher_continues_when_lock_holder_dies(settings, monkeypatch):
    """The other process is a connection with the lock, which the server then terminates."""
    tries = threading.Semaphore(0)
    monkeypatch.setattr(
        "api.server.bank_publisher.time", SimpleNamespace(sleep=lambda _: tries.release())
    )
    with (
        psycopg.connect(settings.database, autocommit=True) as other,
        psycopg.connect(settings.database, autocommit=True) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("SELECT pg_advisory_lock(%s)", [PUBLISH_LOCK.number])
        publishing = pool.submit(publish_until_complete, settings)
        try:
            assert tries.acquire(timeout=60)
            assert tries.acquire(timeout=60)
            assert stored(settings) == 0
        finally:
            server.execute("SELECT pg_terminate_backend(%s)", [other.info.backend_pid])
        publishing.result(timeout=60)
    assert stored(settings) == 1


def test_publisher_continues_when_lock_holder_dies_on_sqlite(
    sqlite_template, tmp_path, monkeypatch
):
    """The other process is a file with the lock: the kernel closes it when a process dies."""
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "toy.yaml").write_text(TOY)
    database = Path(shutil.copyfile(sqlite_template, tmp_path / "grader.db"))
    settings = ServiceSettings(database=f"sqlite:///{database}", bank=tmp_path / "bank", seeds=2)
    tries = threading.Semaphore(0)
    monkeypatch.setattr(
        "api.server.bank_publisher.time", SimpleNamespace(sleep=lambda _: tries.release())
    )
    with ThreadPoolExecutor(1) as pool:
        with Path(f"{database}{PUBLISH_LOCK.suffix}").open("w") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            publishing = pool.submit(publish_until_complete, settings)
            assert tries.acquire(timeout=60)
            assert tries.acquire(timeout=60)
            assert stored(settings) == 0
        publishing.result(timeout=60)
    assert stored(settings) == 1


def test_publisher_reports_database_failure_and_retries(settings, monkeypatch, capsys):
    away = settings.model_copy(update={"database": "postgresql://x:geheim@127.0.0.1:1/x"})
    pauses = Mock(side_effect=[None, None, KeyboardInterrupt])
    monkeypatch.setattr("api.server.bank_publisher.time", SimpleNamespace(sleep=pauses))
    with pytest.raises(KeyboardInterrupt):
        publish_until_complete(away)
    told = capsys.readouterr().err
    assert told.count("The bank is incomplete: the database cannot be reached") == 3
    assert "geheim" not in told


def test_problem_with_slow_variant_is_rejected(monkeypatch):
    monkeypatch.setattr(publishing, "MAX_VARIANT_SECONDS", 0.0)
    told = publish_problem_source(bank("conv-output-shape"), seeds=2)
    assert isinstance(told, PublishFailure)
    assert "of processor time to compute; the limit is 5 s; use smaller numbers" in told.errors[0]


def test_one_slow_variant_rejects_the_problem(monkeypatch):
    monkeypatch.setattr(publishing, "MAX_VARIANT_SECONDS", 0.015)
    slow = "sum(activation(dense_backward_weight(V, V), 'gelu'))"
    text = f"""\
id: one-slow
title: One slow variant
topic: shapes
difficulty: 1
params: {{n: {{integers: [1, 20]}}, V: {{integers: [1, 3], shape: [120]}}}}
statement: "{{{{n}}}}"
parts: [{{id: p, kind: number, prompt: "?", key: "{slow} if n == 7 else n"}}]
"""
    told = publish_problem_source(ProblemSource("one-slow", text), seeds=60)
    assert isinstance(told, PublishFailure)
    assert "of processor time to compute" in told.errors[0]
    quick = publish_problem_source(
        ProblemSource("one-slow", text.replace("n == 7", "n == 77")), seeds=60
    )
    assert isinstance(quick, PublishedProblem), quick
