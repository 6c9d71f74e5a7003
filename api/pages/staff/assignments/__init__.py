"""Staff pages for assignments: editor, problems and problem bank."""
