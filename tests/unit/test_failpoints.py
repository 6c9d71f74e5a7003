"""Tests of failpoints: a process dies only where configured, and exactly there."""

import subprocess
import sys

import pytest

from api.config.environment import read_settings
from api.config.settings import ServiceSettings
from api.config.sources import SettingsError
from api.core.failpoints import FAILPOINTS, KILLED_EXIT_CODE

REACHED = """\
import sys
from api.core import failpoints
failpoints.arm_failpoint(sys.argv[1] or None)
for turn in (1, 2, 3):
    for name in failpoints.FAILPOINTS:
        print(turn, name, flush=True)
        failpoints.reach_failpoint(name)
"""


def reached(armed: str) -> tuple[int, list[str]]:
    """Return the exit code of a process with a failpoint, and its last turn and point.

    The process reaches all failpoints three times.
    """
    done = subprocess.run(
        [sys.executable, "-c", REACHED, armed], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.split()[-2:]


@pytest.mark.parametrize(
    ("armed", "end"),
    [
        ("", (0, ["3", "after_commit"])),
        ("after_judging", (KILLED_EXIT_CODE, ["1", "after_judging"])),
        ("before_commit:2", (KILLED_EXIT_CODE, ["2", "before_commit"])),
        ("after_commit:3", (KILLED_EXIT_CODE, ["3", "after_commit"])),
        ("after_commit:4", (0, ["3", "after_commit"])),
    ],
)
def test_process_dies_at_configured_failpoint_and_count(armed, end):
    assert reached(armed) == end


@pytest.mark.parametrize("name", ["after_lunch", "before_commit:0", "before_commit:", ":1", "1"])
def test_unknown_failpoint_is_rejected_at_startup(name):
    with pytest.raises(SettingsError, match="GRADER_FAILPOINT"):
        read_settings({"GRADER_FAILPOINT": name})


@pytest.mark.parametrize("name", FAILPOINTS)
def test_every_failpoint_can_be_set(name):
    assert read_settings({"GRADER_FAILPOINT": f"{name}:12"}).failpoint == f"{name}:12"


def test_no_failpoint_is_set_by_default():
    assert ServiceSettings().failpoint is None
