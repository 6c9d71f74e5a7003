"""What the service takes and gives over HTTP and in files: frozen, unknown fields refused."""
