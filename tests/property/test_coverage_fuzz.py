"""Tests of coverage-guided fuzzing: every text gives a value or a refusal.

The test runs for part of `GRADER_FUZZ_SECONDS`; `make fuzz` runs longer. A failure
shows the text.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TARGETS = Path(__file__).parents[1] / "fuzz_targets.py"
SECONDS = max(float(os.environ.get("GRADER_FUZZ_SECONDS", "2")) / 5, 2)
FUZZED = ("readers", "kinds", "expressions", "documents", "texts")


@pytest.fixture
def fuzzed(tmp_path):
    """Return a function that fuzzes targets for a few seconds."""
    pytest.importorskip("atheris", reason="Atheris has wheels for Linux on x86-64 alone")

    def run(*targets: str, seconds: float) -> subprocess.CompletedProcess[str]:
        options = ("--seconds", str(int(seconds)), "--seed", "1")
        command = (sys.executable, str(TARGETS), *targets, *options, "--found", str(tmp_path))
        paths = [str(TARGETS.parent), *sys.path]
        inside = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
        return subprocess.run(command, env=inside, capture_output=True, text=True, check=False)

    return run


def test_no_fuzzed_text_crashes_any_parser_or_page(fuzzed):
    done = fuzzed(*FUZZED, seconds=SECONDS)
    tried = re.search(r"^Done (\d+) runs", done.stderr, re.MULTILINE)
    assert done.returncode == 0, done.stderr[-4_000:]
    assert tried is not None
    assert int(tried[1]) > 100


def test_crashing_text_is_found_and_reported(fuzzed):
    done = fuzzed("planted", seconds=20)
    assert done.returncode != 0
    assert re.search(r"planted fails for .*b", done.stderr)
