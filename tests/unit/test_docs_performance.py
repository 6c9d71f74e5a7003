"""Each table of the page on performance can be repeated, and `make bench` runs what measures."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
TABLE = re.compile(r"(?:^ *\|.*\n)+", re.MULTILINE)
COMMAND = re.compile(r"benchmarks/(\w+)\.py|make load")
SCRIPTS = {one.stem: one.read_text(encoding="utf-8") for one in ROOT.glob("benchmarks/*.py")}
NOT_ALONE = {"batch_file", "intake_references"}  # are told a file, or an address


@pytest.mark.parametrize("before", TABLE.split(PAGE)[:-1], ids=lambda text: text[-30:].strip())
def test_above_each_table_stands_how_to_repeat_it(before):
    assert COMMAND.search(before)


def test_every_script_that_is_named_is_there():
    named = {one for one in COMMAND.findall(PAGE) if one}
    assert named
    assert named <= SCRIPTS.keys()


def test_make_bench_runs_every_script_that_can_run_alone():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    listed = re.search(r"^BENCHMARKS := (.*)$", makefile, re.MULTILINE)
    runs = {name for name, text in SCRIPTS.items() if "__main__" in text} - NOT_ALONE
    assert listed
    assert set(listed[1].split()) == runs
