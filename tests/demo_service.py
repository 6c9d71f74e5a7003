"""The service that `make run` starts, as a process of its own with its own demo course."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Demo", "running_demo"]

ROOT = Path(__file__).parents[1]
START_SECONDS = 300
LOGIN = re.compile(r"^ +(student|TA|instructor) +(\S+@\S+) +(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Demo:
    """A running demo service: its address, and the text that it printed."""

    address: str
    welcome: str

    def logins(self) -> Mapping[str, tuple[str, str]]:
        """Return e-mail and password of each role."""
        return {role: (email, word) for role, email, word in LOGIN.findall(self.welcome)}

    def example_answers(self) -> Mapping[str, str]:
        """Return the answers in the lines that the service prints, by their titles."""
        lines = self.welcome.splitlines()
        found = {}
        for title in ("a correct answer", "an incorrect answer"):
            words = shlex.split(lines[lines.index(f"# {title}") + 1])
            [answer] = json.loads(words[words.index("-d") + 1])["answers"].values()
            found[title.partition(" ")[2]] = answer
        return found


@contextmanager
def running_demo(folder: Path, **settings: str) -> Iterator[Demo]:
    """Yield a demo that runs in the empty *folder*, on a free port, with *settings* of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "GRADER_DEMO": "1",
        "GRADER_SEEDS": "20",
        "GRADER_PORT": str(port),
        "GRADER_DATABASE": f"sqlite:///{folder / 'grader.db'}",
        **settings,
    }
    output = folder / "output.txt"
    with output.open("wb") as file:
        service = subprocess.Popen(
            [sys.executable, "-m", "api"],
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + START_SECONDS
    try:
        while "what the class got wrong" not in output.read_text(encoding="utf-8"):
            assert service.poll() is None, output.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "the service does not start"
            time.sleep(0.1)
        yield Demo(f"http://127.0.0.1:{port}", output.read_text(encoding="utf-8"))
    finally:
        service.terminate()
        service.wait(60)
