"""LTI protocol without a database: requests to platforms, signatures, claims, grade services."""
