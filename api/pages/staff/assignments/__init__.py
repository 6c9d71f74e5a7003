"""Pages of assignments for staff: editor, problems, bank."""
