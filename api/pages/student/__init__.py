"""Pages for students: assignments, problems, work, solutions and grades."""
