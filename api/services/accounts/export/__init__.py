"""Export of everything that the service stores about an account."""
