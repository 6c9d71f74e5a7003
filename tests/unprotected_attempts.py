"""Attempts of the self-check of the sandbox in a worker that lacks the sandbox or a layer.

A worker imports this module, so that the attempts are made in its process.
"""

import os

from api.services.sandbox import self_check, worker_sandbox

FAULT = "no libraries"
NO_LAYERS = worker_sandbox.SandboxLayers(refuses_calls=False, hides_files=False)


def try_actions_without_sandbox(parent: int) -> dict[str, bool]:
    """Try the actions in a process that does not enter the sandbox."""
    _skip_sandbox()
    return self_check.try_forbidden_actions(parent)


def try_program_without_sandbox() -> bool:
    """Try to start a program in a process that does not enter the sandbox."""
    _skip_sandbox()
    return self_check.try_to_start_program()


def try_actions_without_layers(parent: int) -> dict[str, bool]:
    """Try the actions in the sandbox of a kernel that supports none of its layers."""
    worker_sandbox.detect_layers = lambda: NO_LAYERS
    worker_sandbox.install_call_filter = lambda: False
    worker_sandbox.limit_readable_paths = lambda _: False
    return self_check.try_forbidden_actions(parent)


def end_without_an_attempt(_parent: int) -> dict[str, bool]:
    """End the worker."""
    os._exit(1)


def fail_before_an_attempt(_parent: int) -> dict[str, bool]:
    """Fail as a machine without the C library does."""
    raise OSError(FAULT)


def _skip_sandbox() -> None:
    self_check.enter_sandbox = lambda: None
