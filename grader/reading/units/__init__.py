"""Units and magnitudes beside a number: recognized, named, and multiplied in."""
