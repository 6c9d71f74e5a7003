"""The service tried out: killed under load, and what it promised compared with what it stored."""
