"""Tests of the sandbox of workers: what a process can no longer do, in Python and in the kernel."""

import errno
import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from api.services.sandbox import readable_paths
from api.services.sandbox.call_filter import ARCHITECTURES
from api.services.sandbox.worker_sandbox import MEMORY_BYTES

PROBE = """
import ctypes, json, os, socket, subprocess, sys, threading
from api.services.sandbox.worker_sandbox import OOM_SCORE_PATH, enter_sandbox
libc, outcomes, entered = ctypes.CDLL(None, use_errno=True), {}, threading.Event()
left, right = socket.socketpair()

def call(name, *arguments):
    outcomes[name] = (getattr(libc, name)(*arguments), ctypes.get_errno())

def call_in_old_thread():
    entered.wait()
    outcomes["old thread"] = (libc.socket(2, 1, 0), ctypes.get_errno())

thread = threading.Thread(target=call_in_old_thread)
thread.start()
outcomes["layers"] = enter_sandbox()
outcomes["again"] = enter_sandbox()
entered.set()
thread.join()
call("socket", 2, 1, 0)
call("execve", b"/bin/true", None, None)
call("kill", os.getppid(), 0)
call("sigqueue", os.getppid(), 0, None)
call("setpriority", 0, os.getppid(), 19)
call("shmget", 0, 4096, 0o600)
call("sendto", left.fileno(), b"x", 1, 0, None, 0)
for name, attempt in {
    "python socket": lambda: socket.socket(),
    "name": lambda: socket.getaddrinfo("localhost", 80),
    "program": lambda: subprocess.run([sys.executable, "-c", ""]),
    "shell": lambda: os.system("true"),
    "writing": lambda: open(sys.argv[1], "w"),
    "mode": lambda: os.chmod(sys.executable, 0o755),
    "reading": lambda: open(sys.executable, "rb").read(1),
}.items():
    try:
        attempt()
        outcomes[name] = "done"
    except PermissionError:
        outcomes[name] = "refused"
import resource
outcomes["memory"], outcomes["hard memory"] = resource.getrlimit(resource.RLIMIT_AS)
print(json.dumps(outcomes))
"""
NATIVE_FILE_PROBE = """
import ctypes, json, os, sys
from api.services.sandbox import worker_sandbox as sandbox
libc, results = ctypes.CDLL(None, use_errno=True), {}
os.chdir(sys.argv[1])
stream = os.open("old", os.O_WRONLY)
score = os.open("/proc/self/oom_score_adj", os.O_RDONLY)
if sys.argv[2] == "inside":
    sandbox.enter_sandbox()
here = -100
for name, attempt in {
    "write": lambda: libc.write(stream, b"x", 1),
    "ftruncate": lambda: libc.ftruncate(stream, 1),
    "fchmod": lambda: libc.fchmod(stream, 0o600),
    "open to write": lambda: libc.open(b"old", os.O_WRONLY),
    "open to append": lambda: libc.open(b"old", os.O_WRONLY | os.O_APPEND),
    "open to truncate": lambda: libc.open(b"old", os.O_RDONLY | os.O_TRUNC),
    "open to create": lambda: libc.open(b"new", os.O_RDONLY | os.O_CREAT, 0o600),
    "openat to create": lambda: libc.openat(here, b"new", os.O_WRONLY | os.O_CREAT, 0o600),
    "open unnamed": lambda: libc.open(b".", os.O_WRONLY | os.O_TMPFILE, 0o600),
    "creat": lambda: libc.creat(b"new", 0o600),
    "truncate": lambda: libc.truncate(b"old", 0),
    "chmod": lambda: libc.chmod(b"old", 0o600),
    "utimes": lambda: libc.utimes(b"old", None),
    "mkdir": lambda: libc.mkdir(b"folder", 0o700),
    "mkfifo": lambda: libc.mkfifo(b"pipe", 0o600),
    "link": lambda: libc.link(b"old", b"link"),
    "symlink": lambda: libc.symlink(b"old", b"symbolic"),
    "rename": lambda: libc.rename(b"old", b"older"),
    "renameat": lambda: libc.renameat(here, b"second", here, b"third"),
    "unlink": lambda: libc.unlink(b"older" if os.path.exists("older") else b"old"),
    "rmdir": lambda: libc.rmdir(b"empty"),
    "read a file": lambda: libc.open(b"secret", os.O_RDONLY),
    "list a folder": lambda: libc.open(b".", os.O_RDONLY),
    "read the parent": lambda: libc.open(b"/proc/%d/environ" % os.getppid(), os.O_RDONLY),
    "read the program": lambda: libc.open(os.fsencode(sandbox.__file__), os.O_RDONLY),
}.items():
    ctypes.set_errno(0)
    results[name] = ctypes.get_errno() if attempt() < 0 else 0
results["OOM score"] = int(os.read(score, 10))
print(json.dumps(results))
"""
EACCES = 13
READS = ("read a file", "list a folder", "read the parent")
FILES = ("old", "second", "secret")
needs_call_filter = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ARCHITECTURES,
    reason="the filter is for Linux on x86-64 and AArch64",
)


