"""A synthetic class for the demo course: who its students are, what they type, and when."""
