"""Environment in which the wheel is installed, and its command line and service."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["Installed", "install_wheel", "read_until", "serving"]

PATIENCE = 90


@dataclass(frozen=True)
class Installed:
    """An environment in which the wheel is installed."""

    bin: Path
    site: Path

    def run(self, *command: str | Path, folder: Path, code: int = 0, **environment: str) -> str:
        """Return the output of a command of the environment; it must exit with *code*."""
        program, *arguments = map(str, command)
        ran = subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == code, ran.stderr
        return ran.stdout or ran.stderr


def install_wheel(wheel: Path, folder: Path) -> Installed:
    """Install a wheel into the environment at *folder*, which borrows this one's dependencies.

    An environment that is there keeps its other packages, and the wheel replaces an older one.
    """
    if not folder.exists():
        venv.create(folder, with_pip=False, symlinks=True)
    paths = sysconfig.get_paths("venv", {"base": str(folder), "platbase": str(folder)})
    site = Path(paths["purelib"])
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--offline"]
    subprocess.run([*uv, "--python", str(folder), str(wheel)], check=True, capture_output=True)
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return Installed(Path(paths["scripts"]), site)


@contextmanager
def serving(installed, folder: Path, *options: str, **environment: str) -> Iterator[IO[str]]:
    """Yield the output of `grader serve` while it runs; then stop it, which must end well."""
    process = subprocess.Popen(
        [str(installed.bin / "grader"), "serve", "--port", "0", *options],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process.stdout
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def read_until(output: IO[str], pattern: str) -> str:
    lines = []
    for line in output:
        lines.append(line)
        if found := re.search(pattern, line):
            return found[1]
    raise AssertionError(f"it ended before {pattern!r}: {''.join(lines)}")
