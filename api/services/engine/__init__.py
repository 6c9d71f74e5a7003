"""Engine: answers read and graded, variants assigned and cached."""
