"""Documents as blocks with places: Markdown, plain text, TeX and notebooks."""
