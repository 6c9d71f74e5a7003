"""Tests of the tutorial for administrators: a shell runs its commands against a real service."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tutorials import TUTORIALS

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash") or "bash"
BANK = Path(__file__).parent / "bank"
PAGE = (TUTORIALS / "install-for-a-department.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```sh\n(.*?)^```$(.*?)(?=^##+ |^```)", re.MULTILINE | re.DOTALL)
PRINTED = re.compile(r"prints [^`]*`([^`]+)`")
MARK = "--- next block ---"


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """Return a folder with the command `grader` of this checkout."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "grader"
    start = "from dlgrader.command import main; main()"
    command.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{start}' \"$@\"\n")
    command.chmod(0o755)
    return folder


def test_administrator_commands_print_documented_output(tmp_path, commands):
    if shutil.which("curl") is None or shutil.which("bash") is None:
        absent = pytest.fail if os.environ.get("GRADER_TEST_ALL") else pytest.skip
        absent("there is no curl or no bash on this machine")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    blocks = [(block[1], PRINTED.findall(block[2])) for block in BLOCK.finditer(PAGE)]
    assert len(blocks) == PAGE.count("```sh")
    script = f"\necho '{MARK}'\n".join(commands for commands, _ in blocks)
    environment = {
        "PATH": f"{commands}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GRADER_PORT": port,
        "GRADER_BANK": str(BANK),
        "GRADER_SEEDS": "2",
    }
    done = subprocess.run(
        [BASH, "-em", "-c", script.replace("127.0.0.1:8000", f"127.0.0.1:{port}")],
        cwd=tmp_path,
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed = done.stdout.split(MARK)
    expected = [texts for _, texts in blocks]
    assert sum(map(len, expected)) == 5
    for output, texts in zip(printed, expected, strict=True):
        for text in texts:
            assert text.replace("127.0.0.1:8000", f"127.0.0.1:{port}") in output
