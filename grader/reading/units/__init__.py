"""Units and magnitudes beside a number: found, named, and multiplied in."""
