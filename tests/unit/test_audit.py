"""Tests of `make audit`: it names vulnerable packages and says when it cannot ask."""

import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AUDIT = ROOT / ".ci" / "audit"
FAULTY = "starlette"
FOUND = {"id": "PYSEC-0000-1", "modified": "2026-01-01T00:00:00Z"}


class Advisories(BaseHTTPRequestHandler):
    """Handler of a fake advisory service, which has one advisory for each of ``known``."""

    known = ()
    asked = ()

    def do_POST(self):
        """Return the advisories of each package in the query."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        names = [one["package"]["name"] for one in body["queries"]]
        type(self).asked += tuple(names)
        self.tell({"results": [{"vulns": [FOUND]} if one in self.known else {} for one in names]})

    def do_GET(self):
        """Return the details of the advisory."""
        self.tell(FOUND | {"summary": "Planted.", "affected": []})

    def tell(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def advisories():
    """Yield the URL of a fake advisory service and its handler class."""

    class Known(Advisories):
        """Handler whose class attributes belong to one test."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Known)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", Known
    server.shutdown()
    thread.join()
    server.server_close()


def audit(url):
    asking = os.environ | {"GRADER_ADVISORIES": url, "UV_HTTP_RETRIES": "0"}
    command = [AUDIT]
    return subprocess.run(command, env=asking, capture_output=True, text=True, check=False)


def test_every_locked_package_is_checked_and_none_is_vulnerable(advisories):
    url, known = advisories
    told = audit(url)
    assert told.returncode == 0, told.stdout
    assert {"fastapi", "sqlalchemy", "uvicorn", FAULTY} <= {*known.asked}


def test_vulnerable_package_is_named(advisories):
    url, known = advisories
    known.known = (FAULTY,)
    told = audit(url)
    assert told.returncode == 1
    assert FAULTY in told.stdout
    assert FOUND["id"] in told.stdout


def test_unreachable_advisory_server_is_reported_without_failing():
    told = audit("http://127.0.0.1:9/")
    assert told.returncode == 0
    assert told.stdout.startswith("audit: skipped, the advisories cannot be reached: ")
