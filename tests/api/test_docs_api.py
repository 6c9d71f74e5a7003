"""Tests that run every line of `docs/api.md`, in order, against a service on a port.

Bash runs each ``sh`` block; the ``json`` or ``text`` block after it is the expected
output, where ``...`` means anything, more keys, more items or more lines. The ``sh
given`` block names the values provided to the reader of the page.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from serving import serve_app
from world import World

from api.core.clock import system_clock

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh given|sh|json|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(PAGE)
END = "=== end of block"
PATIENCE = 120
PROBLEMS = ("conv-output-shape", "max-pool-invariance")
SETTINGS = {"seeds": 3}


def commands() -> list[tuple[str, tuple[str, str]]]:
    """Return the text of each block to run, with the kind and text of the next block."""
    behind = [*BLOCKS[1:], ("", "")]
    return [
        (text, after) for (kind, text), after in zip(BLOCKS, behind, strict=True) if kind == "sh"
    ]


def matches(wanted: Any, shown: Any) -> bool:
    """Return whether *shown* matches *wanted*; ``...`` matches anything, or more."""
    if wanted == "...":
        return True
    if isinstance(wanted, dict) and isinstance(shown, dict):
        named = wanted.keys() - {"..."}
        whole = "..." in wanted or wanted.keys() == shown.keys()
        return (
            whole
            and named <= shown.keys()
            and all(matches(wanted[name], shown[name]) for name in named)
        )
    if isinstance(wanted, list) and isinstance(shown, list):
        first = wanted[:-1] if wanted[-1:] == ["..."] else wanted
        enough = len(first) <= len(shown) if first != wanted else len(first) == len(shown)
        return enough and all(map(matches, first, shown))
    return type(wanted) is type(shown) and bool(wanted == shown)


def fits(wanted: str, shown: str) -> bool:
    """Return whether the text *shown* matches *wanted*, in which ``...`` is any text."""
    pattern = ".*".join(re.escape(piece) for piece in wanted.strip().split("..."))
    return re.fullmatch(pattern, shown.strip().replace("\r", ""), re.DOTALL) is not None


def given(world: World, port: int) -> dict[str, str]:
    """Create a course with an assignment, and return the variables of ``sh given``."""
    course = world.course()
    world.assignment(course, *PROBLEMS)
    student, teacher = world.enrol(course), world.enrol(course, "Tea Cher", role="instructor")
    return {
        "BASE": f"http://127.0.0.1:{port}/api/v1",
        "STUDENT": f"Authorization: Bearer {student.token}",
        "TEACHER": f"Authorization: Bearer {teacher.token}",
    }


def run(folder: Path, variables: Mapping[str, str]) -> list[str]:
    """Return the output of each command, up to the first that fails."""
    script = "".join(f"{text}\necho '{END}'\n" for text, _ in commands())
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-c", f"set -euo pipefail\n{script}"],
        cwd=folder,
        env={**os.environ, **variables, "PATH": path, "no_proxy": "*"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return done.stdout.split(f"{END}\n")[:-1] if done.returncode == 0 else done.stdout.split(END)


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="there is no curl")
def test_every_command_of_the_api_guide_prints_the_documented_output(sqlite_template, tmp_path):
    shutil.copyfile(sqlite_template, tmp_path / "grader.db")
    shutil.copytree(ROOT / "docs" / "examples", tmp_path / "docs" / "examples")
    world = World(f"sqlite:///{tmp_path / 'grader.db'}", clock=system_clock, settings=SETTINGS)
    with serve_app(world.app, lifespan="on") as port:
        told = run(tmp_path, given(world, port))
    for shown, (command, (kind, wanted)) in zip(told, commands(), strict=False):
        right = {
            "json": lambda wanted=wanted, shown=shown: matches(json.loads(wanted), read(shown)),
            "text": lambda wanted=wanted, shown=shown: fits(wanted, shown),
        }.get(kind, lambda: True)
        assert right(), f"$ {command}\n{shown}"
    assert len(told) == len(commands()), f"$ {commands()[len(told) - 1][0]}\n{told[-1]}"


def read(shown: str) -> Any:
    try:
        return json.loads(shown)
    except ValueError:
        return shown


def test_api_guide_defines_the_variables_that_the_test_sets():
    [told] = [text for kind, text in BLOCKS if kind == "sh given"]
    assert re.findall(r"^(\w+)=", told, re.MULTILINE) == ["BASE", "STUDENT", "TEACHER"]


@pytest.mark.parametrize(
    ("wanted", "shown", "right"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "...": "..."}, {"a": 1, "b": 2}, True),
        ({"a": "..."}, {}, False),
        ([1, "..."], [1, 2, 3], True),
        ([1, "..."], [], False),
        ([], [1], False),
        (1, True, False),
        ("...", None, True),
    ],
)
def test_documented_json_is_compared_recursively_with_ellipses(wanted, shown, right):
    assert matches(wanted, shown) is right


def test_documented_lines_are_compared_with_ellipses_as_wildcards():
    assert fits("a ... d\ne", "a b\nc d\r\ne\n")
    assert not fits("a\n...", "b\nc")
