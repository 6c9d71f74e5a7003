"""People: how they log in, what they are in courses, and what is kept of them."""
