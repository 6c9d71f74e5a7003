"""Settings of the service: read from the environment and files, validated, and displayed."""
