"""Tests of garbage collection in service processes: how often, and which objects."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from api import GC_THRESHOLDS
from api.core.process_lifecycle import freeze_gc

PYTHONS_OWN = (700, 10, 10)


@pytest.fixture
def as_before() -> Iterator[None]:
    """Use the service's garbage collection thresholds, and restore the old ones."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*GC_THRESHOLDS)
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.fixture
def circle() -> type:
    """Return a class of self-referencing objects that counts the collected ones."""

    class Circle:
        left = 0

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            Circle.left += 1

    return Circle


@pytest.mark.usefixtures("as_before")
def test_what_was_made_before_it_serves_is_left_out_of_collections():
    held = [[] for _ in range(1_000)]
    freeze_gc()
    assert gc.get_freeze_count() > len(held)


def test_every_entry_point_of_the_service_collects_garbage_rarely():
    code = "import gc, api.server.supervisor; print(*gc.get_threshold())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert tuple(map(int, run.stdout.split())) == GC_THRESHOLDS > PYTHONS_OWN


@pytest.mark.usefixtures("as_before")
def test_circles_that_requests_leave_are_still_collected(circle):
    freeze_gc()
    for _ in range(2 * gc.get_threshold()[0]):
        circle()
    assert circle.left > 0


@pytest.mark.usefixtures("as_before")
@pytest.mark.parametrize("sweep", [True, False])
def test_garbage_goes_before_it_is_left_out_where_a_process_runs_for_long(circle, sweep):
    gc.disable()
    try:
        circle()
        freeze_gc(sweep=sweep)
        gc.collect()
    finally:
        gc.enable()
    assert circle.left == sweep
