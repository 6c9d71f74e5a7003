"""Work of the demo's students: what they submit, when, and how the staff grade it."""
