"""Services: the work behind routes, pages and commands."""
