"""File formats of a batch: CSV, JSON lines and Parquet."""
