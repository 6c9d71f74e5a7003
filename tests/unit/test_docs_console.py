"""Tests of the commands on the pages: they print what the pages show.

Every ``console`` block runs in an empty folder with a copy of ``docs/examples``. The
text after ``$ command`` is its output; a line ``...`` matches any lines, and a line
that begins with ``> `` continues the command. A block ``yaml NAME.yaml`` or ``json
NAME.jsonl`` is the file that the commands below it use.
"""

import io
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from api.cli.grading import main
from api.cli.output import console

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
BLOCK = re.compile(
    r"^```(?:(console)|(?:yaml|json) (\S+\.(?:yaml|jsonl)))\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
WIDTH = 100


def session(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a ``console`` block with its output."""
    for piece in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = piece.splitlines()
        more = next((at for at, line in enumerate(lines[1:], 1) if line[:2] != "> "), len(lines))
        yield "\n".join((lines[0], *(line[2:] for line in lines[1:more]))), "\n".join(lines[more:])


def fits(expected: str, shown: str) -> bool:
    """Return whether *shown* matches *expected*; a line of three dots matches any lines."""
    lines = "\n".join(line.rstrip() for line in shown.strip().splitlines())
    wanted = (line.rstrip() for line in expected.strip().splitlines())
    pattern = "\n".join(".*" if line == "..." else re.escape(line) for line in wanted)
    return re.fullmatch(pattern, lines, re.DOTALL) is not None


class Terminal:
    """Runs commands in this process like a shell and keeps the last exit code."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.code = 0
        self.monkeypatch = monkeypatch
        for stream in (console.OUT, console.ERR):
            monkeypatch.setattr(stream, "width", WIDTH)

    def run(self, command: str) -> str:
        """Return the output of *command*, with both streams interleaved."""
        if command == "echo $?":
            return str(self.code)
        assert "$" not in re.sub(r"'[^']*'", "", command), "a shell would fill this in; quote it"
        program, *arguments = shlex.split(command)
        if program == "cat":
            return Path(*arguments).read_text(encoding="utf-8")
        assert program == "grader"
        self.monkeypatch.setattr(sys, "argv", [program, *arguments])
        shown = io.StringIO()
        with redirect_stdout(shown), redirect_stderr(shown):
            self.code = self._ended()
        return shown.getvalue()

    def _ended(self) -> int:
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if "```console" in page])
def test_every_documented_command_prints_its_shown_output(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "docs" / "examples", tmp_path / "docs" / "examples")
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(monkeypatch)
    for block in BLOCK.finditer(PAGES[name]):
        if block[2]:
            Path(block[2]).write_text(block[3], encoding="utf-8")
        for command, expected in session(block[3]) if block[1] else ():
            shown = terminal.run(command)
            assert fits(expected, shown), f"$ {command}\n{shown}"


@pytest.mark.parametrize(
    ("expected", "shown", "right"),
    [
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...", "a\nb", True),
        ("a", "a\nb", False),
        ("a\n...\nd", "a\nb\nc", False),
        ("1.5", "1x5", False),
    ],
)
def test_console_output_is_compared_line_by_line(expected, shown, right):
    assert fits(expected, shown) is right
