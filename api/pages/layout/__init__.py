"""Layout of pages: templates, frame, error pages, numbers and times."""
