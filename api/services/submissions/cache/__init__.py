"""The submission cache of a process, so that a submission needs few statements."""
