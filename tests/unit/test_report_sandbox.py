"""Tests of the sandbox of reports: what a process can no longer do, in Python and in the kernel."""

import json
import platform
import subprocess
import sys

import pytest

from api.services.reports.sandbox import ARCHITECTURES, REFUSED_CALLS

PROBE = """
import ctypes, json, os, socket, subprocess, sys, threading
from api.services.reports.sandbox import enter_sandbox
libc, outcomes, entered = ctypes.CDLL(None, use_errno=True), {}, threading.Event()
left, right = socket.socketpair()

def call(name, *arguments):
    outcomes[name] = (getattr(libc, name)(*arguments), ctypes.get_errno())

def call_in_old_thread():
    entered.wait()
    outcomes["old thread"] = (libc.socket(2, 1, 0), ctypes.get_errno())

thread = threading.Thread(target=call_in_old_thread)
thread.start()
outcomes["enforced"] = enter_sandbox()
outcomes["again"] = enter_sandbox()
entered.set()
thread.join()
call("socket", 2, 1, 0)
call("execve", b"/bin/true", None, None)
call("kill", os.getppid(), 0)
call("sendto", left.fileno(), b"x", 1, 0, None, 0)
for name, attempt in {
    "python socket": lambda: socket.socket(),
    "name": lambda: socket.getaddrinfo("localhost", 80),
    "program": lambda: subprocess.run([sys.executable, "-c", ""]),
    "shell": lambda: os.system("true"),
    "writing": lambda: open(sys.argv[1], "w"),
    "reading": lambda: open(sys.executable, "rb").read(1),
}.items():
    try:
        attempt()
        outcomes[name] = "done"
    except PermissionError:
        outcomes[name] = "refused"
import resource
outcomes["memory"] = resource.getrlimit(resource.RLIMIT_AS)[0]
print(json.dumps(outcomes))
"""
EACCES = 13


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    if sys.platform == "win32":
        pytest.skip("no limits of resources on Windows")
    target = tmp_path_factory.mktemp("sandbox") / "written"
    ran = subprocess.run(
        [sys.executable, "-c", PROBE, str(target)], capture_output=True, text=True, check=True
    )
    assert not target.exists()
    return json.loads(ran.stdout)


def test_python_opens_no_socket_starts_no_program_and_writes_no_file(outcomes):
    refused = ("python socket", "name", "program", "shell", "writing")
    assert {name: outcomes[name] for name in refused} == dict.fromkeys(refused, "refused")
    assert outcomes["reading"] == "done"


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ARCHITECTURES,
    reason="the filter is for Linux on x86-64 and AArch64",
)
def test_the_kernel_refuses_native_code_too_in_every_thread(outcomes):
    assert outcomes["enforced"]
    calls = ("socket", "execve", "kill", "sendto", "old thread")
    assert {name: outcomes[name] for name in calls} == {call: [-1, EACCES] for call in calls}


def test_memory_is_limited_and_entering_twice_changes_nothing(outcomes):
    assert 0 < outcomes["memory"] <= 2 * 1024**3
    assert outcomes["again"] == outcomes["enforced"]


def test_every_refused_call_has_a_number_on_each_architecture():
    assert all(numbers.keys() == ARCHITECTURES.keys() for numbers in REFUSED_CALLS.values())
    for machine in ARCHITECTURES:
        numbers = [call[machine] for call in REFUSED_CALLS.values()]
        assert len(set(numbers)) == len(numbers)
