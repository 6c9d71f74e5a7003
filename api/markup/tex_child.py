"""Child process that converts TeX with math-core, one formula per line.

math-core is native code that cannot be interrupted and holds the interpreter lock. The kernel ends
this process if a formula exceeds its limit of processor time or memory.
"""

import json
import signal
import sys
import time
from typing import Final

from math_core import LatexError, LatexToMathML

CPU_SECONDS: Final = 0.25
"""Processor time for one formula; those of the bank take less than a millisecond."""
MEMORY_BYTES: Final = 512 * 1024 * 1024
MAX_EXPANSIONS: Final = 200
r"""Maximum number of expanded commands, such as ``\ldots``, in one formula."""


def main() -> None:
    """Answer each line of standard input, ``[source, display]`` in JSON, until it ends.

    The answer is ``[true, MathML, seconds]``, or ``[false, why, seconds]`` for an invalid formula;
    *seconds* is the processor time used.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and ends this
    _limit_memory()
    converter = LatexToMathML(annotation=False, fancy_error=False, max_expansions=MAX_EXPANSIONS)
    for line in sys.stdin.buffer:
        source, display = json.loads(line)
        _limit_cpu_time(CPU_SECONDS)
        started = time.process_time()
        try:
            answer = True, converter.convert_with_local_state(source, displaystyle=display)
        except (LatexError, UnicodeError) as error:
            answer = False, str(error)
        _limit_cpu_time(0)
        seconds = time.process_time() - started
        sys.stdout.buffer.write(json.dumps([*answer, seconds]).encode() + b"\n")
        sys.stdout.buffer.flush()


def _limit_cpu_time(seconds: float) -> None:
    """End this process after *seconds* of processor time, if the system can; 0 lifts the limit."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415  # not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
