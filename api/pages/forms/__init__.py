"""Forms of pages: read, displayed again with errors, and derived from settings."""
