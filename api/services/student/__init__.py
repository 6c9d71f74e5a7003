"""What a student sees and does: assignments, problems, drafts, readings, history, solutions."""
