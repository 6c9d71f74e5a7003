"""Tests of raw requests to every route: each response is short, fast and not a 5xx.

`tests/schemathesis_runs.py` adds calls generated from the API description. Each test runs
for a part of `GRADER_FUZZ_SECONDS` on each database. `make fuzz` is a long run that
prints a summary. A failure names the seed, the number and the request.
"""

import argparse
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cpu_time import cpu_seconds
from http_app import Answered, ask
from populated_course import SCENE_SETTINGS, create_populated_course
from raw_requests import Raw, RawRequests
from scene import Scene
from schemathesis_runs import WHO, run_schemathesis
from world import World

from api.db.engine import Database
from api.db.migrations import upgrade

SECONDS = max(float(os.environ.get("GRADER_FUZZ_SECONDS", "2")) / 5, 1.5)
SEED = 1
"""Fixed, so that a short run is deterministic. `make fuzz` draws other seeds."""
LIMIT = 1.0
"""Limit of CPU time in seconds, over all threads: it tells a hang from a response."""
PROBES = {("GET", "/readyz")}
"""Routes that report an unready service by a 5xx: no revision made the tests' tables."""
LARGEST = 64 * 1024
"""Maximum size in bytes of a response to a student."""
STUDENTS = {"student", "anonymous"}
DOCUMENTS = ("/api/v1/openapi.json", "/api", "/docs")
"""Documentation, which may be longer: these addresses and all below `/docs`."""
"""The API description: it is the same for everybody, and larger."""
REFUSED, BROKEN = 400, 500
OPERATIONS = 4
"""Number of operations that a short run calls."""
RENEWED = 25
"""Number of requests after which the scene is restored, even if nothing changed."""


@dataclass
class Run:
    """Results of the requests of a seed: counts by status, the slowest, and failures."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[int, str] = (0, "")
    wrong: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.statuses.total()


def sent(scene: Scene, raw: Raw) -> Answered:
    """Return the service's response to a request over ASGI."""
    more = {"headers": dict(raw.headers), "query": raw.query, "body": raw.body}
    return ask(scene.world.app, raw.key[0], raw.path, **more)


def is_documentation(raw: Raw) -> bool:
    """Return whether a request asks for a page of the documentation, the same for everybody."""
    return raw.key[1] in DOCUMENTS or raw.key[1].startswith("/docs/")


def faults(raw: Raw, answered: Answered, seconds: float) -> Iterator[str]:
    """Yield a message for each rule that a response breaks."""
    if answered.status >= BROKEN and raw.key not in PROBES:
        yield f"{answered.status} {answered.body[:300]!r} to {raw}"
    if len(answered.body) > LARGEST and raw.who in STUDENTS and not is_documentation(raw):
        yield f"{len(answered.body)} bytes to {raw}"
    if seconds >= LIMIT:
        yield f"{seconds:.1f} s for {raw}"


