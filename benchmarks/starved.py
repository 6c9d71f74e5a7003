"""Measure health checks, logins and memory under floods that starved an earlier version.

``python benchmarks/starved.py [CHECKOUT ...]``: starts a new demo over a SQLite file for each
checkout (by default this one), with the Python of its ``.venv`` if it has one. Prints a column for
each checkout with the median and 99th percentile of ``/healthz`` and of a login, at rest and in
three floods: 758 refused submissions of a vector of 390 roots, 100 connections that withhold the
last byte of a score sheet, and 45 checks of a key of six matrix products, as many as the rate limit
permits and the rest a minute later. A request without a response within 10 s counts as 10 s. A
checkout takes four minutes; everything stays on 127.0.0.1.
"""

import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from connections import MEBIBYTE, find_free_port, observe

CHECKOUT: Final = Path(__file__).parents[1]
START_SECONDS: Final = 300
ANSWER_SECONDS: Final = 600
REQUEST_TIMEOUT_SECONDS: Final = 10.0
HEALTH_INTERVAL_SECONDS: Final = 0.02
LOGIN_INTERVAL_SECONDS: Final = 0.5
REST_SECONDS: Final = 10
CHECK_SECONDS: Final = 30
MINUTE_SECONDS: Final = 62
CHECK_COUNT: Final = 45
CHECKS_PER_MINUTE: Final = 30
REFUSED_COUNT: Final = 758
CLIENTS: Final = 8
CELLS: Final = 390
SUBMISSIONS_PER_MINUTE: Final = 30
CONNECTIONS: Final = 100
VECTOR_PART: Final = ("iou-two-boxes", "areas")
"""Problem of the open assignment of the demo, and its vector part."""
KEY: Final = "sum(" + "matmul(" * 6 + "A" + ", A)" * 6 + ")"
PROBLEM: Final = f"""\
id: products
title: Products
topic: shapes
difficulty: 1
params: {{A: {{integers: [1, 9], shape: [60, 60]}}}}
statement: Multiply.
parts: [{{id: total, kind: integer, prompt: "Total?", key: "{KEY}"}}]
"""


@dataclass
class Service:
    """Running demo, with its output."""

    process: subprocess.Popen[str]
    port: int
    output: str

    def post(
        self, path: str, body: bytes, *, token: str = "", media_type: str = "application/json"
    ) -> int:
        """Return the status of a POST request below ``/api/v1``, or 0 without a response."""
        headers = {"Content-Type": media_type, "Origin": f"http://127.0.0.1:{self.port}"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        address = f"http://127.0.0.1:{self.port}/api/v1{path}"
        request = urllib.request.Request(address, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:  # noqa: S310
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def tokens(self) -> tuple[str, str]:
        """Return the tokens of a student and an instructor."""
        tokens = re.findall(r"gr_api_\w+", self.output)
        return tokens[0], tokens[-1]

    def find_id(self, collection: str) -> str:
        """Return the id of the first course or assignment in the output."""
        [id_, *_] = re.findall(rf"/{collection}/([0-9a-f-]{{36}})/", self.output)
        return str(id_)


@dataclass
class Latencies:
    """Latencies of requests in seconds."""

    health: list[float] = field(default_factory=list)
    login: list[float] = field(default_factory=list)


@contextmanager
def run_demo(checkout: Path, folder: str) -> Iterator[Service]:
    """Yield a new demo of a checkout; kill it and its children at the end."""
    port = find_free_port()
    python = checkout / ".venv" / "bin" / "python"
    settings = {
        "GRADER_DEMO": "1",
        "GRADER_SEEDS": "5",
        "GRADER_PORT": str(port),
        "GRADER_DATABASE": f"sqlite:///{folder}/grader.db",
        "GRADER_SUBMISSIONS_PER_MINUTE": str(SUBMISSIONS_PER_MINUTE),
        "PYTHONPATH": str(checkout),
    }
    log = Path(folder) / "log"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603
            [str(python) if python.exists() else sys.executable, "-m", "api"],
            cwd=checkout,
            env=os.environ | settings,
            stdout=output,
            stderr=output,
            text=True,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + START_SECONDS
        while "/analytics" not in log.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(log.read_text())
            time.sleep(0.5)
        yield Service(process, port, log.read_text())
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def poll_latencies(service: Service) -> Iterator[Latencies]:
    """Yield the latencies of health checks and logins, measured until the block ends."""
    latencies, stop = Latencies(), threading.Event()
    [password] = re.findall(r"student@example\.edu\s+(\w+)", service.output)
    login = json.dumps({"email": "student@example.edu", "password": password}).encode()
    address = f"http://127.0.0.1:{service.port}"

    def poll(path: str, body: bytes | None, seconds: list[float], interval: float) -> None:
        headers = {"Content-Type": "application/json", "Origin": address}
        while not stop.wait(interval):
            request = urllib.request.Request(address + path, body, headers if body else {})  # noqa: S310
            start = time.perf_counter()
            try:
                urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_SECONDS).close()  # noqa: S310
                seconds.append(time.perf_counter() - start)
            except OSError:
                seconds.append(REQUEST_TIMEOUT_SECONDS)

    threads = [
        threading.Thread(
            target=poll, args=("/healthz", None, latencies.health, HEALTH_INTERVAL_SECONDS)
        ),
        threading.Thread(
            target=poll, args=("/api/v1/login", login, latencies.login, LOGIN_INTERVAL_SECONDS)
        ),
    ]
    for thread in threads:
        thread.start()
    try:
        yield latencies
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def send_refused(service: Service) -> None:
    """Send submissions of lists of roots beyond the rate limit of a student."""
    student, _ = service.find_tokens()
    path = f"/assignments/{service.find_id('assignments')}/problems/{VECTOR_PART[0]}/submissions"

    def send(number: int) -> int:
        cells = [f"sqrt({number * CELLS + cell})" for cell in range(CELLS)]
        body = json.dumps({"answers": {VECTOR_PART[1]: cells}}).encode()
        return service.post(path, body, token=student)

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(send, range(SUBMISSIONS_PER_MINUTE + REFUSED_COUNT)))


