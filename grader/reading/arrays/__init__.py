"""Arrays: brackets, rows and columns, and what programs print around them."""
