"""Commands that read and write files: courses, reports, and archives for Gradescope."""
