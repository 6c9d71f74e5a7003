"""Grades as people and other systems see them: the gradebook, explanations, overrides, files."""
