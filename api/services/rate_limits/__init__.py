"""Rate limits kept in the database, and limits on expensive reads."""
