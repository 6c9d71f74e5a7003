"""Measure memory and health latency while connections withhold announced bytes.

``python benchmarks/connections.py [CONNECTIONS] [SECONDS] [ATTACK ...]``: for each attack a new
service over an empty SQLite file, CONNECTIONS (100) opened at once without an account, and held for
SECONDS (10) after the last byte. Prints the resident memory before the attack and at its peak, the
size of the temporary files of the process, the statuses of the responses, the connections still
open at the end, and the latency of ``/healthz`` during the attack. Everything stays on 127.0.0.1.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

KIBIBYTE: Final = 1024
MEBIBYTE: Final = 1024 * KIBIBYTE
CHUNK_BYTES: Final = 256 * KIBIBYTE
SEND_TIMEOUT_SECONDS: Final = 20
"""Time limit for sending; a service that stops reading reaches it."""
SAMPLE_SECONDS: Final = 0.1
START_TIMEOUT_SECONDS: Final = 60
BANK: Final = Path(__file__).parents[1] / "tests" / "deploy" / "bank"
SHEET: Final = f"/assignments/{UUID(int=1)}/score-sheet"
FORM_HEAD: Final = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
    b"Content-Type: text/csv\r\n\r\n"
)


def generate_post(path: str, media_type: str, length: int, start: bytes = b"") -> Iterator[bytes]:
    """Yield a POST request with a body of *length* bytes that lacks the last one."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {length}\r\nOrigin: http://127.0.0.1\r\n\r\n"
    )
    yield head.encode() + start
    missing = length - len(start) - 1
    while missing > 0:
        size = min(CHUNK_BYTES, missing)
        yield b"," * size
        missing -= size


def generate_pipelined_requests() -> Iterator[bytes]:
    """Yield as many of the shortest requests as the server reads at once."""
    request = b"GET /healthz HTTP/1.1\r\nHost:a\r\n\r\n"
    yield request * (CHUNK_BYTES // len(request))


ATTACKS: Final[Mapping[str, Callable[[], Iterator[bytes]]]] = {
    "sheet": lambda: generate_post(f"/api/v1{SHEET}", "text/csv", 20 * MEBIBYTE),
    "form": lambda: generate_post(
        SHEET, "multipart/form-data; boundary=x", 20 * MEBIBYTE, FORM_HEAD
    ),
    "json": lambda: generate_post("/api/v1/courses", "application/json", 256 * KIBIBYTE),
    "login": lambda: generate_post("/api/v1/login", "application/json", 64 * KIBIBYTE),
    "head": lambda: iter((b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",)),
    "silent": lambda: iter(()),
    "pipelined": generate_pipelined_requests,
}
"""Functions that generate the bytes of a connection, by the name of the attack."""


@dataclass
class Observation:
    """Measurements of a service under one attack; memory and files in bytes."""

    memory_before: int
    memory_peak: int = 0
    files_peak: int = 0
    open_at_end: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    measure_health_seconds: list[float] = field(default_factory=list)
    health_failures: int = 0


def find_free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@contextmanager
def running_service(folder: Path, port: int) -> Iterator[int]:
    """Yield the process id of a service over a new database."""
    environment = os.environ | {
        "GRADER_DATABASE": f"sqlite:///{folder}/grader.db",
        "GRADER_PORT": str(port),
        "GRADER_BANK": str(BANK),
        "GRADER_SEEDS": "1",
        "GRADER_WORKER": "apart",
        "TMPDIR": str(folder),
    }
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-m", "api"]
    process = subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet)  # noqa: S603
    try:
        until = time.monotonic() + START_TIMEOUT_SECONDS
        while measure_health_seconds(port) is None:
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the service did not start")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def measure_health_seconds(port: int) -> float | None:
    """Return the seconds until `/healthz` replies 200, or None if it does not within 5 s."""
    start = time.perf_counter()
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
    except (OSError, urllib.error.URLError):
        return None
    return time.perf_counter() - start


def read_resident_bytes(pid: int) -> int:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * KIBIBYTE


def count_unlinked_bytes(pid: int) -> int:
    """Return the size of the open unlinked files of a process: its spooled uploads."""
    total = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            status = entry.stat()
            if status.st_nlink == 0:
                total += status.st_size
        except OSError:
            continue  # it was closed
    return total


def count_open_connections(pid: int) -> int:
    """Return the number of open sockets of a process."""
    names = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            names.append(str(entry.readlink()))
        except OSError:
            continue
    return sum(name.startswith("socket:") for name in names)


async def attack(port: int, pieces: Iterator[bytes], statuses: Counter[str], until: float) -> None:
    """Send all *pieces* on a connection, keep it open *until* a time, and record the status."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        statuses["not connected"] += 1
        return
    try:
        async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
    except (OSError, TimeoutError):
        pass
    await asyncio.sleep(until - time.monotonic())
    try:
        async with asyncio.timeout(0.2):
            answer = await reader.read(16)
    except TimeoutError:
        statuses["no response"] += 1
    except OSError:
        statuses["reset"] += 1
    else:
        statuses[answer[9:12].decode("ascii") or "closed"] += 1
    writer.transport.abort()


def run_attack(port: int, name: str, connections: int, until: float) -> Counter[str]:
    """Attack with *connections* at once; runs in its own process."""
    statuses: Counter[str] = Counter()

    async def attack_at_once() -> None:
        await asyncio.gather(
            *(attack(port, ATTACKS[name](), statuses, until) for _ in range(connections))
        )

    asyncio.run(attack_at_once())
    return statuses


def observe(pid: int, port: int, name: str, connections: int, seconds: float) -> Observation:
    """Return the measurements of a service while *connections* attack it."""
    observation = Observation(memory_before=read_resident_bytes(pid))
    until = time.monotonic() + SEND_TIMEOUT_SECONDS / 2 + seconds
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        attackers = executor.submit(run_attack, port, name, connections, until)
        while time.monotonic() < until - 2 * SAMPLE_SECONDS:
            latency = measure_health_seconds(port)
            if latency is None:
                observation.health_failures += 1
            else:
                observation.health_seconds.append(latency)
            observation.memory_peak = max(observation.memory_peak, read_resident_bytes(pid))
            observation.files_peak = max(observation.files_peak, count_unlinked_bytes(pid))
            observation.open_at_end = count_open_connections(pid)
            time.sleep(SAMPLE_SECONDS)
        observation.statuses = attackers.result()
    return observation


def format_report(name: str, connections: int, observation: Observation) -> str:
    """Return the row of one attack."""
    latencies = observation.health_seconds
    health = (
        f"median {1e3 * median(latencies):6.1f} ms, max {1e3 * max(latencies):7.1f} ms"
        if latencies
        else "no response"
    )
    return (
        f"{name:9} {connections:4} connections: "
        f"memory {observation.memory_before / MEBIBYTE:5.0f} -> "
        f"{observation.memory_peak / MEBIBYTE:5.0f} MiB, "
        f"files {observation.files_peak / MEBIBYTE:5.0f} MiB, "
        f"open {observation.open_at_end:4}, health {health}, {observation.health_failures} failed; "
        f"statuses {dict(observation.statuses)}"
    )


def main(connections: str = "100", seconds: str = "10", *names: str) -> None:
    """Start a new service for each attack, and print the results."""
    for name in names or ATTACKS:
        port = find_free_port()
        with TemporaryDirectory() as folder, running_service(Path(folder), port) as pid:
            observation = observe(pid, port, name, int(connections), float(seconds))
        print(format_report(name, int(connections), observation), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
