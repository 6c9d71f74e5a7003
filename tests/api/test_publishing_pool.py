"""Tests of the publishing pool: deadlines and concurrency limits hold for any problem."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from inspect import iscoroutinefunction
from typing import Any

import pytest
from slow_work import (
    die,
    preview_or_sleep,
    process_id,
    publish_or_sleep,
    publish_when_released,
)
from sqlalchemy import select
from world import TEXT_PROBLEM, Person, World

from api.core.errors import InvalidInput, RateLimited, ServiceUnavailable
from api.core.ids import new_id
from api.core.worker_pool import WorkerPool
from api.db.models import ProblemVersion
from api.markup import markdown
from api.markup.tex import TexUnavailableError
from api.services.problems import publishing_pool
from api.services.problems.publishing import (
    ProblemSource,
    PublishFailure,
    publish_problem_source,
    publish_problems,
)
from api.services.problems.publishing_pool import (
    MAX_REQUESTS,
    MAX_REQUESTS_PER_USER,
    PublishingPool,
)

SECONDS = 120
SOURCE = ProblemSource("why-small-kernels", TEXT_PROBLEM)
YAML = {"Content-Type": "application/yaml"}
OWN = TEXT_PROBLEM.replace("why-small-kernels", "of-our-own")
ENDLESS_ID = OWN.replace("of-our-own", "endless")


@contextmanager
def pool_of(workers: int, deadline_seconds: float = SECONDS) -> Iterator[PublishingPool]:
    pool = PublishingPool(workers, deadline_seconds=deadline_seconds)
    try:
        yield pool
    finally:
        pool.close()


def test_pool_publishes_after_worker_death(monkeypatch):
    with pool_of(1) as pool:
        first = pool.publish(SOURCE, seeds=2)
        with monkeypatch.context() as patch:
            patch.setattr(publishing_pool, "publish_problem_source", process_id)
            os.kill(pool.publish(SOURCE, seeds=2), signal.SIGKILL)
        assert pool.publish(SOURCE, seeds=2) == first == publish_problem_source(SOURCE, seeds=2)


def test_problem_that_crashes_workers_returns_503(monkeypatch):
    monkeypatch.setattr(publishing_pool, "publish_problem_source", die)
    with pool_of(1) as pool, pytest.raises(ServiceUnavailable, match="Send it again"):
        pool.publish(SOURCE, seeds=2)


def test_slow_problem_is_rejected_and_its_worker_replaced(monkeypatch):
    with pool_of(1, 6) as pool:
        monkeypatch.setattr(publishing_pool, "publish_problem_source", process_id)
        first = pool.publish(SOURCE, seeds=2)
        monkeypatch.setattr(publishing_pool, "publish_problem_source", publish_or_sleep)
        with pytest.raises(InvalidInput, match="endless takes longer than 6 s") as refused:
            pool.publish(ProblemSource("endless", ENDLESS_ID), seeds=2)
        assert refused.value.code == "problem_too_slow"
        monkeypatch.setattr(publishing_pool, "publish_problem_source", process_id)
        assert pool.publish(SOURCE, seeds=2) != first


def test_preview_runs_in_worker_with_check_deadline(monkeypatch):
    monkeypatch.setattr(publishing_pool, "preview_problem_text", preview_or_sleep)
    with pool_of(1, 5) as pool:
        with pytest.raises(InvalidInput, match="takes longer than 5 s") as refused:
            pool.preview(ENDLESS_ID)
        assert refused.value.code == "problem_too_slow"
        outcome = pool.preview(OWN)
        assert outcome.preview is not None
        assert outcome.preview.id == "of-our-own"


def test_closing_pool_aborts_running_job(monkeypatch):
    monkeypatch.setattr(publishing_pool, "publish_problem_source", publish_or_sleep)
    with pool_of(1) as pool, ThreadPoolExecutor(1) as threads:
        before = {child.pid for child in multiprocessing.active_children()}
        running = threads.submit(pool.publish, ProblemSource("endless", ENDLESS_ID), seeds=2)
        wait_until(lambda: {one.pid for one in multiprocessing.active_children()} - before)
        pool.close()
        with pytest.raises(ServiceUnavailable):
            running.result(timeout=SECONDS)
    assert {one.pid for one in multiprocessing.active_children()} <= before


def test_closing_pool_rejects_queued_jobs(monkeypatch):
    monkeypatch.setattr(publishing_pool, "publish_problem_source", publish_or_sleep)
    endless = ProblemSource("endless", ENDLESS_ID)
    with pool_of(1) as pool, ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(pool.publish, endless, seeds=2) for _ in range(2)]
        while pool._pool._jobs.qsize() < 1:  # noqa: SLF001
            time.sleep(0.01)
        pool.close()
        for job in jobs:
            with pytest.raises(ServiceUnavailable):
                job.result(timeout=SECONDS)


def test_unavailable_tex_converter_causes_one_retry_in_bank_publishing(monkeypatch):
    monkeypatch.setattr(markdown, "convert_tex", refuse_conversion)
    text = TEXT_PROBLEM.replace("statement: |\n", "statement: |\n  With $N=1$.\n", 1)
    source = ProblemSource("why-small-kernels", text)
    assert "$N=1$" in source.text
    with pytest.raises(TexUnavailableError):
        publish_problem_source(source, seeds=2)
    executor = ScriptedExecutor(LATE, "published")
    assert [*publish_problems([source], seeds=2, executor=executor)] == ["published"]
    executor = ScriptedExecutor(LATE, LATE)
    assert [*publish_problems([source], seeds=2, executor=executor)] == [
        PublishFailure(source.id, ("publishing failed: late",))
    ]


def test_pool_retries_once_when_tex_converter_is_unavailable(monkeypatch):
    with pool_of(1) as pool:
        monkeypatch.setattr(pool, "_pool", ScriptedExecutor(LATE, "published"))
        assert pool.publish(SOURCE, seeds=2) == "published"
        monkeypatch.setattr(pool, "_pool", ScriptedExecutor(LATE, LATE))
        with pytest.raises(ServiceUnavailable, match="Send it again"):
            pool.publish(SOURCE, seeds=2)


def refuse_conversion(*_source: object, **_options: object) -> None:
    raise TexUnavailableError("late")


LATE = TexUnavailableError("late")


class ScriptedExecutor(Executor):
    """Executor whose jobs end with *outcomes* in turn, each an exception or a result."""

    def __init__(self, *outcomes: object) -> None:
        self._outcomes = iter(outcomes)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        del fn, args, kwargs
        future: Future[Any] = Future()
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        return future

    def kill(self) -> None:
        """Do nothing: no job runs."""


def test_publishing_requests_are_limited_per_user_and_in_total():
    users = [new_id() for _ in range(MAX_REQUESTS)]
    with pool_of(0) as pool:
        held = []
        for _ in range(MAX_REQUESTS_PER_USER):
            held.append(pool.reserve(users[0]))
            held[-1].__enter__()
        with pytest.raises(RateLimited, match="Wait until one has finished"):
            pool.reserve(users[0]).__enter__()
        for user in users[1 : MAX_REQUESTS - MAX_REQUESTS_PER_USER + 1]:
            held.append(pool.reserve(user))
            held[-1].__enter__()
        with pytest.raises(ServiceUnavailable, match="Too many problems"):
            pool.reserve(users[-1]).__enter__()
        for one in held:
            one.__exit__(None, None, None)
        with pool.reserve(users[0]), pool.reserve(users[0]):
            pass


def test_endless_bank_problem_does_not_block_others(monkeypatch):
    monkeypatch.setattr("api.services.problems.publishing.publish_problem_source", publish_or_sleep)
    sources = [ProblemSource("endless", ENDLESS_ID), SOURCE]
    executor = WorkerPool(2, deadline_seconds=20)
    stuck, done = publish_problems(sources, seeds=2, executor=executor)
    executor.kill()
    assert stuck == PublishFailure(
        "endless", ("publishing failed: it took longer than 20 seconds",)
    )
    assert done.id == SOURCE.id


@pytest.fixture
def busy(database_url: str) -> Iterator[World]:
    """Yield a service with one problem worker."""
    world = World(database_url, settings={"seeds": 2, "problem_workers": 1})
    yield world
    world.close()


@pytest.fixture
def hasty(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Yield a service with a deadline of 1 s, where the problem `endless` never finishes."""
    monkeypatch.setattr(publishing_pool, "publish_problem_source", publish_or_sleep)
    world = World(database_url, settings={"seeds": 2, "problem_workers": 1, "problem_deadline": 1})
    yield world
    world.close()