def run_probe(probe: str, *arguments: str) -> dict:
    if sys.platform == "win32":
        pytest.skip("no limits of resources on Windows")
    ran = subprocess.run(
        [sys.executable, "-c", probe, *arguments], capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    target = tmp_path_factory.mktemp("sandbox") / "written"
    outcomes = run_probe(PROBE, str(target))
    assert not target.exists()
    return outcomes


def test_python_sandbox_blocks_sockets_programs_and_file_writes(outcomes):
    refused = ("python socket", "name", "program", "shell", "writing", "mode")
    assert {name: outcomes[name] for name in refused} == dict.fromkeys(refused, "refused")
    assert outcomes["reading"] == "done"


@needs_call_filter
def test_seccomp_filter_blocks_native_calls_in_every_thread(outcomes):
    refuses_calls, _ = outcomes["layers"]
    assert refuses_calls
    calls = (
        "socket",
        "execve",
        "kill",
        "sigqueue",
        "setpriority",
        "shmget",
        "sendto",
        "old thread",
    )
    assert {name: outcomes[name] for name in calls} == {call: [-1, EACCES] for call in calls}


def make_folder(folder: Path) -> dict[str, str]:
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(name)
    (folder / "empty").mkdir()
    return list_files(folder)


def list_files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() if path.is_file() else "" for path in folder.iterdir()}


@needs_call_filter
def test_native_code_cannot_create_change_or_remove_files(tmp_path):
    before = make_folder(tmp_path / "inside")
    inside = run_probe(NATIVE_FILE_PROBE, str(tmp_path / "inside"), "inside")
    changes = inside.keys() - {*READS, "read the program", "OOM score"}
    assert {name: inside[name] for name in changes} == dict.fromkeys(changes, EACCES) | {
        "write": errno.EFBIG
    }
    assert list_files(tmp_path / "inside") == before
    assert inside["read the program"] == 0
    assert inside["OOM score"] == 1000
    # The probe proves something only if the same calls work outside of the sandbox.
    make_folder(tmp_path / "outside")
    outside = run_probe(NATIVE_FILE_PROBE, str(tmp_path / "outside"), "outside")
    assert not {name: outside[name] for name in outside if name != "OOM score" and outside[name]}


@needs_call_filter
def test_native_code_cannot_read_service_files_with_landlock(tmp_path, outcomes):
    _, hides_files = outcomes["layers"]
    if not hides_files:
        pytest.skip("this kernel has no Landlock")
    make_folder(tmp_path / "inside")
    inside = run_probe(NATIVE_FILE_PROBE, str(tmp_path / "inside"), "inside")
    assert {name: inside[name] for name in READS} == dict.fromkeys(READS, EACCES)


def test_missing_landlock_is_reported_and_files_stay_readable(monkeypatch):
    monkeypatch.setattr(readable_paths, "CREATE_RULESET", 1_000_000)  # ENOSYS
    assert not readable_paths.limit_readable_paths()
    assert Path(__file__).read_text()


def test_memory_is_limited_and_entering_the_sandbox_twice_is_harmless(outcomes):
    assert MEMORY_BYTES <= outcomes["memory"] < 2 * MEMORY_BYTES
    assert outcomes["again"] == outcomes["layers"]
