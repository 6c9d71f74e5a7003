"""Jobs of report workers that fail as the first word of a document says.

A worker imports this module, so that the faults happen in its process and in its sandbox.
"""

import ctypes
import os
import signal
from collections.abc import Callable
from typing import Any

from api.services.reports import grading
from api.services.reports.uploads import reading_job
from api.services.sandbox.worker_sandbox import MEMORY_BYTES

FAULT = "a fault of Grader"


def cause_fault(document: bytes) -> None:
    """Fail as the first word of a document says; return if it is another word."""
    match document.split(maxsplit=1)[0]:
        case b"raise":
            raise ValueError(FAULT)
        case b"crash":
            ctypes.string_at(0)
        case b"allocate":
            bytearray(2 * MEMORY_BYTES)
        case b"loop":
            while True:
                pass


def fail_before(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that first fails as the document says."""

    def run(document: bytes, *arguments: Any) -> Any:
        cause_fault(document)
        return function(document, *arguments)

    return run


def grade_or_fail(document: bytes, *arguments: Any) -> list[dict[str, str]]:
    """Do as `grade_in_worker` does, but fail as the document says."""
    kill_if_asked(document)
    if grading.grade_report.__module__ == grading.__name__:
        grading.grade_report = fail_before(grading.grade_report)
    return grading.grade_in_worker(document, *arguments)


def read_or_fail(document: bytes, *arguments: Any) -> list[dict[str, Any]] | str:
    """Do as `read_in_worker` does, but fail as the document says."""
    kill_if_asked(document)
    if reading_job.read_report.__module__ == reading_job.__name__:
        reading_job.read_report = fail_before(reading_job.read_report)
    return reading_job.read_in_worker(document, *arguments)


def kill_if_asked(document: bytes) -> None:
    """End this process if the document says so, before the sandbox forbids signals."""
    if document.startswith(b"kill"):
        os.kill(os.getpid(), signal.SIGKILL)
