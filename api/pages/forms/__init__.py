"""Forms of pages: parsing, redisplay with errors, and fields derived from settings."""
