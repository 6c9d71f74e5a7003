"""Helpers for statistics: the threshold of rounding noise, and shares as percentages."""

from typing import Final

ROUNDING_NOISE: Final = 1e-9
"""Spread relative to the numbers below which it is rounding noise: they are constant."""
DECIMAL_MARGIN_PERCENT: Final = 0.5
"""Distance from 0 or 100 below which a percentage is shown with a decimal."""


def format_share(share: float) -> str:
    """Return a share as a percentage without decimals, or with one decimal close to 0 and 100.

    >>> format_share(0.354), format_share(0.996), format_share(1)
    ('35%', '99.6%', '100%')
    """
    percent = 100 * share
    edge = min(abs(percent), abs(100 - percent))
    return f"{percent:.1f}%" if 0 < edge < DECIMAL_MARGIN_PERCENT else f"{percent:.0f}%"
