"""Tests of the page of the Python client and of its wheel: pip installs it from the service."""

import subprocess
import sys
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from client_process import CLIENT, PATIENCE, client_environment, find_python, serving
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


def read_entries(wheel: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(wheel)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_the_page_has_the_command_and_the_wheel_with_its_digest(world):
    client, wheel = world.client, load_client_wheel()
    page = client.get("/client")
    address = f"http://127.0.0.1:8000/client/{wheel.name}"
    assert f"%pip install {address}" in page.text
    link = f"/client/{wheel.name}#sha256={wheel.digest}"
    assert link in Links(page.text).addresses
    assert client.get(link).content == wheel.content


@pytest.mark.parametrize(
    "name", ["dlgrader_client-9.9.9-py3-none-any.whl", "dlgrader_client.whl", "..%2Fapp.py"]
)
def test_another_file_is_not_there(world, name):
    assert world.client.get(f"/client/{name}").status_code == 404


def test_it_has_the_modules_and_metadata_of_the_wheel_that_hatchling_builds(tmp_path):
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


@pytest.mark.parametrize("way", ["address", "find-links"])
def test_pip_installs_it_from_a_running_service(tmp_path, way):
    python = find_python("3.9") or sys.executable
    target, wheel = tmp_path / "site", load_client_wheel()
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--quiet", "--no-index"]
    pip += ["--disable-pip-version-check", "--no-cache-dir", "--target", str(target)]
    with serving(tmp_path, f"sqlite:///{tmp_path / 'grader.db'}") as address:
        arguments = {
            "address": [f"{address}/client/{wheel.name}"],
            "find-links": [f"--find-links={address}/client", "dlgrader-client"],
        }[way]
        ran = subprocess.run(
            [*pip, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert ran.returncode == 0, ran.stderr
    environment = client_environment(tmp_path) | {"PYTHONPATH": str(target)}
    script = "import dlgrader_client as g; print(g.__version__, g.__file__)"
    printed = subprocess.run(
        [python, "-S", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    version, file = printed.stdout.split()
    assert version == wheel.version
    assert Path(file).is_relative_to(target)
