"""The process that serves: what the collections of garbage leave out."""

import gc
from collections.abc import Iterator

import pytest

from api.processes import collect_rarely

PYTHONS_OWN = (700, 10, 10)


@pytest.fixture
def as_before() -> Iterator[None]:
    """Let the collector be as Python starts it, and give it back as it was."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*PYTHONS_OWN)
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.fixture
def circle() -> type:
    """Return a class whose objects hold themselves, and which counts those that are gone."""

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
    collect_rarely()
    assert gc.get_freeze_count() > len(held)
    assert gc.get_threshold()[0] > PYTHONS_OWN[0]


@pytest.mark.usefixtures("as_before")
def test_circles_that_requests_leave_are_still_collected(circle):
    collect_rarely()
    for _ in range(2 * gc.get_threshold()[0]):
        circle()
    assert circle.left > 0


@pytest.mark.usefixtures("as_before")
@pytest.mark.parametrize("sweep", [True, False])
def test_garbage_goes_before_it_is_left_out_where_a_process_runs_for_long(circle, sweep):
    gc.disable()
    try:
        circle()
        collect_rarely(sweep=sweep)
        gc.collect()
    finally:
        gc.enable()
    assert circle.left == sweep
