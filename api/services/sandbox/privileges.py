"""Privileges of a process: a restricted process must not gain any."""

import ctypes
from typing import Final

PR_SET_NO_NEW_PRIVS: Final = 38


def forbid_new_privileges() -> bool:
    """Forbid this thread to gain privileges for good; return False where that fails.

    Linux requires it before a thread without privileges may restrict itself with seccomp or
    Landlock. A set-user-id program could otherwise be confused by the restrictions.
    """
    return bool(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
