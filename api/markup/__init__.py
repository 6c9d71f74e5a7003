"""Markdown and TeX of problems as HTML and MathML."""
