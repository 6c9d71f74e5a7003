"""The page and the endpoint that say the service is up, and the settings it starts with."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from api.app import create_app
from api.settings import Settings
from problems.catalogue import Catalogue


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings())) as client:
        yield client


def test_health_names_the_version_and_counts_the_bank(client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "version": "0.1.0",
        "problems": len(Catalogue().ids),
    }


def test_the_page_says_what_runs_and_where_to_go_on(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Version 0.1.0" in answer.text
    assert f"{len(Catalogue().ids)} problems" in answer.text
    assert "grader batch" in answer.text
    assert "$" not in answer.text


def test_the_page_needs_nothing_but_its_own_style_sheet(client):
    answer = client.get("/")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src")
    assert re.findall(r'(?:href|src)="([^"]*)"', answer.text) == ["style.css", "healthz"]
    assert client.get("/style.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/healthz/"])
def test_nothing_else_is_served(client, path):
    assert client.get(path, follow_redirects=False).status_code in {404, 307}


def test_a_folder_of_problems_takes_the_place_of_the_bank(tmp_path):
    (tmp_path / "mine.yaml").write_text("id: mine\n")
    app = create_app(Settings(bank=tmp_path))
    with TestClient(app) as client:
        assert client.get("/healthz").json()["problems"] == 1


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Settings()),
        ({"GRADER_PORT": ""}, Settings()),
        ({"PORT": "9", "GRADER_COLOUR": "red"}, Settings()),
        ({"GRADER_HOST": "::1", "GRADER_PORT": "80"}, Settings(host="::1", port=80)),
        ({"GRADER_BANK": "mine"}, Settings(bank=Path("mine"))),
    ],
)
def test_settings_come_from_their_variables(environment, expected):
    assert Settings.from_environment(environment) == expected


@pytest.mark.parametrize("port", ["-1", "65536", "http", "1e3", "٨"])
def test_a_port_that_cannot_be_is_refused(port):
    with pytest.raises(ValidationError, match="port"):
        Settings.from_environment({"GRADER_PORT": port})


def test_a_wrong_setting_is_named_by_its_variable_and_nothing_starts():
    done = serve({"GRADER_PORT": "http"})
    output, _ = done.communicate(timeout=60)
    assert done.returncode == 2
    assert output.startswith("GRADER_PORT='http': Input should be a valid integer")
    assert "Traceback" not in output


def test_the_server_process_answers_and_stops_when_told():
    process = serve({"GRADER_PORT": "0"})
    try:
        address = wait_for_address(process)
        assert httpx2.get(f"{address}/healthz", trust_env=False).json()["status"] == "ok"
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode in {0, -15}


def serve(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "api.serve"],
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_address(process: subprocess.Popen[str]) -> str:
    for line in process.stdout:
        if found := re.search(r"running on (http://\S+)", line):
            return found[1]
    raise AssertionError("the server stopped before it listened")
