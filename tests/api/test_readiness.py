"""Tests of `/readyz`: any single check fails it, and it leaks no database details."""

import os
import resource
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import text

from api.routes import health
from api.server.healthcheck import is_healthy

ROOT = Path(__file__).parents[2]


def ask(world):
    answer = world.client.get("/readyz")
    return answer.status_code, answer.json()


def test_ready_service_lists_its_checks(world):
    status, told = ask(world)
    assert (status, told["status"]) == (200, "ready")
    wanted = ["schema", "database", "space"] if world.db.is_sqlite else ["schema", "database"]
    assert told["checks"] == wanted


@pytest.mark.parametrize("revision", ["0000", "9999"])
def test_wrong_schema_version_is_not_ready(world, revision):
    change = text("UPDATE alembic_version SET version_num = :revision")
    with world.session() as session:
        before = session.scalar(text("SELECT version_num FROM alembic_version"))
        session.execute(change, {"revision": revision})
    try:
        status, told = ask(world)
    finally:
        with world.session() as session:
            session.execute(change, {"revision": before})
    assert (status, told["detail"]) == (503, "Not ready: schema.")
    assert ask(world)[0] == 200


def test_readiness_check_writes_at_most_once_per_second(world, monkeypatch):
    writes = []
    own = type(world.db).check_writable
    monkeypatch.setattr(type(world.db), "check_writable", lambda db: writes.append(own(db)))
    now = [1_000.0]
    monkeypatch.setattr(health, "monotonic", lambda: now[0])
    assert [ask(world)[0] for _ in range(20)] == [200] * 20
    assert len(writes) == 1
    now[0] += health.READY_SECONDS
    assert ask(world)[0] == 200
    assert len(writes) == 2


def test_full_disk_is_not_ready(world, monkeypatch):
    """SQLite never writes a rolled-back change to disk, so only a commit hits the quota."""
    if not world.db.is_sqlite:
        return  # there the server writes
    monkeypatch.setattr(health, "READY_SECONDS", 0)
    assert ask(world)[0] == 200
    longest = Path(f"{world.db.engine.url.database}-wal").stat().st_size
    before, kept = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (longest, before[1]))
    try:
        status, told = ask(world)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, kept)
    assert (status, told["detail"]) == (503, "Not ready: database.")
    assert ask(world)[0] == 200


def test_write_check_changes_no_data(world):
    with world.db.reading() as session:
        before = session.execute(text("SELECT * FROM alembic_version")).all()
    world.db.check_writable()
    with world.db.reading() as session:
        assert session.execute(text("SELECT * FROM alembic_version")).all() == before


def test_closed_port_is_unhealthy():
    assert not is_healthy({"GRADER_PORT": "1"})


class Ready(BaseHTTPRequestHandler):
    """HTTP handler that is ready, and answers only to the host `localhost`."""

    def do_GET(self):
        self.send_response(200 if self.headers["Host"] == "localhost" else 421)
        self.end_headers()

    def log_message(self, *_):
        """Log nothing."""


@pytest.mark.parametrize(
    ("listens", "told"),
    [
        ("127.0.0.1", ""),
        ("127.0.0.1", 'host = "0.0.0.0"'),
        ("127.0.0.7", 'host = "127.0.0.7"'),
    ],
)
def test_healthcheck_uses_port_from_settings_file(tmp_path, listens, told):
    file = tmp_path / "settings.toml"
    environment = {"GRADER_SETTINGS": str(file)}
    with ThreadingHTTPServer((listens, 0), Ready) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        file.write_text(f"port = {server.server_port}\n{told}\n")
        assert is_healthy(environment)
        assert not is_healthy(environment | {"GRADER_PORT": "1"})
        server.shutdown()
    assert not is_healthy(environment)


@pytest.mark.parametrize("place", ["file", "variable"])
def test_worker_is_healthy_while_heartbeat_is_fresh(tmp_path, place):
    file, beat = tmp_path / "settings.toml", tmp_path / "heartbeat"
    file.write_text(f'heartbeat = "{beat}"\n')
    places = {"file": {"GRADER_SETTINGS": str(file)}, "variable": {"GRADER_HEARTBEAT": str(beat)}}
    environment = places[place]
    assert not is_healthy(environment)
    beat.touch()
    assert is_healthy(environment)
    os.utime(beat, (0, 0))
    assert not is_healthy(environment)


def test_unreadable_settings_file_is_unhealthy_and_reported(tmp_path, capsys):
    assert not is_healthy({"GRADER_SETTINGS": str(tmp_path / "none.toml")})
    assert "none.toml: the file cannot be read" in capsys.readouterr().err


def test_healthcheck_imports_only_standard_library():
    run = "import sys, api.server.healthcheck;"
    run += " print([n for n in sys.modules if n.split('.')[0] not in"
    run += " sys.stdlib_module_names and n.split('.')[0] != 'api'])"
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {run}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    outside = [name for name in eval(done.stdout) if not name.startswith(("__", "_"))]  # noqa: S307
    assert outside == []
