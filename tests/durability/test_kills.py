"""Tests of services killed with SIGKILL under load: no submission is lost or duplicated.

Every submission with a receipt must be stored exactly as its receipt states.
"""

import pytest

from api.durability_test.fault_injection import (
    KILL_MOMENTS,
    KILL_MOMENTS_OF_SEVERAL,
    kill_under_load,
)
from api.durability_test.load_generator import ALLOWED_STATUSES
from api.durability_test.service import launch_service
from durability.durability_run import IS_LONG_RUN, SEED, TEST_DURATION_SECONDS

TOPOLOGIES = {
    "one process": ([{}], KILL_MOMENTS),
    "two services": ([{}, {}], KILL_MOMENTS),
    "a service of two processes": ([{"processes": "2"}], KILL_MOMENTS_OF_SEVERAL),
}
"""Settings of each service on one database, and the moments at which it is killed.

The last topology is slow to start.
"""
STARTED_BY_COMMAND = ("a service of two processes",)
"""Topologies that a long run starts with ``python -m api``, without the fork server."""


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
@pytest.mark.parametrize("topology", TOPOLOGIES if IS_LONG_RUN else list(TOPOLOGIES)[:2])
def test_acknowledged_submissions_survive_every_kill_exactly_once(create_run, system, topology):
    run, (settings, moments) = create_run(system), TOPOLOGIES[topology]
    launcher = launch_service if IS_LONG_RUN and topology in STARTED_BY_COMMAND else None
    services = [run.create_service(launcher=launcher, **options) for options in settings]
    report = kill_under_load(
        run.db,
        run.course,
        services,
        seconds=TEST_DURATION_SECONDS,
        seed=SEED,
        rounds=1,
        moments=moments,
    )
    # The documentation quotes the figures.
    print(f"{system}, {topology}, seed {SEED}\n{report.to_text()}")  # noqa: T201
    assert report.has_no_findings, report.to_text()
    assert set(report.statuses) <= ALLOWED_STATUSES
    assert report.receipts > 0
    assert report.kills.keys() == set(moments)
