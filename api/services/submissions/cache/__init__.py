"""What a process caches of students, so that a submission needs few statements."""