@pytest.fixture
def course(busy: World) -> Any:
    return busy.course()


@pytest.fixture
def teacher(busy: World, course: Any) -> Person:
    return busy.enrol(course, "Iris Example", role="instructor")


def own_versions(world: World) -> list[str]:
    with world.db.reading() as session:
        own = ProblemVersion.space != "bank"
        return list(session.scalars(select(ProblemVersion.problem).where(own)))


def test_every_publishing_endpoint_rejects_slow_problem(hasty):
    course = hasty.course()
    teacher = hasty.enrol(course, "Iris Example", role="instructor")
    path = f"/courses/{course}/problems"
    files = {"problems/endless.yaml": ENDLESS_ID}
    answers = [
        teacher.post(f"{path}/check", content=ENDLESS_ID, headers=YAML),
        teacher.post(path, content=ENDLESS_ID, headers=YAML),
        teacher.post(f"/courses/{course}/apply", {"files": files}, params={"dry_run": True}),
        teacher.post(f"/courses/{course}/apply", {"files": files}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (422, "problem_too_slow")
        assert "use smaller numbers or tensors" in answer.json()["detail"]
    assert answers[2].json()["errors"][0]["file"] == "problems/endless.yaml"
    assert own_versions(hasty) == []


def test_excess_checks_are_refused_without_blocking_health_or_login(
    busy, course, teacher, monkeypatch, tmp_path
):
    monkeypatch.setattr(publishing_pool, "publish_problem_source", publish_when_released)
    other = busy.enrol(course, "Ben Example", role="instructor")
    path = f"/courses/{course}/problems/check"
    release = tmp_path / "release"
    endless = f"{ENDLESS_ID}\n# {release}\n"
    with ThreadPoolExecutor(5) as threads:
        running = [
            threads.submit(teacher.post, path, content=endless, headers=YAML)
            for _ in range(MAX_REQUESTS_PER_USER)
        ]
        wait_until(lambda: busy.service.publishing._running[teacher.id] == MAX_REQUESTS_PER_USER)  # noqa: SLF001
        refused = teacher.post(path, content=OWN, headers=YAML)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert int(refused.headers["Retry-After"]) > 0
        assert busy.client.get("/healthz").status_code == 200
        log_in = {"email": "nobody@example.edu", "password": "a wrong password"}
        assert busy.client.post("/api/v1/login", json=log_in).status_code == 401
        waits: Future[Any] = threads.submit(other.post, path, content=OWN, headers=YAML)
        release.touch()
        assert {one.result(timeout=SECONDS).status_code for one in running} == {200}
        assert waits.result(timeout=SECONDS).json()["ok"] is True
    assert teacher.post(path, content=OWN, headers=YAML).status_code == 200


def wait_until(holds: Any) -> None:
    until = time.monotonic() + SECONDS
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
    assert holds()


def test_course_apply_has_total_publishing_time_limit(busy, course, teacher, monkeypatch):
    monkeypatch.setattr("api.routes.courses.course_files.MAX_PUBLISH_SECONDS", 0.0)
    files = {f"problems/own-{n}.yaml": OWN.replace("of-our-own", f"own-{n}") for n in range(2)}
    answer = teacher.post(f"/courses/{course}/apply", {"files": files})
    assert (answer.status_code, answer.json()["code"]) == (422, "problem_too_slow")
    assert "apply fewer at a time" in answer.json()["detail"]
    assert own_versions(busy) == []


def test_healthz_runs_on_event_loop(world):
    """The route runs on the event loop, so a full thread pool does not block it."""
    [healthz] = [one for one in world.app.routes if getattr(one, "path", "") == "/healthz"]
    assert iscoroutinefunction(healthz.endpoint)
