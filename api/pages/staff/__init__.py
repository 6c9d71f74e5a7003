"""What the staff of a course and administrators have."""
