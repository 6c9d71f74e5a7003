"""A course as files that people keep in git: written, and applied."""
