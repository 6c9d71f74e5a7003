"""Pages of regrades."""
