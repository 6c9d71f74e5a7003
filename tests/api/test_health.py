"""Tests of the start page, the health endpoint, and the settings at startup."""

import gc
import os
import re
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.config.environment import read_settings
from api.config.settings import ServiceSettings
from api.config.sources import SettingsError
from problems.catalog import ProblemCatalog

PATIENCE = 50


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(ServiceSettings())) as client:
        yield client


def test_health_reports_the_version_and_problem_count(client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "version": "0.1.0",
        "problems": len(ProblemCatalog().ids),
    }


def test_root_page_redirects_browsers_to_login(client):
    answer = client.get("/", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F")


@pytest.mark.parametrize("path", ["/docs/oauth2-redirect", "/redoc", "/openapi.json", "/healthz/"])
def test_default_framework_paths_and_trailing_slashes_are_not_served(client, path):
    assert client.get(path, follow_redirects=False).status_code in {404, 307}


def test_problem_folder_replaces_the_bank(tmp_path):
    (tmp_path / "mine.yaml").write_text("id: mine\n")
    app = create_app(ServiceSettings(bank=tmp_path))
    with TestClient(app) as client:
        assert client.get("/healthz").json()["problems"] == 1


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ServiceSettings()),
        ({"GRADER_PORT": ""}, ServiceSettings()),
        ({"PORT": "9", "GRADER_COLOUR": "red"}, ServiceSettings()),
        (
            {"GRADER_HOST": "::1", "GRADER_PORT": "80"},
            ServiceSettings(host="::1", port=80, public_url="http://127.0.0.1:80"),
        ),
        (
            {"GRADER_PORT": "80", "GRADER_PUBLIC_URL": "https://grader.example.edu"},
            ServiceSettings(port=80, public_url="https://grader.example.edu"),
        ),
        ({"GRADER_BANK": "mine"}, ServiceSettings(bank=Path("mine"))),
    ],
)
def test_settings_are_read_from_environment_variables(environment, expected):
    assert read_settings(environment) == expected


@pytest.mark.parametrize("port", ["-1", "65536", "http", "1e3", "٨"])
def test_invalid_port_is_rejected(port):
    with pytest.raises(SettingsError, match="GRADER_PORT"):
        read_settings({"GRADER_PORT": port})


def test_closed_service_is_garbage_collected(tmp_path):
    app = create_app(ServiceSettings(database=f"sqlite:///{tmp_path / 'grader.db'}"))
    client = TestClient(app)
    assert client.get("/readyz").status_code == 503
    assert client.get("/api/v1/courses").status_code == 401
    service = app.state.service
    service.close()
    kept = [weakref.ref(service.db), weakref.ref(service.variants), weakref.ref(app)]
    del app, client, service
    for _ in range(PATIENCE):  # a thread that ends may hold the last request for a moment
        gc.collect()
        if not any(one() for one in kept):
            break
        time.sleep(0.1)
    assert [one() for one in kept] == [None] * 3


def test_invalid_setting_is_named_by_its_variable_and_stops_the_start():
    done = serve({"GRADER_PORT": "http"})
    output, _ = done.communicate(timeout=60)
    assert done.returncode == 2
    assert output.startswith("GRADER_PORT='http': Input should be a valid integer")
    assert "Traceback" not in output


def test_server_process_responds_and_stops_on_sigterm(tmp_path):
    process = serve({"GRADER_PORT": "0", "GRADER_DATABASE": f"sqlite:///{tmp_path / 'grader.db'}"})
    try:
        address = wait_for_address(process)
        assert httpx2.get(f"{address}/healthz", trust_env=False).json()["status"] == "ok"
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode in {0, -15}


def serve(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "api"],
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
