"""Arrays: brackets, rows and columns, and program output around them."""