def send_checks(service: Service) -> None:
    """Send checks of a slow problem, without waiting for them."""
    _, instructor = service.find_tokens()
    path = f"/courses/{service.find_id('courses')}/problems/check"
    for number in range(CHECK_COUNT):
        if number == CHECKS_PER_MINUTE:
            time.sleep(MINUTE_SECONDS)
        body = PROBLEM.replace("products", f"products-{number}").encode()
        threading.Thread(
            target=service.post,
            args=(path, body),
            kwargs={"token": instructor, "media_type": "application/yaml"},
            daemon=True,
        ).start()


def measure(checkout: Path) -> dict[str, str]:
    """Return the formatted figures of a checkout by row label."""
    figures: dict[str, str] = {}

    def run(name: str, flood: Callable[[], Any]) -> None:
        with poll_latencies(service) as latencies:
            flood()
        for label, seconds in (("/healthz", latencies.health), ("login", latencies.login)):
            figures[f"{name}: {label}, median / p99"] = _format_percentiles(seconds)

    with TemporaryDirectory() as folder, run_demo(checkout, folder) as service:
        run("at rest", lambda: time.sleep(REST_SECONDS))
        run(f"{REFUSED_COUNT} refused submissions", lambda: send_refused(service))
        observation = observe(service.process.pid, service.port, "sheet", CONNECTIONS, 5)
        figures[f"{CONNECTIONS} withheld bodies: memory before / at the peak"] = (
            f"{observation.memory_before / MEBIBYTE:,.0f} / "
            f"{observation.memory_peak / MEBIBYTE:,.0f} MiB"
        )
        figures[f"{CONNECTIONS} withheld bodies: /healthz, median / p99"] = _format_percentiles(
            observation.health_seconds + [REQUEST_TIMEOUT_SECONDS] * observation.health_failures
        )
        send_checks(service)
        run(f"{CHECK_COUNT} checks", lambda: time.sleep(CHECK_SECONDS))
    return figures


def _format_percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds) or [REQUEST_TIMEOUT_SECONDS]
    p99 = ordered[math.ceil(0.99 * len(ordered)) - 1]
    return f"{1e3 * median(ordered):,.0f} / {1e3 * p99:,.0f} ms"


def main(*checkouts: str) -> None:
    """Measure one checkout after the other, and print a table."""
    paths = [Path(checkout).resolve() for checkout in checkouts] or [CHECKOUT]
    columns = [measure(path) for path in paths]
    print(f"{'':56}" + "".join(f"{path.name[:24]:>26}" for path in paths))
    for name in columns[0]:
        print(f"{name:56}" + "".join(f"{column[name]:>26}" for column in columns))


if __name__ == "__main__":
    main(*sys.argv[1:])
