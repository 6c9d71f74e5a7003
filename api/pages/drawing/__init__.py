"""Drawings of worked solutions: pure functions that turn steps into SVG and HTML.

The markup has only classes and attributes, since the content security policy of the
pages forbids inline styles.
"""

from api.pages.drawing.blocks import SolutionBlock, build_solution_blocks

__all__ = ["SolutionBlock", "build_solution_blocks"]
