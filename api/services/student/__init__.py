"""A student's view: assignments, problems, drafts, history and solutions."""
