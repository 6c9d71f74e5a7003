"""Display of texts in the running notebook, or on standard output elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from dlgrader_client._deliveries import Delivery, Interruption


def get_ipython_shell() -> Any:
    """Return the IPython shell that this process runs in, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def display_text(text: str, html: str = "") -> None:
    """Display *html* in a notebook, and print *text* elsewhere or without *html*."""
    display = sys.modules.get("IPython.display")
    if display is None or not hasattr(get_ipython_shell(), "kernel") or not html:
        print(text, flush=True)
        return
    display.display({"text/plain": text, "text/html": html}, raw=True)


def display_result(result: Optional[Delivery | Interruption]) -> None:
    """Display a result that no cell returns, unless it is None or says nothing."""
    if result is not None and not result.is_empty:
        display_text(str(result), result._repr_html_())
