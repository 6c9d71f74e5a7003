"""Student routes: problems, drafts, submissions and history."""
