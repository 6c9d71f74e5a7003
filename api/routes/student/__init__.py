"""Routes of students: problems, drafts, submissions and history."""
