"""Tests of publishing the bank: changes are published once; the rest costs nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from actors import NOW
from sqlalchemy import select
from world import World

from api.db.models import ProblemVersion, Variant
from api.services.problems.bank import BATCH_SIZE, BankReport, publish_bank
from problems.catalog import ProblemCatalog

TOY = """\
id: {name}
title: A toy problem
topic: toys
difficulty: 2
params: {{W: {{choose: [64, 97, 128, 160], original: 64}}}}
statement: Reckon.
parts:
  - {{id: side, kind: integer, points: 1/2, key: "conv_size(W, 3)"}}
examples:
  - {{answers: {{side: "62"}}, expect: {{side: correct}}}}
"""


class NoWork(Executor):
    """Executor that fails if it receives any work."""

    def submit(self, *_arguments: Any, **_more: Any) -> Any:
        raise AssertionError("work was sent where nothing changed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / f"{name}.yaml").write_text(TOY.format(name=name))
    return folder


@pytest.fixture
def publish(world: World, folder: Path) -> Iterator[Callable[..., BankReport]]:
    with ThreadPoolExecutor(2) as pool:

        def run(**more: Any) -> BankReport:
            given = {"executor": pool, "seeds": 3, "now": NOW} | more
            return publish_bank(world.db, ProblemCatalog(folder), **given)

        yield run


def versions(world: World, name: str) -> list[ProblemVersion]:
    with world.db.reading() as session:
        found = select(ProblemVersion).where(ProblemVersion.problem == name)
        return list(session.scalars(found.order_by(ProblemVersion.number)))


def numbers(world: World, version: ProblemVersion) -> list[Any]:
    with world.db.reading() as session:
        found = select(Variant).where(Variant.version_id == version.id).order_by(Variant.position)
        return [(one.position, one.seed, one.data["params"]) for one in session.scalars(found)]


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / f"{name}.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_bank_publishes_every_problem_and_reports_progress(world, publish):
    told = []
    report = publish(progress=lambda *one: told.append(one))
    assert (report.published, report.unchanged, report.failed) == (("one", "three", "two"), 0, ())
    assert told == [("one", 1, 3), ("three", 2, 3), ("two", 3, 3)]
    [stored] = versions(world, "one")
    assert (stored.number, stored.status, stored.variants) == (1, "published", 3)
    assert [at for at, _, _ in numbers(world, stored)] == [-1, 0, 1, 2]


def test_unchanged_problems_are_skipped_without_work(publish):
    publish()
    report = publish(executor=NoWork())
    assert (report.published, report.unchanged) == ((), 3)


@pytest.mark.parametrize(
    ("old", "new"),
    [("title:", "# said in the meeting\ntitle:"), ("difficulty: 2", "difficulty:   2")],
)
def test_comment_and_whitespace_changes_create_no_version(folder, publish, old, new):
    publish()
    change(folder, "one", old, new)
    assert publish(executor=NoWork()).unchanged == 3


def test_changed_grading_keeps_the_variant_numbers(world, folder, publish):
    publish()
    [before] = versions(world, "one")
    change(folder, "one", "points: 1/2", "points: 2")
    assert publish(seeds=1).published == ("one",)
    _, after = versions(world, "one")
    assert after.based_on == before.id
    assert numbers(world, after) == numbers(world, before)
    assert after.points == 2


def test_changed_parameters_create_a_version_with_new_variants(world, folder, publish):
    publish()
    change(folder, "one", "97", "99")
    publish()
    before, after = versions(world, "one")
    assert after.based_on is None
    assert 99 in {params["W"] for _, _, params in numbers(world, after)}
    assert 97 in {params["W"] for _, _, params in numbers(world, before)}


def test_new_engine_version_keeps_all_variant_numbers(world, publish):
    publish()
    with world.session() as session:
        for one in session.scalars(select(ProblemVersion)):
            one.engine = "0"
    report = publish()
    assert (len(report.published), report.unchanged) == (3, 0)
    before, after = versions(world, "two")
    assert after.based_on == before.id
    assert numbers(world, after) == numbers(world, before)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"id: [", "this is not YAML"),
        (b"\xff\xfe", "is invisible"),
        (TOY.format(name="other").encode(), "the id is 'other'"),
    ],
)
def test_failing_file_keeps_its_version_and_does_not_stop_others(
    world, folder, publish, text, words
):
    publish()
    (folder / "one.yaml").write_bytes(text)
    change(folder, "two", "points: 1/2", "points: 2")
    report = publish()
    assert report.published == ("two",)
    [failed] = report.failed
    assert failed.id == "one"
    assert words in failed.errors[0]
    assert len(versions(world, "one")) == 1


def test_interrupted_publishing_resumes_with_remaining_problems(publish):
    def stop(_name: str, at: int, _of: int) -> None:
        if at == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(progress=stop)
    report = publish()
    assert (report.published, report.unchanged) == (("two",), 2)


def test_only_selected_problems_are_published(publish):
    assert publish(only={"two", "missing"}).published == ("two",)
    assert publish().published == ("one", "three")


def test_concurrent_runs_store_each_version_once(world, publish):
    with ThreadPoolExecutor(3) as pool:
        reports = [one.result() for one in [pool.submit(publish) for _ in range(3)]]
    assert sorted(name for one in reports for name in one.published) == ["one", "three", "two"]
    assert [len(versions(world, name)) for name in ("one", "two", "three")] == [1, 1, 1]


def test_version_stored_by_a_concurrent_run_is_not_stored_again(world, publish):
    class Slow(Executor):
        """Executor that lets another run finish before its results are requested."""

        def submit(self, work: Any, /, source: Any, **more: Any) -> Any:
            done: Future[Any] = Future()
            done.set_result(work(source, **more))
            if source.id == "two":  # the last one by name
                publish()
            return done

    assert publish(executor=Slow()).published == ()
    assert [len(versions(world, name)) for name in ("one", "two", "three")] == [1, 1, 1]


def test_problems_published_by_another_run_before_their_turn_are_skipped(world, publish, folder):
    names = [f"more-{at:02}" for at in range(BATCH_SIZE)]
    for name in names:
        (folder / f"{name}.yaml").write_text(TOY.format(name=name))

    def another(_name: str, at: int, _of: int) -> None:
        if at == 1:
            publish()

    assert len(publish(progress=another).published) == 1
    assert {len(versions(world, name)) for name in ("one", "two", "three", *names)} == {1}
