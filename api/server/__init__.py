"""Server processes: start, sockets, supervision, the worker, health check and metrics."""
