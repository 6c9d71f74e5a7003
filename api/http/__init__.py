"""HTTP infrastructure: problem details, strict JSON, size limits, pagination, ETags."""
