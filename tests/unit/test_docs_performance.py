"""Tests of the performance page: every table names a script that repeats it.

`make bench` runs every script that can run alone.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
TABLE = re.compile(r"(?:^ *\|.*\n)+", re.MULTILINE)
COMMAND = re.compile(r"benchmarks/(\w+)\.py|make load")
SCRIPTS = {one.stem: one.read_text(encoding="utf-8") for one in ROOT.glob("benchmarks/*.py")}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
LISTED = re.findall(r"^BENCHMARKS := (.*)$", MAKEFILE, re.MULTILINE)[0].split()
NOT_ALONE = {  # need arguments
    "batch_file",
    "compare_commands",
    "compare_intake",
    "compare_publication",
    "compare_regrading",
    "compare_requests",
    "first_answer",
    "intake_references",
}


@pytest.mark.parametrize("before", TABLE.split(PAGE)[:-1], ids=lambda text: text[-30:].strip())
def test_each_table_is_preceded_by_its_command(before):
    assert COMMAND.search(before)


def test_every_named_benchmark_script_exists():
    named = {one for one in COMMAND.findall(PAGE) if one}
    assert named
    assert named <= SCRIPTS.keys()


def test_make_bench_runs_every_standalone_script():
    runs = {name for name, text in SCRIPTS.items() if "__main__" in text} - NOT_ALONE
    assert set(LISTED) == runs


def test_every_benchmark_script_finds_its_imports():
    there = {**os.environ, "PYTHONPATH": "tests"}
    code = f"import sys; sys.path.insert(0, 'benchmarks'); import {', '.join(LISTED)}"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=there, check=True, timeout=120)


def test_first_answer_benchmark_reports_paths_above_its_limit():
    """Three steps lead to an answer by command, and four to one by the service."""
    code = (
        "import sys; sys.path.insert(0, 'benchmarks'); import first_answer as f; "
        "times = dict.fromkeys(f.STEPS, (10.0, 99.0)); "
        "print([len(f.find_slow(times, limit)) for limit in (29, 30, 40)])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "[2, 1, 0]", ran.stderr
