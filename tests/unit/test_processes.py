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
def test_freeze_gc_excludes_existing_objects_from_collection():
    held = [[] for _ in range(1_000)]
    freeze_gc()
    assert gc.get_freeze_count() > len(held)


def test_service_entry_points_raise_the_gc_thresholds():
    code = "import gc, api.server.supervisor; print(*gc.get_threshold())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert tuple(map(int, run.stdout.split())) == GC_THRESHOLDS > PYTHONS_OWN


@pytest.mark.usefixtures("as_before")
def test_reference_cycles_of_requests_are_still_collected(circle):
    freeze_gc()
    for _ in range(2 * gc.get_threshold()[0]):
        circle()
    assert circle.left > 0


@pytest.mark.usefixtures("as_before")
@pytest.mark.parametrize("sweep", [True, False])
def test_freeze_gc_collects_garbage_first_if_sweep_is_set(circle, sweep):
    gc.disable()
    try:
        circle()
        freeze_gc(sweep=sweep)
        gc.collect()
    finally:
        gc.enable()
    assert circle.left == sweep
