"""Types of the oracle's tables."""

from collections.abc import Callable, Mapping
from typing import Any

Params = Mapping[str, Any]
Expected = Callable[[Params], Any]
Table = Mapping[str, Mapping[str, Expected]]
