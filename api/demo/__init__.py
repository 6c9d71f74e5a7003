"""The demo course: a synthetic class and its work."""
