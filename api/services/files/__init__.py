"""Uploaded and written files: CSV rows, file formats, atomic output."""
