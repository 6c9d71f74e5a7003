"""Page layout: templates, frame, error pages, and formats of numbers and times."""
