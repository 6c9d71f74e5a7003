"""Text that a database can store: without U+0000 and without halves of surrogate pairs.

JSON from other servers and notebooks may escape both.
"""

import re
from typing import Any, Final

UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def replace_unstorable(value: Any) -> Any:
    r"""Return a JSON value with a replacement for each character that no database stores.

    Raises `RecursionError` for a value that is nested too deeply.

    >>> replace_unstorable({"name": ["a\0b", 5]})
    {'name': ['a�b', 5]}
    """
    if isinstance(value, str):
        return UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [replace_unstorable(item) for item in value]
    if isinstance(value, dict):
        return {replace_unstorable(key): replace_unstorable(item) for key, item in value.items()}
    return value
