"""Tests that the wheel, installed elsewhere, serves all of its pages and static files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.markup.docs_files import list_pages
from api.services.files.client_wheel import load_client_wheel

STATIC = Path(__file__).parents[2] / "api" / "web" / "static"
ASK = """
import json, sys
import dlgrader, api
from fastapi.testclient import TestClient
from api.app import create_app
from api.markup.docs_files import list_pages, page_address
from api.pages.layout.templating import static_url
from api.config.settings import ServiceSettings
from api.services.files.client_wheel import load_client_wheel

browser = TestClient(create_app(ServiceSettings()))
client = f"/client/{load_client_wheel().name}"
docs = [page_address(name) for name in list_pages()]
pictures = ["/docs/pictures/problem.png", "/docs/search?q=padding"]
asked = ["/login", "/welcome", "/client", client, *docs, *pictures, *map(static_url, sys.argv[1:])]
told = {path: browser.get(path).status_code for path in asked}
print(json.dumps({"from": api.__file__, "login": browser.get("/login").text, "told": told,
    "client": client}))
"""


@pytest.fixture(scope="module")
def installed(wheel_file, tmp_path_factory) -> Path:
    """Return a folder into which the wheel is installed without its dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    quiet = ["--quiet", "--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *quiet, "--target", str(folder)]
    subprocess.run([*command, str(wheel_file)], check=True, capture_output=True)
    return folder


def test_installed_wheel_serves_login_documentation_and_static_files(installed, tmp_path):
    files = sorted(one.name for one in STATIC.iterdir())
    database = {"GRADER_DATABASE": f"sqlite:///{tmp_path / 'grader.db'}"}
    done = subprocess.run(
        [sys.executable, "-c", ASK, *files],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)} | database,
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)
    assert Path(found["from"]).is_relative_to(installed)
    assert len(found["told"]) == len(files) + len(list_pages()) + 6
    assert set(found["told"].values()) == {200}
    assert "<h1>Log in</h1>" in found["login"]
    assert found["client"] == f"/client/{load_client_wheel().name}"
