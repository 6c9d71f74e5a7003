"""Processes for the tests of `clients/python`: a server, and the environment of a client."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

ROOT = Path(__file__).parents[1]
CLIENT = ROOT / "clients" / "python"
PATIENCE = 240


def find_python(version: str) -> str:
    """Return a Python of *version* that runs, or ""; pyenv hides some behind shims that fail."""
    folders = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin"))
    candidates = [sys.executable] if sys.version.startswith(f"{version}.") else []
    candidates += [str(folder / "python") for folder in folders]
    candidates += [shutil.which(f"python{version}") or ""]
    for candidate in filter(None, candidates):
        probe = subprocess.run([candidate, "-c", "import ssl"], capture_output=True, check=False)
        if probe.returncode == 0:
            return candidate
    return ""


def client_environment(home: Path) -> dict[str, str]:
    kept = {name: one for name, one in os.environ.items() if not name.startswith("DLGRADER_")}
    return kept | {
        "PYTHONPATH": str(CLIENT / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "DLGRADER_HOME": str(home),
    }


def confirm_code(address: str, login: tuple[str, str], code: str) -> None:
    """Confirm the code of a client in a browser; *login* is an e-mail address and a password."""
    email, password = login
    ours = {"Sec-Fetch-Site": "same-origin"}
    with httpx2.Client(base_url=address, headers=ours, trust_env=False) as browser:
        form = {"email": email, "password": password, "next": f"/device?code={code}"}
        page = browser.post("/login", data=form, follow_redirects=True)
        assert code in page.text
        done = browser.post("/device", data={"code": code, "decision": "allow"})
        assert "logged in" in done.text


def find_free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def serving(folder: Path, url: str, port: int = 0) -> Iterator[str]:
    """Yield the address of a server process, at a free port unless *port* names one."""
    port = port or find_free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=folder,
        env={name: one for name, one in os.environ.items() if not name.startswith("GRADER_")}
        | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "GRADER_PORT": str(port)}
        | {"GRADER_DATABASE": url, "GRADER_BANK": str(make_empty_bank(folder))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert any("running on http" in line for line in process.stdout), "it did not start"
            drain = threading.Thread(target=process.stdout.read)
            drain.start()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)
        drain.join()


def make_empty_bank(folder: Path) -> Path:
    """Return a folder without problems."""
    made = folder / "bank"
    made.mkdir(exist_ok=True)
    return made
