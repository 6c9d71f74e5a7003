"""The steps of a worked solution drawn: from their data to SVG and HTML, by functions of values.

What is drawn has classes and attributes alone, no styles: the policy of the pages forbids these.
"""

from api.pages.drawing.blocks import Block, drawn

__all__ = ["Block", "drawn"]
