"""Database: the engine, transactions, ORM models, and statements for many rows."""
