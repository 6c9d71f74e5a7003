"""Tests of the page of the Python client and of its wheel: pip installs it from the service."""

import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx2
import pytest
from client_process import CLIENT, PATIENCE, ROOT, client_environment, find_python, serving
from hatchling.builders.wheel import WheelBuilder
from packaging.metadata import Metadata

from api.services.files.client_wheel import load_client_wheel


class Links(HTMLParser):
    """Addresses of the links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.addresses.append(dict(attrs)["href"])


def command_for(address: str) -> str:
    return f"%pip install --no-index --upgrade --find-links {address}/client dlgrader-client"


def printed_command(text: str) -> str:
    """Return the one command on a page or in a document that installs the client."""
    [command] = re.findall(r"%pip install .*dlgrader-client", text)
    return command


@pytest.mark.parametrize("path", ["docs/notebooks.md", "clients/python/README.md"])
def test_documentation_shows_only_the_install_command_of_the_page(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    assert printed_command(text) == command_for("https://grader.example.edu")
    assert text.count("pip install") == 1


def read_entries(wheel: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(wheel)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_client_page_has_the_install_command_and_wheel_digest(world):
    client, wheel = world.client, load_client_wheel()
    page = client.get("/client")
    assert printed_command(page.text) == command_for("http://127.0.0.1:8000")
    link = f"/client/{wheel.name}#sha256={wheel.digest}"
    assert link in Links(page.text).addresses
    assert client.get(link).content == wheel.content


@pytest.mark.parametrize(
    "name", ["dlgrader_client-9.9.9-py3-none-any.whl", "dlgrader_client.whl", "..%2Fapp.py"]
)
def test_unknown_client_file_returns_404(world, name):
    assert world.client.get(f"/client/{name}").status_code == 404


def test_served_wheel_matches_the_one_hatchling_builds(tmp_path):
    [built] = WheelBuilder(str(CLIENT)).build(directory=str(tmp_path), versions=["standard"])
    wheel = load_client_wheel()
    assert Path(built).name == wheel.name
    ours, theirs = read_entries(wheel.content), read_entries(Path(built).read_bytes())
    assert set(ours) == set(theirs)
    info = wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"
    for name in set(ours) - {f"{info}/{file}" for file in ("METADATA", "WHEEL", "RECORD")}:
        assert ours[name] == theirs[name]
    metadata, other = (
        Metadata.from_email(entries[f"{info}/METADATA"]) for entries in (ours, theirs)
    )
    for field in ("name", "version", "summary", "requires_python", "requires_dist", "description"):
        assert getattr(metadata, field) == getattr(other, field), field
    assert sorted(metadata.classifiers) == sorted(other.classifiers)
    assert metadata.description_content_type == other.description_content_type


def test_pip_installs_the_client_with_the_command_of_a_running_service(tmp_path):
    """An installed version of the same name is upgraded; `--target` keeps it out of this one."""
    python = find_python("3.9") or sys.executable
    target, wheel = tmp_path / "site", load_client_wheel()
    with serving(tmp_path, f"sqlite:///{tmp_path / 'grader.db'}") as address:
        page = httpx2.get(f"{address}/client", trust_env=False).text
        program, *arguments = shlex.split(printed_command(page))
        assert program == "%pip"
        assert arguments[arguments.index("--find-links") + 1] == f"{address}/client"
        pip = [sys.executable, "-m", "pip", "--isolated", *arguments, "--quiet"]
        pip += ["--disable-pip-version-check", "--no-cache-dir", "--target", str(target)]
        ran = subprocess.run(pip, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 0, ran.stderr
    environment = client_environment(tmp_path) | {"PYTHONPATH": str(target)}
    script = "import dlgrader_client as g; print(g.__version__, g.__file__)"
    printed = subprocess.run(
        [python, "-S", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    version, file = printed.stdout.split()
    assert version == wheel.version
    assert Path(file).is_relative_to(target)
