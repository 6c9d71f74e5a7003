"""Regular expressions that are compiled at their first use.

The readers have some 800 patterns, and one answer needs few of them. To compile all of them takes
a third of the time of a command such as `grader mark` (ADR 37).
"""

import re
from typing import Any, Final, cast

_METHODS: Final = ("search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")


class LazyPattern:
    """Pattern that behaves as ``re.compile(pattern, flags)``, and is compiled at its first use."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """Compile the pattern and keep its methods as attributes, so later uses are as fast."""
        compiled = re.compile(self.pattern, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy_regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern that is compiled at its first use, which raises `re.error` if it is invalid.

    >>> lazy_regex("[0-9]+").search("layer 13")[0]
    '13'
    """
    return cast("re.Pattern[str]", LazyPattern(pattern, flags))
