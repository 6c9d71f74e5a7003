"""Tests of the sandbox layers: detection, warnings and metrics, and refusal without a layer."""

import json
import subprocess
import sys

import pytest
import unprotected_attempts as attempts

from api.services.sandbox import self_check
from api.services.sandbox.self_check import (
    MEMORY,
    NOT_REFUSED,
    NOT_TRIED,
    REFUSED,
    TIME,
    UNSUPPORTED,
)
from api.services.sandbox.worker_sandbox import (
    MISSING_LAYERS,
    SandboxLayers,
    describe_missing_layers,
    detect_layers,
)

ALL_LAYERS = SandboxLayers(refuses_calls=True, hides_files=True)
WITHOUT_A_LAYER = """
import sys
from api.services.sandbox import worker_sandbox as sandbox
setattr(sandbox, sys.argv[1], lambda *_: False)
try:
    sandbox.enter_sandbox()
except sandbox.SandboxError:
    print("refused")
"""
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="the layers are those of Linux")


@pytest.mark.parametrize(
    ("layers", "missing"),
    [
        (ALL_LAYERS, ""),
        (SandboxLayers(refuses_calls=False, hides_files=True), MISSING_LAYERS[0]),
        (SandboxLayers(refuses_calls=True, hides_files=False), MISSING_LAYERS[1]),
        (attempts.NO_LAYERS, "; ".join(MISSING_LAYERS)),
    ],
)
def test_each_missing_layer_is_described(layers, missing):
    assert describe_missing_layers(layers) == missing


@needs_linux
@pytest.mark.parametrize(
    ("install", "layer"),
    [("install_call_filter", "refuses_calls"), ("limit_readable_paths", "hides_files")],
)
def test_a_process_reads_nothing_without_a_layer_that_the_kernel_supports(install, layer):
    if not getattr(detect_layers(), layer):
        pytest.skip("this kernel does not support the layer")
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_LAYER, install], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "refused"


@needs_linux
def test_the_self_check_says_that_everything_is_refused_that_the_kernel_can_refuse():
    ran = subprocess.run(
        [sys.executable, "-m", self_check.__name__], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    supported = detect_layers()
    states = dict.fromkeys(("memory", "time"), REFUSED)
    states |= dict.fromkeys(
        ("network", "programs", "writing"), REFUSED if supported.refuses_calls else UNSUPPORTED
    )
    states["reading"] = REFUSED if supported.hides_files else UNSUPPORTED
    assert json.loads(ran.stdout) == states


@needs_linux
def test_the_self_check_fails_if_the_sandbox_refuses_nothing(monkeypatch, capsys):
    """The check proves something only if it can fail."""
    monkeypatch.setattr(self_check, "try_forbidden_actions", attempts.try_actions_without_sandbox)
    monkeypatch.setattr(self_check, "try_to_start_program", attempts.try_program_without_sandbox)
    monkeypatch.setattr(self_check, "detect_layers", lambda: ALL_LAYERS)
    assert self_check.main() == 1
    states = json.loads(capsys.readouterr().out)
    assert states == dict.fromkeys(states, NOT_REFUSED) | {TIME: REFUSED}


@needs_linux
def test_a_kernel_without_layers_still_limits_memory_and_time(monkeypatch):
    """A program that starts replaces the worker, after the other actions were tried."""
    monkeypatch.setattr(self_check, "try_forbidden_actions", attempts.try_actions_without_layers)
    monkeypatch.setattr(self_check, "detect_layers", lambda: attempts.NO_LAYERS)
    results = self_check.check_sandbox()
    assert results == dict.fromkeys(results, UNSUPPORTED) | {MEMORY: REFUSED, TIME: REFUSED}


@needs_linux
@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        (attempts.end_without_an_attempt, "died"),
        (attempts.fail_before_an_attempt, attempts.FAULT),
    ],
)
def test_the_self_check_says_what_it_did_not_try_and_why(monkeypatch, capsys, attempt, reason):
    monkeypatch.setattr(self_check, "try_forbidden_actions", attempt)
    assert self_check.main() == 1
    states = json.loads(capsys.readouterr().out)
    assert states.pop(TIME) == REFUSED
    assert all(state.startswith(NOT_TRIED) and reason in state for state in states.values())
