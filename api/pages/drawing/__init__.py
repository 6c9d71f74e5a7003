"""Drawings of worked solutions: pure functions that turn steps into SVG and HTML.

The markup has only classes and attributes, since the content security policy of the
pages forbids inline styles.
"""

from api.pages.drawing.blocks import SolutionBlock, draw_parts

__all__ = ["SolutionBlock", "draw_parts"]
