"""Helpers for statistics: the threshold of rounding noise, and shares as percentages."""

from typing import Final

__all__ = ["TINY", "shown"]

TINY: Final = 1e-9
"""A spread below this share of the numbers is rounding noise: the numbers are constant."""
WHOLE: Final = 0.5
"""Percentages closer than this to 0 or 100 get a decimal."""


def shown(share: float) -> str:
    """Return a share as a percentage without decimals, or with one decimal close to 0 and 100.

    >>> shown(0.354), shown(0.996), shown(1)
    ('35%', '99.6%', '100%')
    """
    percent = 100 * share
    edge = min(abs(percent), abs(100 - percent))
    return f"{percent:.1f}%" if 0 < edge < WHOLE else f"{percent:.0f}%"
