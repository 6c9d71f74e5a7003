"""Tests of services killed with SIGKILL under load: receipts survive exactly once.

A submission that has a receipt must be stored as the receipt says.
"""

import pytest

from api.durability_test.fault_injection import (
    KILL_MOMENTS,
    KILL_MOMENTS_OF_SEVERAL,
    kill_under_load,
)
from api.durability_test.load_generator import ALLOWED_STATUSES
from api.durability_test.service import launch_service
from durability.trying import IS_LONG, SECONDS, SEED

SHAPES = {
    "one process": ([{}], KILL_MOMENTS),
    "two services": ([{}, {}], KILL_MOMENTS),
    "a service of two processes": ([{"processes": "2"}], KILL_MOMENTS_OF_SEVERAL),
}
"""Settings of each service on one database, and the moments at which it is killed.

The last shape takes long to start.
"""
REAL = ("a service of two processes",)
"""Shapes that a long run starts with ``python -m api``; the nursery starts all others."""


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
@pytest.mark.parametrize("shape", SHAPES if IS_LONG else list(SHAPES)[:2])
def test_what_has_a_receipt_survives_every_kill_exactly_once(tried, system, shape):
    world, (settings, moments) = tried(system), SHAPES[shape]
    launched = launch_service if IS_LONG and shape in REAL else None
    services = [world.service(launched=launched, **one) for one in settings]
    told = kill_under_load(
        world.db,
        world.scene,
        services,
        seconds=SECONDS,
        seed=SEED,
        rounds=1,
        moments=moments,
    )
    print(f"{system}, {shape}, seed {SEED}\n{told.to_text()}")  # noqa: T201  # figures for the docs
    assert told.is_clean, told.to_text()
    assert set(told.statuses) <= ALLOWED_STATUSES
    assert told.receipts > 0
    assert told.kills.keys() == set(moments)
