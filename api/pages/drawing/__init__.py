"""Drawings of worked solutions: steps as SVG and HTML, by pure functions.

What is drawn has classes and attributes alone, no styles: the policy of the pages forbids these.
"""

from api.pages.drawing.blocks import Block, drawn

__all__ = ["Block", "drawn"]
