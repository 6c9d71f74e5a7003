"""Pages for course staff and administrators."""
