"""What students have: assignments, problems, their work, solutions and grades."""