class Kept:
    """Snapshot of a scene. On PostgreSQL there is none, and the requests' changes stay."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.copy: sqlite3.Connection | None = None
        if scene.world.db.is_sqlite:
            self.copy = scene.snapshot()

    def restore(self) -> None:
        """Restore the snapshot."""
        if self.copy is not None:
            self.scene.restore(self.copy)


def run(scene: Scene, seed: int, is_over: Callable[[int], bool]) -> Run:
    """Send the requests of *seed* until *is_over* holds for their number; return results."""
    done, requests, kept = Run(), RawRequests(scene, seed), Kept(scene)
    number = 0
    while not is_over(number):
        raw = requests[number]
        start = time.process_time()
        answered = sent(scene, raw)
        seconds = time.process_time() - start
        if seconds >= LIMIT:
            seconds = cpu_seconds(lambda raw=raw: sent(scene, raw), all_threads=True)
        done.statuses[answered.status] += 1
        done.slowest = max(done.slowest, (seconds, str(raw)))
        if raw.who in STUDENTS and not is_documentation(raw):
            done.largest = max(done.largest, (len(answered.body), str(raw)))
        done.wrong += [f"seed {seed}, {one}" for one in faults(raw, answered, seconds)]
        number += 1
        if (raw.key[0] != "GET" and answered.status < REFUSED) or number % RENEWED == 0:
            kept.restore()
    kept.restore()
    return done


def for_seconds(seconds: float) -> Callable[[int], bool]:
    """Return a predicate that becomes true after *seconds*."""
    end = time.monotonic() + seconds
    return lambda _number: time.monotonic() > end


@pytest.fixture(scope="module")
def scene(shared_database_url) -> Iterator[Scene]:
    """Yield the scene of all routes, on each database system in turn."""
    world = World(shared_database_url, settings=SCENE_SETTINGS)
    yield create_populated_course(world)
    world.close()


# Starlette leaves the temporary file of a form that is cut off in a file to be collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_raw_request_breaks_the_service(scene):
    done = run(scene, SEED, for_seconds(SECONDS))
    assert done.wrong == []
    assert done.statuses.keys() & {200, 201, 204, 303}, "what is changed little must get through"
    assert done.statuses.keys() & {422, 404, 400}


@pytest.mark.parametrize(
    ("answered", "seconds", "count"),
    [
        (Answered(500, {}, b""), 0.0, 1),
        (Answered(503, {}, b""), 0.0, 1),
        (Answered(200, {}, b"x" * (LARGEST + 1)), 0.0, 1),
        (Answered(404, {}, b""), LIMIT, 1),
        (Answered(200, {}, b"x" * LARGEST), LIMIT / 2, 0),
    ],
)
def test_crash_long_response_and_slow_response_are_detected(answered, seconds, count):
    raw = Raw(0, "student", ("GET", "/courses"), "/courses", b"", {}, b"")
    assert len(list(faults(raw, answered, seconds))) == count


def test_calls_generated_from_openapi_get_documented_responses(scene):
    """A student calls on SQLite, an instructor on PostgreSQL; `make fuzz` covers all."""
    who, seed = WHO[0 if scene.world.db.is_sqlite else 1], SEED
    asked = run_schemathesis(scene, who, seed=seed, some=OPERATIONS)
    assert asked.failures == (), f"seed {seed}\n{asked.output}"
    assert asked.calls > OPERATIONS


def test_undocumented_response_is_detected(scene, monkeypatch):
    """A test of the check itself: an undocumented response or a crash is a failure."""
    if not scene.world.db.is_sqlite:
        return
    document = deepcopy(scene.world.app.openapi())
    del document["paths"]["/api/v1/me"]["get"]["responses"]["200"]
    monkeypatch.setattr(scene.world.app, "openapi_schema", document)
    monkeypatch.setattr(scene.world.app, "_document", None)  # the schema as served before
    asked = run_schemathesis(scene, "student", seed=1, only=("get_me",))
    assert any("/api/v1/me" in one for one in asked.failures), asked.output


def main() -> None:
    """Send requests for a long time and print a summary; exit with 1 on findings."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'grader.db'}"
        db = Database(url)
        upgrade(db)
        db.close()
        world = World(url, settings=SCENE_SETTINGS)
        done = run(create_populated_course(world), given.seed, for_seconds(given.seconds))
        world.close()
    told = ", ".join(f"{count} {status}" for status, count in sorted(done.statuses.items()))
    print(  # noqa: T201 (what a long run is for)
        f"seed {given.seed}: {done.count:,} requests ({told}), {len(done.wrong)} findings",
        f"slowest {done.slowest[0]:.3f} s: {done.slowest[1]}",
        f"largest to a student {done.largest[0]:,} bytes: {done.largest[1]}",
        *done.wrong,
        sep="\n",
    )
    sys.exit(bool(done.wrong))


if __name__ == "__main__":
    main()
