"""The writer: many graded submissions stored in one transaction."""
