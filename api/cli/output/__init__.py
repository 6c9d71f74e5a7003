"""Standard output and standard error of the command line."""
