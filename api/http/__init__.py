"""What every route shares: errors as problem+json, strict JSON, limits, pages, ETags, types."""
