"""Pages for the staff of a course and for administrators."""
