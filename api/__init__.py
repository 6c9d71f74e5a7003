"""The package that touches the world: the service, its pages, the command line and the database."""
