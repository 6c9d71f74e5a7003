"""What the service does, however it is asked: routes, pages and the command line call these."""
